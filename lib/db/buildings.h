/*
 * buildings: the registered buildings as a list, for what is done to each of them by the clock.
 */
#ifndef NBMS_DB_BUILDINGS_H
#define NBMS_DB_BUILDINGS_H

#include "db/registry.h"

struct place {
	struct building building; /* texts live as long as the list */
	struct span key;          /* C000003_B001 */
	const struct zone *zone;
	struct buf text; /* holds the texts */
};

struct buildings {
	struct place *all; /* by customer, then building */
	size_t n;
};

/*
 * Those of a customer and building; NULL for all customers, or all of a customer's buildings.
 * One whose time zone is unknown is said and left out. False: there is none, which is said.
 */
bool buildings_load(
    struct buildings *bs, struct db *site, const char *customer, const char *building);
void buildings_free(struct buildings *bs);

#endif
