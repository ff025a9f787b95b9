#include "learn/piecewise.h"

#include <math.h>

#define KNOTS_MAX 16

size_t
piecewise_supported(const struct hours *h, const double *temperature, size_t from, size_t to,
    size_t m, const double *knot, size_t fewest, size_t *first)
{
	size_t above[KNOTS_MAX] = { 0 }, below[KNOTS_MAX] = { 0 }, i, k;
	size_t last = m - 1;

	*first = 0;
	for (i = from; i < to; i++) {
		if (!isfinite(h->load[i]) || !isfinite(temperature[i]))
			continue;
		for (k = 0; k < m; k++) {
			above[k] += temperature[i] > knot[k];
			below[k] += temperature[i] < knot[k];
		}
	}
	while (last > *first && above[last] < fewest)
		last--;
	while (*first < last && below[*first] < fewest)
		(*first)++;
	return last - *first + 1;
}

#define KNOTS (WARMTH_BANDS - 1)
#define KNOT_HOURS 20
#define DAY_KNOT_HOURS (3 * 24)

static const double warm[KNOTS] = { 0, 5, 10, 15, 20, 25 }; /* degC */

void
warmth_choose(const struct hours *h, size_t from, size_t to, struct warmth *w)
{
	w->n = piecewise_supported(
	    h, h->temperature, from, to, KNOTS, warm, KNOT_HOURS, &w->first);
	w->day_n = piecewise_supported(
	    h, h->temperature_day, from, to, KNOTS, warm, DAY_KNOT_HOURS, &w->day_first);
}

size_t
warmth_put(const struct warmth *w, const struct hours *h, size_t i, int at, int day_at,
    int *column, double *value)
{
	size_t n = 0;

	piecewise(h->temperature[i], w->n, warm + w->first, value);
	for (; n <= w->n; n++)
		column[n] = at++;
	piecewise(h->temperature_day[i], w->day_n, warm + w->day_first, value + n);
	for (; n <= w->n + 1 + w->day_n; n++)
		column[n] = day_at++;
	return n;
}
