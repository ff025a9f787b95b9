/*
 * meter: energy by interval from a meter's readings.
 *
 * A register counts up; what was used over (previous reading, this one] is their difference.
 * Nothing is guessed: where the register went back (a reset, a replaced meter) there is no
 * usage; where readings are missing in between, the energy is that of the whole span, marked as
 * such, and there is no demand, because demand is the mean power of one period. When a missing
 * reading comes later, the intervals on both sides of it are computed again.
 */
#ifndef NBMS_BMS_METER_H
#define NBMS_BMS_METER_H

#include "base/json.h"
#include "base/when.h"

enum meter_kind {
	METER_REGISTER, /* a total that counts up */
	METER_INTERVAL  /* each reading is the energy of its own interval */
};

struct meter {
	enum meter_kind kind;
	double scale;    /* kWh a unit */
	double rollover; /* the total at which the register begins again at 0, in the meter's
			    unit; 0: none */
};

struct meter_reading {
	when_t at;
	double value; /* in the meter's unit; NAN: none */
};

enum meter_mark {
	METER_FINE,
	METER_FIRST, /* nothing before it: no usage */
	METER_SPAN,  /* readings in between are missing: usage of the whole span */
	METER_RESET  /* the register went back: no usage */
};

struct meter_interval {
	enum meter_mark mark;
	when_t from, to; /* the energy was used over (from, to] */
	double usage;    /* kWh; NAN: not known */
	double demand;   /* kW, the mean over one period; NAN: not known */
};

const char *meter_mark_name(enum meter_mark mark); /* "", "first", "span", "reset" */

/*
 * A meter from an Energy point's point_info: `unit` Wh, kWh, MWh, GJ or MJ; `reading`
 * "register" (the default) or "interval"; `rollover`. False: no energy meter.
 */
bool meter_parse(json_value point_info, struct meter *m);

/* previous.value is NAN where there is none; period in seconds. */
struct meter_interval meter_interval(const struct meter *m, struct meter_reading previous,
    struct meter_reading now, int64_t period);

#endif
