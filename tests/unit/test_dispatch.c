/* lib/bms/dispatch: the table of kinds and the key of copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/dispatch.h"

static uint32_t
routes_of(const struct dispatch *d, const char *kind)
{
	const struct dispatch_kind *k = dispatch_find(d, span_of(kind));

	assert_non_null(k);
	return k->routes;
}

static void
the_first_table(void **state)
{
	static const char *const names[] = { "store", "alarm", "sched", "live" };
	static const struct {
		const char *kind;
		uint32_t routes;
	} want[] = {
		{ "init", 1 },
		{ "delete", 1 },
		{ "periodic_log", 9 },
		{ "timestamp_last", 1 },
		{ "alarm", 2 },
		{ "disconnect", 2 },
		{ "schedule", 4 },
		{ "request_schedule", 4 },
		{ "request_calendar", 4 },
		{ "realtime", 8 },
		{ "control_result", 8 },
	};
	struct dispatch *d = dispatch_new(names, 4);

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(routes_of(d, want[i].kind), want[i].routes);
	assert_null(dispatch_find(d, SPAN("mark")));
	assert_null(dispatch_find(d, SPAN("Init")));
	assert_null(dispatch_find(d, SPAN("")));
	dispatch_free(d);
	d = dispatch_new(names + 1, 1); /* alarm alone */
	assert_int_equal(routes_of(d, "alarm"), 1);
	assert_int_equal(routes_of(d, "init"), 0);
	dispatch_free(d);
}

static void
a_table_can_be_changed(void **state)
{
	static const char *const names[] = { "store", "live" };
	static const struct {
		const char *line;
		bool fine;
	} lines[] = {
		{ "{\"point\":\"realtime\",\"to\":[\"live\",\"store\"]}", true },
		{ "{\"point\":\"init\",\"to\":[]}", true },
		{ "{\"point\":\"meteo\",\"to\":[\"store\",\"elsewhere\"]}", true },
		{ "{\"point\":5,\"to\":[]}", false },
		{ "{\"point\":\"\",\"to\":[]}", false },
		{ "{\"point\":\"init\",\"to\":\"store\"}", false },
		{ "{\"point\":\"init\",\"to\":[1]}", false },
		{ "{\"to\":[\"store\"]}", false },
	};
	struct dispatch *d = dispatch_new(names, 2);
	struct json *j = json_new();

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		json_value root;

		assert_true(json_parse_copy(j, span_of(lines[i].line), &root));
		if ((dispatch_change(d, root) == NULL) != lines[i].fine)
			fail_msg("%s", lines[i].line);
	}
	assert_int_equal(routes_of(d, "realtime"), 3);
	assert_int_equal(routes_of(d, "init"), 0);
	assert_int_equal(routes_of(d, "meteo"), 1);
	assert_int_equal(routes_of(d, "periodic_log"), 3);
	json_free(j);
	dispatch_free(d);
}

static void
keys_are_parts_of_things(void **state)
{
	static const struct {
		const char *thing;
		enum dispatch_by by;
		const char *key;
	} cases[] = {
		{ "C000003_B001_01", DISPATCH_CUSTOMER, "C000003" },
		{ "C000003_B001_01", DISPATCH_BUILDING, "C000003_B001" },
		{ "C000003_B001_01", DISPATCH_THING, "C000003_B001_01" },
		{ "C000003", DISPATCH_BUILDING, "C000003" },
		{ "", DISPATCH_CUSTOMER, "" },
		{ "_", DISPATCH_CUSTOMER, "" },
		{ "a_b_c_d", DISPATCH_THING, "a_b_c" },
	};
	enum dispatch_by by;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(
		    span_is(dispatch_key(span_of(cases[i].thing), cases[i].by), cases[i].key));
	assert_true(dispatch_by("thing", &by) && by == DISPATCH_THING);
	assert_false(dispatch_by("", &by));
}

/* FNV-1a's published test values: "", "a", "foobar". The same in every run, or checkpoints mean
 * nothing. */
static void
parts_are_stable(void **state)
{
	(void)state;
	assert_int_equal(dispatch_part(SPAN(""), SIZE_MAX), UINT64_C(0xcbf29ce484222325));
	assert_int_equal(dispatch_part(SPAN("a"), SIZE_MAX), UINT64_C(0xaf63dc4c8601ec8c));
	assert_int_equal(dispatch_part(SPAN("foobar"), SIZE_MAX), UINT64_C(0x85944171f73967e8));
	assert_int_equal(dispatch_part(SPAN("C000003_B001"), 1), 0);
	assert_in_range(dispatch_part(SPAN("C000003_B001"), 4), 0, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_table),
		cmocka_unit_test(a_table_can_be_changed),
		cmocka_unit_test(keys_are_parts_of_things),
		cmocka_unit_test(parts_are_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
