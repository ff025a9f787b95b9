#include "learn/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/metric.h"

static bool
usable(const struct hours *h, size_t i)
{
	return isfinite(h->load[i]) && isfinite(h->temperature[i]);
}

static size_t
band_of(const struct towt *towt, double t)
{
	size_t band = 0;

	while (band < towt->knots && t > towt->knot[band])
		band++;
	return band;
}

static void
week_profile(
    const struct hours *h, size_t from, size_t to, const struct towt *towt, struct explain *e)
{
	double sum[HOURS_WEEK] = { 0 }, count[HOURS_WEEK] = { 0 };
	size_t i;
	int how;

	for (i = from; i < to; i++) {
		if (!usable(h, i))
			continue;
		how = hour_of_week(&h->at[i]);
		sum[how] += h->temperature[i];
		count[how] += 1;
	}
	for (how = 0; how < HOURS_WEEK; how++) {
		e->week[how] =
		    count[how] > 0 ? towt_predict(towt, how, sum[how] / count[how]) : NAN;
		e->occupied_hours += towt->occupied[how];
	}
}

static void
holidays(
    const struct hours *h, size_t from, size_t to, const struct towt *towt, struct explain *e)
{
	double measured = 0, expected = 0;
	int32_t last = INT32_MIN;
	size_t i;

	for (i = from; i < to; i++) {
		const struct hour *at = &h->at[i];
		double y;

		if (hour_day_type(at) < 7 || at->weekday > 4 || !usable(h, i))
			continue;
		y = towt_predict(towt, hour_of_week(at), h->temperature[i]);
		if (isnan(y))
			continue;
		measured += h->load[i];
		expected += y;
		e->holidays += at->day != last;
		last = at->day;
	}
	e->holiday_effect = expected > 0 ? measured / expected - 1 : NAN;
}

static enum learn_status
by_day(const struct hours *h, size_t from, size_t to, struct daily *daily)
{
	size_t room = (to - from) / 23 + 2, n;
	double *energy = xmalloc(2 * room * sizeof(*energy));
	int *weekday = xmalloc(room * sizeof(*weekday));
	enum learn_status status;

	n = daily_of_hours(h, from, to, energy, energy + room, weekday);
	status = daily_best(n, energy, energy + room, daily);
	free(energy);
	free(weekday);
	return status;
}

enum learn_status
explain_load(
    const struct hours *h, size_t from, size_t to, const struct towt *towt, struct explain *e)
{
	size_t i, n = 0, idle = 0;
	double *night;

	memset(e, 0, sizeof(*e));
	if (from >= to || to > h->n || towt->knots == 0)
		return LEARN_RANGE;
	night = xmalloc((to - from) * sizeof(*night));
	e->bands = towt->knots + 1;
	memcpy(e->edge, towt->knot, sizeof(e->edge));
	memcpy(e->slope, towt->b, sizeof(e->slope));
	for (i = from; i < to; i++) {
		bool busy = towt->occupied[hour_of_week(&h->at[i])];

		if (!usable(h, i))
			continue;
		e->mean += h->load[i];
		n++;
		e->points[busy][band_of(towt, h->temperature[i])]++;
		if (!busy)
			night[idle++] = h->load[i];
	}
	e->mean = n ? e->mean / (double)n : NAN;
	e->base_night = metric_quantile(idle, night, 0.10);
	free(night);
	week_profile(h, from, to, towt, e);
	holidays(h, from, to, towt, e);
	e->daily_status = by_day(h, from, to, &e->daily);
	return n ? LEARN_OK : LEARN_SHORT;
}
