/* How every building is, at a glance; and one point with everything about it. */
#include "base/out.h"
#include "bms/alarm.h"
#include "bms/presence.h"
#include "db/buildings.h"
#include "db/energy.h"
#include "db/query_own.h"
#include "db/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- overview ---- */

struct gateways {
	int64_t all, up;
	enum presence worst;
	when_t last;
};

struct day_energy {
	when_t today;
	double usage, charge, yesterday; /* NAN: not known */
	double peak;
	when_t peak_at;
};

struct overview {
	struct query *q;
	struct history *history;
	struct reference *reference;
};

static struct gateways
see_gateways(struct query *q, const struct building *b)
{
	static const struct presence_limits limits = { 1.5, 3 };
	struct gateways g = { .worst = PRESENCE_UP, .last = WHEN_NONE };
	struct rows *r =
	    db_rows(q->site, SQL_PRESENCE_OF_BUILDING, "tt", b->customer, b->building);
	struct presence_of is;
	enum presence p;
	struct span name;

	while (rows_next(r, "twii", &name, &is.last, &is.known, &is.period)) {
		p = presence_judge(&is, &limits, q->now);
		g.all++;
		g.up += p == PRESENCE_UP;
		if (p > g.worst)
			g.worst = p;
		if (is.last != WHEN_NONE && is.last > g.last)
			g.last = is.last;
	}
	rows_end(r);
	if (g.all == 0)
		g.worst = PRESENCE_NEVER_SEEN;
	return g;
}

static void
add_known(double *to, double v)
{
	if (!isnan(v))
		*to = isnan(*to) ? v : *to + v;
}

static bool
add_day(void *ctx, const struct energy_sum *s)
{
	struct day_energy *d = ctx;

	if (s->from < d->today) {
		add_known(&d->yesterday, s->usage);
		return true;
	}
	add_known(&d->usage, s->usage);
	add_known(&d->charge, s->charge);
	if (!isnan(s->demand) && (isnan(d->peak) || s->demand > d->peak)) {
		d->peak = s->demand;
		d->peak_at = s->demand_at;
	}
	return true;
}

/* Of the main meters. */
static struct day_energy
see_energy(struct overview *o, const struct place *p)
{
	struct day_energy d = { .today = when_day(p->zone, o->q->now, 0),
		.usage = NAN,
		.charge = NAN,
		.yesterday = NAN,
		.peak = NAN,
		.peak_at = WHEN_NONE };
	struct opt_list meters = { 0 };
	struct trend t = { .building_key = p->key,
		.zone = p->zone,
		.points = &meters,
		.from = when_day(p->zone, o->q->now, -1),
		.to = o->q->now + 1 };

	query_main_meters(o->q, p->building.customer, p->building.building, &meters);
	if (meters.n > 0)
		energy_each(o->history, &t, ENERGY_BY_DAY, add_day, &d);
	query_free_list(&meters);
	return d;
}

struct now_price {
	const char *currency; /* NULL: no tariff holds */
	double price;         /* per kWh */
};

static struct now_price
see_price(struct overview *o, const struct place *p)
{
	struct now_price now = { NULL, NAN };
	struct tariff_account *a = NULL;
	const struct tariff_rate *rate;

	if (p->building.tariff.n == 0)
		return now;
	if (o->reference == NULL)
		o->reference = reference_load(o->q->site);
	a = reference_account(o->reference, &p->building, p->zone);
	if (a != NULL && tariff_account_at(a, o->q->now, &rate) == TARIFF_FOUND)
		now = (struct now_price){ rate->currency,
			(double)rate->price / (double)MONEY_ONE };
	tariff_account_close(a);
	return now;
}

static void
put_alarm_counts(struct query *q, const struct building *b)
{
	int64_t level[ALARM_LEVELS], unacknowledged, shelved;
	struct buf text = BUF(256);
	struct jw w = jw_begin(&text);
	char name[24];
	int i;

	must(db_one(q->site, SQL_ALARM_COUNTS, "tt", "iiiiii", b->customer, b->building,
	    &level[0], &level[1], &level[2], &level[3], &unacknowledged, &shelved));
	jw_object(&w);
	for (i = 0; i < ALARM_LEVELS; i++) {
		(void)snprintf(name, sizeof(name), "level_%d", i + 1);
		jw_member_int(&w, name, level[i]);
	}
	jw_end(&w);
	must(jw_finish(&w));
	table_json(q->table, buf_span(&text));
	table_int(q->table, unacknowledged);
	table_int(q->table, shelved);
	buf_free(&text);
}

static void
put_next_change(struct query *q, const struct building *b)
{
	struct span schedule, point, value;
	struct buf text = BUF(QUERY_TEXT_MAX);
	struct jw w = jw_begin(&text);
	char at_text[WHEN_TEXT];
	when_t at;

	if (!db_one(q->site, SQL_SCHEDULE_NEXT_CHANGE, "tti", "wttt", b->customer, b->building,
		(int64_t)q->now, &at, &schedule, &point, &value)) {
		table_null(q->table);
		return;
	}
	jw_object(&w);
	jw_member_str(&w, "at", when_format(at_text, q->time_zone, at));
	jw_member_text(&w, "schedule_id", schedule);
	jw_member_text(&w, "point_id", point);
	jw_member_raw(&w, "value", value.p != NULL ? value : SPAN("null"));
	jw_end(&w);
	must(jw_finish(&w));
	table_json(q->table, buf_span(&text));
	buf_free(&text);
}

static void
put_building(struct overview *o, const struct place *p)
{
	struct gateways g = see_gateways(o->q, &p->building);
	struct day_energy d = see_energy(o, p);
	struct now_price price = see_price(o, p);
	struct query *q = o->q;

	q->time_zone = p->zone;
	table_text(q->table, p->key);
	query_text(q, p->building.name);
	table_text(q->table, p->building.timezone);
	table_str(q->table, presence_name(g.worst));
	query_when(q, g.last);
	table_int(q->table, g.all);
	table_int(q->table, g.up);
	put_alarm_counts(q, &p->building);
	table_double(q->table, d.usage);
	table_double(q->table, d.yesterday);
	table_double(q->table, d.charge);
	table_str(q->table, price.currency);
	table_double(q->table, price.price);
	table_double(q->table, d.peak);
	query_when(q, d.peak_at);
	put_next_change(q, &p->building);
}

void
query_overview(struct query *q)
{
	static const char *const columns[] = { "building", "name", "timezone", "state", "last",
		"gateways", "gateways_up", "alarms", "unacknowledged", "shelved",
		"energy_today_kwh", "energy_yesterday_kwh", "cost_today", "currency", "price",
		"peak_kw", "peak_at", "next_change" };
	struct overview o = { .q = q, .history = history_open(q->dir, DB_READ) };
	struct buildings bs = { 0 };
	size_t i;

	(void)buildings_load(&bs, q->site, query_customer(q), NULL);
	QUERY_TABLE(q, columns);
	for (i = 0; i < bs.n && query_more(q); i++)
		if (query_sees(q, bs.all[i].building.customer, bs.all[i].building.building) &&
		    query_row(q, bs.all[i].key))
			put_building(&o, &bs.all[i]);
	(void)table_end(q->table);
	buildings_free(&bs);
	reference_free(o.reference);
	history_close(o.history);
}

/* ---- one point ---- */

struct about {
	struct query *q;
	struct jw w;
	const char *id;
};

static void
member_time(struct about *a, const char *name, when_t t)
{
	char text[WHEN_TEXT];

	jw_member_str(
	    &a->w, name, t != WHEN_NONE ? when_format(text, a->q->time_zone, t) : NULL);
}

static void
member_text(struct about *a, const char *name, struct span s)
{
	if (s.p != NULL)
		jw_member_text(&a->w, name, s);
	else
		jw_member_null(&a->w, name);
}

static void
member_json(struct about *a, const char *name, struct span s)
{
	jw_member_raw(&a->w, name, s.p != NULL ? s : SPAN("null"));
}

/* As it was announced; false: it never was. */
static bool
about_row(struct about *a)
{
	struct span thing, name, class, type, unit, floor, zone, info, location;
	const struct building *b = &a->q->building;
	when_t deleted;

	if (!db_one(a->q->site, SQL_POINT_ROW, "tts", "tttttttwtt", b->customer, b->building,
		a->id, &thing, &name, &class, &type, &unit, &floor, &zone, &deleted, &info,
		&location))
		return false;
	member_text(a, "thing", thing);
	member_text(a, "name", name);
	member_text(a, "class", class);
	member_text(a, "type", type);
	member_text(a, "unit", unit);
	member_text(a, "floor", floor);
	member_text(a, "zone", zone);
	member_time(a, "deleted", deleted);
	member_json(a, "point_info", info);
	member_json(a, "point_location", location);
	return true;
}

static void
about_composite(struct about *a)
{
	const struct building *b = &a->q->building;
	struct span thing, class, unit, schedule, role, point;
	struct rows *r;

	if (!db_one(a->q->site, SQL_COMPOSITE_ROW, "tts", "tttt", b->customer, b->building,
		a->id, &thing, &class, &unit, &schedule))
		return;
	member_text(a, "thing", thing);
	member_text(a, "class", class);
	member_text(a, "unit_number", unit);
	member_json(a, "schedule_information", schedule);
	r = db_rows(
	    a->q->site, SQL_MEMBERS_OF_COMPOSITE, "tts", b->customer, b->building, a->id);
	jw_key(&a->w, "members");
	jw_object(&a->w);
	while (rows_next(r, "tt", &role, &point)) {
		jw_key_span(&a->w, role);
		jw_text(&a->w, point);
	}
	jw_end(&a->w);
	rows_end(r);
}

static void
about_places(struct about *a)
{
	const struct building *b = &a->q->building;
	struct rows *r = db_rows(
	    a->q->site, SQL_COMPOSITES_OF_POINT, "tts", b->customer, b->building, a->id);
	struct span composite, role;

	jw_key(&a->w, "composites");
	jw_array(&a->w);
	while (rows_next(r, "tt", &composite, &role)) {
		jw_object(&a->w);
		member_text(a, "composite_id", composite);
		member_text(a, "role", role);
		jw_end(&a->w);
	}
	jw_end(&a->w);
	rows_end(r);
}

static void
about_alarms(struct about *a)
{
	const struct building *b = &a->q->building;
	struct rows *r =
	    db_rows(a->q->site, SQL_ALARMS_OF_POINT, "tts", b->customer, b->building, a->id);
	struct span alarm, name, state;
	int64_t level;
	when_t since;

	jw_key(&a->w, "alarms");
	jw_array(&a->w);
	while (rows_next(r, "tttiw", &alarm, &name, &state, &level, &since)) {
		jw_object(&a->w);
		member_text(a, "alarm_point_id", alarm);
		member_text(a, "alarm_name", name);
		member_text(a, "state", state);
		jw_member_int(&a->w, "level", level);
		member_time(a, "since", since);
		jw_end(&a->w);
	}
	jw_end(&a->w);
	rows_end(r);
}

/* What its schedules say now and next. */
static void
about_schedule(struct about *a)
{
	const struct building *b = &a->q->building;
	struct rows *r = db_rows(a->q->site, SQL_USER_SCHEDULE_OF_POINT, "ttsi", b->customer,
	    b->building, a->id, (int64_t)a->q->now);
	struct span schedule, source, value;
	when_t begins, ends;

	jw_key(&a->w, "schedule");
	jw_array(&a->w);
	while (rows_next(r, "tttww", &schedule, &source, &value, &begins, &ends)) {
		jw_object(&a->w);
		member_text(a, "schedule_id", schedule);
		member_text(a, "source", source);
		member_json(a, "value", value);
		member_time(a, "from", begins);
		member_time(a, "to", ends);
		jw_end(&a->w);
	}
	jw_end(&a->w);
	rows_end(r);
}

static bool
about_value(void *ctx, const struct reading *r)
{
	struct about *a = ctx;

	jw_object(&a->w);
	member_text(a, "attr", r->series->attr);
	member_time(a, "time", r->ts);
	if (r->json.p != NULL)
		jw_member_raw(&a->w, "value", r->json);
	else if (isfinite(r->value))
		jw_member_double(&a->w, "value", r->value);
	else
		jw_member_null(&a->w, "value");
	member_text(a, "thing", r->series->thing);
	jw_end(&a->w);
	return true;
}

void
query_point(struct query *q)
{
	static const char *const columns[] = { "point_id", "about" };
	struct buf text = BUF(QUERY_JSON_MAX);
	struct about a = { .q = q, .w = jw_begin(&text) };

	if (q->o->points.n != 1 || strpbrk(q->o->points.items[0], "*?[") != NULL)
		opt_wrong("--point: exactly one, by its id");
	a.id = q->o->points.items[0];
	jw_object(&a.w);
	jw_member_str(&a.w, "point_id", a.id);
	if (!about_row(&a))
		about_composite(&a);
	about_places(&a);
	jw_key(&a.w, "latest");
	jw_array(&a.w);
	trend_latest(q->history, &q->trend, about_value, &a);
	jw_end(&a.w);
	about_alarms(&a);
	about_schedule(&a);
	jw_end(&a.w);
	must(jw_finish(&a.w));
	if (table_is_json(table_form(&q->o->form))) {
		out_line(buf_span(&text));
	} else {
		QUERY_TABLE(q, columns);
		table_str(q->table, a.id);
		table_json(q->table, buf_span(&text));
		(void)table_end(q->table);
	}
	buf_free(&text);
}
