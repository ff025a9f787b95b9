/* Composites: what a unit does, from its points' values; rules as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/composite.h"

#include <math.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void
values(void **state)
{
	static const struct {
		const char *what;
		enum composite_how how;
		double in[3], is;
	} cases[] = {
		{ "first", COMPOSITE_FIRST, { 1, 2, 3 }, 1 },
		{ "first that there is", COMPOSITE_FIRST, { NAN, 2, 3 }, 2 },
		{ "first of none", COMPOSITE_FIRST, { NAN, NAN, NAN }, NAN },
		{ "mean", COMPOSITE_MEAN, { 1, NAN, 4 }, 2.5 },
		{ "mean of one", COMPOSITE_MEAN, { NAN, NAN, 4 }, 4 },
		{ "mean of none", COMPOSITE_MEAN, { NAN, NAN, NAN }, NAN },
		{ "max", COMPOSITE_MAX, { -3, NAN, -2 }, -2 },
		{ "max, the first", COMPOSITE_MAX, { 5, 4, 3 }, 5 },
		{ "on", COMPOSITE_ON, { 0.1, 0, 0 }, 1 },
		{ "off", COMPOSITE_ON, { 0, 1, 1 }, 0 },
		{ "on, by the first that there is", COMPOSITE_ON, { NAN, 1, 0 }, 1 },
		{ "below 0 is off", COMPOSITE_ON, { -1, NAN, NAN }, 0 },
		{ "minutes on", COMPOSITE_MINUTES, { 1, NAN, NAN }, 15 },
		{ "minutes off", COMPOSITE_MINUTES, { 0, NAN, NAN }, 0 },
		{ "minutes of none", COMPOSITE_MINUTES, { NAN, NAN, NAN }, NAN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		double got = composite_value(cases[i].how, cases[i].in, 3, 15);

		if (isnan(cases[i].is) ? !isnan(got) : got != cases[i].is)
			fail_msg("%s: %g", cases[i].what, got);
	}
}

static bool
add(struct composite_rules *r, const char *text)
{
	struct json *j = json_new();
	const char *why = "";
	json_value v;
	bool fine;

	assert_true(json_parse_copy(j, span_of(text), &v));
	fine = composite_rules_add(r, v, &why);
	assert_true(fine || why[0] != '\0');
	json_free(j);
	return fine;
}

static void
rules(void **state)
{
	static const struct {
		const char *rule;
		bool fine;
	} cases[] = {
		{ "{\"class\":\"AHU\",\"attr\":\"Run\",\"how\":\"on\",\"roles\":[\"Fan\"]}",
		    true },
		{ "{\"class\":\"VAV\",\"attr\":\"X\",\"how\":\"mean\",\"roles\":[\"1\",\"2\","
		  "\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]}",
		    true },
		{ "{\"class\":\"VAV\",\"attr\":\"X\",\"how\":\"mean\",\"roles\":[\"1\",\"2\","
		  "\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
		    false },
		{ "{\"class\":\"VAV\",\"attr\":\"X\",\"how\":\"mean\",\"roles\":[1]}", false },
		{ "{\"class\":\"VAV\",\"attr\":\"X\",\"how\":\"mean\",\"roles\":[]}", false },
		{ "{\"class\":\"VAV\",\"attr\":\"X\",\"how\":\"mean\"}", false },
		{ "{\"class\":\"Energy\",\"attr\":\"X\",\"how\":\"on\",\"roles\":[\"1\"]}",
		    false },
		{ "{\"class\":\"AHU\",\"attr\":\"\",\"how\":\"on\",\"roles\":[\"1\"]}", false },
		{ "{\"class\":\"AHU\",\"attr\":\"X\",\"how\":\"sum\",\"roles\":[\"1\"]}",
		    false },
		{ "{\"class\":\"AHU\",\"how\":\"on\",\"roles\":[\"1\"]}", false },
	};
	struct composite_rules r = { 0 };
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		if (add(&r, cases[i].rule) != cases[i].fine)
			fail_msg("%s", cases[i].rule);
		n += cases[i].fine;
		assert_int_equal(r.n, n);
	}
	composite_rules_free(&r);
}

static void
own_rules_replace_a_class(void **state)
{
	struct composite_rules r = { 0 }, own = { 0 };
	size_t i, before, ahu = 0;

	(void)state;
	composite_rules_default(&r);
	before = r.n;
	for (i = 0; i < r.n; i++)
		ahu += strcmp(r.rules[i].class, "AHU") == 0;
	assert_int_equal(ahu, 5); /* Run, Mode, Temp, SetTemp, RunMinutes */
	assert_int_equal(before, 4 * 5);
	composite_rules_replace(&r, &own);
	assert_int_equal(r.n, before);
	assert_true(add(&own, "{\"class\":\"AHU\",\"attr\":\"Warm\",\"how\":\"max\","
			      "\"roles\":[\"SupplyAirTemp\",\"ReturnAirTemp\"]}"));
	composite_rules_replace(&r, &own);
	composite_rules_free(&own);
	assert_int_equal(r.n, before - 5 + 1);
	assert_string_equal(r.rules[r.n - 1].attr, "Warm");
	assert_string_equal(r.rules[r.n - 1].roles[1], "ReturnAirTemp");
	composite_rules_free(&r);
}

static void
names(void **state)
{
	struct buf id = BUF(COMPOSITE_ID_MAX);

	(void)state;
	composite_id(&id, SPAN("AHU"), SPAN("01"));
	assert_true(span_is(buf_span(&id), "ComP_U_AHU_01"));
	buf_free(&id);
	assert_true(composite_class(SPAN("PAC")));
	assert_false(composite_class(SPAN("Energy")));
	assert_false(composite_class(SPAN("ahu")));
	assert_false(composite_class((struct span){ 0 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(rules),
		cmocka_unit_test(own_rules_replace_a_class),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
