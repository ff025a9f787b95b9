/*
 * A building in words an operator knows: when it works, what a kelvin
 * costs, where heating and cooling begin, what a holiday saves.
 */
#ifndef NBMS_LEARN_EXPLAIN_H
#define NBMS_LEARN_EXPLAIN_H

#include <stddef.h>

#include "learn/daily.h"
#include "learn/hours.h"
#include "learn/learn.h"
#include "learn/towt.h"

struct explain {
	double mean;                      /* kWh an hour */
	size_t bands;                     /* temperature bands of TOWT */
	double edge[TOWT_KNOTS];          /* degC between band i and i + 1 */
	double slope[2][TOWT_KNOTS + 1];  /* kWh/K in each band: [0] unoccupied, [1] occupied */
	size_t points[2][TOWT_KNOTS + 1]; /* hours each slope rests on */
	double week[HOURS_WEEK]; /* kWh by hour of the week at its own mean temperature */
	double base_night;       /* kWh, 10 % quantile of unoccupied hours; NaN: none */
	size_t occupied_hours;   /* of 168 */
	enum learn_status daily_status;
	struct daily daily;    /* base, slopes per day and balance points low, high, degC */
	size_t holidays;       /* holiday and bridge days seen on Monday to Friday */
	double holiday_effect; /* their load over what the weekday would have used, less 1; NaN:
				  none */
};

/* From a fitted TOWT and the rows it was fitted on. */
enum learn_status explain_load(
    const struct hours *, size_t from, size_t to, const struct towt *, struct explain *);

#endif
