/* The newest samples: from the last frame back. */
#include "base/buf.h"
#include "base/diag.h"
#include "base/prog.h"
#include "db/days.h"
#include "db/trend_own.h"

#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

#define FEW 8 /* one in so many */

static bool
is_same_point(const struct pick *a, const struct pick *b)
{
	return span_eq(a->s.point_id, b->s.point_id) && span_eq(a->s.attr, b->s.attr);
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
	struct reading r = trend_reading(w, k, ts);
	struct pick *end = w->picks + w->n;

	keep_newest(w->ctx, &r);
	while (k > w->picks && is_same_point(k - 1, k))
		k--;
	do {
		w->left -= !k->done;
		k->done = true;
	} while (++k < end && is_same_point(k - 1, k));
}

/* The pick whose last sample of the day in hand is the newest; NULL: none has any. */
static struct pick *
latest_pick(const struct walk *w)
{
	struct pick *newest = NULL;
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct pick *k = &w->picks[i];

		if (!k->done && k->last != WHEN_NONE &&
		    (newest == NULL || k->last > newest->last))
			newest = k;
	}
	return newest;
}

static void
walk_chunks_back(struct walk *w, when_t day)
{
	struct pick *k;
	size_t i;

	trend_chunks_open(w, day);
	for (i = 0; i < w->n; i++) {
		k = &w->picks[i];
		for (k->last = WHEN_NONE; k->next != WHEN_NONE; trend_chunk_next(w, k)) {
			k->last = k->next;
			k->value = k->next_value;
		}
	}
	while ((k = latest_pick(w)) != NULL)
		take_newest(w, k, k->last);
	trend_chunks_close(w);
}

/* The last frame has most of what reports at all; the few that have been silent since are
 * looked for in the chunks. */
static void
walk_day_back(struct walk *w, when_t day, when_t from, when_t to)
{
	when_t last = to;

	if (w->left * FEW > w->n &&
	    db_one(month_db(w->m), SQL_FRAME_NEWEST, "i", "i", (int64_t)to, &last))
		trend_walk_frames(w, last > from ? last : from, to);
	if (w->left * FEW > w->n)
		trend_walk_frames(w, from, last);
	else if (w->left > 0)
		walk_chunks_back(w, day);
}

/* A month from its end: whole days of which there are chunks by these, all else by its frames.
 */
static void
walk_month_back(struct walk *w)
{
	const struct zone *zone = w->t->zone;
	when_t begin = w->from > month_from(w->m) ? w->from : month_from(w->m), from, to;
	when_t end = w->to < month_to(w->m) ? w->to : month_to(w->m);
	struct days days = days_kept(w->m, zone);
	size_t i;

	for (i = days.n; i-- > 0 && w->left > 0 && !prog_stopping();) {
		day_frames(w->m, zone, days.all[i], &from, &to);
		if (from < begin || to > end)
			continue;
		trend_walk_frames(w, to, end);
		walk_day_back(w, days.all[i], from, to);
		end = from;
	}
	trend_walk_frames(w, begin, end);
	free(days.all);
}

static int
newest_by_point(const struct newest *a, const struct newest *b)
{
	int c = trend_compare(a->s.point_id, b->s.point_id);

	return c != 0 ? c : trend_compare(a->s.attr, b->s.attr);
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
	struct walk w = trend_walk(h, t, take_newest, &found);
	when_t month = WHEN_NONE, newest;

	w.back = true;
	newest = w.from == WHEN_NONE ? newest_frame(&w) : WHEN_NONE;
	if (newest != WHEN_NONE)
		w.from = newest - TREND_LOOK_BACK;
	while (!prog_stopping() && (month = previous_month(&w, month)) != WHEN_NONE) {
		if (!trend_month_begin(&w, month))
			continue;
		drop_found(&w);
		walk_month_back(&w);
		trend_month_end(&w);
	}
	trend_walk_end(&w);
	give_newest(found, fn, ctx);
}
