#include "learn/towt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/piecewise.h"
#include "learn/regression.h"

#define TERMS (TOWT_KNOTS + 1)
#define OCCUPIED_SHARE 0.65
#define KNOT_POINTS 20 /* fewest points beyond an outer knot */

static bool
usable(const struct hours *h, size_t i)
{
	return isfinite(h->load[i]) && isfinite(h->temperature[i]);
}

/* Degree-day regression, then the share of positive residuals in each hour of the week. */
static enum learn_status
find_occupied(
    const struct hours *h, size_t from, size_t to, const double *weight, bool *occupied)
{
	const double cold = celsius(50), warm = celsius(65);
	double n[HOURS_WEEK] = { 0 }, above[HOURS_WEEK] = { 0 };
	double a[9] = { 0 }, b[3] = { 0 };
	enum learn_status status;
	size_t i, j, k;

	for (i = from; i < to; i++) {
		double w = weight != NULL ? weight[i - from] : 1, t = h->temperature[i];
		double x[3] = { 1, t < cold ? t - cold : 0, t > warm ? t - warm : 0 };

		if (!usable(h, i))
			continue;
		for (j = 0; j < 3; j++) {
			for (k = j; k < 3; k++)
				a[j * 3 + k] += w * x[j] * x[k];
			b[j] += w * x[j] * h->load[i];
		}
	}
	/* A season without cold or without heat leaves its column empty. */
	for (j = 1; j < 3; j++)
		if (a[j * 3 + j] == 0)
			a[j * 3 + j] = 1;
	status = spd_solve(3, a, b);
	if (status != LEARN_OK)
		return status;
	for (i = from; i < to; i++) {
		int how = hour_of_week(&h->at[i]);
		double t = h->temperature[i], fit = b[0];

		if (!usable(h, i))
			continue;
		fit += b[1] * (t < cold ? t - cold : 0) + b[2] * (t > warm ? t - warm : 0);
		n[how] += 1;
		above[how] += h->load[i] > fit;
	}
	for (i = 0; i < HOURS_WEEK; i++)
		occupied[i] = above[i] > OCCUPIED_SHARE * n[i];
	return LEARN_OK;
}

static void
choose_knots(const struct hours *h, size_t from, size_t to, struct towt *m)
{
	static const double fahrenheit[TOWT_KNOTS] = { 40, 55, 65, 80, 90 };
	double all[TOWT_KNOTS];
	size_t first, k;

	for (k = 0; k < TOWT_KNOTS; k++)
		all[k] = celsius(fahrenheit[k]);
	m->knots = piecewise_supported(
	    h, h->temperature, from, to, TOWT_KNOTS, all, KNOT_POINTS, &first);
	memcpy(m->knot, all + first, m->knots * sizeof(*m->knot));
}

struct week_sums {
	double w[HOURS_WEEK], y[HOURS_WEEK], x[HOURS_WEEK][TERMS];
};

/* Demeaned normal equations of one occupancy class, from raw sums. */
static enum learn_status
solve_class(const struct towt *m, bool occupied, const double *raw, const double *raw_y,
    const struct week_sums *week, double *b)
{
	double a[TERMS * TERMS];
	size_t how, j, k, terms = m->knots + 1, map[TERMS] = { 0 }, used = 0;
	enum learn_status status;
	double answer[TERMS];

	memset(b, 0, TERMS * sizeof(*b));
	for (j = 0; j < terms; j++) {
		double sum = raw[j * TERMS + j];

		for (how = 0; how < HOURS_WEEK; how++)
			if (m->occupied[how] == occupied && week->w[how] > 0)
				sum -= week->x[how][j] * week->x[how][j] / week->w[how];
		/* Nothing ever moved in this band of temperatures: no slope to learn. */
		if (sum > 1e-9 * raw[j * TERMS + j])
			map[used++] = j;
	}
	for (j = 0; j < used; j++) {
		answer[j] = raw_y[map[j]];
		for (k = j; k < used; k++)
			a[j * used + k] = raw[map[j] * TERMS + map[k]];
	}
	for (how = 0; how < HOURS_WEEK; how++) {
		const double *x = week->x[how];

		if (m->occupied[how] != occupied || week->w[how] <= 0)
			continue;
		for (j = 0; j < used; j++) {
			double mean = x[map[j]] / week->w[how];

			answer[j] -= mean * week->y[how];
			for (k = j; k < used; k++)
				a[j * used + k] -= mean * x[map[k]];
		}
	}
	status = spd_solve(used, a, answer);
	for (j = 0; j < used && status == LEARN_OK; j++)
		b[map[j]] = answer[j];
	return status;
}

enum learn_status
towt_fit(const struct hours *h, size_t from, size_t to, const double *weight, struct towt *m)
{
	double raw[2][TERMS * TERMS] = { { 0 } }, raw_y[2][TERMS] = { { 0 } };
	struct week_sums week = { 0 };
	enum learn_status status;
	size_t i, j, k, terms;

	memset(m, 0, sizeof(*m));
	if (from > to || to > h->n)
		return LEARN_RANGE;
	for (i = from; i < to; i++)
		m->rows += usable(h, i);
	if (m->rows < HOURS_WEEK)
		return LEARN_SHORT;
	status = find_occupied(h, from, to, weight, m->occupied);
	if (status != LEARN_OK)
		return status;
	choose_knots(h, from, to, m);
	terms = m->knots + 1;
	for (i = from; i < to; i++) {
		int how = hour_of_week(&h->at[i]), o = m->occupied[how];
		double w = weight != NULL ? weight[i - from] : 1, x[TERMS];

		if (!usable(h, i))
			continue;
		piecewise(h->temperature[i], m->knots, m->knot, x);
		week.w[how] += w;
		week.y[how] += w * h->load[i];
		for (j = 0; j < terms; j++) {
			double wx = w * x[j];

			week.x[how][j] += wx;
			raw_y[o][j] += wx * h->load[i];
			for (k = j; k < terms; k++)
				raw[o][j * TERMS + k] += wx * x[k];
		}
	}
	for (j = 0; j < 2 && status == LEARN_OK; j++)
		status = solve_class(m, j == 1, raw[j], raw_y[j], &week, m->b[j]);
	for (i = 0; i < HOURS_WEEK && status == LEARN_OK; i++) {
		m->a[i] = week.w[i] > 0 ? week.y[i] / week.w[i] : NAN;
		for (j = 0; j < terms && week.w[i] > 0; j++)
			m->a[i] -= m->b[m->occupied[i]][j] * week.x[i][j] / week.w[i];
	}
	return status;
}

double
towt_predict(const struct towt *m, int hour_of_week, double temperature)
{
	double x[TERMS], y;
	size_t j;

	if (!isfinite(temperature))
		return NAN;
	y = m->a[hour_of_week];
	piecewise(temperature, m->knots, m->knot, x);
	for (j = 0; j <= m->knots; j++)
		y += m->b[m->occupied[hour_of_week]][j] * x[j];
	return y < 0 ? 0 : y;
}

void
towt_series(const struct towt *m, const struct hours *h, size_t from, size_t to, double *out)
{
	size_t i;

	for (i = from; i < to; i++)
		out[i - from] = towt_predict(m, hour_of_week(&h->at[i]), h->temperature[i]);
}
