/* What a building is made of: points, units of equipment; and what of it is kept. */
#include "base/clock.h"
#include "db/gaps.h"
#include "db/query_own.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

struct point_row {
	struct span id, thing, name, class, type, unit, floor, zone, info, location;
	int64_t deleted; /* 0: in use */
};

static void
put_point(struct query *q, const struct point_row *p)
{
	table_text(q->table, p->id);
	query_text(q, p->thing);
	query_text(q, p->name);
	query_text(q, p->class);
	query_text(q, p->type);
	query_text(q, p->unit);
	query_text(q, p->floor);
	query_text(q, p->zone);
	query_when(q, p->deleted != 0 ? p->deleted : WHEN_NONE);
	if (q->o->all) {
		table_json(q->table, p->info);
		table_json(q->table, p->location);
	}
}

void
query_points(struct query *q)
{
	static const char *const columns[] = { "point_id", "thing", "name", "class", "type",
		"unit", "floor", "zone", "deleted", "point_info", "point_location" };
	size_t n = sizeof(columns) / sizeof(columns[0]) - (q->o->all ? 0 : 2);
	struct rows *r =
	    db_rows(q->site, SQL_POINT_LIST, "tt", q->building.customer, q->building.building);
	struct point_row p;

	q->table = table_begin(table_form(&q->o->form), columns, n);
	while (query_more(q) &&
	       rows_next(r, "ttttttttitt", &p.id, &p.thing, &p.name, &p.class, &p.type, &p.unit,
		   &p.floor, &p.zone, &p.deleted, &p.info, &p.location))
		if (query_chooses(q, p.id, p.thing) && query_row(q, p.id))
			put_point(q, &p);
	rows_end(r);
	(void)table_end(q->table);
}

/* A composite's rows, gathered: its members come one a row. */
struct composite_row {
	struct buf text; /* id, class, unit, thing, schedule one after another */
	struct span id, class, unit, thing, schedule;
	int64_t roles;
	struct buf members;
	struct jw w;
};

static struct span
keep(struct buf *text, struct span s)
{
	struct span kept = { s.p != NULL ? text->p + text->n : NULL, s.n };

	buf_put(text, s);
	return kept;
}

static void
begin_composite(struct composite_row *c, struct span id, struct span class, struct span unit,
    struct span thing, struct span schedule)
{
	buf_clear(&c->text);
	must(buf_reserve(&c->text, id.n + class.n + unit.n + thing.n + schedule.n));
	c->id = keep(&c->text, id);
	c->class = keep(&c->text, class);
	c->unit = keep(&c->text, unit);
	c->thing = keep(&c->text, thing);
	c->schedule = keep(&c->text, schedule);
	c->roles = 0;
	buf_clear(&c->members);
	c->w = jw_begin(&c->members);
	jw_object(&c->w);
}

static void
end_composite(struct query *q, struct composite_row *c)
{
	if (c->id.p == NULL)
		return;
	jw_end(&c->w);
	must(jw_finish(&c->w));
	if (!query_more(q) || !query_chooses(q, c->id, c->thing) || !query_row(q, c->id))
		return;
	table_text(q->table, c->id);
	table_text(q->table, c->class);
	table_text(q->table, c->unit);
	table_text(q->table, c->thing);
	table_int(q->table, c->roles);
	if (q->o->all) {
		table_json(q->table, buf_span(&c->members));
		table_json(q->table, c->schedule.p != NULL ? c->schedule : SPAN("null"));
	}
}

void
query_composites(struct query *q)
{
	static const char *const columns[] = { "composite_id", "class", "unit", "thing",
		"roles", "members", "schedule" };
	size_t n = sizeof(columns) / sizeof(columns[0]) - (q->o->all ? 0 : 2);
	struct rows *r = db_rows(
	    q->site, SQL_COMPOSITE_LIST, "tt", q->building.customer, q->building.building);
	struct composite_row c = { .text = BUF(QUERY_JSON_MAX),
		.members = BUF(QUERY_JSON_MAX) };
	struct span id, class, unit, thing, schedule, role, point_id;

	q->table = table_begin(table_form(&q->o->form), columns, n);
	while (
	    rows_next(r, "ttttttt", &id, &class, &unit, &thing, &schedule, &role, &point_id)) {
		if (c.id.p == NULL || !span_eq(c.id, id)) {
			end_composite(q, &c);
			begin_composite(&c, id, class, unit, thing, schedule);
		}
		jw_key_span(&c.w, role);
		jw_text(&c.w, point_id);
		c.roles++;
	}
	rows_end(r);
	end_composite(q, &c);
	(void)table_end(q->table);
	buf_free(&c.text);
	buf_free(&c.members);
}

struct gap_rows {
	struct query *q;
	struct span thing;
};

static void
put_gap(void *ctx, const struct gap *gap)
{
	const struct gap_rows *g = ctx;
	struct query *q = g->q;
	char key[THING_MAX + 24];

	(void)snprintf(
	    key, sizeof(key), "%.*s/%" PRId64, SPAN_ARG(g->thing), (int64_t)gap->first);
	if (!query_more(q) || !query_row(q, span_of(key)))
		return;
	table_text(q->table, g->thing);
	query_when(q, gap->first);
	query_when(q, gap->last);
	table_int(q->table, gap->count);
	table_int(q->table, gap->period);
}

/* From the first month file to now, unless told otherwise. */
static struct gaps
gaps_window(struct query *q)
{
	const struct trend *t = &q->trend;
	struct gaps g = {
		.zone = t->zone, .building_key = t->building_key, .from = t->from, .to = t->to
	};

	if (g.from == WHEN_NONE)
		g.from = history_next_month(q->history, t->building_key, t->zone, WHEN_NONE);
	if (g.to == WHEN_NONE)
		g.to = clock_now() + 1;
	g.to--; /* included there */
	return g;
}

void
query_gaps(struct query *q)
{
	static const char *const columns[] = { "thing", "first", "last", "periods", "period" };
	struct gaps where = gaps_window(q);
	struct gap_rows g = { .q = q };
	struct rows *r = db_rows(
	    q->site, SQL_THING_OF_BUILDING, "tt", q->building.customer, q->building.building);

	QUERY_TABLE(q, columns);
	while (where.from != WHEN_NONE && query_more(q) && rows_next(r, "t", &g.thing)) {
		where.thing = g.thing;
		if (query_chooses(q, (struct span){ 0 }, g.thing))
			(void)gaps_each(q->history, &where, put_gap, &g);
	}
	rows_end(r);
	(void)table_end(q->table);
}

static void
put_month(struct query *q, when_t month)
{
	struct month *m =
	    history_month(q->history, q->trend.building_key, q->trend.zone, month);
	int64_t first, last, frames, series, id_max;
	char text[WHEN_TEXT];

	(void)when_format_month(text, q->trend.zone, month);
	if (m == NULL || !query_row(q, span_of(text)))
		return;
	must(db_one(month_db(m), SQL_FRAME_BOUNDS, "", "iii", &first, &last, &frames));
	must(db_one(month_db(m), SQL_SERIES_BOUNDS, "", "ii", &series, &id_max));
	table_str(q->table, text);
	table_int(q->table, frames);
	query_when(q, frames > 0 ? first : WHEN_NONE);
	query_when(q, frames > 0 ? last : WHEN_NONE);
	table_int(q->table, series);
	table_int(q->table, db_bytes(db_path(month_db(m))));
	table_str(q->table, db_path(month_db(m)));
}

void
query_months(struct query *q)
{
	static const char *const columns[] = { "month", "frames", "first", "last", "series",
		"bytes", "file" };
	const struct trend *t = &q->trend;
	when_t month = WHEN_NONE;

	QUERY_TABLE(q, columns);
	while (query_more(q) && (month = history_next_month(
				     q->history, t->building_key, t->zone, month)) != WHEN_NONE)
		put_month(q, month);
	(void)table_end(q->table);
}

/* ---- units of equipment, as they run ---- */

/* A unit's newest values, as they come in order of unit and attribute. */
struct unit {
	struct query *q;
	char id[POINT_ID_MAX + 1];
	struct buf values; /* JSON */
	struct jw w;
	when_t at;
};

static void
end_unit(struct unit *u)
{
	struct span thing, class, unit, schedule;
	struct query *q = u->q;

	if (u->id[0] == '\0')
		return;
	jw_end(&u->w);
	must(jw_finish(&u->w));
	if (!db_one(q->site, SQL_COMPOSITE_ROW, "tts", "tttt", q->building.customer,
		q->building.building, u->id, &thing, &class, &unit, &schedule) ||
	    !query_more(q) || !query_row(q, span_of(u->id)))
		return;
	table_str(q->table, u->id);
	table_text(q->table, class);
	table_text(q->table, unit);
	table_text(q->table, thing);
	query_when(q, u->at);
	table_json(q->table, buf_span(&u->values));
	query_json(q, schedule);
}

static void
begin_unit(struct unit *u, struct span id)
{
	(void)snprintf(u->id, sizeof(u->id), "%.*s", SPAN_ARG(id));
	buf_clear(&u->values);
	u->w = jw_begin(&u->values);
	jw_object(&u->w);
	u->at = WHEN_NONE;
}

static bool
add_value(void *ctx, const struct reading *r)
{
	struct unit *u = ctx;

	if (!span_is(r->series->point_id, u->id)) {
		end_unit(u);
		begin_unit(u, r->series->point_id);
	}
	jw_key_span(&u->w, r->series->attr);
	if (r->json.p != NULL)
		jw_raw(&u->w, r->json);
	else if (isfinite(r->value))
		jw_double(&u->w, r->value);
	else
		jw_null(&u->w);
	if (r->ts > u->at)
		u->at = r->ts;
	return true;
}

void
query_equipment(struct query *q)
{
	static const char *const columns[] = { "composite_id", "class", "unit", "thing", "time",
		"values", "schedule" };
	struct unit u = { .q = q, .values = BUF(QUERY_JSON_MAX) };
	struct opt_list all = { 0 };

	opt_list_add(&all, "ComP_*");
	if (q->o->points.n == 0)
		q->trend.points = &all;
	QUERY_TABLE(q, columns);
	trend_latest(q->history, &q->trend, add_value, &u);
	end_unit(&u);
	(void)table_end(q->table);
	q->trend.points = &q->o->points;
	opt_list_free(&all);
	buf_free(&u.values);
}
