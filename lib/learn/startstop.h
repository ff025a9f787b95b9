/*
 * Optimal start and stop of a plant for a zone: the simple mode beside
 * optimise.h, for zones without a model a schedule may rely on.
 *
 * With a first-order model the zone runs towards T_inf = outdoor + b/(1-a)
 * (gain +- plant), so the time from T0 to Tset is
 * tau ln((T_inf - T0) / (T_inf - Tset)), tau = -dt / ln a. Without one, an
 * adaptive rule: lead = rate |Tset - T0| + delay, the rate smoothed towards
 * what each day took.
 */
#ifndef NBMS_LEARN_STARTSTOP_H
#define NBMS_LEARN_STARTSTOP_H

#include <stdbool.h>

#include "learn/learn.h"
#include "learn/optimise.h"

/*
 * Hours from t0 to t1, degC, while the zone runs towards t_inf with time
 * constant tau hours; 0 when it is past t1 already, INFINITY when it never
 * gets there.
 */
double startstop_time(double t0, double t1, double t_inf, double tau);

struct startstop_rule {
	double rate;  /* hours per K */
	double delay; /* hours */
};

/* Hours ahead of occupancy to start. */
double startstop_lead(const struct startstop_rule *, double t0, double set);

/* Learn from a day: it took `hours` from t0 to set. share 0..1 of the new day; NaN changes
 * nothing. */
void startstop_adapt(
    struct startstop_rule *, double t0, double set, double hours, double share);

/*
 * For every unit of a case: on[units * steps] from as late as its band can
 * be met at full power when people come until as early as the band holds
 * without it until they leave; setpoint[units * steps] is the edge of the
 * band nearest to the zone (NaN when off). optimise_standing plays it.
 */
enum learn_status startstop_plan(const struct optimise_case *, bool *on, double *setpoint);

#endif
