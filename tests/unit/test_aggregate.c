/* Readings by interval: what they cover, gaps, intervals over changes of the clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/aggregate.h"

#include <math.h>
#include <stdlib.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MINUTE 60
#define HOUR 3600

static void
which_intervals_there_are(void **state)
{
	static const struct {
		const char *text;
		bool is;
		struct aggregate_interval want;
	} cases[] = {
		{ "15m", true, { AGGREGATE_MINUTES, 15 } },
		{ "hour", true, { AGGREGATE_MINUTES, 60 } },
		{ "1440m", true, { AGGREGATE_MINUTES, 1440 } },
		{ "day", true, { AGGREGATE_DAY, 0 } },
		{ "week", true, { AGGREGATE_WEEK, 0 } },
		{ "month", true, { AGGREGATE_MONTH, 0 } },
		{ "1441m", false, { 0 } },
		{ "0m", false, { 0 } },
		{ "-5m", false, { 0 } },
		{ "15", false, { 0 } },
		{ "15mm", false, { 0 } },
		{ "99999999999999999999m", false, { 0 } },
		{ "year", false, { 0 } },
		{ "", false, { 0 } },
	};
	struct aggregate_interval got;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		if (aggregate_interval_parse(cases[i].text, &got) != cases[i].is)
			fail_msg("%s", cases[i].text);
		if (cases[i].is &&
		    (got.unit != cases[i].want.unit || got.minutes != cases[i].want.minutes))
			fail_msg("%s: %d %d", cases[i].text, (int)got.unit, (int)got.minutes);
	}
}

static when_t
at(const char *text)
{
	when_t t;

	if (!when_parse_rfc3339(span_of(text), &t, NULL))
		fail_msg("%s", text);
	return t;
}

/* London's clocks go back on 2022-10-30 and forward on 2022-03-27; weeks begin on Monday. */
static void
bounds_are_those_of_the_clocks(void **state)
{
	static const struct {
		const char *by, *at, *from, *to;
	} cases[] = {
		{ "day", "2022-10-30T12:00:00Z", "2022-10-30T00:00:00+01:00",
		    "2022-10-31T00:00:00+00:00" },
		{ "day", "2022-03-27T12:00:00Z", "2022-03-27T00:00:00+00:00",
		    "2022-03-28T00:00:00+01:00" },
		{ "week", "2022-10-30T23:59:59Z", "2022-10-24T00:00:00+01:00",
		    "2022-10-31T00:00:00+00:00" },
		{ "week", "2022-10-31T00:00:00Z", "2022-10-31T00:00:00+00:00",
		    "2022-11-07T00:00:00+00:00" },
		{ "month", "2022-10-31T23:30:00Z", "2022-10-01T00:00:00+01:00",
		    "2022-11-01T00:00:00+00:00" },
		{ "hour", "2022-10-30T01:30:00Z", "2022-10-30T01:00:00+00:00",
		    "2022-10-30T02:00:00+00:00" },
		{ "720m", "2022-10-30T12:30:00Z", "2022-10-30T11:00:00+00:00",
		    "2022-10-30T23:00:00+00:00" },
		/* the last one ends with the day */
		{ "720m", "2022-10-30T23:30:00Z", "2022-10-30T23:00:00+00:00",
		    "2022-10-31T00:00:00+00:00" },
	};
	const struct zone *london = zone_find(SPAN("Europe/London"));
	struct aggregate_interval by;
	char got[2][WHEN_TEXT];
	when_t from, to;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		assert_true(aggregate_interval_parse(cases[i].by, &by));
		aggregate_bounds(&by, london, at(cases[i].at), &from, &to);
		(void)when_format(got[0], london, from);
		(void)when_format(got[1], london, to);
		if (strcmp(got[0], cases[i].from) != 0 || strcmp(got[1], cases[i].to) != 0)
			fail_msg("%s %s: %s to %s", cases[i].by, cases[i].at, got[0], got[1]);
	}
}

/* An hour from 0 on; a reading each quarter, unless said otherwise. */
static void
a_mean_weighs_by_time_and_tells_what_it_covers(void **state)
{
	static const struct {
		const char *what;
		struct {
			int minute;
			double value;
		} readings[6];
		size_t n;
		int64_t count, covered;
		double mean, sum, min, max;
	} cases[] = {
		{ "a full hour", { { 0, 1 }, { 15, 2 }, { 30, 3 }, { 45, 6 } }, 4, 4, HOUR, 3,
		    12, 1, 6 },
		{ "one is missing: the one before stands for one and a half periods",
		    { { 0, 2 }, { 15, 4 }, { 45, 8 } }, 3, 3, 900 + 1350 + 900,
		    (2 * 900 + 4 * 1350 + 8 * 900) / 3150.0, 14, 2, 8 },
		{ "one alone", { { 0, 5 } }, 1, 1, 1350, 5, 5, 5, 5 },
		{ "nothing", { { 0, 0 } }, 0, 0, 0, NAN, 0, NAN, NAN },
		{ "a null ends what stood", { { 0, 1 }, { 15, NAN }, { 30, 3 } }, 3, 2,
		    900 + 1350, (1 * 900 + 3 * 1350) / 2250.0, 4, 1, 3 },
		{ "read oddly", { { 0, 10 }, { 1, 0 }, { 16, 0 } }, 3, 3, 60 + 900 + 1350,
		    10 * 60 / 2310.0, 10, 0, 10 },
		{ "before the hour: it covers the beginning", { { -10, 7 }, { 5, 1 } }, 2, 1,
		    300 + 1350, (7 * 300 + 1 * 1350) / 1650.0, 1, 1, 1 },
	};
	struct aggregate a;
	size_t i, k;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		aggregate_begin(&a);
		for (k = 0; k < cases[i].n; k++) {
			aggregate_add(&a, cases[i].readings[k].minute * MINUTE,
			    cases[i].readings[k].value, 15);
			if (cases[i].readings[k].minute < 0) {
				aggregate_next(&a);
				aggregate_from(&a, 0);
			}
		}
		aggregate_end(&a, HOUR);
		if (a.count != cases[i].count || a.covered != cases[i].covered ||
		    a.sum != cases[i].sum)
			fail_msg("%s: %d readings, %d s, sum %g", cases[i].what, (int)a.count,
			    (int)a.covered, a.sum);
		if (isnan(cases[i].mean) ? !isnan(aggregate_mean(&a))
					 : fabs(aggregate_mean(&a) - cases[i].mean) > 1e-12)
			fail_msg("%s: mean %.17g", cases[i].what, aggregate_mean(&a));
		if (!isnan(cases[i].min) && (a.min != cases[i].min || a.max != cases[i].max))
			fail_msg("%s: %g to %g", cases[i].what, a.min, a.max);
	}
}

/* Whatever the intervals are: their means weighed by what they cover give that of all. */
static void
intervals_together_are_the_whole(void **state)
{
	const when_t end = 24 * HOUR;
	struct aggregate all, part;
	double weighted = 0;
	int64_t covered = 0, count = 0;
	when_t t, next = 0;

	(void)state;
	srand(1);
	aggregate_begin(&all);
	aggregate_begin(&part);
	for (t = 0; t < end; t += 60 + rand() % 2000) {
		double v = rand() % 100;

		while (t >= next + 7 * MINUTE) {
			next += 7 * MINUTE;
			aggregate_end(&part, next);
			weighted += part.weighted;
			covered += part.covered;
			count += part.count;
			aggregate_next(&part);
		}
		aggregate_add(&all, t, v, 15);
		aggregate_add(&part, t, v, 15);
	}
	aggregate_end(&all, end);
	aggregate_end(&part, end);
	assert_int_equal(all.count, count + part.count);
	assert_int_equal(all.covered, covered + part.covered);
	assert_true(fabs(all.weighted - weighted - part.weighted) < 1e-6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_intervals_there_are),
		cmocka_unit_test(bounds_are_those_of_the_clocks),
		cmocka_unit_test(a_mean_weighs_by_time_and_tells_what_it_covers),
		cmocka_unit_test(intervals_together_are_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
