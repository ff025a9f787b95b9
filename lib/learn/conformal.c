#include "learn/conformal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/lagged.h"

static int
kind_of(const struct hours *h, size_t row)
{
	return hour_day_type(&h->at[row]) >= 7 ? CONFORMAL_KINDS - 1 : hours_day_kind(h, row);
}

void
conformal_add(struct conformal *c, const struct hours *h, size_t row, double error)
{
	int hour = h->at[row].hour;
	size_t *next = &c->next[hour];

	if (!isfinite(error))
		return;
	c->error[hour][*next] = fabs(error);
	c->kind[hour][*next] = (int8_t)kind_of(h, row);
	*next = (*next + 1) % CONFORMAL_ERRORS;
	if (c->count[hour] < CONFORMAL_ERRORS)
		c->count[hour]++;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Errors of an hour, added up by kind of day. */
struct usual {
	double sum[CONFORMAL_KINDS], all;
	size_t count[CONFORMAL_KINDS], n;
};

static struct usual
usual_of(const struct conformal *c, int hour)
{
	struct usual u = { 0 };
	size_t i;

	for (i = 0; i < c->count[hour]; i++) {
		u.sum[c->kind[hour][i]] += c->error[hour][i];
		u.count[c->kind[hour][i]]++;
		u.all += c->error[hour][i];
		u.n++;
	}
	return u;
}

/* What errors are on such days, without one of them that is `less`; NaN: there is no other. */
static double
usual_error(const struct usual *u, int kind, const double *less)
{
	double e = less != NULL ? *less : 0, all, n = less != NULL ? 1 : 0;

	all = (u->all - e) / ((double)u->n - n);
	return (u->sum[kind] - e + CONFORMAL_POOLED * all) /
	       ((double)u->count[kind] - n + CONFORMAL_POOLED);
}

double
conformal_half_width(const struct conformal *c, const struct hours *h, size_t row, double alpha)
{
	int hour = h->at[row].hour;
	double score[CONFORMAL_ERRORS], rank, usual;
	size_t i, n = c->count[hour], below;
	struct usual u = usual_of(c, hour);

	rank = (double)(n + 1) * (1 - alpha);
	below = (size_t)(rank + 1e-9);
	if (n < 2 || below < 1 || rank > (double)n + 1e-9)
		return NAN;
	for (i = 0; i < n; i++) {
		const double *error = &c->error[hour][i];

		usual = usual_error(&u, c->kind[hour][i], error);
		if (!(usual > 0)) /* the only one that is not 0 */
			usual = usual_error(&u, c->kind[hour][i], NULL);
		score[i] = *error > 0 ? *error / usual : 0;
	}
	qsort(score, n, sizeof(*score), by_value);
	if (below < n)
		score[below - 1] +=
		    fmax(0, rank - (double)below) * (score[below] - score[below - 1]);
	return score[below - 1] * usual_error(&u, kind_of(h, row), NULL);
}

void
conformal_series(const struct hours *h, size_t from, size_t to, const double *predicted,
    int issue_hour, double alpha, double *low, double *high)
{
	struct conformal c = { 0 };
	size_t i, known = from, issue, last = SIZE_MAX;
	double half;

	for (i = from; i < to; i++) {
		issue = lagged_issue(h, i, issue_hour);
		if (issue != SIZE_MAX && issue >= from && issue != last) {
			for (; known < issue; known++)
				conformal_add(
				    &c, h, known, h->load[known] - predicted[known - from]);
			last = issue;
		}
		low[i - from] = high[i - from] = NAN;
		if (last == SIZE_MAX)
			continue;
		half = conformal_half_width(&c, h, i, alpha);
		low[i - from] = predicted[i - from] - half;
		high[i - from] = predicted[i - from] + half;
		if (low[i - from] < 0)
			low[i - from] = 0;
	}
}
