/*
 * gather: what a learning or optimising task needs of a building, as JSON members
 * (learn/task.h).
 */
#ifndef NBMS_DB_GATHER_H
#define NBMS_DB_GATHER_H

#include "base/jsonw.h"
#include "db/buildings.h"
#include "db/history.h"
#include "db/reference.h"

#define GATHER_DAYS 760     /* history of a learning task, unless said otherwise */
#define GATHER_AHEAD 26     /* hours to come */
#define GATHER_ZONE_DAYS 28 /* of zones' temperatures */
#define GATHER_STEP 900     /* seconds */
#define GATHER_STEPS 96     /* of a plan */

struct gather {
	struct db *site;
	struct history *h;
	struct reference *ref;
	const struct place *place;
	when_t from, to;   /* hours of the zone's clock; what is known at `to` */
	const char *meter; /* an Energy point; NULL: the main meters */
	const char
	    *outdoor;    /* the outdoor temperature's point or pattern; NULL: *OutdoorTemp* */
	const char *csv; /* a file of time,load,temperature instead of both; NULL */
	bool zero_is_missing;
	double band;            /* K, half a comfort band */
	int work_from, work_to; /* minutes of the day in which people are there on workdays */
	double carbon;          /* kg CO2 per kWh; NAN: not known */
	double comfort_price;   /* per K h; NAN: by the case */
};

/* The first whole hour there is history of, or WHEN_NONE. */
when_t gather_first(const struct gather *g);

/* "hours", "weather" (where the temperatures to come are from). False: said, nothing written.
 */
bool gather_hours(const struct gather *g, struct jw *w);

/* "thermal": every unit's temperature and power by steps, for learning. */
void gather_zones(const struct gather *g, struct jw *w);

/* "start", "steps", "dt", prices, weather and "units" of the coming day, for optimising. */
void gather_plan(const struct gather *g, struct jw *w);

/* ---- shared by the files of gather ---- */

/* Is a local time one at which people are there? */
bool gather_people(const struct gather *g, when_t t);

/*
 * "price" of every step by the tariff, and of a kW more of the month's peak its base price over
 * the month's days; "billed_peak", what is billed so far; "carbon". Nothing where there is no
 * tariff.
 */
void gather_prices(const struct gather *g, struct jw *w);

/* Hourly temperatures to come, [n] from `to`; NAN where no forecast is known. */
void gather_forecast(const struct gather *g, double *to, size_t n, when_t *issued);

#endif
