/*
 * RidgeAR: ridge regression for the next 24 hours.
 *
 * Columns: day type (Monday .. Sunday, holiday, bridge day) x hour; y(t - 1 d)
 * and the mean of y(t - 7 .. 28 d), each x two-hour block x {working day
 * after a working day, working day after a day off, day off}; y(t - 2, 7,
 * 14 d); means of the last day and week at issue; the last three hours'
 * error x two-hour block since issue; piecewise T and 24-h-mean T as
 * far as data speak for the knots; T(t) - T(t - 1 d); from 300 days on annual
 * Fourier terms, K = 2. Standardised, lambda 30. Only
 * values known at issue are used.
 */
#ifndef NBMS_LEARN_RIDGEAR_H
#define NBMS_LEARN_RIDGEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/hours.h"
#include "learn/piecewise.h"
#include "learn/lagged.h"
#include "learn/learn.h"

struct ridgear {
	double *beta; /* owned */
	double intercept;
	double most; /* kWh: predictions are cut here, 1.5 x the largest load learnt from */
	int issue_hour;
	size_t rows;
	bool season; /* has seen most of one */
	struct warmth warmth;
};

/*
 * Fit on target rows [from, to) as if forecasts were issued every day at
 * issue_hour local (0..23). LEARN_SHORT: under two weeks of usable rows.
 * Free with ridgear_free; {0} is fine.
 */
enum learn_status ridgear_fit(
    const struct lagged *, size_t from, size_t to, int issue_hour, struct ridgear *);
void ridgear_free(struct ridgear *);

/* kWh at row t of a forecast issued at row issue, in [0, most]; NaN if a lag is missing. */
double ridgear_predict(const struct ridgear *, const struct lagged *, size_t t, size_t issue);

#endif
