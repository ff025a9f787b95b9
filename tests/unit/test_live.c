/* What sessions are made of: the queue for a slow reader, what may be written to a point, who
 * is first and last to want a point, what becomes of a control. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/conflate.h"
#include "base/proc.h"
#include "bms/command.h"
#include "bms/downlink.h"
#include "db/control.h"
#include "db/session.h"
#include "db/token.h"
#include "io/sign.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- conflate ---- */

static void
written_is(struct conflate *c, const char *want)
{
	char got[65536];
	int fd[2];
	ssize_t n;

	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	assert_true(conflate_write(c, fd[1]) >= 0);
	n = read(fd[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, want);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
the_newest_of_a_key_waits(void **state)
{
	struct conflate *c = conflate_new(100);

	(void)state;
	assert_true(conflate_put(c, SPAN("a"), SPAN("a1")));
	assert_true(conflate_put(c, (struct span){ 0 }, SPAN("first")));
	assert_true(conflate_put(c, SPAN("b"), SPAN("b1")));
	assert_true(conflate_put(c, SPAN("a"), SPAN("a2 longer")));
	assert_true(conflate_put(c, (struct span){ 0 }, SPAN("first")));
	assert_int_equal(conflate_replaced(c), 1);
	assert_int_equal(conflate_bytes(c), 10 + 6 + 3 + 6);
	written_is(c, "a2 longer\nfirst\nb1\nfirst\n");
	assert_false(conflate_waits(c));
	assert_int_equal(conflate_bytes(c), 0);
	assert_true(conflate_put(c, SPAN("a"), SPAN("a3")));
	written_is(c, "a3\n");
	conflate_free(c);
}

static void
what_may_not_be_dropped_has_a_cap(void **state)
{
	struct conflate *c = conflate_new(10);

	(void)state;
	assert_true(conflate_put(c, (struct span){ 0 }, SPAN("12345")));
	assert_false(conflate_put(c, (struct span){ 0 }, SPAN("12345")));
	/* one with a key is bounded by the keys */
	assert_true(conflate_put(c, SPAN("k"), SPAN("123456789")));
	written_is(c, "12345\n123456789\n");
	conflate_free(c);
}

/* A line of which the pipe took the beginning is finished as it is. */
static void
a_line_begun_is_not_changed(void **state)
{
	struct conflate *c = conflate_new(1 << 20);
	char *line = malloc(200001), *got = malloc(400000);
	size_t n = 0;
	int fd[2];

	(void)state;
	memset(line, 'x', 200000);
	line[200000] = '\0';
	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	assert_true(conflate_put(c, SPAN("k"), span_of(line)));
	assert_true(conflate_write(c, fd[1]) > 0);
	assert_true(conflate_waits(c));
	assert_true(conflate_put(c, SPAN("k"), SPAN("new")));
	assert_true(conflate_put(c, SPAN("k"), SPAN("newer")));
	while (conflate_waits(c) || n == 0) {
		ssize_t k = read(fd[0], got + n, 65536);

		n += k > 0 ? (size_t)k : 0;
		assert_true(conflate_write(c, fd[1]) >= 0);
	}
	for (ssize_t k; (k = read(fd[0], got + n, 65536)) > 0;)
		n += (size_t)k;
	got[n] = '\0';
	assert_int_equal(n, 200001 + 6);
	assert_string_equal(got + 200000, "\nnewer\n");
	assert_memory_equal(got, line, 200000);
	(void)close(fd[0]);
	assert_int_equal(conflate_put(c, (struct span){ 0 }, SPAN("x")), true);
	(void)close(fd[1]);
	assert_int_equal(conflate_write(c, fd[1]), 0); /* poll says that it is none */
	conflate_free(c);
	free(line);
	free(got);
}

/* ---- command ---- */

static void
what_may_be_written(void **state)
{
	static const struct {
		const char *type, *id, *value;
		bool fine;
	} cases[] = {
		{ "BV", "x", "1", true },
		{ "BV", "x", "0", true },
		{ "BV", "x", "true", true },
		{ "BV", "x", "null", true },
		{ "BV", "x", "2", false },
		{ "BV", "x", "\"on\"", false },
		{ "BO", "x", "1.0", true },
		{ "BI", "x", "1", false },
		{ "BI", "x", "null", false },
		{ "AI", "x", "1", false },
		{ "AV", "x", "-21.5", true },
		{ "AV", "x", "true", false },
		{ "AV", "x", "1e999", false },
		{ "AO", "x", "[1]", false },
		{ "MV", "x", "1", true },
		{ "MV", "x", "0", false },
		{ "MSV", "x", "2.5", false },
		{ "MO", "x", "70000", false },
		{ "", "39.BV-300:1_AHUFan_01", "1", true },
		{ "", "39.BI-300:1_AHUFan_01", "1", false },
		{ "BV", "39.BI-300:1_AHUFan_01", "1", true }, /* what was announced counts */
		{ "", "39.XY-300:1_Fan", "1", false },
		{ "", "nonsense", "1", false },
	};
	struct json *j = json_new();
	json_value v;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(json_parse_copy(j, span_of(cases[i].value), &v));
		if ((command_refuses(
			 command_kind_of(span_of(cases[i].type), span_of(cases[i].id)), v) ==
			NULL) != cases[i].fine)
			fail_msg("%s %s %s", cases[i].type, cases[i].id, cases[i].value);
	}
	assert_null(command_refuses_priority(1));
	assert_null(command_refuses_priority(16));
	assert_non_null(command_refuses_priority(0));
	assert_non_null(command_refuses_priority(6));
	assert_non_null(command_refuses_priority(17));
	json_free(j);
}

static void
the_same_value(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "1", "true", true },
		{ "true", "1.0", true },
		{ "0", "true", false },
		{ "21.5", "21.50000001", true },
		{ "21.5", "21.6", false },
		{ "1e6", "1000000.5", true },
		{ "\"a\"", "\"a\"", true },
		{ "\"1\"", "1", false },
		{ "null", "null", false },
	};
	struct json *a = json_new(), *b = json_new();
	json_value x, y;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(json_parse_copy(a, span_of(cases[i].a), &x) &&
			    json_parse_copy(b, span_of(cases[i].b), &y));
		if (command_same(x, y) != cases[i].same)
			fail_msg("%s %s", cases[i].a, cases[i].b);
	}
	json_free(a);
	json_free(b);
}

static void
messages_to_gateways(void **state)
{
	const struct span points[] = { SPAN("39.AI-1:1_\"T\""), SPAN("b") };
	const struct downlink_points d = { true, SPAN("C1_B1_01"), SPAN("c0"), points, 2 };
	const struct downlink_control c = { SPAN("C1_B1_01"), SPAN("r0"), SPAN("p"),
		SPAN("21.50"), 8, 1664812801 };
	struct buf b = BUF(4096);

	(void)state;
	downlink_points(&b, &d, zone_find(SPAN("Asia/Seoul")), 1664812800);
	assert_string_equal(buf_text(&b),
	    "{\"thing\":\"C1_B1_01\",\"point\":\"subscribe\",\"message\":{\"msg_type\":"
	    "\"Subscribe\",\"connection_id\":\"c0\",\"point_0\":{\"point_id\":\"39.AI-1:1_\\\"T"
	    "\\\"\"},\"point_1\":{\"point_id\":\"b\"},\"point_count\":2,\"time\":"
	    "\"202210040100\"}}");
	buf_clear(&b);
	downlink_control(&b, &c, NULL, 1664812800);
	/* stamps have no seconds: it never ends too early */
	assert_string_equal(buf_text(&b),
	    "{\"thing\":\"C1_B1_01\",\"point\":\"control\",\"message\":{\"msg_type\":"
	    "\"Control\",\"request_id\":\"r0\",\"point_0\":{\"point_id\":\"p\",\"value\":21.50,"
	    "\"priority\":8,\"expires\":\"202210031601\"},\"point_count\":1,\"time\":"
	    "\"202210031600\"}}");
	buf_free(&b);
}

/* ---- sessions ---- */

static const struct span gw = { "C1_B1_01", 8 }, p1 = { "p1", 2 }, p2 = { "p2", 2 };

static struct db *
with_sessions(const char *const ids[], size_t n)
{
	struct db *db = db_open("", DB_SITE, DB_MEMORY);

	for (size_t i = 0; i < n; i++) {
		const struct session s = { ids[i], "kim", "C1" };

		session_open(db, &s, 1000);
	}
	return db;
}

static void
count_points(void *ctx, struct span thing, struct span point, bool leaving)
{
	int *n = ctx;

	assert_true(span_eq(thing, gw));
	(void)point;
	n[leaving]++;
}

static void
first_and_last(void **state)
{
	static const char *const ids[] = { "a", "b" };
	struct db *db = with_sessions(ids, 2);
	int n[2] = { 0, 0 };

	(void)state;
	db_begin(db);
	assert_true(session_hold(db, "a", gw, p1));
	assert_false(session_hold(db, "a", gw, p1)); /* twice is once */
	assert_true(session_hold(db, "b", gw, p1));  /* nobody knows yet that a has told it */
	session_told(db, "a", gw, p1);
	session_told(db, "b", gw, p1);
	assert_true(session_hold(db, "a", gw, p2));
	session_told(db, "a", gw, p2);
	assert_false(session_hold(db, "b", gw, p2)); /* a has told it */
	assert_false(session_leave(db, "a", gw, p1));
	assert_false(session_leave(db, "a", gw, p2));
	assert_true(session_leave(db, "b", gw, p1));
	assert_false(session_left(db, "b", gw, p1));
	session_leave_all(db, "b");
	session_points(db, "b", count_points, n);
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 1); /* p2, to be told */
	db_commit(db);
	db_close(db);
}

/* b comes while a's message is under way: the gateway must not be left without. */
static void
one_comes_as_the_last_goes(void **state)
{
	static const char *const ids[] = { "a", "b" };
	struct db *db = with_sessions(ids, 2);

	(void)state;
	db_begin(db);
	assert_true(session_hold(db, "a", gw, p1));
	session_told(db, "a", gw, p1);
	assert_true(session_leave(db, "a", gw, p1));
	assert_true(session_hold(db, "b", gw, p1));
	assert_true(session_left(db, "a", gw, p1)); /* told once more, after the other */
	assert_true(session_leave(db, "b", gw, p1));
	/* and one that changes its mind */
	assert_true(session_hold(db, "b", gw, p1));
	assert_false(session_left(db, "b", gw, p1));
	assert_true(session_leave(db, "b", gw, p1));
	db_commit(db);
	db_close(db);
}

static void
the_dead_are_taken_over(void **state)
{
	static const char *const ids[] = { "self", "dead", "alive" };
	struct db *db = with_sessions(ids, 3);
	int n[2] = { 0, 0 };

	(void)state;
	assert_true(proc_started(getpid()) > 0);
	assert_int_equal(proc_started(0x3fffffff), -1);
	db_begin(db);
	assert_true(session_hold(db, "dead", gw, p1));
	assert_true(session_hold(db, "dead", gw, p2));
	session_told(db, "dead", gw, p1);
	session_told(db, "dead", gw, p2);
	assert_false(session_hold(db, "alive", gw, p2));
	assert_int_equal(session_adopt(db, "self", 1000), 0); /* all are this process */
	db_commit(db);
	/* its number goes to a process that began at another time */
	db_begin(db);
	db_do(db, SQL_CONNECTION_DROP, "s", "self");
	db_commit(db);
	db_close(db);

	db = with_sessions(ids, 1);
	db_begin(db);
	assert_int_equal(db_run(db, SQL_CONNECTION_ADD, "ssssiiw", "dead", "kim", "C1",
			     "another machine", (int64_t)1, (int64_t)1, (when_t)1000),
	    1);
	assert_int_equal(db_run(db, SQL_CONNECTION_ADD, "ssssiiw", "alive", "kim", "C1",
			     "another machine", (int64_t)1, (int64_t)1, (when_t)2000),
	    1);
	assert_true(session_hold(db, "dead", gw, p1));
	assert_true(session_hold(db, "dead", gw, p2));
	assert_true(session_hold(db, "alive", gw, p2));
	assert_int_equal(session_adopt(db, "self", 2000 + SESSION_SILENT - 1), 1);
	session_points(db, "self", count_points, n);
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 1); /* p1; the other is still held */
	assert_true(session_leave(db, "alive", gw, p2));
	db_commit(db);
	db_close(db);
}

/* ---- controls ---- */

static void
put(struct db *db, const char *id, const char *value, int64_t priority)
{
	const struct control c = { .request_id = span_of(id),
		.customer = SPAN("C1"),
		.building = SPAN("B1"),
		.thing = gw,
		.point_id = p1,
		.user = SPAN("kim"),
		.value = span_of(value),
		.priority = priority,
		.asked = 1000,
		.expires = strcmp(value, "null") == 0 ? WHEN_NONE : 2000,
		.deadline = 1030 };

	control_put(db, &c);
}

static const char *
answer(struct db *db, const char *id, const char *status, struct span thing)
{
	const struct control_answer a = { span_of(id), thing, span_of(status), SPAN("1"), 8,
		{ 0 } };

	return control_answered(db, &a, 1010);
}

static void
state_is(struct db *db, const char *id, const char *want)
{
	struct control c;

	assert_true(control_get(db, span_of(id), &c));
	if (!span_is(c.state, want))
		fail_msg("%s: %.*s, not %s", id, SPAN_ARG(c.state), want);
}

static void
count_control(void *ctx, const struct control *c)
{
	(void)c;
	++*(int *)ctx;
}

static int
held(struct db *db)
{
	int n = 0;

	control_held(db, SPAN("C1"), SPAN("B1"), count_control, &n);
	return n;
}

static void
what_becomes_of_controls(void **state)
{
	struct db *db = db_open("", DB_SITE, DB_MEMORY);
	int n = 0;

	(void)state;
	db_begin(db);
	put(db, "one", "1", 8);
	assert_int_equal(held(db), 1);
	assert_string_equal(answer(db, "nope", "ok", gw), "unknown-request");
	assert_string_equal(answer(db, "one", "ok", p1), "not-its-request");
	assert_string_equal(answer(db, "one", "fine", gw), "bad-status");
	state_is(db, "one", "sent");
	assert_null(answer(db, "one", "ok", gw));
	state_is(db, "one", "effective");
	assert_null(answer(db, "one", "refused", gw)); /* too late to matter */
	state_is(db, "one", "effective");

	put(db, "refused", "0", 8);
	assert_null(answer(db, "refused", "refused", gw));
	state_is(db, "one", "effective"); /* still holds it */
	put(db, "two", "0", 8);
	put(db, "other", "0", 9);
	assert_null(answer(db, "other", "overridden", gw));
	assert_null(answer(db, "two", "ok", gw));
	state_is(db, "one", "replaced");
	state_is(db, "other", "overridden");
	assert_int_equal(held(db), 2);

	put(db, "gone", "null", 8);
	assert_null(answer(db, "gone", "ok", gw));
	state_is(db, "two", "released");
	assert_int_equal(held(db), 1);

	put(db, "late", "1", 10);
	assert_int_equal(control_late(db, 1029), 0);
	assert_int_equal(control_late(db, 1030), 1);
	state_is(db, "late", "timeout");
	assert_null(answer(db, "late", "ok", gw));
	state_is(db, "late", "effective");
	control_due(db, 1999, count_control, &n);
	assert_int_equal(n, 0);
	control_due(db, 2000, count_control, &n);
	assert_int_equal(n, 2); /* other, late */
	control_end(db, SPAN("late"), "expired", 2001);
	control_end(db, SPAN("late"), "released", 2002);
	state_is(db, "late", "expired");
	assert_int_equal(held(db), 1);
	db_commit(db);
	db_close(db);
}

/* ---- tokens ---- */

static void
tokens_open_what_they_should(void **state)
{
	struct db *db = db_open("", DB_SITE, DB_MEMORY);
	struct token_user u = { .user = "kim", .customer = "C1", .role = TOKEN_OPERATOR }, got;
	char token[SIGN_TOKEN], other[SIGN_TOKEN], digest[SIGN_HEX], bad[SIGN_HEX];
	const char *const some[] = { "B1" };
	const struct opt_list one = { (const char **)(uintptr_t)some, 1 };

	(void)state;
	sign_token_make(token);
	sign_token_make(other);
	assert_string_not_equal(token, other);
	assert_true(sign_token_digest(digest, span_of(token)));
	assert_true(sign_token_digest(bad, span_of(other)));
	assert_false(sign_token_digest(bad, SPAN("nbms_short")));
	assert_false(sign_token_digest(bad, (struct span){ 0 }));
	db_begin(db);
	for (int i = 0; i < 2; i++) {
		db_do(db, SQL_CUSTOMER_PUT, "ss", i == 0 ? "C1" : "C2", "x");
		for (int k = 1; k <= 2; k++)
			db_do(db, SQL_BUILDING_PUT, "sssssnnsns", i == 0 ? "C1" : "C2",
			    k == 1 ? "B1" : "B2", "n", "", "UTC", "", "");
	}
	assert_true(token_user_put(db, &u, &one, 1000));
	token_add(db, digest, SPAN("kim"), 1000, 2000);
	assert_string_equal(token_check(db, bad, 1000, &got), "unknown-token");
	assert_string_equal(token_check(db, digest, 2000, &got), "expired-token");
	assert_null(token_check(db, digest, 1999, &got));
	assert_string_equal(got.user, "kim");
	assert_int_equal(got.role, TOKEN_OPERATOR);
	assert_true(token_sees(db, &got, SPAN("B1")));
	assert_false(token_sees(db, &got, SPAN("B2")));
	assert_true(token_sees_key(db, &got, SPAN("C1_B1")));
	assert_false(token_sees_key(db, &got, SPAN("C2_B1")));
	assert_false(token_sees_key(db, &got, SPAN("C1_B1_01")));
	assert_false(token_sees(db, &got, SPAN("*")));
	(void)snprintf(u.customer, sizeof(u.customer), "C2");
	assert_false(token_user_put(db, &u, NULL, 1000)); /* nobody changes sides */
	assert_int_equal(token_revoke(db, SPAN("kim"), SPAN("C2"), 1500), 0);
	assert_int_equal(
	    token_revoke(db, (struct span){ digest, TOKEN_ID }, SPAN("C1"), 1500), 1);
	assert_string_equal(token_check(db, digest, 1600, &got), "revoked-token");
	db_commit(db);
	db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_of_a_key_waits),
		cmocka_unit_test(what_may_not_be_dropped_has_a_cap),
		cmocka_unit_test(a_line_begun_is_not_changed),
		cmocka_unit_test(what_may_be_written),
		cmocka_unit_test(the_same_value),
		cmocka_unit_test(messages_to_gateways),
		cmocka_unit_test(first_and_last),
		cmocka_unit_test(one_comes_as_the_last_goes),
		cmocka_unit_test(the_dead_are_taken_over),
		cmocka_unit_test(what_becomes_of_controls),
		cmocka_unit_test(tokens_open_what_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
