#include "db/trend.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/prog.h"

#include <fnmatch.h>
#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

/* Up to so many series are sought one by one, whatever their share of a frame. */
#define SEEK_MAX 16

/* Of more, a frame is read whole when they are more than one in so many of it. */
#define SEEK_SHARE 4

/* A chosen series of the month being read. */
struct pick {
	struct series s; /* its texts are in one block, at s.thing.p */
	size_t gateway;
	double value;
	bool there; /* has a sample at the time in hand */
	bool done;  /* no more of it is wanted */
	int64_t samples;
	when_t first, last;
};

struct gateway {
	struct span name; /* of a pick */
	bool reported;    /* at the time in hand */
};

struct walk;
typedef void take_fn(struct walk *w, struct pick *k, when_t ts);

struct walk {
	struct history *h;
	const struct trend *t;
	when_t from, to;
	bool back; /* from the newest on */
	take_fn *take;
	void *ctx; /* of take */
	bool stop;
	struct month *m;
	struct pick *picks;
	size_t n, left; /* left: not done */
	struct gateway *gateways;
	size_t gateways_n;
	uint32_t *pick_of; /* by series id: its pick's place plus 1, 0: not chosen */
	int64_t id_max, series_n;
};

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

static int
compare(struct span a, struct span b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static int
by_point(const void *a, const void *b)
{
	const struct series *x = &((const struct pick *)a)->s,
			    *y = &((const struct pick *)b)->s;
	int c = compare(x->point_id, y->point_id);

	if (c == 0)
		c = compare(x->attr, y->attr);
	return c != 0 ? c : compare(x->thing, y->thing);
}

static bool
is_same_point(const struct pick *a, const struct pick *b)
{
	return span_eq(a->s.point_id, b->s.point_id) && span_eq(a->s.attr, b->s.attr);
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

static void
end_month(struct walk *w)
{
	size_t i;

	db_commit(month_db(w->m));
	for (i = 0; i < w->n; i++)
		free((char *)(uintptr_t)w->picks[i].s.thing.p);
	w->n = w->left = w->gateways_n = 0;
	free(w->pick_of);
	w->pick_of = NULL;
}

/* Opens a month as it stands now, and finds the chosen series in it. False: it has gone. */
static bool
begin_month(struct walk *w, when_t month)
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
	w->pick_of = xcalloc((size_t)w->id_max + 1, sizeof(*w->pick_of));
	for (i = 0; i < w->n; i++) {
		w->pick_of[w->picks[i].s.id] = (uint32_t)i + 1;
		w->picks[i].gateway = gateway_of(w, w->picks[i].s.thing);
	}
	return true;
}

/* The samples of the picks at ts, by reading the whole of the frame. */
static void
read_frame(struct walk *w, when_t ts)
{
	struct rows *r = db_rows(month_db(w->m), SQL_SAMPLE_FRAME, "i", (int64_t)ts);
	int64_t id;
	double value;
	size_t i;

	for (i = 0; i < w->n; i++)
		w->picks[i].there = false;
	while (rows_next(r, "id", &id, &value)) {
		struct pick *k;

		if (id > w->id_max || w->pick_of[id] == 0)
			continue;
		k = &w->picks[w->pick_of[id] - 1];
		k->value = value;
		k->there = true;
	}
	rows_end(r);
}

static void
seek_picks(struct walk *w, when_t ts)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct pick *k = &w->picks[i];

		k->there = !k->done && w->gateways[k->gateway].reported &&
			   month_get_sample(w->m, ts, &k->s, &k->value);
	}
}

static void
visit(struct walk *w, when_t ts)
{
	size_t i;

	if (w->left > SEEK_MAX && (int64_t)w->left * SEEK_SHARE > w->series_n)
		read_frame(w, ts);
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
static void
walk_frames(struct walk *w)
{
	struct rows *r =
	    db_rows(month_db(w->m), w->back ? SQL_FRAME_TIMES_BACK : SQL_FRAME_TIMES, "ii",
		(int64_t)w->from, (int64_t)w->to);
	when_t at = WHEN_NONE;
	struct span thing;
	int64_t ts;
	size_t i;

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

static struct walk
walk_begin(struct history *h, const struct trend *t, take_fn *take, void *ctx)
{
	return (struct walk){ .h = h,
		.t = t,
		.from = t->from,
		.to = t->to != WHEN_NONE ? t->to : INT64_MAX,
		.take = take,
		.ctx = ctx };
}

static void
walk_end(struct walk *w)
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

static when_t
previous_month(const struct walk *w, when_t month)
{
	const struct trend *t = w->t;

	month = history_previous_month(
	    w->h, t->building_key, t->zone, month != WHEN_NONE ? month : w->to);
	return month != WHEN_NONE && when_month(t->zone, month, 1) > w->from ? month
									     : WHEN_NONE;
}

struct each {
	reading_fn *fn;
	void *ctx;
};

static struct reading
reading_of(struct walk *w, const struct pick *k, when_t ts)
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
	struct reading r = reading_of(w, k, ts);

	w->stop = !each->fn(each->ctx, &r);
}

void
trend_each(struct history *h, const struct trend *t, reading_fn *fn, void *ctx)
{
	struct each each = { fn, ctx };
	struct walk w = walk_begin(h, t, hand_on, &each);
	when_t month = WHEN_NONE;

	while (!w.stop && !prog_stopping() && (month = next_month(&w, month)) != WHEN_NONE) {
		if (!begin_month(&w, month))
			continue;
		walk_frames(&w);
		end_month(&w);
	}
	walk_end(&w);
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
	struct walk w = walk_begin(h, t, tally, NULL);
	when_t month = WHEN_NONE;
	size_t i;

	while (!w.stop && !prog_stopping() && (month = next_month(&w, month)) != WHEN_NONE) {
		if (!begin_month(&w, month))
			continue;
		walk_frames(&w);
		for (i = 0; i < w.n && !w.stop; i++) {
			const struct pick *k = &w.picks[i];
			struct tally tally = { month, &k->s, k->samples, k->first, k->last };

			if (k->samples > 0)
				w.stop = !fn(ctx, &tally);
		}
		end_month(&w);
	}
	walk_end(&w);
}

/* The newest sample of a point and attribute, kept until all are found. */
struct newest {
	struct series s; /* texts are the key's */
	when_t ts;
	double value;
	char *json; /* NULL: none */
	char *key;  /* point_id NUL attr NUL thing */
	UT_hash_handle hh;
};

static struct newest *
find_newest(struct newest *found, const struct series *s)
{
	struct buf key = BUF(POINT_ID_MAX + POINT_ATTR_MAX + 2);
	struct newest *n;

	buf_put(&key, s->point_id);
	buf_putc(&key, '\0');
	buf_put(&key, s->attr);
	must(!key.full);
	HASH_FIND(hh, found, key.p, key.n, n);
	buf_free(&key);
	return n;
}

static void
keep_newest(struct newest **found, const struct reading *r)
{
	struct newest *n = xcalloc(1, sizeof(*n));
	const struct series *s = r->series;

	n->key = xmalloc(s->point_id.n + s->attr.n + s->thing.n + 2);
	memcpy(n->key, s->point_id.p, s->point_id.n);
	n->key[s->point_id.n] = '\0';
	memcpy(n->key + s->point_id.n + 1, s->attr.p, s->attr.n);
	n->s.point_id = (struct span){ n->key, s->point_id.n };
	n->s.attr = (struct span){ n->key + s->point_id.n + 1, s->attr.n };
	n->s.thing = (struct span){ n->s.attr.p + s->attr.n, s->thing.n };
	memcpy(n->key + s->point_id.n + 1 + s->attr.n, s->thing.p, s->thing.n);
	n->ts = r->ts;
	n->value = r->value;
	if (r->json.p != NULL)
		n->json = xstrndup(r->json.p, r->json.n);
	HASH_ADD_KEYPTR(hh, *found, n->key, s->point_id.n + 1 + s->attr.n, n);
}

/* Those that a later time has given already are not looked for. */
static void
drop_found(struct walk *w)
{
	struct newest **found = w->ctx;
	size_t i;

	for (i = 0; i < w->n; i++) {
		w->picks[i].done = find_newest(*found, &w->picks[i].s) != NULL;
		w->left -= w->picks[i].done;
	}
}

/* The first that is met is the newest; series of other gateways of the same point are its
 * neighbours. */
static void
take_newest(struct walk *w, struct pick *k, when_t ts)
{
	struct reading r = reading_of(w, k, ts);
	struct pick *end = w->picks + w->n;

	keep_newest(w->ctx, &r);
	while (k > w->picks && is_same_point(k - 1, k))
		k--;
	do {
		w->left -= !k->done;
		k->done = true;
	} while (++k < end && is_same_point(k - 1, k));
}

static int
newest_by_point(const struct newest *a, const struct newest *b)
{
	int c = compare(a->s.point_id, b->s.point_id);

	return c != 0 ? c : compare(a->s.attr, b->s.attr);
}

/* Calls fn for each in order, and frees them. */
static void
give_newest(struct newest *found, reading_fn *fn, void *ctx)
{
	struct newest *n, *next;
	bool more = true;

	HASH_SORT(found, newest_by_point);
	n = found;
	HASH_CLEAR(hh, found);
	for (; n != NULL; n = next) {
		struct reading r = { n->ts, &n->s, n->value, span_of(n->json) };

		next = n->hh.next;
		more = more && fn(ctx, &r);
		free(n->json);
		free(n->key);
		free(n);
	}
}

/* The building's newest frame before `to`, of any gateway; WHEN_NONE: none. */
static when_t
newest_frame(struct walk *w)
{
	when_t month = WHEN_NONE, ts = WHEN_NONE;
	struct month *m;

	while (ts == WHEN_NONE && (month = previous_month(w, month)) != WHEN_NONE) {
		m = history_month(w->h, w->t->building_key, w->t->zone, month);
		if (m != NULL)
			(void)db_one(
			    month_db(m), SQL_FRAME_NEWEST, "i", "i", (int64_t)w->to, &ts);
	}
	return ts;
}

void
trend_latest(struct history *h, const struct trend *t, reading_fn *fn, void *ctx)
{
	struct newest *found = NULL;
	struct walk w = walk_begin(h, t, take_newest, &found);
	when_t month = WHEN_NONE, newest;

	w.back = true;
	newest = w.from == WHEN_NONE ? newest_frame(&w) : WHEN_NONE;
	if (newest != WHEN_NONE)
		w.from = newest - TREND_LOOK_BACK;
	while (!prog_stopping() && (month = previous_month(&w, month)) != WHEN_NONE) {
		if (!begin_month(&w, month))
			continue;
		drop_found(&w);
		walk_frames(&w);
		end_month(&w);
	}
	walk_end(&w);
	give_newest(found, fn, ctx);
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
