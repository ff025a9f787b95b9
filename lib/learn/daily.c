#include "learn/daily.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/metric.h"
#include "learn/piecewise.h"
#include "learn/regression.h"

#define FEWEST 20
#define HOURS_KNOWN 20
#define WEEK_COLUMNS (7 + 2 * DAILY_SEGMENTS)

/* The days that count, and what every fit needs of them. */
struct days {
	size_t n;
	double *y, *t;
	double low, high; /* between which a change point may lie */
	double total;     /* sum of squares about the mean */
};

static enum learn_status
take_days(size_t n, const double *energy, const double *temperature, struct days *d)
{
	double mean = 0, least = INFINITY, most = -INFINITY, *sorted;
	size_t i;

	memset(d, 0, sizeof(*d));
	d->y = xmalloc(3 * (n + 1) * sizeof(*d->y));
	d->t = d->y + n;
	sorted = d->t + n;
	for (i = 0; i < n; i++) {
		if (!isfinite(energy[i] + temperature[i]))
			continue;
		d->y[d->n] = energy[i];
		d->t[d->n++] = temperature[i];
	}
	if (d->n < FEWEST)
		return LEARN_SHORT;
	memcpy(sorted, d->t, d->n * sizeof(*sorted));
	d->low = metric_quantile(d->n, sorted, 0.05);
	d->high = metric_quantile(d->n, sorted, 0.95);
	for (i = 0; i < d->n; i++) {
		mean += d->y[i] / (double)d->n;
		least = fmin(least, d->y[i]);
		most = fmax(most, d->y[i]);
	}
	for (i = 0; i < d->n; i++)
		d->total += (d->y[i] - mean) * (d->y[i] - mean);
	return most > least && d->high > d->low ? LEARN_OK : LEARN_CONSTANT;
}

static size_t
columns_of(enum daily_kind kind, double t, double low, double high, double *x)
{
	double cold = t < low ? low - t : 0, warm = t > high ? t - high : 0;

	switch (kind) {
	case DAILY_LINE:
		x[0] = t;
		return 1;
	case DAILY_HEAT:
		x[0] = cold;
		return 1;
	case DAILY_COOL:
		x[0] = warm;
		return 1;
	default:
		x[0] = cold;
		x[1] = warm;
		return 2;
	}
}

/* Fit with change points given; INFINITY when that can't be. */
static double
try_points(const struct days *d, enum daily_kind kind, double low, double high, struct daily *m)
{
	double x[2], beta[2] = { 0, 0 }, base, sse;
	struct gram g;
	size_t i, p = columns_of(kind, 0, low, high, x);

	gram_init(&g, p);
	for (i = 0; i < d->n; i++) {
		columns_of(kind, d->t[i], low, high, x);
		gram_add(&g, x, d->y[i], 1);
	}
	sse = gram_ridge(&g, 0, beta, &base) == LEARN_OK ? gram_sse(&g, beta, base) : INFINITY;
	gram_free(&g);
	if (kind != DAILY_LINE && kind != DAILY_FOUR && (beta[0] < 0 || beta[1] < 0))
		return INFINITY;
	m->kind = kind;
	m->base = base;
	m->heat = kind == DAILY_LINE || kind == DAILY_COOL ? 0 : beta[0];
	m->cool = kind == DAILY_HEAT ? 0 : p == 2 ? beta[1] : beta[0];
	m->cool = kind == DAILY_HEAT ? 0 : m->cool;
	m->low = kind == DAILY_LINE || kind == DAILY_COOL ? NAN : low;
	m->high = kind == DAILY_LINE || kind == DAILY_HEAT ? NAN : high;
	return sse;
}

static void
search(const struct days *d, enum daily_kind kind, double from[2], double to[2], double step,
    struct daily *best, double *least)
{
	int i, j, lows = (int)floor((to[0] - from[0]) / step + 1e-9);
	struct daily one = { 0 };

	for (i = 0; i <= lows; i++) {
		double low = from[0] + i * step, first = fmax(from[1], low + step), sse;
		int highs = 0;

		if (kind == DAILY_FIVE)
			highs = (int)floor((to[1] - first) / step + 1e-9);
		for (j = 0; j <= highs; j++) {
			double high = kind == DAILY_FIVE ? first + j * step : low;

			sse = try_points(d, kind, low, high, &one);
			if (sse < *least) {
				*least = sse;
				*best = one;
			}
		}
	}
}

static enum learn_status
fit_days(const struct days *d, enum daily_kind kind, struct daily *m)
{
	static const size_t parameters[DAILY_KINDS] = { 2, 3, 3, 4, 5 };
	double from[2] = { d->low, d->low }, to[2] = { d->high, d->high }, least = INFINITY;
	double n = (double)d->n;

	if (kind == DAILY_LINE) {
		least = try_points(d, kind, 0, 0, m);
	} else {
		search(d, kind, from, to, 0.5, m, &least);
		if (isfinite(least)) {
			from[0] = (isnan(m->low) ? m->high : m->low) - 0.5;
			to[0] = from[0] + 1;
			from[1] = (isnan(m->high) ? m->low : m->high) - 0.5;
			to[1] = from[1] + 1;
			search(d, kind, from, to, 0.05, m, &least);
		}
	}
	if (!isfinite(least))
		return LEARN_SINGULAR;
	m->n = d->n;
	m->parameters = parameters[kind];
	m->r2 = 1 - least / d->total;
	m->bic = n * log(fmax(least, 1e-12 * d->total) / n) + (double)m->parameters * log(n);
	return LEARN_OK;
}

enum learn_status
daily_fit(size_t n, const double *energy, const double *temperature, enum daily_kind kind,
    struct daily *m)
{
	enum learn_status status;
	struct days d;

	memset(m, 0, sizeof(*m));
	if (kind >= DAILY_KINDS)
		return LEARN_RANGE;
	status = take_days(n, energy, temperature, &d);
	if (status == LEARN_OK)
		status = fit_days(&d, kind, m);
	free(d.y);
	return status;
}

enum learn_status
daily_best(size_t n, const double *energy, const double *temperature, struct daily *m)
{
	enum learn_status status, one_status;
	struct daily one;
	struct days d;
	int kind;

	memset(m, 0, sizeof(*m));
	status = take_days(n, energy, temperature, &d);
	for (kind = 0; kind < DAILY_KINDS && status == LEARN_OK; kind++) {
		memset(&one, 0, sizeof(one));
		one_status = fit_days(&d, (enum daily_kind)kind, &one);
		if (one_status != LEARN_OK)
			continue;
		if (kind == DAILY_FOUR && (one.heat < 0 || one.cool < 0))
			continue;
		if (kind == 0 || one.bic < m->bic)
			*m = one;
	}
	free(d.y);
	return status;
}

double
daily_predict(const struct daily *m, double t)
{
	double y = m->base;

	if (m->kind == DAILY_LINE)
		return y + m->cool * t;
	if (t < m->low)
		y += m->heat * (m->low - t);
	if (t > m->high)
		y += m->cool * (t - m->high);
	return isfinite(t) ? y : NAN;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Knots between segments that hold equally many days. */
static enum learn_status
equal_knots(
    size_t n, const double *temperature, const double *energy, double *knot, size_t *used)
{
	double *sorted = xmalloc((n + 1) * sizeof(*sorted));
	size_t i, m = 0;

	for (i = 0; i < n; i++)
		if (isfinite(temperature[i] + energy[i]))
			sorted[m++] = temperature[i];
	*used = m;
	qsort(sorted, m, sizeof(*sorted), by_value);
	for (i = 1; i < DAILY_SEGMENTS && m >= 30; i++)
		knot[i - 1] = sorted[m * i / DAILY_SEGMENTS - 1];
	free(sorted);
	return m >= 30 ? LEARN_OK : LEARN_SHORT;
}

/* Weekdays on which more than 65 % of the days lie above a degree-day line. */
static enum learn_status
busy_days(size_t n, const double *energy, const double *temperature, const int *weekday,
    bool *occupied)
{
	const double cold = celsius(50), warm = celsius(65);
	double x[2], beta[2], base, count[7] = { 0 }, above[7] = { 0 };
	enum learn_status status;
	struct gram g;
	size_t i, k;

	gram_init(&g, 2);
	for (i = 0; i < n; i++) {
		x[0] = fmin(temperature[i] - cold, 0);
		x[1] = fmax(temperature[i] - warm, 0);
		if (isfinite(energy[i] + temperature[i]))
			gram_add(&g, x, energy[i], 1);
	}
	status = gram_ridge(&g, 0, beta, &base);
	for (i = 0; i < n && status == LEARN_OK; i++) {
		x[0] = fmin(temperature[i] - cold, 0);
		x[1] = fmax(temperature[i] - warm, 0);
		if (!isfinite(energy[i] + temperature[i]))
			continue;
		count[weekday[i]] += 1;
		above[weekday[i]] += energy[i] > base + beta[0] * x[0] + beta[1] * x[1];
	}
	for (k = 0; k < 7; k++)
		occupied[k] = above[k] > 0.65 * count[k];
	gram_free(&g);
	return status;
}

static void
week_row(const struct daily_week *m, double temperature, int weekday, double *x)
{
	size_t first = 7 + (m->occupied[weekday] ? DAILY_SEGMENTS : 0);

	memset(x, 0, WEEK_COLUMNS * sizeof(*x));
	x[weekday] = 1;
	piecewise(temperature, DAILY_SEGMENTS - 1, m->knot, x + first);
}

enum learn_status
daily_week_fit(size_t n, const double *energy, const double *temperature, const int *weekday,
    struct daily_week *m)
{
	double x[WEEK_COLUMNS], beta[WEEK_COLUMNS], base, mean = 0, total = 0;
	enum learn_status status;
	struct gram g;
	size_t i, k;

	memset(m, 0, sizeof(*m));
	status = equal_knots(n, temperature, energy, m->knot, &m->n);
	if (status == LEARN_OK)
		status = busy_days(n, energy, temperature, weekday, m->occupied);
	gram_init(&g, WEEK_COLUMNS);
	for (i = 0; i < n && status == LEARN_OK; i++) {
		if (!isfinite(energy[i] + temperature[i]))
			continue;
		week_row(m, temperature[i], weekday[i], x);
		gram_add(&g, x, energy[i], 1);
		mean += energy[i] / (double)m->n;
	}
	/* Seven dummies and an intercept are one too many: a whisper of a penalty chooses. */
	if (status == LEARN_OK)
		status = gram_ridge(&g, 1e-7, beta, &base);
	for (k = 0; k < 7 && status == LEARN_OK; k++)
		m->a[k] = g.x[k] > 0 ? base + beta[k] : NAN;
	if (status == LEARN_OK)
		memcpy(m->b, beta + 7, sizeof(m->b));
	for (i = 0; i < n && status == LEARN_OK; i++)
		if (isfinite(energy[i] + temperature[i]))
			total += (energy[i] - mean) * (energy[i] - mean);
	if (status == LEARN_OK && !(total > 0))
		status = LEARN_CONSTANT;
	if (status == LEARN_OK)
		m->r2 = 1 - gram_sse(&g, beta, base) / total;
	gram_free(&g);
	return status;
}

double
daily_week_predict(const struct daily_week *m, double temperature, int weekday)
{
	double x[DAILY_SEGMENTS], y = m->a[weekday];
	size_t k;

	if (!isfinite(temperature))
		return NAN;
	piecewise(temperature, DAILY_SEGMENTS - 1, m->knot, x);
	for (k = 0; k < DAILY_SEGMENTS; k++)
		y += m->b[m->occupied[weekday]][k] * x[k];
	return y;
}

size_t
daily_of_hours(const struct hours *h, size_t from, size_t to, double *energy,
    double *temperature, int *weekday)
{
	size_t i = from, n = 0;

	while (i < to) {
		int32_t day = h->at[i].day;
		int weekday_of = hour_of_week(&h->at[i]) / 24, loads = 0, temperatures = 0;
		double load = 0, degrees = 0;

		for (; i < to && h->at[i].day == day; i++) {
			if (isfinite(h->load[i])) {
				load += h->load[i];
				loads++;
			}
			if (isfinite(h->temperature[i])) {
				degrees += h->temperature[i];
				temperatures++;
			}
		}
		if (loads < HOURS_KNOWN || temperatures < HOURS_KNOWN)
			continue;
		energy[n] = 24 * load / loads;
		temperature[n] = degrees / temperatures;
		weekday[n++] = weekday_of;
	}
	return n;
}
