/*
 * What no schedule can cost less than, from prices of a kW in each step:
 * with them the units have nothing to do with one another any more, and each
 * has a least cost of its own (Lagrangian relaxation; Geoffrion 1974).
 *
 * A unit's least cost is bounded from below by dynamic programming over its
 * zone's temperature and run state, with any power between the least and the
 * most, not with levels of it. The worth of a temperature is kept as a line
 * through points of a grid that is never above it: between two points all
 * places where it could bend upwards are looked at, and both points are
 * lowered by as much as the line would be too high there. So the bound holds
 * for any schedule that optimise.h allows, whatever the grid; a finer one
 * makes it better. Ramps are left out, which can only lower it.
 */
#ifndef NBMS_LEARN_LAGRANGE_H
#define NBMS_LEARN_LAGRANGE_H

#include "learn/learn.h"
#include "learn/optimise.h"

/*
 * slope[OPTIMISE_STEPS]: any prices, currency per kW; negative ones count as
 * 0, and more than the demand price in all is scaled down to it. LEARN_LIMIT:
 * orders contradict the minimum times, there is no bound.
 */
enum learn_status lagrange_bound(const struct optimise_case *, const struct optimise_prices *,
    const double *slope, double *least);

#endif
