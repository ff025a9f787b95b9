#include "learn/lagged.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

void
lagged_init(struct lagged *l, const struct hours *h)
{
	size_t i, back;

	memset(l, 0, sizeof(*l));
	l->filled = xmalloc((2 * h->n + 1) * sizeof(*l->filled));
	l->count = xmalloc((h->n + 1) * sizeof(*l->count));
	l->h = h;
	l->sum = l->filled + h->n;
	l->sum[0] = 0;
	l->count[0] = 0;
	for (i = 0; i < h->n; i++) {
		l->filled[i] = h->load[i];
		if (!isfinite(h->load[i])) {
			back = hours_back(h, i, 7);
			l->filled[i] = back != SIZE_MAX ? l->filled[back] : NAN;
		}
		l->sum[i + 1] = l->sum[i] + (isnan(l->filled[i]) ? 0 : l->filled[i]);
		l->count[i + 1] = l->count[i] + (isnan(l->filled[i]) ? 0 : 1);
	}
}

void
lagged_free(struct lagged *l)
{
	free(l->filled);
	free(l->count);
	memset(l, 0, sizeof(*l));
}

static double
value_back(const struct lagged *l, size_t t, int days)
{
	size_t row = hours_back(l->h, t, days);

	return row == SIZE_MAX ? NAN : l->filled[row];
}

/* Mean of the same hour of the last four weeks. */
static double
weeks_mean(const struct lagged *l, size_t t)
{
	double sum = 0;
	int k, count = 0;

	for (k = 1; k <= 4; k++) {
		double y = value_back(l, t, 7 * k);

		if (isnan(y))
			continue;
		sum += y;
		count++;
	}
	return count ? sum / count : NAN;
}

static double
mean_before(const struct lagged *l, size_t issue, size_t hours, size_t fewest)
{
	size_t from = issue > hours ? issue - hours : 0,
	       count = l->count[issue] - l->count[from];

	return count >= fewest ? (l->sum[issue] - l->sum[from]) / (double)count : NAN;
}

static double
recent_error(const struct lagged *l, size_t issue)
{
	size_t i;
	double sum = 0;
	int count = 0;

	for (i = issue > 3 ? issue - 3 : 0; i < issue; i++) {
		double e = l->h->load[i] - weeks_mean(l, i);

		if (isnan(e))
			continue;
		sum += e;
		count++;
	}
	return count ? sum / count : 0;
}

bool
lagged_row(const struct lagged *l, size_t t, size_t issue, struct lag_row *r)
{
	size_t yesterday = hours_back(l->h, t, 1);

	if (yesterday == SIZE_MAX || yesterday >= issue)
		yesterday = yesterday == SIZE_MAX || issue == 0 ? SIZE_MAX : issue - 1;
	if (yesterday == SIZE_MAX)
		return false;
	r->day = l->filled[yesterday];
	r->weeks = weeks_mean(l, t);
	r->two_days = value_back(l, t, 2);
	r->week = value_back(l, t, 7);
	r->two_weeks = value_back(l, t, 14);
	if (isnan(r->two_weeks))
		r->two_weeks = r->week;
	r->last_day = mean_before(l, issue, 24, 12);
	r->last_week = mean_before(l, issue, HOURS_WEEK, 24);
	r->recent = recent_error(l, issue);
	r->cooling = l->h->temperature[t] - l->h->temperature[yesterday];
	if (isnan(r->cooling))
		r->cooling = 0;
	return isfinite(r->day + r->weeks + r->two_days + r->week + r->last_day + r->last_week);
}

size_t
lagged_issue(const struct hours *h, size_t t, int issue_hour)
{
	size_t i = t;

	while (h->at[i].hour != issue_hour) {
		/* 26: the hour itself may be missing on a 23-hour day. */
		if (i == 0 || t - i >= 26)
			return SIZE_MAX;
		i--;
	}
	return i;
}
