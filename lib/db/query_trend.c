/* Trends: by interval, and thinned out to be drawn. */
#include "bms/aggregate.h"
#include "db/query_own.h"

#include <math.h>
#include <stdlib.h>

#define LOOK_BACK 5400 /* seconds: what stood at the beginning was read no earlier */

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

/* A point and attribute, whichever gateway reports it. */
struct curve {
	char *key; /* point_id NUL attr */
	struct span point_id, attr;
	struct aggregate a;
	struct aggregate_pair {
		when_t at;
		double value;
	} low, high; /* of the bucket in hand */
	int64_t n;   /* in it */
	char thing[THING_MAX];
	UT_hash_handle hh;
};

struct curves {
	struct query *q;
	struct curve *all; /* in order of point and attribute */
	struct aggregate_interval interval;
	int64_t width; /* of a bucket to be drawn, in seconds */
	when_t begin, from,
	    to; /* what was asked for begins; the bucket in hand; WHEN_NONE: none */
	bool more;
};

static int
by_key(const struct curve *a, const struct curve *b)
{
	int c = strcmp(a->key, b->key);

	return c != 0 ? c : strcmp(a->attr.p, b->attr.p);
}

static struct curve *
curve_of(struct curves *cs, const struct series *s)
{
	char key[POINT_ID_MAX + POINT_ATTR_MAX + 2];
	size_t n = s->point_id.n + 1 + s->attr.n;
	struct curve *c;

	must(n < sizeof(key));
	memcpy(key, s->point_id.p, s->point_id.n);
	key[s->point_id.n] = '\0';
	memcpy(key + s->point_id.n + 1, s->attr.p, s->attr.n);
	key[n] = '\0';
	HASH_FIND(hh, cs->all, key, n, c);
	if (c != NULL)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->key = xmalloc(n + 1);
	memcpy(c->key, key, n + 1);
	c->point_id = (struct span){ c->key, s->point_id.n };
	c->attr = (struct span){ c->key + s->point_id.n + 1, s->attr.n };
	aggregate_begin(&c->a);
	HASH_ADD_KEYPTR(hh, cs->all, c->key, n, c);
	HASH_SORT(cs->all, by_key);
	return c;
}

static void
free_curves(struct curves *cs)
{
	struct curve *c = cs->all, *next;

	HASH_CLEAR(hh, cs->all);
	for (; c != NULL; c = next) {
		next = c->hh.next;
		free(c->key);
		free(c);
	}
}

/* ---- by interval ---- */

static void
put_interval(struct curves *cs, const struct curve *c)
{
	struct query *q = cs->q;
	const struct aggregate *a = &c->a;

	if (!cs->more || !(cs->more = query_more(q)) || !query_row_at(q, cs->from))
		return;
	query_when(q, cs->from);
	query_when(q, cs->to);
	table_text(q->table, c->point_id);
	table_text(q->table, c->attr);
	table_double(q->table, aggregate_mean(a));
	table_double(q->table, a->min);
	table_double(q->table, a->max);
	table_double(q->table, a->count > 0 ? a->sum : (double)NAN);
	table_int(q->table, a->count);
	query_round(q, (double)a->covered / (double)(cs->to - cs->from), 4);
}

static void
end_interval(struct curves *cs, when_t until)
{
	struct curve *c;

	for (c = cs->all; c != NULL; c = c->hh.next) {
		aggregate_end(&c->a, until < cs->to ? until : cs->to);
		put_interval(cs, c);
		aggregate_next(&c->a);
	}
}

/* Up to the interval that ts is in; those without a reading are told, too. */
static void
advance(struct curves *cs, when_t ts)
{
	struct curve *c;

	if (cs->to == WHEN_NONE) {
		aggregate_bounds(&cs->interval, cs->q->trend.zone, ts, &cs->from, &cs->to);
		return;
	}
	while (cs->more && ts >= cs->to) {
		end_interval(cs, cs->to);
		aggregate_bounds(&cs->interval, cs->q->trend.zone, cs->to, &cs->from, &cs->to);
		for (c = cs->all; c != NULL; c = c->hh.next)
			aggregate_from(&c->a, cs->from);
	}
}

static bool
take_reading(void *ctx, const struct reading *r)
{
	struct curves *cs = ctx;
	struct curve *c = curve_of(cs, r->series);

	if (r->ts < cs->begin) { /* it only covers what follows */
		aggregate_add(&c->a, r->ts, r->value, r->series->period);
		aggregate_next(&c->a);
		aggregate_from(&c->a, cs->begin);
		return true;
	}
	if (cs->begin != WHEN_NONE && cs->to == WHEN_NONE)
		advance(cs, cs->begin);
	advance(cs, r->ts);
	aggregate_add(&c->a, r->ts, r->value, r->series->period);
	return cs->more;
}

void
query_trend(struct query *q)
{
	static const char *const columns[] = { "from", "to", "point_id", "attr", "mean", "min",
		"max", "sum", "count", "coverage" };
	struct curves cs = { .q = q, .from = WHEN_NONE, .to = WHEN_NONE, .more = true };
	when_t resume = query_resume(q), end = q->trend.to != WHEN_NONE ? q->trend.to : q->now;

	if (!aggregate_interval_parse(q->o->by != NULL ? q->o->by : "hour", &cs.interval))
		opt_wrong("--by: not 15m, hour, day, week, month: %s", q->o->by);
	if (resume != WHEN_NONE)
		q->trend.from = resume;
	cs.begin = q->trend.from;
	if (q->trend.from != WHEN_NONE)
		q->trend.from -= LOOK_BACK;
	QUERY_TABLE(q, columns);
	trend_each(q->history, &q->trend, take_reading, &cs);
	if (cs.more && cs.to != WHEN_NONE)
		end_interval(&cs, end);
	(void)table_end(q->table);
	free_curves(&cs);
}

/* ---- to be drawn ---- */

static void
put_drawn(struct curves *cs, const struct curve *c, const struct aggregate_pair *p)
{
	struct query *q = cs->q;

	if (!cs->more || !(cs->more = query_more(q)) || !query_row_at(q, p->at))
		return;
	query_when(q, p->at);
	table_text(q->table, c->point_id);
	table_text(q->table, c->attr);
	table_double(q->table, p->value);
	table_str(q->table, c->thing);
}

/* The least and the greatest of each, the earlier one first. */
static void
end_bucket(struct curves *cs)
{
	struct curve *c;

	for (c = cs->all; c != NULL; c = c->hh.next) {
		bool low_first = c->low.at <= c->high.at;

		if (c->n > 0)
			put_drawn(cs, c, low_first ? &c->low : &c->high);
		if (c->n > 1 && c->low.at != c->high.at)
			put_drawn(cs, c, low_first ? &c->high : &c->low);
		c->n = 0;
	}
}

static bool
take_drawn(void *ctx, const struct reading *r)
{
	struct curves *cs = ctx;
	struct curve *c = curve_of(cs, r->series);

	if (isnan(r->value))
		return true;
	if (cs->from == WHEN_NONE)
		cs->from = r->ts;
	if (r->ts >= cs->from + cs->width) {
		end_bucket(cs);
		cs->from += (r->ts - cs->from) / cs->width * cs->width;
	}
	if (c->n == 0 || r->value < c->low.value)
		c->low = (struct aggregate_pair){ r->ts, r->value };
	if (c->n == 0 || r->value > c->high.value)
		c->high = (struct aggregate_pair){ r->ts, r->value };
	if (c->n++ == 0 && r->series->thing.n < sizeof(c->thing)) {
		memcpy(c->thing, r->series->thing.p, r->series->thing.n);
		c->thing[r->series->thing.n] = '\0';
	}
	return cs->more;
}

void
query_drawn(struct query *q, const char *const columns[], size_t n)
{
	const struct trend *t = &q->trend;
	when_t from = t->from, to = t->to, last;
	struct curves cs = { .q = q, .more = true };

	if (q->o->after != NULL)
		opt_wrong("--after: goes with --max-points as little as pages do");
	if (q->o->max_points < 2)
		opt_wrong("--max-points: 2 and up");
	if (from == WHEN_NONE)
		from = history_next_month(q->history, t->building_key, t->zone, WHEN_NONE);
	if (to == WHEN_NONE) { /* up to now, or to the end of what there is */
		last = history_previous_month(q->history, t->building_key, t->zone, WHEN_NONE);
		to = last != WHEN_NONE ? when_month(t->zone, last, 1) : q->now;
		to = to < q->now ? to : q->now;
	}
	cs.from = from;
	cs.width =
	    from != WHEN_NONE && to > from ? (to - from) / (q->o->max_points / 2) + 1 : 1;
	q->table = table_begin(table_form(&q->o->form), columns, n);
	trend_each(q->history, &q->trend, take_drawn, &cs);
	end_bucket(&cs);
	(void)table_end(q->table);
	free_curves(&cs);
}
