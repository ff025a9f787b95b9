/*
 * Split-conformal prediction intervals (Vovk; Lei et al. 2018, section 5.2:
 * locally weighted) for each local hour of the day: the half width at level
 * 1 - alpha is the (n + 1)(1 - alpha)-th smallest (between two, in
 * proportion) of the last n scores, times what errors usually are on such a
 * day. A score is an error over what the other errors are on such a day.
 *
 * Days are of four kinds: working days after a working day and after a day
 * off, weekends, and holidays with bridge days. What errors usually are is
 * their mean, that of all kinds counting as much as CONFORMAL_POOLED days.
 */
#ifndef NBMS_LEARN_CONFORMAL_H
#define NBMS_LEARN_CONFORMAL_H

#include <stddef.h>
#include <stdint.h>

#include "learn/hours.h"

#define CONFORMAL_ERRORS 56 /* days remembered for each hour */
#define CONFORMAL_KINDS 4
#define CONFORMAL_POOLED 7

struct conformal {
	double error[24][CONFORMAL_ERRORS]; /* |measured - predicted|, kWh */
	int8_t kind[24][CONFORMAL_ERRORS];  /* of the day it was made on */
	size_t count[24], next[24];
};

/* Remember the error of a row; NaN is ignored. A zeroed struct remembers nothing. */
void conformal_add(struct conformal *, const struct hours *, size_t row, double error);

/*
 * Half width of the interval at a row, kWh. NaN while so few errors are
 * remembered that the level can't be promised ((n + 1)(1 - alpha) > n).
 */
double conformal_half_width(
    const struct conformal *, const struct hours *, size_t row, double alpha);

/*
 * Intervals for forecasts made day after day: rows [from, to), predicted and
 * the results indexed from 0. At each row only errors of rows before the
 * last issue_hour are known. low is cut at 0.
 */
void conformal_series(const struct hours *, size_t from, size_t to, const double *predicted,
    int issue_hour, double alpha, double *low, double *high);

#endif
