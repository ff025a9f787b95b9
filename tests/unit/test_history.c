/* Month files: which month an instant is in, series, frames, batches with texts, gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db/batch.h"
#include "db/gaps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define KEY SPAN("C1_B1")
#define THING SPAN("C1_B1_01")

static const struct zone *
zone(const char *name)
{
	const struct zone *z = zone_find(span_of(name));

	assert_non_null(z);
	return z;
}

static when_t
at(const char *text)
{
	when_t t;

	assert_true(when_parse_rfc3339(span_of(text), &t, NULL));
	return t;
}

/* A history in a directory of its own, which `done` removes. */
static struct history *
fresh(char dir[32], enum db_mode mode)
{
	(void)snprintf(dir, 32, "/tmp/nbms-history-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return history_open(dir, mode);
}

static void
done(const char *dir, struct history *h)
{
	char command[64];

	history_close(h);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): of a fixed shape */
}

static void
months_by_zone(void **state)
{
	static const struct {
		const char *zone, *at, *file;
	} cases[] = {
		{ "Asia/Seoul", "2022-09-30T14:59:59Z", "2022-09" },
		{ "Asia/Seoul", "2022-09-30T15:00:00Z", "2022-10" },
		{ "Asia/Seoul", "2022-12-31T15:00:00Z", "2023-01" },
		{ "Europe/London", "2022-03-31T22:59:59Z", "2022-03" },
		{ "Europe/London", "2022-03-31T23:00:00Z", "2022-04" },
		{ "Europe/London", "2022-10-31T23:59:59Z", "2022-10" },
		{ "Europe/London", "2022-11-01T00:00:00Z", "2022-11" },
		{ "America/St_Johns", "2022-03-01T03:29:59Z", "2022-02" },
		{ "America/St_Johns", "2022-03-01T03:30:00Z", "2022-03" },
		{ "UTC", "2024-02-29T23:59:59Z", "2024-02" },
	};
	char dir[32], wanted[64];
	struct history *h = fresh(dir, DB_WRITE);
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		const struct zone *z = zone(cases[i].zone);
		when_t t = at(cases[i].at);
		char *path = history_path(dir, KEY, z, t);
		struct month *m;

		(void)snprintf(wanted, sizeof(wanted), "/C1_B1/%s", cases[i].file);
		assert_non_null(strstr(path, wanted));
		free(path);
		m = history_month(h, KEY, z, t);
		assert_true(month_from(m) <= t && t < month_to(m));
		assert_ptr_equal(history_month(h, KEY, z, month_from(m)), m);
		assert_ptr_equal(history_month_there(h, KEY, z, month_to(m) - 1), m);
		assert_ptr_not_equal(history_month(h, KEY, z, month_to(m)), m);
	}
	done(dir, h);
}

static void
reading_makes_no_file(void **state)
{
	char dir[32];
	struct history *h = fresh(dir, DB_READ);

	(void)state;
	assert_null(history_month(h, KEY, zone("UTC"), 0));
	assert_null(history_month_there(h, KEY, zone("UTC"), 0));
	assert_int_equal(history_newest(h, KEY, zone("UTC"), THING), WHEN_NONE);
	done(dir, h);
}

static void
series_are_one_each(void **state)
{
	char dir[32];
	struct history *h = fresh(dir, DB_WRITE), *other;
	struct month *m = history_month(h, KEY, zone("UTC"), 0), *theirs;
	struct series *a, *b;
	int64_t id;

	(void)state;
	assert_null(month_series(m, THING, SPAN("p"), SPAN("M_Value"), false));
	a = month_series(m, THING, SPAN("p"), SPAN("M_Value"), true);
	assert_ptr_equal(month_series(m, THING, SPAN("p"), SPAN("M_Value"), true), a);
	b = month_series(m, THING, SPAN("pM"), SPAN("_Value"), true);
	assert_true(b->id != a->id);
	b = month_series(m, SPAN("C1_B1_02"), SPAN("p"), SPAN("M_Value"), true);
	assert_true(b->id != a->id);
	assert_true(!a->texts && a->period == 0);
	month_set_period(m, a, 60);
	month_put_text(m, 0, a, SPAN("\"on\""));
	id = a->id;
	history_commit(h);
	/* another program, while this one has the month open */
	other = history_open(dir, DB_WRITE);
	theirs = history_month(other, KEY, zone("UTC"), 0);
	a = month_series(theirs, THING, SPAN("p"), SPAN("M_Value"), false);
	assert_true(a != NULL && a->id == id && a->texts && a->period == 60);
	id = month_series(theirs, THING, SPAN("new"), SPAN("M_Value"), true)->id;
	history_close(other);
	assert_int_equal(month_series(m, THING, SPAN("new"), SPAN("M_Value"), true)->id, id);
	done(dir, h);
}

static void
more_months_than_are_kept_open(void **state)
{
	char dir[32];
	struct history *h = fresh(dir, DB_WRITE);
	const struct zone *z = zone("Asia/Seoul");
	int64_t id = 1;
	double value = 0;
	int i, round;

	(void)state;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 40; i++) {
			when_t t = when_month(z, 0, i);
			struct month *m = history_month(h, KEY, z, t);
			uint64_t generation = month_generation(m);
			struct series *s =
			    month_series(m, THING, SPAN("p"), SPAN("M_Value"), round == 0);

			assert_non_null(s);
			value = i + round;
			month_put_samples(m, t, &id, &value, 1);
			assert_ptr_equal(history_month(h, KEY, z, t), m);
			assert_int_equal(month_generation(m), generation);
		}
	}
	for (i = 0; i < 40; i++) {
		struct month *m = history_month(h, KEY, z, when_month(z, 0, i));

		assert_true(month_get_sample(m, month_from(m),
		    month_series(m, THING, SPAN("p"), SPAN("M_Value"), false), &value));
		assert_true(value == i + 1);
	}
	done(dir, h);
}

static void
put_frame(struct history *h, const struct zone *z, struct span thing, when_t ts, int64_t period)
{
	struct frame f = { .ts = ts,
		.thing = thing,
		.stamp = SPAN("stamp"),
		.period = period,
		.received = WHEN_NONE };

	month_put_frame(history_month(h, KEY, z, ts), z, &f);
}

static void
frames_are_found_in_time(void **state)
{
	char dir[32];
	struct history *h = fresh(dir, DB_WRITE);
	const struct zone *z = zone("Asia/Seoul");
	when_t month = at("2022-10-01T00:00:00+09:00"), found;
	struct month *m = history_month(h, KEY, z, month);
	int64_t period;

	(void)state;
	put_frame(h, z, THING, month + 900, 15);
	put_frame(h, z, THING, month + 2700, 60);
	put_frame(h, z, THING, month + 2700, 15); /* another part of it */
	put_frame(h, z, THING, month + 2700, 30);
	put_frame(h, z, SPAN("C1_B1_02"), month + 1800, 15);
	assert_true(month_has_frame(m, THING, month + 900));
	assert_false(month_has_frame(m, THING, month + 1800));
	assert_true(month_frame_before(m, THING, month + 2700, &found, &period));
	assert_int_equal(found, month + 900);
	assert_true(month_frame_after(m, THING, month + 900, &found, &period));
	assert_int_equal(found, month + 2700);
	assert_int_equal(period, 15);
	assert_false(month_frame_before(m, THING, month + 900, &found, &period));
	assert_false(month_frame_after(m, THING, month + 2700, &found, &period));
	assert_int_equal(history_newest(h, KEY, z, THING), month + 2700);
	put_frame(h, z, SPAN("C1_B1_02"), at("2023-01-01T00:00:00+09:00"), 15);
	assert_int_equal(history_newest(h, KEY, z, THING), month + 2700);
	assert_int_equal(history_newest(h, KEY, z, SPAN("C1_B1_03")), WHEN_NONE);
	done(dir, h);
}

static void
batches_with_texts(void **state)
{
	/* the same sample three times over: what stands is what was written last */
	static const struct {
		const char *json; /* NULL: none */
		double value;
	} steps[] = {
		{ "\"on\"", NAN },
		{ "true", 1 },
		{ NULL, 3.5 },
		{ "9007199254740993", 9007199254740992.0 },
		{ NULL, NAN },
	};
	char dir[32];
	struct history *h = fresh(dir, DB_WRITE);
	struct month *m = history_month(h, KEY, zone("UTC"), 0);
	struct series *plain = month_series(m, THING, SPAN("a"), SPAN("M_Value"), true);
	struct series *mixed = month_series(m, THING, SPAN("b"), SPAN("M_Value"), true);
	struct batch b;
	struct span json;
	double v;
	size_t i;

	(void)state;
	batch_init(&b);
	for (i = 0; i < LEN(steps); i++) {
		batch_clear(&b);
		batch_add(&b, plain, (double)i);
		if (steps[i].json != NULL)
			batch_add_json(&b, mixed, steps[i].value, span_of(steps[i].json));
		else
			batch_add(&b, mixed, steps[i].value);
		batch_write(&b, m, 900);
		assert_true(month_get_sample(m, 900, plain, &v) && v == (double)i);
		assert_true(month_get_sample(m, 900, mixed, &v));
		assert_true(isnan(steps[i].value) ? isnan(v) : v == steps[i].value);
		assert_int_equal(db_one(month_db(m), SQL_SAMPLE_TEXT_GET, "ii", "t",
				     (int64_t)900, mixed->id, &json),
		    steps[i].json != NULL);
		if (steps[i].json != NULL)
			assert_true(span_is(json, steps[i].json));
	}
	/* twice in one frame: the last one counts, also where it is no text */
	batch_clear(&b);
	batch_add_json(&b, mixed, NAN, SPAN("\"first\""));
	batch_add(&b, mixed, 7);
	batch_write(&b, m, 1800);
	assert_true(month_get_sample(m, 1800, mixed, &v) && v == 7);
	assert_false(db_one(
	    month_db(m), SQL_SAMPLE_TEXT_GET, "ii", "t", (int64_t)1800, mixed->id, &json));
	assert_false(plain->texts);
	month_drop_sample(m, 1800, mixed);
	assert_false(month_get_sample(m, 1800, mixed, &v));
	batch_free(&b);
	done(dir, h);
}

/* ---- gaps ---- */

static void
say_gap(void *ctx, const struct gap *gap)
{
	char *text = ctx;
	size_t n = strlen(text);

	(void)snprintf(text + n, 256 - n, "%d-%d*%d/%d ", (int)(gap->first / 60),
	    (int)(gap->last / 60), (int)gap->count, (int)gap->period);
}

static void
gaps_between_frames(void **state)
{
	/* minutes since the epoch, and the periods missing: first-last*count/period */
	static const struct {
		const char *what;
		struct {
			int at, period;
		} frames[6];
		int from, to;
		const char *gaps;
	} cases[] = {
		{ "none", { { 15, 15 }, { 30, 15 }, { 45, 15 } }, 0, 45, "" },
		{ "one", { { 15, 15 }, { 45, 15 } }, 0, 45, "30-30*1/15 " },
		{ "two", { { 15, 15 }, { 60, 15 }, { 90, 15 } }, 0, 90,
		    "30-45*2/15 75-75*1/15 " },
		{ "after the newest", { { 15, 15 } }, 0, 60, "30-60*3/15 " },
		{ "its last period is not due yet", { { 15, 15 } }, 0, 29, "" },
		{ "no report at all", { { 0, 0 } }, 0, 600, "" },
		{ "before the first report", { { 600, 15 } }, 0, 600, "" },
		{ "another period", { { 15, 15 }, { 30, 60 }, { 90, 15 }, { 105, 15 } }, 0, 105,
		    "" },
		{ "at odd times", { { 17, 15 }, { 50, 15 } }, 0, 50, "32-47*2/15 " },
		{ "into the window", { { 15, 15 }, { 120, 15 } }, 90, 120, "90-105*2/15 " },
		{ "from the month before", { { -60, 15 }, { 45, 15 } }, 0, 45, "0-30*3/15 " },
		{ "over a month's end", { { -15, 15 }, { 30, 15 } }, -60, 30, "0-15*2/15 " },
	};
	const struct zone *z = zone("UTC");
	size_t i, k;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		char dir[32], got[256] = "";
		struct history *h = fresh(dir, DB_WRITE);
		struct gaps g = { z, KEY, THING, cases[i].from * 60, cases[i].to * 60 };

		for (k = 0; cases[i].frames[k].period > 0; k++)
			put_frame(
			    h, z, THING, cases[i].frames[k].at * 60, cases[i].frames[k].period);
		put_frame(h, z, SPAN("C1_B1_02"), 1800, 15);
		(void)gaps_each(h, &g, say_gap, got);
		if (strcmp(got, cases[i].gaps) != 0)
			fail_msg("%s: %s", cases[i].what, got);
		done(dir, h);
	}
}

static void
gaps_are_asked_for_now_and_then(void **state)
{
	/* a gap from minute 30 on; at `now` the gateway says that it holds all up to `to` */
	static const struct {
		const char *what;
		int to, now;
		bool asks;
	} steps[] = {
		{ "the first time", 45, 100, true },
		{ "at once again", 45, 101, false },
		{ "it has grown, but that can wait", 60, 130, false },
		{ "an hour later", 60, 160, true },
		{ "once more", 60, 220, true },
		{ "the third time", 60, 280, true },
		{ "the fourth time", 60, 340, true },
		{ "the fifth time", 60, 400, true },
		{ "that was enough", 60, 460, false },
		{ "it has grown", 75, 520, true },
	};
	const struct zone *z = zone("Asia/Seoul");
	char dir[32];
	struct history *h = fresh(dir, DB_WRITE);
	struct db *site = db_open("", DB_SITE, DB_MEMORY);
	struct buf down = BUF(1 << 16);
	size_t i;

	(void)state;
	put_frame(h, z, THING, 15 * 60, 15);
	for (i = 0; i < LEN(steps); i++) {
		struct gaps g = { z, KEY, THING, 0, steps[i].to * 60 };

		buf_clear(&down);
		gaps_request(h, site, &g, steps[i].now * 60, &down);
		if ((down.n > 0) != steps[i].asks)
			fail_msg("%s: %s", steps[i].what, buf_text(&down));
	}
	assert_string_equal(buf_text(&down),
	    "{\"topic\":\"C1_B1_01\",\"payload\":{\"thing\":\"C1_B1_01\",\"point\":"
	    "\"request_log\",\"message\":{\"msg_type\":\"Request_Log\",\"from\":"
	    "\"197001010930\",\"to\":\"197001011015\"}},\"qos\":1,"
	    "\"id\":\"request_log/C1_B1_01/197001010930/197001011015\"}\n");
	buf_free(&down);
	db_close(site);
	done(dir, h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(months_by_zone),
		cmocka_unit_test(reading_makes_no_file),
		cmocka_unit_test(series_are_one_each),
		cmocka_unit_test(more_months_than_are_kept_open),
		cmocka_unit_test(frames_are_found_in_time),
		cmocka_unit_test(batches_with_texts),
		cmocka_unit_test(gaps_between_frames),
		cmocka_unit_test(gaps_are_asked_for_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
