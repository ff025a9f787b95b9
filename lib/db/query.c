#include "db/query.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/jsonw.h"
#include "base/prog.h"
#include "bms/userzone.h"
#include "db/directory.h"
#include "db/energy.h"
#include "db/gaps.h"
#include "db/site.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#define TEXT_MAX ((size_t)64 << 10)
#define MEMBERS_MAX ((size_t)1 << 20)

struct query {
	const struct query_options *o;
	struct db *site;
	struct history *history;
	struct building building;
	struct buf text, key; /* the building's, and its key */
	struct trend trend;
	struct table *table;
	int64_t rows;
	struct json *json;
	when_t at; /* the time whose text stands in at_text */
	char at_text[WHEN_TEXT];
};

#define BEGIN_TABLE(q, names)      \
	((q)->table = table_begin( \
	     table_form(&(q)->o->form), names, sizeof(names) / sizeof((names)[0])))

static struct db *
open_site(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) != 0)
		die(EX_NOINPUT, "%s: no such state directory", dir);
	return site_open(dir, DB_READ);
}

/* The key of the only building there is. */
static void
find_only_building(struct query *q)
{
	struct rows *r = db_rows(q->site, SQL_BUILDING_KEYS, "");
	struct span customer, building;
	size_t n = 0;

	while (rows_next(r, "tt", &customer, &building) && n++ == 0)
		buf_printf(&q->key, "%.*s_%.*s", SPAN_ARG(customer), SPAN_ARG(building));
	rows_end(r);
	if (n == 0)
		die(EX_NOINPUT, "%s: no building is registered there", db_path(q->site));
	if (n > 1)
		opt_wrong(
		    "which of the buildings? --building KEY, such as %s", buf_text(&q->key));
}

static void
find_building(struct query *q)
{
	struct span customer, building;

	if (q->o->building != NULL)
		buf_puts(&q->key, q->o->building);
	else
		find_only_building(q);
	if (!building_key_parse(buf_span(&q->key), &customer, &building))
		opt_wrong("--building: not a building, as C000003_B001: %s", q->o->building);
	if (!building_get(q->site, customer, building, &q->text, &q->building))
		die(EX_NOINPUT, "%s: no such building: %s", db_path(q->site),
		    buf_text(&q->key));
	q->trend.building_key = buf_span(&q->key);
	q->trend.zone = zone_find(q->building.timezone);
	if (q->trend.zone == NULL)
		die(EX_CONFIG, "building %s: unknown time zone %.*s", buf_text(&q->key),
		    SPAN_ARG(q->building.timezone));
}

static when_t
time_of(const struct query *q, const char *option, const char *text)
{
	when_t t;

	if (text == NULL)
		return WHEN_NONE;
	if (!when_parse_human(span_of(text), q->trend.zone, clock_now(), &t))
		opt_wrong("%s: not a time: %s", option, text);
	return t;
}

static void
find_span(struct query *q)
{
	q->trend.from = time_of(q, "--from", q->o->from);
	q->trend.to = time_of(q, "--to", q->o->to);
	if (q->trend.from != WHEN_NONE && q->trend.to != WHEN_NONE &&
	    q->trend.from >= q->trend.to)
		opt_wrong("--from %s is not before --to %s", q->o->from, q->o->to);
}

/* Without what derives a point of it: P of P#Usage. */
static char *
underived(const char *item)
{
	const char *mark = strrchr(item, '#');

	return mark != NULL ? xstrndup(item, (size_t)(mark - item)) : xstrdup(item);
}

static bool
registry_knows(struct query *q, const char *item)
{
	struct rows *r =
	    db_rows(q->site, SQL_POINT_IDS, "tt", q->building.customer, q->building.building);
	char *source = underived(item);
	struct span id;
	bool known = false;

	while (!known && rows_next(r, "t", &id))
		known = trend_item_matches(item, id) || trend_item_matches(source, id);
	rows_end(r);
	free(source);
	return known;
}

/* A name that nothing has ever had is a mistake, not an empty answer. */
static void
check_names(struct query *q)
{
	const struct query_options *o = q->o;
	struct thing thing;
	size_t i;

	for (i = 0; i < o->points.n; i++)
		if (!registry_knows(q, o->points.items[i]) &&
		    !trend_knows(q->history, &q->trend, o->points.items[i]))
			die(EX_NOINPUT, "%s: no such point: %s", buf_text(&q->key),
			    o->points.items[i]);
	if (o->thing == NULL)
		return;
	if (!thing_parse(span_of(o->thing), &thing) ||
	    !span_eq(thing.building_key, buf_span(&q->key)) ||
	    !thing_is_known(q->site, thing.name))
		die(EX_NOINPUT, "%s: no such gateway: %s", buf_text(&q->key), o->thing);
}

struct query *
query_open(const struct query_options *o, bool of_building)
{
	struct query *q = xcalloc(1, sizeof(*q));
	const char *dir = opt_state_dir(o->dir);

	q->o = o;
	q->text = BUF(TEXT_MAX);
	q->key = BUF(TEXT_MAX);
	q->at = WHEN_NONE;
	q->site = open_site(dir);
	if (!of_building)
		return q;
	q->history = history_open(dir, DB_READ);
	q->trend.points = &o->points;
	q->trend.attr = o->attr;
	q->trend.thing = o->thing;
	find_building(q);
	find_span(q);
	check_names(q);
	return q;
}

void
query_close(struct query *q)
{
	history_close(q->history);
	db_close(q->site);
	buf_free(&q->text);
	buf_free(&q->key);
	json_free(q->json);
	free(q);
}

/* May another row be printed? */
static bool
more(struct query *q)
{
	return (q->o->limit < 0 || q->rows < q->o->limit) && !prog_stopping();
}

static void
cell_text(struct query *q, struct span s)
{
	if (s.p == NULL)
		table_null(q->table);
	else
		table_text(q->table, s);
}

/* In the building's time, or UTC where there is no building. */
static void
cell_time(struct query *q, when_t t)
{
	if (t == WHEN_NONE) {
		table_null(q->table);
		return;
	}
	if (t != q->at)
		(void)when_format(q->at_text, q->trend.zone, t);
	q->at = t;
	table_str(q->table, q->at_text);
}

/* A value of any kind; a string loses its quotes where the form is not JSON. */
static void
cell_value(struct query *q, double number, struct span json)
{
	struct span text;
	json_value v;

	if (json.p == NULL) {
		table_double(q->table, number);
		return;
	}
	if (table_form(&q->o->form) != TABLE_NDJSON && json.n > 0 && json.p[0] == '"') {
		if (q->json == NULL)
			q->json = json_new();
		if (json_parse_copy(q->json, json, &v) && json_text(v, &text)) {
			table_text(q->table, text);
			return;
		}
	}
	table_json(q->table, json);
}

void
query_buildings(struct query *q)
{
	must(directory_list(q->site, "building", table_form(&q->o->form)));
}

void
query_things(struct query *q)
{
	must(directory_list(q->site, "thing", table_form(&q->o->form)));
}

void
query_tables(struct query *q)
{
	static const char *const columns[] = { "table", "rows" };
	struct rows *r = db_rows(q->site, SQL_TABLE_ROWS, "");
	struct span name;
	int64_t rows;

	BEGIN_TABLE(q, columns);
	while (more(q) && rows_next(r, "ti", &name, &rows)) {
		table_text(q->table, name);
		table_int(q->table, rows);
	}
	rows_end(r);
	(void)table_end(q->table);
}

static bool
is_asked_for(const struct query *q, struct span point_id, struct span thing)
{
	const struct query_options *o = q->o;
	size_t i;

	if (o->thing != NULL && !span_is(thing, o->thing))
		return false;
	for (i = 0; i < o->points.n; i++)
		if (trend_item_matches(o->points.items[i], point_id))
			return true;
	return o->points.n == 0;
}

struct point_row {
	struct span id, thing, name, class, type, unit, floor, zone, info, location;
	int64_t deleted; /* 0: in use */
};

static void
put_point(struct query *q, const struct point_row *p)
{
	table_text(q->table, p->id);
	cell_text(q, p->thing);
	cell_text(q, p->name);
	cell_text(q, p->class);
	cell_text(q, p->type);
	cell_text(q, p->unit);
	cell_text(q, p->floor);
	cell_text(q, p->zone);
	cell_time(q, p->deleted != 0 ? p->deleted : WHEN_NONE);
	if (q->o->all) {
		table_json(q->table, p->info);
		table_json(q->table, p->location);
	}
	q->rows++;
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
	while (
	    more(q) && rows_next(r, "ttttttttitt", &p.id, &p.thing, &p.name, &p.class, &p.type,
			   &p.unit, &p.floor, &p.zone, &p.deleted, &p.info, &p.location))
		if (is_asked_for(q, p.id, p.thing))
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
	if (!more(q) || !is_asked_for(q, c->id, c->thing))
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
	q->rows++;
}

void
query_composites(struct query *q)
{
	static const char *const columns[] = { "composite_id", "class", "unit", "thing",
		"roles", "members", "schedule" };
	size_t n = sizeof(columns) / sizeof(columns[0]) - (q->o->all ? 0 : 2);
	struct rows *r = db_rows(
	    q->site, SQL_COMPOSITE_LIST, "tt", q->building.customer, q->building.building);
	struct composite_row c = { .text = BUF(MEMBERS_MAX), .members = BUF(MEMBERS_MAX) };
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

static const char *const sample_columns[] = { "time", "point_id", "attr", "value", "thing" };

static bool
put_reading(void *ctx, const struct reading *r)
{
	struct query *q = ctx;

	if (!more(q))
		return false;
	cell_time(q, r->ts);
	table_text(q->table, r->series->point_id);
	table_text(q->table, r->series->attr);
	cell_value(q, r->value, r->json);
	table_text(q->table, r->series->thing);
	q->rows++;
	return true;
}

void
query_history(struct query *q)
{
	BEGIN_TABLE(q, sample_columns);
	trend_each(q->history, &q->trend, put_reading, q);
	(void)table_end(q->table);
}

void
query_latest(struct query *q)
{
	BEGIN_TABLE(q, sample_columns);
	trend_latest(q->history, &q->trend, put_reading, q);
	(void)table_end(q->table);
}

static bool
put_tally(void *ctx, const struct tally *t)
{
	struct query *q = ctx;
	char month[WHEN_TEXT];

	if (!more(q))
		return false;
	table_str(q->table, when_format_month(month, q->trend.zone, t->month));
	table_text(q->table, t->series->point_id);
	table_text(q->table, t->series->attr);
	table_int(q->table, t->samples);
	cell_time(q, t->first);
	cell_time(q, t->last);
	table_text(q->table, t->series->thing);
	q->rows++;
	return true;
}

void
query_count(struct query *q)
{
	static const char *const columns[] = { "month", "point_id", "attr", "samples", "first",
		"last", "thing" };

	BEGIN_TABLE(q, columns);
	trend_count(q->history, &q->trend, put_tally, q);
	(void)table_end(q->table);
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

	if (!more(q))
		return;
	table_text(q->table, g->thing);
	cell_time(q, gap->first);
	cell_time(q, gap->last);
	table_int(q->table, gap->count);
	table_int(q->table, gap->period);
	q->rows++;
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

	BEGIN_TABLE(q, columns);
	while (where.from != WHEN_NONE && more(q) && rows_next(r, "t", &g.thing)) {
		where.thing = g.thing;
		if (is_asked_for(q, (struct span){ 0 }, g.thing))
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

	if (m == NULL)
		return;
	must(db_one(month_db(m), SQL_FRAME_BOUNDS, "", "iii", &first, &last, &frames));
	must(db_one(month_db(m), SQL_SERIES_BOUNDS, "", "ii", &series, &id_max));
	table_str(q->table, when_format_month(text, q->trend.zone, month));
	table_int(q->table, frames);
	cell_time(q, frames > 0 ? first : WHEN_NONE);
	cell_time(q, frames > 0 ? last : WHEN_NONE);
	table_int(q->table, series);
	table_int(q->table, db_bytes(db_path(month_db(m))));
	table_str(q->table, db_path(month_db(m)));
	q->rows++;
}

void
query_months(struct query *q)
{
	static const char *const columns[] = { "month", "frames", "first", "last", "series",
		"bytes", "file" };
	const struct trend *t = &q->trend;
	when_t month = WHEN_NONE;

	BEGIN_TABLE(q, columns);
	while (more(q) && (month = history_next_month(
			       q->history, t->building_key, t->zone, month)) != WHEN_NONE)
		put_month(q, month);
	(void)table_end(q->table);
}

static bool
put_energy(void *ctx, const struct energy_sum *s)
{
	struct query *q = ctx;

	if (!more(q))
		return false;
	cell_time(q, s->from);
	cell_time(q, s->to);
	table_text(q->table, s->point_id);
	table_double(q->table, s->usage);
	table_double(q->table, s->demand);
	cell_time(q, isnan(s->demand) ? WHEN_NONE : s->demand_at);
	table_double(q->table, s->charge);
	table_int(q->table, s->intervals);
	table_int(q->table, s->marked);
	table_int(q->table, s->uncharged);
	q->rows++;
	return true;
}

void
query_energy(struct query *q)
{
	static const char *const columns[] = { "from", "to", "point_id", "usage_kwh",
		"demand_kw", "demand_at", "charge", "intervals", "marked", "uncharged" };
	enum energy_by by = ENERGY_BY_DAY;

	if (q->o->by != NULL && !energy_by_parse(q->o->by, &by))
		opt_wrong("--by: not hour, day or month: %s", q->o->by);
	BEGIN_TABLE(q, columns);
	energy_each(q->history, &q->trend, by, put_energy, q);
	(void)table_end(q->table);
}

#define OUTLINE 11 /* humidities, 0 to 100 % by tens */

static void
put_outline(struct query *q, const struct userzone *z, int month)
{
	struct comfort_input in = {
		.speed = z->rule.air_speed, .met = z->rule.met, .clo = z->rule.clo[month - 1]
	};
	struct comfort_point p[2 * OUTLINE];
	size_t n = comfort_zone(&in, OUTLINE, p), i;

	for (i = 0; i < n && more(q); i++) {
		table_str(q->table, z->id);
		table_double(q->table, round(p[i].air * 100) / 100);
		table_double(q->table, p[i].humidity);
		table_double(q->table, round(p[i].ratio * 1e5) / 1e5);
		table_double(q->table, in.met);
		table_double(q->table, in.clo);
		table_double(q->table, in.speed);
		q->rows++;
	}
}

void
query_comfort_zone(struct query *q)
{
	static const char *const columns[] = { "zone_id", "air", "humidity", "ratio", "met",
		"clo", "air_speed" };
	int month = when_civil(zone_find(q->building.timezone), clock_now(), NULL).month;
	struct rows *r = db_rows(
	    q->site, SQL_USER_ZONE_ROWS, "tt", q->building.customer, q->building.building);
	struct buf why = BUF(TEXT_MAX);
	struct span id, data;
	struct userzone *z;
	json_value root;

	if (q->json == NULL)
		q->json = json_new();
	BEGIN_TABLE(q, columns);
	while (rows_next(r, "tt", &id, &data)) {
		buf_clear(&why);
		z = json_parse_copy(q->json, data, &root) ? userzone_parse(root, &why) : NULL;
		if (z != NULL)
			put_outline(q, z, month);
		else
			diag("zone %.*s: not used: %s", SPAN_ARG(id), buf_text(&why));
		userzone_free(z);
	}
	rows_end(r);
	(void)table_end(q->table);
	buf_free(&why);
}
