#include "db/energy.h"
#include "base/diag.h"
#include "base/prog.h"
#include "db/days.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const char *const parts[] = { "#Usage", "#Demand", "#Charge" };

enum part { USAGE, DEMAND, CHARGE, MARK, OTHER };

/* What comes to a sum. */
struct part_sum {
	int64_t usage; /* in millionths of a kWh */
	money_t charge;
	int64_t used, charged, intervals, marked, first; /* how many */
	double demand;                                   /* NAN: none known */
	when_t demand_at;
};

/* A meter's sum in the bucket in hand. */
struct meter_sum {
	char *id;
	struct part_sum sum;
	UT_hash_handle hh;
};

static const struct part_sum nothing = { .demand = NAN, .demand_at = WHEN_NONE };

struct bill {
	const struct zone *zone;
	const struct opt_list *points; /* the meters asked for */
	const char *thing;             /* the gateway, or NULL */
	enum energy_by by;
	when_t from, to; /* of the bucket; WHEN_NONE: none begun */
	struct meter_sum *meters;
	energy_fn *fn;
	void *ctx;
	bool more;
};

bool
energy_by_parse(const char *text, enum energy_by *by)
{
	static const char *const names[] = { "hour", "day", "month" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*by = (enum energy_by)i;
			return true;
		}
	return false;
}

/* Which derived point of which meter a series is. */
static enum part
part_of(const struct series *s, struct span *meter)
{
	size_t i;

	for (i = 0; i < PARTS; i++) {
		size_t n = strlen(parts[i]);

		if (s->point_id.n <= n ||
		    memcmp(s->point_id.p + s->point_id.n - n, parts[i], n) != 0)
			continue;
		*meter = (struct span){ s->point_id.p, s->point_id.n - n };
		if (span_is(s->attr, "M_Value"))
			return (enum part)i;
		return i == USAGE && span_is(s->attr, "Mark") ? MARK : OTHER;
	}
	return OTHER;
}

static int
by_id(const struct meter_sum *a, const struct meter_sum *b)
{
	return strcmp(a->id, b->id);
}

static struct meter_sum *
meter_of(struct bill *b, struct span id)
{
	struct meter_sum *m;

	HASH_FIND(hh, b->meters, id.p, id.n, m);
	if (m != NULL)
		return m;
	m = xcalloc(1, sizeof(*m));
	m->id = xstrndup(id.p, id.n);
	m->sum = nothing;
	HASH_ADD_KEYPTR(hh, b->meters, m->id, id.n, m);
	HASH_SORT(b->meters, by_id);
	return m;
}

static void
end_bucket(struct bill *b)
{
	struct meter_sum *m;

	for (m = b->meters; m != NULL; m = m->hh.next) {
		const struct part_sum *p = &m->sum;
		struct energy_sum s = { .from = b->from,
			.to = b->to,
			.point_id = span_of(m->id),
			.usage = p->used > 0 ? (double)p->usage / 1e6 : (double)NAN,
			.demand = p->demand,
			.demand_at = p->demand_at,
			.charge = p->charged > 0 ? (double)p->charge / (double)MONEY_ONE
						 : (double)NAN,
			.intervals = p->intervals,
			.marked = p->marked,
			.uncharged = p->used - p->charged };

		if (b->more && p->intervals > p->first)
			b->more = b->fn(b->ctx, &s);
		m->sum = nothing;
	}
}

/* The hour, day or month that t is in. */
static void
begin_bucket(struct bill *b, when_t t)
{
	switch (b->by) {
	case ENERGY_BY_HOUR:
		b->from = when_hour(b->zone, t);
		b->to = when_next_hour(b->zone, t);
		break;
	case ENERGY_BY_DAY:
		b->from = when_day(b->zone, t, 0);
		b->to = when_day(b->zone, t, 1);
		break;
	case ENERGY_BY_MONTH:
		b->from = when_month(b->zone, t, 0);
		b->to = when_month(b->zone, t, 1);
		break;
	}
}

static void
add_demand(struct part_sum *to, double demand, when_t at)
{
	if (isnan(demand) || (!isnan(to->demand) && demand <= to->demand))
		return;
	to->demand = demand;
	to->demand_at = at;
}

static void
add(struct part_sum *to, enum part part, const struct reading *r)
{
	if (part == MARK) {
		to->marked++;
		to->first += span_is(r->json, "\"first\"");
	}
	if (part == USAGE)
		to->intervals++;
	if (part == MARK || isnan(r->value))
		return;
	if (part == USAGE) {
		to->usage += llround(r->value * 1e6);
		to->used++;
	} else if (part == CHARGE) {
		to->charge += llround(r->value * (double)MONEY_ONE);
		to->charged++;
	} else {
		add_demand(to, r->value, r->ts);
	}
}

static void
merge(struct part_sum *to, const struct part_sum *from)
{
	to->usage += from->usage;
	to->charge += from->charge;
	to->used += from->used;
	to->charged += from->charged;
	to->intervals += from->intervals;
	to->marked += from->marked;
	to->first += from->first;
	add_demand(to, from->demand, from->demand_at);
}

/* The bucket that an interval ending at ts belongs to is begun. */
static void
reach(struct bill *b, when_t ts)
{
	if (b->to != WHEN_NONE && ts <= b->to)
		return;
	end_bucket(b);
	begin_bucket(b, ts - 1);
}

static bool
take(void *ctx, const struct reading *r)
{
	struct bill *b = ctx;
	struct span meter;
	enum part part = part_of(r->series, &meter);

	if (part == OTHER)
		return true;
	reach(b, r->ts);
	add(&meter_of(b, meter)->sum, part, r);
	return b->more;
}

/* The derived points of the meters asked for. */
static void
derived_points(const struct opt_list *meters, struct opt_list *points)
{
	size_t i, k;

	for (k = 0; k < PARTS; k++) {
		if (meters->n == 0)
			opt_list_add(points, xasprintf("*%s", parts[k]));
		for (i = 0; i < meters->n; i++)
			opt_list_add(points, xasprintf("%s%s", meters->items[i], parts[k]));
	}
}

static void
free_bill(struct bill *b)
{
	struct meter_sum *m = b->meters, *next;

	HASH_CLEAR(hh, b->meters);
	for (; m != NULL; m = next) {
		next = m->hh.next;
		free(m->id);
		free(m);
	}
}

/* ---- days that have been summed ---- */

static bool
is_asked_for(const struct bill *b, struct span meter, struct span thing)
{
	size_t i;

	if (b->thing != NULL && !span_is(thing, b->thing))
		return false;
	for (i = 0; i < b->points->n; i++)
		if (trend_item_matches(b->points->items[i], meter))
			return true;
	return b->points->n == 0;
}

static void
take_day(struct bill *b, struct month *m, when_t day)
{
	struct rows *r = db_rows(month_db(m), SQL_ENERGY_DAY_ROWS, "i", (int64_t)day);
	struct span id, thing;
	struct part_sum p;

	reach(b, day + 1);
	while (rows_next(r, "ttiiiiiiidw", &id, &thing, &p.usage, &p.charge, &p.intervals,
	    &p.used, &p.charged, &p.marked, &p.first, &p.demand, &p.demand_at)) {
		id.n -= strlen(parts[USAGE]);
		if (is_asked_for(b, id, thing))
			merge(&meter_of(b, id)->sum, &p);
	}
	rows_end(r);
}

struct work {
	struct history *h;
	struct trend derived; /* points of the meters; its time is that of frames */
	struct bill *bill;
};

static void
take_samples(struct work *w, when_t from, when_t to)
{
	struct trend t = w->derived;

	t.from = from;
	t.to = to;
	if (from < to && w->bill->more)
		trend_each(w->h, &t, take, w->bill);
}

/* Days that are summed by their sums, the others, and parts of days, by their samples. */
static void
take_month(struct work *w, when_t month)
{
	const struct trend *t = &w->derived;
	struct month *m = history_month(w->h, t->building_key, t->zone, month);
	when_t at, end, from, to;
	struct days days;
	size_t i;

	if (m == NULL)
		return;
	at = t->from > month_from(m) ? t->from : month_from(m);
	end = t->to != WHEN_NONE && t->to < month_to(m) ? t->to : month_to(m);
	days = days_kept(m, t->zone);
	for (i = 0; i < days.n && w->bill->more; i++) {
		day_frames(m, t->zone, days.all[i], &from, &to);
		if (from < at || to > end)
			continue;
		take_samples(w, at, from);
		take_day(w->bill, m, days.all[i]);
		at = to;
	}
	take_samples(w, at, end);
	free(days.all);
}

static void
take_months(struct work *w)
{
	const struct trend *t = &w->derived;
	when_t month = t->from != WHEN_NONE ? when_month(t->zone, t->from, 0) - 1 : WHEN_NONE;

	while (
	    w->bill->more && !prog_stopping() &&
	    (month = history_next_month(w->h, t->building_key, t->zone, month)) != WHEN_NONE &&
	    (t->to == WHEN_NONE || month < t->to))
		take_month(w, month);
}

void
energy_each(
    struct history *h, const struct trend *t, enum energy_by by, energy_fn *fn, void *ctx)
{
	struct bill b = { .zone = t->zone,
		.points = t->points,
		.thing = t->thing,
		.by = by,
		.to = WHEN_NONE,
		.fn = fn,
		.ctx = ctx,
		.more = true };
	struct opt_list points = { 0 };
	struct work w = { .h = h, .derived = *t, .bill = &b };
	size_t i;

	derived_points(t->points, &points);
	w.derived.points = &points;
	w.derived.attr = NULL;
	/* an interval is known by its end */
	w.derived.from = t->from != WHEN_NONE ? t->from + 1 : WHEN_NONE;
	w.derived.to = t->to != WHEN_NONE ? t->to + 1 : WHEN_NONE;
	if (by == ENERGY_BY_HOUR)
		trend_each(h, &w.derived, take, &b);
	else
		take_months(&w);
	end_bucket(&b);
	free_bill(&b);
	for (i = 0; i < points.n; i++)
		free((char *)(uintptr_t)points.items[i]);
	opt_list_free(&points);
}

/* ---- summing ---- */

/* A meter's day, as one gateway reported it, by the series of its usage. */
struct series_sum {
	int64_t series;
	char *key; /* meter NUL thing */
	struct part_sum sum;
	UT_hash_handle hh;
};

static bool
take_series(void *ctx, const struct reading *r)
{
	struct series_sum **all = ctx, *s;
	struct span meter;
	enum part part = part_of(r->series, &meter);
	char key[POINT_ID_MAX + THING_MAX + 8];
	int n;

	if (part == OTHER)
		return true;
	n = snprintf(
	    key, sizeof(key), "%.*s/%.*s", SPAN_ARG(meter), SPAN_ARG(r->series->thing));
	must(n > 0 && (size_t)n < sizeof(key));
	HASH_FIND(hh, *all, key, (size_t)n, s);
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->key = xstrdup(key);
		s->sum = nothing;
		HASH_ADD_KEYPTR(hh, *all, s->key, (size_t)n, s);
	}
	if (part == USAGE)
		s->series = r->series->id;
	add(&s->sum, part, r);
	return true;
}

struct energy_day {
	struct series_sum *all;
};

struct energy_day *
energy_day_read(struct history *h, struct span building_key, const struct zone *zone,
    when_t from, when_t to)
{
	struct energy_day *d = xcalloc(1, sizeof(*d));
	const struct opt_list none = { 0 };
	struct opt_list points = { 0 };
	struct trend t = { .building_key = building_key,
		.zone = zone,
		.points = &points,
		.from = from,
		.to = to };
	size_t i;

	derived_points(&none, &points);
	trend_each(h, &t, take_series, &d->all);
	for (i = 0; i < points.n; i++)
		free((char *)(uintptr_t)points.items[i]);
	opt_list_free(&points);
	return d;
}

void
energy_day_free(struct energy_day *d)
{
	struct series_sum *s, *next;

	if (d == NULL)
		return;
	s = d->all;
	HASH_CLEAR(hh, d->all);
	for (; s != NULL; s = next) {
		next = s->hh.next;
		free(s->key);
		free(s);
	}
	free(d);
}

void
energy_day_keep(struct db *db, when_t day, const struct energy_day *d)
{
	const struct series_sum *s;

	(void)db_run(db, SQL_ENERGY_DAY_DROP, "i", (int64_t)day);
	for (s = d->all; s != NULL; s = s->hh.next)
		if (s->series != 0)
			(void)db_run(db, SQL_ENERGY_DAY_PUT, "iiiiiiiiidw", (int64_t)day,
			    s->series, s->sum.usage, s->sum.charge, s->sum.intervals,
			    s->sum.used, s->sum.charged, s->sum.marked, s->sum.first,
			    s->sum.demand, s->sum.demand_at);
}
