#include "learn/conformal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/lagged.h"

void
conformal_add(struct conformal *c, int hour, double error)
{
	size_t *next = &c->next[hour];

	if (!isfinite(error))
		return;
	c->error[hour][*next] = fabs(error);
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

double
conformal_half_width(const struct conformal *c, int hour, double alpha)
{
	double sorted[CONFORMAL_ERRORS];
	size_t n = c->count[hour], rank = (size_t)ceil((double)(n + 1) * (1 - alpha) - 1e-9);

	if (rank < 1 || rank > n)
		return NAN;
	memcpy(sorted, c->error[hour], n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return sorted[rank - 1];
}

void
conformal_series(const struct hours *h, size_t from, size_t to, const double *predicted,
    int issue_hour, double alpha, double *low, double *high)
{
	struct conformal c = { 0 };
	double half[24];
	size_t i, known = from, issue, last = SIZE_MAX;
	int hour;

	for (i = from; i < to; i++) {
		issue = lagged_issue(h, i, issue_hour);
		if (issue != SIZE_MAX && issue >= from && issue != last) {
			for (; known < issue; known++)
				conformal_add(&c, h->at[known].hour,
				    h->load[known] - predicted[known - from]);
			last = issue;
			for (hour = 0; hour < 24; hour++)
				half[hour] = conformal_half_width(&c, hour, alpha);
		}
		low[i - from] = high[i - from] = NAN;
		if (last == SIZE_MAX)
			continue;
		low[i - from] = predicted[i - from] - half[h->at[i].hour];
		high[i - from] = predicted[i - from] + half[h->at[i].hour];
		if (low[i - from] < 0)
			low[i - from] = 0;
	}
}
