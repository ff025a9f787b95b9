/* lib/io/capture and lib/bms/envelope: every captured form becomes the same envelope; what is
 * cut, forged or spoofed does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "bms/envelope.h"
#include "io/capture.h"

#include <stdio.h>
#include <unistd.h>

#define T "C000003_B001_01"
#define UP "nbms/up/" T
#define BARE              \
	"{\"thing\":\"" T \
	"\",\"point\":\"timestamp_last\",\"message\":{\"time\":\"202210040945\"}}"
#define STRING                                                                     \
	"\"{ \\\"thing\\\":\\\"" T "\\\",\\n\\\"point\\\":\\\"timestamp_last\\\"," \
	"\\\"message\\\":{\\\"time\\\":\\\"202210040945\\\"}}\""
#define REST             \
	"\"thing\":\"" T \
	"\",\"point\":\"timestamp_last\",\"message\":{\"time\":\"202210040945\"}}"
#define AT "\"received\":\"2022-10-04T00:45:01.123Z\","
#define TST "\"2022-10-04T09:45:01.123456+0900\""

/* The envelope without LF of a record, "pass", or "!code". */
static void
result_of(enum capture_result result, const struct captured *r, struct buf *to)
{
	const char *why, *code = NULL;
	struct envelope e = { .topic = r->topic,
		.received_ms = r->received_ms,
		.ours = r->enveloped,
		.mqtt = r->mqtt };
	struct message m;

	buf_clear(to);
	if (result == CAPTURE_RECORD)
		code = envelope_check(&e, r->root, &m, &why);
	if (result == CAPTURE_PASS)
		buf_puts(to, "pass");
	else if (result == CAPTURE_BAD || code != NULL)
		buf_printf(to, "!%s", result == CAPTURE_BAD ? r->code : code);
	else
		assert_true(envelope_write(&e, r->root, 0, to));
}

static void
each_form_is_understood(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ BARE, "{" REST },
		{ UP " " BARE, "{\"topic\":\"" UP "\"," REST },
		{ "$aws/rules/Rule_" T " " BARE, "{\"topic\":\"$aws/rules/Rule_" T "\"," REST },
		{ "{\"tst\":" TST ",\"topic\":\"" UP "\",\"qos\":1,\"payload\":" BARE "}",
		    "{" AT "\"topic\":\"" UP "\"," REST },
		{ "{\"tst\":" TST ",\"topic\":\"" UP "\",\"qos\":1,\"payload\":" STRING "}",
		    "{" AT "\"topic\":\"" UP "\"," REST },
		{ "{\"tst\":\"2022-10-04T09:45:01.123456Z+0900\",\"topic\":\"" UP
		  "\",\"payload\":" BARE "}",
		    "{" AT "\"topic\":\"" UP "\"," REST },
		{ "{\"tst\":1664844301,\"topic\":\"" UP "\",\"payload\":" BARE "}",
		    "{\"received\":\"2022-10-04T00:45:01.000Z\",\"topic\":\"" UP "\"," REST },
		{ "{\"topic\":\"logs\",\"partition\":0,\"offset\":7,\"ts\":1664844301123,"
		  "\"key\":\"k\","
		  "\"payload\":" STRING "}",
		    "{" AT REST },
		{ "{\"seq\":7," AT "\"topic\":\"" UP "\"," REST,
		    "{" AT "\"topic\":\"" UP "\"," REST },
		{ "{\"mark\":7,\"at\":\"2022-10-04T00:45:01Z\"}", "pass" },
		{ "{\"rejected\":\"unknown-thing\",\"where\":\"x:1\"," AT "\"record\":" STRING
		  "}",
		    "{" AT REST },
		{ "{\"rejected\":\"spoofed\",\"record\":\"" UP
		  " {\\\"thing\\\":\\\"C000003_B001_02\\\","
		  "\\\"point\\\":\\\"init\\\",\\\"message\\\":{}}\"}",
		    "!spoofed" },
		/* numbers and names keep their text, unknown members stay */
		{ "{ \"thing\" : \"" T
		  "\", \"\\u0078\" : [ 1.50, 1e3 ], \"point\" : \"realtime\","
		  " \"message\" : { \"a b\" : -0 } }",
		    "{\"thing\":\"" T "\",\"point\":\"realtime\",\"\\u0078\":[1.50,1e3],"
		    "\"message\":{\"a b\":-0}}" },
	};
	struct capture *c = capture_new();
	struct buf text = BUF(1 << 16), out = BUF(1 << 16);
	struct captured r = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&text);
		buf_puts(&text, cases[i].in);
		result_of(capture_parse(c, buf_span(&text), &r), &r, &out);
		assert_string_equal(buf_text(&out), cases[i].out);
	}
	buf_free(&text);
	buf_free(&out);
	capture_free(c);
}

static void
what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *in, *code;
	} cases[] = {
		{ "hello", "!bad-json" },
		{ "[1]", "!bad-json" },
		{ "{\"thing\":", "!bad-json" },
		{ "{\"thing\":\"\xFF\"}", "!bad-utf8" },
		{ "up\xFF {\"thing\":1}", "!bad-utf8" },
		{ UP " (null)", "!bad-json" },
		{ "{\"thing\":\"" T "\",\"point\":\"nonsense\",\"message\":{}}",
		    "!unknown-kind" },
		{ "{\"thing\":\"../etc\",\"point\":\"init\",\"message\":{}}", "!bad-thing" },
		{ "{\"thing\":\"" T "\",\"point\":\"init\",\"message\":1}", "!bad-envelope" },
		{ "{\"thing\":\"" T "\",\"thing\":\"" T "\",\"point\":\"init\",\"message\":{}}",
		    "!duplicate-member" },
		{ "{\"thing\":\"" T
		  "\",\"\\u0074hing\":\"x\",\"point\":\"init\",\"message\":{}}",
		    "!duplicate-member" },
		{ "nbms/up/C000003_B001_02 " BARE, "!spoofed" },
		{ "some/where " BARE, "!bad-topic" },
		/* a payload cannot pass for an envelope */
		{ UP " {\"seq\":9," REST, "!reserved-member" },
		{ UP " {" AT REST, "!reserved-member" },
		{ UP " {\"topic\":\"" UP "\"," REST, "!reserved-member" },
		{ UP " {\"mark\":9,\"at\":\"2022-10-04T00:45:01Z\"}", "!reserved-member" },
		{ "{\"tst\":" TST ",\"topic\":\"" UP "\",\"payload\":{\"seq\":9," REST "}",
		    "!reserved-member" },
		{ "{\"rejected\":\"x\",\"record\":\"{\\\"rejected\\\":\\\"x\\\",\\\"record\\\":"
		  "\\\"{}\\\"}\"}",
		    "!bad-thing" },
		{ "{\"rejected\":\"too-long\",\"bytes\":99999999,\"record\":\"{\"}",
		    "!too-long" },
		{ "{\"rejected\":\"bad-utf8\",\"record_base64\":\"/w==\"}", "!bad-utf8" },
	};
	struct capture *c = capture_new();
	struct buf text = BUF(1 << 16), out = BUF(1 << 16);
	struct captured r = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&text);
		buf_puts(&text, cases[i].in);
		result_of(capture_parse(c, buf_span(&text), &r), &r, &out);
		if (strcmp(buf_text(&out), cases[i].code) != 0)
			print_message("%s\n", cases[i].in);
		assert_string_equal(buf_text(&out), cases[i].code);
	}
	buf_free(&text);
	buf_free(&out);
	capture_free(c);
}

/* Each text gives these results, with the line each record began at. */
static void
records_are_put_together(void **state)
{
	static const struct {
		const char *in;
		const char *want[5]; /* "LINE RESULT" */
	} cases[] = {
		{ BARE "\n\n" BARE "\n", { "1 {" REST, "3 {" REST } },
		{ "{\n \"thing\": \"" T
		  "\",\n \"point\": \"timestamp_last\",\n\n \"message\": {\n\"time\": "
		  "\"202210040945\"\n}\n}\n" BARE "\n",
		    { "1 {" REST, "9 {" REST } },
		{ UP " {\n \"thing\": \"" T
		     "\",\n \"point\": \"timestamp_last\",\n \"message\": {\"time\": "
		     "\"202210040945\"}}\n",
		    { "1 {\"topic\":\"" UP "\"," REST } },
		{ "{\"thing\":\"" T "\",\"poi\n" BARE "\n", { "1 !bad-json", "2 {" REST } },
		{ "{\"thing\":\"" T "\",\n" BARE "\n", { "1 !truncated", "2 {" REST } },
		{ "{\"thing\":\n" BARE "\n", { "1 !truncated", "2 {" REST } },
		{ "{\"a\":[{\"b\":1},\n" BARE "\n", { "1 !truncated", "2 {" REST } },
		{ "{\"a\":\n" UP " " BARE "\n",
		    { "1 !truncated", "2 {\"topic\":\"" UP "\"," REST } },
		{ "{\n\"thing\": 1,\n\"poi\n" BARE "\n", { "1 !bad-json", "4 {" REST } },
		{ "{\n\"thing\": 1}}\n" BARE "\n", { "1 !bad-json", "3 {" REST } },
		{ "{\n\"thing\": 1,\n", { "1 !truncated" } },
		{ "{\n\"thing\": 1}", { "1 !truncated" } },
		{ BARE, { "1 !truncated" } },
		{ "{\n\"a\": "
		  "\"0123456789012345678901234567890123456789012345678901234567890123456789\","
		  "\n"
		  "\"b\": "
		  "\"0123456789012345678901234567890123456789012345678901234567890123456789\"\n"
		  "}\n" BARE "\n",
		    { "1 !too-long", "5 {" REST } },
	};
	struct capture *c = capture_new();
	struct buf out = BUF(1 << 16), line = BUF(1 << 16);
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lines *in;
		struct captured r;
		enum capture_result result;
		int fd[2];

		assert_int_equal(pipe(fd), 0);
		assert_int_equal(
		    write(fd[1], cases[i].in, strlen(cases[i].in)), strlen(cases[i].in));
		close(fd[1]);
		in = lines_open(fd[0], "here", 0);
		for (k = 0;
		     (result = capture_next(c, in, i == 13 ? 150 : 0, &r)) != CAPTURE_END;
		     k++) {
			assert_true(k < 5 && cases[i].want[k] != NULL);
			result_of(result, &r, &out);
			buf_clear(&line);
			buf_printf(&line, "%d ", (int)r.at.line);
			buf_put(&line, buf_span(&out));
			assert_string_equal(buf_text(&line), cases[i].want[k]);
		}
		assert_null(cases[i].want[k]);
		lines_free(in);
		close(fd[0]);
	}
	capture_free(c);
	buf_free(&out);
	buf_free(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_understood),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(records_are_put_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
