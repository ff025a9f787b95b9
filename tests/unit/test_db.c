/* lib/db: every statement compiles and none scans the samples; consumers do each record once;
 * the registry keeps rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db/consumer.h"
#include "db/registry.h"
#include "db/trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* In a month file only small things may be gone through from end to end, and samples are sought
 * by their time. */
static void
seeks_samples(void *ctx, const char *name, const char *detail)
{
	static const char *const small[] = { "SCAN series", "SCAN frame", "SCAN given VIRTUAL",
		"SCAN CONSTANT ROW" };
	size_t i;

	(void)ctx;
	/* PostgreSQL's words, where it has no other way in mind than through all of a table */
	if (strstr(detail, "Seq Scan on sample") != NULL)
		fail_msg("%s: %s", name, detail);
	if (strncmp(detail, "SEARCH sample", 13) == 0 && strstr(detail, "(ts=?") == NULL)
		fail_msg("%s: %s", name, detail);
	if (strncmp(detail, "SCAN", 4) != 0)
		return;
	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		if (strncmp(detail, small[i], strlen(small[i])) == 0)
			return;
	fail_msg("%s: %s", name, detail);
}

static void
any_plan(void *ctx, const char *name, const char *detail)
{
	(void)ctx;
	(void)name;
	(void)detail;
}

static void
statements_compile(void **state)
{
	struct db *site = db_open("", DB_SITE, DB_MEMORY),
		  *month = db_open("", DB_MONTH, DB_MEMORY);

	(void)state;
	assert_true(db_check_statements(site, any_plan, NULL));
	assert_true(db_check_statements(month, seeks_samples, NULL));
	db_close(site);
	db_close(month);
}

static void
points_are_chosen_by_id_or_pattern(void **state)
{
	static const struct {
		const char *item, *id;
		bool matches;
	} cases[] = {
		{ "39.AV-301:1_M", "39.AV-301:1_M", true },
		{ "39.AV-301:1_M", "39.AV-301:1_M2", false },
		{ "*Main*", "39.AV-301:1_EnergyMainMeter_01", true },
		{ "*Main*", "39.AV-301:1_EnergyMainMeter_01#Usage", true },
		{ "*Main*_01", "39.AV-301:1_EnergyMainMeter_01#Usage", false },
		{ "a/*", "a/b/c", true },
		{ "a?c", "abc", true },
		{ "[ab]c", "bc", true },
		{ "[ab]c", "[ab]c", true }, /* a point may be named like that */
		{ "a\\*", "a\\b", true },
		{ "", "", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    trend_item_matches(cases[i].item, span_of(cases[i].id)), cases[i].matches);
}

static void
text_outlives_the_statement(void **state)
{
	struct db *db = db_open("", DB_MONTH, DB_MEMORY);
	struct span a;

	(void)state;
	assert_int_equal(db_run(db, SQL_META_PUT, "ss", "zone", "Asia/Seoul"), 1);
	assert_true(db_one(db, SQL_META_GET, "s", "t", "zone", &a));
	assert_true(span_is(a, "Asia/Seoul"));
	assert_false(db_one(db, SQL_META_GET, "s", "t", "nope", &a));
	db_close(db);
}

static void
a_missing_file_is_not_made_by_reading(void **state)
{
	(void)state;
	assert_null(db_open("/nonexistent/nbms.db", DB_SITE, DB_READ));
}

static void
the_registry_keeps_what_is_not_given(void **state)
{
	struct db *db = db_open("", DB_SITE, DB_MEMORY);
	struct building b = { .customer = SPAN("C1"),
		.building = SPAN("B1"),
		.latitude = NAN,
		.longitude = NAN,
		.contract_kw = 500 };
	struct buf text = BUF(1 << 16);
	struct thing t;

	(void)state;
	assert_false(building_put(db, &b)); /* a new building needs a zone */
	b.timezone = SPAN("Asia/Seoul");
	b.name = SPAN("Head office");
	assert_true(building_put(db, &b));
	b.name = b.timezone = (struct span){ 0 };
	b.latitude = 37.5;
	b.contract_kw = NAN;
	assert_true(building_put(db, &b));
	assert_true(building_get(db, SPAN("C1"), SPAN("B1"), &text, &b));
	assert_true(span_is(b.name, "Head office"));
	assert_true(span_is(b.timezone, "Asia/Seoul"));
	assert_true(b.latitude == 37.5 && isnan(b.longitude) && b.contract_kw == 500);
	assert_true(thing_parse(SPAN("C1_B1_01"), &t));
	assert_false(thing_is_known(db, t.name));
	assert_true(thing_put(db, &t, SPAN("roof"), 1000));
	assert_true(thing_put(db, &t, (struct span){ 0 }, 2000));
	assert_true(thing_is_known(db, t.name));
	assert_true(thing_parse(SPAN("C1_B9_01"), &t));
	assert_false(thing_put(db, &t, SPAN("nowhere"), 1000));
	buf_free(&text);
	db_close(db);
}

static int commits;

static void
count_commit(void *ctx)
{
	(void)ctx;
	commits++;
}

static void
feed(struct consumer *c, const char *text, bool wanted)
{
	struct json *j = json_new();
	struct record r = { 0 };
	struct message m;
	const char *why;
	json_value root;

	assert_true(json_parse_copy(j, span_of(text), &root));
	r.root = root;
	assert_null(message_parse(root, &m, &why));
	assert_int_equal(consumer_takes(c, &r, &m), wanted);
	if (wanted)
		consumer_did(c, &m);
	json_free(j);
}

#define RECORD(seq) "{\"seq\":" seq ",\"thing\":\"C1_B1_01\",\"point\":\"init\",\"message\":{}}"

static void
a_consumer_does_each_record_once(void **state)
{
	struct db *db = db_open("", DB_SITE, DB_MEMORY);
	struct consumer c;
	int64_t lowest;

	(void)state;
	assert_false(checkpoint_lowest(db, &lowest));
	assert_int_equal(checkpoint_highest(db), 0);
	commits = 0;
	consumer_begin(&c, db, "store", count_commit, NULL);
	feed(&c, RECORD("1"), true);
	feed(&c, RECORD("2"), true);
	assert_int_equal(commits, 0);
	feed(&c, "{\"mark\":5,\"at\":\"2022-10-04T00:00:00Z\"}", false);
	assert_int_equal(commits, 1);
	feed(&c, RECORD("5"), false);
	feed(&c, RECORD("6"), true);
	consumer_end(&c);
	assert_true(checkpoint_lowest(db, &lowest));
	assert_int_equal(lowest, 6);
	/* two copies begin where the one was, and a layout that is gone holds nothing back */
	setenv("NBMS_PART", "1/2", 1);
	consumer_begin(&c, db, "store", NULL, NULL);
	feed(&c, RECORD("6"), false);
	feed(&c, RECORD("9"), true);
	consumer_end(&c);
	assert_true(checkpoint_lowest(db, &lowest));
	assert_int_equal(lowest, 6); /* the other copy's */
	unsetenv("NBMS_PART");
	consumer_begin(&c, db, "store", NULL, NULL);
	feed(&c, RECORD("7"), true);
	consumer_end(&c);
	assert_true(checkpoint_lowest(db, &lowest));
	assert_int_equal(lowest, 7);
	assert_true(checkpoint_highest(db) >= lowest);
	db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_compile),
		cmocka_unit_test(points_are_chosen_by_id_or_pattern),
		cmocka_unit_test(text_outlives_the_statement),
		cmocka_unit_test(a_missing_file_is_not_made_by_reading),
		cmocka_unit_test(the_registry_keeps_what_is_not_given),
		cmocka_unit_test(a_consumer_does_each_record_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
