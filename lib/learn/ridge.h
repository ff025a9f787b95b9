/*
 * Year-ahead ridge regression on calendar, season and temperature.
 *
 * Columns, sparse by construction:
 *   day type (Monday .. Sunday, holiday, bridge day) x hour of day;
 *   annual Fourier terms, K = 4, x (three-hour block x working day or not);
 *   piecewise T and mean T of the last 24 h, knots 0, 5 .. 25 degC as far
 *   as data speak for them, each x occupied or not (TOWT's occupancy).
 * Columns are standardised; seasonal columns are penalised ten times as much
 * as temperatures, day types a tenth as much; lambda is chosen from a short list by four-fold
 * cross-validation over blocks of one week (week number mod 4).
 */
#ifndef NBMS_LEARN_RIDGE_H
#define NBMS_LEARN_RIDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/hours.h"
#include "learn/piecewise.h"
#include "learn/learn.h"

struct ridge {
	size_t p;
	double *beta; /* [p], owned */
	double intercept;
	double lambda;
	double most; /* kWh: predictions are cut here, 1.5 x the largest load learnt from */
	bool occupied[HOURS_WEEK];
	struct warmth warmth;
};

/*
 * Fit on rows [from, to). LEARN_SHORT: under four weeks of usable rows.
 * The caller frees with ridge_free; freeing {0} is fine.
 */
enum learn_status ridge_fit(const struct hours *, size_t from, size_t to,
    const bool occupied[HOURS_WEEK], struct ridge *);
void ridge_free(struct ridge *);

/* out[to - from], kWh in [0, most]; NaN where the temperature is. */
void ridge_series(
    const struct ridge *, const struct hours *, size_t from, size_t to, double *out);

#endif
