/*
 * standing: a building's alarms watched by somebody who looks at nbms.db from time to time:
 * what stands, and then each change, whichever program made it (nbms-alarm, an operator's
 * command), as transitions (bms/transition.h).
 *
 * Changes that lie between two looks are all given, in order; where a late event has rewritten
 * what was before, the newest alone.
 */
#ifndef NBMS_DB_STANDING_H
#define NBMS_DB_STANDING_H

#include "bms/transition.h"
#include "db/engine.h"

struct standing;

/* Texts are copied; zone is what times are written in. */
struct standing *standing_new(
    struct span customer, struct span building, const struct zone *zone);
void standing_free(struct standing *s);

struct span standing_customer(const struct standing *s);
struct span standing_building(const struct standing *s);

/* Calls fn for each: at the first look for what is not normal, with `first` set; then for what
 * has changed. The transition is borrowed until fn returns. */
typedef void standing_fn(void *ctx, const struct transition *t, bool first);
void standing_look(struct standing *s, struct db *site, standing_fn *fn, void *ctx);

#endif
