/* Alarms: the states of ISA-18.2 as a table of scenes, and the promise that the order events
 * come in plays no part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/diag.h"
#include "db/alarm.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY ((struct alarm_key){ SPAN("C1"), SPAN("B1"), SPAN("FAN.TRIP") })

struct scene {
	const char *about;
	/* "time event [argument]": of a raise or update its level; of a shelve the time it
	 * ends, with `once`; of an ack the raise time it names. "now T": time comes to T. */
	const char *events[12];
	const char *state;
	const char *transitions; /* "time event", a * where people hear of it */
};

static const struct scene scenes[] = {
	{ "raise, acknowledge, clear", { "10 raise 2", "20 ack 10", "30 clear" }, "normal",
	    "10 raise* 20 ack 30 clear*" },
	{ "cleared before it was acknowledged", { "10 raise 2", "30 clear" }, "returned",
	    "10 raise* 30 clear*" },
	{ "returned, then acknowledged", { "10 raise 2", "30 clear", "40 ack 10" }, "normal",
	    "10 raise* 30 clear* 40 ack" },
	{ "acknowledged and standing", { "10 raise 2", "20 ack" }, "acknowledged",
	    "10 raise* 20 ack" },
	{ "a second raise is idle", { "10 raise 2", "20 raise 2" }, "unacknowledged",
	    "10 raise*" },
	{ "worse within the episode has to be acknowledged again",
	    { "10 raise 3", "20 ack", "30 update 1" }, "unacknowledged",
	    "10 raise* 20 ack 30 update*" },
	{ "better within the episode stays acknowledged",
	    { "10 raise 1", "20 ack", "30 raise 3" }, "acknowledged",
	    "10 raise* 20 ack 30 update" },
	{ "a clear without a raise changes nothing", { "10 clear" }, "normal", "" },
	{ "an update without a raise changes nothing", { "10 update 2" }, "normal", "" },
	{ "an acknowledgement without a raise changes nothing", { "10 ack" }, "normal", "" },
	{ "a stale acknowledgement is refused",
	    { "10 raise 2", "20 clear", "30 raise 2", "40 ack 10" }, "unacknowledged",
	    "10 raise* 20 clear* 30 raise*" },
	{ "shelved: it keeps track and is silent",
	    { "5 shelve 100", "10 raise 2", "20 clear", "30 raise 2" }, "shelved",
	    "5 shelve 10 raise 20 clear 30 raise" },
	{ "the shelf ends by itself, and what stands is heard again",
	    { "10 raise 2", "20 shelve 100", "now 99", "now 100" }, "unacknowledged",
	    "10 raise* 20 shelve 100 expire*" },
	{ "the shelf ends without a mark, before the next event",
	    { "10 raise 2", "20 shelve 100", "150 clear" }, "returned",
	    "10 raise* 20 shelve 100 expire* 150 clear*" },
	{ "one-shot: until it clears",
	    { "10 raise 2", "20 shelve 900 once", "30 clear", "40 raise 2" }, "unacknowledged",
	    "10 raise* 20 shelve 30 clear* 40 raise*" },
	{ "unshelved by hand", { "10 raise 2", "20 shelve 100", "30 unshelve", "now 200" },
	    "unacknowledged", "10 raise* 20 shelve 30 unshelve*" },
	{ "shelved anew: the first end does not count",
	    { "10 raise 2", "20 shelve 100", "30 shelve 200", "now 150" }, "shelved",
	    "10 raise* 20 shelve 30 shelve" },
	{ "suppressed by design, then not", { "5 suppress", "10 raise 2", "20 unsuppress" },
	    "unacknowledged", "5 suppress 10 raise 20 unsuppress*" },
	{ "gone in the instant it is no longer suppressed",
	    { "5 suppress", "10 raise 2", "20 unsuppress", "20 clear" }, "returned",
	    "5 suppress 10 raise 20 clear 20 unsuppress" },
	{ "out of service", { "5 out-of-service", "10 raise 2", "20 clear", "30 in-service" },
	    "returned", "5 out-of-service 10 raise 20 clear 30 in-service" },
	{ "raise and clear of one instant, from normal", { "10 clear", "10 raise 2" },
	    "returned", "10 raise* 10 clear*" },
	{ "raise and clear of one instant, while it stood",
	    { "5 raise 2", "10 raise 2", "10 clear" }, "unacknowledged",
	    "5 raise* 10 clear* 10 raise*" },
	{ "the worst of an instant stays", { "10 raise 1", "10 raise 3" }, "unacknowledged",
	    "10 raise* 10 update*" },
	{ "chattering: the third within a minute is held back",
	    { "10 raise 2", "12 clear", "20 raise 2", "22 clear", "30 raise 2", "32 clear" },
	    "returned", "10 raise* 12 clear* 20 raise* 22 clear* 30 raise 32 clear" },
	{ "chattering that comes to stand is heard after all",
	    { "10 raise 2", "12 clear", "20 raise 2", "22 clear", "30 raise 2", "now 90" },
	    "unacknowledged", "10 raise* 12 clear* 20 raise* 22 clear* 30 raise 90 settle*" },
	{ "slower is not chattering",
	    { "10 raise 2", "12 clear", "40 raise 2", "42 clear", "70 raise 2" },
	    "unacknowledged", "10 raise* 12 clear* 40 raise* 42 clear* 70 raise*" },
	{ "late: the clear came before the raise", { "30 clear", "10 raise 2" }, "returned",
	    "10 raise* 30 clear*" },
	{ "late: an earlier episode is found", { "30 raise 2", "10 raise 2", "20 clear" },
	    "unacknowledged", "10 raise* 20 clear* 30 raise*" },
	{ "late: the episode began earlier, and its acknowledgement still names it",
	    { "30 raise 2", "40 ack 30", "10 raise 2" }, "acknowledged", "10 raise* 40 ack" },
	{ "late: a shelf that is long over", { "10 raise 2", "200 update 3", "20 shelve 100" },
	    "unacknowledged", "10 raise* 20 shelve 100 expire* 200 update" },
};

static void
hear_nothing(void *ctx, const struct transition *t)
{
	(void)ctx;
	(void)t;
}

static const struct alarm_book_options options = { .chattering = { 3, 60 } };

static bool
put_text(struct alarm_book *b, const char *text)
{
	struct alarm_happening h = { .in = { .priority = -1, .until = WHEN_NONE },
		.source = SPAN("gateway") };
	char name[32] = "", once[8] = "";
	long long at = 0, argument = 0;
	int n;

	if (sscanf(text, "now %lld", &at) == 1) {
		alarm_book_advance(b, at);
		return true;
	}
	n = sscanf(text, "%lld %31s %lld %7s", &at, name, &argument, once);
	assert_true(n >= 2);
	assert_true(alarm_event_find(span_of(name), &h.in.event));
	h.in.at = at;
	if (h.in.event == ALARM_RAISE || h.in.event == ALARM_UPDATE)
		h.in.level = (int)argument;
	else if (n > 2)
		h.in.until = argument;
	h.in.once = once[0] != '\0';
	return alarm_book_put(b, &KEY, &h);
}

/* The history as text: what the events did, and with `all` every column that must not depend
 * on the order they came in. */
static void
dump(struct alarm_book *b, struct db *db, struct buf *to, bool all)
{
	struct rows *r;
	int64_t at, event, digest, place, what, told, flags, level, priority, once;
	when_t episode, shelved, until;
	struct span t[6];

	alarm_book_flush(b);
	r = db_rows(
	    db, SQL_ALARM_HISTORY_FROM, "iii", INT64_C(1), WHEN_NONE + 1, INT64_C(100000));
	buf_clear(to);
	while (rows_next(r, "iiiiiiwiwiiwitttttt", &at, &event, &digest, &place, &what, &told,
	    &episode, &flags, &shelved, &level, &priority, &until, &once, &t[0], &t[1], &t[2],
	    &t[3], &t[4], &t[5])) {
		if (what == 0)
			continue;
		buf_printf(to, "%s%lld %s", to->n > 0 ? " " : "", (long long)at,
		    alarm_event_name((enum alarm_event)what));
		if (told != 0)
			buf_putc(to, '*');
		if (all)
			buf_printf(to, "[%lld %lld %lld]", (long long)episode, (long long)flags,
			    (long long)shelved);
	}
	rows_end(r);
	assert_false(to->full);
}

static void
scenes_play(void **state)
{
	struct buf got = BUF(1 << 16);
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		const struct scene *s = &scenes[i];
		struct db *db = db_open("", DB_SITE, DB_MEMORY);
		struct alarm_book *b = alarm_book_open(db, &options, hear_nothing, NULL);
		struct alarm_state is;
		when_t last;

		for (k = 0; s->events[k] != NULL; k++)
			(void)put_text(b, s->events[k]);
		assert_true(alarm_book_get(b, &KEY, &is, &last));
		if (strcmp(alarm_state_name(&is), s->state) != 0)
			fail_msg("%s: %s, not %s", s->about, alarm_state_name(&is), s->state);
		dump(b, db, &got, false);
		if (strcmp(buf_text(&got), s->transitions) != 0)
			fail_msg(
			    "%s:\n %s\nnot\n %s", s->about, buf_text(&got), s->transitions);
		/* the same again changes nothing */
		for (k = 0; s->events[k] != NULL; k++)
			if (strncmp(s->events[k], "now", 3) != 0)
				assert_false(put_text(b, s->events[k]));
		dump(b, db, &got, false);
		assert_string_equal(buf_text(&got), s->transitions);
		alarm_book_free(b);
		db_close(db);
	}
	buf_free(&got);
}

static uint64_t seed;

static uint64_t
pick(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

#define EVENTS 40

static void
make_event(char to[48], const char *const names[], size_t n)
{
	const char *name = names[pick(n)];
	long long at = (long long)pick(400);

	if (strcmp(name, "raise") == 0 || strcmp(name, "update") == 0)
		(void)snprintf(to, 48, "%lld %s %d", at, name, (int)pick(4) + 1);
	else if (strcmp(name, "shelve") == 0)
		(void)snprintf(to, 48, "%lld shelve %lld%s", at, at + 1 + (long long)pick(60),
		    pick(3) == 0 ? " once" : "");
	else if (strcmp(name, "ack") == 0 && pick(2) == 0)
		(void)snprintf(to, 48, "%lld ack %lld", at, (long long)pick(400));
	else
		(void)snprintf(to, 48, "%lld %s", at, name);
}

static void
play(char events[][48], const size_t order[], size_t n, struct buf *history, struct buf *end,
    size_t forget_at)
{
	struct db *db = db_open("", DB_SITE, DB_MEMORY);
	struct alarm_book *b = alarm_book_open(db, &options, hear_nothing, NULL);
	struct alarm_state s;
	when_t last;
	size_t i;

	for (i = 0; i < n; i++) {
		(void)put_text(b, events[order[i]]);
		if (i == forget_at) { /* a restart */
			alarm_book_flush(b);
			alarm_book_free(b);
			b = alarm_book_open(db, &options, hear_nothing, NULL);
		}
	}
	alarm_book_advance(b, 1000);
	assert_true(alarm_book_get(b, &KEY, &s, &last));
	buf_clear(end);
	buf_printf(end, "%s %lld %lld %lld %lld %d", alarm_state_name(&s),
	    (long long)alarm_flags(&s), (long long)s.episode, (long long)s.cleared,
	    (long long)s.acked_at, s.level);
	dump(b, db, history, true);
	alarm_book_free(b);
	db_close(db);
}

static int
by_time(const void *a, const void *b)
{
	return (int)(strtol(a, NULL, 10) - strtol(b, NULL, 10));
}

static void
order_plays_no_part(void **state)
{
	static const char *const names[] = { "raise", "clear", "raise", "clear", "update",
		"ack", "shelve", "unshelve", "suppress", "unsuppress", "out-of-service",
		"in-service" };
	static char events[EVENTS][48];
	struct buf want = BUF(1 << 20), got = BUF(1 << 20), end = BUF(256), end2 = BUF(256);
	size_t order[EVENTS * 3], i, k, n;
	/* a database of a server's takes longer to make than one in memory */
	int round, rounds = getenv("NBMS_DB") != NULL ? 6 : 300;

	(void)state;
	for (round = 0; round < rounds; round++) {
		seed = (uint64_t)round * 7919 + 1;
		for (i = 0; i < EVENTS; i++)
			/* half of the rounds without what operators do */
			make_event(events[i], names, round % 2 == 0 ? 6 : 12);
		qsort(events, EVENTS, sizeof(events[0]), by_time);
		for (i = 0; i < EVENTS; i++)
			order[i] = i;
		play(events, order, EVENTS, &want, &end, EVENTS);
		for (n = 0; n < EVENTS * 3; n++) /* each once, and copies of some */
			order[n] = n < EVENTS ? n : pick(EVENTS);
		for (i = n - 1; i > 0; i--) {
			size_t t = order[i];

			k = pick(i + 1);
			order[i] = order[k];
			order[k] = t;
		}
		play(events, order, n, &got, &end2, pick(n));
		if (strcmp(buf_text(&want), buf_text(&got)) != 0)
			fail_msg(
			    "round %d:\n%s\nnot\n%s", round, buf_text(&got), buf_text(&want));
		assert_string_equal(buf_text(&end), buf_text(&end2));
	}
	buf_free(&want);
	buf_free(&got);
	buf_free(&end);
	buf_free(&end2);
}

static void
episode_ids_are_made_not_given(void **state)
{
	char a[ALARM_ID_TEXT], b[ALARM_ID_TEXT];

	(void)state;
	(void)alarm_episode_id(a, SPAN("C1"), SPAN("B1"), SPAN("X"), 10);
	assert_string_equal(alarm_episode_id(b, SPAN("C1"), SPAN("B1"), SPAN("X"), 10), a);
	assert_string_not_equal(alarm_episode_id(b, SPAN("C1"), SPAN("B1"), SPAN("X"), 11), a);
	assert_string_not_equal(alarm_episode_id(b, SPAN("C1"), SPAN("B1X"), SPAN(""), 10), a);
	assert_int_equal(strlen(a), 16);
}

/* A history longer than what is read at once. */
static void
a_late_event_far_back(void **state)
{
	struct db *db = db_open("", DB_SITE, DB_MEMORY);
	struct alarm_book *b =
	    alarm_book_open(db, &(struct alarm_book_options){ 0 }, hear_nothing, NULL);
	struct buf got = BUF(1 << 20);
	char text[48];
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof(text), "%d update %d", 100 + i, 1 + i % 4);
		assert_true(put_text(b, text));
	}
	dump(b, db, &got, false);
	assert_string_equal(buf_text(&got), "");
	assert_true(put_text(b, "50 raise 4"));
	dump(b, db, &got, false);
	for (i = 0; i < 2000; i++) {
		(void)snprintf(text, sizeof(text), " %d update", 100 + i);
		assert_non_null(strstr(buf_text(&got), text));
	}
	buf_free(&got);
	alarm_book_free(b);
	db_close(db);
}

/* More than waits in memory, of several alarms, one of the texts longer than all that may; none
 * of it is lost or mixed up. */
static void
long_texts_are_kept(void **state)
{
	enum { ALARMS = 3, ROUNDS = 40, LONG = 100000, LONGEST = 11000000 };
	static char text[LONGEST];
	struct db *db = db_open("", DB_SITE, DB_MEMORY);
	struct alarm_book *b =
	    alarm_book_open(db, &(struct alarm_book_options){ 0 }, hear_nothing, NULL);
	struct alarm_key key = KEY;
	int64_t i, k, n, at, o, no[9];
	struct span t[6], names[ALARMS] = { SPAN("A"), SPAN("B"), SPAN("C") };
	struct rows *r;

	(void)state;
	memset(text, 'x', sizeof(text));
	db_begin(db);
	for (i = 0; i < ROUNDS * ALARMS; i++) {
		struct alarm_happening h = { .in = { .at = i / ALARMS,
						 .event = ALARM_RAISE,
						 .priority = -1,
						 .until = WHEN_NONE },
			.source = SPAN("gateway"),
			.detail = { .name = names[i % ALARMS],
			    .text = { text, (size_t)(i == 50 ? LONGEST : LONG + i) } } };

		key.alarm_point_id = names[i % ALARMS];
		assert_true(alarm_book_put(b, &key, &h));
	}
	alarm_book_flush(b);
	db_commit(db);
	for (k = 0; k < ALARMS; k++) {
		r = db_rows(
		    db, SQL_ALARM_HISTORY_FROM, "iii", k + 1, WHEN_NONE + 1, INT64_C(100000));
		for (n = 0; rows_next(r, "iiiiiiwiwiiwitttttt", &at, &no[0], &no[1], &no[2],
			 &no[3], &no[4], &no[5], &no[6], &no[7], &no[8], &o, &o, &o, &t[0],
			 &t[1], &t[2], &t[3], &t[4], &t[5]);
		     n++) {
			i = n * ALARMS + k;
			assert_int_equal(at, n);
			assert_true(span_eq(t[0], names[k]));
			assert_null(t[1].p);
			assert_int_equal(t[3].n, i == 50 ? LONGEST : LONG + i);
			assert_memory_equal(t[3].p, text, t[3].n);
			assert_null(t[4].p);
		}
		rows_end(r);
		assert_int_equal(n, ROUNDS);
	}
	alarm_book_free(b);
	db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes_play),
		cmocka_unit_test(order_plays_no_part),
		cmocka_unit_test(episode_ids_are_made_not_given),
		cmocka_unit_test(a_late_event_far_back),
		cmocka_unit_test(long_texts_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
