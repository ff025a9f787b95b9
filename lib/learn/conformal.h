/*
 * Split-conformal prediction intervals (Vovk; Lei et al. 2018): the half
 * width at level 1 - alpha is the ceil((n + 1)(1 - alpha))-th smallest of
 * the last n absolute errors, kept apart for each local hour of the day.
 */
#ifndef NBMS_LEARN_CONFORMAL_H
#define NBMS_LEARN_CONFORMAL_H

#include <stddef.h>

#include "learn/hours.h"

#define CONFORMAL_ERRORS 56 /* days remembered for each hour */

struct conformal {
	double error[24][CONFORMAL_ERRORS]; /* |measured - predicted|, kWh */
	size_t count[24], next[24];
};

/* Remember one error; NaN is ignored. A zeroed struct remembers nothing. */
void conformal_add(struct conformal *, int hour, double error);

/*
 * Half width of the interval, kWh. NaN while so few errors are remembered
 * that the level can't be promised ((n + 1)(1 - alpha) > n).
 */
double conformal_half_width(const struct conformal *, int hour, double alpha);

/*
 * Intervals for forecasts made day after day: rows [from, to), predicted and
 * the results indexed from 0. At each row only errors of rows before the
 * last issue_hour are known. low is cut at 0.
 */
void conformal_series(const struct hours *, size_t from, size_t to, const double *predicted,
    int issue_hour, double alpha, double *low, double *high);

#endif
