/*
 * Many plans for each unit, and the best choice of one for each: column
 * generation (Dantzig and Wolfe 1960). A master programme mixes the plans
 * at hand under the peak; its prices of a kW in each step, smoothed towards
 * the best so far (Wentges 1997), have every unit planned anew. The mixture
 * is then rounded to one plan a unit.
 */
#ifndef NBMS_LEARN_COLUMNS_H
#define NBMS_LEARN_COLUMNS_H

#include "learn/commit.h"
#include "learn/optimise.h"

struct columns;

/* Borrows all three. Free with columns_free; NULL is fine. */
struct columns *columns_new(
    const struct optimise_case *, const struct optimise_prices *, struct commit *);
void columns_free(struct columns *);

/* Adds the plans of a schedule. */
void columns_add(struct columns *, const struct optimise_schedule *);

/*
 * Plans every unit against the prices of a kW in each step and mixes all
 * plans at hand, in turn, `rounds` times at most. slope[OPTIMISE_STEPS]:
 * the prices to begin with; then those under which the plans are worth the
 * most together, the best ones for a bound. Plans of each unit must have
 * been added before. LEARN_LIMIT: the master programme gave no answer.
 */
enum learn_status columns_mix(struct columns *, double *slope, int rounds);

/*
 * Sets power and mode of the schedule to one plan for each unit, of those
 * that were mixed: rounded by the largest share (start 0) or drawn by the
 * shares (another choice for each start > 0), then exchanged one unit after
 * the other while that is cheaper. Cost falls with each exchange.
 */
void columns_choose(struct columns *, struct optimise_schedule *, int start);

/* Gives some units of the schedule another plan: both drawn, the plan half by the shares. */
void columns_redraw(struct columns *, struct optimise_schedule *, int units, int start);

#endif
