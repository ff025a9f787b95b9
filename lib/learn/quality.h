/*
 * How far an hourly load can be trusted, and what to leave out before a fit.
 *
 *   missing    NaN, infinite
 *   impossible below 0, or more than 1e9 kWh in an hour: no meter measures that
 *   stuck      the same value other than 0 for more than STUCK_HOURS rows, or for more than
 *              STUCK_RARE where that is so once a month at most
 *   spike      more than 12 MAD from the median of the rows around it and from the
 *              median of its hour of the week, again until none is left; where a tenth of an
 * hour of the week is like that, or one row in twenty, it is how the building works, and they
 * stay
 */
#ifndef NBMS_LEARN_QUALITY_H
#define NBMS_LEARN_QUALITY_H

#include <stddef.h>

#include "learn/hours.h"
#include "learn/learn.h"

#define QUALITY_MOST 1e9 /* kWh an hour */
#define QUALITY_STUCK_HOURS 48
#define QUALITY_STUCK_RARE 12
#define QUALITY_SPIKE_MAD 12

struct quality {
	size_t rows, missing, impossible, stuck, spike;
	size_t longest_gap; /* rows */
	size_t usable;      /* rows left */
	size_t weeks;       /* whole weeks of usable rows */
};

/*
 * Count and blank (NaN) what can't be trusted in rows [from, to) of the
 * load. LEARN_SHORT: less than a week is left; LEARN_CONSTANT: what is left
 * never changes. *q is filled in all cases but LEARN_RANGE.
 */
enum learn_status quality_clean(struct hours *, size_t from, size_t to, struct quality *q);

#endif
