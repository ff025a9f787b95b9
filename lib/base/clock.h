/*
 * clock: the only place that asks what time it is. $NBMS_NOW (RFC 3339) fixes the wall clock,
 * for tests and for running a day's jobs as of another day; the monotonic clock is never
 * touched.
 */
#ifndef NBMS_BASE_CLOCK_H
#define NBMS_BASE_CLOCK_H

#include "base/when.h"

when_t clock_now(void);        /* seconds since the epoch */
int64_t clock_now_ms(void);    /* milliseconds since the epoch */
int64_t clock_monotonic(void); /* nanoseconds since some start */

#endif
