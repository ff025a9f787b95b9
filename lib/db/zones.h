/*
 * zones: a site's user zones (bms/userzone.h) as stored, and their statuses worked out from the
 * history.
 */
#ifndef NBMS_DB_ZONES_H
#define NBMS_DB_ZONES_H

#include "base/records.h"
#include "bms/userzone.h"
#include "db/buildings.h"
#include "db/history.h"

/*
 * A person's row: a zone with the members "customer" and "building", or
 * {"customer":C,"building":B,"zone_id":Z,"remove":true}. A member that is no known point is
 * said, and the zone is stored all the same. Rejected where it is wrong. A transaction must be
 * open.
 */
void zones_row(struct db *site, struct record *r, when_t now);

/* Works out and stores the status of every zone of a building, as of `at`, and calls fn with
 * each. */
typedef void zones_fn(
    void *ctx, const struct place *place, const char *zone_id, struct span status);
size_t zones_update(struct db *site, struct history *h, const struct place *place, when_t at,
    zones_fn *fn, void *ctx);

#endif
