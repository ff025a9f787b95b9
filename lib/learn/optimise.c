#include "learn/optimise_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/bound.h"
#include "learn/commit.h"
#include "learn/reason.h"

#define REACH 0.05 /* K h a day: less is the grid's grain, not a failing plant */

/* One search: the case, what is minimised, and room to try a plan in. */
struct search {
	const struct optimise_case *c;
	struct optimise_prices price;
	struct commit *commit;
	double *load;  /* [steps] base and all units */
	double *room;  /* [steps] */
	double *power; /* [steps] of the unit in hand */
	int8_t *mode;
	double *best_power; /* [units * steps] */
	int8_t *best_mode;
	double slope[OPTIMISE_STEPS];
	bool sloped;
	double over; /* currency per kW above the cap in a step */
};

/* What one unit's plan costs by itself. */
static double
unit_cost(const struct search *s, const struct optimise_unit *u, const double *power,
    const int8_t *mode)
{
	double cost = 0, t = u->temperature;
	bool on = u->on;
	size_t k;

	for (k = 0; k < s->c->steps; k++) {
		cost += s->price.value[k] * s->c->dt * power[k];
		cost += mode[k] != 0 && !on ? u->start_cost : 0;
		on = mode[k] != 0;
		t = optimise_next(u, k, t, power[k], mode[k]);
		cost += s->price.comfort * s->c->dt * optimise_outside(u, k, t);
	}
	return cost;
}

static double
over_cap(const struct search *s, const double *power)
{
	double cost = 0;
	size_t k;

	for (k = 0; k < s->c->steps; k++)
		if (power[k] > s->room[k])
			cost += s->over * (power[k] - fmax(0, s->room[k]));
	return cost;
}

/* Plan every unit once against the others' load under the cap; true if one changed. */
static bool
sweep(struct search *s, struct optimise_schedule *plan, double cap, bool backwards)
{
	const struct optimise_case *c = s->c;
	struct commit_prices price = { s->price.value, NULL, s->room, s->over,
		s->price.comfort };
	bool changed = false;
	size_t n, k;

	for (n = 0; n < c->units; n++) {
		size_t i = backwards ? c->units - 1 - n : n;
		double *own = plan->power + i * c->steps;
		int8_t *mode = plan->mode + i * c->steps;
		double before, after;

		for (k = 0; k < c->steps; k++)
			s->room[k] = cap - (s->load[k] - own[k]);
		if (commit_solve(s->commit, &c->unit[i], c->steps, c->dt, &price, s->power,
			s->mode) != LEARN_OK)
			continue;
		before = unit_cost(s, &c->unit[i], own, mode) + over_cap(s, own);
		after = unit_cost(s, &c->unit[i], s->power, s->mode) + over_cap(s, s->power);
		if (!(after < before - 1e-6 * fabs(before)))
			continue;
		for (k = 0; k < c->steps; k++)
			s->load[k] += s->power[k] - own[k];
		memcpy(own, s->power, c->steps * sizeof(*own));
		memcpy(mode, s->mode, c->steps * sizeof(*mode));
		changed = true;
	}
	return changed;
}

static double
objective(const struct search *s, const struct optimise_schedule *plan)
{
	const struct optimise_case *c = s->c;
	double sum = s->price.demand * optimise_peak(c, s->load);
	size_t i;

	for (i = 0; i < c->units; i++)
		sum += unit_cost(
		    s, &c->unit[i], plan->power + i * c->steps, plan->mode + i * c->steps);
	return sum;
}

static void
keep(struct search *s, const struct optimise_schedule *plan)
{
	size_t n = s->c->units * s->c->steps;

	memcpy(s->best_power, plan->power, n * sizeof(*s->best_power));
	memcpy(s->best_mode, plan->mode, n * sizeof(*s->best_mode));
}

static void
restore(struct search *s, struct optimise_schedule *plan)
{
	size_t n = s->c->units * s->c->steps;

	memcpy(plan->power, s->best_power, n * sizeof(*s->best_power));
	memcpy(plan->mode, s->best_mode, n * sizeof(*s->best_mode));
	optimise_load(s->c, plan->power, s->load);
}

/* Each unit by itself, with the relaxation's price of the peak. */
static enum learn_status
first_plan(struct search *s, struct optimise_schedule *plan)
{
	const struct optimise_case *c = s->c;
	struct commit_prices price = { s->price.value, s->sloped ? s->slope : NULL, NULL, 0,
		s->price.comfort };
	enum learn_status status = LEARN_OK;
	size_t i;

	for (i = 0; i < c->units && status == LEARN_OK; i++)
		status = commit_solve(s->commit, &c->unit[i], c->steps, c->dt, &price,
		    plan->power + i * c->steps, plan->mode + i * c->steps);
	optimise_load(c, plan->power, s->load);
	return status;
}

/* Lower the cap while it pays, in steps that halve when it does not. */
static double
lower_cap(
    struct search *s, struct optimise_schedule *plan, double best, double floor, int tries)
{
	double step = (optimise_peak(s->c, s->load) - floor) / 3, cap;
	int n, k;

	keep(s, plan);
	for (n = 0; n < tries && step > 1e-4 * (1 + floor); n++) {
		double now, peak = optimise_peak(s->c, s->load);

		cap = fmax(floor, peak - step);
		for (k = 0; k < 4; k++)
			if (!sweep(s, plan, cap, k % 2 == 1))
				break;
		/* The load may end up above the cap: plan once more against what it is. */
		sweep(s, plan, optimise_peak(s->c, s->load), true);
		now = objective(s, plan);
		if (now < best) {
			best = now;
			keep(s, plan);
		} else {
			restore(s, plan);
			step /= 2;
		}
	}
	return best;
}

static enum learn_status
search_init(struct search *s, const struct optimise_case *c)
{
	size_t n = c->units * c->steps;

	memset(s, 0, sizeof(*s));
	s->c = c;
	optimise_prices(c, &s->price);
	s->commit = commit_new(c->steps);
	s->load = malloc(3 * c->steps * sizeof(*s->load));
	s->mode = malloc(c->steps * sizeof(*s->mode));
	s->best_power = malloc(n * sizeof(*s->best_power));
	s->best_mode = malloc(n * sizeof(*s->best_mode));
	if (s->commit == NULL || s->load == NULL || s->mode == NULL || s->best_power == NULL ||
	    s->best_mode == NULL)
		return LEARN_NOMEM;
	s->room = s->load + c->steps;
	s->power = s->room + c->steps;
	return LEARN_OK;
}

static void
search_free(struct search *s)
{
	commit_free(s->commit);
	free(s->load);
	free(s->mode);
	free(s->best_power);
	free(s->best_mode);
}

/* The least discomfort that each zone could have at any price. */
static enum learn_status
find_least(struct search *s, struct optimise_schedule *plan)
{
	static const double nothing[OPTIMISE_STEPS];
	const struct optimise_case *c = s->c;
	struct commit_prices price = { nothing, NULL, NULL, 0, 1e3 };
	struct optimise_totals total = { 0 };
	double *temperature = malloc((c->steps + 1) * sizeof(*temperature));
	enum learn_status status = temperature == NULL ? LEARN_NOMEM : LEARN_OK;
	struct optimise_miss planned, least;
	size_t i;

	for (i = 0; i < c->units && status == LEARN_OK; i++) {
		const struct optimise_unit *u = &c->unit[i];

		optimise_judge_unit(c, u, plan->power + i * c->steps, plan->mode + i * c->steps,
		    temperature, &total);
		planned = optimise_missed(c, u, temperature);
		if (planned.kelvin_hours <= REACH)
			continue;
		status = commit_solve(s->commit, u, c->steps, c->dt, &price, s->power, s->mode);
		optimise_judge_unit(c, u, s->power, s->mode, temperature, &total);
		least = optimise_missed(c, u, temperature);
		least = least.kelvin_hours < planned.kelvin_hours ? least : planned;
		if (least.kelvin_hours > REACH)
			plan->least[i] = least;
	}
	free(temperature);
	return status;
}

/* Is there anybody, and can nothing be done for anybody? */
static bool
in_vain(const struct optimise_case *c, const struct optimise_schedule *plan)
{
	size_t i, k, vain = 0, peopled = 0;

	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];

		for (k = 0; k < c->steps && isnan(u->low[k]) && isnan(u->high[k]); k++)
			;
		peopled += k < c->steps;
		vain += plan->least[i].always;
	}
	return peopled > 0 && vain == peopled;
}

struct plan_copy {
	double *power;
	int8_t *mode;
};

static bool
copy_plan(const struct optimise_schedule *plan, struct plan_copy *copy)
{
	size_t n = plan->units * plan->steps;

	copy->power = malloc(n * sizeof(*copy->power));
	copy->mode = malloc(n * sizeof(*copy->mode));
	if (copy->power == NULL || copy->mode == NULL)
		return false;
	memcpy(copy->power, plan->power, n * sizeof(*copy->power));
	memcpy(copy->mode, plan->mode, n * sizeof(*copy->mode));
	return true;
}

static void
use_copy(struct search *s, struct optimise_schedule *plan, const struct plan_copy *copy)
{
	size_t n = plan->units * plan->steps;

	memcpy(plan->power, copy->power, n * sizeof(*copy->power));
	memcpy(plan->mode, copy->mode, n * sizeof(*copy->mode));
	optimise_load(s->c, plan->power, s->load);
}

/*
 * A stiff cap and a soft one lead to different plans, and neither is the
 * better one in all cases: try both from the same start.
 */
static double
search_caps(
    struct search *s, struct optimise_schedule *plan, double best, double floor, int tries)
{
	struct plan_copy start = { 0 }, stiff = { 0 };
	double soft = INFINITY, first = best;
	bool again = copy_plan(plan, &start);

	s->over = 2 * s->price.demand;
	best = lower_cap(s, plan, first, floor, tries);
	restore(s, plan);
	if (again && copy_plan(plan, &stiff)) {
		use_copy(s, plan, &start);
		s->over = 0.1 * s->price.demand;
		soft = lower_cap(s, plan, first, floor, tries);
		restore(s, plan);
		s->over = 2 * s->price.demand;
		if (soft >= best)
			use_copy(s, plan, &stiff);
	}
	free(start.power);
	free(start.mode);
	free(stiff.power);
	free(stiff.mode);
	return fmin(best, soft);
}

static enum learn_status
improve(struct search *s, struct optimise_schedule *plan, int effort, double floor)
{
	enum learn_status status;
	double best, now;
	int round;

	best = objective(s, plan);
	if (s->price.demand > 0)
		best = search_caps(s, plan, best, floor, 3 * effort);
	keep(s, plan);
	/* Exact powers for the plan's switching, then switching once more against them. */
	for (round = 0; round < 2; round++) {
		status = bound_polish(s->c, &s->price, plan, NULL);
		if (status == LEARN_NOMEM)
			return status;
		optimise_load(s->c, plan->power, s->load);
		now = objective(s, plan);
		if (status != LEARN_OK || !(now < best))
			break;
		best = now;
		keep(s, plan);
		if (s->price.demand <= 0 || round == 1)
			break;
		best = lower_cap(s, plan, best, floor, effort);
		restore(s, plan);
	}
	restore(s, plan);
	return LEARN_OK;
}

enum learn_status
optimise_run(
    const struct optimise_case *c, int effort, bool bound, struct optimise_schedule *plan)
{
	struct bound relaxed = { 0 };
	enum learn_status status;
	struct search s;
	double floor;

	memset(plan, 0, sizeof(*plan));
	status = optimise_check(c);
	if (status == LEARN_OK && (effort < 1 || effort > 10))
		status = LEARN_RANGE;
	if (status != LEARN_OK)
		return status;
	status = search_init(&s, c);
	if (status == LEARN_OK)
		status = optimise_schedule_init(c, plan);
	if (status != LEARN_OK)
		goto out;
	floor = optimise_peak(c, c->base);
	if (bound && bound_relax(c, &s.price, &relaxed) == LEARN_OK) {
		plan->bound = relaxed.least;
		memcpy(s.slope, relaxed.slope, sizeof(s.slope));
		s.sloped = true;
		floor = fmax(floor, relaxed.peak);
	}
	status = first_plan(&s, plan);
	if (status == LEARN_OK)
		status = improve(&s, plan, effort, floor);
	if (status == LEARN_OK)
		status = find_least(&s, plan);
	if (status == LEARN_OK)
		status = optimise_judge(c, plan);
	if (status != LEARN_OK)
		goto out;
	plan->gap = (plan->total.objective - plan->bound) / plan->total.objective;
	reason_fill(c, plan);
	if (in_vain(c, plan))
		status = LEARN_INFEASIBLE;
out:
	search_free(&s);
	if (status != LEARN_OK && status != LEARN_INFEASIBLE)
		optimise_free(plan);
	return status;
}
