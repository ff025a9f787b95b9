#include "learn/optimise_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/bound.h"
#include "learn/columns.h"
#include "learn/commit.h"
#include "learn/lagrange.h"
#include "learn/reason.h"

#define REACH 0.05 /* K h a day: less is the grid's grain, not a failing plant */

#define MIXES 10     /* for each effort: rounds of mixing and planning anew */
#define ROUNDINGS 12 /* for each effort, of FEW units; the fewer units the more */
#define FEW 20
#define REDRAWN 2 /* units whose plans are drawn again in the best plan so far */

/* One search: the case, what is minimised, and the best plan so far. */
struct search {
	const struct optimise_case *c;
	struct optimise_prices price;
	struct commit *commit;
	double *load;  /* [steps] base and all units */
	double *power; /* [steps] of the unit in hand */
	int8_t *mode;
	double *best_power; /* [units * steps] */
	int8_t *best_mode;
	double best;
	double slope[OPTIMISE_STEPS]; /* price of a kW in each step */
};

static double
objective(const struct search *s, const struct optimise_schedule *plan)
{
	const struct optimise_case *c = s->c;
	double sum = s->price.demand * optimise_peak(c, s->load);
	size_t i;

	for (i = 0; i < c->units; i++)
		sum += optimise_unit_cost(c, &s->price, &c->unit[i], plan->power + i * c->steps,
		    plan->mode + i * c->steps);
	return sum;
}

/* Keeps the plan when it is the best so far. */
static void
keep_better(struct search *s, const struct optimise_schedule *plan)
{
	size_t n = s->c->units * s->c->steps;
	double now;

	optimise_load(s->c, plan->power, s->load);
	now = objective(s, plan);
	if (!(now < s->best))
		return;
	s->best = now;
	memcpy(s->best_power, plan->power, n * sizeof(*s->best_power));
	memcpy(s->best_mode, plan->mode, n * sizeof(*s->best_mode));
}

static void
use_best(const struct search *s, struct optimise_schedule *plan)
{
	size_t n = s->c->units * s->c->steps;

	memcpy(plan->power, s->best_power, n * sizeof(*s->best_power));
	memcpy(plan->mode, s->best_mode, n * sizeof(*s->best_mode));
}

/* Each unit by itself. */
static void
first_plan(struct search *s, struct optimise_schedule *plan)
{
	const struct optimise_case *c = s->c;
	struct commit_prices price = { s->price.value, NULL, s->price.comfort };
	size_t i;

	for (i = 0; i < c->units; i++)
		commit_solve(s->commit, &c->unit[i], c->steps, c->dt, &price,
		    plan->power + i * c->steps, plan->mode + i * c->steps);
}

static void
search_init(struct search *s, const struct optimise_case *c)
{
	size_t n = c->units * c->steps;

	memset(s, 0, sizeof(*s));
	s->c = c;
	s->best = INFINITY;
	optimise_prices(c, &s->price);
	s->commit = commit_new(c->steps);
	s->load = xmalloc(c->steps * sizeof(*s->load));
	s->power = xmalloc(c->steps * sizeof(*s->power));
	s->mode = xmalloc(c->steps * sizeof(*s->mode));
	s->best_power = xmalloc(n * sizeof(*s->best_power));
	s->best_mode = xmalloc(n * sizeof(*s->best_mode));
}

static void
search_free(struct search *s)
{
	commit_free(s->commit);
	free(s->load);
	free(s->power);
	free(s->mode);
	free(s->best_power);
	free(s->best_mode);
}

/* The least discomfort that each zone could have at any price. */
static void
find_least(struct search *s, struct optimise_schedule *plan)
{
	static const double nothing[OPTIMISE_STEPS];
	const struct optimise_case *c = s->c;
	struct commit_prices price = { nothing, NULL, 1e3 };
	struct optimise_totals total = { 0 };
	double *temperature = xmalloc((c->steps + 1) * sizeof(*temperature));
	struct optimise_miss planned, least;
	size_t i;

	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];

		optimise_judge_unit(c, u, plan->power + i * c->steps, plan->mode + i * c->steps,
		    temperature, &total);
		planned = optimise_missed(c, u, temperature);
		if (planned.kelvin_hours <= REACH)
			continue;
		commit_solve(s->commit, u, c->steps, c->dt, &price, s->power, s->mode);
		optimise_judge_unit(c, u, s->power, s->mode, temperature, &total);
		least = optimise_missed(c, u, temperature);
		least = least.kelvin_hours < planned.kelvin_hours ? least : planned;
		if (least.kelvin_hours > REACH)
			plan->least[i] = least;
	}
	free(temperature);
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

/* Exact powers for the plan's switching; as it was when there are none. */
static void
polish(struct search *s, struct optimise_schedule *plan)
{
	(void)bound_polish(s->c, &s->price, plan, NULL);
	keep_better(s, plan);
}

/*
 * A choice among many plans of each unit, which make room for one another
 * under the peak; then small changes of the best of them. With exact powers
 * the chosen are plans to choose from again, at the end.
 */
static void
mix(struct search *s, struct optimise_schedule *plan, int effort)
{
	struct columns *columns = columns_new(s->c, &s->price, s->commit);
	size_t few = s->c->units > 4 ? s->c->units : 4;
	int n, roundings = 2 + (int)(ROUNDINGS * FEW / few) * effort;
	double slope[OPTIMISE_STEPS];

	columns_add(columns, plan);
	(void)columns_mix(columns, s->slope, MIXES * effort);
	for (n = 0; n < roundings; n++) {
		if (n == roundings - 2) {
			memcpy(slope, s->slope, sizeof(slope));
			(void)columns_mix(columns, slope, 2);
		}
		if (n < roundings / 2 || n >= roundings - 2) {
			columns_choose(columns, plan, n);
		} else {
			use_best(s, plan);
			columns_redraw(columns, plan, REDRAWN, n);
		}
		keep_better(s, plan);
		polish(s, plan);
		columns_add(columns, plan);
	}
	columns_free(columns);
}

enum learn_status
optimise_run(
    const struct optimise_case *c, int effort, bool bound, struct optimise_schedule *plan)
{
	struct bound relaxed = { 0 };
	enum learn_status status;
	struct search s;
	double apart;

	memset(plan, 0, sizeof(*plan));
	status = optimise_check(c);
	if (status == LEARN_OK && (effort < 1 || effort > 10))
		status = LEARN_RANGE;
	if (status == LEARN_OK)
		status = optimise_schedule_init(c, plan);
	if (status != LEARN_OK)
		return status;
	search_init(&s, c);
	if (bound && bound_relax(c, &s.price, &relaxed) == LEARN_OK) {
		plan->bound = relaxed.least;
		memcpy(s.slope, relaxed.slope, sizeof(s.slope));
	}
	first_plan(&s, plan);
	polish(&s, plan);
	if (s.price.demand > 0)
		mix(&s, plan, effort);
	use_best(&s, plan);
	if (bound && lagrange_bound(c, &s.price, s.slope, &apart) == LEARN_OK)
		plan->bound = fmax(plan->bound, apart); /* also when one of them is NaN */
	find_least(&s, plan);
	search_free(&s);
	status = optimise_judge(c, plan);
	if (status != LEARN_OK) {
		optimise_free(plan);
		return status;
	}
	plan->gap = (plan->total.objective - plan->bound) / plan->total.objective;
	reason_fill(c, plan);
	return in_vain(c, plan) ? LEARN_INFEASIBLE : LEARN_OK;
}
