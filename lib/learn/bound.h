/*
 * The optimising case as a linear programme, solved by CLP: its relaxation
 * (a certified lower bound and the prices of the peak), and the best powers
 * for a given on/off plan.
 */
#ifndef NBMS_LEARN_BOUND_H
#define NBMS_LEARN_BOUND_H

#include "learn/learn.h"
#include "learn/optimise.h"

struct bound {
	double least; /* no schedule costs less */
	double peak;  /* D of the relaxation, kW */
	double
	    slope[OPTIMISE_STEPS]; /* price of a kW more in each step, >= 0, sums to demand */
};

/*
 * The bound is not CLP's own answer but is computed from its dual prices
 * and the columns' bounds, which holds whatever the solver's tolerance
 * (Neumaier and Shcherbina 2004). LEARN_LIMIT: CLP gave up.
 */
enum learn_status bound_relax(
    const struct optimise_case *, const struct optimise_prices *, struct bound *);

/*
 * Keeps mode[] of the schedule and sets power[] to the best powers for it;
 * slope[steps], when not NULL, gets the peak's prices. LEARN_LIMIT: left as it was.
 */
enum learn_status bound_polish(const struct optimise_case *, const struct optimise_prices *,
    struct optimise_schedule *, double *slope);

#endif
