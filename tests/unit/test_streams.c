/* lib/base: what goes out: messages, the reject ledger, rows, options, and the loop over
 * records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/diag.h"
#include "base/jsonw.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/prog.h"
#include "base/records.h"
#include "base/table.h"
#include "base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX (256 << 20)

/* What fn writes to descriptor fd, in a process of its own, which ends with *status. Ends with
 * a NUL; free it. */
static char *
said(int fd, int (*fn)(void *), void *ctx, int *status)
{
	struct buf got = BUF(SAID_MAX);
	int way[2];
	pid_t child;
	ssize_t k;
	char *text;

	assert_int_equal(pipe(way), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(way[1], fd);
		(void)close(way[0]);
		(void)close(way[1]);
		prog_begin("prog");
		exit(fn(ctx));
	}
	(void)close(way[1]);
	do {
		assert_true(buf_reserve(&got, 65536));
		k = read(way[0], got.p + got.n, 65536);
		got.n += k > 0 ? (size_t)k : 0;
	} while (k > 0);
	(void)close(way[0]);
	assert_int_equal(waitpid(child, status, 0), child);
	text = strdup(buf_text(&got));
	buf_free(&got);
	return text;
}

static size_t
count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text != NULL; text = strstr(text + 1, what))
		n++;
	return n;
}

static int
repeat_messages(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 1000; i++) {
		diag_kind(NULL, "often", "%s", "often said");
		if (i < 3)
			diag_kind(NULL, "seldom", "%s", "seldom said");
	}
	diag_summary();
	return 0;
}

static void
repeats_are_held_back_by_kind(void **state)
{
	int status;
	char *text = said(STDERR_FILENO, repeat_messages, NULL, &status);

	(void)state;
	assert_int_equal(
	    count_of(text, "prog: often said"), 22); /* 20, the 100th and the 1000th */
	assert_int_equal(count_of(text, "(1000 like this)"), 1);
	assert_int_equal(count_of(text, "prog: seldom said"), 3);
	assert_non_null(strstr(text, "prog: 978 more messages like \"often\""));
	free(text);
}

static void
what_cannot_be_shown_is_masked(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "plain", "plain" },
		{ "\xed\x95\x9c\xea\xb5\xad", "\xed\x95\x9c\xea\xb5\xad" },
		{ "a\x1b[2Jb\n\x7f", "a?[2Jb??" },
		{ "\xc2\x9b"
		  "31m",
		    "??31m" }, /* a C1 control character */
		{ "\xff\xc0\x80", "???" },
		{ "\xe0\x80\xaf", "???" },      /* longer than needed */
		{ "\xed\xa0\x80", "???" },      /* a surrogate */
		{ "\xf4\x90\x80\x80", "????" }, /* past U+10FFFF */
		{ "cut\xed\x95", "cut??" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s", cases[i].text);
		diag_mask(text, strlen(text));
		assert_string_equal(text, cases[i].shown);
		assert_true(json_is_utf8(span_of(text)));
	}
}

/* Rejects the record that is ctx, from a file whose name is no UTF-8, with a reason cut in
 * mid-character. */
static int
reject_one(void *ctx)
{
	struct reject *r = reject_open("/dev/stdout");
	char why[512];

	for (size_t i = 0; i + 3 < sizeof(why); i += 3)
		memcpy(why + i, "\xed\x95\x9c", 3);
	why[sizeof(why) - 2] = '\xed';
	why[sizeof(why) - 1] = '\0';
	reject_write(r, &(struct rejection){ .code = "bad",
			    .why = why,
			    .at = { "caf\xe9.ndjson", 7 },
			    .record = *(struct span *)ctx });
	reject_close(r);
	return prog_counts()->rejected == 1 ? 0 : 1;
}

static void
a_ledger_entry_is_json_whatever_was_rejected(void **state)
{
	static char large[17 << 20]; /* every byte of it needs six */
	struct span records[] = { SPAN("{\"a\":1}"), SPAN(""), SPAN("\xff\xfe"), SPAN("a\0b"),
		{ large, sizeof(large) } };
	struct json *j = json_new();

	(void)state;
	memset(large, 1, sizeof(large));
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		int status;
		char *text = said(STDOUT_FILENO, reject_one, &records[i], &status);
		json_value root;
		struct span got;

		assert_int_equal(status, 0);
		assert_true(json_parse_copy(j, span_of(text), &root));
		assert_true(json_text(json_get(root, "where"), &got));
		assert_true(span_is(got, "caf?.ndjson:7"));
		assert_true(json_text(json_get(root, "why"), &got));
		if (i != 2) {
			assert_true(json_text(json_get(root, "record"), &got));
			assert_true(span_eq(got, records[i]));
		} else {
			assert_true(json_text(json_get(root, "record_base64"), &got));
			assert_true(span_is(got, "//4="));
		}
		free(text);
	}
	json_free(j);
}

static int
print_rows(void *ctx)
{
	static const char *const names[] = { "name", "value", "note" };
	struct table *t = table_begin(*(enum table_form *)ctx, names, 3);

	table_str(t, "a,\"b\"");
	table_double(t, 0.1);
	table_null(t);
	table_str(t, "\xed\x95\x9c\x1b\xc2\x9b");
	table_int(t, -12345);
	table_json(t, SPAN("[1,2]"));
	table_str(t, "");
	table_double(t, (double)INFINITY);
	table_bool(t, true);
	return table_end(t) == 3 ? prog_end(0) : 99;
}

static void
rows_in_three_forms(void **state)
{
	static const struct {
		enum table_form form;
		const char *text;
	} want[] = {
		{ TABLE_NDJSON, "{\"name\":\"a,\\\"b\\\"\",\"value\":0.1,\"note\":null}\n"
				"{\"name\":\"\xed\x95\x9c\\u001b\xc2\x9b\",\"value\":-12345,"
				"\"note\":[1,2]}\n"
				"{\"name\":\"\",\"value\":null,\"note\":true}\n" },
		{ TABLE_CSV, "name,value,note\n\"a,\"\"b\"\"\",0.1,\n\xed\x95\x9c\x1b\xc2\x9b,-"
			     "12345,\"[1,2]\"\n,,true\n" },
		{ TABLE_ALIGNED, "name    value  note\na,\"b\"     0.1  -\n\xed\x95\x9c???  "
				 "-12345  [1,2]\n       -       true\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		enum table_form form = want[i].form;
		int status;
		char *text = said(STDOUT_FILENO, print_rows, &form, &status);

		assert_int_equal(status, 0);
		if (form != TABLE_ALIGNED)
			assert_string_equal(text, want[i].text);
		else /* where a cell is empty or a dash, the columns still line up */
			assert_int_equal(strncmp(text, want[i].text, 50), 0);
		free(text);
	}
}

static int
print_huge_cells(void *ctx)
{
	static const char *const names[] = { "a", "b" };
	static char huge[5 << 20];
	struct table *t = table_begin(TABLE_ALIGNED, names, 2);

	(void)ctx;
	memset(huge, 'x', sizeof(huge));
	for (int i = 0; i < 5; i++) {
		table_json(t, (struct span){ huge, sizeof(huge) });
		table_text(t, (struct span){ huge, sizeof(huge) });
	}
	(void)table_end(t);
	return prog_end(0);
}

static int
print_bad_text(void *ctx)
{
	static const char *const names[] = { "a" };
	struct table *t = table_begin(TABLE_NDJSON, names, 1);

	(void)ctx;
	table_str(t, "\xff");
	(void)table_end(t);
	return prog_end(0);
}

static void
rows_that_cannot_be_printed(void **state)
{
	int status;
	char *text = said(STDOUT_FILENO, print_huge_cells, NULL, &status);

	(void)state;
	assert_int_equal(status, 0);
	assert_int_equal(count_of(text, "\n"), 6);
	free(text);
	text = said(STDOUT_FILENO, print_bad_text, NULL, &status);
	assert_int_equal(WEXITSTATUS(status), EX_DATAERR);
	assert_string_equal(text, "");
	free(text);
}

/* Parses ctx, a NULL-ended argv; prints what it got. */
static int
parse_options(void *ctx)
{
	char **argv = ctx;
	int argc = 0;
	bool flag = false;
	const char *word = "-";
	int64_t count = -1, duration = -1, bytes = -1;
	double number = -1;
	struct opt_list list = { 0 };
	const struct opt opts[] = {
		{ 'f', "flag", NULL, OPT_FLAG, &flag, "" },
		{ 'w', "word", "WORD", OPT_TEXT, (void *)&word, "" },
		{ '\0', "count", "N", OPT_COUNT, &count, "" },
		{ '\0', "number", "X", OPT_NUMBER, &number, "" },
		{ '\0', "duration", "TIME", OPT_DURATION, &duration, "" },
		{ '\0', "bytes", "BYTES", OPT_BYTES, &bytes, "" },
		{ 'l', "list", "ITEM", OPT_LIST, &list, "" },
		OPT_END,
	};
	static const char *const usage[] = { "[FILE]", NULL };
	const struct opt_spec spec = { usage, "Tries options.", opts, NULL };
	int first;

	while (argv[argc] != NULL)
		argc++;
	first = opt_parse(&spec, argc, argv);
	out_printf("%d %s %lld %g %lld %lld %zu %d", flag, word, (long long)count, number,
	    (long long)duration, (long long)bytes, list.n, argc - first);
	opt_list_free(&list);
	return prog_end(0);
}

static void
options_are_read(void **state)
{
	static const struct {
		const char *argv[8];
		const char *text; /* NULL: status 64 */
	} cases[] = {
		{ { "prog", "-f", "-w", "x", "rest" }, "1 x -1 -1 -1 -1 0 1" },
		{ { "prog", "--word=x", "--count", "12", "--num=1.5" },
		    "0 x 12 1.5 -1 -1 0 0" },
		{ { "prog", "--duration=2h", "--bytes", "3k", "-l", "a", "-lb" },
		    "0 - -1 -1 7200 3072 2 0" },
		{ { "prog", "--bytes=8G", "--", "-f" }, "0 - -1 -1 -1 8589934592 0 1" },
		{ { "prog", "--bytes=9999999999G" }, NULL },
		{ { "prog", "--bytes=-1" }, NULL },
		{ { "prog", "--bytes=5x" }, NULL },
		{ { "prog", "--bytes=" }, NULL },
		{ { "prog", "--count=1x" }, NULL },
		{ { "prog", "--count=-1" }, NULL },
		{ { "prog", "--count=99999999999999999999" }, NULL },
		{ { "prog", "--number=inf" }, NULL },
		{ { "prog", "--number=1,5" }, NULL },
		{ { "prog", "--duration=2y" }, NULL },
		{ { "prog", "--word" }, NULL },
		{ { "prog", "--flag=1" }, NULL },
		{ { "prog", "-x" }, NULL },
		{ { "prog", "--nosuch" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argv[9] = { 0 };
		int status;
		char *text;

		memcpy(argv, cases[i].argv, sizeof(cases[i].argv));
		text = said(STDOUT_FILENO, parse_options, (void *)argv, &status);
		assert_int_equal(WEXITSTATUS(status), cases[i].text != NULL ? 0 : EX_USAGE);
		assert_string_equal(text, cases[i].text != NULL ? cases[i].text : "");
		free(text);
	}
}

static bool
take_record(void *ctx, struct record *r)
{
	int64_t n;

	(void)ctx;
	if (!json_int(json_get(r->root, "n"), &n))
		record_reject(r, "no-n", "no n");
	else if (n == 2)
		record_duplicate(r);
	return true;
}

/* Reads the text ctx through a pipe that does not block, whose writer is slow. */
static int
read_records(void *ctx)
{
	struct records in = { .line_max = 40, .count = true };
	const char *text = ctx;
	int way[2], status;
	pid_t child;

	if (pipe2(way, O_CLOEXEC) != 0 || fcntl(way[0], F_SETFL, O_NONBLOCK) != 0)
		return 99;
	child = fork();
	if (child == 0) {
		for (; *text != '\0'; text++) {
			(void)usleep(100);
			(void)!write(way[1], text, 1);
		}
		_exit(0);
	}
	(void)close(way[1]);
	records_begin(&in);
	status = records_each(&in, way[0], "slow", take_record, NULL);
	records_end(&in);
	(void)close(way[0]);
	(void)waitpid(child, NULL, 0);
	return prog_end(status);
}

static void
records_are_counted(void **state)
{
	static char text[] =
	    "{\"n\":1}\n\n  "
	    "\n{\"n\":2}\n[1]\n{\"n\":3,\"long\":\"0123456789012345678901234567890\"}\n"
	    "{\"n\":4}\n{}\n{\"n\":\n{\"n\":5}\n{\"n\":6}";
	int status;
	char *got = said(STDERR_FILENO, read_records, text, &status);

	(void)state;
	assert_int_equal(WEXITSTATUS(status), EX_REJECTED);
	assert_non_null(strstr(got, "slow:5: bad-json: not an object\n"));
	assert_non_null(strstr(got, "slow:6: too-long: a line of 48 bytes\n"));
	assert_non_null(strstr(got, "slow:8: no-n: no n\n"));
	assert_non_null(strstr(got, "slow:9: bad-json: "));
	assert_non_null(strstr(got, "slow:11: truncated: "));
	assert_non_null(strstr(got, "in 9 = out 3 + rejected 5 + duplicate 1\n"));
	free(got);
}

static int
write_much(void *ctx)
{
	static char block[200000];

	(void)ctx;
	memset(block, 'b', sizeof(block));
	out_puts("first ");
	out_printf("%.*s", 3000, block);
	out_put((struct span){ block, sizeof(block) });
	out_line(SPAN(" last"));
	return prog_end(0);
}

static int
write_to_a_full_disk(void *ctx)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)dup2(fd, STDOUT_FILENO);
	return write_much(ctx);
}

static void
stdout_is_in_order_and_checked(void **state)
{
	int status;
	char *text = said(STDOUT_FILENO, write_much, NULL, &status);

	(void)state;
	assert_int_equal(status, 0);
	assert_int_equal(strlen(text), 6 + 3000 + 200000 + 6);
	assert_int_equal(strncmp(text, "first bbb", 9), 0);
	assert_string_equal(text + 203006, " last\n");
	free(text);
	text = said(STDERR_FILENO, write_to_a_full_disk, NULL, &status);
	assert_int_equal(WEXITSTATUS(status), EX_IOERR);
	assert_string_equal(text, "prog: stdout: No space left on device\n");
	free(text);
}

static int
stop_and_wait(void *ctx)
{
	(void)ctx;
	(void)raise(SIGTERM);
	/* the signal has come; what waits now is interrupted all the same */
	return poll(NULL, 0, 20000) < 0 && errno == EINTR && prog_stopping() ? 0 : 1;
}

static void
a_stop_that_came_before_the_wait_is_not_missed(void **state)
{
	int status;

	(void)state;
	free(said(STDOUT_FILENO, stop_and_wait, NULL, &status));
	assert_int_equal(status, 0);
}

static void
raw_text_that_is_not_there_is_no_json(void **state)
{
	struct buf b = BUF(100);
	struct jw w = jw_begin(&b);

	(void)state;
	jw_object(&w);
	jw_member_raw(&w, "a", json_raw((json_value){ 0 }));
	jw_end(&w);
	assert_false(jw_finish(&w));
	buf_free(&b);
}

static void
times_that_are_none(void **state)
{
	when_t t;

	(void)state;
	assert_true(when_parse_rfc3339(SPAN("2022-10-04T09:45:00+09"), &t, NULL));
	assert_false(when_parse_rfc3339(SPAN("2022-10-04T09:45:00+09:"), &t, NULL));
	assert_false(when_parse_rfc3339(SPAN("2022-10-04T09:45:00+09:0"), &t, NULL));
	assert_null(zone_find(SPAN("localtime")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_are_held_back_by_kind),
		cmocka_unit_test(what_cannot_be_shown_is_masked),
		cmocka_unit_test(a_ledger_entry_is_json_whatever_was_rejected),
		cmocka_unit_test(rows_in_three_forms),
		cmocka_unit_test(rows_that_cannot_be_printed),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(records_are_counted),
		cmocka_unit_test(stdout_is_in_order_and_checked),
		cmocka_unit_test(a_stop_that_came_before_the_wait_is_not_missed),
		cmocka_unit_test(raw_text_that_is_not_there_is_no_json),
		cmocka_unit_test(times_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
