#include "learn/caltrack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/piecewise.h"
#include "learn/regression.h"

#define TERMS (CALTRACK_ENDS + 1)
#define COLUMNS (2 * TERMS)
#define OCCUPIED_SHARE 0.65
#define BIN_POINTS 20

/* The rows that take part in one month's fit. */
struct part {
	const struct hours *h;
	size_t n;
	const size_t *row;
	const double *weight;
};

static enum learn_status
find_occupied(const struct part *part, bool *occupied)
{
	const double cold = celsius(50), warm = celsius(65);
	double n[HOURS_WEEK] = { 0 }, above[HOURS_WEEK] = { 0 }, a[9] = { 0 }, b[3] = { 0 };
	enum learn_status status;
	size_t i, j, k;

	for (i = 0; i < part->n; i++) {
		double t = part->h->temperature[part->row[i]], y = part->h->load[part->row[i]];
		double x[3] = { 1, t > warm ? t - warm : 0, t < cold ? cold - t : 0 };

		for (j = 0; j < 3; j++) {
			for (k = j; k < 3; k++)
				a[j * 3 + k] += part->weight[i] * x[j] * x[k];
			b[j] += part->weight[i] * x[j] * y;
		}
	}
	for (j = 1; j < 3; j++)
		if (a[j * 3 + j] == 0)
			a[j * 3 + j] = 1;
	status = spd_solve(3, a, b);
	if (status != LEARN_OK)
		return status;
	for (i = 0; i < part->n; i++) {
		int how = hour_of_week(&part->h->at[part->row[i]]);
		double t = part->h->temperature[part->row[i]], y = part->h->load[part->row[i]];

		n[how] += 1;
		above[how] += y > b[0] + b[1] * (t > warm ? t - warm : 0) +
				      b[2] * (t < cold ? cold - t : 0);
	}
	for (i = 0; i < HOURS_WEEK; i++)
		occupied[i] = above[i] > OCCUPIED_SHARE * n[i];
	return LEARN_OK;
}

/* How many of the class's rows lie in the bin between two ends (NULL: open). */
static size_t
bin_count(const struct part *part, const struct caltrack_month *m, bool occupied,
    const double *low, const double *high)
{
	size_t i, count = 0;

	for (i = 0; i < part->n; i++) {
		const struct hour *at = &part->h->at[part->row[i]];
		double t = part->h->temperature[part->row[i]];

		if (m->occupied[hour_of_week(at)] == occupied && (low == NULL || t > *low) &&
		    (high == NULL || t <= *high))
			count++;
	}
	return count;
}

static void
choose_ends(const struct part *part, struct caltrack_month *m, bool occupied)
{
	const double fahrenheit[CALTRACK_ENDS] = { 30, 45, 55, 65, 75, 90 };
	double *end = m->end[occupied];
	size_t n = CALTRACK_ENDS, i;

	for (i = 0; i < n; i++)
		end[i] = celsius(fahrenheit[i]);
	while (n > 0 && bin_count(part, m, occupied, NULL, &end[0]) < BIN_POINTS)
		memmove(end, end + 1, --n * sizeof(*end));
	while (n > 0 && bin_count(part, m, occupied, &end[n - 1], NULL) < BIN_POINTS)
		n--;
	for (i = 0; i + 1 < n;) {
		if (bin_count(part, m, occupied, &end[i], &end[i + 1]) >= BIN_POINTS) {
			i++;
			continue;
		}
		memmove(end + i + 1, end + i + 2, (n - i - 2) * sizeof(*end));
		n--;
	}
	m->ends[occupied] = n;
}

struct sums {
	double w[HOURS_WEEK], y[HOURS_WEEK], x[HOURS_WEEK][COLUMNS];
	double xx[COLUMNS * COLUMNS], xy[COLUMNS];
};

static void
columns_of(const struct caltrack_month *m, bool occupied, double t, double *x)
{
	memset(x, 0, COLUMNS * sizeof(*x));
	piecewise(t, m->ends[occupied], m->end[occupied], x + (occupied ? TERMS : 0));
}

/* Take the hour-of-week means out and solve for the slopes. */
static enum learn_status
solve_slopes(struct sums *s, double *slope)
{
	double a[COLUMNS * COLUMNS], answer[COLUMNS];
	size_t map[COLUMNS] = { 0 }, used = 0, how, j, k;
	enum learn_status status;

	memset(slope, 0, COLUMNS * sizeof(*slope));
	for (j = 0; j < COLUMNS; j++) {
		double raw = s->xx[j * COLUMNS + j], left = raw;

		for (how = 0; how < HOURS_WEEK; how++)
			if (s->w[how] > 0)
				left -= s->x[how][j] * s->x[how][j] / s->w[how];
		if (left > 1e-9 * raw)
			map[used++] = j;
	}
	for (j = 0; j < used; j++) {
		answer[j] = s->xy[map[j]];
		for (k = j; k < used; k++)
			a[j * used + k] = s->xx[map[j] * COLUMNS + map[k]];
	}
	for (how = 0; how < HOURS_WEEK; how++) {
		for (j = 0; j < used && s->w[how] > 0; j++) {
			double mean = s->x[how][map[j]] / s->w[how];

			answer[j] -= mean * s->y[how];
			for (k = j; k < used; k++)
				a[j * used + k] -= mean * s->x[how][map[k]];
		}
	}
	status = spd_solve(used, a, answer);
	for (j = 0; j < used && status == LEARN_OK; j++)
		slope[map[j]] = answer[j];
	return status;
}

static enum learn_status
fit_month(const struct part *part, struct caltrack_month *m)
{
	double slope[COLUMNS], x[COLUMNS];
	enum learn_status status;
	struct sums s = { 0 };
	size_t i, j, k;

	if (part->n < HOURS_WEEK)
		return LEARN_SHORT;
	status = find_occupied(part, m->occupied);
	if (status != LEARN_OK)
		return status;
	choose_ends(part, m, false);
	choose_ends(part, m, true);
	for (i = 0; i < part->n; i++) {
		int how = hour_of_week(&part->h->at[part->row[i]]);
		double w = part->weight[i], y = part->h->load[part->row[i]];

		columns_of(m, m->occupied[how], part->h->temperature[part->row[i]], x);
		s.w[how] += w;
		s.y[how] += w * y;
		for (j = 0; j < COLUMNS; j++) {
			if (x[j] == 0)
				continue;
			s.x[how][j] += w * x[j];
			s.xy[j] += w * x[j] * y;
			for (k = j; k < COLUMNS; k++)
				s.xx[j * COLUMNS + k] += w * x[j] * x[k];
		}
	}
	status = solve_slopes(&s, slope);
	if (status != LEARN_OK)
		return status;
	memcpy(m->b[0], slope, sizeof(m->b[0]));
	memcpy(m->b[1], slope + TERMS, sizeof(m->b[1]));
	for (i = 0; i < HOURS_WEEK; i++) {
		m->a[i] = s.w[i] > 0 ? s.y[i] / s.w[i] : NAN;
		for (j = 0; j < COLUMNS && s.w[i] > 0; j++)
			m->a[i] -= slope[j] * s.x[i][j] / s.w[i];
	}
	m->fitted = true;
	return LEARN_OK;
}

enum learn_status
caltrack_fit(const struct hours *h, size_t from, size_t to, struct caltrack *c)
{
	enum learn_status status = LEARN_SHORT, one;
	size_t *row;
	double *weight;
	int month;

	memset(c, 0, sizeof(*c));
	if (from >= to || to > h->n)
		return LEARN_RANGE;
	row = xmalloc((to - from) * sizeof(*row));
	weight = xmalloc((to - from) * sizeof(*weight));
	for (month = 0; month < 12; month++) {
		struct part part = { h, 0, row, weight };
		size_t i;

		for (i = from; i < to; i++) {
			int apart = (h->at[i].month - month + 12) % 12;

			if ((apart > 1 && apart < 11) || !isfinite(h->load[i]) ||
			    !isfinite(h->temperature[i]))
				continue;
			row[part.n] = i;
			weight[part.n++] = apart == 0 ? 1 : 0.5;
		}
		one = fit_month(&part, &c->month[month]);
		if (one == LEARN_OK)
			status = LEARN_OK;
	}
	free(row);
	free(weight);
	return status;
}

void
caltrack_series(
    const struct caltrack *c, const struct hours *h, size_t from, size_t to, double *out)
{
	size_t i, j;

	for (i = from; i < to; i++) {
		const struct caltrack_month *m = &c->month[h->at[i].month];
		int how = hour_of_week(&h->at[i]);
		bool occupied = m->occupied[how];
		double x[TERMS] = { 0 }, y = m->fitted ? m->a[how] : NAN;

		piecewise(h->temperature[i], m->ends[occupied], m->end[occupied], x);
		for (j = 0; j <= m->ends[occupied]; j++)
			y += m->b[occupied][j] * x[j];
		out[i - from] = isfinite(h->temperature[i]) ? y : NAN;
	}
}
