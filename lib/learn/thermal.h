/*
 * Thermal model of one zone from measured temperatures and powers.
 *
 * First order (1R1C), exact in discrete time:
 *   T+ = T + v (To - T) + heat h - cool c + people q + sun s + offset f
 * Second order (2R2C) adds a wall that is not measured:
 *   T+ = T + v (To - T) + w (Tw - T) + ...,
 *   Tw+ = m Tw + (1 - m) (share T + (1 - share) To)
 * All of v, w, h, c, q, s are bounded to their physical sign and v + w < 1,
 * so that a free run is always stable. All seasons are fitted together: a
 * model of one season alone explodes in the other. 1R1C minimises the
 * 24-hour free-run error itself (for a fixed v it is linear in the rest);
 * 2R2C takes a grid over (m, share) and bounded least squares for the rest.
 */
#ifndef NBMS_LEARN_THERMAL_H
#define NBMS_LEARN_THERMAL_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/learn.h"

struct thermal_data {
	size_t n;              /* steps, at equal distances */
	double dt;             /* hours, 0 < dt <= 1 */
	const double *inside;  /* [n] degC; NaN: missing */
	const double *outdoor; /* [n] degC; NaN: missing */
	const double *heat;    /* [n] kW during the step, >= 0; NULL: none */
	const double *cool;    /* [n] kW during the step, >= 0; NULL: none */
	const double *people;  /* [n] 0..1; NULL: unknown */
	const double *sun;     /* [n] W/m2; NULL: unknown */
};

struct thermal {
	int order;                  /* 1 or 2 */
	double dt;                  /* hours */
	double v, w;                /* per step */
	double heat, cool;          /* K per kW and step */
	double people, sun, offset; /* K per step (sun: per W/m2) */
	double wall, share;         /* m and share of 2R2C */
	double tau;                 /* hours, -dt / ln(1 - v - w) */
	double resistance; /* K/kW to outdoors seen by the heat (or cold) given; NaN: unknown */
	bool heats, cools; /* the data moved it: a schedule may rely on it */
	double rmse_step;  /* K, one step ahead */
	double rmse_day;   /* K, 24-hour free runs on days not fitted */
	size_t days;       /* free runs judged */
};

/*
 * order 1, 2, or 0 for the better by rmse_day (2 must win by 5 %). The last
 * quarter of the days is held out to judge, then taken in. LEARN_SHORT:
 * under four days of usable steps; LEARN_CONSTANT: the temperature never
 * moves; LEARN_SINGULAR; LEARN_RANGE.
 */
enum learn_status thermal_fit(const struct thermal_data *, int order, struct thermal *);

/*
 * Order 0, with the sun and without it: it must lower rmse_day by 5 % to stay. m->sun is 0
 * where it does not, or where d->sun is NULL.
 */
enum learn_status thermal_choose(const struct thermal_data *d, struct thermal *m);

/*
 * Free run: out[0] = inside[from], then n steps with what the data says of
 * weather and plant (out has n + 1). The wall starts as the last two days
 * before make it. NaN from where an input is missing.
 */
void thermal_run(
    const struct thermal *, const struct thermal_data *, size_t from, size_t n, double *out);

/*
 * May a schedule rely on it? Its 24-hour error is no wider than the comfort
 * band's half width, and the plant was seen to move it. If not, keep
 * schedules that don't depend on a model.
 */
bool thermal_usable(const struct thermal *, double band_half_width);

/*
 * For the optimiser (optimise.h): a and, for each of n steps from the data's step `from`, the
 * outdoor temperature that the zone feels, gains and the wall of 2R2C in it. The wall starts as
 * the two days before make it (inside[from] alone where there are none) and then follows
 * zone[n], degC at the beginning of each step.
 */
void thermal_first_order(const struct thermal *, const struct thermal_data *, size_t from,
    size_t n, const double *zone, double *a, double *outdoor);

#endif
