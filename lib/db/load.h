/*
 * load: the energy a building drew, by interval, from the #Usage and #Demand of its Energy
 * points.
 */
#ifndef NBMS_DB_LOAD_H
#define NBMS_DB_LOAD_H

#include "db/buildings.h"
#include "db/history.h"

struct load_interval {
	when_t from, to; /* metered over (from, to]: labels are ends */
	double kwh;      /* of all the points; NAN: none had it */
	double kw;       /* mean demand; NAN where some point has none (a gap, a reset) */
};

struct load {
	struct load_interval *all; /* by time; those that end in (from, to] */
	size_t n;
	size_t points; /* Energy points that were added up */
};

/* point NULL: all Energy points that are in use; otherwise that one (its id, without #Usage).
 */
void load_read(struct load *l, struct db *site, struct history *h, const struct place *place,
    const char *point, when_t from, when_t to);
void load_free(struct load *l);

#endif
