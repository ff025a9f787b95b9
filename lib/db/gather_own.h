/*
 * gather_own: the inside of gather.h. gather_fleet.c reads the units of equipment and what they
 * did, gather_power.c works out what they drew, gather_units.c writes it for tasks, and
 * gather_boxes.c the VAV boxes that air handlers feed.
 */
#ifndef NBMS_DB_GATHER_OWN_H
#define NBMS_DB_GATHER_OWN_H

#include "db/gather.h"
#include "db/timetable.h"

#define GATHER_UNITS 300
#define GATHER_LATELY 8 /* steps that a measured value may be old */
#define GATHER_PAST 192 /* steps before the plan that a heavy wall remembers: two days */

enum unit_class { AHU, FCU, PAC, VAV, UNIT_CLASSES };

/* Series are [n] by steps; NAN: not known. */
struct unit {
	char *id, *number, *information;
	char *run_point, *set_point, *supply_point, *air_point, *least_point;
	char *floor, *side; /* NULL: not known */
	int class, run_rank, set_rank;
	double *inside, *run, *mode, *set, *kw;
	double *supply;      /* AHU: degC of the air it gives; else NULL */
	double *air, *least; /* VAV: m3/h, and its lower limit; else NULL */
	struct unit *feeds;  /* VAV: its air handler; NULL: not known which */
};

/* Mean power of a meter by steps: of one unit's, or of a class or plant together. */
struct meter {
	char *point, *number;
	int class;  /* -1: chillers and pumps, which the air handlers' coils need */
	double *kw; /* [n] */
};

struct fleet {
	const struct gather *g;
	when_t from;
	size_t n; /* steps up to g->to */
	struct unit *unit;
	size_t units;
	struct meter *meter;
	size_t meters;
};

const char *fleet_class(int class);

/* All units over the last days, fewer days the more units there are; free with fleet_free. */
void fleet_load(struct fleet *f, const struct gather *g, when_t days);
void fleet_free(struct fleet *f);

/* n numbers that are not known; free(). */
double *fleet_unknown(size_t n);

/* The newest of x[n] that is known, at most `back` old; NAN: none is. */
double fleet_lately(const double *x, size_t n, size_t back);

/* kw of every unit but VAV boxes, from meters, or by class where none tells. */
void fleet_power(struct fleet *f);

/* What a unit draws at full power, kW; NAN: it hardly ran. */
double fleet_full_power(const struct unit *u, size_t n);

/*
 * kW of heat that its air brings a box's zone in step k, negative: cold; 0 without air; NAN:
 * not known. Air carries 0.000335 kWh per m3 and kelvin.
 */
double fleet_air(const struct unit *box, size_t k);

/* The schedule that commands a point: the composite's by information (run), or one that names
 * the point; NULL: none. Borrowed of t. */
const struct timetable_schedule *fleet_schedule(
    const struct timetable *t, const struct unit *u, const char *point, bool run);

/* The outdoor temperature by steps from `from`; what is not known stays as it was. */
void gather_outdoor(const struct gather *g, when_t from, double *to, size_t n);

/* "thermal"'s and the plan's members of the VAV boxes. */
void gather_box_air(struct jw *w, const struct unit *box, size_t n);
void gather_boxes(struct jw *w, const struct fleet *f, const struct timetable *t);

/* "inside": the last GATHER_PAST steps. */
void gather_past(struct jw *w, const char *name, const double *x, size_t n);

#endif
