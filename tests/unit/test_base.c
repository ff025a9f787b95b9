/* lib/base: buffers, lines, JSON in and out, time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/lines.h"
#include "base/when.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void
last_words_are_those_that_ended_it(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "nbms-alarm: <stdin>:17: level: not a number\n",
		    "<stdin>:17: level: not a number" },
		{ "nbms-sched: a warning\nnbms-sched: <stdin>:1: bad-zone: no id\n",
		    "bad-zone: no id" },
		{ "nbms-query: --by: a week (see nbms-query --help)\n", "--by: a week" },
		{ "mail: no such host", "mail: no such host" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span got = diag_last_words(span_of(cases[i][0]));

		assert_int_equal(got.n, strlen(cases[i][1]));
		assert_memory_equal(got.p, cases[i][1], got.n);
	}
}

static void
buf_keeps_its_cap(void **state)
{
	struct buf b = BUF(8);

	(void)state;
	buf_puts(&b, "12345678");
	assert_false(b.full);
	buf_putc(&b, '9');
	assert_true(b.full);
	assert_int_equal(b.n, 8);
	buf_clear(&b);
	buf_printf(&b, "%d", 1234);
	assert_string_equal(buf_text(&b), "1234");
	buf_drop(&b, 2);
	assert_string_equal(buf_text(&b), "34");
	buf_free(&b);
}

/* A descriptor that gives `text`; its writer has gone. */
static int
pipe_of(const char *text, size_t n)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], text, n), n);
	close(fd[1]);
	return fd[0];
}

static void
lines_are_bounded(void **state)
{
	static const char text[] = "one\n\n0123456789\n01234567\nend";
	static const struct {
		enum lines_kind kind;
		const char *text;
		uint64_t length;
	} want[] = {
		{ LINES_LINE, "one", 3 },
		{ LINES_LINE, "", 0 },
		{ LINES_LONG, "01234567", 10 },
		{ LINES_LINE, "01234567", 8 },
		{ LINES_CUT, "end", 3 },
		{ LINES_END, NULL, 0 },
	};
	int fd = pipe_of(text, sizeof(text) - 1);
	struct lines *in = lines_open(fd, "here", 8);
	struct span line;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(lines_next(in, &line), want[i].kind);
		if (want[i].text == NULL)
			break;
		assert_true(span_is(line, want[i].text));
		assert_int_equal(lines_length(in), want[i].length);
		assert_int_equal(lines_where(in)->line, i + 1);
	}
	lines_free(in);
	close(fd);
}

static void
a_line_longer_than_the_buffer_is_read_past(void **state)
{
	int fd[2];
	struct lines *in;
	struct span line;
	size_t i;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	child = fork();
	if (child == 0) {
		for (i = 0; i < 3000; i++)
			(void)!write(fd[1],
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			    "xxxxxxxxxxxx"
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			    "xxxxxxxxxxxxxx"
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
			    200);
		(void)!write(fd[1], "\nshort\n", 7);
		_exit(0);
	}
	close(fd[1]);
	in = lines_open(fd[0], "here", 100);
	assert_int_equal(lines_next(in, &line), LINES_LONG);
	assert_int_equal(line.n, 100);
	assert_int_equal(lines_length(in), 600000);
	assert_int_equal(lines_next(in, &line), LINES_LINE);
	assert_true(span_is(line, "short"));
	assert_int_equal(lines_offset(in), 600007);
	assert_int_equal(lines_next(in, &line), LINES_END);
	lines_free(in);
	close(fd[0]);
}

static void
json_reads_every_kind(void **state)
{
	struct json *j = json_new();
	json_value root, v;
	struct span s;
	double d;
	int64_t i;
	bool b;

	(void)state;
	assert_true(json_parse_copy(j,
	    SPAN("{\"a\":1,\"b\":[true,null,\"x\\u00e9\\n\"],\"a\":2.50,\"c\":{\"d\":-1e3,"
		 "\"e\\n\":{}},\"f\":[]}"),
	    &root));
	assert_int_equal(json_count(root), 5);
	assert_true(json_int(json_get(root, "a"), &i));
	assert_int_equal(i, 1);
	v = json_repeated(root);
	assert_true(span_is(json_name(v), "a"));
	assert_true(span_is(json_raw(v), "2.50"));
	assert_true(json_number(v, &d));
	assert_true(d == 2.5);
	assert_false(json_int(v, &i));
	v = json_first(json_get(root, "b"));
	assert_true(json_bool(v, &b) && b);
	v = json_next(v);
	assert_int_equal(json_kind_of(v), JSON_NULL);
	v = json_next(v);
	assert_true(json_text(v, &s));
	assert_true(span_is(s, "x\xc3\xa9\n"));
	assert_true(span_is(json_raw(v), "\"x\\u00e9\\n\""));
	assert_int_equal(json_kind_of(json_next(v)), JSON_NONE);
	assert_true(json_name(v).n == 0 && json_name_raw(v).n == 0);
	v = json_get(root, "c");
	assert_true(span_is(json_raw(v), "{\"d\":-1e3,\"e\\n\":{}}"));
	assert_true(json_int(json_get(v, "d"), &i));
	assert_int_equal(i, -1000);
	assert_true(span_is(json_name(json_next(json_get(v, "d"))), "e\n"));
	assert_int_equal(json_count(json_get(root, "f")), 0);
	/* absent and of another kind: no, never a crash */
	assert_false(json_text(json_get(json_get(root, "nope"), "deeper"), &s));
	assert_false(json_number(json_get(root, "b"), &d));
	assert_int_equal(json_count(json_get(root, "a")), 0);
	json_free(j);
}

static void
json_refuses(void **state)
{
	static const struct {
		const char *text;
		const char *code;
	} bad[] = {
		{ "", "bad-json" },
		{ "{", "bad-json" },
		{ "{}}", "bad-json" },
		{ "{\"a\":1,}", "bad-json" },
		{ "{\"a\" 1}", "bad-json" },
		{ "{\"a\":1 \"b\":2}", "bad-json" },
		{ "{a:1}", "bad-json" },
		{ "[1 2]", "bad-json" },
		{ "[01]", "bad-json" },
		{ "[1.]", "bad-json" },
		{ "[+1]", "bad-json" },
		{ "[NaN]", "bad-json" },
		{ "[1x]", "bad-json" },
		{ "[truE]", "bad-json" },
		{ "[\"a]", "bad-json" },
		{ "[\"\\x\"]", "bad-json" },
		{ "[\"\\ud800\"]", "bad-json" },
		{ "[\"a\tb\"]", "bad-json" },
		{ "[\"\xff\"]", "bad-utf8" },
		{ "{\"a\":\"b\"", "bad-json" },
	};
	struct buf b = BUF(1000);
	struct json *j = json_new();
	char deep[201];
	json_value root;
	double d;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (json_parse_copy(j, span_of(bad[i].text), &root))
			fail_msg("accepted: %s", bad[i].text);
		assert_string_equal(json_error_code(j), bad[i].code);
		assert_int_equal(json_kind_of(root), JSON_NONE);
		buf_clear(&b);
		buf_puts(&b, bad[i].text);
		assert_false(json_parse_outline(j, buf_span(&b), 0, &root));
		assert_string_equal(json_error_code(j), bad[i].code);
	}
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	assert_false(json_parse_copy(j, (struct span){ deep, 200 }, &root));
	assert_string_equal(json_error_code(j), "too-deep");
	buf_clear(&b);
	buf_put(&b, (struct span){ deep, 200 });
	assert_false(json_parse_outline(j, buf_span(&b), 1, &root));
	assert_string_equal(json_error_code(j), "too-deep");
	assert_true(json_parse_copy(j, SPAN("[1e999,1e-999]"), &root));
	assert_false(json_number(json_first(root), &d));
	assert_true(json_number(json_next(json_first(root)), &d));
	assert_true(d == 0);
	buf_free(&b);
	json_free(j);
}

/* Texts of every length, a byte before the end of what may be read. */
static void
json_reads_no_more_than_a_byte_behind(void **state)
{
	static const char *const texts[] = {
		"{\"a\":\"q\\u00e9\\n\"}",
		"[{\"k\":{\"a\\\\\":[\"\\\"\"]}}]",
		"\"\\ud83d\\ude00\"",
		"[ 1.5 , true ]",
		"\"\xc3\xa9\"",
		"-12",
		"null",
		"[\"\xc3",
		"\"a\\",
		"",
	};
	size_t page = (size_t)sysconf(_SC_PAGESIZE), i, k, n;
	char *p =
	    mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct json *here = json_new(), *copied = json_new();
	struct buf b = BUF(1000), one = BUF(1000), two = BUF(1000);
	json_value root, same;

	(void)state;
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (k = 0; k < 130; k++) {
			buf_clear(&b);
			for (n = 0; n < k; n++)
				buf_putc(&b, ' ');
			buf_puts(&b, texts[i]);
			memcpy(p + page - 1 - b.n, b.p, b.n);
			for (n = 0; n < 4; n++) {
				struct span text = { p + page - 1 - b.n, b.n };
				bool ok =
				    n < 3 ? json_parse_outline(here, text, (unsigned)n, &root)
					  : json_parse(here, text, &root);
				struct span s = { "", 0 }, t = { "", 0 };

				assert_int_equal(ok, json_parse_copy(copied, text, &same));
				assert_int_equal(ok, i < 7);
				(void)json_text(json_kind_of(root) == JSON_OBJECT
						    ? json_get(root, "a")
						    : root,
				    &s);
				(void)json_text(json_kind_of(same) == JSON_OBJECT
						    ? json_get(same, "a")
						    : same,
				    &t);
				assert_true(n == 0 || span_eq(s, t));
				buf_clear(&one);
				buf_clear(&two);
				assert_true(!ok || (json_minify(json_raw(root), &one) &&
						       json_minify(json_raw(same), &two)));
				assert_true(span_eq(buf_span(&one), buf_span(&two)));
			}
		}
	json_free(here);
	json_free(copied);
	buf_free(&b);
	buf_free(&one);
	buf_free(&two);
	assert_int_equal(munmap(p, 2 * page), 0);
}

static void
json_outlines(void **state)
{
	struct json *j = json_new();
	struct buf b = BUF(1000);
	json_value root, v;

	(void)state;
	buf_puts(&b, "{\"a\":{\"b\":{\"c\":[1,\"\\u00e9\"]}},\"d\":2}");
	assert_true(json_parse_outline(j, buf_span(&b), 2, &root));
	assert_int_equal(json_count(root), 2);
	v = json_get(json_get(root, "a"), "b");
	assert_int_equal(json_kind_of(v), JSON_OBJECT);
	assert_int_equal(json_count(v), 0);
	assert_true(span_is(json_raw(v), "{\"c\":[1,\"\\u00e9\"]}"));
	assert_true(span_is(json_raw(json_get(root, "d")), "2"));
	assert_true(json_is_minified(root));
	buf_clear(&b);
	buf_puts(&b, "[[[ ]]]");
	assert_true(json_parse_outline(j, buf_span(&b), 1, &root));
	assert_false(json_is_minified(root));
	buf_free(&b);
	json_free(j);
}

static void
json_peeks_at_a_head(void **state)
{
	static const char *const names[] = { "thing", "point", "nope" };
	struct json *j = json_new();
	struct buf b = BUF(1 << 20);
	struct span raw[3];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		buf_clear(&b);
		buf_puts(&b, "{\"seq\":1,\"thing\":\"C1_B1_01\",\"message\":{\"point\":[1,{"
			     "\"x\":\"}\"}]");
		while (i == 1 && b.n < 5000)
			buf_puts(&b, ",\"filler\":\"0123456789\"");
		buf_puts(&b, "},\"point\":\"init\"}");
		assert_true(json_peek(j, buf_span(&b), names, raw, 3));
		assert_true(span_is(raw[0], "\"C1_B1_01\""));
		assert_true(span_is(raw[1], "\"init\""));
		assert_null(raw[2].p);
	}
	assert_false(json_peek(j,
	    SPAN("[1]\0"
		 "                                                                "),
	    names, raw, 3));
	buf_free(&b);
	json_free(j);
}

static void
jsonw_writes_what_reads_back(void **state)
{
	struct buf b = BUF(1000);
	struct jw w = jw_begin(&b);

	(void)state;
	jw_object(&w);
	jw_member_text(&w, "t", SPAN("a\"\\\n\x01é"));
	jw_key(&w, "list");
	jw_array(&w);
	jw_int(&w, -5);
	jw_double(&w, 0.1);
	jw_double(&w, 1e21);
	jw_bool(&w, true);
	jw_null(&w);
	jw_object(&w);
	jw_end(&w);
	jw_end(&w);
	jw_member_raw(&w, "raw", SPAN("2.50"));
	jw_end(&w);
	assert_true(jw_finish(&w));
	assert_string_equal(buf_text(&b), "{\"t\":\"a\\\"\\\\\\n\\u0001é\",\"list\":[-5,0.1,1e+"
					  "21,true,null,{}],\"raw\":2.50}");
	buf_clear(&b);
	w = jw_begin(&b);
	jw_array(&w);
	jw_double(&w, NAN);
	jw_end(&w);
	assert_false(jw_finish(&w));
	buf_free(&b);
}

/* Every byte at every place of a text, beside the words that quoting goes by. */
static void
quoting_finds_each_byte(void **state)
{
	struct buf b = BUF(1000);
	char text[20], expected[64];
	int c;
	size_t at, n;

	(void)state;
	for (c = 0; c < 256; c++) {
		for (at = 0; at < sizeof(text); at++) {
			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			n = (size_t)snprintf(expected, sizeof(expected), "\"%.*s", (int)at,
			    "xxxxxxxxxxxxxxxxxxxxxxxx");
			if (c == '"' || c == '\\')
				n += (size_t)snprintf(expected + n, 8, "\\%c", c);
			else if (c == '\b' || c == '\t' || c == '\n' || c == '\f' || c == '\r')
				n += (size_t)snprintf(
				    expected + n, 8, "\\%c", "btn?fr"[c - '\b']);
			else if (c < 0x20)
				n += (size_t)snprintf(expected + n, 8, "\\u%04x", (unsigned)c);
			else
				expected[n++] = (char)c;
			n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%.*s\"",
			    (int)(sizeof(text) - 1 - at), "xxxxxxxxxxxxxxxxxxxxxxxx");
			buf_clear(&b);
			assert_int_equal(
			    jw_quote(&b, (struct span){ text, sizeof(text) }), c < 0x80);
			assert_int_equal(b.n, n);
			assert_memory_equal(b.p, expected, n);
		}
	}
	buf_free(&b);
}

static void
minify_keeps_bytes(void **state)
{
	struct buf b = BUF(1000);

	(void)state;
	assert_true(json_minify(SPAN("{ \"a b\" : 1.50 ,\n\t\"c\" : [ ] }"), &b));
	assert_string_equal(buf_text(&b), "{\"a b\":1.50,\"c\":[]}");
	buf_free(&b);
}

static const struct zone *
zone(const char *name)
{
	const struct zone *z = zone_find(span_of(name));

	assert_non_null(z);
	return z;
}

static void
stamps_become_instants(void **state)
{
	static const struct {
		const char *zone, *stamp, *utc;
	} good[] = {
		{ "Asia/Seoul", "202210040945", "2022-10-04T00:45:00Z" },
		{ "Asia/Seoul", "20221004094512", "2022-10-04T00:45:12Z" },
		{ "Asia/Seoul", "2022-10-04T09:45:00+0900", "2022-10-04T00:45:00Z" },
		{ "Europe/London", "202203270059", "2022-03-27T00:59:00Z" },
		{ "Europe/London", "202203270200", "2022-03-27T01:00:00Z" },
		{ "Europe/London", "202210300115", "2022-10-30T00:15:00Z" },
		{ "America/New_York", "202402291200", "2024-02-29T17:00:00Z" },
		{ "Asia/Kathmandu", "202401010000", "2023-12-31T18:15:00Z" },
	};
	static const char *const bad[] = { "", "2022100409", "202210042500", "202213010000",
		"202302290000", "20221004094x", "202203270130" /* in London's gap */,
		"2022-10-04T09:45:00" };
	char text[WHEN_TEXT];
	when_t t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(when_parse_stamp(
		    span_of(good[i].stamp), zone(good[i].zone), WHEN_NONE, &t));
		assert_string_equal(when_format(text, NULL, t), good[i].utc);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (when_parse_stamp(span_of(bad[i]), zone("Europe/London"), WHEN_NONE, &t))
			fail_msg("accepted: %s", bad[i]);
	/* the second 01:15 of the night the clocks go back, told by when it was received */
	assert_true(
	    when_parse_stamp(SPAN("202210300115"), zone("Europe/London"), 1667092600, &t));
	assert_string_equal(when_format(text, NULL, t), "2022-10-30T01:15:00Z");
	assert_null(zone_find(SPAN("Mars/Olympus")));
	assert_null(zone_find(SPAN("../../etc/passwd")));
	assert_null(zone_find(SPAN("/etc/localtime")));
}

static void
days_are_not_24_hours(void **state)
{
	const struct zone *london = zone("Europe/London");
	char text[WHEN_TEXT];
	when_t spring, autumn, day;
	int n;

	(void)state;
	assert_true(when_parse_human(SPAN("2022-03-27"), london, 0, &spring));
	assert_int_equal(when_day(london, spring, 1) - spring, 23 * 3600);
	assert_true(when_parse_human(SPAN("2022-10-30"), london, 0, &autumn));
	assert_int_equal(when_day(london, autumn, 1) - autumn, 25 * 3600);
	assert_string_equal(
	    when_format(text, london, spring + 7200), "2022-03-27T03:00:00+01:00");
	assert_string_equal(when_format_month(text, london, spring), "2022-03");
	assert_string_equal(when_format(text, london, when_month(london, spring, 1)),
	    "2022-04-01T00:00:00+01:00");
	/* midnight itself is skipped where summer time begins at 00:00 */
	assert_true(
	    when_parse_human(SPAN("2022-09-10T12:00"), zone("America/Santiago"), 0, &day));
	day = when_day(zone("America/Santiago"), day, 1);
	assert_string_equal(
	    when_format(text, zone("America/Santiago"), day), "2022-09-11T01:00:00-03:00");
	assert_true(/* in a year that no table of clock changes lists, too */
	    when_parse_human(SPAN("4010-09-04T12:00"), zone("America/Santiago"), 0, &day));
	day = when_day(zone("America/Santiago"), day, 1);
	assert_string_equal(
	    when_format(text, zone("America/Santiago"), day), "4010-09-05T01:00:00-03:00");
	for (n = -719162; n < 2932896; n += 373) /* years 1 to 9999 */
		assert_int_equal(civil_day_number(civil_of_day(n)), n);
	assert_int_equal(
	    civil_weekday((struct civil){ .year = 2026, .month = 11, .day = 23 }), 1);
	assert_int_equal(
	    civil_weekday((struct civil){ .year = 1960, .month = 2, .day = 29 }), 1);
}

static void
hours_are_not_60_minutes(void **state)
{
	/* Lord Howe Island's clocks are set by half an hour: 02:00 becomes 02:30, and 01:30 */
	static const struct {
		const char *zone, *t, *from, *to;
	} cases[] = {
		{ "Asia/Seoul", "2022-10-04T09:59:59+09:00", "2022-10-04T09:00:00+09:00",
		    "2022-10-04T10:00:00+09:00" },
		{ "Asia/Kathmandu", "2022-10-04T09:00:00+05:45", "2022-10-04T09:00:00+05:45",
		    "2022-10-04T10:00:00+05:45" },
		{ "Europe/London", "2022-10-30T01:15:00+01:00", "2022-10-30T01:00:00+01:00",
		    "2022-10-30T01:00:00+00:00" },
		{ "Australia/Lord_Howe", "2022-10-02T02:45:00+11:00",
		    "2022-10-02T02:30:00+11:00", "2022-10-02T03:00:00+11:00" },
		{ "Australia/Lord_Howe", "2022-04-03T01:45:00+11:00",
		    "2022-04-03T01:00:00+11:00", "2022-04-03T01:30:00+10:30" },
		{ "Australia/Lord_Howe", "2022-04-03T01:45:00+10:30",
		    "2022-04-03T01:30:00+10:30", "2022-04-03T02:00:00+10:30" },
	};
	char text[WHEN_TEXT];
	when_t t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct zone *z = zone(cases[i].zone);

		assert_true(when_parse_rfc3339(span_of(cases[i].t), &t, NULL));
		assert_string_equal(when_format(text, z, when_hour(z, t)), cases[i].from);
		assert_string_equal(when_format(text, z, when_next_hour(z, t)), cases[i].to);
	}
}

static void
people_type_times(void **state)
{
	const struct zone *seoul = zone("Asia/Seoul");
	static const struct {
		const char *typed, *utc;
	} good[] = {
		{ "now", "2022-10-04T00:00:00Z" },
		{ "now-2h", "2022-10-03T22:00:00Z" },
		{ "now+7d", "2022-10-11T00:00:00Z" },
		{ "2022-10", "2022-09-30T15:00:00Z" },
		{ "2022-10-04", "2022-10-03T15:00:00Z" },
		{ "2022-10-04 09:45", "2022-10-04T00:45:00Z" },
		{ "2022-10-04T09:45:30", "2022-10-04T00:45:30Z" },
		{ "2022-10-04T09:45:00Z", "2022-10-04T09:45:00Z" },
		{ "202210040945", "2022-10-04T00:45:00Z" },
	};
	static const char *const bad[] = { "", "yesterday", "now-", "now-2y", "2022-1",
		"2022-10-32", "2022-10-04T25:00" };
	char text[WHEN_TEXT];
	when_t t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(when_parse_human(span_of(good[i].typed), seoul, 1664841600, &t));
		assert_string_equal(when_format(text, NULL, t), good[i].utc);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (when_parse_human(span_of(bad[i]), seoul, 0, &t))
			fail_msg("accepted: %s", bad[i]);
	assert_string_equal(when_format_ms(text, 1664841600123), "2022-10-04T00:00:00.123Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_words_are_those_that_ended_it),
		cmocka_unit_test(buf_keeps_its_cap),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(a_line_longer_than_the_buffer_is_read_past),
		cmocka_unit_test(json_reads_every_kind),
		cmocka_unit_test(json_refuses),
		cmocka_unit_test(json_reads_no_more_than_a_byte_behind),
		cmocka_unit_test(json_outlines),
		cmocka_unit_test(json_peeks_at_a_head),
		cmocka_unit_test(jsonw_writes_what_reads_back),
		cmocka_unit_test(quoting_finds_each_byte),
		cmocka_unit_test(minify_keeps_bytes),
		cmocka_unit_test(stamps_become_instants),
		cmocka_unit_test(days_are_not_24_hours),
		cmocka_unit_test(hours_are_not_60_minutes),
		cmocka_unit_test(people_type_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
