#include "db/derive.h"
#include "base/diag.h"
#include "bms/meter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

#define LOOK_BACK ((when_t)35 * 86400) /* a reading older than this starts afresh */
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
};

struct derivation {
	char *thing;
	const struct premises *where;
	struct input *inputs;
	size_t inputs_n;
	double *value; /* of each input in this frame; NAN: not there */
	struct unit *units;
	size_t units_n;
	struct energy *meters;
	size_t meters_n;
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
	d->value = xcalloc(d->inputs_n, sizeof(*d->value));
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
	free(d->value);
	free(d->thing);
	free(d);
}

void
derive_begin(struct derivation *d)
{
	size_t i;

	for (i = 0; i < d->inputs_n; i++)
		d->value[i] = NAN;
}

void
derive_set(struct derivation *d, int input, double value)
{
	d->value[input] = value;
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

/* Inputs that an earlier part of the same frame brought. */
static void
fill_from_history(struct derivation *d, struct month *m, when_t ts)
{
	struct input *in;

	for (in = d->inputs; in != NULL; in = in->hh.next) {
		struct series *s;

		if (!isnan(d->value[in->number]))
			continue;
		s = month_series(m, span_of(d->thing), span_of(in->point_id), VALUE, false);
		if (s != NULL && !month_get_sample(m, ts, s, &d->value[in->number]))
			d->value[in->number] = NAN;
	}
}

static void
derive_units(struct derivation *d, struct month *m, int64_t period, struct batch *b)
{
	double in[COMPOSITE_ROLES];
	size_t u, a, i;

	for (u = 0; u < d->units_n; u++) {
		for (a = 0; a < d->units[u].n; a++) {
			struct attribute *at = &d->units[u].attributes[a];
			double v;

			for (i = 0; i < at->n; i++)
				in[i] =
				    at->inputs[i] >= 0 ? d->value[at->inputs[i]] : (double)NAN;
			v = composite_value(at->rule->how, in, at->n, period);
			if (isnan(v))
				continue;
			if (at->series == NULL)
				at->series = month_series(m, span_of(d->thing),
				    span_of(d->units[u].id), span_of(at->rule->attr), true);
			batch_add(b, at->series, v);
		}
	}
}

/* The meter's last reading before ts, from the history: at is ts minus LOOK_BACK, value NAN,
 * where there is none. */
static struct meter_reading
reading_before(const struct derivation *d, struct history *h, const struct energy *e, when_t ts)
{
	struct meter_reading found = { .at = ts - LOOK_BACK, .value = NAN };
	when_t at = ts, limit = ts - LOOK_BACK;
	int64_t period;

	while (at > limit) {
		struct month *m = history_month_there(h, d->where->key, d->where->zone, at - 1);
		struct series *s;

		if (m == NULL)
			return found;
		s = month_series(m, span_of(d->thing), span_of(e->point_id), VALUE, false);
		while (
		    s != NULL && month_frame_before(m, span_of(d->thing), at, &at, &period)) {
			if (!month_get_sample(m, at, s, &found.value) || isnan(found.value))
				continue;
			found.at = at;
			return found;
		}
		at = month_from(m);
	}
	return found;
}

/* Its first reading after ts, up to the newest frame; at is WHEN_NONE where there is none. */
static struct meter_reading
reading_after(const struct derivation *d, struct history *h, const struct energy *e, when_t ts,
    when_t newest)
{
	struct meter_reading found = { .at = WHEN_NONE, .value = NAN };
	when_t at = ts;
	int64_t period;

	while (at < newest) {
		struct month *m = history_month_there(h, d->where->key, d->where->zone, at + 1);
		struct series *s;

		if (m == NULL) { /* a month without any report */
			at = when_month(d->where->zone, at + 1, 1) - 1;
			continue;
		}
		s = month_series(m, span_of(d->thing), span_of(e->point_id), VALUE, false);
		while (s != NULL && month_frame_after(m, span_of(d->thing), at, &at, &period)) {
			if (!month_get_sample(m, at, s, &found.value) || isnan(found.value))
				continue;
			found.at = at;
			return found;
		}
		at = month_to(m) - 1;
	}
	return found;
}

static struct series *
derived_series(const struct derivation *d, struct energy *e, struct month *m, size_t which)
{
	if (e->series[which] == NULL)
		e->series[which] = month_series(
		    m, span_of(d->thing), span_of(e->derived_id[which]), VALUE, true);
	return e->series[which];
}

/* Money as a sample: the history holds doubles. Bills are worked out from usage, in whole
 * amounts. */
static double
money_double(money_t m)
{
	return (double)m / (double)MONEY_ONE;
}

/* Price at the interval's beginning; *whole: it held throughout. MONEY_NONE: no price. */
static money_t
price_of(
    const struct premises *where, const struct meter_interval *i, int64_t step, bool *whole)
{
	const struct tariff_rate *rate;
	money_t price;
	when_t t;

	*whole = true;
	if (where->account == NULL ||
	    tariff_account_at(where->account, i->to - step, &rate) != TARIFF_FOUND)
		return MONEY_NONE;
	price = rate->price;
	for (t = i->from; *whole && t < i->to - step; t += step)
		*whole = tariff_account_at(where->account, t, &rate) == TARIFF_FOUND &&
			 rate->price == price;
	return price;
}

static void
put_mark(const struct derivation *d, struct energy *e, struct month *m, when_t ts,
    enum meter_mark mark, bool again, struct batch *b)
{
	char json[16];
	int n;

	if (e->mark == NULL && (mark != METER_FINE || again))
		e->mark = month_series(m, span_of(d->thing), span_of(e->derived_id[USAGE]),
		    SPAN("Mark"), mark != METER_FINE);
	if (mark == METER_FINE) {
		if (again && e->mark != NULL)
			month_drop_sample(m, ts, e->mark);
		return;
	}
	n = snprintf(json, sizeof(json), "\"%s\"", meter_mark_name(mark));
	batch_add_json(b, e->mark, NAN, (struct span){ json, (size_t)n });
}

static void
put_interval(const struct derivation *d, struct energy *e, struct month *m,
    const struct meter_interval *i, int64_t period, bool again, struct batch *b)
{
	bool whole;
	money_t price = price_of(d->where, i, period * 60, &whole);

	batch_add(b, derived_series(d, e, m, USAGE), i->usage);
	put_mark(d, e, m, i->to, i->mark, again, b);
	if (!isnan(i->demand) || again)
		batch_add(b, derived_series(d, e, m, DEMAND), i->demand);
	if (price == MONEY_NONE)
		return;
	batch_add(b, derived_series(d, e, m, PRICE), money_double(price));
	batch_add(b, derived_series(d, e, m, CHARGE),
	    whole && !isnan(i->usage) ? money_double(tariff_charge(price, i->usage))
				      : (double)NAN);
}

static void
derive_meters(
    struct derivation *d, struct history *h, const struct derive_at *at, struct batch *b)
{
	bool late = at->ts < at->newest;
	size_t i;

	for (i = 0; i < d->meters_n; i++) {
		struct energy *e = &d->meters[i];
		struct meter_reading now = { .at = at->ts, .value = d->value[e->input] };
		bool known = !late && e->last.at != WHEN_NONE && e->last.at < at->ts;
		struct meter_interval interval;
		struct month *m;

		if (isnan(now.value))
			continue;
		interval = meter_interval(&e->meter,
		    known ? e->last : reading_before(d, h, e, at->ts), now, at->period * 60);
		m = history_month(h, d->where->key, d->where->zone, at->ts);
		forget_series(d, m);
		put_interval(d, e, m, &interval, at->period, at->again, b);
		if (!late)
			e->last = now;
	}
}

void
derive_frame(
    struct derivation *d, struct history *h, const struct derive_at *at, struct batch *b)
{
	struct month *m = history_month(h, d->where->key, d->where->zone, at->ts);

	forget_series(d, m);
	if (at->again)
		fill_from_history(d, m, at->ts);
	derive_units(d, m, at->period, b);
	derive_meters(d, h, at, b);
}

void
derive_next(
    struct derivation *d, struct history *h, const struct derive_at *at, struct batch *b)
{
	size_t i;

	for (i = 0; i < d->meters_n; i++) {
		struct energy *e = &d->meters[i];
		struct meter_reading now = { .at = at->ts, .value = d->value[e->input] }, after;
		struct meter_interval interval;
		struct month *m;

		if (isnan(now.value))
			continue;
		after = reading_after(d, h, e, at->ts, at->newest);
		if (after.at == WHEN_NONE)
			continue;
		interval = meter_interval(&e->meter, now, after, at->period * 60);
		m = history_month(h, d->where->key, d->where->zone, after.at);
		forget_series(d, m);
		batch_clear(b);
		put_interval(d, e, m, &interval, at->period, true, b);
		batch_write(b, m, after.at);
	}
}
