/* Energy by interval: registers, gaps, resets, rollovers, units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/meter.h"

#include <math.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define QUARTER 900

static bool
same(double a, double b)
{
	return isnan(a) ? isnan(b) : a == b;
}

static void
intervals(void **state)
{
	static const struct meter kwh = { METER_REGISTER, 1, 0 };
	static const struct meter mwh = { METER_REGISTER, 1000, 0 };
	static const struct meter six = { METER_REGISTER, 1, 1000000 };
	static const struct meter each = { METER_INTERVAL, 1, 0 };
	static const struct {
		const char *what;
		const struct meter *m;
		when_t before_at;
		double before;
		when_t at;
		double now;
		enum meter_mark mark;
		when_t from;
		double usage, demand;
	} cases[] = {
		{ "a quarter of an hour", &kwh, 0, 100, 900, 102.5, METER_FINE, 0, 2.5, 10 },
		{ "nothing used", &kwh, 0, 100, 900, 100, METER_FINE, 0, 0, 0 },
		{ "binary noise goes", &kwh, 0, 0.1, 900, 0.3, METER_FINE, 0, 0.2, 0.8 },
		{ "a unit", &mwh, 0, 1, 900, 1.002, METER_FINE, 0, 2, 8 },
		{ "the first reading", &kwh, -100, NAN, 900, 100, METER_FIRST, 0, NAN, NAN },
		{ "two missing", &kwh, 0, 100, 2700, 106, METER_SPAN, 0, 6, NAN },
		{ "sooner than expected", &kwh, 0, 100, 600, 101, METER_SPAN, 0, 1, NAN },
		{ "a new meter", &kwh, 0, 100, 900, 0.5, METER_RESET, 0, NAN, NAN },
		{ "a new meter after a gap", &kwh, 0, 100, 1800, 0.5, METER_RESET, 0, NAN,
		    NAN },
		{ "over the top", &six, 0, 999999, 900, 1.5, METER_FINE, 0, 2.5, 10 },
		{ "over the top, in a gap", &six, 0, 999999, 1800, 1.5, METER_SPAN, 0, 2.5,
		    NAN },
		{ "too far from the top", &six, 0, 800000, 900, 1.5, METER_RESET, 0, NAN, NAN },
		{ "too far from the bottom", &six, 0, 999999, 900, 200000, METER_RESET, 0, NAN,
		    NAN },
		{ "past its own top", &six, 0, 1000001, 900, 1, METER_RESET, 0, NAN, NAN },
		{ "its own interval", &each, 0, 100, 900, 2.5, METER_FINE, 0, 2.5, 10 },
		{ "its own interval, after a gap", &each, -9000, 100, 900, 2.5, METER_FINE, 0,
		    2.5, 10 },
		{ "its own interval, the first", &each, 0, NAN, 900, 2.5, METER_FINE, 0, 2.5,
		    10 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		struct meter_interval got = meter_interval(cases[i].m,
		    (struct meter_reading){ cases[i].before_at, cases[i].before },
		    (struct meter_reading){ cases[i].at, cases[i].now }, QUARTER);

		if (got.mark != cases[i].mark || got.from != cases[i].from ||
		    got.to != cases[i].at || !same(got.usage, cases[i].usage) ||
		    !same(got.demand, cases[i].demand))
			fail_msg("%s: mark %s, (%d, %d], usage %g, demand %g", cases[i].what,
			    meter_mark_name(got.mark), (int)got.from, (int)got.to, got.usage,
			    got.demand);
	}
}

static void
what_is_a_meter(void **state)
{
	static const struct {
		const char *info;
		bool is;
		enum meter_kind kind;
		double scale, rollover;
	} cases[] = {
		{ "{\"unit\":\"kWh\"}", true, METER_REGISTER, 1, 0 },
		{ "{\"unit\":\"Wh\",\"reading\":\"register\"}", true, METER_REGISTER, 0.001,
		    0 },
		{ "{\"unit\":\"MWh\",\"reading\":\"interval\"}", true, METER_INTERVAL, 1000,
		    0 },
		{ "{\"unit\":\"MJ\",\"rollover\":99999}", true, METER_REGISTER, 1 / 3.6,
		    99999 },
		{ "{\"unit\":\"GJ\",\"rollover\":-5}", true, METER_REGISTER, 1000 / 3.6, 0 },
		{ "{\"unit\":\"kWh\",\"rollover\":\"99999\"}", true, METER_REGISTER, 1, 0 },
		{ "{\"unit\":\"kW\"}", false, 0, 0, 0 },
		{ "{\"unit\":5}", false, 0, 0, 0 },
		{ "{}", false, 0, 0, 0 },
	};
	struct json *j = json_new();
	struct meter m;
	json_value v;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		assert_true(json_parse_copy(j, span_of(cases[i].info), &v));
		if (meter_parse(v, &m) != cases[i].is)
			fail_msg("%s", cases[i].info);
		if (cases[i].is && (m.kind != cases[i].kind || m.scale != cases[i].scale ||
				       m.rollover != cases[i].rollover))
			fail_msg(
			    "%s: %d %g %g", cases[i].info, (int)m.kind, m.scale, m.rollover);
	}
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals),
		cmocka_unit_test(what_is_a_meter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
