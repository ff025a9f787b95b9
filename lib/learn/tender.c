#include "learn/tender.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/metric.h"

#define QUANTILES 9
#define HELD_OUT 200

static bool
amount_ok(int64_t won)
{
	return won > 0 && won <= TENDER_WON_MAX;
}

int32_t
tender_floor_rate(
    const struct tender_floor *table, size_t rows, int kind, int32_t day, int64_t amount)
{
	const struct tender_floor *best = NULL;
	size_t i;

	for (i = 0; i < rows; i++) {
		const struct tender_floor *f = &table[i];

		if (f->kind != kind || f->from_day > day || f->below <= amount)
			continue;
		if (best == NULL || f->from_day > best->from_day ||
		    (f->from_day == best->from_day && f->below < best->below))
			best = f;
	}
	return best != NULL ? best->rate : 0;
}

int64_t
tender_least_bid(int64_t estimated, int64_t a_value, int32_t rate)
{
	int64_t product;

	if (!amount_ok(estimated) || a_value < 0 || a_value >= estimated || rate <= 0 ||
	    rate > TENDER_RATE_ONE)
		return -1;
	product = (estimated - a_value) * rate;
	return a_value + product / TENDER_RATE_ONE + (product % TENDER_RATE_ONE != 0);
}

int64_t
tender_estimated(int64_t base, double percent)
{
	if (!amount_ok(base) || !(fabs(percent) <= 50))
		return -1;
	return base + (int64_t)llround((double)base * percent / 100);
}

int64_t
tender_mean(const int64_t drawn[RESERVE_DRAWN])
{
	int64_t sum = 0;
	int k;

	for (k = 0; k < RESERVE_DRAWN; k++) {
		if (!amount_ok(drawn[k]))
			return -1;
		sum += drawn[k];
	}
	return sum / RESERVE_DRAWN;
}

void
tender_drawn(const int count[RESERVE_PRICES], int out[RESERVE_DRAWN])
{
	bool taken[RESERVE_PRICES] = { false };
	int k, i, n = 0;

	for (k = 0; k < RESERVE_DRAWN; k++) {
		int best = -1;

		for (i = 0; i < RESERVE_PRICES; i++)
			if (!taken[i] && (best < 0 || count[i] > count[best]))
				best = i;
		taken[best] = true;
	}
	for (i = 0; i < RESERVE_PRICES; i++)
		if (taken[i])
			out[n++] = i;
}

/*
 * bid = A + rate (base (1 + s) - A): s leaves A alone, so it is scaled by
 * the part of the base that is competed for.
 */
double
tender_aimed(int64_t bid, int64_t base, int64_t a_value, int32_t rate)
{
	if (!amount_ok(bid) || !amount_ok(base) || a_value < 0 || a_value >= base ||
	    rate <= 0 || rate > TENDER_RATE_ONE)
		return NAN;
	return 100 *
	       ((double)(bid - a_value) * TENDER_RATE_ONE / rate - (double)(base - a_value)) /
	       (double)base;
}

int64_t
tender_bid_at(double percent, int64_t base, int64_t a_value, int32_t rate)
{
	int64_t estimated = tender_estimated(base, percent);

	return estimated < 0 ? -1 : tender_least_bid(estimated, a_value, rate);
}

int32_t
tender_price_score(
    const struct tender_score *s, int64_t bid, int64_t estimated, int64_t a_value)
{
	int64_t part, whole, ratio, away;

	if (!amount_ok(bid) || !amount_ok(estimated) || a_value < 0 || a_value >= estimated ||
	    bid < a_value)
		return 0;
	part = bid - a_value;
	whole = estimated - a_value;
	/* Half up: floor(10000 part / whole + 1/2). */
	ratio = (20000 * part + whole) / (2 * whole);
	if (s->fixed_ratio > 0 && ratio >= s->fixed_ratio)
		return s->fixed;
	away = ratio > 9000 ? ratio - 9000 : 9000 - ratio;
	away = 100 * (int64_t)s->max - s->coefficient * away;
	return away < 0 ? 0 : (int32_t)away;
}

static bool
opening_ok(const struct tender_opening *o)
{
	double s;

	if (!amount_ok(o->base) || !amount_ok(o->estimated) || !(o->low >= -10 && o->low < 0) ||
	    !(o->high > 0 && o->high <= 10))
		return false;
	s = 100 * (double)(o->estimated - o->base) / (double)o->base;
	/* A won of rounding at the edge is no fault. */
	return s >= o->low - 0.001 && s <= o->high + 0.001;
}

static double
ratio_of(const struct tender_opening *o)
{
	return 100 * (double)(o->estimated - o->base) / (double)o->base;
}

/* Share of the reserve prices that have a cell to themselves; NaN under five prices. */
static double
distinct_cells(const struct tender_opening *o, enum reserve_generator g)
{
	bool seen[RESERVE_PRICES] = { false };
	int i, cell, known = 0, distinct = 0;
	double from, to;

	for (i = 0; i < RESERVE_PRICES; i++) {
		double s = 100 * (double)(o->reserve[i] - o->base) / (double)o->base;

		if (o->reserve[i] <= 0)
			continue;
		known++;
		for (cell = 0; cell < RESERVE_PRICES; cell++) {
			reserve_cell(g, o->low, o->high, cell, &from, &to);
			if (s >= from && s < to && !seen[cell]) {
				seen[cell] = true;
				distinct++;
				break;
			}
		}
	}
	return known >= 5 ? (double)distinct / known : NAN;
}

static void
judge_generators(const struct tender_opening *o, size_t n, struct tender_history *h)
{
	double sum[2] = { 0, 0 };
	size_t i, count = 0;

	for (i = 0; i < n; i++) {
		double equal, split;

		if (!opening_ok(&o[i]))
			continue;
		equal = distinct_cells(&o[i], RESERVE_EQUAL);
		split = distinct_cells(&o[i], RESERVE_SPLIT);
		if (isnan(equal) || isnan(split))
			continue;
		sum[0] += equal;
		sum[1] += split;
		count++;
	}
	h->generator = RESERVE_EQUAL;
	h->cells[0] = count ? sum[0] / (double)count : NAN;
	h->cells[1] = count ? sum[1] / (double)count : NAN;
	h->decided = count > 0 && fabs(sum[0] - sum[1]) > 0.05 * (double)count;
	if (h->decided && sum[1] > sum[0])
		h->generator = RESERVE_SPLIT;
}

/*
 * Are some serials drawn more often? Four of 15 without replacement leave
 * 11/15 of a count's binomial variance: the statistic is scaled by 14/11.
 */
static double
serial_chi2(const struct tender_opening *o, size_t n)
{
	double count[RESERVE_PRICES] = { 0 }, expected, sum = 0;
	size_t i, used = 0;
	int k, out[RESERVE_DRAWN];

	for (i = 0; i < n; i++) {
		int most = 0;

		for (k = 0; k < RESERVE_PRICES && most >= 0; k++)
			most = o[i].drawn[k] < 0 ? -1 : most + o[i].drawn[k];
		if (most <= 0 || !opening_ok(&o[i]))
			continue;
		tender_drawn(o[i].drawn, out);
		for (k = 0; k < RESERVE_DRAWN; k++)
			count[out[k]] += 1;
		used++;
	}
	if (used == 0)
		return NAN;
	expected = (double)used * RESERVE_DRAWN / RESERVE_PRICES;
	for (k = 0; k < RESERVE_PRICES; k++)
		sum += (count[k] - expected) * (count[k] - expected) / expected;
	return sum * 14 / 11;
}

static double
mean_pinball(double s, const double *quantile)
{
	double sum = 0;
	int k;

	for (k = 0; k < QUANTILES; k++) {
		double q = (k + 1) / (double)(QUANTILES + 1), d = s - quantile[k];

		sum += d >= 0 ? q * d : (q - 1) * d;
	}
	return sum / QUANTILES;
}

/* Quantiles of the first half against the law's, judged on the second half. */
static enum learn_status
judge_skill(
    const double *s, size_t n, const struct tender_opening *like, struct tender_history *h)
{
	double law_q[QUANTILES], past_q[QUANTILES], *sorted, sum = 0, square = 0, error;
	struct reserve_law law;
	enum learn_status status;
	size_t half = n / 2, i;
	int k;

	h->held_out = n - half;
	h->pinball_law = h->pinball_past = NAN;
	if (half < 2)
		return LEARN_OK;
	status = reserve_init(h->generator, like->low, like->high, &law);
	if (status != LEARN_OK)
		return status;
	sorted = xmalloc(half * sizeof(*sorted));
	memcpy(sorted, s, half * sizeof(*sorted));
	for (k = 0; k < QUANTILES; k++) {
		double q = (k + 1) / (double)(QUANTILES + 1);

		law_q[k] = reserve_quantile(&law, q);
		past_q[k] = metric_quantile(half, sorted, q);
	}
	h->pinball_law = h->pinball_past = 0;
	for (i = half; i < n; i++) {
		double one = mean_pinball(s[i], law_q), other = mean_pinball(s[i], past_q);

		h->pinball_law += one / (double)h->held_out;
		h->pinball_past += other / (double)h->held_out;
		sum += one - other;
		square += (one - other) * (one - other);
	}
	sum /= (double)h->held_out;
	error = sqrt(fmax(0, square / (double)h->held_out - sum * sum) / (double)h->held_out);
	h->skill = h->held_out >= HELD_OUT && sum > 1.645 * error;
	free(sorted);
	reserve_free(&law);
	return LEARN_OK;
}

enum learn_status
tender_learn(const struct tender_opening *o, size_t n, struct tender_history *h)
{
	const struct tender_opening *like = NULL;
	enum learn_status status;
	double *s, square = 0;
	size_t i;

	memset(h, 0, sizeof(*h));
	s = xcalloc(n + 1, sizeof(*s));
	for (i = 0; i < n; i++) {
		if (!opening_ok(&o[i])) {
			h->refused++;
			continue;
		}
		like = &o[i];
		s[h->openings++] = ratio_of(&o[i]);
	}
	if (like == NULL) {
		free(s);
		return LEARN_SHORT;
	}
	for (i = 0; i < h->openings; i++)
		h->mean += s[i] / (double)h->openings;
	for (i = 0; i < h->openings; i++)
		square += (s[i] - h->mean) * (s[i] - h->mean);
	h->sd = h->openings > 1 ? sqrt(square / (double)(h->openings - 1)) : NAN;
	judge_generators(o, n, h);
	h->serial_chi2 = serial_chi2(o, n);
	status = judge_skill(s, h->openings, like, h);
	free(s);
	return status;
}
