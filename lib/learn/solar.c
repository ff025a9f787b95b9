#include "learn/solar.h"

#include <math.h>

#include "base/diag.h"

#define DAY 86400

double
solar_height(const struct solar_place *p, int64_t t)
{
	/* the mean year is good to a day in centuries, which moves the height by 0.4 degrees */
	double days = (double)t / DAY, year = days / 365.2425;
	double g = 2 * M_PI * (year - floor(year));
	double declination = 0.006918 - 0.399912 * cos(g) + 0.070257 * sin(g) -
			     0.006758 * cos(2 * g) + 0.000907 * sin(2 * g) -
			     0.002697 * cos(3 * g) + 0.00148 * sin(3 * g);
	double equation = 0.000075 + 0.001868 * cos(g) - 0.032077 * sin(g) -
			  0.014615 * cos(2 * g) - 0.040849 * sin(2 * g);
	double hour =
	    2 * M_PI * (days - floor(days)) - M_PI + equation + p->longitude * M_PI / 180;
	double latitude = p->latitude * M_PI / 180;

	return sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour);
}

double
solar_clear(const struct solar_place *p, int64_t t)
{
	double height = solar_height(p, t);

	return height > 0 ? 1098 * height * exp(-0.057 / height) : 0;
}

double *
solar_steps(const struct solar_place *p, int64_t t, double dt, size_t n)
{
	double *to;
	size_t k;

	if (!(fabs(p->latitude) <= 90 && fabs(p->longitude) <= 180))
		return NULL;
	to = xcalloc(n + 1, sizeof(*to));
	for (k = 0; k < n; k++)
		to[k] = solar_clear(p, t + (int64_t)(((double)k + 0.5) * dt * 3600));
	return to;
}
