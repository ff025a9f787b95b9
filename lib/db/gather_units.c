/* Units of equipment: what they did, what they drew, and what they are meant to do. */
#include "db/gather.h"
#include "base/diag.h"
#include "db/timetable.h"
#include "db/trend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define UNITS_MAX 300
#define CLASSES 3
#define OURS "nbms-learn" /* how the manual periods that a result became begin */
#define LATELY 8          /* steps that a zone's temperature may be old */
#define HOUR 3600

/* Classes that are planned, the roles that command them, and what they draw where no meter
 * says. */
static const struct {
	const char *name, *run[3], *set[3];
	double kw;
} classes[CLASSES] = {
	{ "AHU", { "SupplyFan", "Fan", NULL }, { "ReturnAirTempSet", "SetTemp", NULL }, 15 },
	{ "FCU", { "Run", "Fan", NULL }, { "SetTemp", "RoomTempSet", NULL }, 0.1 },
	{ "PAC", { "Run", "Compressor", NULL }, { "SetTemp", "RoomTempSet", NULL }, 4.5 },
};

enum { AHU, FCU, PAC };

struct unit {
	char *id, *number, *run_point, *set_point, *information;
	int class, run_rank, set_rank;
	double *inside, *run, *mode, *set, *kw; /* [n] by steps; NAN: not known */
};

/* Mean power of a meter by steps: of one unit's, or of a class or plant together. */
struct meter {
	char *point, *number;
	int class;  /* -1: chillers and pumps, which the air handlers' coils need */
	double *kw; /* [n] */
};

struct fleet {
	const struct gather *g;
	when_t from;
	size_t n; /* steps */
	struct unit *unit;
	size_t units;
	struct meter *meter;
	size_t meters;
};

/* ---- who there is ---- */

static int
class_of(struct span name)
{
	int i;

	for (i = 0; i < CLASSES && !span_is(name, classes[i].name); i++)
		;
	return i < CLASSES ? i : -1;
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

static double *
unknown(size_t n)
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

	f->unit = xcalloc(UNITS_MAX, sizeof(*f->unit));
	while (rows_next(
	    r, "ttttttt", &id, &class, &number, &thing, &information, &role, &point)) {
		bool again = f->units > 0 && span_is(id, f->unit[f->units - 1].id);
		struct unit *u;
		int c = class_of(class);

		if (c < 0 || (!again && f->units == UNITS_MAX))
			continue;
		u = again ? &f->unit[f->units - 1] : &f->unit[f->units++];
		u->class = c;
		take(&u->id, id);
		take(&u->number, number);
		take(&u->information, information);
		take_role(&u->run_point, &u->run_rank, classes[c].run, role, point);
		take_role(&u->set_point, &u->set_rank, classes[c].set, role, point);
	}
	rows_end(r);
}

/* EnergyAHUMeter_03: of that unit, or of all units of the class where there is no other. */
static void
list_meters(struct fleet *f)
{
	const struct building *b = &f->g->place->building;
	struct rows *r = db_rows(f->g->site, SQL_ENERGY_POINTS, "tt", b->customer, b->building);
	struct span id, thing;
	int i;

	f->meter = xcalloc(UNITS_MAX, sizeof(*f->meter));
	while (rows_next(r, "tt", &id, &thing)) {
		struct point_parts p = point_parts(id);
		char role[32];
		int class = -2;

		for (i = 0; i < CLASSES; i++) {
			(void)snprintf(role, sizeof(role), "%sMeter", classes[i].name);
			class = span_is(p.role, role) ? i : class;
		}
		if (span_is(p.role, "ChillerMeter") || span_is(p.role, "PumpMeter"))
			class = -1;
		if (class == -2 || f->meters == UNITS_MAX)
			continue;
		f->meter[f->meters++] =
		    (struct meter){ .point = xasprintf("%.*s#Demand", SPAN_ARG(id)),
			    .number = xstrndup(p.unit.p, p.unit.n),
			    .class = class,
			    .kw = unknown(f->n) };
	}
	rows_end(r);
}

static void
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
		free(u->inside);
		free(u->run);
		free(u->mode);
		free(u->set);
		free(u->kw);
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

static void
take_unit(struct fleet *f, const struct reading *r, size_t k)
{
	size_t i;

	for (i = 0; i < f->units; i++) {
		struct unit *u = &f->unit[i];

		if (!span_is(r->series->point_id, u->id))
			continue;
		if (span_is(r->series->attr, "Temp"))
			u->inside[k] = r->value;
		else if (span_is(r->series->attr, "Run"))
			u->run[k] = r->value;
		else if (span_is(r->series->attr, "Mode"))
			u->mode[k] = r->value;
		else if (span_is(r->series->attr, "SetTemp"))
			u->set[k] = r->value;
		return;
	}
}

static bool
take_reading(void *ctx, const struct reading *r)
{
	struct fleet *f = ctx;
	size_t k = (size_t)((r->ts - f->from) / GATHER_STEP), i;

	if ((r->ts - f->from) % GATHER_STEP != 0 || k > f->n || !isfinite(r->value))
		return true;
	if (span_starts(r->series->point_id, "ComP_")) {
		if (k < f->n)
			take_unit(f, r, k);
		return true;
	}
	for (i = 0; k > 0 && i < f->meters; i++) /* metered over the step that ends then */
		if (span_is(r->series->point_id, f->meter[i].point))
			f->meter[i].kw[k - 1] = r->value;
	return true;
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
	size_t i;

	for (i = 0; i < f->units; i++) {
		struct unit *u = &f->unit[i];

		u->inside = unknown(f->n);
		u->run = unknown(f->n);
		u->mode = unknown(f->n);
		u->set = unknown(f->n);
		u->kw = unknown(f->n);
		opt_list_add(&points, u->id);
	}
	for (i = 0; i < f->meters; i++)
		opt_list_add(&points, f->meter[i].point);
	if (points.n > 0)
		trend_each(f->g->h, &t, take_reading, f);
	opt_list_free(&points);
}

/* ---- what they drew ---- */

static size_t
running(const struct fleet *f, int class, size_t k)
{
	size_t i, n = 0;

	for (i = 0; i < f->units; i++)
		n += f->unit[i].class == class && f->unit[i].run[k] > 0;
	return n;
}

/* Do the meters of a class stand for one unit each? */
static bool
metered_singly(const struct fleet *f, int class)
{
	size_t i, meters = 0, units = 0;

	for (i = 0; i < f->meters; i++)
		meters += f->meter[i].class == class;
	for (i = 0; i < f->units; i++)
		units += f->unit[i].class == class;
	return meters > 0 && meters >= units;
}

/* A unit's own meter, or its share of what those that run draw together; NAN: no meter tells.
 */
static double
metered(const struct fleet *f, const struct unit *u, bool singly, size_t runs, size_t k)
{
	double sum = NAN;
	size_t i;

	for (i = 0; i < f->meters; i++) {
		const struct meter *m = &f->meter[i];

		if (m->class != u->class || (singly && strcmp(m->number, u->number) != 0))
			continue;
		sum = isnan(sum) ? m->kw[k] : sum + m->kw[k];
	}
	return singly ? sum : sum / (double)runs;
}

/* Chillers and pumps work for the coils: of the air handlers, or where there are none the fan
 * coils. */
static double
plant_share(const struct fleet *f, int coils, size_t k)
{
	double sum = 0;
	size_t i, runs = running(f, coils, k);

	for (i = 0; i < f->meters; i++)
		if (f->meter[i].class == -1)
			sum += f->meter[i].kw[k];
	return runs > 0 ? sum / (double)runs : 0;
}

static int
coils_of(const struct fleet *f)
{
	size_t i;

	for (i = 0; i < f->units; i++)
		if (f->unit[i].class == AHU)
			return AHU;
	return FCU;
}

static void
share_power(struct fleet *f)
{
	bool singly[CLASSES], any[CLASSES] = { false };
	int coils = coils_of(f), c;
	size_t i, k;

	for (c = 0; c < CLASSES; c++)
		singly[c] = metered_singly(f, c);
	for (i = 0; i < f->meters; i++)
		if (f->meter[i].class >= 0)
			any[f->meter[i].class] = true;
	for (k = 0; k < f->n; k++) {
		size_t runs[CLASSES] = { running(f, AHU, k), running(f, FCU, k),
			running(f, PAC, k) };
		double plant = plant_share(f, coils, k);

		for (i = 0; i < f->units; i++) {
			struct unit *u = &f->unit[i];

			if (isnan(u->run[k]))
				continue;
			u->kw[k] = u->run[k] <= 0 ? 0
				   : any[u->class]
				       ? metered(f, u, singly[u->class], runs[u->class], k)
				       : classes[u->class].kw;
			if (u->run[k] > 0 && u->class == coils)
				u->kw[k] += plant;
		}
	}
}

/* All of it over the days that matter, fewer of them the more units there are. */
static void
load_fleet(struct fleet *f, const struct gather *g, when_t days)
{
	when_t first = gather_first(g);

	*f = (struct fleet){ .g = g };
	list_units(f);
	if (f->units > 100)
		days = days * 100 / (when_t)f->units;
	f->from = g->to - days * 86400;
	if (first != WHEN_NONE && f->from < first)
		f->from = first;
	f->n = f->from < g->to ? (size_t)((g->to - f->from) / GATHER_STEP) : 0;
	list_meters(f);
	read_fleet(f);
	share_power(f);
}

/* ---- outdoors ---- */

struct outdoor {
	when_t from;
	size_t n;
	double *to;
};

static bool
take_outdoor(void *ctx, const struct reading *r)
{
	struct outdoor *x = ctx;
	size_t k = (size_t)((r->ts - x->from) / GATHER_STEP);

	if ((r->ts - x->from) % GATHER_STEP == 0 && k < x->n)
		x->to[k] = r->value;
	return true;
}

static void
read_outdoor(const struct gather *g, when_t from, double *to, size_t n)
{
	struct opt_list points = { 0 };
	struct outdoor x = { from, n, to };
	const struct trend t = { .building_key = g->place->key,
		.zone = g->place->zone,
		.points = &points,
		.attr = "M_Value",
		.from = from,
		.to = from + (when_t)n * GATHER_STEP };

	opt_list_add(&points, g->outdoor != NULL ? g->outdoor : "*OutdoorTemp*");
	trend_each(g->h, &t, take_outdoor, &x);
	opt_list_free(&points);
}

static void
put_people(const struct gather *g, struct jw *w, when_t from, size_t n)
{
	size_t k;

	jw_key(w, "people");
	jw_array(w);
	for (k = 0; k < n; k++)
		jw_int(w, gather_people(g, from + (when_t)k * GATHER_STEP));
	jw_end(w);
}

/* ---- for learning ---- */

static void
put_heat(struct jw *w, const char *name, const struct unit *u, size_t n, double mode)
{
	double *kw = xcalloc(n + 1, sizeof(*kw));
	size_t k;

	for (k = 0; k < n; k++)
		kw[k] = isnan(u->kw[k]) ? NAN : u->mode[k] == mode ? u->kw[k] : 0;
	jw_member_rounds(w, name, kw, n, 3);
	free(kw);
}

void
gather_zones(const struct gather *g, struct jw *w)
{
	struct fleet f;
	double *outdoor;
	size_t i;

	load_fleet(&f, g, GATHER_ZONE_DAYS);
	outdoor = unknown(f.n);
	read_outdoor(g, f.from, outdoor, f.n);
	jw_key(w, "thermal");
	jw_object(w);
	jw_member_int(w, "start", f.from);
	jw_member_double(w, "dt", (double)GATHER_STEP / HOUR);
	jw_member_rounds(w, "outdoor", outdoor, f.n, 2);
	put_people(g, w, f.from, f.n);
	jw_key(w, "units");
	jw_array(w);
	for (i = 0; i < f.units; i++) {
		jw_object(w);
		jw_member_str(w, "unit", f.unit[i].id);
		jw_member_str(w, "class", classes[f.unit[i].class].name);
		jw_member_rounds(w, "inside", f.unit[i].inside, f.n, 2);
		put_heat(w, "heat", &f.unit[i], f.n, 2);
		put_heat(w, "cool", &f.unit[i], f.n, 1);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	free(outdoor);
	fleet_free(&f);
}

/* ---- what they are meant to do ---- */

/* The schedule that commands a point: the composite's by information, or one that names it. */
static const struct timetable_schedule *
schedule_of(const struct timetable *t, const struct unit *u, const char *point, bool run)
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

/* Without the periods that earlier results became; `people` keeps those of people alone. */
static struct schedule_context
without_ours(const struct timetable_schedule *s, struct schedule_manual *kept)
{
	struct schedule_context c = s->context;
	size_t i;

	c.manual = kept;
	c.manuals = 0;
	for (i = 0; i < s->manuals; i++)
		if (s->manual[i].name == NULL ||
		    strncmp(s->manual[i].name, OURS, sizeof(OURS) - 1) != 0)
			kept[c.manuals++] = s->manual[i];
	return c;
}

static double
number_of(const char *value)
{
	return value == NULL                 ? NAN
	       : strcmp(value, "true") == 0  ? 1
	       : strcmp(value, "false") == 0 ? 0
	       : value[0] == '"'             ? NAN
					     : strtod(value, NULL);
}

/* The same quarter hour a week before, or the last that is known of it. */
static double
week_ago(const struct fleet *f, const struct unit *u, when_t t)
{
	int week;

	for (week = 1; week <= 4; week++) {
		when_t before = t - (when_t)week * 7 * 86400;
		size_t k =
		    before >= f->from ? (size_t)((before - f->from) / GATHER_STEP) : SIZE_MAX;

		if (k < f->n && isfinite(u->run[k]))
			return u->run[k] > 0;
	}
	return NAN;
}

struct meant {
	double standing[GATHER_STEPS], override[GATHER_STEPS], occupied[GATHER_STEPS];
	const char *source;
};

static void
work_out(const struct fleet *f, const struct unit *u, const struct timetable_schedule *s,
    struct meant *m)
{
	struct schedule_manual *kept = xcalloc(s != NULL ? s->manuals + 1 : 1, sizeof(*kept));
	struct schedule_context c = { 0 };
	size_t k, on = 0;

	if (s != NULL)
		c = without_ours(s, kept);
	m->source = s != NULL ? "schedule" : "week-ago";
	for (k = 0; k < GATHER_STEPS; k++) {
		when_t t = f->g->to + (when_t)k * GATHER_STEP;
		struct schedule_span now = { .source = SCHEDULE_NONE };

		if (s != NULL)
			now = schedule_at(s->schedule, &c, t);
		m->standing[k] = s != NULL ? number_of(now.value) : NAN;
		m->override[k] = now.source == SCHEDULE_MANUAL ? m->standing[k] : NAN;
		if (isnan(m->standing[k]))
			m->standing[k] = week_ago(f, u, t);
		if (isnan(m->standing[k]))
			m->standing[k] = gather_people(f->g, t);
		on += m->standing[k] > 0;
	}
	for (k = 0; k < GATHER_STEPS;
	     k++) /* what never stops serves something else than people */
		m->occupied[k] = on == GATHER_STEPS ||
				 gather_people(f->g, f->g->to + (when_t)k * GATHER_STEP);
	free(kept);
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What it draws at full power: all but the highest fiftieth of what it drew while it ran. */
static double
full_power(const struct unit *u, size_t n)
{
	double *kw = xcalloc(n + 1, sizeof(*kw)), full;
	size_t k, m = 0;

	for (k = 0; k < n; k++)
		if (u->run[k] > 0 && u->kw[k] > 0)
			kw[m++] = u->kw[k];
	if (m > 0)
		qsort(kw, m, sizeof(*kw), by_value);
	full = m >= 20 ? kw[m * 49 / 50] : NAN;
	free(kw);
	return full;
}

static double
lately(const double *x, size_t n, size_t back)
{
	size_t k;

	for (k = n; k > 0 && n - k < back; k--)
		if (isfinite(x[k - 1]))
			return x[k - 1];
	return NAN;
}

static void
put_present(struct jw *w, const struct unit *u, size_t n)
{
	bool on = lately(u->run, n, LATELY) > 0;
	size_t age = 1, k;

	for (k = n; k > 1 && (u->run[k - 1] > 0) == (u->run[k - 2] > 0); k--)
		age++;
	jw_member_round(w, "temperature", lately(u->inside, n, LATELY), 2);
	jw_member_bool(w, "on", on);
	jw_member_int(w, "age", (int64_t)age);
	jw_member_round(w, "power", on ? lately(u->kw, n, LATELY) : 0, 3);
	jw_member_round(w, "power_max", full_power(u, n), 3);
	jw_member_round(w, "setpoint", lately(u->set, n, n), 2);
}

static void
put_unit(struct jw *w, const struct fleet *f, const struct unit *u, const struct timetable *t)
{
	const struct timetable_schedule *run = schedule_of(t, u, u->run_point, true);
	const struct timetable_schedule *set = schedule_of(t, u, u->set_point, false);
	struct meant m;

	work_out(f, u, run, &m);
	jw_object(w);
	jw_member_str(w, "unit", u->id);
	jw_member_str(w, "class", classes[u->class].name);
	if (u->run_point != NULL)
		jw_member_str(w, "point", u->run_point);
	if (u->set_point != NULL)
		jw_member_str(w, "set_point", u->set_point);
	if (run != NULL)
		jw_member_str(w, "schedule_id", schedule_id(run->schedule));
	if (set != NULL)
		jw_member_str(w, "set_schedule_id", schedule_id(set->schedule));
	put_present(w, u, f->n);
	jw_member_double(w, "band", f->g->band);
	jw_member_str(w, "standing_from", m.source);
	jw_member_rounds(w, "standing", m.standing, GATHER_STEPS, 0);
	jw_member_rounds(w, "occupied", m.occupied, GATHER_STEPS, 0);
	jw_member_rounds(w, "override", m.override, GATHER_STEPS, 0);
	jw_end(w);
}

/* ---- the coming day ---- */

/* The forecast by steps; where there is none, what it was a day ago, which is said. */
static void
put_outdoor(const struct gather *g, struct jw *w)
{
	double hourly[GATHER_AHEAD], steps[GATHER_STEPS], before[GATHER_STEPS];
	size_t k, persisted = 0;
	when_t issued;

	gather_forecast(g, hourly, GATHER_AHEAD, &issued);
	for (k = 0; k < GATHER_STEPS; k++)
		before[k] = NAN;
	read_outdoor(g, g->to - 86400, before, GATHER_STEPS);
	for (k = 0; k < GATHER_STEPS; k++) {
		size_t h = k * GATHER_STEP / HOUR;
		double part = (double)(k * GATHER_STEP % HOUR) / HOUR;

		steps[k] = hourly[h] + part * (hourly[h + 1] - hourly[h]);
		if (isnan(steps[k])) {
			steps[k] = before[k];
			persisted++;
		}
	}
	jw_member_rounds(w, "outdoor", steps, GATHER_STEPS, 2);
	jw_member_int(w, "outdoor_from_yesterday", (int64_t)persisted);
}

void
gather_plan(const struct gather *g, struct jw *w)
{
	struct timetable t;
	struct fleet f;
	size_t i;

	jw_member_int(w, "start", g->to);
	jw_member_int(w, "steps", GATHER_STEPS);
	jw_member_double(w, "dt", (double)GATHER_STEP / HOUR);
	if (isfinite(g->comfort_price))
		jw_member_round(w, "comfort_price", g->comfort_price, 3);
	gather_prices(g, w);
	put_outdoor(g, w);
	put_people(g, w, g->to, GATHER_STEPS);
	load_fleet(&f, g, GATHER_ZONE_DAYS);
	timetable_load(&t, g->site, g->ref, g->place, g->to);
	jw_key(w, "units");
	jw_array(w);
	for (i = 0; i < f.units; i++)
		put_unit(w, &f, &f.unit[i], &t);
	jw_end(w);
	timetable_free(&t);
	fleet_free(&f);
}
