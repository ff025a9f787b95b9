/*
 * Daily energy against the day's mean temperature.
 *
 * Change-point models (ASHRAE Guideline 14; Kissock's inverse modelling
 * toolkit), T and change points in degC:
 *   DAILY_LINE   y = base + slope T                      (as heat, cool = -, +)
 *   DAILY_HEAT   y = base + heat (low - T)+
 *   DAILY_COOL   y = base + cool (T - high)+
 *   DAILY_FOUR   y = base + heat (low - T)+ + cool (T - low)+, high = low
 *   DAILY_FIVE   y = base + heat (low - T)+ + cool (T - high)+, low < high
 * Change points are searched on a grid of half a kelvin between the 5 and
 * 95 % quantiles of T, then on a tenth of it, with least squares for the
 * rest. heat and cool are >= 0 except in DAILY_LINE and DAILY_FOUR.
 *
 * Day-of-week and temperature (kW-Labs/nmecr, model_with_TOWT on daily
 * data): seven weekday effects and temperature in six pieces that hold
 * equally many days, with slopes of their own for weekdays that are occupied
 * as TOWT (towt.h) finds occupied hours.
 */
#ifndef NBMS_LEARN_DAILY_H
#define NBMS_LEARN_DAILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/hours.h"
#include "learn/learn.h"

enum daily_kind { DAILY_LINE, DAILY_HEAT, DAILY_COOL, DAILY_FOUR, DAILY_FIVE, DAILY_KINDS };

struct daily {
	enum daily_kind kind;
	double base;       /* kWh a day */
	double heat, cool; /* kWh a day per K; DAILY_LINE: cool is the slope, heat 0 */
	double low, high;  /* degC, NaN: none */
	double r2;
	double bic; /* n ln(sse / n) + parameters ln n: smaller is better */
	size_t parameters, n;
};

/* NaN pairs are left out. LEARN_SHORT: under 20 days; LEARN_CONSTANT: y or T never moves. */
enum learn_status daily_fit(
    size_t n, const double *energy, const double *temperature, enum daily_kind, struct daily *);

/* The kind with the least bic whose slopes have their sign. */
enum learn_status daily_best(
    size_t n, const double *energy, const double *temperature, struct daily *);

double daily_predict(const struct daily *, double temperature);

#define DAILY_SEGMENTS 6

struct daily_week {
	double knot[DAILY_SEGMENTS - 1];
	double a[7]; /* kWh of each weekday, 0 = Monday; NaN: never seen */
	bool occupied[7];
	double b[2]
		[DAILY_SEGMENTS]; /* kWh a day per K: [0] unoccupied, [1] occupied weekdays */
	double r2;
	size_t n;
};

/* weekday[n] 0..6. LEARN_SHORT: under 30 days; LEARN_SINGULAR. */
enum learn_status daily_week_fit(size_t n, const double *energy, const double *temperature,
    const int *weekday, struct daily_week *);

double daily_week_predict(const struct daily_week *, double temperature, int weekday);

/*
 * Local days of rows [from, to) with at least 20 known hours: the day's mean
 * load times 24 and its mean temperature. Arrays have room for
 * (to - from) / 23 + 2; returns how many.
 */
size_t daily_of_hours(const struct hours *, size_t from, size_t to, double *energy,
    double *temperature, int *weekday);

#endif
