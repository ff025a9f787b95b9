#include "learn/optimise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/bound.h"
#include "learn/commit.h"
#include "learn/reason.h"

#define COMFORT_FACTOR 100 /* OPTIMISE_COMFORT: how much dearer discomfort gets */
#define REACH 0.05         /* K h a day: less is the grid's grain, not a failing plant */

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

static double
mean_of(const double *x, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += x[i];
	return n ? sum / (double)n : 0;
}

void
optimise_prices(const struct optimise_case *c, struct optimise_prices *p)
{
	double price = mean_of(c->price, c->steps), carbon = 0;
	bool tariff = c->value == OPTIMISE_COST || c->value == OPTIMISE_COMFORT;
	size_t k;

	if (c->value == OPTIMISE_CO2)
		carbon = mean_of(c->carbon, c->steps);
	for (k = 0; k < c->steps; k++)
		p->value[k] = tariff                        ? c->price[k]
			      : c->value == OPTIMISE_ENERGY ? price
							    : price * c->carbon[k] / carbon;
	p->demand = tariff ? c->demand_price : 0;
	p->comfort = c->comfort_price * (c->value == OPTIMISE_COMFORT ? COMFORT_FACTOR : 1);
}

static bool
all_finite(const double *x, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

static enum learn_status
check_unit(const struct optimise_unit *u, size_t steps)
{
	size_t k;

	if (!(u->power_min > 0 && u->power_max >= u->power_min && isfinite(u->power_max)) ||
	    u->levels < 1 || u->levels > OPTIMISE_LEVELS || u->min_on < 1 ||
	    u->min_on > OPTIMISE_AGE || u->min_off < 1 || u->min_off > OPTIMISE_AGE ||
	    !(u->ramp > 0) || !(u->start_cost >= 0) || !(u->a > 0 && u->a < 1) || !(u->b > 0) ||
	    u->age < 1 || u->outdoor == NULL || u->low == NULL || u->high == NULL)
		return LEARN_RANGE;
	if (!isfinite(u->temperature) || !all_finite(u->outdoor, steps) ||
	    !isfinite(u->start_cost) || (u->gain != NULL && !all_finite(u->gain, steps)) ||
	    (u->heating != NULL && !all_finite(u->heating, steps)) ||
	    (u->cooling != NULL && !all_finite(u->cooling, steps)) ||
	    (u->on && !isfinite(u->power)))
		return LEARN_NONFINITE;
	for (k = 0; k < steps; k++)
		if (u->low[k] > u->high[k])
			return LEARN_RANGE;
	return LEARN_OK;
}

static enum learn_status
check(const struct optimise_case *c)
{
	enum learn_status status;
	size_t i;

	if (c->steps < 1 || c->steps > OPTIMISE_STEPS || c->units < 1 ||
	    c->units > OPTIMISE_UNITS || !(c->dt > 0) || !(c->demand_price >= 0) ||
	    !(c->comfort_price >= 0) || !(c->billed_peak >= 0) || c->price == NULL ||
	    c->base == NULL || c->unit == NULL)
		return LEARN_RANGE;
	if (!all_finite(c->price, c->steps) || !all_finite(c->base, c->steps) ||
	    !isfinite(c->demand_price + c->comfort_price + c->billed_peak))
		return LEARN_NONFINITE;
	if (c->carbon != NULL && !all_finite(c->carbon, c->steps))
		return LEARN_NONFINITE;
	if (c->value == OPTIMISE_CO2 &&
	    (c->carbon == NULL || !(mean_of(c->carbon, c->steps) > 0)))
		return LEARN_RANGE;
	for (i = 0; i < c->units; i++) {
		status = check_unit(&c->unit[i], c->steps);
		if (status != LEARN_OK)
			return status;
	}
	return LEARN_OK;
}

static double
outside(const struct optimise_unit *u, size_t k, double t)
{
	return t < u->low[k] ? u->low[k] - t : t > u->high[k] ? t - u->high[k] : 0;
}

static double
next_temperature(const struct optimise_unit *u, size_t k, double t, double kw, int mode)
{
	double heat = mode > 0 && u->heating != NULL ? u->heating[k] * kw : 0;

	if (mode < 0 && u->cooling != NULL)
		heat = -u->cooling[k] * kw;
	if (u->gain != NULL)
		heat += u->gain[k];
	return u->a * t + (1 - u->a) * u->outdoor[k] + u->b * heat;
}

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
		t = next_temperature(u, k, t, power[k], mode[k]);
		cost += s->price.comfort * s->c->dt * outside(u, k, t);
	}
	return cost;
}

static void
judge_unit(const struct optimise_case *c, const struct optimise_unit *u, const double *power,
    const int8_t *mode, double *temperature, struct optimise_totals *total)
{
	double t = u->temperature;
	bool on = u->on;
	size_t k;

	temperature[0] = t;
	for (k = 0; k < c->steps; k++) {
		double kwh = c->dt * power[k];

		t = next_temperature(u, k, t, power[k], mode[k]);
		temperature[k + 1] = t;
		total->kwh += kwh;
		total->energy += kwh * c->price[k];
		total->co2 += c->carbon != NULL ? kwh * c->carbon[k] : 0;
		total->kelvin_hours += c->dt * outside(u, k, t);
		if (mode[k] != 0 && !on) {
			total->starts++;
			total->start += u->start_cost;
		}
		on = mode[k] != 0;
	}
}

static double
peak_of(const struct optimise_case *c, const double *load)
{
	double peak = c->billed_peak;
	size_t k;

	for (k = 0; k < c->steps; k++)
		peak = load[k] > peak ? load[k] : peak;
	return peak;
}

static void
sum_load(const struct optimise_case *c, const double *power, double *load)
{
	size_t i, k;

	memcpy(load, c->base, c->steps * sizeof(*load));
	for (i = 0; i < c->units; i++)
		for (k = 0; k < c->steps; k++)
			load[k] += power[i * c->steps + k];
}

enum learn_status
optimise_judge(const struct optimise_case *c, struct optimise_schedule *s)
{
	enum learn_status status = check(c);
	double load[OPTIMISE_STEPS];
	struct optimise_prices price;
	size_t i, k;

	if (status != LEARN_OK)
		return status;
	if (!all_finite(s->power, c->units * c->steps))
		return LEARN_NONFINITE;
	memset(&s->total, 0, sizeof(s->total));
	optimise_prices(c, &price);
	for (i = 0; i < c->units; i++)
		judge_unit(c, &c->unit[i], s->power + i * c->steps, s->mode + i * c->steps,
		    s->temperature + i * (c->steps + 1), &s->total);
	sum_load(c, s->power, load);
	s->total.peak = peak_of(c, load);
	s->total.demand = c->demand_price * s->total.peak;
	s->total.comfort = c->comfort_price * s->total.kelvin_hours;
	s->total.objective = s->total.start + price.comfort * s->total.kelvin_hours +
			     price.demand * s->total.peak;
	for (i = 0; i < c->units; i++)
		for (k = 0; k < c->steps; k++)
			s->total.objective +=
			    price.value[k] * c->dt * s->power[i * c->steps + k];
	return LEARN_OK;
}

enum learn_status
optimise_schedule_init(const struct optimise_case *c, struct optimise_schedule *s)
{
	size_t n = c->units * c->steps;

	memset(s, 0, sizeof(*s));
	if (c->steps < 1 || c->steps > OPTIMISE_STEPS || c->units < 1 ||
	    c->units > OPTIMISE_UNITS)
		return LEARN_RANGE;
	s->units = c->units;
	s->steps = c->steps;
	s->bound = s->gap = NAN;
	s->power = calloc(n, sizeof(*s->power));
	s->mode = calloc(n, sizeof(*s->mode));
	s->temperature = calloc(n + c->units, sizeof(*s->temperature));
	s->reason = calloc(n, sizeof(*s->reason));
	s->unreachable = calloc(c->units, sizeof(*s->unreachable));
	if (s->power == NULL || s->mode == NULL || s->temperature == NULL ||
	    s->reason == NULL || s->unreachable == NULL) {
		optimise_free(s);
		return LEARN_NOMEM;
	}
	return LEARN_OK;
}

void
optimise_free(struct optimise_schedule *s)
{
	free(s->power);
	free(s->mode);
	free(s->temperature);
	free(s->reason);
	free(s->unreachable);
	memset(s, 0, sizeof(*s));
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
	double sum = s->price.demand * peak_of(c, s->load);
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
	sum_load(s->c, plan->power, s->load);
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
	sum_load(c, plan->power, s->load);
	return status;
}

/* Lower the cap while it pays, in steps that halve when it does not. */
static double
lower_cap(
    struct search *s, struct optimise_schedule *plan, double best, double floor, int tries)
{
	double step = (peak_of(s->c, s->load) - floor) / 3, cap;
	int n, k;

	keep(s, plan);
	for (n = 0; n < tries && step > 1e-4 * (1 + floor); n++) {
		double now, peak = peak_of(s->c, s->load);

		cap = fmax(floor, peak - step);
		for (k = 0; k < 4; k++)
			if (!sweep(s, plan, cap, k % 2 == 1))
				break;
		/* The load may end up above the cap: plan once more against what it is. */
		sweep(s, plan, peak_of(s->c, s->load), true);
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

/* The least discomfort each unit could have at any price. */
static enum learn_status
find_unreachable(struct search *s, struct optimise_schedule *plan)
{
	static const double nothing[OPTIMISE_STEPS];
	const struct optimise_case *c = s->c;
	struct commit_prices price = { nothing, NULL, NULL, 0, 1e3 };
	struct optimise_totals total;
	double *temperature = malloc((c->steps + 1) * sizeof(*temperature));
	enum learn_status status = temperature == NULL ? LEARN_NOMEM : LEARN_OK;
	size_t i;

	for (i = 0; i < c->units && status == LEARN_OK; i++) {
		memset(&total, 0, sizeof(total));
		judge_unit(c, &c->unit[i], plan->power + i * c->steps,
		    plan->mode + i * c->steps, temperature, &total);
		if (total.kelvin_hours <= REACH)
			continue;
		status = commit_solve(
		    s->commit, &c->unit[i], c->steps, c->dt, &price, s->power, s->mode);
		memset(&total, 0, sizeof(total));
		judge_unit(c, &c->unit[i], s->power, s->mode, temperature, &total);
		plan->unreachable[i] = total.kelvin_hours > REACH;
	}
	free(temperature);
	return status;
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
	sum_load(s->c, plan->power, s->load);
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
		sum_load(s->c, plan->power, s->load);
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
	size_t i;

	memset(plan, 0, sizeof(*plan));
	status = check(c);
	if (status == LEARN_OK && (effort < 1 || effort > 10))
		status = LEARN_RANGE;
	if (status != LEARN_OK)
		return status;
	status = search_init(&s, c);
	if (status == LEARN_OK)
		status = optimise_schedule_init(c, plan);
	if (status != LEARN_OK)
		goto out;
	floor = peak_of(c, c->base);
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
		status = find_unreachable(&s, plan);
	if (status == LEARN_OK)
		status = optimise_judge(c, plan);
	if (status != LEARN_OK)
		goto out;
	plan->gap = (plan->total.objective - plan->bound) / plan->total.objective;
	reason_fill(c, plan);
	for (i = 0; i < c->units; i++)
		if (plan->unreachable[i])
			status = LEARN_INFEASIBLE;
out:
	search_free(&s);
	if (status != LEARN_OK && status != LEARN_INFEASIBLE)
		optimise_free(plan);
	return status;
}

enum learn_status
optimise_standing(const struct optimise_case *c, const bool *on, const double *setpoint,
    struct optimise_schedule *s)
{
	enum learn_status status = check(c);
	size_t i, k;

	memset(s, 0, sizeof(*s));
	if (status == LEARN_OK)
		status = optimise_schedule_init(c, s);
	if (status != LEARN_OK)
		return status;
	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];
		double t = u->temperature;

		for (k = 0; k < c->steps; k++) {
			size_t at = i * c->steps + k;
			double idle = next_temperature(u, k, t, 0, 0), cop, need;
			int mode = idle > setpoint[at] ? -1 : 1;

			cop = mode < 0 ? (u->cooling != NULL ? u->cooling[k] : 0)
				       : (u->heating != NULL ? u->heating[k] : 0);
			need = fabs(idle - setpoint[at]) / u->b;
			if (on[at] && isfinite(need) && cop > 0) {
				/* Within a step the thermostat cycles: any mean power up to
				 * full. */
				s->power[at] = fmin(u->power_max, need / cop);
				s->mode[at] = (int8_t)(s->power[at] > 0 ? mode : 0);
			}
			t = next_temperature(u, k, t, s->power[at], s->mode[at]);
		}
	}
	return optimise_judge(c, s);
}
