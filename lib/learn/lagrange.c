#include "learn/lagrange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/optimise_own.h"

#define NODES 1200
#define FINEST 0.01 /* K */
#define NEVER 1e15

/* Temperatures are counted in grid cells from the grid's first node. */
struct zone {
	const struct optimise_unit *u;
	double first, spacing;                                 /* degC, K */
	int low[OPTIMISE_STEPS + 1], high[OPTIMISE_STEPS + 1]; /* nodes that can be reached */
	int off_modes, modes;                                  /* by age: off, then on */
	double *worth;                                    /* [modes * NODES] of the next step */
	double *now;                                      /* the same, of this step */
	double *ahead;                                    /* what each mode has ahead */
	double tilted[NODES], least[NODES], exact[NODES]; /* of the function in hand */
};

/* Where a step takes the zone from cell y to: between scale y + from and `width` above it. */
struct move {
	double scale, from, width;
	double price; /* per cell farther down; < 0: per cell farther up, -price */
	double free;  /* scale y + free costs nothing */
};

static double
cop(const double *series, size_t k)
{
	return series != NULL && series[k] > 0 ? series[k] : 0;
}

/* The zone's drift over step k from t, K. */
static double
idle(const struct optimise_unit *u, size_t k, double t)
{
	return optimise_next(u, k, t, 0, 0);
}

/* The nodes that can be reached with this spacing; their number. */
static int
reach(struct zone *z, size_t steps, double anchor)
{
	const struct optimise_unit *u = z->u;
	int least, most;
	size_t k;

	z->low[0] = (int)floor((u->temperature - anchor) / z->spacing);
	z->high[0] = z->low[0] + 1;
	least = z->low[0];
	most = z->high[0];
	for (k = 0; k < steps; k++) {
		double cold = idle(u, k, anchor + z->low[k] * z->spacing);
		double warm = idle(u, k, anchor + z->high[k] * z->spacing);

		cold -= u->b * cop(u->cooling, k) * u->power_max;
		warm += u->b * cop(u->heating, k) * u->power_max;
		z->low[k + 1] = (int)floor((cold - anchor) / z->spacing - 1e-9);
		z->high[k + 1] = (int)ceil((warm - anchor) / z->spacing + 1e-9);
		least = z->low[k + 1] < least ? z->low[k + 1] : least;
		most = z->high[k + 1] > most ? z->high[k + 1] : most;
		if (most - least >= NODES)
			return NODES + 1;
	}
	for (k = 0; k <= steps; k++) {
		z->low[k] -= least;
		z->high[k] -= least;
	}
	z->first = anchor + least * z->spacing;
	return most - least + 1;
}

/* As fine a grid as there is room for; the band's edges are nodes where they stay the same. */
static void
set_grid(struct zone *z, size_t steps)
{
	const struct optimise_unit *u = z->u;
	double anchor = u->temperature, band = 0, spacing;
	size_t k;

	for (k = 0; k < steps; k++)
		if (!isnan(u->high[k])) {
			anchor = u->high[k];
			band = isnan(u->low[k]) ? 0 : u->high[k] - u->low[k];
			break;
		}
	for (spacing = FINEST;; spacing *= 1.2) {
		z->spacing = band > spacing ? band / ceil(band / spacing) : spacing;
		if (reach(z, steps, anchor) <= NODES)
			return;
	}
}

/* ahead[] of all modes: the next step's worth and the discomfort at the end of this one. */
static void
add_comfort(struct zone *z, size_t k, double price)
{
	const struct optimise_unit *u = z->u;
	int from = z->low[k + 1], to = z->high[k + 1], side, m, i;
	double *comfort = z->exact;

	for (i = from; i <= to; i++)
		comfort[i] = 0;
	for (side = -1; side <= 1; side += 2) {
		double edge = ((side < 0 ? u->low[k] : u->high[k]) - z->first) / z->spacing;
		double slope = price * z->spacing, in;

		if (isnan(edge))
			continue;
		for (i = from; i <= to; i++)
			comfort[i] += slope * fmax(0, side * (i - edge));
		if (!(edge > from && edge < to))
			continue;
		/* The line over the edge's cell is too high there by so much. */
		i = (int)edge;
		in = edge - i;
		comfort[i] -= slope * in * (1 - in);
		comfort[i + 1] -= slope * in * (1 - in);
	}
	for (m = 0; m < z->modes; m++)
		for (i = from; i <= to; i++)
			z->ahead[m * NODES + i] = z->worth[m * NODES + i] + comfort[i];
}

static double
line_at(const double *f, double x)
{
	int j = (int)x;

	return f[j] + (x - j) * (f[j + 1] - f[j]);
}

/* The least of tilted[] from cell x to x + width; least[] has those of `size` nodes. */
static double
window(const struct zone *z, double x, double width, int size, int low, int high)
{
	double left, right, v, w;
	int first, last, j;

	left = x < low ? low : x > high - 1e-9 ? high - 1e-9 : x;
	right = x + width;
	right = right < left ? left : right > high - 1e-9 ? high - 1e-9 : right;
	v = line_at(z->tilted, left);
	w = line_at(z->tilted, right);
	v = w < v ? w : v;
	first = (int)left + 1;
	last = (int)right;
	if (last - first + 1 < size) {
		for (j = first; j <= last; j++)
			v = z->tilted[j] < v ? z->tilted[j] : v;
		return v;
	}
	w = z->least[first];
	v = w < v ? w : v;
	w = z->least[last - size + 1];
	return w < v ? w : v;
}

/* tilted[]: ahead and the price of getting there; least[j]: of tilted[j] .. [j + *size - 1]. */
static void
tilt(struct zone *z, const double *ahead, const struct move *way, int low, int high, int *size)
{
	int j;

	for (j = low; j <= high; j++)
		z->least[j] = z->tilted[j] = ahead[j] - way->price * (j - way->free);
	for (*size = 1; 2 * *size <= (int)way->width; *size *= 2)
		for (j = low; j + 2 * *size - 1 <= high; j++)
			z->least[j] = z->least[j + *size] < z->least[j] ? z->least[j + *size]
									: z->least[j];
}

/*
 * out[i]: or else the least that lies ahead of a step from node i, lowered so
 * that no line between two nodes is above it. It can bend upwards only where
 * one end of what can be reached passes a node.
 */
static void
follow(struct zone *z, size_t k, const double *ahead, const struct move *way, double *out)
{
	int low = z->low[k + 1], high = z->high[k + 1], size, i, end;
	double over = 0;

	tilt(z, ahead, way, low, high, &size);
	for (i = z->low[k]; i <= z->high[k]; i++)
		z->exact[i] =
		    way->price * way->scale * i +
		    window(z, way->scale * i + way->from, way->width, size, low, high);
	for (i = z->low[k]; i <= z->high[k]; i++) {
		double before = over, v;

		over = 0;
		for (end = 0; end < (way->width > 0 ? 2 : 1) && i < z->high[k]; end++) {
			double at = way->scale * i + way->from + end * way->width;
			double part = ((int)at + 1 - at) / way->scale;

			if (part >= 1)
				continue;
			v = way->price * way->scale * (i + part) +
			    window(z, way->scale * (i + part) + way->from, way->width, size,
				low, high);
			v = z->exact[i] + part * (z->exact[i + 1] - z->exact[i]) - v;
			over = v > over ? v : over;
		}
		v = z->exact[i] - (over > before ? over : before);
		out[i] = v < out[i] ? v : out[i];
	}
}

static double *
mode_of(const struct zone *z, double *of, int on, int age)
{
	return of + (on ? z->off_modes + age : age) * NODES;
}

/* With the plant on, in either direction that it can. */
static void
follow_on(
    struct zone *z, size_t k, double price, double drift, const double *ahead, double *out)
{
	const struct optimise_unit *u = z->u;
	double cool = u->b * cop(u->cooling, k) / z->spacing;
	double heat = u->b * cop(u->heating, k) / z->spacing;
	double spread = u->power_max - u->power_min;

	if (cool > 0)
		follow(z, k, ahead,
		    &(struct move){
			u->a, drift - cool * u->power_max, cool * spread, price / cool, drift },
		    out);
	if (heat > 0)
		follow(z, k, ahead,
		    &(struct move){ u->a, drift + heat * u->power_min, heat * spread,
			-price / heat, drift },
		    out);
}

/* worth[] of step k from that of the next; price: of a kW in it. */
static void
step_back(struct zone *z, size_t k, double price, double comfort)
{
	const struct optimise_unit *u = z->u;
	int order = u->force != NULL ? u->force[k] : 0, rested = z->off_modes - 1, age, i;
	int on_ages = z->modes - z->off_modes;
	double drift = (idle(u, k, z->first) - z->first) / z->spacing;
	struct move rest = { u->a, drift, 0, 0, drift };
	double *off, *on, *worth = z->worth;
	bool able = cop(u->cooling, k) > 0 || cop(u->heating, k) > 0;

	add_comfort(z, k, comfort);
	off = z->now;
	on = mode_of(z, z->now, 1, 0);
	for (i = 0; i < z->modes * NODES; i++)
		z->now[i] = NEVER;
	/* now[]: by the mode that the unit is in during the step; then who may be in it. */
	for (age = 0; age < z->off_modes && (order <= 0 || !able); age++)
		follow(z, k, mode_of(z, z->ahead, 0, age), &rest, off + age * NODES);
	for (age = 0; age < on_ages && order >= 0; age++)
		follow_on(z, k, price, drift, mode_of(z, z->ahead, 1, age), on + age * NODES);
	for (i = z->low[k]; i <= z->high[k]; i++) {
		double start = u->start_cost + on[i];

		for (age = 0; age < rested; age++)
			worth[age * NODES + i] = off[(age + 1) * NODES + i];
		worth[rested * NODES + i] = fmin(off[rested * NODES + i], start);
		for (age = 0; age < on_ages - 1; age++)
			mode_of(z, worth, 1, age)[i] = on[(age + 1) * NODES + i];
		mode_of(z, worth, 1, age)[i] = fmin(on[age * NODES + i], off[i]);
	}
}

static double
unit_bound(struct zone *z, const struct optimise_case *c, const struct optimise_prices *price,
    const double *slope)
{
	const struct optimise_unit *u = z->u;
	int ages = u->on ? u->min_on : u->min_off;
	int age = (u->age < ages ? u->age : ages) - 1;
	size_t k;

	z->off_modes = u->min_off;
	z->modes = u->min_off + u->min_on;
	set_grid(z, c->steps);
	memset(z->worth, 0, (size_t)z->modes * NODES * sizeof(*z->worth));
	for (k = c->steps; k-- > 0;)
		step_back(z, k, price->value[k] * c->dt + slope[k], price->comfort * c->dt);
	return line_at(
	    mode_of(z, z->worth, u->on, age), (u->temperature - z->first) / z->spacing);
}

enum learn_status
lagrange_bound(const struct optimise_case *c, const struct optimise_prices *price,
    const double *slope, double *least)
{
	size_t room = (size_t)2 * OPTIMISE_AGE * NODES, i, k;
	double *work = xcalloc(3 * room, sizeof(*work)), sum = 0, scale, bound;
	struct zone *z = xmalloc(sizeof(*z));
	double used[OPTIMISE_STEPS];

	for (k = 0; k < c->steps; k++)
		sum += fmax(0, slope[k]);
	scale = sum > price->demand ? price->demand / sum : 1;
	bound = (price->demand - scale * sum) * c->billed_peak;
	for (k = 0; k < c->steps; k++) {
		used[k] = scale * fmax(0, slope[k]);
		bound += used[k] * c->base[k];
	}
	z->worth = work;
	z->now = work + room;
	z->ahead = work + 2 * room;
	for (i = 0; i < c->units; i++) {
		z->u = &c->unit[i];
		bound += unit_bound(z, c, price, used);
	}
	*least = bound - 1e-9 * fabs(bound);
	free(work);
	free(z);
	return bound < NEVER / 2 ? LEARN_OK : LEARN_LIMIT;
}
