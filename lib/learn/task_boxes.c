/* VAV boxes: how far to open for the zone, once it is known when their air handlers run. */
#include <math.h>
#include <stdlib.h>

#include "base/diag.h"
#include "learn/reason.h"
#include "learn/task_plan.h"

#define AIR 0.000335     /* kWh per m3 and kelvin, as in what was learned */
#define LEAST_SUPPLY 1.0 /* K between zone and supply air: less moves nothing */
#define LEAST_OPEN 0.05  /* of the most it has been open */
#define AT_LEAST 1.02    /* times its least: no more than fresh air */
#define EFFORT 1
#define FASTEST 20.0 /* K a step, wide open: more is no model of a zone */

/* What its air handler sends in a step: 1 warm, -1 cold, 0 nothing. */
static int
sends(
    const struct plan *p, const struct plant *box, const struct optimise_schedule *s, size_t k)
{
	const struct plant *ahu = box->feeder;

	if (ahu->planned)
		return s->mode[ahu->at * p->c.steps + k];
	return ahu->standing[k] > 0 ? box->usual : 0;
}

static const struct plant *
handler_of(const struct plan *p, const struct plant *box)
{
	size_t i;

	for (i = 0; i < p->plants; i++)
		if (span_eq(p->plant[i].name, box->air_handler))
			return &p->plant[i];
	return NULL;
}

/* What the air handlers send decides what boxes can do, and when they must. */
static void
set_air(struct plan *b, const struct plan *p, const struct optimise_schedule *s)
{
	size_t i, k;

	for (i = 0; i < b->plants; i++) {
		struct plant *u = &b->plant[i];

		for (k = 0; u->planned && k < b->c.steps; k++) {
			int air = sends(p, u, s, k);

			u->air[k] = (int8_t)air;
			u->heating[k] = air > 0 ? u->thermal.heat / u->electric : 0;
			u->cooling[k] = air < 0 ? u->thermal.cool / u->electric : 0;
			u->force[k] = air == 0 ? -1 : u->occupied[k] > 0 ? 1 : 0;
		}
	}
}

static void
read_names(struct plant *u, json_value v)
{
	(void)json_text(json_get(v, "unit"), &u->name);
	(void)json_text(json_get(v, "air_handler"), &u->air_handler);
	(void)json_text(json_get(v, "set_point"), &u->set_point);
	(void)json_text(json_get(v, "set_schedule_id"), &u->set_schedule);
	(void)json_text(json_get(v, "flow_point"), &u->flow_point);
	(void)json_text(json_get(v, "flow_schedule_id"), &u->flow_schedule);
	(void)task_number(v, "band", 0.1, 10, &u->band);
}

static const char *
read_numbers(const struct plan *b, struct plant *u, json_value v, double *temperature,
    double *most, double *supply)
{
	if (u->feeder == NULL)
		return "which air handler feeds it is not known";
	if (!u->feeder->planned && u->feeder->standing == NULL)
		return "when its air handler runs is not known";
	if (!task_number(v, "temperature", -40, 60, temperature))
		return "its zone's temperature is not known";
	if (!task_number(v, "setpoint", 5, 45, &u->setpoint))
		return "its setpoint is not known";
	if (!task_number(v, "supply", -10, 80, supply) ||
	    fabs(*supply - u->setpoint) < LEAST_SUPPLY)
		return "what air its air handler sends is not known";
	if (!task_number(v, "flow_max", 1, 1e6, most) ||
	    !task_number(v, "electric", 1e-4, 1e4, &u->electric))
		return "its air flow is not known";
	if (fmax(u->thermal.heat, u->thermal.cool) * AIR * fabs(*supply - u->setpoint) * *most >
	    FASTEST)
		return "its air flow does not fit what was learned of it";
	if (!plan_steps(json_get(v, "occupied"), b->c.steps, &u->occupied))
		return "when people are there is not known";
	return NULL;
}

static void
read_box(struct plan *b, const struct plan *p, json_value v, json_value learned)
{
	struct plant *u = &b->plant[b->plants++];
	struct optimise_unit *to = &b->unit[b->c.units];
	double temperature = NAN, most = NAN, supply = NAN, least = 0;

	*u = (struct plant){ .band = 1.5, .flow_min = NAN, .class = SPAN("VAV") };
	read_names(u, v);
	u->feeder = handler_of(p, u);
	u->why_not = plan_model(p, u, learned);
	if (u->why_not == NULL)
		u->why_not = read_numbers(b, u, v, &temperature, &most, &supply);
	if (u->why_not != NULL)
		return;
	u->usual = supply < u->setpoint ? -1 : 1;
	u->flow_per_kw = 1 / (AIR * fabs(supply - u->setpoint) * u->electric);
	if (task_number(v, "flow_min", 0, most, &least))
		u->flow_min = least;
	*to = (struct optimise_unit){ .power_max = most / u->flow_per_kw,
		.power_min = fmax(least, LEAST_OPEN * most) / u->flow_per_kw,
		.min_on = 1,
		.min_off = 1,
		.temperature = temperature,
		.age = OPTIMISE_AGE };
	plan_zone(b, u, to, json_get(v, "inside"));
	u->air = xcalloc(b->c.steps, sizeof(*u->air));
	b->walls = b->walls || u->thermal.order == 2;
	u->planned = true;
	u->at = b->c.units++;
}

/* As it stands: it opens to hold its setpoint, and never less than it must. */
static void
hold(const struct plan *b, const struct plant *u, struct optimise_schedule *s)
{
	const struct optimise_unit *to = &b->unit[u->at];
	size_t k, steps = b->c.steps;
	double t = to->temperature;

	for (k = 0; k < steps; k++) {
		double idle = to->a * t + (1 - to->a) * u->outdoor[k];
		double pull = u->air[k] > 0 ? u->heating[k] : -u->cooling[k];
		double kw = pull != 0 ? (u->setpoint - idle) / pull : to->power_min;

		kw = u->air[k] == 0 ? 0 : fmin(to->power_max, fmax(to->power_min, kw));
		s->power[u->at * steps + k] = kw;
		s->mode[u->at * steps + k] = (int8_t)(kw > 0 ? u->air[k] : 0);
		t = idle + pull * kw;
	}
}

static void
say_why(const struct plan *b, struct optimise_schedule *s)
{
	size_t i, k, steps = b->c.steps;

	for (i = 0; i < b->plants; i++) {
		const struct plant *u = &b->plant[i];

		for (k = 0; u->planned && k < steps; k++) {
			size_t at = u->at * steps + k;
			bool least = s->power[at] <= AT_LEAST * b->unit[u->at].power_min;

			if (u->air[k] == 0)
				s->reason[at] = REASON_OFF_AIR;
			else if (s->power[at] > 0 && u->occupied[k] > 0)
				s->reason[at] = least ? REASON_ON_AIR : REASON_ON_COMFORT;
			else if (s->power[at] > 0)
				s->reason[at] = REASON_ON_STORE;
			else
				s->reason[at] = REASON_OFF_EMPTY;
		}
	}
}

static enum learn_status
stand(struct plan *b, struct optimise_schedule *s)
{
	enum learn_status status = LEARN_OK;
	int pass, passes = b->walls ? 2 : 1;
	size_t i;

	for (pass = 0; pass < passes && status == LEARN_OK; pass++) {
		if (pass > 0)
			plan_feel_again(b, s);
		optimise_free(s);
		status = optimise_schedule_init(&b->c, s);
		for (i = 0; i < b->plants && status == LEARN_OK; i++)
			if (b->plant[i].planned)
				hold(b, &b->plant[i], s);
		if (status == LEARN_OK)
			status = optimise_judge(&b->c, s);
	}
	return status;
}

static enum learn_status
improve(struct plan *b, struct optimise_schedule *s)
{
	enum learn_status status = LEARN_OK;
	int pass, passes = b->walls ? 2 : 1;

	plan_feel_again(b, s);
	for (pass = 0; pass < passes; pass++) {
		if (pass > 0)
			plan_feel_again(b, s);
		optimise_free(s);
		status = optimise_run(&b->c, EFFORT, false, s);
		if (status == LEARN_INFEASIBLE)
			status = LEARN_OK; /* a box alone decides nothing: least[] tells */
		if (status != LEARN_OK)
			return status;
	}
	say_why(b, s);
	return status;
}

/* The weather, prices and limits of the plan, and room for the boxes. */
static void
begin(struct plan *b, const struct plan *p)
{
	*b = *p;
	b->walls = false;
	b->plants = b->c.units = 0;
	b->plant = xcalloc(TASK_UNITS, sizeof(*b->plant));
	b->unit = xcalloc(TASK_UNITS, sizeof(*b->unit));
	b->c.unit = b->unit;
	b->base = xcalloc(b->c.steps, sizeof(*b->base));
	b->c.base = b->base;
	b->c.demand_price = b->c.billed_peak = 0; /* the peak is their air handlers' */
}

enum learn_status
boxes_plan(struct boxes *x, const struct plan *p, json_value data, json_value learned,
    const struct optimise_schedule *standing, const struct optimise_schedule *best)
{
	enum learn_status status = LEARN_OK;
	struct plan *b = &x->plan;
	json_value v;

	*x = (struct boxes){ .standing = { 0 } };
	begin(b, p);
	v = json_first(json_get(data, "boxes"));
	for (; v.at != 0 && b->plants < TASK_UNITS; v = json_next(v))
		read_box(b, p, v, learned);
	if (b->c.units == 0)
		return LEARN_OK;
	set_air(b, p, standing);
	status = stand(b, &x->standing);
	if (status != LEARN_OK)
		return status;
	set_air(b, p, best);
	return improve(b, &x->best);
}

void
boxes_free(struct boxes *x)
{
	/* what is not its own goes with the plan it came from */
	struct plan own = { .plant = x->plan.plant,
		.plants = x->plan.plants,
		.unit = x->plan.unit,
		.base = x->plan.base };

	plan_free(&own);
	optimise_free(&x->standing);
	optimise_free(&x->best);
}
