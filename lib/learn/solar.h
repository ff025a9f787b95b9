/*
 * The sun over a place: its height, and the radiation of a clear sky.
 *
 * Declination and equation of time: Spencer 1971, a Fourier series of the day of the year,
 * right to about 0.01 rad. Clear sky on the level: Haurwitz 1945, 1098 cos z exp(-0.057 / cos
 * z) W/m2. Neither knows of clouds: what a fit makes of it is the mean effect of the sun's
 * course.
 */
#ifndef NBMS_LEARN_SOLAR_H
#define NBMS_LEARN_SOLAR_H

#include <stddef.h>
#include <stdint.h>

struct solar_place {
	double latitude, longitude; /* degrees, north and east positive; NaN: not known */
};

/* Sine of the sun's height at an instant (seconds since 1970); negative: it is down. */
double solar_height(const struct solar_place *, int64_t t);

/* W/m2 on level ground under a clear sky, >= 0. */
double solar_clear(const struct solar_place *, int64_t t);

/*
 * The means of n steps of dt hours from t on, malloc'd (the middles stand for them);
 * NULL where the place is not known.
 */
double *solar_steps(const struct solar_place *, int64_t t, double dt, size_t n);

#endif
