#include "base/diag.h"
#include "base/prog.h"
#include "db/days.h"
#include "db/trend_own.h"

#include <fnmatch.h>
#include <stdlib.h>

/* Up to so many series are sought one by one, whatever their share of a frame. */
#define SEEK_MAX 16

/* Of more, a frame is read whole when they are more than one in so many of it. */
#define SEEK_SHARE 4

static bool
is_pattern(const char *item)
{
	return strpbrk(item, "*?[") != NULL;
}

bool
trend_item_matches(const char *item, struct span point_id)
{
	char *text;
	bool matches;

	if (span_is(point_id, item))
		return true;
	if (!is_pattern(item))
		return false;
	text = xstrndup(point_id.p, point_id.n);
	matches = fnmatch(item, text, FNM_NOESCAPE) == 0;
	free(text);
	return matches;
}

static bool
chooses(const struct trend *t, const struct series *s)
{
	size_t i;

	if ((t->attr != NULL && !span_is(s->attr, t->attr)) ||
	    (t->thing != NULL && !span_is(s->thing, t->thing)))
		return false;
	for (i = 0; i < t->points->n; i++)
		if (trend_item_matches(t->points->items[i], s->point_id))
			return true;
	return t->points->n == 0;
}

static void
add_pick(struct walk *w, const struct series *s)
{
	size_t n = s->thing.n + s->point_id.n + s->attr.n;
	char *p = xmalloc(n + 1);
	struct pick *k;

	if ((w->n & (w->n - 1)) == 0)
		w->picks = xrealloc(w->picks, (w->n > 0 ? 2 * w->n : 1) * sizeof(*w->picks));
	k = &w->picks[w->n++];
	*k = (struct pick){ .s = *s };
	memcpy(p, s->thing.p, s->thing.n);
	memcpy(p + s->thing.n, s->point_id.p, s->point_id.n);
	memcpy(p + s->thing.n + s->point_id.n, s->attr.p, s->attr.n);
	k->s.thing.p = p;
	k->s.point_id.p = p + s->thing.n;
	k->s.attr.p = p + s->thing.n + s->point_id.n;
}

/* One point named as it is is sought, otherwise the month's dictionary is gone through. */
static void
choose(struct walk *w)
{
	const struct opt_list *points = w->t->points;
	struct db *db = month_db(w->m);
	struct series s = { 0 };
	struct rows *r;
	int64_t texts;

	r = points->n == 1 && !is_pattern(points->items[0])
		? db_rows(db, SQL_SERIES_OF_POINT, "s", points->items[0])
		: db_rows(db, SQL_SERIES_NAMES, "");
	while (
	    rows_next(r, "itttii", &s.id, &s.thing, &s.point_id, &s.attr, &texts, &s.period)) {
		s.texts = texts != 0;
		if (chooses(w->t, &s))
			add_pick(w, &s);
	}
	rows_end(r);
}

int
trend_compare(struct span a, struct span b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static int
by_point(const void *a, const void *b)
{
	const struct series *x = &((const struct pick *)a)->s,
			    *y = &((const struct pick *)b)->s;
	int c = trend_compare(x->point_id, y->point_id);

	if (c == 0)
		c = trend_compare(x->attr, y->attr);
	return c != 0 ? c : trend_compare(x->thing, y->thing);
}

static size_t
gateway_of(struct walk *w, struct span name)
{
	size_t i;

	for (i = 0; i < w->gateways_n; i++)
		if (span_eq(w->gateways[i].name, name))
			return i;
	w->gateways = xrealloc(w->gateways, (w->gateways_n + 1) * sizeof(*w->gateways));
	w->gateways[w->gateways_n++] = (struct gateway){ .name = name };
	return i;
}

void
trend_month_end(struct walk *w)
{
	size_t i;

	db_commit(month_db(w->m));
	for (i = 0; i < w->n; i++)
		free((char *)(uintptr_t)w->picks[i].s.thing.p);
	w->n = w->left = w->gateways_n = 0;
	free(w->ids);
	free(w->pick_of);
	w->ids = NULL;
	w->pick_of = NULL;
}

/* Opens a month as it stands now, and finds the chosen series in it. False: it has gone. */
bool
trend_month_begin(struct walk *w, when_t month)
{
	struct db *db;
	size_t i;

	w->m = history_month(w->h, w->t->building_key, w->t->zone, month);
	if (w->m == NULL)
		return false;
	db = month_db(w->m);
	db_begin_read(db);
	choose(w);
	w->left = w->n;
	if (w->n == 0)
		return true;
	qsort(w->picks, w->n, sizeof(*w->picks), by_point);
	must(db_one(db, SQL_SERIES_BOUNDS, "", "ii", &w->series_n, &w->id_max));
	w->ids = xcalloc(w->n, sizeof(*w->ids));
	w->pick_of = xcalloc((size_t)w->id_max + 1, sizeof(*w->pick_of));
	for (i = 0; i < w->n; i++) {
		w->pick_of[w->picks[i].s.id] = (uint32_t)i + 1;
		w->picks[i].gateway = gateway_of(w, w->picks[i].s.thing);
	}
	return true;
}

static struct pick *
pick_of(struct walk *w, int64_t id)
{
	return id <= w->id_max && w->pick_of[id] != 0 ? &w->picks[w->pick_of[id] - 1] : NULL;
}

/* The samples of the picks among those that are read. */
static void
take_samples(struct walk *w, struct rows *r)
{
	double value;
	int64_t id;

	while (rows_next(r, "id", &id, &value)) {
		struct pick *k = pick_of(w, id);

		if (k == NULL)
			continue;
		k->value = value;
		k->there = true;
	}
	rows_end(r);
}

static void
seek_picks(struct walk *w, when_t ts)
{
	size_t i, n = 0;

	for (i = 0; i < w->n; i++)
		if (!w->picks[i].done && w->gateways[w->picks[i].gateway].reported)
			w->ids[n++] = w->picks[i].s.id;
	if (n > 0)
		take_samples(w, month_samples(w->m, ts, w->ids, n));
}

/* Is most of what lies together wanted? */
static bool
wants_most(const struct walk *w)
{
	return w->left > SEEK_MAX && (int64_t)w->left * SEEK_SHARE > w->series_n;
}

static void
visit(struct walk *w, when_t ts)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		w->picks[i].there = false;
	if (wants_most(w))
		take_samples(w, db_rows(month_db(w->m), SQL_SAMPLE_FRAME, "i", (int64_t)ts));
	else
		seek_picks(w, ts);
	for (i = 0; i < w->n && !w->stop; i++)
		if (w->picks[i].there && !w->picks[i].done)
			w->take(w, &w->picks[i], ts);
}

static void
report(struct walk *w, struct span thing)
{
	size_t i;

	for (i = 0; i < w->gateways_n; i++)
		if (span_eq(w->gateways[i].name, thing))
			w->gateways[i].reported = true;
}

/* Gateways may have reported at the same time: that time is visited once for all of them. */
void
trend_walk_frames(struct walk *w, when_t from, when_t to)
{
	when_t at = WHEN_NONE;
	struct span thing;
	struct rows *r;
	int64_t ts;
	size_t i;

	if (w->stop || from >= to)
		return;
	r = db_rows(month_db(w->m), w->back ? SQL_FRAME_TIMES_BACK : SQL_FRAME_TIMES, "ii",
	    (int64_t)from, (int64_t)to);
	while (!w->stop && !prog_stopping() && w->left > 0 && rows_next(r, "it", &ts, &thing)) {
		if (ts != at) {
			if (at != WHEN_NONE)
				visit(w, at);
			for (i = 0; i < w->gateways_n; i++)
				w->gateways[i].reported = false;
			at = ts;
		}
		report(w, thing);
	}
	if (!w->stop && at != WHEN_NONE)
		visit(w, at);
	rows_end(r);
}

/* ---- days that lie in chunks ---- */

void
trend_chunk_next(struct walk *w, struct pick *k)
{
	if (chunk_next(&k->chunk, &k->next, &k->next_value))
		return;
	k->next = WHEN_NONE;
	if (k->chunk.damaged)
		die(EX_CONFIG, "%s: damaged: a chunk of %.*s", db_path(month_db(w->m)),
		    SPAN_ARG(k->s.point_id));
}

static void
open_chunk(struct walk *w, struct pick *k, when_t day, struct span data)
{
	k->data = xstrndup(data.p, data.n);
	chunk_begin(&k->chunk, day, (struct span){ k->data, data.n });
	trend_chunk_next(w, k);
}

void
trend_chunks_open(struct walk *w, when_t day)
{
	struct db *db = month_db(w->m);
	struct span data;
	struct rows *r;
	size_t i, n = 0;
	int64_t id;

	for (i = 0; i < w->n; i++) {
		w->picks[i].next = WHEN_NONE;
		if (!w->picks[i].done)
			w->ids[n++] = w->picks[i].s.id;
	}
	if (n == 0)
		return;
	r = wants_most(w) ? db_rows(db, SQL_CHUNK_LIST, "i", (int64_t)day)
			  : db_rows_of(db, SQL_CHUNK_PICK, day, w->ids, n);
	while (rows_next(r, "it", &id, &data)) {
		struct pick *k = pick_of(w, id);

		if (k != NULL && !k->done)
			open_chunk(w, k, day, data);
	}
	rows_end(r);
}

void
trend_chunks_close(struct walk *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		free(w->picks[i].data);
		w->picks[i].data = NULL;
	}
}

/* The earliest time that any of the chunks has still to give; WHEN_NONE: none. */
static when_t
earliest(const struct walk *w)
{
	when_t at = WHEN_NONE;
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->picks[i].next != WHEN_NONE && (at == WHEN_NONE || w->picks[i].next < at))
			at = w->picks[i].next;
	return at;
}

static void
walk_chunks(struct walk *w, when_t day)
{
	when_t at;
	size_t i;

	trend_chunks_open(w, day);
	while (!w->stop && !prog_stopping() && (at = earliest(w)) != WHEN_NONE)
		for (i = 0; i < w->n && !w->stop; i++) {
			struct pick *k = &w->picks[i];

			if (k->next != at)
				continue;
			k->value = k->next_value;
			w->take(w, k, at);
			trend_chunk_next(w, k);
		}
	trend_chunks_close(w);
}

/* A month in order of time: whole days of which there are chunks by these, all else by its
 * frames. */
static void
walk_month(struct walk *w)
{
	const struct zone *zone = w->t->zone;
	when_t at = w->from > month_from(w->m) ? w->from : month_from(w->m), from, to;
	when_t end = w->to < month_to(w->m) ? w->to : month_to(w->m);
	struct days days = { 0 };
	size_t i;

	if (w->n > 0)
		days = days_kept(w->m, zone);
	for (i = 0; i < days.n && !w->stop && !prog_stopping(); i++) {
		day_frames(w->m, zone, days.all[i], &from, &to);
		if (from < at || to > end)
			continue;
		trend_walk_frames(w, at, from);
		if (!w->stop)
			walk_chunks(w, days.all[i]);
		at = to;
	}
	trend_walk_frames(w, at, end);
	free(days.all);
}

struct walk
trend_walk(struct history *h, const struct trend *t, take_fn *take, void *ctx)
{
	return (struct walk){ .h = h,
		.t = t,
		.from = t->from,
		.to = t->to != WHEN_NONE ? t->to : INT64_MAX,
		.take = take,
		.ctx = ctx };
}

void
trend_walk_end(struct walk *w)
{
	free(w->picks);
	free(w->gateways);
}

/* The month after `month` that the span touches; WHEN_NONE stands for before the first and for
 * the end. */
static when_t
next_month(const struct walk *w, when_t month)
{
	const struct trend *t = w->t;

	if (month == WHEN_NONE && w->from != WHEN_NONE)
		month = when_month(t->zone, w->from, 0) - 1;
	month = history_next_month(w->h, t->building_key, t->zone, month);
	return month < w->to ? month : WHEN_NONE;
}

struct each {
	reading_fn *fn;
	void *ctx;
};

struct reading
trend_reading(struct walk *w, const struct pick *k, when_t ts)
{
	struct reading r = { .ts = ts, .series = &k->s, .value = k->value };

	if (!month_get_text(w->m, ts, &k->s, &r.json))
		r.json = (struct span){ 0 };
	return r;
}

static void
hand_on(struct walk *w, struct pick *k, when_t ts)
{
	const struct each *each = w->ctx;
	struct reading r = trend_reading(w, k, ts);

	w->stop = !each->fn(each->ctx, &r);
}

void
trend_each(struct history *h, const struct trend *t, reading_fn *fn, void *ctx)
{
	struct each each = { fn, ctx };
	struct walk w = trend_walk(h, t, hand_on, &each);
	when_t month = WHEN_NONE;

	while (!w.stop && !prog_stopping() && (month = next_month(&w, month)) != WHEN_NONE) {
		if (!trend_month_begin(&w, month))
			continue;
		walk_month(&w);
		trend_month_end(&w);
	}
	trend_walk_end(&w);
}

static void
tally(struct walk *w, struct pick *k, when_t ts)
{
	(void)w;
	if (k->samples++ == 0)
		k->first = ts;
	k->last = ts;
}

void
trend_count(struct history *h, const struct trend *t, tally_fn *fn, void *ctx)
{
	struct walk w = trend_walk(h, t, tally, NULL);
	when_t month = WHEN_NONE;
	size_t i;

	while (!w.stop && !prog_stopping() && (month = next_month(&w, month)) != WHEN_NONE) {
		if (!trend_month_begin(&w, month))
			continue;
		walk_month(&w);
		for (i = 0; i < w.n && !w.stop; i++) {
			const struct pick *k = &w.picks[i];
			struct tally tally = { month, &k->s, k->samples, k->first, k->last };

			if (k->samples > 0)
				w.stop = !fn(ctx, &tally);
		}
		trend_month_end(&w);
	}
	trend_walk_end(&w);
}

static bool
month_knows(struct month *m, const char *item)
{
	struct rows *r = db_rows(month_db(m), SQL_SERIES_NAMES, "");
	struct span thing, point_id, attr;
	bool known = false;
	int64_t id, texts, period;

	while (!known && rows_next(r, "itttii", &id, &thing, &point_id, &attr, &texts, &period))
		known = trend_item_matches(item, point_id);
	rows_end(r);
	return known;
}

bool
trend_knows(struct history *h, const struct trend *t, const char *item)
{
	when_t month = WHEN_NONE;
	struct month *m;

	while (
	    (month = history_previous_month(h, t->building_key, t->zone, month)) != WHEN_NONE) {
		m = history_month(h, t->building_key, t->zone, month);
		if (m != NULL && month_knows(m, item))
			return true;
	}
	return false;
}
