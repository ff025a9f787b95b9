/* lib/bms: calendars, recurrences, schedules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/dated.h"
#include "bms/recurrence.h"
#include "bms/schedule.h"
#include "ndjson.h"

#include <stdlib.h>
#include <time.h>

/* ---- dates ---- */

static struct dates *
dates(const char *text, struct buf *why)
{
	struct json *j = json_new();
	struct dates *d;
	json_value v;

	buf_clear(why);
	assert_true(json_parse_copy(j, span_of(text), &v));
	d = dates_parse(v, why);
	json_free(j);
	return d;
}

static int64_t
day(const char *text)
{
	int64_t d;

	assert_true(dated_parse(span_of(text), &d));
	return d;
}

static void
dates_match_as_bacnet_says(void **state)
{
	static const struct {
		const char *dates, *day;
		bool match;
	} cases[] = {
		{ "\"2026-10-03\"", "2026-10-03", true },
		{ "\"2026-10-03\"", "2026-10-04", false },
		{ "\"*-12-25\"", "2031-12-25", true },
		{ "\"*-*-last\"", "2028-02-29", true },
		{ "\"*-*-last\"", "2028-02-28", false },
		{ "\"*-02-29\"", "2028-02-29", true },
		{ "\"*-odd-even\"", "2026-03-04", true },
		{ "\"*-odd-even\"", "2026-04-04", false },
		{ "\"*-even-odd\"", "2026-04-05", true },
		{ "{\"from\":\"2026-07-27\",\"to\":\"2026-08-07\"}", "2026-07-27", true },
		{ "{\"from\":\"2026-07-27\",\"to\":\"2026-08-07\"}", "2026-08-07", true },
		{ "{\"from\":\"2026-07-27\",\"to\":\"2026-08-07\"}", "2026-08-08", false },
		{ "{\"from\":null,\"to\":\"2026-08-07\"}", "1999-01-01", true },
		{ "{\"from\":\"2026-07-27\"}", "2099-01-01", true },
		{ "{\"weekday\":\"mon\"}", "2026-11-23", true },
		{ "{\"weekday\":\"mon\"}", "2026-11-24", false },
		{ "{\"month\":11,\"week\":4,\"weekday\":\"mon\"}", "2026-11-23", true },
		{ "{\"month\":11,\"week\":5,\"weekday\":\"mon\"}", "2026-11-30", true },
		{ "{\"week\":\"last\",\"weekday\":\"mon\"}", "2026-11-30", true },
		{ "{\"week\":6,\"weekday\":\"mon\"}", "2026-11-23", false },
		{ "{\"week\":\"last\"}", "2026-02-22", true },
		{ "{\"week\":\"last\"}", "2026-02-21", false },
		{ "{\"month\":13}", "2026-11-01", true },
		{ "{\"month\":\"even\"}", "2026-11-01", false },
		{ "{\"month\":14}", "2026-12-01", true },
		{ "[\"2026-01-01\",{\"month\":12,\"weekday\":\"sun\"}]", "2026-12-06", true },
		{ "[]", "2026-12-06", false },
	};
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dates *d = dates(cases[i].dates, &why);

		assert_non_null(d);
		if (dates_match(d, NULL, day(cases[i].day)) != cases[i].match)
			fail_msg("%s on %s", cases[i].dates, cases[i].day);
		dates_free(d);
	}
	buf_free(&why);
}

static void
wrong_dates_are_refused(void **state)
{
	static const struct {
		const char *dates, *why;
	} cases[] = {
		{ "7", "dates: not a date, a range, a weekNDay, a calendar or holidays" },
		{ "{}", "dates: not a date, a range, a weekNDay, a calendar or holidays" },
		{ "\"2026-02-29\"", "2026-02-29: not a date" },
		{ "\"*-02-30\"", "*-02-30: not a date" },
		{ "\"*-13-01\"", "*-13-01: not a date" },
		{ "\"odd-01-01\"", "odd-01-01: not a date" },
		{ "\"2026-01-01x\"", "2026-01-01x: not a date" },
		{ "{\"from\":\"2026-02-02\",\"to\":\"2026-02-01\"}", "to is before from" },
		{ "{\"from\":\"soon\"}", "from, to: not dates" },
		{ "{\"month\":15}", "month: not 1 to 14, odd or even" },
		{ "{\"week\":7}", "week: not 1 to 6 or last" },
		{ "{\"weekday\":\"monday\"}", "weekday: not mon to sun" },
		{ "{\"holidays\":\"all\"}", "holidays: not occupancy or tariff" },
	};
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(dates(cases[i].dates, &why));
		assert_string_equal(buf_text(&why), cases[i].why);
	}
	buf_free(&why);
}

static bool
add_holiday(void *ctx, json_value record, const struct where *at, struct buf *why)
{
	return holidays_add(ctx, record, at, why);
}

static bool
add_calendar(void *ctx, json_value record, const struct where *at, struct buf *why)
{
	(void)at;
	return calendars_add(ctx, record, why);
}

static void
say(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

static void
calendars_refer_to_one_another_but_not_to_themselves(void **state)
{
	struct holidays *h = holidays_new();
	struct buf why = BUF(1024), said = BUF(4096);
	struct calendars *cs;
	struct dates *d;

	(void)state;
	ndjson_file("testdata/holidays/kr.ndjson", add_holiday, h);
	cs = calendars_new(holidays_calendar(h, SPAN("kr")));
	assert_true(ndjson_text("{\"calendar_id\":\"off\",\"dates\":[{\"holidays\":"
				"\"occupancy\"},{\"calendar\":\"site\"}]}",
	    1, add_calendar, cs, &why));
	assert_true(ndjson_text(
	    "{\"calendar_id\":\"site\",\"dates\":\"2026-04-03\"}", 2, add_calendar, cs, &why));
	assert_true(ndjson_text("{\"calendar_id\":\"round\",\"dates\":{\"calendar\":\"trip\"}}",
	    3, add_calendar, cs, &why));
	assert_true(ndjson_text("{\"calendar_id\":\"trip\",\"dates\":{\"calendar\":\"round\"}}",
	    4, add_calendar, cs, &why));
	assert_true(calendars_match(cs, SPAN("off"), day("2026-04-03")));
	assert_true(calendars_match(cs, SPAN("off"), day("2025-01-27")));
	assert_false(calendars_match(cs, SPAN("off"), day("2026-04-06")));
	assert_false(calendars_match(cs, SPAN("round"), day("2026-04-06")));
	assert_false(calendars_match(cs, SPAN("nowhere"), day("2026-04-06")));
	d = dates(
	    "[{\"calendar\":\"round\"},{\"calendar\":\"nowhere\"},{\"calendar\":\"off\"}]",
	    &why);
	assert_int_equal(dates_check(d, cs, say, &said), 2);
	assert_string_equal(buf_text(&said),
	    "calendar round: refers to itself\ncalendar nowhere: there is none\n");
	dates_free(d);
	buf_free(&why);
	buf_free(&said);
	calendars_free(cs);
	holidays_free(h);
}

/* ---- schedules ---- */

static struct schedule *
schedule(const char *text, const char *zone, struct buf *why)
{
	struct json *j = json_new();
	struct schedule *s;
	json_value v;

	buf_clear(why);
	assert_true(json_parse_copy(j, span_of(text), &v));
	s = schedule_parse(v, zone_find(span_of(zone)), why);
	json_free(j);
	return s;
}

static when_t
at(const char *zone, const char *text)
{
	when_t t;

	assert_true(when_parse_human(span_of(text), zone_find(span_of(zone)), 0, &t));
	return t;
}

#define OFFICE                                                                                 \
	"{\"schedule_id\":\"ahu1\",\"point_id\":\"39.BV:1\",\"effective\":[\"2026-01-01\","    \
	"null],"                                                                               \
	"\"weekly\":{\"mon\":[[\"08:00\",1],[\"18:00\",0]],\"tue\":[[\"08:00\",1],[\"18:00\"," \
	"null]],"                                                                              \
	"\"sun\":[]},\"exceptions\":["                                                         \
	"{\"name\":\"summer\",\"dates\":{\"from\":\"2026-07-27\",\"to\":\"2026-07-28\"},"      \
	"\"priority\":10,"                                                                     \
	"\"values\":[[\"07:00\",2],[\"12:00\",null]]},"                                        \
	"{\"name\":\"visit\",\"dates\":\"2026-07-28\",\"priority\":5,\"values\":[[\"09:00\","  \
	"3],[\"10:00\",null]]},"                                                               \
	"{\"name\":\"also\",\"dates\":\"2026-07-28\",\"priority\":5,\"values\":[[\"09:30\",4]" \
	",[\"11:00\",null]]}],"                                                                \
	"\"default\":9}"

static void
the_best_non_null_source_rules(void **state)
{
	static const struct {
		const char *when;
		enum schedule_source source;
		size_t index;
		const char *value;
	} cases[] = {
		{ "2025-12-31T10:00", SCHEDULE_OUTSIDE, 0, NULL },
		{ "2026-11-23T07:59", SCHEDULE_DEFAULT, 0,
		    "9" }, /* nothing carries over midnight */
		{ "2026-11-23T08:00", SCHEDULE_WEEKLY, 0, "1" },
		{ "2026-11-23T23:59", SCHEDULE_WEEKLY, 0, "0" },
		{ "2026-11-24T00:00", SCHEDULE_DEFAULT, 0, "9" },
		{ "2026-11-24T18:00", SCHEDULE_DEFAULT, 0,
		    "9" }, /* null ends the list's control */
		{ "2026-11-25T12:00", SCHEDULE_DEFAULT, 0, "9" }, /* no list */
		{ "2026-07-27T06:59", SCHEDULE_DEFAULT, 0, "9" },
		{ "2026-07-27T07:00", SCHEDULE_EXCEPTION, 0, "2" },
		{ "2026-07-27T12:00", SCHEDULE_WEEKLY, 0,
		    "1" }, /* the exception's null falls through */
		{ "2026-07-28T08:30", SCHEDULE_EXCEPTION, 0, "2" },
		{ "2026-07-28T09:00", SCHEDULE_EXCEPTION, 1, "3" }, /* priority 5 before 10 */
		{ "2026-07-28T09:30", SCHEDULE_EXCEPTION, 1, "3" }, /* equal: the lower index */
		{ "2026-07-28T10:00", SCHEDULE_EXCEPTION, 2, "4" },
		{ "2026-07-28T11:00", SCHEDULE_EXCEPTION, 0, "2" },
		{ "2026-07-28T12:00", SCHEDULE_WEEKLY, 1, "1" },
	};
	struct buf why = BUF(1024);
	struct schedule *s = schedule(OFFICE, "Asia/Seoul", &why);
	struct schedule_span now;
	size_t i;

	(void)state;
	assert_non_null(s);
	assert_string_equal(schedule_id(s), "ahu1");
	assert_string_equal(schedule_point(s), "39.BV:1");
	assert_int_equal(schedule_write_priority(s), 16);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		now = schedule_at(s, NULL, at("Asia/Seoul", cases[i].when));
		if (now.source != cases[i].source || now.index != cases[i].index)
			fail_msg("%s: %s %zu", cases[i].when, schedule_source_name(now.source),
			    now.index);
		if (cases[i].value == NULL)
			assert_null(now.value);
		else
			assert_string_equal(now.value, cases[i].value);
	}
	schedule_free(s);
	buf_free(&why);
}

struct text {
	struct buf b;
	const struct zone *zone;
};

static void
print_span(void *ctx, const struct schedule_span *s)
{
	struct text *t = ctx;
	char from[WHEN_TEXT], to[WHEN_TEXT];

	when_format(from, t->zone, s->from);
	when_format(to, t->zone, s->to);
	from[16] = to[16] = '\0';
	buf_printf(&t->b, "%s %s %s %s\n", from + 5, to + 5, schedule_source_name(s->source),
	    s->value != NULL ? s->value : "null");
}

static void
a_span_is_expanded(void **state)
{
	struct schedule_manual manual[] = { { at("Asia/Seoul", "2026-07-28T08:45"),
	    at("Asia/Seoul", "2026-07-28T09:15"), "7", "test" } };
	struct schedule_context c = { .manual = manual, .manuals = 1 };
	struct buf why = BUF(1024);
	struct schedule *s = schedule(OFFICE, "Asia/Seoul", &why);
	struct text out = { BUF(65536), zone_find(SPAN("Asia/Seoul")) };
	struct schedule_span then;

	(void)state;
	assert_true(schedule_expand(s, &c, at("Asia/Seoul", "2026-07-27T11:00"),
	    at("Asia/Seoul", "2026-07-29T01:00"), print_span, &out));
	assert_string_equal(buf_text(&out.b), "07-27T11:00 07-27T12:00 exception 2\n"
					      "07-27T12:00 07-27T18:00 weekly 1\n"
					      "07-27T18:00 07-28T00:00 weekly 0\n"
					      "07-28T00:00 07-28T07:00 default 9\n"
					      "07-28T07:00 07-28T08:45 exception 2\n"
					      "07-28T08:45 07-28T09:15 manual 7\n"
					      "07-28T09:15 07-28T10:00 exception 3\n"
					      "07-28T10:00 07-28T11:00 exception 4\n"
					      "07-28T11:00 07-28T12:00 exception 2\n"
					      "07-28T12:00 07-28T18:00 weekly 1\n"
					      "07-28T18:00 07-29T01:00 default 9\n");
	assert_int_equal(schedule_next(s, &c, at("Asia/Seoul", "2026-07-28T18:00"),
			     at("Asia/Seoul", "2026-09-01"), &then),
	    at("Asia/Seoul", "2026-08-03T08:00"));
	assert_string_equal(then.value, "1");
	assert_int_equal(schedule_next(s, &c, at("Asia/Seoul", "2026-07-28T18:00"),
			     at("Asia/Seoul", "2026-08-01"), &then),
	    WHEN_NONE);
	assert_int_equal(schedule_next(s, NULL, at("Asia/Seoul", "2020-01-01"),
			     at("Asia/Seoul", "2027-01-01"), &then),
	    at("Asia/Seoul", "2026-01-01"));
	buf_free(&out.b);
	buf_free(&why);
	schedule_free(s);
}

static void
print_candidate(void *ctx, const struct schedule_candidate *k)
{
	struct buf *b = ctx;

	buf_printf(b, "%s %zu %s %s: %s\n", schedule_source_name(k->source), k->index,
	    k->name != NULL ? k->name : "-", k->value != NULL ? k->value : "null",
	    schedule_fate_name(k->fate));
}

static void
it_says_what_won_and_what_lost(void **state)
{
	struct schedule_manual manual[] = { { at("Asia/Seoul", "2026-07-28T08:45"),
	    at("Asia/Seoul", "2026-07-28T09:15"), "7", "test" } };
	struct schedule_context c = { .manual = manual, .manuals = 1 };
	struct buf why = BUF(1024), out = BUF(4096);
	struct schedule *s = schedule(OFFICE, "Asia/Seoul", &why);

	(void)state;
	schedule_explain(s, &c, at("Asia/Seoul", "2026-07-28T10:10"), print_candidate, &out);
	assert_string_equal(buf_text(&out), "manual 0 test 7: not today\n"
					    "exception 1 visit null: ended by null\n"
					    "exception 2 also 4: wins\n"
					    "exception 0 summer 2: outranked\n"
					    "weekly 1 - 1: outranked\n"
					    "default 0 - 9: outranked\n");
	buf_clear(&out);
	schedule_explain(s, NULL, at("Asia/Seoul", "2026-11-23T07:00"), print_candidate, &out);
	assert_string_equal(buf_text(&out), "exception 1 visit null: not today\n"
					    "exception 2 also null: not today\n"
					    "exception 0 summer null: not today\n"
					    "weekly 0 - null: not yet today\n"
					    "default 0 - 9: wins\n");
	buf_free(&out);
	buf_free(&why);
	schedule_free(s);
}

static void
print_diff(void *ctx, const struct schedule_span *a, const struct schedule_span *b)
{
	print_span(ctx, a);
	print_span(ctx, b);
}

static void
two_schedules_are_compared(void **state)
{
	struct buf why = BUF(1024);
	struct schedule *a = schedule("{\"schedule_id\":\"a\",\"weekly\":{\"mon\":[[\"08:00\","
				      "1],[\"18:00\",0]]},\"default\":0}",
	    "Asia/Seoul", &why);
	struct schedule *b = schedule("{\"schedule_id\":\"b\",\"weekly\":{\"mon\":[[\"09:00\","
				      "1],[\"18:00\",null]]},\"default\":0}",
	    "Asia/Seoul", &why);
	struct text out = { BUF(65536), zone_find(SPAN("Asia/Seoul")) };

	(void)state;
	schedule_diff(a, b, NULL, at("Asia/Seoul", "2026-11-22"),
	    at("Asia/Seoul", "2026-11-29"), print_diff, &out);
	assert_string_equal(buf_text(&out.b), "11-23T08:00 11-23T09:00 weekly 1\n"
					      "11-23T08:00 11-23T09:00 default 0\n");
	buf_free(&out.b);
	buf_free(&why);
	schedule_free(a);
	schedule_free(b);
}

/* ---- days of other lengths ---- */

struct tally {
	when_t from, last;
	int64_t on;
	int spans;
};

static void
tally(void *ctx, const struct schedule_span *s)
{
	struct tally *t = ctx;

	if (s->from != t->last)
		fail_msg("spans do not adjoin");
	t->last = s->to;
	t->spans++;
	if (s->value != NULL && *s->value == '1')
		t->on += s->to - s->from;
}

/*
 * On from 01:30 to 02:30 and from 12:00 on, every day of a year: the instants change with the
 * clocks, the spans adjoin, and at every instant expanding says what asking says.
 */
static void
days_of_23_and_25_hours_in_twelve_zones(void **state)
{
	static const struct {
		const char *zone;
		int year;
		int64_t hours; /* of the year, from local midnight to local midnight */
	} cases[] = { { "Asia/Seoul", 2026, 8760 }, { "Asia/Seoul", 1988, 8784 },
		{ "Europe/London", 2026, 8760 }, { "Europe/Berlin", 2026, 8760 },
		{ "America/New_York", 2026, 8760 }, { "America/Sao_Paulo", 2018, 8760 },
		{ "Australia/Lord_Howe", 2026, 8760 }, { "Pacific/Apia", 2011, 8760 - 24 },
		{ "Asia/Kathmandu", 2026, 8760 }, { "Africa/Cairo", 2026, 8760 },
		{ "America/St_Johns", 2006, 8760 }, { "Asia/Beirut", 2026, 8760 },
		{ "Antarctica/Troll", 2026, 8760 } };
	static const char text[] = "{\"schedule_id\":\"s\",\"exceptions\":[{\"dates\":\"*-*-*"
				   "\",\"values\":[[\"01:30\",1],"
				   "[\"02:30\",0],[\"12:00\",1]]}],\"default\":0}";
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct zone *z = zone_find(span_of(cases[i].zone));
		struct schedule *s = schedule(text, cases[i].zone, &why);
		when_t from = when_of(z,
			   (struct civil){ .year = cases[i].year, .month = 1, .day = 1 }, NULL,
			   NULL),
		       to = when_of(z,
			   (struct civil){ .year = cases[i].year + 1, .month = 1, .day = 1 },
			   NULL, NULL);
		struct tally t = { .from = from, .last = from };
		int64_t on = 0;
		when_t at_t;

		assert_non_null(z);
		assert_int_equal((to - from) / 3600, cases[i].hours);
		assert_true(schedule_expand(s, NULL, from, to, tally, &t));
		assert_int_equal(t.last, to);
		for (at_t = from; at_t < to; at_t += 900)
			on += *schedule_at(s, NULL, at_t).value == '1' ? 900 : 0;
		assert_int_equal(t.on, on);
		schedule_free(s);
	}
	buf_free(&why);
}

static void
gaps_and_overlaps_by_rule(void **state)
{
	/* Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00 */
	static const char text[] = "{\"schedule_id\":\"s\",\"weekly\":{\"sun\":[[\"01:00\",0],["
				   "\"02:30\",1],[\"04:00\",0]]}}";
	struct buf why = BUF(1024);
	struct schedule *s = schedule(text, "Europe/Berlin", &why);
	struct text out = { BUF(65536), NULL }; /* in UTC */

	(void)state;
	assert_true(schedule_expand(s, NULL, at("Europe/Berlin", "2026-03-29"),
	    at("Europe/Berlin", "2026-03-30"), print_span, &out));
	assert_string_equal(buf_text(&out.b),
	    "03-28T23:00 03-29T00:00 none null\n"
	    "03-29T00:00 03-29T01:00 weekly 0\n"
	    "03-29T01:00 03-29T02:00 weekly 1\n" /* where the gap ends */
	    "03-29T02:00 03-29T22:00 weekly 0\n");
	buf_clear(&out.b);
	assert_true(schedule_expand(s, NULL, at("Europe/Berlin", "2026-10-25"),
	    at("Europe/Berlin", "2026-10-26"), print_span, &out));
	assert_string_equal(buf_text(&out.b),
	    "10-24T22:00 10-24T23:00 none null\n"
	    "10-24T23:00 10-25T00:30 weekly 0\n"
	    "10-25T00:30 10-25T03:00 weekly 1\n" /* not taken back */
	    "10-25T03:00 10-25T23:00 weekly 0\n");
	buf_free(&out.b);
	buf_free(&why);
	schedule_free(s);
}

/* ---- recurrence ---- */

static void
print_instance(void *ctx, when_t start, when_t end)
{
	struct text *t = ctx;
	char from[WHEN_TEXT], to[WHEN_TEXT];

	when_format(from, t->zone, start);
	when_format(to, t->zone, end);
	from[16] = to[16] = '\0';
	buf_printf(&t->b, "%s/%s ", from, to + 11);
}

static void
recurrences_by_rfc_5545(void **state)
{
	static const struct {
		const char *event, *from, *to, *want;
	} cases[] = {
		{ "{\"dtstart\":\"2026-01-05T08:00\",\"duration\":\"PT10H\",\"rrule\":\"FREQ="
		  "WEEKLY;BYDAY=MO,WE\"}",
		    "2026-11-22", "2026-11-29",
		    "2026-11-23T08:00/18:00 2026-11-25T08:00/18:00 " },
		{ "{\"dtstart\":\"2026-01-05T22:00\",\"duration\":\"PT4H\",\"rrule\":\"FREQ="
		  "DAILY\"}",
		    "2026-11-22", "2026-11-23",
		    "2026-11-21T22:00/02:00 2026-11-22T22:00/02:00 " },
		/* every other week stays in step however far the window is */
		{ "{\"dtstart\":\"2026-01-05T08:00\",\"duration\":\"PT1H\",\"rrule\":\"FREQ="
		  "WEEKLY;INTERVAL=2\"}",
		    "2026-11-16", "2026-12-08",
		    "2026-11-23T08:00/09:00 2026-12-07T08:00/09:00 " },
		{ "{\"dtstart\":\"2024-02-29T08:00\",\"duration\":\"PT1H\",\"rrule\":\"FREQ="
		  "YEARLY\"}",
		    "2024-01-01", "2029-01-01",
		    "2024-02-29T08:00/09:00 2028-02-29T08:00/09:00 " },
		{ "{\"dtstart\":\"2026-01-31T08:00\",\"duration\":\"PT1H\",\"rrule\":\"FREQ="
		  "MONTHLY;BYDAY=-1FR\"}",
		    "2026-11-01", "2027-01-01",
		    "2026-11-27T08:00/09:00 2026-12-25T08:00/09:00 " },
		{ "{\"dtstart\":\"2026-11-23T08:00\",\"duration\":\"PT1H\",\"rrule\":\"FREQ="
		  "DAILY;COUNT=3\"}",
		    "2026-11-01", "2027-01-01",
		    "2026-11-23T08:00/09:00 2026-11-24T08:00/09:00 2026-11-25T08:00/09:00 " },
		{ "{\"dtstart\":\"2026-11-23T08:00\",\"duration\":\"PT1H\",\"rrule\":\"FREQ="
		  "DAILY;UNTIL=20261125T070000Z\"}",
		    "2026-11-01", "2027-01-01",
		    "2026-11-23T08:00/09:00 2026-11-24T08:00/09:00 2026-11-25T08:00/09:00 " },
		{ "{\"dtstart\":\"2026-11-23T08:00\",\"duration\":\"PT1H\",\"rrule\":\"FREQ="
		  "DAILY;UNTIL=20261124\","
		  "\"exdate\":[\"2026-11-23T08:00\"],\"rdate\":[\"2026-12-01T10:00\"]}",
		    "2026-11-01", "2027-01-01",
		    "2026-11-24T08:00/09:00 2026-12-01T10:00/11:00 " },
		/* 02:30 on the day of the gap is ignored and not counted */
		{ "{\"dtstart\":\"2026-03-28T02:30\",\"duration\":\"PT15M\",\"rrule\":\"FREQ="
		  "DAILY;COUNT=3\"}",
		    "2026-03-01", "2026-04-10",
		    "2026-03-28T02:30/02:45 2026-03-30T02:30/02:45 2026-03-31T02:30/02:45 " },
		/* a dtstart in the gap has the offset before it */
		{ "{\"dtstart\":\"2026-03-29T02:30\",\"duration\":\"PT15M\"}", "2026-03-01",
		    "2026-04-10", "2026-03-29T03:30/03:45 " },
		/* days are nominal, hours exact, over the night of the change */
		{ "{\"dtstart\":\"2026-03-28T12:00\",\"duration\":\"P1D\"}", "2026-03-01",
		    "2026-04-10", "2026-03-28T12:00/12:00 " },
		{ "{\"dtstart\":\"2026-03-28T12:00\",\"duration\":\"PT24H\"}", "2026-03-01",
		    "2026-04-10", "2026-03-28T12:00/13:00 " },
		/* the first of a repeated hour */
		{ "{\"dtstart\":\"2026-10-25T02:30\",\"duration\":\"PT90M\"}", "2026-10-01",
		    "2026-11-01", "2026-10-25T02:30/03:00 " },
		/* a rule that never comes */
		{ "{\"dtstart\":\"2026-01-01T08:00\",\"duration\":\"PT1H\","
		  "\"rrule\":\"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\"}",
		    "2026-06-01", "2027-01-01", "" },
		{ "{\"dtstart\":\"2030-01-01T08:00\",\"duration\":\"PT1H\",\"rrule\":\"FREQ="
		  "DAILY\"}",
		    "2026-06-01", "2027-01-01", "" },
	};
	const struct zone *z = zone_find(SPAN("Europe/Berlin"));
	struct buf why = BUF(1024);
	struct json *j = json_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text out = { BUF(65536), z };
		struct recurrence *r;
		json_value v;

		assert_true(json_parse_copy(j, span_of(cases[i].event), &v));
		r = recurrence_parse(v, z, &why);
		if (r == NULL)
			fail_msg("%s: %s", cases[i].event, buf_text(&why));
		assert_true(recurrence_between(r, at("Europe/Berlin", cases[i].from),
		    at("Europe/Berlin", cases[i].to), print_instance, &out));
		if (strcmp(buf_text(&out.b), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].event, buf_text(&out.b));
		buf_free(&out.b);
		recurrence_free(r);
	}
	json_free(j);
	buf_free(&why);
}

/* What a window shows is what the same rule shows from its beginning. */
static void
a_window_far_from_the_start_misses_nothing(void **state)
{
	static const char *const rules[] = { "FREQ=HOURLY;INTERVAL=7", "FREQ=DAILY;INTERVAL=3",
		"FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SA", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
		"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "FREQ=DAILY;BYHOUR=6,18;BYMINUTE=0,30",
		"FREQ=MINUTELY;INTERVAL=50", "FREQ=HOURLY;INTERVAL=5;COUNT=4160" };
	const struct zone *z = zone_find(SPAN("America/New_York"));
	struct json *j = json_new();
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct text all = { BUF(1 << 24), z }, part = { BUF(1 << 24), z };
		when_t from = at("America/New_York", "2027-05-01"),
		       to = at("America/New_York", "2027-06-15"), t;
		struct recurrence *r;
		json_value v;
		char *text = xasprintf("{\"dtstart\":\"2025-01-07T06:00\",\"duration\":"
				       "\"PT10M\",\"rrule\":\"%s\"}",
		    rules[i]);
		char head[WHEN_TEXT], *tail;

		assert_true(json_parse_copy(j, span_of(text), &v));
		r = recurrence_parse(v, z, &why);
		assert_non_null(r);
		assert_true(recurrence_between(
		    r, at("America/New_York", "2025-01-01"), to, print_instance, &all));
		for (t = from; t < to; t += 5 * 86400)
			assert_true(recurrence_between(r, t,
			    t + 5 * 86400 < to ? t + 5 * 86400 : to, print_instance, &part));
		when_format(head, z, from);
		head[8] = '\0'; /* 2027-05- */
		tail = strstr(buf_text(&all.b), head);
		assert_string_equal(buf_text(&part.b), tail != NULL ? tail : "");
		buf_free(&all.b);
		buf_free(&part.b);
		recurrence_free(r);
		free(text);
	}
	json_free(j);
	buf_free(&why);
}

static void
events_rank_among_exceptions(void **state)
{
	static const char text[] =
	    "{\"schedule_id\":\"s\",\"exceptions\":[{\"dates\":\"2026-11-23\",\"priority\":8,"
	    "\"values\":[[\"09:00\",2],[\"10:00\",null]]}],\"events\":["
	    "{\"dtstart\":\"2026-11-01T22:00\",\"duration\":\"PT12H\",\"rrule\":\"FREQ=DAILY\","
	    "\"value\":3,\"priority\":8},"
	    "{\"dtstart\":\"2026-11-23T07:00\",\"duration\":\"PT1H\",\"value\":4,\"priority\":"
	    "1}],\"default\":0}";
	struct buf why = BUF(1024);
	struct schedule *s = schedule(text, "Asia/Seoul", &why);
	struct text out = { BUF(65536), zone_find(SPAN("Asia/Seoul")) };

	(void)state;
	assert_non_null(s);
	assert_true(schedule_expand(s, NULL, at("Asia/Seoul", "2026-11-23"),
	    at("Asia/Seoul", "2026-11-24"), print_span, &out));
	assert_string_equal(buf_text(&out.b), "11-23T00:00 11-23T07:00 event 3\n"
					      "11-23T07:00 11-23T08:00 event 4\n"
					      "11-23T08:00 11-23T09:00 event 3\n"
					      "11-23T09:00 11-23T10:00 exception 2\n"
					      "11-23T10:00 11-23T22:00 default 0\n"
					      "11-23T22:00 11-24T00:00 event 3\n");
	buf_free(&out.b);
	buf_free(&why);
	schedule_free(s);
}

/* ---- what is wrong ---- */

static void
wrong_schedules_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "{}", "schedule_id: not a name" },
		{ "{\"schedule_id\":\"s\",\"zone\":\"Asia/Soul\"}",
		    "zone: Asia/Soul: no such time zone" },
		{ "{\"schedule_id\":\"s\",\"weekly\":{\"mon\":[[\"25:00\",1]]}}",
		    "mon: \"25:00\": not a time of day, 00:00 to 23:59" },
		{ "{\"schedule_id\":\"s\",\"weekly\":{\"mon\":[[\"24:00\",1]]}}",
		    "mon: \"24:00\": not a time of day, 00:00 to 23:59" },
		{ "{\"schedule_id\":\"s\",\"weekly\":{\"mon\":[[\"8:00\",1]]}}",
		    "mon: \"8:00\": not a time of day, 00:00 to 23:59" },
		{ "{\"schedule_id\":\"s\",\"weekly\":{\"mon\":[[\"08:00\",1],[\"08:00:00\",2]]}"
		  "}",
		    "mon: 08:00 is there twice" },
		{ "{\"schedule_id\":\"s\",\"weekly\":{\"mon\":[[\"08:00\",{}]]}}",
		    "mon: a value is a number, text, boolean or null" },
		{ "{\"schedule_id\":\"s\",\"weekly\":{\"mon\":[[\"08:00\"]]}}",
		    "mon: not a list of [time, value]" },
		{ "{\"schedule_id\":\"s\",\"weekly\":{\"monday\":[]}}",
		    "weekly: monday is not one of mon to sun" },
		{ "{\"schedule_id\":\"s\",\"weekly\":[]}",
		    "weekly: not an object of mon to sun" },
		{ "{\"schedule_id\":\"s\",\"effective\":[\"2026-02-01\",\"2026-01-01\"]}",
		    "effective: ends before it begins" },
		{ "{\"schedule_id\":\"s\",\"effective\":\"2026\"}",
		    "effective: not [from, to], dates or null" },
		{ "{\"schedule_id\":\"s\",\"exceptions\":[{\"dates\":\"2026-01-01\",\"values\":"
		  "[]},"
		  "{\"dates\":\"2026-02-30\",\"values\":[]}]}",
		    "exceptions 1: 2026-02-30: not a date" },
		{ "{\"schedule_id\":\"s\",\"exceptions\":[{\"dates\":\"2026-01-01\","
		  "\"priority\":17}]}",
		    "exceptions 0: priority: not 1 to 16" },
		{ "{\"schedule_id\":\"s\",\"exceptions\":[{\"dates\":\"2026-01-01\"}]}",
		    "exceptions 0: values: not a list of [time, value]" },
		{ "{\"schedule_id\":\"s\",\"events\":[{\"value\":1}]}",
		    "events 0: dtstart: not a time" },
		{ "{\"schedule_id\":\"s\",\"events\":[{\"value\":1,\"dtstart\":\"now\"}]}",
		    "events 0: dtstart: not a time" },
		{ "{\"schedule_id\":\"s\",\"events\":[{\"value\":1,\"dtstart\":\"2026-01-01T00:"
		  "00\",\"duration\":\"soon\"}]}",
		    "events 0: duration: not a duration like PT8H, up to a year" },
		{ "{\"schedule_id\":\"s\",\"events\":[{\"value\":1,\"dtstart\":\"2026-01-01T00:"
		  "00\",\"duration\":\"-PT1H\"}]}",
		    "events 0: duration: not a duration like PT8H, up to a year" },
		{ "{\"schedule_id\":\"s\",\"events\":[{\"value\":1,\"dtstart\":\"2026-01-01T00:"
		  "00\",\"duration\":\"PT1H\","
		  "\"rrule\":\"FREQ=SOMETIMES\"}]}",
		    "events 0: rrule: FREQ=SOMETIMES: not a rule of RFC 5545" },
		{ "{\"schedule_id\":\"s\",\"events\":[{\"value\":1,\"dtstart\":\"2026-01-01T00:"
		  "00\",\"duration\":\"PT1H\","
		  "\"rrule\":\"FREQ=DAILY;BYDAY=XX\"}]}",
		    "events 0: rrule: FREQ=DAILY;BYDAY=XX: not a rule of RFC 5545" },
		{ "{\"schedule_id\":\"s\",\"events\":[{\"value\":1,\"dtstart\":\"2026-01-01T00:"
		  "00\",\"duration\":\"PT1H\","
		  "\"rrule\":\"FREQ=SECONDLY\"}]}",
		    "events 0: rrule: FREQ=SECONDLY is not for schedules" },
	};
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule *s = schedule(cases[i].text, "Asia/Seoul", &why);

		if (s != NULL)
			fail_msg("%s was taken", cases[i].text);
		assert_string_equal(buf_text(&why), cases[i].why);
	}
	buf_free(&why);
}

static void
what_is_hardly_meant_is_said(void **state)
{
	struct buf why = BUF(1024), said = BUF(4096);
	struct schedule *s = schedule("{\"schedule_id\":\"e\"}", "Asia/Seoul", &why);

	(void)state;
	assert_int_equal(
	    schedule_check(s, NULL, day("2026-07-01"), day("2026-07-31"), say, &said), 1);
	assert_string_equal(buf_text(&said), "schedule e: empty: it never has a value\n");
	schedule_free(s);
	buf_clear(&said);
	s = schedule(OFFICE, "Asia/Seoul", &why);
	assert_int_equal(
	    schedule_check(s, NULL, day("2026-07-01"), day("2026-07-31"), say, &said), 1);
	assert_string_equal(buf_text(&said),
	    "exceptions 1 and 2 have priority 5 on 2026-07-28; the first rules\n");
	schedule_free(s);
	buf_free(&why);
	buf_free(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_match_as_bacnet_says),
		cmocka_unit_test(wrong_dates_are_refused),
		cmocka_unit_test(calendars_refer_to_one_another_but_not_to_themselves),
		cmocka_unit_test(the_best_non_null_source_rules),
		cmocka_unit_test(a_span_is_expanded),
		cmocka_unit_test(it_says_what_won_and_what_lost),
		cmocka_unit_test(two_schedules_are_compared),
		cmocka_unit_test(days_of_23_and_25_hours_in_twelve_zones),
		cmocka_unit_test(gaps_and_overlaps_by_rule),
		cmocka_unit_test(recurrences_by_rfc_5545),
		cmocka_unit_test(a_window_far_from_the_start_misses_nothing),
		cmocka_unit_test(events_rank_among_exceptions),
		cmocka_unit_test(wrong_schedules_are_refused),
		cmocka_unit_test(what_is_hardly_meant_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
