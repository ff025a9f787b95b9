/*
 * Time-of-week and temperature model (TOWT).
 *
 * Source: LBNL-ETA/loadshape, r/baseline.R (P. Price, LBNL); Mathieu, Price,
 * Kiliccote, Piette 2011, LBNL-4944E. One fit, all weights 1, as in RMV2.0:
 *   occupied hours of the week: more than 65 % of the residuals of
 *   y ~ 1 + min(T - 50 F, 0) + max(T - 65 F, 0) are positive;
 *   y_t = a[hour of week] + sum_i b[occupied][i] B_i(T_t),
 *   knots 40, 55, 65, 80, 90 F, outer ones dropped while fewer than 20
 *   points lie beyond them.
 * The hour-of-week effects are removed by demeaning (Frisch-Waugh), which
 * leaves a system of six unknowns.
 */
#ifndef NBMS_LEARN_TOWT_H
#define NBMS_LEARN_TOWT_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/hours.h"
#include "learn/learn.h"

#define TOWT_KNOTS 5

struct towt {
	size_t knots;
	double knot[TOWT_KNOTS]; /* degC */
	bool occupied[HOURS_WEEK];
	double a[HOURS_WEEK];        /* kWh; NaN for an hour never seen */
	double b[2][TOWT_KNOTS + 1]; /* kWh/K: [0] unoccupied, [1] occupied */
	size_t rows;                 /* rows the fit rests on */
};

/*
 * Fit on rows [from, to) with both load and temperature. weight[to - from]
 * may be NULL. LEARN_SHORT: under a week of usable rows.
 */
enum learn_status towt_fit(
    const struct hours *, size_t from, size_t to, const double *weight, struct towt *);

/* kWh, at least 0; NaN when the temperature is, or for an hour never seen. */
double towt_predict(const struct towt *, int hour_of_week, double temperature);

/* out[to - from] for rows [from, to). */
void towt_series(
    const struct towt *, const struct hours *, size_t from, size_t to, double *out);

#endif
