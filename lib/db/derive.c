#include "db/derive.h"
#include "base/diag.h"
#include "bms/meter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

#define LOOK_BACK ((when_t)35 * 86400) /* readings further apart make no interval */
#define VALUE SPAN("M_Value")

struct input {
	char *point_id;
	int number;
	UT_hash_handle hh;
};

struct attribute {
	const struct composite_rule *rule;
	int inputs[COMPOSITE_ROLES]; /* in the rule's order, those the unit has */
	size_t n;
	struct series *series;
};

struct unit {
	char *id;
	struct attribute *attributes;
	size_t n;
};

enum { USAGE, DEMAND, PRICE, CHARGE, DERIVED };

struct energy {
	char *point_id;
	char *derived_id[DERIVED];
	int input;
	struct meter meter;
	struct meter_reading
	    last; /* the newest reading; at is WHEN_NONE until one was looked for */
	struct series *series[DERIVED], *mark;
	/* a reading on one side of a time, and the period told for it */
	bool sought;
	struct meter_reading near;
	int64_t near_period;
	struct meter_reading after; /* to whose interval a late frame is the beginning */
	int64_t after_period;
};

/* A sample that is asked for together with others. */
struct want {
	int64_t id, period; /* of its series */
	size_t of;          /* whose: a meter, an input */
	double value;       /* NAN: none, or no number */
};

struct derivation {
	char *thing;
	const struct premises *where;
	struct input *inputs;
	size_t inputs_n;
	struct given {
		double value; /* NAN: not there, or no number */
		int64_t period;
		bool told; /* by this frame */
	} * given;         /* by input */
	struct unit *units;
	size_t units_n;
	struct energy *meters;
	size_t meters_n;
	struct want *wants; /* room for one of each input */
	int64_t *ids;
	uint64_t generation; /* of the month that the series above belong to */
};

static int
add_input(struct derivation *d, struct span point_id)
{
	struct input *in;

	HASH_FIND(hh, d->inputs, point_id.p, point_id.n, in);
	if (in != NULL)
		return in->number;
	in = xcalloc(1, sizeof(*in));
	in->point_id = xstrndup(point_id.p, point_id.n);
	in->number = (int)d->inputs_n++;
	HASH_ADD_KEYPTR(hh, d->inputs, in->point_id, point_id.n, in);
	return in->number;
}

int
derive_input(struct derivation *d, struct span point_id)
{
	struct input *in;

	HASH_FIND(hh, d->inputs, point_id.p, point_id.n, in);
	return in != NULL ? in->number : -1;
}

static struct unit *
add_unit(struct derivation *d, struct span id)
{
	if (d->units_n > 0 && span_is(id, d->units[d->units_n - 1].id))
		return &d->units[d->units_n - 1];
	d->units = xrealloc(d->units, (d->units_n + 1) * sizeof(*d->units));
	d->units[d->units_n] = (struct unit){ .id = xstrndup(id.p, id.n) };
	return &d->units[d->units_n++];
}

static struct attribute *
add_attribute(struct unit *u, const struct composite_rule *rule)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		if (u->attributes[i].rule == rule)
			return &u->attributes[i];
	u->attributes = xrealloc(u->attributes, (u->n + 1) * sizeof(*u->attributes));
	u->attributes[u->n] = (struct attribute){ .rule = rule };
	for (i = 0; i < rule->n; i++)
		u->attributes[u->n].inputs[i] = -1;
	u->attributes[u->n].n = rule->n;
	return &u->attributes[u->n++];
}

static void
add_member(struct derivation *d, struct unit *u, const struct composite_rules *rules,
    struct span class, struct span role, struct span point_id)
{
	size_t i, k;

	for (i = 0; i < rules->n; i++) {
		const struct composite_rule *rule = &rules->rules[i];

		for (k = 0; k < rule->n && span_is(class, rule->class); k++)
			if (span_is(role, rule->roles[k]))
				add_attribute(u, rule)->inputs[k] = add_input(d, point_id);
	}
}

static void
load_units(struct derivation *d, struct db *site, const struct thing *t,
    const struct composite_rules *rules)
{
	struct rows *r =
	    db_rows(site, SQL_COMPOSITE_OF_THING, "ttt", t->customer, t->building, t->name);
	struct span id, class, role, point_id;

	while (rows_next(r, "tttt", &id, &class, &role, &point_id))
		add_member(d, add_unit(d, id), rules, class, role, point_id);
	rows_end(r);
}

static void
add_meter(struct derivation *d, struct span point_id, const struct meter *meter)
{
	static const char *const suffixes[DERIVED] = { "#Usage", "#Demand", "#Price",
		"#Charge" };
	struct energy *e;
	size_t i;

	d->meters = xrealloc(d->meters, (d->meters_n + 1) * sizeof(*d->meters));
	e = &d->meters[d->meters_n++];
	*e = (struct energy){ .point_id = xstrndup(point_id.p, point_id.n),
		.input = add_input(d, point_id),
		.meter = *meter,
		.last = { .at = WHEN_NONE, .value = NAN } };
	for (i = 0; i < DERIVED; i++)
		e->derived_id[i] = xasprintf("%s%s", e->point_id, suffixes[i]);
}

static void
load_meters(struct derivation *d, struct db *site, const struct thing *t)
{
	struct rows *r =
	    db_rows(site, SQL_POINT_METERS, "ttt", t->customer, t->building, t->name);
	struct json *j = json_new();
	struct span point_id, info;
	struct meter meter;
	json_value root;

	while (rows_next(r, "tt", &point_id, &info))
		if (json_parse_copy(j, info, &root) && meter_parse(root, &meter))
			add_meter(d, point_id, &meter);
	rows_end(r);
	json_free(j);
}

struct derivation *
derive_load(struct db *site, const struct thing *t, const struct premises *where,
    const struct composite_rules *rules)
{
	struct derivation *d = xcalloc(1, sizeof(*d));

	d->thing = xstrndup(t->name.p, t->name.n);
	d->where = where;
	load_units(d, site, t, rules);
	load_meters(d, site, t);
	d->given = xcalloc(d->inputs_n, sizeof(*d->given));
	d->wants = xcalloc(d->inputs_n, sizeof(*d->wants));
	d->ids = xcalloc(d->inputs_n, sizeof(*d->ids));
	derive_begin(d);
	return d;
}

void
derive_free(struct derivation *d)
{
	struct input *in, *next;
	size_t i, k;

	if (d == NULL)
		return;
	HASH_ITER(hh, d->inputs, in, next)
	{
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash is done with it */
		HASH_DEL(d->inputs, in);
		free(in->point_id);
		free(in);
	}
	for (i = 0; i < d->units_n; i++) {
		free(d->units[i].id);
		free(d->units[i].attributes);
	}
	for (i = 0; i < d->meters_n; i++) {
		for (k = 0; k < DERIVED; k++)
			free(d->meters[i].derived_id[k]);
		free(d->meters[i].point_id);
	}
	free(d->units);
	free(d->meters);
	free(d->given);
	free(d->wants);
	free(d->ids);
	free(d->thing);
	free(d);
}

void
derive_begin(struct derivation *d)
{
	size_t i;

	for (i = 0; i < d->inputs_n; i++)
		d->given[i] = (struct given){ .value = NAN };
}

void
derive_set(struct derivation *d, int input, double value, int64_t period)
{
	d->given[input] = (struct given){ value, period, true };
}

/* Series belong to a month: in another they are looked for again. */
static void
forget_series(struct derivation *d, const struct month *m)
{
	size_t i, k;

	if (d->generation == month_generation(m))
		return;
	d->generation = month_generation(m);
	for (i = 0; i < d->units_n; i++)
		for (k = 0; k < d->units[i].n; k++)
			d->units[i].attributes[k].series = NULL;
	for (i = 0; i < d->meters_n; i++) {
		d->meters[i].mark = NULL;
		for (k = 0; k < DERIVED; k++)
			d->meters[i].series[k] = NULL;
	}
}

/* Where derived samples go. */
struct sink {
	struct derivation *d;
	struct month *m;
	when_t ts;
	bool again; /* something may stand there already */
	struct batch *b;
};

static struct sink
sink_of(struct derivation *d, struct history *h, when_t ts, bool again, struct batch *b)
{
	struct month *m = history_month(h, d->where->key, d->where->zone, ts);

	forget_series(d, m);
	return (struct sink){ d, m, ts, again, b };
}

static struct series *
find_series(const struct sink *to, struct series **kept, const char *point_id, const char *attr,
    bool add)
{
	if (*kept == NULL)
		*kept = month_series(
		    to->m, span_of(to->d->thing), span_of(point_id), span_of(attr), add);
	return *kept;
}

/* A number, or nothing at all. */
static void
put(const struct sink *to, struct series **kept, const char *point_id, const char *attr,
    double v)
{
	if (!isnan(v))
		batch_add(to->b, find_series(to, kept, point_id, attr, true), v);
	else if (to->again && find_series(to, kept, point_id, attr, false) != NULL)
		month_drop_sample(to->m, to->ts, *kept);
}

static size_t
want(struct derivation *d, struct month *m, const char *point_id, size_t of, size_t n)
{
	struct series *s = month_series(m, span_of(d->thing), span_of(point_id), VALUE, false);

	if (s != NULL)
		d->wants[n++] = (struct want){ s->id, s->period, of, (double)NAN };
	return n;
}

static int
by_id(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* What of n wants, in the order of their ids, there is at ts. */
static void
read_wants(struct derivation *d, struct month *m, when_t ts, size_t n)
{
	struct want key = { .value = NAN }, *w;
	struct rows *r;
	double value;
	size_t i;

	for (i = 0; i < n; i++)
		d->ids[i] = d->wants[i].id;
	r = month_samples(m, ts, d->ids, n);
	while (rows_next(r, "id", &key.id, &value)) {
		w = bsearch(&key, d->wants, n, sizeof(key), by_id);
		must(w != NULL);
		w->value = value;
	}
	rows_end(r);
}

/* Inputs that another part of the same frame brought. */
static void
fill_from_history(struct derivation *d, struct month *m, when_t ts)
{
	struct input *in;
	size_t n = 0, i;

	for (in = d->inputs; in != NULL; in = in->hh.next)
		if (!d->given[in->number].told) {
			d->given[in->number].value = NAN;
			n = want(d, m, in->point_id, (size_t)in->number, n);
		}
	if (n == 0)
		return;
	qsort(d->wants, n, sizeof(*d->wants), by_id);
	read_wants(d, m, ts, n);
	for (i = 0; i < n; i++) {
		d->given[d->wants[i].of].value = d->wants[i].value;
		d->given[d->wants[i].of].period = d->wants[i].period;
	}
}

static void
derive_attribute(const struct sink *to, const struct unit *u, struct attribute *a)
{
	double in[COMPOSITE_ROLES];
	int64_t period = 0;
	size_t i;

	for (i = 0; i < a->n; i++) {
		const struct given *g = a->inputs[i] >= 0 ? &to->d->given[a->inputs[i]] : NULL;

		in[i] = g != NULL ? g->value : (double)NAN;
		if (period == 0 && g != NULL && !isnan(in[i]))
			period = g->period;
	}
	put(to, &a->series, u->id, a->rule->attr,
	    composite_value(a->rule->how, in, a->n, period));
}

static void
derive_units(const struct sink *to)
{
	const struct derivation *d = to->d;
	size_t u, a;

	for (u = 0; u < d->units_n; u++)
		for (a = 0; a < d->units[u].n; a++)
			derive_attribute(to, &d->units[u], &d->units[u].attributes[a]);
}

static struct meter_reading
no_reading(when_t at)
{
	return (struct meter_reading){ .at = at, .value = NAN };
}

/* Those sought that have a series in the month, in the order of its id. */
static size_t
want_sought(struct derivation *d, struct month *m)
{
	size_t i, n = 0;

	for (i = 0; i < d->meters_n; i++)
		if (d->meters[i].sought)
			n = want(d, m, d->meters[i].point_id, i, n);
	if (n > 0)
		qsort(d->wants, n, sizeof(*d->wants), by_id);
	return n;
}

/* Those of n wants that have a reading at ts have found it. Returns how many are left. */
static size_t
find_at(struct derivation *d, struct month *m, when_t ts, size_t n)
{
	size_t i, left = 0;

	read_wants(d, m, ts, n);
	for (i = 0; i < n; i++) {
		const struct want *w = &d->wants[i];
		struct energy *e = &d->meters[w->of];

		if (isnan(w->value)) {
			d->wants[left++] = *w;
			continue;
		}
		e->near = (struct meter_reading){ ts, w->value };
		e->near_period = w->period;
		e->sought = false;
	}
	return left;
}

static bool
any_sought(const struct derivation *d)
{
	size_t i;

	for (i = 0; i < d->meters_n; i++)
		if (d->meters[i].sought)
			return true;
	return false;
}

/* The last readings before ts of the meters sought, no more than LOOK_BACK before it, from the
 * history; value NAN: there is none. */
static void
find_before(struct derivation *d, struct history *h, when_t ts)
{
	when_t at = ts, limit = ts - LOOK_BACK;
	int64_t period;
	size_t i, n;

	for (i = 0; i < d->meters_n; i++)
		if (d->meters[i].sought)
			d->meters[i].near = no_reading(limit);
	while (at > limit && any_sought(d)) {
		struct month *m = history_month_there(h, d->where->key, d->where->zone, at - 1);

		if (m == NULL) { /* a month without any report */
			at = when_month(d->where->zone, at - 1, 0);
			continue;
		}
		n = want_sought(d, m);
		while (n > 0 && month_frame_before(m, span_of(d->thing), at, &at, &period) &&
		       at >= limit)
			n = find_at(d, m, at, n);
		if (at > month_from(m))
			at = month_from(m);
	}
}

/* Their first readings after ts, as near. */
static void
find_after(struct derivation *d, struct history *h, when_t ts)
{
	when_t at = ts, limit = ts + LOOK_BACK;
	int64_t period;
	size_t i, n;

	for (i = 0; i < d->meters_n; i++)
		if (d->meters[i].sought)
			d->meters[i].near = no_reading(limit);
	while (at < limit && any_sought(d)) {
		struct month *m = history_month_there(h, d->where->key, d->where->zone, at + 1);

		if (m == NULL) {
			at = when_month(d->where->zone, at + 1, 1) - 1;
			continue;
		}
		n = want_sought(d, m);
		while (n > 0 && month_frame_after(m, span_of(d->thing), at, &at, &period) &&
		       at <= limit)
			n = find_at(d, m, at, n);
		if (at < month_to(m) - 1)
			at = month_to(m) - 1;
	}
}

/* Money as a sample: the history holds doubles. Bills are worked out from usage, in whole
 * amounts. */
static double
money_double(money_t m)
{
	return (double)m / (double)MONEY_ONE;
}

/* The price in the interval's last period, at its beginning; *whole: it held over all of the
 * interval. MONEY_NONE: no price. period in seconds. */
static money_t
price_of(
    const struct premises *where, const struct meter_interval *i, int64_t period, bool *whole)
{
	const struct tariff_rate *rate;
	money_t price;
	when_t t;

	*whole = true;
	if (where->account == NULL ||
	    tariff_account_at(where->account, i->to - period, &rate) != TARIFF_FOUND)
		return MONEY_NONE;
	price = rate->price;
	for (t = i->from; *whole && t < i->to; t = rate->until) {
		*whole = tariff_account_at(where->account, t, &rate) == TARIFF_FOUND &&
			 rate->price == price;
		must(!*whole || rate->until > t);
	}
	return price;
}

static void
put_mark(const struct sink *to, struct energy *e, enum meter_mark mark)
{
	char json[16];
	int n;

	if (mark == METER_FINE) {
		put(to, &e->mark, e->derived_id[USAGE], "Mark", NAN);
		return;
	}
	n = snprintf(json, sizeof(json), "\"%s\"", meter_mark_name(mark));
	batch_add_json(to->b, find_series(to, &e->mark, e->derived_id[USAGE], "Mark", true),
	    NAN, (struct span){ json, (size_t)n });
}

static void
put_derived(const struct sink *to, struct energy *e, size_t which, double v)
{
	put(to, &e->series[which], e->derived_id[which], "M_Value", v);
}

static void
put_interval(
    const struct sink *to, struct energy *e, const struct meter_interval *i, int64_t period)
{
	bool whole;
	money_t price = price_of(to->d->where, i, period, &whole);
	bool charged = price != MONEY_NONE && whole && !isnan(i->usage);

	batch_add(to->b,
	    find_series(to, &e->series[USAGE], e->derived_id[USAGE], "M_Value", true),
	    i->usage);
	put_mark(to, e, i->mark);
	put_derived(to, e, DEMAND, i->demand);
	put_derived(to, e, PRICE, price != MONEY_NONE ? money_double(price) : (double)NAN);
	put_derived(to, e, CHARGE,
	    charged ? money_double(tariff_charge(price, i->usage)) : (double)NAN);
}

/* There is no reading: takes away what was derived from one that stood there. */
static void
put_nothing(const struct sink *to, struct energy *e)
{
	size_t which;

	for (which = 0; which < DERIVED; which++)
		put_derived(to, e, which, NAN);
	put_mark(to, e, METER_FINE);
}

/* Keeps the newest reading at hand for the next frame. */
static void
remember(struct energy *e, struct meter_reading now, bool late)
{
	if (isnan(now.value)) {
		if (e->last.at == now.at)
			e->last.at = WHEN_NONE;
	} else if (!late || (e->last.at != WHEN_NONE && now.at >= e->last.at)) {
		e->last = now;
	}
}

/* The reading before this frame: the newest, where that is known. */
static void
find_last(struct derivation *d, struct history *h, when_t ts, bool late)
{
	size_t i;

	for (i = 0; i < d->meters_n; i++) {
		struct energy *e = &d->meters[i];

		e->near = e->last;
		e->sought = !isnan(d->given[e->input].value) &&
			    (late || e->last.at == WHEN_NONE || e->last.at >= ts ||
				e->last.at < ts - LOOK_BACK);
	}
	find_before(d, h, ts);
}

static void
derive_meter(const struct sink *to, struct energy *e, bool late)
{
	const struct given *g = &to->d->given[e->input];
	struct meter_reading now = { to->ts, g->value };
	struct meter_interval interval;

	if (isnan(now.value)) {
		put_nothing(to, e);
	} else {
		interval = meter_interval(&e->meter, e->near, now, g->period * 60);
		put_interval(to, e, &interval, g->period * 60);
	}
	remember(e, now, late);
}

void
derive_frame(
    struct derivation *d, struct history *h, const struct derive_at *at, struct batch *b)
{
	struct sink to = sink_of(d, h, at->ts, at->again, b);
	bool late = at->ts < at->newest;
	size_t i;

	if (at->again)
		fill_from_history(d, to.m, at->ts);
	derive_units(&to);
	find_last(d, h, at->ts, late);
	for (i = 0; i < d->meters_n; i++)
		derive_meter(&to, &d->meters[i], late);
}

/* The intervals that end at ts, of those meters whose next reading that is. */
static void
derive_after(struct derivation *d, struct history *h, when_t ts, struct batch *b)
{
	struct meter_interval interval;
	struct sink to;
	size_t i;

	for (i = 0; i < d->meters_n; i++)
		d->meters[i].sought = d->meters[i].after.at == ts;
	find_before(d, h, ts);
	to = sink_of(d, h, ts, true, b);
	batch_clear(b);
	for (i = 0; i < d->meters_n; i++) {
		struct energy *e = &d->meters[i];

		if (e->after.at != ts)
			continue;
		interval = meter_interval(&e->meter, e->near, e->after, e->after_period * 60);
		put_interval(&to, e, &interval, e->after_period * 60);
		e->after.at = WHEN_NONE;
	}
	batch_write(b, to.m, ts);
}

void
derive_next(
    struct derivation *d, struct history *h, const struct derive_at *at, struct batch *b)
{
	size_t i;

	for (i = 0; i < d->meters_n; i++)
		d->meters[i].sought = d->given[d->meters[i].input].told;
	for (i = 0; i < d->meters_n; i++)
		d->meters[i].near = no_reading(WHEN_NONE);
	find_after(d, h, at->ts);
	for (i = 0; i < d->meters_n; i++) {
		struct energy *e = &d->meters[i];

		e->after = e->near;
		e->after_period = e->near_period;
		if (isnan(e->after.value))
			e->after.at = WHEN_NONE;
	}
	for (i = 0; i < d->meters_n; i++)
		if (d->meters[i].after.at != WHEN_NONE)
			derive_after(d, h, d->meters[i].after.at, b);
}
