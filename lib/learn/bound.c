#include "learn/bound.h"

#include <coin/Clp_C_Interface.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define FREE_ROW 1e30

/* A programme in the making: columns, rows and their entries. */
struct lp {
	int columns, rows, room_columns, room_rows;
	size_t entries, room_entries;
	double *low, *high, *cost;  /* of columns */
	double *row_low, *row_high; /* of rows */
	int *entry_row, *entry_column;
	double *entry;
};

/* Where a unit's columns begin, -1: not there. */
struct unit_columns {
	int cool[OPTIMISE_STEPS], heat[OPTIMISE_STEPS]; /* kW */
	int on[OPTIMISE_STEPS], start[OPTIMISE_STEPS];
	int temperature[OPTIMISE_STEPS]; /* at the end of the step */
};

static int
column(struct lp *lp, double low, double high, double cost)
{
	size_t room;

	if (lp->columns == lp->room_columns) {
		lp->room_columns = 2 * lp->room_columns + 1024;
		room = (size_t)lp->room_columns;
		lp->low = xrealloc(lp->low, room * sizeof(*lp->low));
		lp->high = xrealloc(lp->high, room * sizeof(*lp->high));
		lp->cost = xrealloc(lp->cost, room * sizeof(*lp->cost));
	}
	lp->low[lp->columns] = low;
	lp->high[lp->columns] = high;
	lp->cost[lp->columns] = cost;
	return lp->columns++;
}

static int
row(struct lp *lp, double low, double high)
{
	size_t room;

	if (lp->rows == lp->room_rows) {
		lp->room_rows = 2 * lp->room_rows + 1024;
		room = (size_t)lp->room_rows;
		lp->row_low = xrealloc(lp->row_low, room * sizeof(*lp->row_low));
		lp->row_high = xrealloc(lp->row_high, room * sizeof(*lp->row_high));
	}
	lp->row_low[lp->rows] = low;
	lp->row_high[lp->rows] = high;
	return lp->rows++;
}

static void
put(struct lp *lp, int r, int c, double value)
{
	size_t room;

	if (c < 0)
		return;
	if (lp->entries == lp->room_entries) {
		lp->room_entries = room = 2 * lp->room_entries + 4096;
		lp->entry = xrealloc(lp->entry, room * sizeof(*lp->entry));
		lp->entry_row = xrealloc(lp->entry_row, room * sizeof(*lp->entry_row));
		lp->entry_column = xrealloc(lp->entry_column, room * sizeof(*lp->entry_column));
	}
	lp->entry_row[lp->entries] = r;
	lp->entry_column[lp->entries] = c;
	lp->entry[lp->entries++] = value;
}

static void
lp_free(struct lp *lp)
{
	free(lp->low);
	free(lp->high);
	free(lp->cost);
	free(lp->row_low);
	free(lp->row_high);
	free(lp->entry);
	free(lp->entry_row);
	free(lp->entry_column);
}

/* Entries by column, as CLP wants them. */
static void
by_column(const struct lp *lp, CoinBigIndex **first, int **index, double **value)
{
	size_t k;
	int c;

	*first = xcalloc((size_t)lp->columns + 2, sizeof(**first));
	*index = xmalloc((lp->entries + 1) * sizeof(**index));
	*value = xmalloc((lp->entries + 1) * sizeof(**value));
	for (k = 0; k < lp->entries; k++)
		(*first)[lp->entry_column[k] + 2]++;
	for (c = 0; c < lp->columns; c++)
		(*first)[c + 2] += (*first)[c + 1];
	for (k = 0; k < lp->entries; k++) {
		CoinBigIndex at = (*first)[lp->entry_column[k] + 1]++;

		(*index)[at] = lp->entry_row[k];
		(*value)[at] = lp->entry[k];
	}
}

/*
 * Weak duality from any row prices y: the sum over rows of the cheaper side
 * of y, plus over columns the cheaper bound of cost - y'A.
 */
static double
safe_bound(const struct lp *lp, const double *y, double *reduced)
{
	double bound = 0;
	size_t k;
	int i;

	memcpy(reduced, lp->cost, (size_t)lp->columns * sizeof(*reduced));
	for (i = 0; i < lp->rows; i++) {
		double side = y[i] > 0 ? lp->row_low[i] : lp->row_high[i];

		/* A price on a side that is not there counts as none. */
		if (fabs(side) < FREE_ROW)
			bound += y[i] * side;
	}
	for (k = 0; k < lp->entries; k++) {
		int r = lp->entry_row[k];
		double side = y[r] > 0 ? lp->row_low[r] : lp->row_high[r];

		if (fabs(side) < FREE_ROW)
			reduced[lp->entry_column[k]] -= y[r] * lp->entry[k];
	}
	for (i = 0; i < lp->columns; i++)
		bound += reduced[i] * (reduced[i] > 0 ? lp->low[i] : lp->high[i]);
	return bound - 1e-9 * fabs(bound);
}

static enum learn_status
solve(const struct lp *lp, double *least, double *x, double *y)
{
	double *reduced = xmalloc((size_t)lp->columns * sizeof(*reduced)), *value;
	enum learn_status status = LEARN_LIMIT;
	Clp_Simplex *model = Clp_newModel();
	CoinBigIndex *first;
	int *index;

	must(model != NULL);
	by_column(lp, &first, &index, &value);
	Clp_setLogLevel(model, 0);
	Clp_loadProblem(model, lp->columns, lp->rows, first, index, value, lp->low, lp->high,
	    lp->cost, lp->row_low, lp->row_high);
	Clp_setMaximumIterations(model, 200000);
	if (lp->rows > 4000)
		Clp_initialBarrierSolve(model);
	else
		Clp_initialDualSolve(model);
	if (Clp_status(model) == 0) {
		memcpy(x, Clp_getColSolution(model), (size_t)lp->columns * sizeof(*x));
		memcpy(y, Clp_getRowPrice(model), (size_t)lp->rows * sizeof(*y));
		*least = safe_bound(lp, y, reduced);
		status = LEARN_OK;
	}
	Clp_deleteModel(model);
	free(first);
	free(index);
	free(value);
	free(reduced);
	return status;
}

static double
cop(const double *series, size_t k)
{
	return series != NULL && series[k] > 0 ? series[k] : 0;
}

/* Steps at the start in which the unit can't be switched any more. */
static int
held(const struct optimise_unit *u)
{
	int age = u->age > 0 ? u->age : 1, least = u->on ? u->min_on : u->min_off;

	return age < least ? least - age : 0;
}

/* What the plant, an order and the minimum times leave of on or off in step k. */
static void
on_bounds(const struct optimise_unit *u, size_t k, bool able, double *least, double *most)
{
	int order = u->force != NULL ? u->force[k] : 0;

	*most = able && order >= 0 ? 1 : 0;
	*least = order > 0 ? *most : 0;
	if ((int)k < held(u)) {
		*most = u->on ? *most : 0;
		*least = *most;
	}
}

/* Power columns; without a plan also on and start, tied by minimum times. */
static void
power_columns(struct lp *lp, const struct optimise_case *c, const struct optimise_prices *price,
    const struct optimise_unit *u, const int8_t *plan, struct unit_columns *x)
{
	size_t k;

	for (k = 0; k < c->steps; k++) {
		double least, most, cost = price->value[k] * c->dt,
				    low = plan != NULL ? u->power_min : 0;
		bool cool = cop(u->cooling, k) > 0 && (plan == NULL || plan[k] < 0);
		bool heat = cop(u->heating, k) > 0 && (plan == NULL || plan[k] > 0);

		x->on[k] = x->start[k] = x->cool[k] = x->heat[k] = -1;
		if (cool)
			x->cool[k] = column(lp, low, u->power_max, cost);
		if (heat)
			x->heat[k] = column(lp, low, u->power_max, cost);
		if (plan != NULL)
			continue;
		on_bounds(u, k, cool || heat, &least, &most);
		x->on[k] = column(lp, least, most, 0);
		x->start[k] = column(lp, 0, 1, u->start_cost);
	}
}

static void
switching_rows(struct lp *lp, const struct optimise_case *c, const struct optimise_unit *u,
    const struct unit_columns *x)
{
	size_t k;
	int j, r;

	for (k = 0; k < c->steps; k++) {
		/* power_min on <= p <= power_max on */
		r = row(lp, -FREE_ROW, 0);
		put(lp, r, x->cool[k], 1);
		put(lp, r, x->heat[k], 1);
		put(lp, r, x->on[k], -u->power_max);
		r = row(lp, 0, FREE_ROW);
		put(lp, r, x->cool[k], 1);
		put(lp, r, x->heat[k], 1);
		put(lp, r, x->on[k], -u->power_min);
		/* start >= on - on before */
		r = row(lp, k == 0 && u->on ? -1 : 0, FREE_ROW);
		put(lp, r, x->start[k], 1);
		put(lp, r, x->on[k], -1);
		if (k > 0)
			put(lp, r, x->on[k - 1], 1);
		/* starts of the last min_on steps <= on */
		r = row(lp, -FREE_ROW, 0);
		for (j = 0; j < u->min_on && j <= (int)k; j++)
			put(lp, r, x->start[k - (size_t)j], 1);
		put(lp, r, x->on[k], -1);
		/* starts of the last min_off steps <= 1 - on before them */
		if ((int)k < u->min_off || u->min_off < 2)
			continue;
		r = row(lp, -FREE_ROW, 1);
		for (j = 0; j < u->min_off; j++)
			put(lp, r, x->start[k - (size_t)j], 1);
		put(lp, r, x->on[k - (size_t)u->min_off], 1);
	}
}

/* While on, power moves by at most the ramp; switching on or off is free. */
static void
ramp_rows(struct lp *lp, const struct optimise_case *c, const struct optimise_unit *u,
    const struct unit_columns *x, const int8_t *plan)
{
	double spread = u->power_max - u->power_min;
	size_t k;
	int r, side;

	if (plan == NULL || !(u->ramp < spread))
		return;
	for (k = 0; k < c->steps; k++) {
		double before = k == 0 ? u->power : 0;

		if (plan[k] == 0 || (k == 0 ? !u->on : plan[k - 1] == 0))
			continue;
		for (side = -1; side <= 1; side += 2) {
			r = row(lp, -FREE_ROW, u->ramp + side * before);
			put(lp, r, x->cool[k], side);
			put(lp, r, x->heat[k], side);
			if (k > 0) {
				put(lp, r, x->cool[k - 1], -side);
				put(lp, r, x->heat[k - 1], -side);
			}
		}
	}
}

static void
zone_rows(struct lp *lp, const struct optimise_case *c, const struct optimise_prices *price,
    const struct optimise_unit *u, struct unit_columns *x)
{
	double cold = u->temperature, warm = u->temperature;
	size_t k;
	int r, slack;

	for (k = 0; k < c->steps; k++) {
		double gain = u->gain != NULL ? u->gain[k] : 0;
		double drift = (1 - u->a) * u->outdoor[k] + u->b * gain;

		cold = u->a * cold + drift - u->b * cop(u->cooling, k) * u->power_max - 1e-6;
		warm = u->a * warm + drift + u->b * cop(u->heating, k) * u->power_max + 1e-6;
		x->temperature[k] = column(lp, cold, warm, 0);
		if (k == 0)
			drift += u->a * u->temperature;
		r = row(lp, drift, drift);
		put(lp, r, x->temperature[k], 1);
		if (k > 0)
			put(lp, r, x->temperature[k - 1], -u->a);
		put(lp, r, x->cool[k], u->b * cop(u->cooling, k));
		put(lp, r, x->heat[k], -u->b * cop(u->heating, k));
		if (!isnan(u->low[k]) && cold < u->low[k]) {
			slack = column(lp, 0, u->low[k] - cold, price->comfort * c->dt);
			r = row(lp, u->low[k], FREE_ROW);
			put(lp, r, x->temperature[k], 1);
			put(lp, r, slack, 1);
		}
		if (!isnan(u->high[k]) && warm > u->high[k]) {
			slack = column(lp, 0, warm - u->high[k], price->comfort * c->dt);
			r = row(lp, -FREE_ROW, u->high[k]);
			put(lp, r, x->temperature[k], 1);
			put(lp, r, slack, -1);
		}
	}
}

/* One row a step for the peak; first is its row number. */
static int
peak_rows(struct lp *lp, const struct optimise_case *c, const struct optimise_prices *price,
    const struct unit_columns *x, int *first)
{
	double most = c->billed_peak, all = 0;
	size_t k, i;
	int peak, r;

	for (i = 0; i < c->units; i++)
		all += c->unit[i].power_max;
	for (k = 0; k < c->steps; k++)
		most = fmax(most, c->base[k] + all);
	peak = column(lp, c->billed_peak, most, price->demand);
	*first = lp->rows;
	for (k = 0; k < c->steps; k++) {
		r = row(lp, c->base[k], FREE_ROW);
		put(lp, r, peak, 1);
		for (i = 0; i < c->units; i++) {
			put(lp, r, x[i].cool[k], -1);
			put(lp, r, x[i].heat[k], -1);
		}
	}
	return peak;
}

static enum learn_status
build_and_solve(const struct optimise_case *c, const struct optimise_prices *price,
    const int8_t *plan, struct unit_columns *columns, double *least, double *peak,
    double *slope, double **solution)
{
	enum learn_status status;
	struct lp lp = { 0 };
	int d, first;
	size_t i, k;
	double *y;

	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];
		const int8_t *own = plan != NULL ? plan + i * c->steps : NULL;

		power_columns(&lp, c, price, u, own, &columns[i]);
		zone_rows(&lp, c, price, u, &columns[i]);
		if (own == NULL)
			switching_rows(&lp, c, u, &columns[i]);
		ramp_rows(&lp, c, u, &columns[i], own);
	}
	d = peak_rows(&lp, c, price, columns, &first);
	*solution = xmalloc(((size_t)lp.columns + 1) * sizeof(**solution));
	y = xmalloc(((size_t)lp.rows + 1) * sizeof(*y));
	status = solve(&lp, least, *solution, y);
	if (status == LEARN_OK) {
		*peak = (*solution)[d];
		for (k = 0; k < c->steps && slope != NULL; k++)
			slope[k] = fmax(0, y[first + (int)k]);
	}
	free(y);
	lp_free(&lp);
	return status;
}

enum learn_status
bound_relax(const struct optimise_case *c, const struct optimise_prices *price, struct bound *b)
{
	struct unit_columns *columns = xmalloc(c->units * sizeof(*columns));
	enum learn_status status;
	double *x;

	memset(b, 0, sizeof(*b));
	status = build_and_solve(c, price, NULL, columns, &b->least, &b->peak, b->slope, &x);
	free(x);
	free(columns);
	return status;
}

enum learn_status
bound_polish(const struct optimise_case *c, const struct optimise_prices *price,
    struct optimise_schedule *s, double *slope)
{
	struct unit_columns *columns = xmalloc(c->units * sizeof(*columns));
	enum learn_status status;
	double *x, least, peak;
	size_t i, k;

	status = build_and_solve(c, price, s->mode, columns, &least, &peak, slope, &x);
	for (i = 0; i < c->units && status == LEARN_OK; i++) {
		for (k = 0; k < c->steps; k++) {
			const struct optimise_unit *u = &c->unit[i];
			double *p = &s->power[i * c->steps + k];
			int at =
			    columns[i].cool[k] >= 0 ? columns[i].cool[k] : columns[i].heat[k];

			if (at >= 0)
				*p = fmin(u->power_max, fmax(u->power_min, x[at]));
		}
	}
	free(x);
	free(columns);
	return status;
}
