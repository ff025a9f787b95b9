/*
 * optimise_own: the inside of optimise.h. optimise_judge.c says what a schedule does and costs,
 * optimise.c looks for a good one.
 */
#ifndef NBMS_LEARN_OPTIMISE_OWN_H
#define NBMS_LEARN_OPTIMISE_OWN_H

#include "learn/optimise.h"

#define OPTIMISE_COMFORT_FACTOR 100 /* OPTIMISE_COMFORT: how much dearer discomfort gets */

/* Is the case as optimise.h states it? */
enum learn_status optimise_check(const struct optimise_case *);

/* K outside the band at the end of step k; 0 where nobody is there. */
double optimise_outside(const struct optimise_unit *, size_t k, double t);

/* The zone at the end of step k from t at its beginning. */
double optimise_next(const struct optimise_unit *, size_t k, double t, double kw, int mode);

/* What one unit's plan does: fills temperature[steps + 1], adds to the totals. */
void optimise_judge_unit(const struct optimise_case *, const struct optimise_unit *,
    const double *power, const int8_t *mode, double *temperature, struct optimise_totals *);

/* What one unit's plan costs by itself, without the peak. */
double optimise_unit_cost(const struct optimise_case *, const struct optimise_prices *,
    const struct optimise_unit *, const double *power, const int8_t *mode);

/* temperature[steps + 1] against the unit's band. */
struct optimise_miss optimise_missed(
    const struct optimise_case *, const struct optimise_unit *, const double *temperature);

/* load[steps]: base and all units, power[units * steps]; its greatest, or what is billed. */
void optimise_load(const struct optimise_case *, const double *power, double *load);
double optimise_peak(const struct optimise_case *, const double *load);

#endif
