/* What units of equipment drew: by their meters, or by class; and what their air brought. */
#include "base/diag.h"
#include "db/gather_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AIR 0.000335 /* kWh per m3 and kelvin: 1.2 kg/m3 times 1.005 kJ/(kg K) */

/* kW of a unit that runs where no meter says. */
static const double class_kw[UNIT_CLASSES] = { 15, 0.1, 4.5, 0 };

static size_t
running(const struct fleet *f, int class, size_t k)
{
	size_t i, n = 0;

	for (i = 0; i < f->units; i++)
		n += f->unit[i].class == class && f->unit[i].run[k] > 0;
	return n;
}

/* Do the meters of a class stand for one unit each? */
static bool
metered_singly(const struct fleet *f, int class)
{
	size_t i, meters = 0, units = 0;

	for (i = 0; i < f->meters; i++)
		meters += f->meter[i].class == class;
	for (i = 0; i < f->units; i++)
		units += f->unit[i].class == class;
	return meters > 0 && meters >= units;
}

/* A unit's own meter, or its share of what those that run draw together; NAN: no meter tells.
 */
static double
metered(const struct fleet *f, const struct unit *u, bool singly, size_t runs, size_t k)
{
	double sum = NAN;
	size_t i;

	for (i = 0; i < f->meters; i++) {
		const struct meter *m = &f->meter[i];

		if (m->class != u->class || (singly && strcmp(m->number, u->number) != 0))
			continue;
		sum = isnan(sum) ? m->kw[k] : sum + m->kw[k];
	}
	return singly ? sum : sum / (double)runs;
}

/* Chillers and pumps work for the coils: of the air handlers, or where there are none the fan
 * coils. */
static double
plant_share(const struct fleet *f, int coils, size_t k)
{
	double sum = 0;
	size_t i, runs = running(f, coils, k);

	for (i = 0; i < f->meters; i++)
		if (f->meter[i].class == -1)
			sum += f->meter[i].kw[k];
	return runs > 0 ? sum / (double)runs : 0;
}

static int
coils_of(const struct fleet *f)
{
	size_t i;

	for (i = 0; i < f->units; i++)
		if (f->unit[i].class == AHU)
			return AHU;
	return FCU;
}

void
fleet_power(struct fleet *f)
{
	bool singly[UNIT_CLASSES], any[UNIT_CLASSES] = { false };
	int coils = coils_of(f), c;
	size_t i, k;

	for (c = 0; c < UNIT_CLASSES; c++)
		singly[c] = metered_singly(f, c);
	for (i = 0; i < f->meters; i++)
		if (f->meter[i].class >= 0)
			any[f->meter[i].class] = true;
	for (k = 0; k < f->n; k++) {
		size_t runs[UNIT_CLASSES] = { running(f, AHU, k), running(f, FCU, k),
			running(f, PAC, k), 0 };
		double plant = plant_share(f, coils, k);

		for (i = 0; i < f->units; i++) {
			struct unit *u = &f->unit[i];

			if (isnan(u->run[k]) || u->class == VAV)
				continue;
			u->kw[k] = u->run[k] <= 0 ? 0
				   : any[u->class]
				       ? metered(f, u, singly[u->class], runs[u->class], k)
				       : class_kw[u->class];
			if (u->run[k] > 0 && u->class == coils)
				u->kw[k] += plant;
		}
	}
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* All but the highest fiftieth of what it drew while it ran. */
double
fleet_full_power(const struct unit *u, size_t n)
{
	double *kw = xcalloc(n + 1, sizeof(*kw)), full;
	size_t k, m = 0;

	for (k = 0; k < n; k++)
		if (u->run[k] > 0 && u->kw[k] > 0)
			kw[m++] = u->kw[k];
	if (m > 0)
		qsort(kw, m, sizeof(*kw), by_value);
	full = m >= 20 ? kw[m * 49 / 50] : NAN;
	free(kw);
	return full;
}

double
fleet_air(const struct unit *box, size_t k)
{
	const struct unit *ahu = box->feeds;

	if (box->air == NULL || isnan(box->air[k]))
		return NAN;
	if (box->air[k] <= 0)
		return 0;
	if (ahu == NULL || ahu->supply == NULL || isnan(ahu->supply[k]))
		return NAN;
	return AIR * box->air[k] * (ahu->supply[k] - box->inside[k]);
}
