#include "db/load.h"
#include "base/diag.h"

#include <math.h>
#include <stdlib.h>

struct meter {
	char *thing, *usage, *demand; /* the two are ids of derived points */
};

struct meters {
	struct meter *all;
	size_t n, room;
};

struct reading {
	struct load *l;
	size_t room;
	struct history *h;
	const struct place *place;
	when_t from, to;
};

/* A building's main meters measure what the others do, too. */
static bool
is_main(struct span id)
{
	return span_is(point_parts(id).role, "MainMeter");
}

/* The meters there are; or, of these, only the main ones. */
static struct meters
list_meters(struct db *site, const struct place *place, const char *point, bool main_only)
{
	struct rows *r = db_rows(
	    site, SQL_ENERGY_POINTS, "tt", place->building.customer, place->building.building);
	struct meters ms = { 0 };
	struct span id, thing;

	while (rows_next(r, "tt", &id, &thing)) {
		if ((point != NULL && !span_is(id, point)) || (main_only && !is_main(id)))
			continue;
		if (ms.n == ms.room) {
			ms.room = ms.room > 0 ? ms.room * 2 : 8;
			ms.all = xrealloc(ms.all, ms.room * sizeof(*ms.all));
		}
		ms.all[ms.n++] = (struct meter){ xstrndup(thing.p, thing.n),
			xasprintf("%.*s#Usage", SPAN_ARG(id)),
			xasprintf("%.*s#Demand", SPAN_ARG(id)) };
	}
	rows_end(r);
	return ms;
}

static struct meters
find_meters(struct db *site, const struct place *place, const char *point)
{
	struct meters ms = list_meters(site, place, point, point == NULL);

	return ms.n > 0 ? ms : list_meters(site, place, point, false);
}

static void
put(struct reading *x, struct load_interval i)
{
	if (x->l->n == x->room) {
		x->room = x->room > 0 ? x->room * 2 : 1024;
		x->l->all = xrealloc(x->l->all, x->room * sizeof(*x->l->all));
	}
	x->l->all[x->l->n++] = i;
}

/* One meter in one month. */
static void
read_month(struct reading *x, struct month *m, const struct meter *meter)
{
	struct span thing = span_of(meter->thing), value = SPAN("M_Value");
	struct series *usage = month_series(m, thing, span_of(meter->usage), value, false);
	struct series *demand = month_series(m, thing, span_of(meter->demand), value, false);
	when_t from = x->from + 1 > month_from(m) ? x->from + 1 : month_from(m);
	when_t to = x->to + 1 < month_to(m) ? x->to + 1 : month_to(m);
	int64_t ts, period;
	struct rows *r;

	if (usage == NULL)
		return;
	r = db_rows(month_db(m), SQL_FRAME_LIST, "tii", thing, (int64_t)from, (int64_t)to);
	while (rows_next(r, "ii", &ts, &period)) {
		struct load_interval i = { .from = ts - period * 60, .to = ts, .kw = NAN };

		if (!month_get_sample(m, ts, usage, &i.kwh) || isnan(i.kwh))
			continue;
		if (demand == NULL || !month_get_sample(m, ts, demand, &i.kw))
			i.kw = NAN;
		put(x, i);
	}
	rows_end(r);
}

static int
by_end(const void *a, const void *b)
{
	const struct load_interval *x = a, *y = b;

	return (x->to > y->to) - (x->to < y->to);
}

/* Intervals that end together are one. */
static void
merge(struct load *l)
{
	size_t i, n = 0;

	if (l->n > 0)
		qsort(l->all, l->n, sizeof(*l->all), by_end);
	for (i = 0; i < l->n; i++) {
		if (n > 0 && l->all[n - 1].to == l->all[i].to) {
			l->all[n - 1].kwh += l->all[i].kwh;
			l->all[n - 1].kw += l->all[i].kw;
		} else {
			l->all[n++] = l->all[i];
		}
	}
	l->n = n;
}

void
load_read(struct load *l, struct db *site, struct history *h, const struct place *place,
    const char *point, when_t from, when_t to)
{
	struct meters ms = find_meters(site, place, point);
	struct reading x = { .l = l, .h = h, .place = place, .from = from, .to = to };
	struct month *m;
	when_t t;
	size_t i;

	*l = (struct load){ .points = ms.n };
	for (t = when_month(place->zone, from, 0); t <= to; t = when_month(place->zone, t, 1)) {
		m = history_month_there(h, place->key, place->zone, t);
		for (i = 0; m != NULL && i < ms.n; i++)
			read_month(&x, m, &ms.all[i]);
	}
	merge(l);
	for (i = 0; i < ms.n; i++) {
		free(ms.all[i].thing);
		free(ms.all[i].usage);
		free(ms.all[i].demand);
	}
	free(ms.all);
}

void
load_free(struct load *l)
{
	free(l->all);
	*l = (struct load){ 0 };
}
