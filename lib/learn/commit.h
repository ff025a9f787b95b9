/*
 * The best schedule of one unit against prices, by dynamic programming over
 * (zone temperature, run state). Temperatures are interpolated on a grid;
 * the schedule is then rolled out with exact temperatures.
 */
#ifndef NBMS_LEARN_COMMIT_H
#define NBMS_LEARN_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "learn/optimise.h"

struct commit_prices {
	const double *value; /* [steps] per kWh */
	const double *slope; /* [steps] added per kW in the step; NULL: 0 */
	double comfort;      /* per K h */
};

struct commit; /* work space for one unit shape */

/* Free with commit_free; NULL is fine. */
struct commit *commit_new(size_t steps);
void commit_free(struct commit *);

/* Fills power[steps] and mode[steps]; they keep every limit of the unit. */
void commit_solve(struct commit *, const struct optimise_unit *, size_t steps, double dt,
    const struct commit_prices *, double *power, int8_t *mode);

#endif
