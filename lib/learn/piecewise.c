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
