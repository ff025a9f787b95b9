/* lib/bms: money, dates, holidays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/dated.h"
#include "bms/holidays.h"
#include "bms/money.h"
#include "ndjson.h"

static void
money_is_exact(void **state)
{
	static const struct {
		const char *text;
		money_t m; /* MONEY_NONE: refused */
		const char *back;
	} cases[] = {
		{ "227.8", 227800000, "227.8" },
		{ "0.1", 100000, "0.1" },
		{ "-3.000001", -3000001, "-3.000001" },
		{ "8320", 8320000000, "8320" },
		{ "0", 0, "0" },
		{ "9000000000000", MONEY_MAX, "9000000000000" },
		{ "9000000000001", MONEY_NONE, NULL },
		{ "99999999999999999999999999999999999999999999", MONEY_NONE, NULL },
		{ "0.1234567", MONEY_NONE, NULL },
		{ "", MONEY_NONE, NULL },
		{ ".5", MONEY_NONE, NULL },
		{ "5.", MONEY_NONE, NULL },
		{ "1e3", MONEY_NONE, NULL },
		{ "1,000", MONEY_NONE, NULL },
		{ "-", MONEY_NONE, NULL },
	};
	char text[MONEY_TEXT];
	size_t i;
	money_t m;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m = MONEY_NONE;
		assert_int_equal(
		    money_parse(span_of(cases[i].text), &m), cases[i].back != NULL);
		assert_int_equal(m, cases[i].m);
		if (cases[i].back != NULL)
			assert_string_equal(money_format(text, m), cases[i].back);
	}
	assert_int_equal(money_scale(MONEY_ONE, 2, 3, MONEY_DOWN), 666666);
	assert_int_equal(money_scale(MONEY_ONE, 2, 3, MONEY_HALF_UP), 666667);
	assert_int_equal(money_scale(-MONEY_ONE, 1, 2, MONEY_DOWN), -500000);
	assert_int_equal(money_scale(MONEY_MAX, 1000, 1, MONEY_DOWN), MONEY_MAX);
	assert_int_equal(money_round(918318600000, 10 * MONEY_ONE, MONEY_DOWN), 918310000000);
	assert_int_equal(money_round(500000, MONEY_ONE, MONEY_HALF_UP), MONEY_ONE);
}

static int64_t
day(const char *text)
{
	int64_t d;

	assert_true(dated_parse(span_of(text), &d));
	return d;
}

static void
dates_are_days_that_exist(void **state)
{
	static const char *const wrong[] = { "2026-02-29", "2026-13-01", "2026-1-1", "20260101",
		"2026-04-31", "", "0000-01-01", "2026-01-0x" };
	char text[DATED_TEXT];
	int64_t d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(dated_parse(span_of(wrong[i]), &d));
	assert_int_equal(day("1970-01-01"), 0);
	assert_string_equal(dated_format(text, day("2024-02-29")), "2024-02-29");
	assert_string_equal(dated_format(text, day("0001-01-01")), "0001-01-01");
	assert_string_equal(dated_format(text, day("9999-12-31")), "9999-12-31");
	assert_null(dated_format(text, DATED_FOREVER));
	assert_null(dated_format(text, DATED_EVER));
}

static bool
add(void *ctx, json_value record, const struct where *at, struct buf *why)
{
	return holidays_add(ctx, record, at, why);
}

static struct holidays *
korea(void)
{
	struct holidays *h = holidays_new();

	assert_true(ndjson_file("testdata/holidays/kr.ndjson", add, h) > 100);
	return h;
}

static void
the_two_views_of_korea(void **state)
{
	static const struct {
		const char *date;
		const char *kind; /* NULL: a working day */
		bool tariff;
	} cases[] = {
		{ "2022-03-09", "election", true }, { "2022-06-01", "election", true },
		{ "2022-10-04", NULL, false }, { "2023-10-02", "temporary", false },
		{ "2024-10-01", "temporary", false }, { "2025-01-27", "temporary", false },
		{ "2025-05-05", "statutory", true }, { "2025-05-06", "substitute", true },
		{ "2025-06-03", "temporary", false }, /* an election, but after a vacancy */
		{ "2025-07-17", NULL, false }, { "2026-06-03", "election", true },
		{ "2026-07-17", "statutory", true }, { "2026-06-06", "statutory", true },
		{ "2026-06-08", NULL,
		    false }, /* Memorial Day on a Saturday has no substitute */
		{ "2027-02-09", "substitute", true },
		{ "2026-11-22", NULL, false }, /* a Sunday: not this module's business */
	};
	struct holidays *h = korea();
	const struct holiday_calendar *kr = holidays_calendar(h, SPAN("kr"));
	const struct holiday *found;
	size_t i;

	(void)state;
	assert_null(holidays_calendar(h, SPAN("gb")));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		found = holidays_find(kr, day(cases[i].date), HOLIDAY_FOR_OCCUPANCY);
		assert_int_equal(found != NULL, cases[i].kind != NULL);
		if (found != NULL)
			assert_string_equal(holiday_kind_name(found->kind), cases[i].kind);
		found = holidays_find(kr, day(cases[i].date), HOLIDAY_FOR_TARIFF);
		assert_int_equal(found != NULL, cases[i].tariff);
	}
	assert_false(holidays_find(kr, day("2027-07-19"), HOLIDAY_FOR_TARIFF)->verified);
	assert_null(holidays_find(NULL, day("2026-01-01"), HOLIDAY_FOR_TARIFF));
	holidays_free(h);
}

static void
no_substitute_falls_on_a_weekend(void **state)
{
	static const char *const files[] = { "testdata/holidays/kr.ndjson",
		"testdata/holidays/gb.ndjson" };
	static const char *const names[] = { "kr", "gb" };
	struct holidays *h = holidays_new();
	const struct holiday *found;
	int64_t d;
	size_t i;
	int seen = 0;

	(void)state;
	for (i = 0; i < 2; i++) {
		ndjson_file(files[i], add, h);
		for (d = day("2016-01-01"); d <= day("2027-12-31"); d++) {
			found = holidays_find(
			    holidays_calendar(h, span_of(names[i])), d, HOLIDAY_FOR_OCCUPANCY);
			if (found == NULL || found->kind != HOLIDAY_SUBSTITUTE)
				continue;
			assert_true(civil_weekday(civil_of_day(d)) < 6);
			seen++;
		}
	}
	assert_true(seen > 20);
	holidays_free(h);
}

static void
a_site_adds_its_own_days(void **state)
{
	struct holidays *h = korea();
	struct buf why = BUF(1024);
	const struct holiday_calendar *site;

	(void)state;
	assert_true(ndjson_text(
	    "{\"type\":\"calendar\",\"calendar\":\"C000003_B001\",\"extends\":\"kr\"}", 1, add,
	    h, &why));
	assert_true(ndjson_text("{\"type\":\"holiday\",\"calendar\":\"C000003_B001\",\"date\":"
				"\"2026-04-03\",\"kind\":\"site\",\"name\":\"Founding day\"}",
	    2, add, h, &why));
	site = holidays_calendar(h, SPAN("C000003_B001"));
	assert_non_null(holidays_find(site, day("2026-04-03"), HOLIDAY_FOR_OCCUPANCY));
	assert_null(holidays_find(site, day("2026-04-03"), HOLIDAY_FOR_TARIFF));
	assert_non_null(holidays_find(site, day("2026-01-01"), HOLIDAY_FOR_TARIFF));
	assert_true(holidays_cover(site, day("2026-01-01")));
	assert_false(holidays_cover(site, day("2028-01-01")));
	assert_false(holidays_cover(NULL, day("2026-01-01")));
	assert_int_equal(holidays_valid_through(site), day("2027-12-31"));
	buf_free(&why);
	holidays_free(h);
}

static void
a_list_that_ends_soon_is_warned_of(void **state)
{
	struct holidays *h = korea();
	const struct holiday_calendar *kr = holidays_calendar(h, SPAN("kr"));
	struct buf text = BUF(1024);

	(void)state;
	assert_false(holidays_warning(kr, day("2026-06-01"), 90, &text));
	assert_true(holidays_warning(kr, day("2027-12-01"), 90, &text));
	assert_string_equal(
	    buf_text(&text), "holidays of kr: known through 2027-12-31 only, 30 days from now");
	buf_clear(&text);
	assert_true(holidays_warning(kr, day("2028-01-01"), 90, &text));
	assert_string_equal(buf_text(&text), "holidays of kr: none known after 2027-12-31");
	buf_free(&text);
	holidays_free(h);
}

static void
wrong_records_are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *record, *why;
	} cases[] = {
		{ "{}", "calendar: not a name" },
		{ "{\"calendar\":\"x\"}", "type: not there" },
		{ "{\"type\":\"day\",\"calendar\":\"x\"}", "type: not calendar or holiday" },
		{ "{\"type\":\"calendar\",\"calendar\":\"kr\",\"valid_through\":\"2027-01-"
		  "01\"}",
		    "calendar kr: there is one already" },
		{ "{\"type\":\"calendar\",\"calendar\":\"x\"}",
		    "valid_through: not there, but a list of holidays ends" },
		{ "{\"type\":\"calendar\",\"calendar\":\"x\",\"extends\":\"x\"}",
		    "extends: no calendar x yet" },
		{ "{\"type\":\"calendar\",\"calendar\":\"x\",\"valid_through\":7}",
		    "valid_through: not a date" },
		{ "{\"type\":\"calendar\",\"calendar\":\"x\",\"valid_from\":\"2027-01-02\","
		  "\"valid_through\":\"2027-01-01\"}",
		    "valid_through is before valid_from" },
		{ "{\"type\":\"holiday\",\"calendar\":\"x\"}", "calendar: no x yet" },
		{ "{\"type\":\"holiday\",\"calendar\":\"kr\",\"date\":\"2026-02-30\"}",
		    "date: not a day that exists" },
		{ "{\"type\":\"holiday\",\"calendar\":\"kr\",\"date\":\"2026-02-03\",\"kind\":"
		  "\"odd\"}",
		    "kind: not statutory, substitute, election, temporary or site" },
		{ "{\"type\":\"holiday\",\"calendar\":\"kr\",\"date\":\"2028-02-03\",\"kind\":"
		  "\"site\"}",
		    "date: outside the calendar's valid_from and valid_through" },
		{ "{\"type\":\"holiday\",\"calendar\":\"kr\",\"date\":\"2022-01-01\",\"kind\":"
		  "\"statutory\",\"name\":\"New Year's Day\"}",
		    "the same day is on line 2" },
	};
	struct holidays *h = korea();
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(ndjson_text(cases[i].record, 1, add, h, &why));
		assert_string_equal(buf_text(&why), cases[i].why);
	}
	buf_free(&why);
	holidays_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(money_is_exact),
		cmocka_unit_test(dates_are_days_that_exist),
		cmocka_unit_test(the_two_views_of_korea),
		cmocka_unit_test(no_substitute_falls_on_a_weekend),
		cmocka_unit_test(a_site_adds_its_own_days),
		cmocka_unit_test(a_list_that_ends_soon_is_warned_of),
		cmocka_unit_test(wrong_records_are_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
