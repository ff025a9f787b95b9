/* Units of equipment: who they are, where, and what they did. */
#include "base/diag.h"
#include "db/gather_own.h"
#include "db/trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Classes that are planned, and the roles that command them. */
static const struct {
	const char *name, *run[3], *set[3];
} classes[UNIT_CLASSES] = {
	{ "AHU", { "SupplyFan", "Fan", NULL }, { "ReturnAirTempSet", "SetTemp", NULL } },
	{ "FCU", { "Run", "Fan", NULL }, { "SetTemp", "RoomTempSet", NULL } },
	{ "PAC", { "Run", "Compressor", NULL }, { "SetTemp", "RoomTempSet", NULL } },
	{ "VAV", { "Run", "AirFlow", NULL }, { "ZoneTempSet", "SetTemp", NULL } },
};

const char *
fleet_class(int class)
{
	return classes[class].name;
}

/* ---- who there is ---- */

static int
class_of(struct span name)
{
	int i;

	for (i = 0; i < UNIT_CLASSES && !span_is(name, classes[i].name); i++)
		;
	return i < UNIT_CLASSES ? i : -1;
}

static void
take(char **to, struct span text)
{
	if (*to == NULL && text.p != NULL)
		*to = xstrndup(text.p, text.n);
}

/* The member in the first role of the list that the unit has. */
static void
take_role(char **to, int *rank, const char *const list[3], struct span role, struct span point)
{
	int i;

	for (i = 0; i < 3 && list[i] != NULL && !span_is(role, list[i]); i++)
		;
	if (i == 3 || list[i] == NULL || (*to != NULL && *rank <= i))
		return;
	free(*to);
	*to = xstrndup(point.p, point.n);
	*rank = i;
}

double *
fleet_unknown(size_t n)
{
	double *to = xcalloc(n + 1, sizeof(*to));
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = NAN;
	return to;
}

static void
list_units(struct fleet *f)
{
	const struct building *b = &f->g->place->building;
	struct rows *r =
	    db_rows(f->g->site, SQL_COMPOSITE_LIST, "tt", b->customer, b->building);
	struct span id, class, number, thing, information, role, point;

	f->unit = xcalloc(GATHER_UNITS, sizeof(*f->unit));
	while (rows_next(
	    r, "ttttttt", &id, &class, &number, &thing, &information, &role, &point)) {
		bool again = f->units > 0 && span_is(id, f->unit[f->units - 1].id);
		struct unit *u;
		int c = class_of(class);

		if (c < 0 || (!again && f->units == GATHER_UNITS))
			continue;
		u = again ? &f->unit[f->units - 1] : &f->unit[f->units++];
		u->class = c;
		take(&u->id, id);
		take(&u->number, number);
		take(&u->information, information);
		take_role(&u->run_point, &u->run_rank, classes[c].run, role, point);
		take_role(&u->set_point, &u->set_rank, classes[c].set, role, point);
		if (c == AHU && span_is(role, "SupplyAirTemp"))
			take(&u->supply_point, point);
		if (c == VAV && span_is(role, "AirFlow"))
			take(&u->air_point, point);
		if (c == VAV && span_is(role, "MinAirFlow"))
			take(&u->least_point, point);
	}
	rows_end(r);
}

static struct unit *
find_unit(struct fleet *f, struct span id)
{
	size_t i;

	for (i = 0; i < f->units && !span_is(id, f->unit[i].id); i++)
		;
	return i < f->units ? &f->unit[i] : NULL;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The building's only air handler, or the only one of the box's floor, or of that side of it.
 */
static struct unit *
feeder(const struct fleet *f, const struct unit *box)
{
	struct unit *found[3] = { NULL };
	size_t count[3] = { 0 }, i;
	int by;

	for (i = 0; i < f->units; i++) {
		struct unit *u = &f->unit[i];
		bool floor = same(u->floor, box->floor),
		     fits[3] = { true, floor, floor && same(u->side, box->side) };

		for (by = 0; by < 3; by++)
			if (u->class == AHU && fits[by]) {
				found[by] = u;
				count[by]++;
			}
	}
	for (by = 0; by < 3; by++)
		if (count[by] == 1)
			return found[by];
	return NULL;
}

/* Where they are, and with that which air handler feeds a box. */
static void
place_units(struct fleet *f)
{
	const struct building *b = &f->g->place->building;
	struct rows *r =
	    db_rows(f->g->site, SQL_COMPOSITE_PLACES, "tt", b->customer, b->building);
	struct span id, floor, side;
	struct unit *u;
	size_t i;

	while (rows_next(r, "ttt", &id, &floor, &side)) {
		u = find_unit(f, id);
		if (u == NULL)
			continue;
		take(&u->floor, floor);
		take(&u->side, side);
	}
	rows_end(r);
	for (i = 0; i < f->units; i++)
		if (f->unit[i].class == VAV)
			f->unit[i].feeds = feeder(f, &f->unit[i]);
}

/* EnergyAHUMeter_03: of that unit, or of all units of the class where there is no other. */
static void
list_meters(struct fleet *f)
{
	const struct building *b = &f->g->place->building;
	struct rows *r = db_rows(f->g->site, SQL_ENERGY_POINTS, "tt", b->customer, b->building);
	struct span id, thing;
	int i;

	f->meter = xcalloc(GATHER_UNITS, sizeof(*f->meter));
	while (rows_next(r, "tt", &id, &thing)) {
		struct point_parts p = point_parts(id);
		char role[32];
		int class = -2;

		for (i = 0; i < UNIT_CLASSES; i++) {
			(void)snprintf(role, sizeof(role), "%sMeter", classes[i].name);
			class = span_is(p.role, role) ? i : class;
		}
		if (span_is(p.role, "ChillerMeter") || span_is(p.role, "PumpMeter"))
			class = -1;
		if (class == -2 || f->meters == GATHER_UNITS)
			continue;
		f->meter[f->meters++] =
		    (struct meter){ .point = xasprintf("%.*s#Demand", SPAN_ARG(id)),
			    .number = xstrndup(p.unit.p, p.unit.n),
			    .class = class,
			    .kw = fleet_unknown(f->n) };
	}
	rows_end(r);
}

void
fleet_free(struct fleet *f)
{
	size_t i;

	for (i = 0; i < f->units; i++) {
		struct unit *u = &f->unit[i];

		free(u->id);
		free(u->number);
		free(u->run_point);
		free(u->set_point);
		free(u->information);
		free(u->supply_point);
		free(u->air_point);
		free(u->least_point);
		free(u->floor);
		free(u->side);
		free(u->inside);
		free(u->run);
		free(u->mode);
		free(u->set);
		free(u->kw);
		free(u->supply);
		free(u->air);
		free(u->least);
	}
	for (i = 0; i < f->meters; i++) {
		free(f->meter[i].point);
		free(f->meter[i].number);
		free(f->meter[i].kw);
	}
	free(f->unit);
	free(f->meter);
}

/* ---- what they did ---- */

/* Where a series of the history goes. */
struct place_of {
	const struct series *series; /* of the month in hand: another month's may lie there */
	const char *name;            /* NULL: not looked for yet */
	char attr[16];
	double *to; /* NULL: it is of no use */
	bool late;  /* a meter's: over the step that ends then */
};

static void
place_unit(struct fleet *f, struct span id, struct place_of *p)
{
	struct unit *u = find_unit(f, id);
	const char *attr = p->attr;

	if (u == NULL)
		return;
	p->name = u->id;
	p->to = strcmp(attr, "Temp") == 0      ? u->inside
		: strcmp(attr, "Run") == 0     ? u->run
		: strcmp(attr, "Mode") == 0    ? u->mode
		: strcmp(attr, "SetTemp") == 0 ? u->set
					       : NULL;
}

static bool
place_if(struct place_of *p, const char *point, double *to, struct span id)
{
	if (point == NULL || !span_is(id, point))
		return false;
	p->name = point;
	p->to = strcmp(p->attr, "M_Value") == 0 ? to : NULL;
	return true;
}

static void
place_point(struct fleet *f, struct span id, struct place_of *p)
{
	size_t i;

	for (i = 0; i < f->units; i++) {
		struct unit *u = &f->unit[i];

		if (place_if(p, u->supply_point, u->supply, id) ||
		    place_if(p, u->air_point, u->air, id) ||
		    place_if(p, u->least_point, u->least, id))
			return;
	}
	for (i = 0; i < f->meters; i++) {
		if (!span_is(id, f->meter[i].point))
			continue;
		p->name = f->meter[i].point;
		p->to = f->meter[i].kw;
		p->late = true;
	}
}

#define PLACES 4096

struct intake {
	struct fleet *f;
	struct place_of
	    at[PLACES]; /* a series is looked for once, and then known by its place */
};

static const struct place_of *
place_of(struct intake *x, const struct series *s)
{
	struct place_of *p = &x->at[(uintptr_t)s / sizeof(*s) % PLACES];

	if (p->series == s && p->name != NULL && span_is(s->point_id, p->name) &&
	    span_is(s->attr, p->attr))
		return p;
	*p = (struct place_of){ .series = s };
	if (s->attr.n >= sizeof(p->attr))
		return p;
	memcpy(p->attr, s->attr.p, s->attr.n);
	if (span_starts(s->point_id, "ComP_"))
		place_unit(x->f, s->point_id, p);
	else
		place_point(x->f, s->point_id, p);
	return p;
}

static bool
take_reading(void *ctx, const struct reading *r)
{
	struct intake *x = ctx;
	const struct place_of *p;
	size_t k = (size_t)((r->ts - x->f->from) / GATHER_STEP);

	if ((r->ts - x->f->from) % GATHER_STEP != 0 || k > x->f->n || !isfinite(r->value))
		return true;
	p = place_of(x, r->series);
	if (p->to != NULL && p->late && k > 0)
		p->to[k - 1] = r->value;
	else if (p->to != NULL && !p->late && k < x->f->n)
		p->to[k] = r->value;
	return true;
}

static void
want(struct opt_list *points, const char *point, double **to, size_t n)
{
	if (point == NULL)
		return;
	opt_list_add(points, point);
	*to = fleet_unknown(n);
}

static void
read_fleet(struct fleet *f)
{
	struct opt_list points = { 0 };
	const struct trend t = { .building_key = f->g->place->key,
		.zone = f->g->place->zone,
		.points = &points,
		.from = f->from,
		.to = f->g->to + 1 };
	struct intake *x = xcalloc(1, sizeof(*x));
	size_t i;

	x->f = f;
	for (i = 0; i < f->units; i++) {
		struct unit *u = &f->unit[i];

		u->inside = fleet_unknown(f->n);
		u->run = fleet_unknown(f->n);
		u->mode = fleet_unknown(f->n);
		u->set = fleet_unknown(f->n);
		u->kw = fleet_unknown(f->n);
		opt_list_add(&points, u->id);
		want(&points, u->supply_point, &u->supply, f->n);
		want(&points, u->air_point, &u->air, f->n);
		want(&points, u->least_point, &u->least, f->n);
	}
	for (i = 0; i < f->meters; i++)
		opt_list_add(&points, f->meter[i].point);
	if (points.n > 0)
		trend_each(f->g->h, &t, take_reading, x);
	opt_list_free(&points);
	free(x);
}

void
fleet_load(struct fleet *f, const struct gather *g, when_t days)
{
	when_t first = gather_first(g);

	*f = (struct fleet){ .g = g };
	list_units(f);
	place_units(f);
	if (f->units > 100)
		days = days * 100 / (when_t)f->units;
	f->from = g->to - days * 86400;
	if (first != WHEN_NONE && f->from < first)
		f->from = first;
	f->n = f->from < g->to ? (size_t)((g->to - f->from) / GATHER_STEP) : 0;
	list_meters(f);
	read_fleet(f);
	fleet_power(f);
}

double
fleet_lately(const double *x, size_t n, size_t back)
{
	size_t k;

	for (k = n; k > 0 && n - k < back; k--)
		if (isfinite(x[k - 1]))
			return x[k - 1];
	return NAN;
}

const struct timetable_schedule *
fleet_schedule(const struct timetable *t, const struct unit *u, const char *point, bool run)
{
	struct json *j = json_new();
	const struct timetable_schedule *s = NULL;
	struct span id;
	json_value root;
	size_t i;

	if (run && u->information != NULL &&
	    json_parse_copy(j, span_of(u->information), &root) &&
	    json_text(json_get(root, "schedule_id"), &id))
		s = timetable_find(t, id);
	json_free(j);
	for (i = 0; s == NULL && point != NULL && i < t->n; i++) {
		const char *names = schedule_point(t->all[i].schedule);

		if (names != NULL && strcmp(names, point) == 0 &&
		    strncmp(schedule_id(t->all[i].schedule), "AI_", 3) != 0)
			s = &t->all[i];
	}
	return s;
}
