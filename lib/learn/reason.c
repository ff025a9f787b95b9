#include "learn/reason.h"

#include <math.h>
#include <string.h>

static double
mean_price(const struct optimise_case *c)
{
	double sum = 0;
	size_t k;

	for (k = 0; k < c->steps; k++)
		sum += c->price[k] / (double)c->steps;
	return sum;
}

/* The zone at the end of step k with the unit off. */
static double
left_alone(const struct optimise_unit *u, size_t k, double t)
{
	return u->a * t + (1 - u->a) * u->outdoor[k] +
	       u->b * (u->gain != NULL ? u->gain[k] : 0);
}

/* Does the unit run again before people leave? */
static bool
runs_again(
    const struct optimise_case *c, const struct optimise_unit *u, const int8_t *mode, size_t k)
{
	size_t j;

	for (j = k + 1; j < c->steps && (!isnan(u->low[j]) || !isnan(u->high[j])); j++)
		if (mode[j] != 0)
			return true;
	return false;
}

static double
dearest_soon(const struct optimise_case *c, size_t k, size_t steps)
{
	double most = c->price[k];
	size_t j;

	for (j = k; j < c->steps && j <= k + steps; j++)
		most = c->price[j] > most ? c->price[j] : most;
	return most;
}

static enum reason
why_off(const struct optimise_case *c, const struct optimise_unit *u, const int8_t *mode,
    size_t k, double room)
{
	size_t day = (size_t)(4 / c->dt);

	if (isnan(u->low[k]) && isnan(u->high[k]))
		return REASON_OFF_EMPTY;
	if (!runs_again(c, u, mode, k))
		return REASON_OFF_COAST;
	if (room < u->power_min)
		return REASON_OFF_PEAK;
	if (c->price[k] > 1.02 * mean_price(c) || dearest_soon(c, k, day) < 0.98 * c->price[k])
		return REASON_OFF_PRICE;
	return REASON_OFF_COMFORT;
}

/* Steps from k to the next in which somebody is there; SIZE_MAX: nobody comes any more. */
static size_t
until_people(const struct optimise_case *c, const struct optimise_unit *u, size_t k)
{
	size_t j;

	for (j = k; j < c->steps; j++)
		if (!isnan(u->low[j]) || !isnan(u->high[j]))
			return j - k;
	return SIZE_MAX;
}

/* Is step k of a run that is no longer than it has to be? age: of the run, before it. */
static bool
at_least(const struct optimise_case *c, const struct optimise_unit *u, const int8_t *mode,
    size_t k, int age)
{
	int run = age;

	for (; k < c->steps && mode[k] != 0 && run <= u->min_on; k++)
		run++;
	return run == u->min_on && age > 0;
}

static enum reason
why_on(const struct optimise_case *c, const struct optimise_unit *u, size_t k, double kw,
    double t, double room, bool least)
{
	size_t hour = (size_t)(1 / c->dt), people = until_people(c, u, k);
	double idle = left_alone(u, k, t);

	if (people == 0 && (idle < u->low[k] || idle > u->high[k]))
		return kw < u->power_max && room < 0.02 * u->power_max ? REASON_ON_PEAK
								       : REASON_ON_COMFORT;
	if (least || people == SIZE_MAX)
		return REASON_ON_MINIMUM;
	if (people > 0)
		return people <= 2 * hour ? REASON_ON_PREPARE : REASON_ON_STORE;
	if (c->price[k] < 0.98 * dearest_soon(c, k, 4 * hour))
		return REASON_ON_CHEAP;
	return room < 0.02 * u->power_max ? REASON_ON_PEAK : REASON_ON_COMFORT;
}

void
reason_fill(const struct optimise_case *c, struct optimise_schedule *s)
{
	double load[OPTIMISE_STEPS];
	size_t i, k;

	memcpy(load, c->base, c->steps * sizeof(*load));
	for (i = 0; i < c->units; i++)
		for (k = 0; k < c->steps; k++)
			load[k] += s->power[i * c->steps + k];
	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];
		const int8_t *mode = s->mode + i * c->steps;
		int age = u->on ? u->age : 0;

		for (k = 0; k < c->steps; k++) {
			size_t at = i * c->steps + k;
			double room = s->total.peak - load[k];

			if (u->force != NULL && u->force[k] != 0)
				s->reason[at] = REASON_FORCED;
			else if (mode[k] == 0)
				s->reason[at] = (uint8_t)why_off(c, u, mode, k, room);
			else
				s->reason[at] = (uint8_t)why_on(c, u, k, s->power[at],
				    s->temperature[i * (c->steps + 1) + k], room,
				    at_least(c, u, mode, k, age));
			age = mode[k] != 0 ? age + 1 : 0;
		}
	}
}

const char *
reason_text(enum reason reason)
{
	switch (reason) {
	case REASON_OFF_EMPTY:
		return "off: nobody there";
	case REASON_OFF_COMFORT:
		return "off: stays in its band by itself";
	case REASON_OFF_COAST:
		return "off: what is stored lasts until people leave";
	case REASON_OFF_PEAK:
		return "off: keeps the peak down";
	case REASON_OFF_PRICE:
		return "off: power is dear now";
	case REASON_ON_COMFORT:
		return "on: holds the band";
	case REASON_ON_PREPARE:
		return "on: ready before people come";
	case REASON_ON_CHEAP:
		return "on: power is cheaper now than soon";
	case REASON_ON_PEAK:
		return "on: as hard as the peak allows";
	case REASON_ON_MINIMUM:
		return "on: minimum run time";
	case REASON_ON_STORE:
		return "on: stores now what would have to be done while people are there";
	case REASON_OFF_AIR:
		return "shut: its air handler is off";
	case REASON_ON_AIR:
		return "open at its least: fresh air";
	case REASON_FORCED:
		return "told to";
	}
	return "unknown";
}
