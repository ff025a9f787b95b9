/* The optimising task read: what it says of the coming day and of each unit, as a case. */
#include <math.h>
#include <stdlib.h>

#include "base/diag.h"
#include "learn/task_plan.h"

#define LEVELS 8
#define LEAST_POWER 0.3 /* of full power, while on */
#define MIN_ON 2        /* steps, where the task says nothing */
#define COMFORT_HOURS 8
#define FASTEST 20.0 /* K a step at full power: more is no model of a zone */
#define DEAREST 1e9  /* currency per kWh, at most */

void
plan_free(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->plants; i++) {
		struct plant *u = &p->plant[i];

		free(u->inside);
		free(u->zone);
		free(u->outdoor);
		free(u->heating);
		free(u->cooling);
		free(u->low);
		free(u->high);
		free(u->standing);
		free(u->occupied);
		free(u->override);
		free(u->force);
		free(u->air);
	}
	free(p->plant);
	free(p->unit);
	free(p->outdoor);
	free(p->people);
	free(p->sun);
	free(p->price);
	free(p->carbon);
	free(p->base);
	free(p->on);
	free(p->setpoint);
}

bool
plan_steps(json_value v, size_t steps, double **to)
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

/* Is it a temperature that air can have? */
static bool
possible(double degrees)
{
	return degrees >= HOURS_COLDEST && degrees <= HOURS_WARMEST;
}

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

const char *
plan_model(const struct plan *p, struct plant *u, json_value learned)
{
	json_value v = learned_of(learned, u->name);
	bool usable = false;

	if (v.at == 0)
		return "nothing was learned of it";
	if (!json_bool(json_get(v, "usable"), &usable) ||
	    !task_thermal(json_get(v, "thermal"), &u->thermal))
		return "no thermal model could be learned";
	if (!usable && !u->thermal.heats && !u->thermal.cools)
		return "the plant was not seen to move the zone";
	if (!usable)
		return "its thermal model is not good enough for its comfort band";
	if (u->thermal.sun > 0 && p->sun == NULL)
		return "its model knows the sun: lat and lon are missing";
	return fabs(u->thermal.dt - p->c.dt) > 1e-9 ? "its model was learned in other steps"
						    : NULL;
}

void
plan_feel(const struct plan *p, struct plant *u, struct optimise_unit *to, const double *zone)
{
	const struct thermal_data d = { .n = p->past + p->c.steps,
		.dt = p->c.dt,
		.inside = u->inside,
		.outdoor = p->outdoor,
		.people = p->people,
		.sun = p->sun };
	size_t k;

	for (k = 0; k < p->c.steps; k++)
		u->zone[k] = zone != NULL ? zone[k] : u->setpoint;
	thermal_first_order(&u->thermal, &d, p->past, p->c.steps, u->zone, &to->a, u->outdoor);
}

void
plan_feel_again(struct plan *p, const struct optimise_schedule *s)
{
	size_t i;

	for (i = 0; i < p->plants; i++) {
		struct plant *u = &p->plant[i];

		if (u->planned)
			plan_feel(p, u, &p->unit[u->at],
			    s->power != NULL ? s->temperature + u->at * (p->c.steps + 1)
					     : NULL);
	}
}

void
plan_zone(const struct plan *p, struct plant *u, struct optimise_unit *to, json_value past)
{
	size_t steps = p->c.steps, n = 0, k;
	double *before = NULL;

	if (!task_numbers(past, PLAN_PAST, &before, &n))
		n = 0;
	u->inside = xcalloc(p->past + steps + 1, sizeof(double));
	u->zone = xcalloc(steps, sizeof(double));
	u->outdoor = xcalloc(steps, sizeof(double));
	u->low = xcalloc(steps, sizeof(double));
	u->high = xcalloc(steps, sizeof(double));
	u->heating = xcalloc(steps, sizeof(double));
	u->cooling = xcalloc(steps, sizeof(double));
	u->force = xcalloc(steps, sizeof(*u->force));
	for (k = 0; k < p->past + steps; k++)
		u->inside[k] =
		    k < p->past && n == p->past && possible(before[k]) ? before[k] : NAN;
	u->inside[p->past] = to->temperature;
	for (k = 0; k < steps; k++) {
		u->low[k] = u->occupied[k] > 0 ? u->setpoint - u->band : NAN;
		u->high[k] = u->occupied[k] > 0 ? u->setpoint + u->band : NAN;
		u->heating[k] = u->thermal.heat;
		u->cooling[k] = u->thermal.cool;
	}
	to->b = 1; /* the model's own K per kW and step stand in heating and cooling */
	to->ramp = INFINITY;
	to->levels = LEVELS;
	to->outdoor = u->outdoor;
	to->low = u->low;
	to->high = u->high;
	to->heating = p->heats && u->thermal.heats ? u->heating : NULL;
	to->cooling = p->cools && u->thermal.cools ? u->cooling : NULL;
	to->force = u->force;
	plan_feel(p, u, to, NULL);
	free(before);
}

static void
fill_unit(struct plan *p, struct plant *u, json_value v, struct optimise_unit *to)
{
	int64_t age = OPTIMISE_AGE, least = MIN_ON;
	double power = 0;
	bool on = false;
	size_t k;

	plan_zone(p, u, to, json_get(v, "inside"));
	(void)json_int(json_get(v, "age"), &age);
	(void)json_int(json_get(v, "min_run"), &least);
	(void)json_bool(json_get(v, "on"), &on);
	(void)task_number(v, "power", 0, to->power_max, &power);
	to->power_min = LEAST_POWER * to->power_max;
	to->min_on = least >= 1 && least <= OPTIMISE_AGE ? (int)least : MIN_ON;
	to->min_off = 1;
	to->on = on;
	to->age = age >= 1 && age <= 10000 ? (int)age : OPTIMISE_AGE;
	to->power = on ? fmax(power, to->power_min) : 0;
	for (k = 0; k < p->c.steps; k++)
		if (u->override != NULL && isfinite(u->override[k]))
			u->force[k] = u->override[k] > 0 ? 1 : -1;
	p->walls = p->walls || u->thermal.order == 2;
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
	(void)plan_steps(json_get(v, "standing"), p->c.steps, &u->standing);
	u->why_not = plan_model(p, u, learned);
	if (u->why_not != NULL)
		return true;
	*to = (struct optimise_unit){ .power_max = 0 };
	if (!task_number(v, "temperature", -40, 60, &to->temperature))
		u->why_not = "its zone's temperature is not known";
	else if (!task_number(v, "setpoint", 5, 45, &u->setpoint))
		u->why_not = "its setpoint is not known";
	else if (!task_number(v, "power_max", 1e-3, 1e6, &to->power_max))
		u->why_not = "its power is not known";
	else if (u->standing == NULL ||
		 !plan_steps(json_get(v, "occupied"), p->c.steps, &u->occupied))
		u->why_not = "its standing schedule is not known";
	else if (fmax(u->thermal.heat, u->thermal.cool) * to->power_max > FASTEST)
		u->why_not = "its power does not fit what was learned of it";
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

/* The price of every step; false: not known, or none that anybody pays. */
static bool
read_price(struct plan *p, json_value list)
{
	size_t k;

	if (!plan_steps(list, p->c.steps, &p->price))
		return false;
	for (k = 0; k < p->c.steps && fabs(p->price[k]) <= DEAREST; k++)
		;
	if (k == p->c.steps)
		return true;
	free(p->price);
	p->price = NULL;
	return false;
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
	(void)plan_steps(json_get(data, "carbon"), p->c.steps, &p->carbon);
	p->c.carbon = p->carbon;
	if (read_price(p, json_get(data, "price"))) {
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

/* Outdoors, people and sun, from the steps before the plan on. */
static bool
read_weather(struct plan *p, json_value data, json_value record)
{
	const struct solar_place place = task_place(record);
	double *past = NULL, *coming = NULL, *people = NULL;
	size_t n = 0, k, steps = p->c.steps;
	bool ok;

	ok = plan_steps(json_get(data, "outdoor"), steps, &coming) &&
	     plan_steps(json_get(data, "people"), steps, &people);
	for (k = 0; ok && k < steps; k++)
		ok = possible(coming[k]);
	if (ok) {
		if (!task_numbers(json_get(data, "outdoor_past"), PLAN_PAST, &past, &n))
			n = 0;
		p->past = n;
		p->outdoor = xcalloc(n + steps, sizeof(double));
		p->people = xcalloc(n + steps, sizeof(double));
		for (k = 0; k < n + steps; k++) {
			p->outdoor[k] = k >= n              ? coming[k - n]
					: possible(past[k]) ? past[k]
							    : NAN;
			p->people[k] = k < n ? 0 : people[k - n];
		}
		p->sun = solar_steps(&place,
		    p->start - (when_t)lround((double)n * p->c.dt * 3600), p->c.dt, n + steps);
	}
	free(past);
	free(coming);
	free(people);
	return ok;
}

bool
plan_read(struct plan *p, json_value data, json_value record, json_value learned,
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
	if (!read_weather(p, data, record))
		return task_settle(o, TASK_NO_RUN,
			   "no outdoor temperature of the coming hours is known"),
		       false;
	(void)json_int(json_get(data, "outdoor_from_yesterday"), &p->persisted);
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
