#include "bms/meter.h"

#include <math.h>

/* How near to both ends of a rollover the readings must lie to be taken for one. */
#define ROLLOVER_NEAR 0.1

const char *
meter_mark_name(enum meter_mark mark)
{
	static const char *const names[] = { "", "first", "span", "reset" };

	return names[mark];
}

static bool
unit_scale(struct span unit, double *kwh)
{
	static const struct {
		const char *unit;
		double kwh;
	} units[] = {
		{ "kWh", 1 },
		{ "Wh", 0.001 },
		{ "MWh", 1000 },
		{ "MJ", 1 / 3.6 },
		{ "GJ", 1000 / 3.6 },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!span_is(unit, units[i].unit))
			continue;
		*kwh = units[i].kwh;
		return true;
	}
	return false;
}

bool
meter_parse(json_value point_info, struct meter *m)
{
	struct span unit, reading;

	*m = (struct meter){ .kind = METER_REGISTER };
	if (!json_text(json_get(point_info, "unit"), &unit) || !unit_scale(unit, &m->scale))
		return false;
	if (json_text(json_get(point_info, "reading"), &reading) &&
	    span_is(reading, "interval"))
		m->kind = METER_INTERVAL;
	if (!json_number(json_get(point_info, "rollover"), &m->rollover) || m->rollover < 0)
		m->rollover = 0;
	return true;
}

/* The register's advance, NAN after a reset. */
static double
advance(const struct meter *m, double before, double now)
{
	if (now >= before)
		return now - before;
	if (m->rollover > 0 && before > m->rollover * (1 - ROLLOVER_NEAR) &&
	    before <= m->rollover && now < m->rollover * ROLLOVER_NEAR)
		return m->rollover - before + now;
	return NAN;
}

/* kWh to whole milliwatt-hours: what the difference of two decimal readings has below that is
 * binary noise. */
static double
to_mwh(double kwh)
{
	return round(kwh * 1e6) / 1e6;
}

struct meter_interval
meter_interval(const struct meter *m, struct meter_reading previous, struct meter_reading now,
    int64_t period)
{
	struct meter_interval i = {
		.from = previous.at, .to = now.at, .usage = NAN, .demand = NAN
	};

	if (m->kind == METER_INTERVAL) {
		i.from = now.at - period;
		i.usage = now.value * m->scale;
	} else if (isnan(previous.value)) {
		i.mark = METER_FIRST;
		i.from = now.at - period;
		return i;
	} else {
		i.usage = to_mwh(advance(m, previous.value, now.value) * m->scale);
		if (isnan(i.usage))
			i.mark = METER_RESET;
		else if (now.at - previous.at != period)
			i.mark = METER_SPAN;
	}
	if (i.mark == METER_FINE)
		i.demand = to_mwh(i.usage * 3600 / (double)period);
	return i;
}
