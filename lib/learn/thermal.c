#include "learn/thermal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/regression.h"

#define INPUTS 5     /* heat, cool, people, sun, offset */
#define EXCITED 0.02 /* share of steps the plant must run (and not run) */

static double
at(const double *series, size_t k)
{
	return series != NULL ? series[k] : 0;
}

static void
inputs_of(const struct thermal_data *d, size_t k, double *x)
{
	x[0] = at(d->heat, k);
	x[1] = -at(d->cool, k);
	x[2] = at(d->people, k);
	x[3] = at(d->sun, k);
	x[4] = 1;
}

static bool
known(const struct thermal_data *d, size_t k)
{
	return isfinite(
	    d->outdoor[k] + at(d->heat, k) + at(d->cool, k) + at(d->people, k) + at(d->sun, k));
}

static size_t
day_steps(const struct thermal_data *d)
{
	return (size_t)(24 / d->dt + 0.5);
}

static double
push(const struct thermal *m, const struct thermal_data *d, size_t k)
{
	return m->heat * at(d->heat, k) - m->cool * at(d->cool, k) +
	       m->people * at(d->people, k) + m->sun * at(d->sun, k) + m->offset;
}

static double
wall_next(const struct thermal *m, double wall, double inside, double outdoor)
{
	return m->wall * wall + (1 - m->wall) * (m->share * inside + (1 - m->share) * outdoor);
}

/* The wall at step `from`, following what was measured over two days before it. */
static double
wall_before(const struct thermal *m, const struct thermal_data *d, size_t from)
{
	size_t back = 2 * day_steps(d), k = from > back ? from - back : 0;
	double wall = NAN;

	for (; k <= from; k++) {
		if (!isfinite(d->inside[k] + d->outdoor[k]))
			continue;
		if (isnan(wall))
			wall = m->share * d->inside[k] + (1 - m->share) * d->outdoor[k];
		else if (k < from)
			wall = wall_next(m, wall, d->inside[k], d->outdoor[k]);
	}
	return wall;
}

void
thermal_run(
    const struct thermal *m, const struct thermal_data *d, size_t from, size_t n, double *out)
{
	double t = d->inside[from], wall = m->order == 2 ? wall_before(m, d, from) : 0;
	size_t k;

	out[0] = t;
	for (k = 0; k < n; k++) {
		double next = t, outdoor;

		if (from + k >= d->n || !known(d, from + k)) {
			t = NAN;
			out[k + 1] = NAN;
			continue;
		}
		outdoor = d->outdoor[from + k];
		next += m->v * (outdoor - t) + push(m, d, from + k);
		if (m->order == 2) {
			next += m->w * (wall - t);
			wall = wall_next(m, wall, t, outdoor);
		}
		t = next;
		out[k + 1] = t;
	}
}

static void
take(struct thermal *m, const double *beta)
{
	m->heat = beta[0];
	m->cool = beta[1];
	m->people = beta[2];
	m->sun = beta[3];
	m->offset = beta[4];
}

/* A column nobody moved is given a bound of nothing. */
static void
bounds(const struct gram *g, size_t first, double *low, double *high)
{
	size_t j;

	for (j = 0; j < INPUTS; j++) {
		size_t c = first + j;
		bool moved = g->xx[c * g->p + c] > 0;

		low[c] = j == 4 ? -INFINITY : 0;
		high[c] = moved ? INFINITY : 0;
		low[c] = moved ? low[c] : 0;
	}
}

/*
 * For a given v the free run of a day is T0 (1-v)^k + what outdoors brings +
 * beta times inputs filtered by the zone: least squares in beta.
 */
static enum learn_status
fit_given_v(const struct thermal_data *d, size_t to, double v, struct gram *g, double *beta)
{
	double low[INPUTS], high[INPUTS], filtered[INPUTS], x[INPUTS], base = NAN;
	size_t k, j, day = day_steps(d);

	memset(g->x, 0, INPUTS * (INPUTS + 2) * sizeof(*g->x));
	g->rows = g->w = g->y = g->yy = 0;
	for (k = 0; k + 1 < to; k++) {
		if (k % day == 0 || isnan(base)) {
			base = d->inside[k];
			memset(filtered, 0, sizeof(filtered));
		}
		if (!known(d, k)) {
			base = NAN;
			continue;
		}
		inputs_of(d, k, x);
		base += v * (d->outdoor[k] - base);
		for (j = 0; j < INPUTS; j++)
			filtered[j] = (1 - v) * filtered[j] + x[j];
		if (isfinite(d->inside[k + 1] - base))
			gram_add(g, filtered, d->inside[k + 1] - base, 1);
	}
	if (g->rows < (double)(3 * day))
		return LEARN_SHORT;
	bounds(g, 0, low, high);
	return gram_bounded(g, low, high, 1e-6 * g->w, beta);
}

static enum learn_status
fit_first(const struct thermal_data *d, size_t to, struct thermal *m)
{
	const double golden = 0.6180339887498949;
	double left = log(0.5), right = log(500), beta[INPUTS] = { 0 }, x[2], f[2];
	enum learn_status status = LEARN_OK;
	struct gram g;
	int i, k;

	gram_init(&g, INPUTS);
	m->order = 1;
	m->w = m->wall = m->share = 0;
	x[0] = right - golden * (right - left);
	x[1] = left + golden * (right - left);
	for (i = 0; i < 2 && status == LEARN_OK; i++) {
		status = fit_given_v(d, to, 1 - exp(-d->dt / exp(x[i])), &g, beta);
		f[i] = status == LEARN_OK ? gram_sse(&g, beta, 0) : INFINITY;
	}
	for (k = 0; k < 30 && status == LEARN_OK; k++) {
		i = f[0] < f[1];
		if (i)
			right = x[1];
		else
			left = x[0];
		x[i] = x[1 - i];
		f[i] = f[1 - i];
		x[1 - i] = i ? right - golden * (right - left) : left + golden * (right - left);
		status = fit_given_v(d, to, 1 - exp(-d->dt / exp(x[1 - i])), &g, beta);
		f[1 - i] = status == LEARN_OK ? gram_sse(&g, beta, 0) : INFINITY;
	}
	if (status == LEARN_OK) {
		m->v = 1 - exp(-d->dt / exp((left + right) / 2));
		status = fit_given_v(d, to, m->v, &g, beta);
	}
	take(m, beta);
	gram_free(&g);
	return status;
}

/* v, w and the inputs for a given wall, from one step to the next. */
static enum learn_status
fit_given_wall(const struct thermal_data *d, size_t to, struct thermal *m, struct gram *g)
{
	double x[INPUTS + 2], low[INPUTS + 2], high[INPUTS + 2], beta[INPUTS + 2] = { 0 },
									       wall = NAN;
	enum learn_status status;
	size_t k;

	memset(g->x, 0, (INPUTS + 2) * (INPUTS + 4) * sizeof(*g->x));
	g->rows = g->w = g->y = g->yy = 0;
	for (k = 0; k + 1 < to; k++) {
		double t = d->inside[k];

		if (!isfinite(t) || !known(d, k))
			continue;
		if (isnan(wall))
			wall = m->share * t + (1 - m->share) * d->outdoor[k];
		x[0] = d->outdoor[k] - t;
		x[1] = wall - t;
		inputs_of(d, k, x + 2);
		if (isfinite(d->inside[k + 1]))
			gram_add(g, x, d->inside[k + 1] - t, 1);
		wall = wall_next(m, wall, t, d->outdoor[k]);
	}
	if (g->rows < (double)(3 * day_steps(d)))
		return LEARN_SHORT;
	low[0] = low[1] = 0;
	high[0] = high[1] = 0.49;
	bounds(g, 2, low, high);
	status = gram_bounded(g, low, high, 1e-6 * g->w, beta);
	if (status != LEARN_OK)
		return status;
	m->v = beta[0];
	m->w = beta[1];
	take(m, beta + 2);
	return LEARN_OK;
}

/* Free runs of whole days in [from, to), each from its measured start. */
static void
judge_days(const struct thermal *m, const struct thermal_data *d, size_t from, size_t to,
    double *run, double *rmse, size_t *days)
{
	size_t day = day_steps(d), start, k, n = 0;
	double sum = 0;

	*days = 0;
	for (start = from / day * day; start + day < to; start += day) {
		size_t before = n;

		if (start < from || !isfinite(d->inside[start]))
			continue;
		thermal_run(m, d, start, day, run);
		for (k = 1; k <= day; k++) {
			double e = run[k] - d->inside[start + k];

			if (!isfinite(e))
				continue;
			sum += e * e;
			n++;
		}
		*days += n > before;
	}
	*rmse = n ? sqrt(sum / (double)n) : NAN;
}

static enum learn_status
fit_second(const struct thermal_data *d, size_t to, double *run, struct thermal *m)
{
	static const double tau[] = { 6, 12, 24, 48, 96, 192 },
			    share[] = { 0.3, 0.5, 0.7, 0.9 };
	enum learn_status status, answer = LEARN_SINGULAR;
	struct thermal best = *m, one = *m;
	double least = INFINITY, rmse;
	struct gram g;
	size_t i, j, days;

	gram_init(&g, INPUTS + 2);
	one.order = 2;
	for (i = 0; i < sizeof(tau) / sizeof(*tau); i++) {
		for (j = 0; j < sizeof(share) / sizeof(*share); j++) {
			one.wall = exp(-d->dt / tau[i]);
			one.share = share[j];
			status = fit_given_wall(d, to, &one, &g);
			if (status != LEARN_OK) {
				answer = answer == LEARN_OK ? answer : status;
				continue;
			}
			judge_days(&one, d, 2 * day_steps(d), to, run, &rmse, &days);
			if (rmse < least) {
				least = rmse;
				best = one;
				answer = LEARN_OK;
			}
		}
	}
	gram_free(&g);
	*m = best;
	return answer;
}

static enum learn_status
fit_order(const struct thermal_data *d, int order, size_t to, double *run, struct thermal *m)
{
	return order == 1 ? fit_first(d, to, m) : fit_second(d, to, run, m);
}

static bool
excited(const double *series, size_t n)
{
	size_t k, on = 0;

	for (k = 0; k < n && series != NULL; k++)
		on += series[k] > 0;
	return (double)on > EXCITED * (double)n && (double)(n - on) > EXCITED * (double)n;
}

static enum learn_status
check(const struct thermal_data *d)
{
	double low = INFINITY, high = -INFINITY;
	size_t k, usable = 0;

	if (!(d->dt > 0 && d->dt <= 1) || d->inside == NULL || d->outdoor == NULL)
		return LEARN_RANGE;
	for (k = 0; k < d->n; k++) {
		if (!isfinite(d->inside[k]) || !known(d, k))
			continue;
		usable++;
		low = fmin(low, d->inside[k]);
		high = fmax(high, d->inside[k]);
	}
	if (usable < 4 * day_steps(d))
		return LEARN_SHORT;
	return high > low ? LEARN_OK : LEARN_CONSTANT;
}

static void
derive(const struct thermal_data *d, struct thermal *m)
{
	double sum = 0, wall = NAN, gain,
	       total = m->v + m->w * (m->order == 2 ? 1 - m->share : 0);
	size_t k, n = 0;

	m->dt = d->dt;
	m->tau = -d->dt / log(1 - m->v - m->w);
	m->heats = m->heat > 0 && excited(d->heat, d->n);
	m->cools = m->cool > 0 && excited(d->cool, d->n);
	gain = m->heats ? m->heat : m->cools ? m->cool : NAN;
	m->resistance = total > 0 ? gain / total : NAN;
	for (k = 0; k + 1 < d->n; k++) {
		double t = d->inside[k], e;

		if (!isfinite(t) || !known(d, k))
			continue;
		if (isnan(wall))
			wall = m->share * t + (1 - m->share) * d->outdoor[k];
		e = t + m->v * (d->outdoor[k] - t) + push(m, d, k) - d->inside[k + 1];
		if (m->order == 2)
			e += m->w * (wall - t);
		wall = wall_next(m, wall, t, d->outdoor[k]);
		if (!isfinite(e))
			continue;
		sum += e * e;
		n++;
	}
	m->rmse_step = n ? sqrt(sum / (double)n) : NAN;
}

enum learn_status
thermal_fit(const struct thermal_data *d, int order, struct thermal *m)
{
	struct thermal one[2];
	enum learn_status status = check(d), each;
	size_t split, k;
	double *run;
	int o, best = 0;

	memset(m, 0, sizeof(*m));
	if (order < 0 || order > 2)
		return LEARN_RANGE;
	if (status != LEARN_OK)
		return status;
	run = xmalloc((day_steps(d) + 1) * sizeof(*run));
	split = d->n / day_steps(d) * 3 / 4 * day_steps(d);
	status = LEARN_SHORT;
	for (o = 1; o <= 2; o++) {
		memset(&one[o - 1], 0, sizeof(one[0]));
		one[o - 1].rmse_day = INFINITY;
		if (order != 0 && order != o)
			continue;
		each = fit_order(d, o, split, run, &one[o - 1]);
		if (each != LEARN_OK) {
			status = best ? status : each;
			continue;
		}
		judge_days(
		    &one[o - 1], d, split, d->n, run, &one[o - 1].rmse_day, &one[o - 1].days);
		status = LEARN_OK;
		if (best == 0 || one[o - 1].rmse_day < 0.95 * one[best - 1].rmse_day)
			best = o;
	}
	if (best != 0) {
		double rmse = one[best - 1].rmse_day;

		k = one[best - 1].days;
		*m = one[best - 1];
		/* The held-out days judged; now they may teach. */
		if (fit_order(d, best, d->n, run, m) != LEARN_OK)
			*m = one[best - 1];
		m->rmse_day = rmse;
		m->days = k;
		derive(d, m);
	}
	free(run);
	return status;
}

enum learn_status
thermal_choose(const struct thermal_data *d, struct thermal *m)
{
	struct thermal_data dark = *d;
	struct thermal sunny;
	enum learn_status status;

	dark.sun = NULL;
	status = thermal_fit(&dark, 0, m);
	if (status == LEARN_OK && d->sun != NULL && thermal_fit(d, 0, &sunny) == LEARN_OK &&
	    sunny.sun > 0 && sunny.rmse_day < 0.95 * m->rmse_day)
		*m = sunny;
	return status;
}

bool
thermal_usable(const struct thermal *m, double band_half_width)
{
	return m->rmse_day <= band_half_width && (m->heats || m->cools);
}

void
thermal_first_order(const struct thermal *m, const struct thermal_data *d, size_t from,
    size_t n, const double *zone, double *a, double *outdoor)
{
	double pull = m->v + m->w, wall = m->order == 2 ? wall_before(m, d, from) : 0;
	size_t k;

	*a = 1 - pull;
	for (k = 0; k < n; k++) {
		double to = d->outdoor[from + k];
		double own = m->people * at(d->people, from + k) +
			     m->sun * at(d->sun, from + k) + m->offset;

		outdoor[k] = (m->v * to + m->w * wall + own) / pull;
		if (m->order == 2)
			wall = wall_next(m, wall, zone[k], to);
	}
}
