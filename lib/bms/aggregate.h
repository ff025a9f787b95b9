/*
 * aggregate: a point's readings by interval: how many, the least, the greatest, their sum, and
 * the mean over time.
 *
 * Intervals are those of the zone's civil time, worked out over instants: a day has 23, 24 or
 * 25 hours, a week begins on Monday, and an interval of so many minutes is counted from the
 * day's beginning, the last one ending with the day. [from, to) has the readings whose time
 * lies in it.
 *
 * The mean weighs by time: a reading stands until the next one, or for one and a half of its
 * periods where that is longer in coming, or until a reading that is no number. What no reading
 * covers has no part in the mean, and `covered` says how much that was (as the sample-and-hold
 * of OPC 10000-13, with an end to the holding).
 */
#ifndef NBMS_BMS_AGGREGATE_H
#define NBMS_BMS_AGGREGATE_H

#include "base/when.h"

enum aggregate_unit { AGGREGATE_MINUTES, AGGREGATE_DAY, AGGREGATE_WEEK, AGGREGATE_MONTH };

struct aggregate_interval {
	enum aggregate_unit unit;
	int64_t minutes; /* AGGREGATE_MINUTES: 1 to 1440 */
};

/* 15m, 90m, hour, day, week, month. False: none of these. */
bool aggregate_interval_parse(const char *text, struct aggregate_interval *to);

/* The interval that t lies in. */
void aggregate_bounds(const struct aggregate_interval *interval, const struct zone *zone,
    when_t t, when_t *from, when_t *to);

struct aggregate {
	int64_t count;   /* readings that are numbers */
	double min, max; /* of these; NAN: there is none */
	when_t min_at, max_at;
	double sum;
	double weighted; /* of value times seconds */
	int64_t covered; /* seconds */
	/* carried from interval to interval */
	when_t held_from, held_until; /* what the last reading still covers */
	double held;                  /* NAN: nothing */
};

#define AGGREGATE_PERIOD 15 /* minutes, where none is told */

void aggregate_begin(struct aggregate *a);

/* The next interval: what is held goes on. */
void aggregate_next(struct aggregate *a);

/* A reading at ts, of a series reported each `period` minutes (0: not told); in order of time,
 * within the interval in hand or before the first of all. NAN: no number. */
void aggregate_add(struct aggregate *a, when_t ts, double value, int64_t period);

/* Readings so early only cover what follows them: the interval begins here. */
void aggregate_from(struct aggregate *a, when_t from);

/* No reading came before `to`, where the interval ends, or what is asked for does. */
void aggregate_end(struct aggregate *a, when_t to);

/* NAN: nothing is covered. */
double aggregate_mean(const struct aggregate *a);

#endif
