#include "bms/aggregate.h"

#include <math.h>
#include <stdlib.h>

#define DAY_MINUTES 1440

bool
aggregate_interval_parse(const char *text, struct aggregate_interval *to)
{
	static const struct {
		const char *name;
		struct aggregate_interval is;
	} named[] = { { "hour", { AGGREGATE_MINUTES, 60 } }, { "day", { AGGREGATE_DAY, 0 } },
		{ "week", { AGGREGATE_WEEK, 0 } }, { "month", { AGGREGATE_MONTH, 0 } } };
	char *end;
	size_t i;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strcmp(text, named[i].name) == 0) {
			*to = named[i].is;
			return true;
		}
	if (text[0] < '1' || text[0] > '9')
		return false;
	*to = (struct aggregate_interval){ AGGREGATE_MINUTES, strtoll(text, &end, 10) };
	return strcmp(end, "m") == 0 && to->minutes >= 1 && to->minutes <= DAY_MINUTES;
}

void
aggregate_bounds(const struct aggregate_interval *interval, const struct zone *zone, when_t t,
    when_t *from, when_t *to)
{
	when_t day = when_day(zone, t, 0), next = when_day(zone, t, 1);
	int64_t seconds = interval->minutes * 60;
	int weekday;

	switch (interval->unit) {
	case AGGREGATE_MINUTES:
		*from = day + (t - day) / seconds * seconds;
		*to = *from + seconds < next ? *from + seconds : next;
		break;
	case AGGREGATE_DAY:
		*from = day;
		*to = next;
		break;
	case AGGREGATE_WEEK:
		weekday = civil_weekday(when_civil(zone, t, NULL));
		*from = when_day(zone, t, 1 - weekday);
		*to = when_day(zone, t, 8 - weekday);
		break;
	case AGGREGATE_MONTH:
		*from = when_month(zone, t, 0);
		*to = when_month(zone, t, 1);
		break;
	}
}

void
aggregate_begin(struct aggregate *a)
{
	*a = (struct aggregate){ .min = NAN, .max = NAN, .held = NAN };
}

void
aggregate_next(struct aggregate *a)
{
	struct aggregate next;

	aggregate_begin(&next);
	next.held_from = a->held_from;
	next.held_until = a->held_until;
	next.held = a->held;
	*a = next;
}

void
aggregate_end(struct aggregate *a, when_t to)
{
	when_t until = a->held_until < to ? a->held_until : to;

	if (isnan(a->held) || until <= a->held_from)
		return;
	a->weighted += a->held * (double)(until - a->held_from);
	a->covered += until - a->held_from;
	a->held_from = until;
}

void
aggregate_from(struct aggregate *a, when_t from)
{
	if (a->held_from < from)
		a->held_from = from;
}

void
aggregate_add(struct aggregate *a, when_t ts, double value, int64_t period)
{
	aggregate_end(a, ts);
	a->held = value;
	a->held_from = ts;
	a->held_until = ts + (period > 0 ? period : AGGREGATE_PERIOD) * 90;
	if (isnan(value))
		return;
	if (a->count++ == 0 || value < a->min) {
		a->min = value;
		a->min_at = ts;
	}
	if (a->count == 1 || value > a->max) {
		a->max = value;
		a->max_at = ts;
	}
	a->sum += value;
}

double
aggregate_mean(const struct aggregate *a)
{
	return a->covered > 0 ? a->weighted / (double)a->covered : (double)NAN;
}
