/* The optimising task: the coming day's schedule of every unit that a model is known of. */
#include <math.h>
#include <stdlib.h>

#include "base/diag.h"
#include "learn/coming.h"
#include "learn/quality.h"
#include "learn/reason.h"
#include "learn/startstop.h"
#include "learn/task_plan.h"

#define LEVELS 8
#define LEAST_POWER 0.3 /* of full power, while on */
#define EFFORT 3
#define MIN_ON 2 /* steps, where the task says nothing */
#define COMFORT_HOURS 8

static void
plan_free(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->plants; i++) {
		struct plant *u = &p->plant[i];

		free(u->outdoor);
		free(u->heating);
		free(u->cooling);
		free(u->low);
		free(u->high);
		free(u->standing);
		free(u->occupied);
		free(u->override);
		free(u->force);
	}
	free(p->plant);
	free(p->unit);
	free(p->outdoor);
	free(p->people);
	free(p->price);
	free(p->carbon);
	free(p->base);
	free(p->on);
	free(p->setpoint);
}

/* A list of exactly as many finite numbers as there are steps. */
static bool
steps_of(json_value v, size_t steps, double **to)
{
	size_t n, i;

	if (!task_numbers(v, OPTIMISE_STEPS, to, &n))
		return false;
	for (i = 0; i < n && isfinite((*to)[i]); i++)
		;
	if (n == steps && i == n)
		return true;
	free(*to);
	*to = NULL;
	return false;
}

/* ---- the task read ---- */

static json_value
learned_of(json_value learned, struct span unit)
{
	struct span name;
	json_value v;

	for (v = json_first(learned); v.at != 0; v = json_next(v))
		if (json_text(json_get(v, "unit"), &name) && span_eq(name, unit))
			break;
	return v;
}

static const char *
model_of(struct plant *u, json_value learned, double dt)
{
	json_value v = learned_of(learned, u->name);
	bool usable = false;

	if (v.at == 0)
		return "nothing was learned of it";
	if (!json_bool(json_get(v, "usable"), &usable) ||
	    !task_thermal(json_get(v, "thermal"), &u->thermal))
		return "no thermal model could be learned";
	if (!usable)
		return "its thermal model is not good enough for its comfort band";
	return fabs(u->thermal.dt - dt) > 1e-9 ? "its model was learned in other steps" : NULL;
}

static void
fill_unit(struct plan *p, struct plant *u, json_value v, struct optimise_unit *to)
{
	struct thermal_data d = {
		.n = p->c.steps, .dt = p->c.dt, .outdoor = p->outdoor, .people = p->people
	};
	size_t k, steps = p->c.steps;
	int64_t age = OPTIMISE_AGE, least = MIN_ON;
	double power = 0;
	bool on = false;

	(void)json_int(json_get(v, "age"), &age);
	(void)json_int(json_get(v, "min_run"), &least);
	(void)json_bool(json_get(v, "on"), &on);
	(void)task_number(v, "power", 0, to->power_max, &power);
	to->power_min = LEAST_POWER * to->power_max;
	to->levels = LEVELS;
	to->min_on = least >= 1 && least <= OPTIMISE_AGE ? (int)least : MIN_ON;
	to->min_off = 1;
	to->ramp = INFINITY;
	to->b = 1; /* the model's own K per kW and step stand in heating and cooling */
	to->on = on;
	to->age = age >= 1 && age <= 10000 ? (int)age : OPTIMISE_AGE;
	to->power = on ? fmax(power, to->power_min) : 0;
	u->outdoor = xcalloc(steps, sizeof(double));
	u->low = xcalloc(steps, sizeof(double));
	u->high = xcalloc(steps, sizeof(double));
	u->heating = xcalloc(steps, sizeof(double));
	u->cooling = xcalloc(steps, sizeof(double));
	u->force = xcalloc(steps, sizeof(*u->force));
	thermal_first_order(&u->thermal, &d, 0, steps, u->setpoint, &to->a, u->outdoor);
	for (k = 0; k < steps; k++) {
		bool there = u->occupied[k] > 0;

		u->low[k] = there ? u->setpoint - u->band : NAN;
		u->high[k] = there ? u->setpoint + u->band : NAN;
		u->heating[k] = u->thermal.heat;
		u->cooling[k] = u->thermal.cool;
		if (u->override != NULL && isfinite(u->override[k]))
			u->force[k] = u->override[k] > 0 ? 1 : -1;
	}
	to->outdoor = u->outdoor;
	to->low = u->low;
	to->high = u->high;
	to->heating = p->heats && u->thermal.heats ? u->heating : NULL;
	to->cooling = p->cools && u->thermal.cools ? u->cooling : NULL;
	to->force = u->force;
}

static bool
read_unit(struct plan *p, json_value v, json_value learned)
{
	struct plant *u = &p->plant[p->plants];
	struct optimise_unit *to = &p->unit[p->c.units];
	size_t n;

	*u = (struct plant){ .band = 1.5 };
	if (!json_text(json_get(v, "unit"), &u->name))
		return false;
	p->plants++;
	(void)json_text(json_get(v, "class"), &u->class);
	(void)json_text(json_get(v, "point"), &u->point);
	(void)json_text(json_get(v, "set_point"), &u->set_point);
	(void)json_text(json_get(v, "schedule_id"), &u->schedule);
	(void)json_text(json_get(v, "set_schedule_id"), &u->set_schedule);
	(void)task_number(v, "band", 0.1, 10, &u->band);
	u->why_not = model_of(u, learned, p->c.dt);
	if (u->why_not != NULL)
		return true;
	*to = (struct optimise_unit){ .power_max = 0 };
	if (!task_number(v, "temperature", -40, 60, &to->temperature))
		u->why_not = "its zone's temperature is not known";
	else if (!task_number(v, "setpoint", 5, 45, &u->setpoint))
		u->why_not = "its setpoint is not known";
	else if (!task_number(v, "power_max", 1e-3, 1e6, &to->power_max))
		u->why_not = "its power is not known";
	else if (!steps_of(json_get(v, "standing"), p->c.steps, &u->standing) ||
		 !steps_of(json_get(v, "occupied"), p->c.steps, &u->occupied))
		u->why_not = "its standing schedule is not known";
	else if (!(p->heats && u->thermal.heats) && !(p->cools && u->thermal.cools))
		u->why_not = "it neither heats nor cools in this operation mode";
	if (u->why_not != NULL)
		return true;
	if (!task_numbers(json_get(v, "override"), OPTIMISE_STEPS, &u->override, &n) ||
	    n != p->c.steps) {
		free(u->override);
		u->override = NULL;
	}
	fill_unit(p, u, v, to);
	u->planned = true;
	u->at = p->c.units++;
	return true;
}

static void
read_mode(struct plan *p, json_value record)
{
	struct span mode = SPAN("auto");

	(void)json_text(json_get(record, "operationMode"), &mode);
	p->heats = !span_is(mode, "cool");
	p->cools = !span_is(mode, "heat");
}

static bool
read_value(struct plan *p, json_value data, json_value record, struct task_outcome *o)
{
	struct span value = SPAN("cost");

	(void)json_text(json_get(record, "valueType"), &value);
	p->c.value = span_is(value, "energy")    ? OPTIMISE_ENERGY
		     : span_is(value, "comfort") ? OPTIMISE_COMFORT
		     : span_is(value, "co2")     ? OPTIMISE_CO2
						 : OPTIMISE_COST;
	(void)steps_of(json_get(data, "carbon"), p->c.steps, &p->carbon);
	p->c.carbon = p->carbon;
	if (steps_of(json_get(data, "price"), p->c.steps, &p->price)) {
		p->c.price = p->price;
	} else if (p->c.value == OPTIMISE_COST || p->c.value == OPTIMISE_COMFORT) {
		task_settle(
		    o, TASK_NO_RUN, "no price of energy is known: the building needs a tariff");
		return false;
	}
	if (p->c.value == OPTIMISE_CO2 && p->carbon == NULL) {
		task_settle(o, TASK_NO_RUN, "no CO2 per kWh is known");
		return false;
	}
	return true;
}

/*
 * What a K h outside the band costs. Where the task says nothing, as much as COMFORT_HOURS of
 * the largest unit at the dearest price: comfort goes first, money is saved within it.
 */
static void
set_comfort(struct plan *p, json_value data)
{
	double price = 0, power = 0;
	size_t i, k;

	for (k = 0; p->price != NULL && k < p->c.steps; k++)
		price = fmax(price, p->price[k]);
	for (i = 0; i < p->c.units; i++)
		power = fmax(power, p->unit[i].power_max);
	p->c.comfort_price = COMFORT_HOURS * power * (price > 0 ? price : 1);
	(void)task_number(data, "comfort_price", 0, 1e9, &p->c.comfort_price);
}

static bool
read_plan(struct plan *p, json_value data, json_value record, json_value learned,
    struct task_outcome *o)
{
	json_value units = json_get(data, "units"), v;
	int64_t start = 0, steps = 0;
	struct span zone = { 0 };

	(void)json_text(json_get(json_get(data, "hours"), "zone"), &zone);
	(void)json_text(json_get(record, "customerNumber"), &p->customer);
	(void)json_text(json_get(record, "buildingNumber"), &p->building);
	(void)json_text(json_get(record, "task_id"), &p->task_id);
	(void)json_text(json_get(data, "currency"), &p->currency);
	if (!json_int(json_get(data, "start"), &start) ||
	    !json_int(json_get(data, "steps"), &steps) || steps < 1 || steps > OPTIMISE_STEPS ||
	    !task_number(data, "dt", 1e-3, 1, &p->c.dt) || zone.n == 0 ||
	    (p->zone = zone_find(zone)) == NULL || start < 0 || start > (int64_t)1 << 34)
		return task_settle(
			   o, TASK_ERROR, "start, steps, dt or the time zone is missing"),
		       false;
	p->start = start;
	p->c.steps = (size_t)steps;
	if (!steps_of(json_get(data, "outdoor"), p->c.steps, &p->outdoor) ||
	    !steps_of(json_get(data, "people"), p->c.steps, &p->people))
		return task_settle(o, TASK_NO_RUN,
			   "no outdoor temperature of the coming hours is known"),
		       false;
	(void)task_number(data, "demand_price", 0, 1e9, &p->c.demand_price);
	(void)task_number(data, "billed_peak", 0, 1e9, &p->c.billed_peak);
	read_mode(p, record);
	if (!read_value(p, data, record, o))
		return false;
	p->plant = xcalloc(TASK_UNITS, sizeof(*p->plant));
	p->unit = xcalloc(TASK_UNITS, sizeof(*p->unit));
	for (v = json_first(units); v.at != 0 && p->plants < TASK_UNITS; v = json_next(v))
		(void)read_unit(p, v, learned);
	p->c.unit = p->unit;
	set_comfort(p, data);
	return true;
}

/* ---- the building's other load ---- */

/* The forecast of the building's load by steps, kW; past its end what it was a week before;
 * NaN: nothing tells. */
static void
forecast_steps(const struct task_hours *th, const struct plan *p, double *kw)
{
	when_t begins = th->h.start + (when_t)th->known * 3600;
	struct coming *c = xcalloc(1, sizeof(*c));
	size_t k, hour, week = HOURS_WEEK;

	(void)coming_forecast(&th->h, th->known, false, c);
	for (k = 0; k < p->c.steps; k++) {
		double at = (double)(p->start - begins) / 3600 + ((double)k + 0.5) * p->c.dt;

		kw[k] = NAN;
		if (at < 0 || at >= (double)week)
			continue;
		hour = (size_t)at;
		if (hour < c->n)
			kw[k] = c->kwh[hour];
		else if (th->known + hour >= week && th->known + hour - week < th->known)
			kw[k] = th->h.load[th->known + hour - week];
	}
	free(c);
}

/* What the building draws beside the units of the case: its forecast less what they draw as
 * they stand. */
static bool
set_base(struct plan *p, json_value data, bool *known, struct task_outcome *o)
{
	size_t steps = p->c.steps, i, k;
	struct optimise_schedule s;
	struct task_hours th;
	struct quality q;
	double *kw;

	if (!task_hours(json_get(data, "hours"), &th, o))
		return false;
	kw = xcalloc(steps, sizeof(*kw));
	p->base = xcalloc(steps, sizeof(*p->base));
	p->c.base = p->base;
	if (th.known > 0 && quality_clean(&th.h, 0, th.known, &q) == LEARN_OK)
		forecast_steps(&th, p, kw);
	else
		for (k = 0; k < steps; k++)
			kw[k] = NAN;
	*known = false;
	if (optimise_standing(&p->c, p->on, p->setpoint, &s) == LEARN_OK) {
		for (k = 0; k < steps; k++) {
			for (i = 0; i < p->c.units; i++)
				kw[k] -= s.power[i * steps + k];
			if (isfinite(kw[k])) {
				*known = true;
				p->base[k] = fmax(0, kw[k]);
			}
		}
	}
	optimise_free(&s);
	task_hours_free(&th);
	free(kw);
	return true;
}

/* As things stand: on as scheduled, holding the setpoint. */
static void
set_standing(struct plan *p)
{
	size_t steps = p->c.steps, i, k;

	p->on = xcalloc(p->c.units * steps, sizeof(*p->on));
	p->setpoint = xcalloc(p->c.units * steps, sizeof(*p->setpoint));
	for (i = 0; i < p->plants; i++) {
		const struct plant *u = &p->plant[i];

		for (k = 0; u->planned && k < steps; k++) {
			p->on[u->at * steps + k] = u->standing[k] > 0;
			p->setpoint[u->at * steps + k] = u->setpoint;
		}
	}
}

/* ---- what is told ---- */

static void
put_totals(struct jw *w, const char *name, const struct optimise_totals *t)
{
	jw_key(w, name);
	jw_object(w);
	jw_member_round(w, "cost", t->energy + t->demand + t->start, 2);
	jw_member_round(w, "energy_cost", t->energy, 2);
	jw_member_round(w, "demand_cost", t->demand, 2);
	jw_member_round(w, "kwh", t->kwh, 2);
	jw_member_round(w, "peak_kw", t->peak, 2);
	jw_member_round(w, "comfort_kelvin_hours", t->kelvin_hours, 3);
	jw_member_round(w, "co2_kg", t->co2, 3);
	jw_member_int(w, "starts", t->starts);
	jw_end(w);
}

static void
put_interval(struct jw *w, const struct plan *p, const struct optimise_schedule *s,
    const struct plant *u, size_t k, size_t to)
{
	struct plan_step x = plan_step(p, s, u, k);
	char text[WHEN_TEXT];
	double kwh = 0;
	size_t i;

	for (i = k; i < to; i++)
		/* with no units nothing is planned, and this not asked:
		 * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		kwh += s->power[u->at * p->c.steps + i] * p->c.dt;
	jw_object(w);
	jw_member_str(w, "from", when_format(text, p->zone, plan_time(p, k)));
	jw_member_str(w, "to", when_format(text, p->zone, plan_time(p, to)));
	jw_member_bool(w, "on", x.on);
	jw_member_str(w, "mode", x.mode > 0 ? "heat" : x.mode < 0 ? "cool" : "off");
	jw_member_round(w, "setpoint", x.setpoint, 1);
	jw_member_round(w, "kwh", kwh, 3);
	jw_member_round(w, "temperature", s->temperature[u->at * (p->c.steps + 1) + to], 2);
	jw_member_str(w, "reason", reason_text((enum reason)x.reason));
	jw_end(w);
}

static void
put_unit(struct jw *w, const struct plan *p, const struct optimise_schedule *s,
    const struct plant *u)
{
	struct plan_step x, y;
	size_t k, to;

	jw_object(w);
	jw_member_text(w, "unit", u->name);
	jw_member_bool(w, "planned", u->planned);
	if (!u->planned || s->power == NULL) {
		jw_member_str(w, "reason", u->why_not);
		jw_end(w);
		return;
	}
	if (s->unreachable != NULL)
		jw_member_bool(w, "band_reached", !s->unreachable[u->at]);
	jw_key(w, "intervals");
	jw_array(w);
	for (k = 0; k < p->c.steps; k = to) {
		x = plan_step(p, s, u, k);
		for (to = k + 1; to < p->c.steps; to++) {
			y = plan_step(p, s, u, to);
			if (!plan_same(&x, &y))
				break;
		}
		put_interval(w, p, s, u, k, to);
	}
	jw_end(w);
	jw_end(w);
}

/* ---- the whole ---- */

static void
put_result(struct jw *w, const struct plan *p, const struct optimise_schedule *standing,
    const struct optimise_schedule *best, bool base_known)
{
	const struct optimise_totals *a = &standing->total, *b = &best->total;
	char text[WHEN_TEXT];
	size_t i;

	jw_member_str(w, "from", when_format(text, p->zone, p->start));
	jw_member_str(w, "to", when_format(text, p->zone, plan_time(p, p->c.steps)));
	jw_member_text(w, "currency", p->currency);
	jw_member_bool(w, "base_load_known", base_known);
	put_totals(w, "standing", a);
	put_totals(w, "optimised", b);
	jw_key(w, "saved");
	jw_object(w);
	jw_member_round(
	    w, "cost", a->energy + a->demand + a->start - b->energy - b->demand - b->start, 2);
	jw_member_round(w, "kwh", a->kwh - b->kwh, 2);
	jw_member_round(w, "peak_kw", a->peak - b->peak, 2);
	jw_member_round(w, "comfort_kelvin_hours", a->kelvin_hours - b->kelvin_hours, 3);
	jw_end(w);
	jw_member_round(w, "certified_gap", best->gap, 4);
	jw_member_rounds(w, "base_kw", p->base, p->c.steps, 2);
	jw_member_rounds(w, "price", p->c.price, p->c.steps, 3);
	jw_key(w, "units");
	jw_array(w);
	for (i = 0; i < p->plants; i++)
		put_unit(w, p, best, &p->plant[i]);
	jw_end(w);
	plan_rows(w, p, best);
}

static enum learn_status
search(const struct plan *p, bool simple, struct optimise_schedule *s)
{
	size_t n = p->c.units * p->c.steps;
	enum learn_status status;
	double *setpoint;
	bool *on;

	if (!simple)
		return optimise_run(&p->c, EFFORT, true, s);
	on = xcalloc(n, sizeof(*on));
	setpoint = xcalloc(n, sizeof(*setpoint));
	*s = (struct optimise_schedule){ 0 };
	status = startstop_plan(&p->c, on, setpoint);
	if (status == LEARN_OK)
		status = optimise_standing(&p->c, on, setpoint, s);
	if (status == LEARN_OK) {
		reason_fill(&p->c, s);
		s->gap = NAN;
	}
	free(on);
	free(setpoint);
	return status;
}

static void
plan(struct plan *p, json_value data, bool simple, struct jw *w, struct task_outcome *o)
{
	struct optimise_schedule standing = { 0 }, best = { 0 };
	enum learn_status status;
	bool base_known = false;
	size_t k;

	if (p->c.price == NULL) { /* energy or CO2 alone: every kWh counts the same */
		p->price = xcalloc(p->c.steps, sizeof(double));
		for (k = 0; k < p->c.steps; k++)
			p->price[k] = 1;
		p->c.price = p->price;
	}
	set_standing(p);
	if (!set_base(p, data, &base_known, o))
		return;
	status = optimise_standing(&p->c, p->on, p->setpoint, &standing);
	if (status == LEARN_OK)
		status = search(p, simple, &best);
	if (status == LEARN_OK || status == LEARN_INFEASIBLE)
		put_result(w, p, &standing, &best, base_known);
	if (status == LEARN_INFEASIBLE)
		task_settle(o, TASK_INFEASIBLE, "%s", learn_reason(status));
	else if (status != LEARN_OK)
		task_settle(o, TASK_ERROR, "%s", learn_reason(status));
	optimise_free(&standing);
	optimise_free(&best);
}

static void
put_idle(struct jw *w, const struct plan *p)
{
	struct optimise_schedule none = { 0 };
	size_t i;

	jw_key(w, "units");
	jw_array(w);
	for (i = 0; i < p->plants; i++)
		put_unit(w, p, &none, &p->plant[i]);
	jw_end(w);
}

void
task_optimizing(json_value data, json_value record, json_value learned, struct jw *w,
    struct task_outcome *o)
{
	struct plan p = { 0 };
	struct span method = { 0 };

	(void)json_text(json_get(record, "method"), &method);
	if (read_plan(&p, data, record, learned, o)) {
		if (p.c.units > 0) {
			plan(&p, data, span_is(method, "startstop"), w, o);
		} else {
			put_idle(w, &p);
			task_settle(o, TASK_NO_RUN, "%s",
			    p.plants > 0 ? "no unit has a model that a schedule may rely on: "
					   "the standing schedule stays"
					 : "the building has no units that could be scheduled");
		}
	}
	plan_free(&p);
}
