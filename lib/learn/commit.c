#include "learn/commit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define GRID 256
#define SPACING 0.02                  /* K, at least */
#define ACTIONS (2 * OPTIMISE_LEVELS) /* cooling levels, then heating levels */
#define NEVER 1e18
#define PAD 128 /* grid cells that one step may move, each way */
#define REACHED (GRID + 2 * PAD + 2)

struct commit {
	size_t steps;
	/* of the unit in hand */
	int actions, cooling; /* on-actions, the first `cooling` of them cool */
	double kw[ACTIONS];
	int off_modes, on_ages, on_modes; /* on mode: age * width + (ramp ? action : 0) */
	int width;
	bool ramp;
	double low, spacing;
	int grid;
	size_t modes, room_modes;
	int cell[REACHED]; /* grid cell and place in it of each lattice point */
	float part[REACHED], worse[REACHED];
	float *lattice; /* [modes * REACHED] */
	float *value;   /* [(steps + 1) * modes * GRID] */
	float *off;     /* [off_modes * GRID] of this step */
	float *on;      /* [on_modes * GRID] of this step */
};

struct commit *
commit_new(size_t steps)
{
	struct commit *c = xcalloc(1, sizeof(*c));

	c->steps = steps;
	return c;
}

void
commit_free(struct commit *c)
{
	if (c == NULL)
		return;
	free(c->lattice);
	free(c->value);
	free(c->off);
	free(c->on);
	free(c);
}

static int
clamp(int x, int low, int high)
{
	return x < low ? low : x > high ? high : x;
}

static void
list_actions(struct commit *c, const struct optimise_unit *u)
{
	double step = u->levels > 1 ? (u->power_max - u->power_min) / (u->levels - 1) : 0;
	int k, side;

	c->actions = c->cooling = 0;
	for (side = 0; side < 2; side++) {
		if ((side == 0 ? u->cooling : u->heating) == NULL)
			continue;
		for (k = 0; k < u->levels; k++)
			c->kw[c->actions++] =
			    u->levels > 1 ? u->power_min + k * step : u->power_max;
		if (side == 0)
			c->cooling = c->actions;
	}
}

/* Kelvin that an action adds in a step; NaN when the plant can't. */
static double
push(const struct commit *c, const struct optimise_unit *u, size_t k, int action)
{
	double cop = action < c->cooling ? u->cooling[k] : u->heating[k];

	if (!(cop > 0))
		return NAN;
	return (action < c->cooling ? -1 : 1) * u->b * cop * c->kw[action];
}

static double
drift(const struct optimise_unit *u, size_t k)
{
	return (1 - u->a) * u->outdoor[k] + u->b * (u->gain != NULL ? u->gain[k] : 0);
}

/* The most that a step moves a temperature at the grid's low end, K: PAD cells hold it. */
static double
farthest(const struct commit *c, const struct optimise_unit *u, size_t steps)
{
	double most = 0;
	size_t k;
	int a;

	for (k = 0; k < steps; k++) {
		double idle = drift(u, k) - (1 - u->a) * c->low;

		most = fmax(most, fabs(idle));
		for (a = 0; a < c->actions; a++)
			most = fmax(most, fabs(idle + push(c, u, k, a)));
	}
	return most;
}

/* Temperatures that can be reached at all, cut to what matters around the band. */
static void
set_grid(struct commit *c, const struct optimise_unit *u, size_t steps)
{
	double cold = u->temperature, warm = u->temperature, least = cold, most = warm;
	double band_low = INFINITY, band_high = -INFINITY;
	size_t k;
	int a;

	for (k = 0; k < steps; k++) {
		double d = drift(u, k), down = 0, up = 0;

		for (a = 0; a < c->actions; a++) {
			double x = push(c, u, k, a);

			down = x < down ? x : down;
			up = x > up ? x : up;
		}
		cold = u->a * cold + d + down;
		warm = u->a * warm + d + up;
		least = cold < least ? cold : least;
		most = warm > most ? warm : most;
		if (u->low[k] < band_low)
			band_low = u->low[k];
		if (u->high[k] > band_high)
			band_high = u->high[k];
	}
	if (band_low <= band_high) {
		least = fmax(least, fmin(band_low - 4, u->temperature - 0.5));
		most = fmin(most, fmax(band_high + 4, u->temperature + 0.5));
	}
	c->low = least - 1e-6;
	c->spacing = fmax(SPACING, (most - least) / (GRID - 2));
	c->spacing = fmax(c->spacing, farthest(c, u, steps) / ((PAD - 1) * u->a));
	c->grid = clamp((int)((most - least) / c->spacing) + 2, 2, GRID);
}

static void
set_shape(struct commit *c, const struct optimise_unit *u)
{
	list_actions(c, u);
	c->ramp = u->ramp < u->power_max - u->power_min;
	c->width = c->ramp ? c->actions : 1;
	c->off_modes = u->min_off;
	c->on_ages = u->min_on;
	c->on_modes = c->on_ages * c->width;
	c->modes = (size_t)c->off_modes + (size_t)c->on_modes;
	if (c->modes <= c->room_modes)
		return;
	c->value = xrealloc(c->value, (c->steps + 1) * c->modes * GRID * sizeof(*c->value));
	c->lattice = xrealloc(c->lattice, c->modes * REACHED * sizeof(*c->lattice));
	c->off = xrealloc(c->off, OPTIMISE_AGE * GRID * sizeof(*c->off));
	c->on = xrealloc(c->on, (size_t)OPTIMISE_AGE * ACTIONS * GRID * sizeof(*c->on));
	c->room_modes = c->modes;
}

static float *
value_at(const struct commit *c, size_t k, int mode)
{
	return c->value + (k * c->modes + (size_t)mode) * GRID;
}

static int
on_mode(const struct commit *c, int age, int action)
{
	return c->off_modes + age * c->width + (c->ramp ? action : 0);
}

static double
discomfort(const struct optimise_unit *u, size_t k, double t)
{
	if (t < u->low[k])
		return u->low[k] - t;
	if (t > u->high[k])
		return t - u->high[k];
	return 0; /* NaN bands too */
}

static double
power_cost(const struct commit_prices *price, size_t k, double dt, double kw)
{
	double cost = price->value[k] * dt * kw;

	if (price->slope != NULL)
		cost += price->slope[k] * kw;
	return cost;
}

/*
 * The next step's worth on the lattice a T: point j lies at low + (j - PAD) a
 * spacing. One step of the zone is then a shift by the same fraction of a
 * cell for every temperature, and the inner loop has no index to look up.
 */
static void
set_lattice(struct commit *c, const struct optimise_unit *u)
{
	int i;

	for (i = 0; i < REACHED; i++) {
		double at = (i - PAD) * u->a, part;

		c->cell[i] = clamp((int)floor(at), 0, c->grid - 2);
		part = at - c->cell[i];
		c->part[i] = (float)fmin(1, fmax(0, part));
	}
}

/* Where a temperature at the grid's low end goes under a drift and a push, in lattice points.
 */
static double
moved(const struct commit *c, const struct optimise_unit *u, double shift)
{
	return (shift - (1 - u->a) * c->low) / (u->a * c->spacing);
}

/* The first and the last lattice point that step k looks at. */
static void
looked_at(
    const struct commit *c, const struct optimise_unit *u, size_t k, int *first, int *last)
{
	double d = drift(u, k), low = moved(c, u, d), high = low;
	int a;

	for (a = 0; a < c->actions; a++) {
		double at = moved(c, u, d + push(c, u, k, a)); /* NaN changes neither */

		low = at < low ? at : low;
		high = at > high ? at : high;
	}
	*first = PAD + clamp((int)floor(low), -PAD, PAD);
	*last = PAD + clamp((int)floor(high), -PAD, PAD) + GRID;
}

static void
put_on_lattice(const struct commit *c, const float *restrict next, int first, int last,
    float *restrict lattice)
{
	int i;

	for (i = first; i <= last; i++) {
		const float *v = next + c->cell[i];

		lattice[i] = c->worse[i] + v[0] + c->part[i] * (v[1] - v[0]);
	}
}

/* out[i]: or else cost + worth of where temperature i goes under a drift and a push, K. */
static void
look_ahead(const struct commit *c, const struct optimise_unit *u, double shift, double cost,
    const float *lattice, float *restrict out)
{
	double at = moved(c, u, shift);
	int i, first = clamp((int)floor(at), -PAD, PAD);
	double part = fmin(1, fmax(0, at - first));
	const float *restrict from = lattice + first + PAD;
	float right = (float)part, left = 1 - right, add = (float)cost;

	for (i = 0; i < GRID; i++) {
		float x = add + left * from[i] + right * from[i + 1];

		out[i] = x < out[i] ? x : out[i];
	}
}

static void
least(float *restrict out, const float *restrict in, float add)
{
	int i;

	for (i = 0; i < GRID; i++) {
		float x = in[i] + add;

		out[i] = x < out[i] ? x : out[i];
	}
}

static bool
may_be(const struct optimise_unit *u, size_t k, bool on)
{
	return u->force == NULL || u->force[k] == 0 || (u->force[k] > 0) == on;
}

/* off[], on[]: the least that follows each mode in step k, by temperature at its beginning. */
static void
step_ahead(struct commit *c, const struct optimise_unit *u, size_t k, double dt,
    const struct commit_prices *price)
{
	double d = drift(u, k), comfort = price->comfort * dt;
	int m, a, age, i, first, last;

	looked_at(c, u, k, &first, &last);
	for (i = first; i <= last; i++)
		c->worse[i] =
		    (float)(comfort * discomfort(u, k, c->low + (i - PAD) * u->a * c->spacing));
	for (m = 0; m < (int)c->modes; m++)
		put_on_lattice(c, value_at(c, k + 1, m), first, last, c->lattice + m * REACHED);
	for (i = 0; i < c->off_modes * GRID; i++)
		c->off[i] = (float)NEVER;
	for (i = 0; i < c->on_modes * GRID; i++)
		c->on[i] = (float)NEVER;
	for (m = 0; m < c->off_modes && may_be(u, k, false); m++)
		look_ahead(c, u, d, 0, c->lattice + m * REACHED, c->off + m * GRID);
	for (a = 0; a < c->actions && may_be(u, k, true); a++) {
		double x = push(c, u, k, a), cost = power_cost(price, k, dt, c->kw[a]);

		for (age = 0; age < c->on_ages && !isnan(x); age++) {
			m = on_mode(c, age, a);
			look_ahead(c, u, d + x, cost, c->lattice + m * REACHED,
			    c->on + (m - c->off_modes) * GRID);
		}
	}
}

static void
step_back(struct commit *c, const struct optimise_unit *u, size_t k, double dt,
    const struct commit_prices *price)
{
	int m, a, b, age, i;

	step_ahead(c, u, k, dt, price);
	for (m = 0; m < (int)c->modes; m++)
		for (i = 0; i < GRID; i++)
			value_at(c, k, m)[i] = (float)NEVER;
	for (m = 0; m < c->off_modes; m++) {
		bool rested = m == c->off_modes - 1;

		least(value_at(c, k, m), c->off + (rested ? m : m + 1) * GRID, 0);
		for (a = 0; a < c->width && rested; a++)
			least(value_at(c, k, m), c->on + a * GRID, (float)u->start_cost);
	}
	for (age = 0; age < c->on_ages; age++) {
		bool done = age == c->on_ages - 1;
		const float *next = c->on + (done ? age : age + 1) * c->width * GRID;

		for (b = 0; b < c->width; b++) {
			float *v = value_at(c, k, on_mode(c, age, b));

			if (done)
				least(v, c->off, 0);
			for (a = 0; a < c->width; a++)
				if (!c->ramp || fabs(c->kw[a] - c->kw[b]) <= u->ramp + 1e-9)
					least(v, next + a * GRID, 0);
		}
	}
}

static double
value_of(const struct commit *c, size_t k, int mode, double t)
{
	const float *v = value_at(c, k, mode);
	double at = (t - c->low) / c->spacing;
	int j = clamp((int)at, 0, c->grid - 2);
	double part = at - j;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return v[j] + part * (double)(v[j + 1] - v[j]);
}

/* The level nearest to the power it runs at now. */
static int
nearest_action(const struct commit *c, double kw)
{
	int a, best = 0;

	for (a = 1; a < c->actions; a++)
		if (fabs(c->kw[a] - kw) < fabs(c->kw[best] - kw))
			best = a;
	return best;
}

struct choice {
	double cost, temperature;
	int mode, action; /* action -1: off */
};

static void
consider(const struct commit *c, const struct optimise_unit *u, size_t k, double dt,
    const struct commit_prices *price, double t, int action, int mode, double extra,
    struct choice *best)
{
	double x = action >= 0 ? push(c, u, k, action) : 0, cost = extra, next;

	if (isnan(x))
		return;
	next = u->a * t + drift(u, k) + x;
	cost += action >= 0 ? power_cost(price, k, dt, c->kw[action]) : 0;
	cost += may_be(u, k, action >= 0) ? 0 : NEVER;
	cost += price->comfort * dt * discomfort(u, k, next) + value_of(c, k + 1, mode, next);
	if (cost < best->cost) {
		best->cost = cost;
		best->temperature = next;
		best->mode = mode;
		best->action = action;
	}
}

static void
roll_out(const struct commit *c, const struct optimise_unit *u, size_t steps, double dt,
    const struct commit_prices *price, double *power, int8_t *run)
{
	int age = clamp(u->age, 1, OPTIMISE_AGE) - 1, a;
	int level = u->on ? nearest_action(c, u->power) : 0;
	int mode = u->on ? on_mode(c, clamp(age, 0, c->on_ages - 1), level)
			 : clamp(age, 0, c->off_modes - 1);
	double t = u->temperature;
	size_t k;

	for (k = 0; k < steps; k++) {
		struct choice best = { INFINITY, t, 0, -1 };
		bool off = mode < c->off_modes;
		bool rested = mode == c->off_modes - 1;
		int on_age = off ? 0 : (mode - c->off_modes) / c->width;
		bool done = !off && on_age == c->on_ages - 1;

		if (off || done)
			consider(c, u, k, dt, price, t, -1,
			    !off     ? 0
			    : rested ? mode
				     : mode + 1,
			    0, &best);
		for (a = 0; a < c->actions; a++) {
			if (off && rested)
				consider(c, u, k, dt, price, t, a, on_mode(c, 0, a),
				    u->start_cost, &best);
			else if (!off &&
				 (!c->ramp || fabs(c->kw[a] - c->kw[level]) <= u->ramp + 1e-9))
				consider(c, u, k, dt, price, t, a,
				    on_mode(c, done ? on_age : on_age + 1, a), 0, &best);
		}
		power[k] = best.action >= 0 ? c->kw[best.action] : 0;
		run[k] = (int8_t)(best.action < 0 ? 0 : best.action < c->cooling ? -1 : 1);
		level = best.action >= 0 ? best.action : level;
		t = best.temperature;
		mode = best.mode;
	}
}

void
commit_solve(struct commit *c, const struct optimise_unit *u, size_t steps, double dt,
    const struct commit_prices *price, double *power, int8_t *mode)
{
	size_t k, m;
	int i;

	memset(power, 0, steps * sizeof(*power));
	memset(mode, 0, steps * sizeof(*mode));
	set_shape(c, u);
	set_grid(c, u, steps);
	set_lattice(c, u);
	for (m = 0; m < c->modes; m++)
		for (i = 0; i < GRID; i++)
			value_at(c, steps, (int)m)[i] = 0;
	for (k = steps; k-- > 0;)
		step_back(c, u, k, dt, price);
	roll_out(c, u, steps, dt, price, power, mode);
}
