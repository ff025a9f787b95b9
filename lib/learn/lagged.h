/*
 * What is known of a load at the time a forecast is issued.
 *
 * A hole in the load is filled from the same local hour one week before (and
 * so on back), never from later rows, so that history up to any row looks as
 * it did then.
 */
#ifndef NBMS_LEARN_LAGGED_H
#define NBMS_LEARN_LAGGED_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/hours.h"

struct lagged {
	const struct hours *h; /* borrowed */
	double *filled;        /* [n] load with its holes filled, NaN where it can't be */
	double *sum;           /* [n + 1] running sums of filled, NaN counted as 0 */
	size_t *count;         /* [n + 1] running counts of what is not NaN */
};

struct lag_row {
	double day;       /* y(t - 1 d) */
	double weeks;     /* mean of y(t - 7, 14, 21, 28 d), as many as there are */
	double two_days;  /* y(t - 2 d) */
	double week;      /* y(t - 7 d) */
	double two_weeks; /* y(t - 14 d), y(t - 7 d) when there is none */
	double last_day;  /* mean of the 24 h before issue */
	double last_week; /* mean of the 168 h before issue, at least a day of it */
	double recent;    /* mean of y - weeks over the 3 h before issue */
	double cooling;   /* T(t) - T(t - 1 d), K */
};

/* All arrays are of h's length; h must outlive the result. {0} may be freed. */
void lagged_init(struct lagged *, const struct hours *h);
void lagged_free(struct lagged *);

/*
 * The lags of target row t as seen at row issue (loads before it known),
 * issue <= t < issue + 26 rows. False when one of them can't be had.
 */
bool lagged_row(const struct lagged *, size_t t, size_t issue, struct lag_row *);

/* The last row at or before t whose local hour is issue_hour, or SIZE_MAX. */
size_t lagged_issue(const struct hours *, size_t t, int issue_hour);

#endif
