/* Units of equipment as tasks want them: what they did, and what they are meant to do. */
#include "base/diag.h"
#include "db/gather_own.h"
#include "db/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OURS "nbms-learn" /* how the manual periods that a result became begin */
#define HOUR 3600
#define OUTDOOR_GAP (6 * HOUR) /* longer ones are not bridged (CalTRACK 2.2.4.1) */

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

void
gather_outdoor(const struct gather *g, when_t from, double *to, size_t n)
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

	fleet_load(&f, g, GATHER_ZONE_DAYS);
	outdoor = fleet_unknown(f.n);
	gather_outdoor(g, f.from, outdoor, f.n);
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
		jw_member_str(w, "class", fleet_class(f.unit[i].class));
		jw_member_rounds(w, "inside", f.unit[i].inside, f.n, 2);
		if (f.unit[i].class == VAV) {
			gather_box_air(w, &f.unit[i], f.n);
		} else {
			put_heat(w, "heat", &f.unit[i], f.n, 2);
			put_heat(w, "cool", &f.unit[i], f.n, 1);
		}
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	free(outdoor);
	fleet_free(&f);
}

/* ---- what they are meant to do ---- */

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

void
gather_past(struct jw *w, const char *name, const double *x, size_t n)
{
	double past[GATHER_PAST];
	size_t k;

	for (k = 0; k < GATHER_PAST; k++)
		past[k] = n + k >= GATHER_PAST ? x[n + k - GATHER_PAST] : NAN;
	jw_member_rounds(w, name, past, GATHER_PAST, 2);
}

static void
put_present(struct jw *w, const struct unit *u, size_t n)
{
	bool on = fleet_lately(u->run, n, GATHER_LATELY) > 0;
	size_t age = 1, k;

	for (k = n; k > 1 && (u->run[k - 1] > 0) == (u->run[k - 2] > 0); k--)
		age++;
	jw_member_round(w, "temperature", fleet_lately(u->inside, n, GATHER_LATELY), 2);
	jw_member_bool(w, "on", on);
	jw_member_int(w, "age", (int64_t)age);
	jw_member_round(w, "power", on ? fleet_lately(u->kw, n, GATHER_LATELY) : 0, 3);
	jw_member_round(w, "power_max", fleet_full_power(u, n), 3);
	jw_member_round(w, "setpoint", fleet_lately(u->set, n, n), 2);
	gather_past(w, "inside", u->inside, n);
}

static void
put_unit(struct jw *w, const struct fleet *f, const struct unit *u, const struct timetable *t)
{
	const struct timetable_schedule *run = fleet_schedule(t, u, u->run_point, true);
	const struct timetable_schedule *set = fleet_schedule(t, u, u->set_point, false);
	struct meant m;

	work_out(f, u, run, &m);
	jw_object(w);
	jw_member_str(w, "unit", u->id);
	jw_member_str(w, "class", fleet_class(u->class));
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

/* Gaps of at most `most` steps in a straight line; one at an end holds what is beside it. */
static void
bridge(double *x, size_t n, size_t most)
{
	size_t from, to, k;

	for (from = 0; from < n; from = to + 1) {
		double left, right;

		for (to = from; to < n && isnan(x[to]); to++)
			;
		if (to == from || to - from > most || (from == 0 && to == n))
			continue;
		left = from > 0 ? x[from - 1] : x[to];
		right = to < n ? x[to] : left;
		for (k = from; k < to; k++)
			x[k] = left + (right - left) * (double)(k - from + 1) /
					  (double)(to - from + 1);
	}
}

/* The forecast by steps; where there is none, what it was a day ago, which is said. */
static void
put_outdoor(const struct gather *g, struct jw *w)
{
	double hourly[GATHER_AHEAD], steps[GATHER_STEPS];
	double *past = fleet_unknown(GATHER_PAST), before[GATHER_STEPS];
	size_t k, persisted = 0;
	when_t issued;

	gather_forecast(g, hourly, GATHER_AHEAD, &issued);
	gather_outdoor(g, g->to - (when_t)GATHER_PAST * GATHER_STEP, past, GATHER_PAST);
	memcpy(before, past + GATHER_PAST - GATHER_STEPS, sizeof(before));
	bridge(before, GATHER_STEPS, OUTDOOR_GAP / GATHER_STEP);
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
	jw_member_rounds(w, "outdoor_past", past, GATHER_PAST, 2);
	free(past);
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
	fleet_load(&f, g, GATHER_ZONE_DAYS);
	timetable_load(&t, g->site, g->ref, g->place, g->to);
	jw_key(w, "units");
	jw_array(w);
	for (i = 0; i < f.units; i++)
		if (f.unit[i].class != VAV)
			put_unit(w, &f, &f.unit[i], &t);
	jw_end(w);
	gather_boxes(w, &f, &t);
	timetable_free(&t);
	fleet_free(&f);
}
