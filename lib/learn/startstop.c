#include "learn/startstop.h"

#include <math.h>

#define MARGIN 0.1 /* K inside the band */

double
startstop_time(double t0, double t1, double t_inf, double tau)
{
	double ratio = (t_inf - t0) / (t_inf - t1);

	if (t0 == t1)
		return 0;
	/* Past t1 and moving away from it. */
	if ((t0 - t1) * (t_inf - t0) > 0)
		return 0;
	return ratio > 0 && isfinite(ratio) ? tau * log(ratio) : INFINITY;
}

double
startstop_lead(const struct startstop_rule *r, double t0, double set)
{
	return r->rate * fabs(set - t0) + r->delay;
}

void
startstop_adapt(struct startstop_rule *r, double t0, double set, double hours, double share)
{
	double way = fabs(set - t0), rate;

	if (!(way > 0.2) || !isfinite(hours) || !(hours > r->delay))
		return;
	rate = (hours - r->delay) / way;
	r->rate += share * (rate - r->rate);
}

static bool
there(const struct optimise_unit *u, size_t k)
{
	return !isnan(u->low[k]) || !isnan(u->high[k]);
}

static double
step(const struct optimise_unit *u, size_t k, double t, int mode)
{
	double heat = u->gain != NULL ? u->gain[k] : 0;

	if (mode > 0 && u->heating != NULL)
		heat += u->heating[k] * u->power_max;
	if (mode < 0 && u->cooling != NULL)
		heat -= u->cooling[k] * u->power_max;
	return u->a * t + (1 - u->a) * u->outdoor[k] + u->b * heat;
}

/* Temperature at the end of step `to` - 1, left alone from step `from`. */
static double
left_alone(const struct optimise_unit *u, size_t from, size_t to, double t)
{
	for (; from < to; from++)
		t = step(u, from, t, 0);
	return t;
}

/* Latest start in [from, come] from which full power reaches the band by the first step there.
 */
static size_t
latest_start(const struct optimise_unit *u, size_t from, size_t come, double t, int mode)
{
	size_t start = come + 1, k;

	while (start > from) {
		double x = left_alone(u, from, --start, t);

		for (k = start; k <= come; k++)
			x = step(u, k, x, mode);
		if (mode > 0 ? x >= u->low[come] + MARGIN : x <= u->high[come] - MARGIN)
			break;
	}
	return start;
}

/* Earliest step from which the band holds by itself until people leave. */
static size_t
earliest_stop(const struct optimise_unit *u, size_t come, size_t leave, double set)
{
	size_t stop, k;

	for (stop = leave; stop > come + 1; stop--) {
		double x = set;

		for (k = stop - 1; k < leave; k++) {
			x = step(u, k, x, 0);
			if (x < u->low[k] || x > u->high[k])
				return stop;
		}
	}
	return stop;
}

static double
plan_stretch(const struct optimise_unit *u, size_t from, size_t come, size_t leave, double t,
    bool *on, double *setpoint)
{
	double x = left_alone(u, from, come, t), above = 0, below = 0, set;
	size_t k, start, stop;
	int mode = 0;

	/* What would happen without the plant says whether to heat or to cool. */
	for (k = come; k < leave; k++) {
		x = step(u, k, x, 0);
		above += x > u->high[k] ? x - u->high[k] : 0;
		below += x < u->low[k] ? u->low[k] - x : 0;
	}
	if (u->cooling != NULL && above > 0 && (above >= below || u->heating == NULL))
		mode = -1;
	else if (u->heating != NULL && below > 0)
		mode = 1;
	if (mode == 0)
		return x;
	set = mode > 0 ? u->low[come] + MARGIN : u->high[come] - MARGIN;
	start = latest_start(u, from, come, t, mode);
	stop = earliest_stop(u, come, leave, set);
	for (k = start; k < stop; k++) {
		on[k] = true;
		setpoint[k] = set;
	}
	return left_alone(u, stop, leave, set);
}

enum learn_status
startstop_plan(const struct optimise_case *c, bool *on, double *setpoint)
{
	size_t i, k, come, leave;

	if (c->units == 0 || c->steps == 0 || c->steps > OPTIMISE_STEPS)
		return LEARN_RANGE;
	for (i = 0; i < c->units * c->steps; i++) {
		on[i] = false;
		setpoint[i] = NAN;
	}
	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];
		double t = u->temperature;

		if (!isfinite(t))
			return LEARN_NONFINITE;
		for (k = 0; k < c->steps; k = leave) {
			for (come = k; come < c->steps && !there(u, come); come++)
				;
			for (leave = come; leave < c->steps && there(u, leave); leave++)
				;
			if (come == c->steps)
				break;
			t = plan_stretch(
			    u, k, come, leave, t, on + i * c->steps, setpoint + i * c->steps);
		}
	}
	return LEARN_OK;
}
