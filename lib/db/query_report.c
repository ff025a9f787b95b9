/*
 * A day or a month of a building on one page: what its meters used, when most, what it cost,
 * which alarms there were, how its zones were. The rows are gathered first, and then written as
 * rows or as a page.
 */
#include "base/out.h"
#include "bms/aggregate.h"
#include "bms/userzone.h"
#include "db/energy.h"
#include "db/query_own.h"
#include "db/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum line_kind { LINE_TOTAL, LINE_INTERVAL, LINE_METER, LINE_ALARM, LINE_ZONE };

struct line {
	enum line_kind kind;
	when_t from, to;
	char *id, *name; /* of the meter, alarm or zone; NULL: none */
	double usage, demand, charge;
	when_t demand_at;
	int64_t count;              /* intervals, or raises; -1: none */
	int64_t level;              /* of an alarm; 0: none */
	double mean, min, max, pmv; /* of a zone's temperature; NAN: not known */
};

struct report {
	struct query *q;
	bool monthly;
	when_t from, to;
	struct line *all;
	size_t n, room;
	const char *currency; /* NULL: no tariff holds */
	enum line_kind kind;  /* of the sums that come */
};

static struct line *
add(struct report *r, enum line_kind kind, when_t from, when_t to)
{
	if (r->n == r->room) {
		r->room = r->room > 0 ? 2 * r->room : 64;
		r->all = xrealloc(r->all, r->room * sizeof(*r->all));
	}
	must(r->all != NULL);
	r->all[r->n] = (struct line){ .kind = kind,
		.from = from,
		.to = to,
		.usage = NAN,
		.demand = NAN,
		.charge = NAN,
		.demand_at = WHEN_NONE,
		.count = -1,
		.mean = NAN,
		.min = NAN,
		.max = NAN,
		.pmv = NAN };
	return &r->all[r->n++];
}

/* ---- energy ---- */

static void
plus(double *to, double v)
{
	if (!isnan(v))
		*to = isnan(*to) ? v : *to + v;
}

static void
sum(struct line *to, const struct energy_sum *s)
{
	plus(&to->usage, s->usage);
	plus(&to->charge, s->charge);
	plus(&to->demand, s->demand); /* of several main meters: no less than what they were
					 together */
	if (!isnan(s->demand))
		to->demand_at = s->demand_at;
	to->count = (to->count > 0 ? to->count : 0) + s->intervals;
}

/* Intervals of several main meters become one. */
static bool
add_interval(void *ctx, const struct energy_sum *s)
{
	struct report *r = ctx;
	struct line *last = r->n > 0 ? &r->all[r->n - 1] : NULL;

	if (last == NULL || last->kind != r->kind || last->from != s->from)
		last = add(r, r->kind, s->from, s->to);
	sum(last, s);
	return true;
}

static bool
add_meter(void *ctx, const struct energy_sum *s)
{
	struct report *r = ctx;
	struct line *l = add(r, LINE_METER, r->from, r->to);

	l->id = xstrndup(s->point_id.p, s->point_id.n);
	sum(l, s);
	return true;
}

static void
energy_lines(struct report *r)
{
	enum energy_by whole = r->monthly ? ENERGY_BY_MONTH : ENERGY_BY_DAY;
	struct opt_list meters = { 0 };
	struct trend t = r->q->trend;
	struct building *b = &r->q->building;

	query_main_meters(r->q, b->customer, b->building, &meters);
	t.from = r->from;
	t.to = r->to;
	t.points = &meters;
	r->kind = LINE_TOTAL;
	if (meters.n > 0)
		energy_each(r->q->history, &t, whole, add_interval, r);
	r->kind = LINE_INTERVAL;
	if (meters.n > 0)
		energy_each(r->q->history, &t, r->monthly ? ENERGY_BY_DAY : ENERGY_BY_HOUR,
		    add_interval, r);
	query_free_list(&meters);
	t.points = &r->q->o->points;
	energy_each(r->q->history, &t, whole, add_meter, r);
}

/* ---- alarms ---- */

static void
alarm_lines(struct report *r)
{
	struct building *b = &r->q->building;
	struct rows *rows = db_rows(r->q->site, SQL_ALARMS_RAISED, "ttii", b->customer,
	    b->building, (int64_t)r->from, (int64_t)r->to);
	struct span id, name;
	int64_t level, count;
	struct line *l;
	when_t first;

	while (rows_next(rows, "ttiiw", &id, &name, &level, &count, &first)) {
		l = add(r, LINE_ALARM, first, r->to);
		l->id = xstrndup(id.p, id.n);
		l->name = name.p != NULL ? xstrndup(name.p, name.n) : NULL;
		l->level = level;
		l->count = count;
	}
	rows_end(rows);
}

/* ---- zones ---- */

/* A role's members over the time: the mean of each, and of these. */
struct role {
	struct aggregate *each;
	const struct userzone *zone;
	enum userzone_role role;
};

static bool
add_reading(void *ctx, const struct reading *r)
{
	struct role *x = ctx;
	size_t i;

	for (i = 0; i < x->zone->n; i++)
		if (x->zone->members[i].role == x->role &&
		    span_is(r->series->point_id, x->zone->members[i].point_id) &&
		    span_is(r->series->attr, x->zone->members[i].attr))
			aggregate_add(&x->each[i], r->ts, r->value, r->series->period);
	return true;
}

/* The mean of the role's members; NAN: nothing is known. */
static double
see_role(struct report *r, const struct userzone *z, enum userzone_role role, struct line *l)
{
	struct role x = { xcalloc(z->n + 1, sizeof(*x.each)), z, role };
	struct opt_list points = { 0 };
	struct trend t = r->q->trend;
	double total = 0, mean;
	size_t i, n = 0;

	for (i = 0; i < z->n; i++) {
		aggregate_begin(&x.each[i]);
		if (z->members[i].role == role)
			opt_list_add(&points, z->members[i].point_id);
	}
	t.points = &points;
	t.from = r->from;
	t.to = r->to;
	if (points.n > 0)
		trend_each(r->q->history, &t, add_reading, &x);
	for (i = 0; i < z->n; i++) {
		aggregate_end(&x.each[i], r->to < r->q->now ? r->to : r->q->now);
		mean = aggregate_mean(&x.each[i]);
		if (isnan(mean))
			continue;
		total += mean;
		n++;
		if (l != NULL && (isnan(l->min) || x.each[i].min < l->min))
			l->min = x.each[i].min;
		if (l != NULL && (isnan(l->max) || x.each[i].max > l->max))
			l->max = x.each[i].max;
	}
	opt_list_free(&points);
	free(x.each);
	return n > 0 ? total / (double)n : (double)NAN;
}

static void
zone_line(struct report *r, const struct userzone *z)
{
	struct line l = { .min = NAN, .max = NAN };
	double humidity = see_role(r, z, USERZONE_HUMIDITY, NULL);
	struct comfort_input in = { .speed = z->rule.air_speed,
		.met = z->rule.met,
		.clo = z->rule.clo[when_civil(r->q->trend.zone, r->from, NULL).month - 1] };
	struct line *to;

	l.mean = in.air = in.radiant = see_role(r, z, USERZONE_TEMPERATURE, &l);
	in.humidity = isnan(humidity) ? z->rule.humidity : humidity;
	if (isnan(in.air))
		return;
	to = add(r, LINE_ZONE, r->from, r->to);
	to->id = xstrdup(z->id);
	to->name = z->name != NULL ? xstrdup(z->name) : NULL;
	to->mean = l.mean;
	to->min = l.min;
	to->max = l.max;
	to->pmv = isnan(in.humidity) ? (double)NAN : comfort_of(&in).pmv;
}

static void
zone_lines(struct report *r)
{
	struct query *q = r->q;
	struct rows *rows = db_rows(
	    q->site, SQL_USER_ZONE_ROWS, "tt", q->building.customer, q->building.building);
	struct buf why = BUF(QUERY_TEXT_MAX);
	struct span id, data;
	struct userzone *z;
	json_value root;

	while (rows_next(rows, "tt", &id, &data)) {
		buf_clear(&why);
		z = json_parse_copy(query_parser(q), data, &root) ? userzone_parse(root, &why)
								  : NULL;
		if (z != NULL)
			zone_line(r, z);
		userzone_free(z);
	}
	rows_end(rows);
	buf_free(&why);
}

/* ---- names ---- */

static void
name_meters(struct report *r)
{
	struct span thing, name, class, type, unit, floor, zone, info, location;
	struct building *b = &r->q->building;
	when_t deleted;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->all[i].kind == LINE_METER &&
		    db_one(r->q->site, SQL_POINT_ROW, "tts", "tttttttwtt", b->customer,
			b->building, r->all[i].id, &thing, &name, &class, &type, &unit, &floor,
			&zone, &deleted, &info, &location) &&
		    name.p != NULL)
			r->all[i].name = xstrndup(name.p, name.n);
}

static void
find_currency(struct report *r)
{
	static char kept[16];
	struct reference *ref = reference_load(r->q->site);
	struct tariff_account *a =
	    r->q->building.tariff.n > 0
		? reference_account(ref, &r->q->building, r->q->trend.zone)
		: NULL;
	const struct tariff_rate *rate;

	if (a != NULL && tariff_account_at(a, r->from, &rate) == TARIFF_FOUND) {
		(void)snprintf(kept, sizeof(kept), "%s", rate->currency);
		r->currency = kept;
	}
	tariff_account_close(a);
	reference_free(ref);
}

/* ---- as rows ---- */

static const char *const kinds[] = { "total", "interval", "meter", "alarm", "zone" };

static void
put_line(struct query *q, const struct report *r, const struct line *l)
{
	table_str(q->table, kinds[l->kind]);
	query_when(q, l->from);
	query_when(q, l->to);
	table_str(q->table, l->id);
	table_str(q->table, l->name);
	table_double(q->table, l->usage);
	table_double(q->table, l->demand);
	query_when(q, l->demand_at);
	table_double(q->table, l->charge);
	table_str(q->table, isnan(l->charge) ? NULL : r->currency);
	query_int(q, l->count, -1);
	query_int(q, l->level, 0);
	query_round(q, l->mean, 2);
	query_round(q, l->min, 2);
	query_round(q, l->max, 2);
	query_round(q, l->pmv, 2);
}

static void
put_rows(const struct report *r)
{
	static const char *const columns[] = { "what", "from", "to", "point_id", "name",
		"usage_kwh", "demand_kw", "demand_at", "charge", "currency", "count", "level",
		"mean", "min", "max", "pmv" };
	struct query *q = r->q;
	char key[24];
	size_t i;

	QUERY_TABLE(q, columns);
	for (i = 0; i < r->n && query_more(q); i++) {
		(void)snprintf(key, sizeof(key), "%zu", i);
		if (query_row(q, span_of(key)))
			put_line(q, r, &r->all[i]);
	}
	(void)table_end(q->table);
}

/* ---- as a page ---- */

static void
escaped(const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '<':
			out_puts("&lt;");
			break;
		case '>':
			out_puts("&gt;");
			break;
		case '&':
			out_puts("&amp;");
			break;
		case '"':
			out_puts("&quot;");
			break;
		case '\'':
			out_puts("&#39;");
			break;
		default:
			out_put((struct span){ s, 1 });
		}
}

static void
cell_number(double v, int decimals)
{
	if (isnan(v))
		out_puts("<td class=n>&ndash;");
	else
		out_printf("<td class=n>%.*f", decimals, v);
}

/* 2022-10-04T09:00 of its text. */
static void
cell_time(const struct report *r, when_t t, bool day)
{
	char text[WHEN_TEXT];

	if (t == WHEN_NONE) {
		out_puts("<td>&ndash;");
		return;
	}
	(void)when_format(text, r->q->trend.zone, t);
	text[10] = ' ';
	out_printf("<td>%.*s", day ? 10 : 16, text);
}

static void
cell_name(const struct line *l)
{
	out_puts("<td>");
	escaped(l->name != NULL ? l->name : l->id != NULL ? l->id : "");
}

static void
energy_row(const struct report *r, const struct line *l, double most)
{
	out_puts("<tr>");
	if (l->kind == LINE_METER)
		cell_name(l);
	else
		cell_time(r, l->from, r->monthly);
	cell_number(l->usage, 1);
	if (most > 0)
		out_printf("<td class=b><i style=\"width:%.1f%%\"></i>",
		    isnan(l->usage) ? 0 : 100 * l->usage / most);
	cell_number(l->demand, 1);
	cell_time(r, l->demand_at, false);
	cell_number(l->charge, 0);
	out_puts("\n");
}

static void
energy_table(const struct report *r, enum line_kind kind, const char *head, const char *first)
{
	double most = 0;
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		if (r->all[i].kind == kind) {
			n++;
			if (r->all[i].usage > most)
				most = r->all[i].usage;
		}
	if (n == 0)
		return;
	out_printf("<h2>%s</h2>\n<table><tr><th>%s<th>kWh%s<th>kW<th>at<th>", head, first,
	    most > 0 ? "<th>" : "");
	escaped(r->currency != NULL ? r->currency : "charge");
	out_puts("\n");
	for (i = 0; i < r->n; i++)
		if (r->all[i].kind == kind)
			energy_row(r, &r->all[i], most);
	out_puts("</table>\n");
}

static void
alarm_table(const struct report *r)
{
	bool any = false;
	size_t i;

	out_puts("<h2>Alarms</h2>\n");
	for (i = 0; i < r->n; i++) {
		const struct line *l = &r->all[i];

		if (l->kind != LINE_ALARM)
			continue;
		if (!any)
			out_puts("<table><tr><th>alarm<th>level<th>raised<th>first\n");
		any = true;
		out_puts("<tr>");
		cell_name(l);
		out_printf("<td class=n>%lld<td class=n>%lld", (long long)l->level,
		    (long long)l->count);
		cell_time(r, l->from, false);
		out_puts("\n");
	}
	out_puts(any ? "</table>\n" : "<p>None.\n");
}

static void
zone_table(const struct report *r)
{
	bool any = false;
	size_t i;

	for (i = 0; i < r->n; i++) {
		const struct line *l = &r->all[i];

		if (l->kind != LINE_ZONE)
			continue;
		if (!any)
			out_puts("<h2>Comfort</h2>\n<table><tr><th>zone<th>mean &deg;C"
				 "<th>least<th>greatest<th>PMV<th>\n");
		any = true;
		out_puts("<tr>");
		cell_name(l);
		cell_number(l->mean, 1);
		cell_number(l->min, 1);
		cell_number(l->max, 1);
		cell_number(l->pmv, 2);
		out_printf("<td>%s\n", isnan(l->pmv)                      ? "not known"
				       : fabs(l->pmv) < COMFORT_PMV_LIMIT ? "comfortable"
				       : l->pmv > 0                       ? "warm"
									  : "cool");
	}
	if (any)
		out_puts("</table>\n");
}

static void
put_page(const struct report *r)
{
	static const char style[] =
	    "body{font:14px/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
	    "h1{font-size:1.5em}h2{font-size:1.1em;margin:1.5em 0 .3em}"
	    "table{border-collapse:collapse;width:100%}"
	    "td,th{text-align:left;padding:.15em .6em .15em 0;border-bottom:1px solid #ccc}"
	    ".n{text-align:right;font-variant-numeric:tabular-nums}.b{width:30%}"
	    ".b i{display:block;height:.8em;background:#4a7fb0;print-color-adjust:exact}"
	    "tr{break-inside:avoid}@media print{body{margin:0;max-width:none}}";
	const struct building *b = &r->q->building;
	char text[WHEN_TEXT], *name;

	(void)when_format(text, r->q->trend.zone, r->from);
	name =
	    b->name.p != NULL ? xstrndup(b->name.p, b->name.n) : xstrdup(buf_text(&r->q->key));
	out_puts("<!doctype html>\n<html lang=en><meta charset=utf-8>\n<title>");
	escaped(name);
	out_printf(" %.*s</title>\n<style>%s</style>\n<h1>", r->monthly ? 7 : 10, text, style);
	escaped(name);
	out_printf(", %.*s</h1>\n", r->monthly ? 7 : 10, text);
	energy_table(r, LINE_TOTAL, "The building", r->monthly ? "month" : "day");
	energy_table(r, LINE_INTERVAL, r->monthly ? "By day" : "By hour", "from");
	energy_table(r, LINE_METER, "By meter", "meter");
	alarm_table(r);
	zone_table(r);
	(void)when_format(text, r->q->trend.zone, r->q->now);
	out_printf(
	    "<p>Made %s. Charges are for the energy alone, and estimates.\n</html>\n", text);
	free(name);
}

/* ---- which ---- */

static void
make(struct query *q, bool monthly)
{
	const struct zone *zone = q->trend.zone;
	when_t at = query_time(q, "--at", q->o->at,
	    monthly ? when_month(zone, q->now, -1) : when_day(zone, q->now, -1));
	struct report r = { .q = q, .monthly = monthly };
	size_t i;

	r.from = monthly ? when_month(zone, at, 0) : when_day(zone, at, 0);
	r.to = monthly ? when_month(zone, at, 1) : when_day(zone, at, 1);
	energy_lines(&r);
	alarm_lines(&r);
	zone_lines(&r);
	name_meters(&r);
	find_currency(&r);
	if (q->o->html)
		put_page(&r);
	else
		put_rows(&r);
	for (i = 0; i < r.n; i++) {
		free(r.all[i].id);
		free(r.all[i].name);
	}
	free(r.all);
}

void
query_daily(struct query *q)
{
	make(q, false);
}

void
query_monthly(struct query *q)
{
	make(q, true);
}
