/*
 * Piecewise-linear components of a temperature (Mathieu et al. 2011,
 * LBNL-4944E; LBNL-ETA/loadshape): with knots k_1 < .. < k_m,
 * B_0 = min(T, k_1), B_i = clip(T - k_i, 0, k_{i+1} - k_i), so that the sum
 * of all components is T. m = 0 gives B_0 = T.
 */
#ifndef NBMS_LEARN_PIECEWISE_H
#define NBMS_LEARN_PIECEWISE_H

#include <stddef.h>

#include "learn/hours.h"

/*
 * Of the ascending knot[m] those that data speak for: the outer ones go while
 * fewer than `fewest` of the rows [from, to) with a load lie beyond them in
 * temperature[]; one stays. A slope that an hour or two have taught would be
 * followed wherever next season's weather goes. Returns how many remain, the
 * first of them in *first.
 */
size_t piecewise_supported(const struct hours *, const double *temperature, size_t from,
    size_t to, size_t m, const double *knot, size_t fewest, size_t *first);

/* Writes m + 1 components. */
static inline void
piecewise(double t, size_t m, const double *knot, double *component)
{
	size_t i;

	component[0] = m > 0 && t > knot[0] ? knot[0] : t;
	for (i = 0; i < m; i++) {
		double d = t - knot[i];

		if (i + 1 < m && d > knot[i + 1] - knot[i])
			d = knot[i + 1] - knot[i];
		component[i + 1] = d > 0 ? d : 0;
	}
}

/*
 * Outdoor temperature as ridge and RidgeAR have it: that of the hour and the mean of the last
 * 24 h, each in bands between knots at 0, 5 .. 25 degC as far as data speak for them: 20 hours
 * beyond an outer one, as TOWT has it, or three days of daily means.
 */
#define WARMTH_BANDS 7 /* columns, of which those without data stay empty */

struct warmth {
	size_t first, n;         /* knots of the hour's */
	size_t day_first, day_n; /* knots of the mean */
};

void warmth_choose(const struct hours *, size_t from, size_t to, struct warmth *);

/* The nonzeros of hour i, from `at` on and from `day_at` on. Returns how many; there is room
 * for 2 * WARMTH_BANDS. */
size_t warmth_put(const struct warmth *, const struct hours *, size_t i, int at, int day_at,
    int *column, double *value);

/* The knots are in degF in the sources; the library works in degC. */
static inline double
celsius(double fahrenheit)
{
	return (fahrenheit - 32) / 1.8;
}

#endif
