#include "learn/reserve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define BELOW 8
#define ABOVE (RESERVE_PRICES - BELOW)
#define SUMS 64

/* Mean of four uniforms, `narrow` of them of the cells' first width. */
struct reserve_part {
	double weight;               /* of 1 */
	double from;                 /* percent: least value of the mean */
	double width[RESERVE_DRAWN]; /* of each term of the mean, percent / 4 */
	double scale;                /* 1 / (4! product of widths) */
};

void
reserve_cell(enum reserve_generator generator, double low, double high, int cell, double *from,
    double *to)
{
	double width = (high - low) / RESERVE_PRICES, start = low;

	if (generator == RESERVE_SPLIT) {
		width = cell < BELOW ? -low / BELOW : high / ABOVE;
		start = cell < BELOW ? low : 0;
		cell = cell < BELOW ? cell : cell - BELOW;
	}
	*from = start + cell * width;
	*to = start + (cell + 1) * width;
}

/* ways[k][s]: how many sets of k cells out of n have indices that sum to s. */
static void
count_sets(int n, double ways[RESERVE_DRAWN + 1][SUMS])
{
	int cell, k, s;

	memset(ways, 0, (RESERVE_DRAWN + 1) * sizeof(ways[0]));
	ways[0][0] = 1;
	for (cell = 0; cell < n; cell++)
		for (k = RESERVE_DRAWN; k > 0; k--)
			for (s = SUMS - 1; s >= cell; s--)
				ways[k][s] += ways[k - 1][s - cell];
}

static void
add_part(struct reserve_law *law, double ways, double from, int first, double width_first,
    double width_other)
{
	struct reserve_part *p = &law->part[law->parts++];
	int k;

	p->weight = ways / 1365;
	p->from = from / RESERVE_DRAWN;
	p->scale = 1.0 / 24;
	for (k = 0; k < RESERVE_DRAWN; k++) {
		p->width[k] = (k < first ? width_first : width_other) / RESERVE_DRAWN;
		p->scale /= p->width[k];
	}
}

static void
list_parts(struct reserve_law *law)
{
	double ways[RESERVE_DRAWN + 1][SUMS], other[RESERVE_DRAWN + 1][SUMS];
	double down = -law->low / BELOW, up = law->high / ABOVE;
	double width = (law->high - law->low) / RESERVE_PRICES;
	int k, s, t;

	count_sets(law->generator == RESERVE_EQUAL ? RESERVE_PRICES : BELOW, ways);
	count_sets(ABOVE, other);
	for (s = 0; law->generator == RESERVE_EQUAL && s < SUMS; s++)
		if (ways[RESERVE_DRAWN][s] > 0)
			add_part(law, ways[RESERVE_DRAWN][s],
			    RESERVE_DRAWN * law->low + s * width, RESERVE_DRAWN, width, width);
	for (k = 0; law->generator == RESERVE_SPLIT && k <= RESERVE_DRAWN; k++)
		for (s = 0; s < SUMS; s++)
			for (t = 0; t < SUMS && ways[k][s] > 0; t++)
				if (other[RESERVE_DRAWN - k][t] > 0)
					add_part(law, ways[k][s] * other[RESERVE_DRAWN - k][t],
					    k * law->low + s * down + t * up, k, down, up);
}

static void
moments(struct reserve_law *law)
{
	double square = 0;
	size_t i;
	int k;

	law->mean = 0;
	for (i = 0; i < law->parts; i++) {
		const struct reserve_part *p = &law->part[i];
		double mean = p->from, var = 0;

		for (k = 0; k < RESERVE_DRAWN; k++) {
			mean += p->width[k] / 2;
			var += p->width[k] * p->width[k] / 12;
		}
		law->mean += p->weight * mean;
		square += p->weight * (mean * mean + var);
	}
	law->sd = sqrt(square - law->mean * law->mean);
}

enum learn_status
reserve_init(enum reserve_generator generator, double low, double high, struct reserve_law *law)
{
	memset(law, 0, sizeof(*law));
	if (!(low >= -10 && low < 0 && high > 0 && high <= 10))
		return LEARN_RANGE;
	law->generator = generator;
	law->low = low;
	law->high = high;
	/* At most 5 splits x 27 x 22 sums. */
	law->part = xcalloc(5 * 27 * 22, sizeof(*law->part));
	list_parts(law);
	moments(law);
	return LEARN_OK;
}

void
reserve_free(struct reserve_law *law)
{
	free(law->part);
	memset(law, 0, sizeof(*law));
}

/* Sum over subsets of the widths of (-1)^size (x - their sum)_+^power. */
static double
spline(const struct reserve_part *p, double x, int power)
{
	double sum = 0;
	unsigned set;
	int k;

	for (set = 0; set < 1u << RESERVE_DRAWN; set++) {
		double d = x, sign = 1, y = 1;

		for (k = 0; k < RESERVE_DRAWN; k++) {
			if (set >> k & 1) {
				d -= p->width[k];
				sign = -sign;
			}
		}
		if (d <= 0)
			continue;
		for (k = 0; k < power; k++)
			y *= d;
		sum += sign * y;
	}
	return sum;
}

static double
part_span(const struct reserve_part *p)
{
	return p->width[0] + p->width[1] + p->width[2] + p->width[3];
}

double
reserve_cdf(const struct reserve_law *law, double percent)
{
	double sum = 0;
	size_t i;

	if (percent <= law->low || percent >= law->high)
		return percent >= law->high;
	for (i = 0; i < law->parts; i++) {
		const struct reserve_part *p = &law->part[i];
		double x = percent - p->from;

		if (x >= part_span(p))
			sum += p->weight;
		else if (x > 0)
			sum += p->weight * p->scale * spline(p, x, 4);
	}
	return sum < 0 ? 0 : sum > 1 ? 1 : sum;
}

double
reserve_density(const struct reserve_law *law, double percent)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < law->parts; i++) {
		const struct reserve_part *p = &law->part[i];
		double x = percent - p->from;

		if (x > 0 && x < part_span(p))
			sum += p->weight * 4 * p->scale * spline(p, x, 3);
	}
	return sum < 0 ? 0 : sum;
}

double
reserve_quantile(const struct reserve_law *law, double p)
{
	double low = law->low, high = law->high;
	int k;

	if (!(p >= 0 && p <= 1))
		return NAN;
	for (k = 0; k < 50; k++) {
		double mid = (low + high) / 2;

		if (reserve_cdf(law, mid) < p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}
