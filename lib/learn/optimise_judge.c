#include "learn/optimise_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

static double
mean_of(const double *x, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += x[i];
	return n ? sum / (double)n : 0;
}

void
optimise_prices(const struct optimise_case *c, struct optimise_prices *p)
{
	double price = mean_of(c->price, c->steps), carbon = 0;
	bool tariff = c->value == OPTIMISE_COST || c->value == OPTIMISE_COMFORT;
	size_t k;

	if (c->value == OPTIMISE_CO2)
		carbon = mean_of(c->carbon, c->steps);
	for (k = 0; k < c->steps; k++)
		p->value[k] = tariff                        ? c->price[k]
			      : c->value == OPTIMISE_ENERGY ? price
							    : price * c->carbon[k] / carbon;
	p->demand = tariff ? c->demand_price : 0;
	p->comfort =
	    c->comfort_price * (c->value == OPTIMISE_COMFORT ? OPTIMISE_COMFORT_FACTOR : 1);
}

static bool
all_finite(const double *x, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

static enum learn_status
check_unit(const struct optimise_unit *u, size_t steps)
{
	size_t k;

	if (!(u->power_min > 0 && u->power_max >= u->power_min && isfinite(u->power_max)) ||
	    u->levels < 1 || u->levels > OPTIMISE_LEVELS || u->min_on < 1 ||
	    u->min_on > OPTIMISE_AGE || u->min_off < 1 || u->min_off > OPTIMISE_AGE ||
	    !(u->ramp > 0) || !(u->start_cost >= 0) || !(u->a > 0 && u->a < 1) || !(u->b > 0) ||
	    u->age < 1 || u->outdoor == NULL || u->low == NULL || u->high == NULL)
		return LEARN_RANGE;
	if (!isfinite(u->temperature) || !all_finite(u->outdoor, steps) ||
	    !isfinite(u->start_cost) || (u->gain != NULL && !all_finite(u->gain, steps)) ||
	    (u->heating != NULL && !all_finite(u->heating, steps)) ||
	    (u->cooling != NULL && !all_finite(u->cooling, steps)) ||
	    (u->on && !isfinite(u->power)))
		return LEARN_NONFINITE;
	for (k = 0; k < steps; k++)
		if (u->low[k] > u->high[k])
			return LEARN_RANGE;
	return LEARN_OK;
}

enum learn_status
optimise_check(const struct optimise_case *c)
{
	enum learn_status status;
	size_t i;

	if (c->steps < 1 || c->steps > OPTIMISE_STEPS || c->units < 1 ||
	    c->units > OPTIMISE_UNITS || !(c->dt > 0) || !(c->demand_price >= 0) ||
	    !(c->comfort_price >= 0) || !(c->billed_peak >= 0) || c->price == NULL ||
	    c->base == NULL || c->unit == NULL)
		return LEARN_RANGE;
	if (!all_finite(c->price, c->steps) || !all_finite(c->base, c->steps) ||
	    !isfinite(c->demand_price + c->comfort_price + c->billed_peak))
		return LEARN_NONFINITE;
	if (c->carbon != NULL && !all_finite(c->carbon, c->steps))
		return LEARN_NONFINITE;
	if (c->value == OPTIMISE_CO2 &&
	    (c->carbon == NULL || !(mean_of(c->carbon, c->steps) > 0)))
		return LEARN_RANGE;
	for (i = 0; i < c->units; i++) {
		status = check_unit(&c->unit[i], c->steps);
		if (status != LEARN_OK)
			return status;
	}
	return LEARN_OK;
}

double
optimise_outside(const struct optimise_unit *u, size_t k, double t)
{
	return t < u->low[k] ? u->low[k] - t : t > u->high[k] ? t - u->high[k] : 0;
}

double
optimise_next(const struct optimise_unit *u, size_t k, double t, double kw, int mode)
{
	double heat = mode > 0 && u->heating != NULL ? u->heating[k] * kw : 0;

	if (mode < 0 && u->cooling != NULL)
		heat = -u->cooling[k] * kw;
	if (u->gain != NULL)
		heat += u->gain[k];
	return u->a * t + (1 - u->a) * u->outdoor[k] + u->b * heat;
}

void
optimise_judge_unit(const struct optimise_case *c, const struct optimise_unit *u,
    const double *power, const int8_t *mode, double *temperature, struct optimise_totals *total)
{
	double t = u->temperature;
	bool on = u->on;
	size_t k;

	temperature[0] = t;
	for (k = 0; k < c->steps; k++) {
		double kwh = c->dt * power[k];

		t = optimise_next(u, k, t, power[k], mode[k]);
		temperature[k + 1] = t;
		total->kwh += kwh;
		total->energy += kwh * c->price[k];
		total->co2 += c->carbon != NULL ? kwh * c->carbon[k] : 0;
		total->kelvin_hours += c->dt * optimise_outside(u, k, t);
		if (mode[k] != 0 && !on) {
			total->starts++;
			total->start += u->start_cost;
		}
		on = mode[k] != 0;
	}
}

double
optimise_unit_cost(const struct optimise_case *c, const struct optimise_prices *price,
    const struct optimise_unit *u, const double *power, const int8_t *mode)
{
	double cost = 0, t = u->temperature;
	bool on = u->on;
	size_t k;

	for (k = 0; k < c->steps; k++) {
		cost += price->value[k] * c->dt * power[k];
		cost += mode[k] != 0 && !on ? u->start_cost : 0;
		on = mode[k] != 0;
		t = optimise_next(u, k, t, power[k], mode[k]);
		cost += price->comfort * c->dt * optimise_outside(u, k, t);
	}
	return cost;
}

double
optimise_peak(const struct optimise_case *c, const double *load)
{
	double peak = c->billed_peak;
	size_t k;

	for (k = 0; k < c->steps; k++)
		peak = load[k] > peak ? load[k] : peak;
	return peak;
}

struct optimise_miss
optimise_missed(
    const struct optimise_case *c, const struct optimise_unit *u, const double *temperature)
{
	struct optimise_miss m = { 0 };
	size_t there = 0, out = 0, k;

	for (k = 0; k < c->steps; k++) {
		double kelvin = optimise_outside(u, k, temperature[k + 1]);

		there += !isnan(u->low[k]) || !isnan(u->high[k]);
		out += kelvin > 0;
		m.kelvin_hours += c->dt * kelvin;
		if (kelvin > m.most) {
			m.most = kelvin;
			m.at = k;
		}
	}
	m.always = there > 0 && out == there;
	return m;
}

void
optimise_load(const struct optimise_case *c, const double *power, double *load)
{
	size_t i, k;

	memcpy(load, c->base, c->steps * sizeof(*load));
	for (i = 0; i < c->units; i++)
		for (k = 0; k < c->steps; k++)
			load[k] += power[i * c->steps + k];
}

enum learn_status
optimise_judge(const struct optimise_case *c, struct optimise_schedule *s)
{
	enum learn_status status = optimise_check(c);
	double load[OPTIMISE_STEPS];
	struct optimise_prices price;
	size_t i, k;

	if (status != LEARN_OK)
		return status;
	if (!all_finite(s->power, c->units * c->steps))
		return LEARN_NONFINITE;
	memset(&s->total, 0, sizeof(s->total));
	optimise_prices(c, &price);
	for (i = 0; i < c->units; i++)
		optimise_judge_unit(c, &c->unit[i], s->power + i * c->steps,
		    s->mode + i * c->steps, s->temperature + i * (c->steps + 1), &s->total);
	optimise_load(c, s->power, load);
	s->total.peak = optimise_peak(c, load);
	s->total.demand = c->demand_price * s->total.peak;
	s->total.comfort = c->comfort_price * s->total.kelvin_hours;
	s->total.objective = s->total.start + price.comfort * s->total.kelvin_hours +
			     price.demand * s->total.peak;
	for (i = 0; i < c->units; i++)
		for (k = 0; k < c->steps; k++)
			s->total.objective +=
			    price.value[k] * c->dt * s->power[i * c->steps + k];
	return LEARN_OK;
}

struct optimise_miss
optimise_miss(const struct optimise_case *c, const struct optimise_schedule *s, size_t i)
{
	return optimise_missed(c, &c->unit[i], s->temperature + i * (c->steps + 1));
}

enum learn_status
optimise_schedule_init(const struct optimise_case *c, struct optimise_schedule *s)
{
	size_t n = c->units * c->steps;

	memset(s, 0, sizeof(*s));
	if (c->steps < 1 || c->steps > OPTIMISE_STEPS || c->units < 1 ||
	    c->units > OPTIMISE_UNITS)
		return LEARN_RANGE;
	s->units = c->units;
	s->steps = c->steps;
	s->bound = s->gap = NAN;
	s->power = xcalloc(n, sizeof(*s->power));
	s->mode = xcalloc(n, sizeof(*s->mode));
	s->temperature = xcalloc(n + c->units, sizeof(*s->temperature));
	s->reason = xcalloc(n, sizeof(*s->reason));
	s->least = xcalloc(c->units, sizeof(*s->least));
	return LEARN_OK;
}

void
optimise_free(struct optimise_schedule *s)
{
	free(s->power);
	free(s->mode);
	free(s->temperature);
	free(s->reason);
	free(s->least);
	memset(s, 0, sizeof(*s));
}

enum learn_status
optimise_standing(const struct optimise_case *c, const bool *on, const double *setpoint,
    struct optimise_schedule *s)
{
	enum learn_status status = optimise_check(c);
	size_t i, k;

	memset(s, 0, sizeof(*s));
	if (status == LEARN_OK)
		status = optimise_schedule_init(c, s);
	if (status != LEARN_OK)
		return status;
	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];
		double t = u->temperature;

		for (k = 0; k < c->steps; k++) {
			size_t at = i * c->steps + k;
			double idle = optimise_next(u, k, t, 0, 0), cop, need;
			int mode = idle > setpoint[at] ? -1 : 1;

			cop = mode < 0 ? (u->cooling != NULL ? u->cooling[k] : 0)
				       : (u->heating != NULL ? u->heating[k] : 0);
			need = fabs(idle - setpoint[at]) / u->b;
			if (on[at] && isfinite(need) && cop > 0) {
				/* Within a step the thermostat cycles: any mean power up to
				 * full. */
				s->power[at] = fmin(u->power_max, need / cop);
				s->mode[at] = (int8_t)(s->power[at] > 0 ? mode : 0);
			}
			t = optimise_next(u, k, t, s->power[at], s->mode[at]);
		}
	}
	return optimise_judge(c, s);
}
