#include "db/energy.h"
#include "base/diag.h"

#include <math.h>
#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const char *const parts[] = { "#Usage", "#Demand", "#Charge" };

enum part { USAGE, DEMAND, CHARGE, MARK, OTHER };

/* A meter's sum in the bucket in hand. */
struct meter_sum {
	char *id;
	int64_t usage; /* in millionths of a kWh */
	money_t charge;
	int64_t used, charged, intervals, marked, first; /* how many */
	double demand;
	when_t demand_at;
	UT_hash_handle hh;
};

struct bill {
	const struct zone *zone;
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
	m->demand = NAN;
	HASH_ADD_KEYPTR(hh, b->meters, m->id, id.n, m);
	HASH_SORT(b->meters, by_id);
	return m;
}

static void
end_bucket(struct bill *b)
{
	struct meter_sum *m;

	for (m = b->meters; m != NULL; m = m->hh.next) {
		struct energy_sum s = { .from = b->from,
			.to = b->to,
			.point_id = span_of(m->id),
			.usage = m->used > 0 ? (double)m->usage / 1e6 : (double)NAN,
			.demand = m->demand,
			.demand_at = m->demand_at,
			.charge = m->charged > 0 ? (double)m->charge / (double)MONEY_ONE
						 : (double)NAN,
			.intervals = m->intervals,
			.marked = m->marked,
			.uncharged = m->used - m->charged };

		if (b->more && m->intervals > m->first)
			b->more = b->fn(b->ctx, &s);
		m->usage = m->charge = 0;
		m->used = m->charged = m->intervals = m->marked = m->first = 0;
		m->demand = NAN;
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
add(struct meter_sum *m, enum part part, const struct reading *r)
{
	if (part == MARK) {
		m->marked++;
		m->first += span_is(r->json, "\"first\"");
	}
	if (part == USAGE)
		m->intervals++;
	if (part == MARK || isnan(r->value))
		return;
	if (part == USAGE) {
		m->usage += llround(r->value * 1e6);
		m->used++;
	} else if (part == CHARGE) {
		m->charge += llround(r->value * (double)MONEY_ONE);
		m->charged++;
	} else if (isnan(m->demand) || r->value > m->demand) {
		m->demand = r->value;
		m->demand_at = r->ts;
	}
}

static bool
take(void *ctx, const struct reading *r)
{
	struct bill *b = ctx;
	struct span meter;
	enum part part = part_of(r->series, &meter);

	if (part == OTHER)
		return true;
	if (b->to == WHEN_NONE || r->ts > b->to) {
		end_bucket(b);
		begin_bucket(b, r->ts - 1);
	}
	add(meter_of(b, meter), part, r);
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

void
energy_each(
    struct history *h, const struct trend *t, enum energy_by by, energy_fn *fn, void *ctx)
{
	struct bill b = {
		.zone = t->zone, .by = by, .to = WHEN_NONE, .fn = fn, .ctx = ctx, .more = true
	};
	struct opt_list points = { 0 };
	struct trend derived = *t;
	size_t i;

	derived_points(t->points, &points);
	derived.points = &points;
	derived.attr = NULL;
	/* an interval is known by its end */
	derived.from = t->from != WHEN_NONE ? t->from + 1 : WHEN_NONE;
	derived.to = t->to != WHEN_NONE ? t->to + 1 : WHEN_NONE;
	trend_each(h, &derived, take, &b);
	end_bucket(&b);
	free_bill(&b);
	for (i = 0; i < points.n; i++)
		free((char *)(uintptr_t)points.items[i]);
	opt_list_free(&points);
}
