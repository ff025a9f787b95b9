/*
 * CalTRACK 2.0 hourly method.
 *
 * Source: openeemeter/eemeter, models/hourly_caltrack and common/features.py
 * (three_month_weighted); docs.caltrack.org, technical appendix. For every
 * calendar month the rows of that month weigh 1 and those of its two
 * neighbours 0.5:
 *   occupied hours: more than 65 % positive residuals of
 *   y ~ 1 + max(T - 65 F, 0) + max(50 F - T, 0);
 *   bin ends 30, 45, 55, 65, 75, 90 F, chosen apart for occupied and
 *   unoccupied rows so that every bin holds at least 20 of them;
 *   y = sum_h a_h + occupied * sum b_i B_i(T) + unoccupied * sum c_i B_i(T).
 * A time is predicted with the model of its own month, not clipped at 0.
 */
#ifndef NBMS_LEARN_CALTRACK_H
#define NBMS_LEARN_CALTRACK_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/hours.h"
#include "learn/learn.h"

#define CALTRACK_ENDS 6

struct caltrack {
	struct caltrack_month {
		bool fitted; /* false: the training rows hold nothing near this month */
		bool occupied[HOURS_WEEK];
		size_t ends[2];                 /* [0] unoccupied, [1] occupied */
		double end[2][CALTRACK_ENDS];   /* degC */
		double a[HOURS_WEEK];           /* kWh; NaN for an hour never seen */
		double b[2][CALTRACK_ENDS + 1]; /* kWh/K */
	} month[12];
};

/* Fit on rows [from, to). LEARN_SHORT: no month could be fitted. */
enum learn_status caltrack_fit(const struct hours *, size_t from, size_t to, struct caltrack *);

/* out[to - from]; NaN where the month, hour or temperature is unknown. */
void caltrack_series(
    const struct caltrack *, const struct hours *, size_t from, size_t to, double *out);

#endif
