#include "learn/columns.h"

#include <coin/Clp_C_Interface.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/optimise_own.h"

#define SMOOTHING 0.5 /* share of the best prices so far */
#define TRIES 3       /* roundings that one choice is the best of */
#define FREE 1e30
#define ENOUGH 1e-4 /* of the cost: mixed plans and bound this near are equal */

struct plan {
	size_t unit;
	double cost;  /* by itself */
	double share; /* of the mixture */
};

struct columns {
	const struct optimise_case *c;
	const struct optimise_prices *price;
	struct commit *commit;
	size_t plans, room, mixed; /* the first `mixed` are in the master */
	struct plan *plan;
	double *power; /* [plans * steps] */
	int8_t *mode;
	size_t *order;  /* plans by unit: order[first[unit]] .. */
	size_t *first;  /* [units + 1] */
	size_t *chosen; /* [units] */
	double *load;
	Clp_Simplex *master;
	uint64_t seed;
};

struct columns *
columns_new(
    const struct optimise_case *c, const struct optimise_prices *price, struct commit *commit)
{
	struct columns *s = xcalloc(1, sizeof(*s));

	s->c = c;
	s->price = price;
	s->commit = commit;
	s->first = xmalloc((c->units + 1) * sizeof(*s->first));
	s->chosen = xcalloc(c->units, sizeof(*s->chosen));
	s->load = xmalloc(c->steps * sizeof(*s->load));
	return s;
}

void
columns_free(struct columns *s)
{
	if (s == NULL)
		return;
	if (s->master != NULL)
		Clp_deleteModel(s->master);
	free(s->plan);
	free(s->power);
	free(s->mode);
	free(s->order);
	free(s->first);
	free(s->chosen);
	free(s->load);
	free(s);
}

static void
make_room(struct columns *s)
{
	size_t room = s->plans + s->c->units, steps = s->c->steps;

	if (room <= s->room)
		return;
	room *= 2;
	s->plan = xrealloc(s->plan, room * sizeof(*s->plan));
	s->power = xrealloc(s->power, room * steps * sizeof(*s->power));
	s->mode = xrealloc(s->mode, room * steps * sizeof(*s->mode));
	s->order = xrealloc(s->order, room * sizeof(*s->order));
	s->room = room;
}

static double *
power_of(const struct columns *s, size_t plan)
{
	return s->power + plan * s->c->steps;
}

/* The plan behind the last one counts, unless it is there already. */
static void
count_in(struct columns *s, size_t unit, double cost)
{
	size_t steps = s->c->steps, j;

	for (j = 0; j < s->plans; j++)
		if (s->plan[j].unit == unit &&
		    fabs(s->plan[j].cost - cost) < 1e-9 * (1 + fabs(cost)) &&
		    memcmp(power_of(s, j), power_of(s, s->plans), steps * sizeof(*s->power)) ==
			0)
			return;
	s->plan[s->plans++] = (struct plan){ unit, cost, 0 };
}

/* Plans all units: what they cost together under the slope. */
static double
plan_units(struct columns *s, const double *slope)
{
	const struct optimise_case *c = s->c;
	struct commit_prices price = { s->price->value, slope, s->price->comfort };
	double worth = 0;
	size_t i, k;

	make_room(s);
	for (i = 0; i < c->units; i++) {
		double *power = power_of(s, s->plans), cost;
		int8_t *mode = s->mode + s->plans * c->steps;

		commit_solve(s->commit, &c->unit[i], c->steps, c->dt, &price, power, mode);
		cost = optimise_unit_cost(c, s->price, &c->unit[i], power, mode);
		worth += cost;
		for (k = 0; k < c->steps; k++)
			worth += slope[k] * power[k];
		count_in(s, i, cost);
	}
	return worth;
}

void
columns_add(struct columns *s, const struct optimise_schedule *plan)
{
	const struct optimise_case *c = s->c;
	size_t i;

	make_room(s);
	for (i = 0; i < c->units; i++) {
		const double *power = plan->power + i * c->steps;
		const int8_t *mode = plan->mode + i * c->steps;

		memcpy(power_of(s, s->plans), power, c->steps * sizeof(*power));
		memcpy(s->mode + s->plans * c->steps, mode, c->steps * sizeof(*mode));
		count_in(s, i, optimise_unit_cost(c, s->price, &c->unit[i], power, mode));
	}
}

/* Rows: a step's load below D; a unit's shares are one. Its first column is D. */
static void
begin_master(struct columns *s)
{
	const struct optimise_case *c = s->c;
	size_t rows = c->steps + c->units, k;
	double *low = xmalloc(rows * sizeof(*low)), *high = xmalloc(rows * sizeof(*high));
	double *one = xmalloc(c->steps * sizeof(*one)), most = FREE;
	CoinBigIndex *start = xcalloc(rows + 1, sizeof(*start));
	int *row = xmalloc(c->steps * sizeof(*row));

	s->master = Clp_newModel();
	must(s->master != NULL);
	for (k = 0; k < rows; k++) {
		low[k] = k < c->steps ? c->base[k] : 1;
		high[k] = k < c->steps ? FREE : 1;
	}
	for (k = 0; k < c->steps; k++) {
		row[k] = (int)k;
		one[k] = 1;
	}
	Clp_setLogLevel(s->master, 0);
	Clp_addRows(s->master, (int)rows, low, high, start, NULL, NULL);
	start[1] = (CoinBigIndex)c->steps;
	Clp_addColumns(
	    s->master, 1, &c->billed_peak, &most, &s->price->demand, start, row, one);
	free(low);
	free(high);
	free(one);
	free(start);
	free(row);
}

static void
extend_master(struct columns *s)
{
	const struct optimise_case *c = s->c;
	int *row = xmalloc((c->steps + 1) * sizeof(*row));
	double *entry = xmalloc((c->steps + 1) * sizeof(*entry)), low = 0, high = FREE;
	size_t k;

	for (; s->mixed < s->plans; s->mixed++) {
		const struct plan *p = &s->plan[s->mixed];
		CoinBigIndex start[2] = { 0, 0 };
		const double *power = power_of(s, s->mixed);
		int n = 0;

		for (k = 0; k < c->steps; k++)
			if (power[k] > 0) {
				row[n] = (int)k;
				entry[n++] = -power[k];
			}
		row[n] = (int)(c->steps + p->unit);
		entry[n++] = 1;
		start[1] = n;
		Clp_addColumns(s->master, 1, &low, &high, &p->cost, start, row, entry);
	}
	free(row);
	free(entry);
}

/* The cheapest mixture and its prices of a kW. */
static enum learn_status
solve_master(struct columns *s, double *slope, double *cost)
{
	const double *x, *y;
	size_t j, k;

	if (s->master == NULL)
		begin_master(s);
	extend_master(s);
	Clp_primal(s->master, 0);
	if (Clp_status(s->master) != 0)
		return LEARN_LIMIT;
	x = Clp_getColSolution(s->master);
	y = Clp_getRowPrice(s->master);
	for (j = 0; j < s->plans; j++)
		s->plan[j].share = fmax(0, x[j + 1]);
	for (k = 0; k < s->c->steps; k++)
		slope[k] = fmax(0, y[k]);
	*cost = Clp_getObjValue(s->master);
	return LEARN_OK;
}

/* What the slope is worth in all: the units' plans, and D at the least. */
static double
dual_worth(const struct columns *s, const double *slope, double plans)
{
	double left = s->price->demand, worth = plans;
	size_t k;

	for (k = 0; k < s->c->steps; k++) {
		worth += slope[k] * s->c->base[k];
		left -= slope[k];
	}
	return worth + left * s->c->billed_peak;
}

enum learn_status
columns_mix(struct columns *s, double *slope, int rounds)
{
	const struct optimise_case *c = s->c;
	double here[OPTIMISE_STEPS], cost, worth, best = -INFINITY;
	enum learn_status status;
	size_t k;
	int n;

	memcpy(here, slope, sizeof(here));
	for (n = 0; n < rounds; n++) {
		worth = dual_worth(s, here, plan_units(s, here));
		if (worth > best) {
			best = worth;
			memcpy(slope, here, sizeof(here));
		}
		status = solve_master(s, here, &cost);
		if (status != LEARN_OK)
			return status;
		if (cost - best < ENOUGH * fabs(cost))
			break;
		for (k = 0; k < c->steps; k++)
			here[k] += SMOOTHING * (slope[k] - here[k]);
	}
	return LEARN_OK;
}

static double
draw(struct columns *s)
{
	s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(s->seed >> 11) * 0x1p-53;
}

static void
sort_plans(struct columns *s)
{
	size_t i, j, n = 0;

	for (i = 0; i < s->c->units; i++) {
		s->first[i] = n;
		for (j = 0; j < s->mixed; j++)
			if (s->plan[j].unit == i)
				s->order[n++] = j;
	}
	s->first[i] = n;
}

/* The largest share, or one drawn by the shares. */
static void
round_mixture(struct columns *s, bool drawn)
{
	size_t i, n, k;

	memcpy(s->load, s->c->base, s->c->steps * sizeof(*s->load));
	for (i = 0; i < s->c->units; i++) {
		double at = draw(s), largest = -1;

		for (n = s->first[i]; n < s->first[i + 1]; n++) {
			double share = s->plan[s->order[n]].share;

			if (drawn ? at >= 0 : share > largest)
				s->chosen[i] = s->order[n];
			largest = fmax(largest, share);
			at -= share;
		}
		for (k = 0; k < s->c->steps; k++)
			s->load[k] += power_of(s, s->chosen[i])[k];
	}
}

static void
use_plan(const struct columns *s, size_t j, struct optimise_schedule *plan)
{
	size_t steps = s->c->steps, i = s->plan[j].unit;

	memcpy(plan->power + i * steps, power_of(s, j), steps * sizeof(*plan->power));
	memcpy(plan->mode + i * steps, s->mode + j * steps, steps * sizeof(*plan->mode));
}

/* The peak of the load with one plan for another. */
static double
peak_with(const struct columns *s, const double *out, const double *in)
{
	double peak = s->c->billed_peak;
	size_t k;

	for (k = 0; k < s->c->steps; k++) {
		double x = s->load[k] - out[k] + in[k];

		peak = x > peak ? x : peak;
	}
	return peak;
}

/* What another plan for its unit would add to the cost; 0 where it can't be less than `least`.
 */
static double
exchanged(const struct columns *s, size_t plan, double peak, double least)
{
	const struct plan *p = &s->plan[plan];
	size_t old = s->chosen[p->unit];
	double more = p->cost - s->plan[old].cost, demand = s->price->demand;

	if (more - demand * (peak - s->c->billed_peak) >= least)
		return 0;
	return more + demand * (peak_with(s, power_of(s, old), power_of(s, plan)) - peak);
}

/* The exchange of one plan that saves the most; false if none does. */
static bool
exchange(struct columns *s)
{
	double peak = optimise_peak(s->c, s->load), least = -1e-6;
	size_t j, k, best = s->mixed;
	const double *out, *in;

	for (j = 0; j < s->mixed; j++) {
		double more = exchanged(s, j, peak, least);

		if (more < least) {
			least = more;
			best = j;
		}
	}
	if (best == s->mixed)
		return false;
	in = power_of(s, best);
	out = power_of(s, s->chosen[s->plan[best].unit]);
	for (k = 0; k < s->c->steps; k++)
		s->load[k] += in[k] - out[k];
	s->chosen[s->plan[best].unit] = best;
	return true;
}

static double
choice_cost(const struct columns *s)
{
	double sum = s->price->demand * optimise_peak(s->c, s->load);
	size_t i;

	for (i = 0; i < s->c->units; i++)
		sum += s->plan[s->chosen[i]].cost;
	return sum;
}

void
columns_choose(struct columns *s, struct optimise_schedule *plan, int start)
{
	const struct optimise_case *c = s->c;
	double cost, least = INFINITY;
	size_t i;
	int n;

	sort_plans(s);
	s->seed = (uint64_t)start;
	for (n = 0; n < TRIES; n++) {
		round_mixture(s, start + n > 0);
		while (exchange(s))
			;
		cost = choice_cost(s);
		if (!(cost < least))
			continue;
		least = cost;
		for (i = 0; i < c->units; i++)
			use_plan(s, s->chosen[i], plan);
	}
}

void
columns_redraw(struct columns *s, struct optimise_schedule *plan, int units, int start)
{
	sort_plans(s);
	s->seed = (uint64_t)start;
	draw(s);
	while (units-- > 0) {
		size_t i = (size_t)(draw(s) * (double)s->c->units), n = s->first[i];
		double even = 1 / (double)(s->first[i + 1] - n), at = 2 * draw(s);

		/* Half by the shares, half of any plan. */
		at -= s->plan[s->order[n]].share + even;
		while (at >= 0 && n + 1 < s->first[i + 1])
			at -= s->plan[s->order[++n]].share + even;
		use_plan(s, s->order[n], plan);
	}
}
