/*
 * days: what is worked out once a day is over, and kept in its month's file beside the samples:
 * what the meters used (db/energy.h), and the samples as chunks (db/chunks.h).
 *
 * A sample that is written takes its day off the list in the same transaction (db/history.h).
 * What ends at midnight belongs to the day before: the first day of a month's file may be the
 * last of the month before.
 */
#ifndef NBMS_DB_DAYS_H
#define NBMS_DB_DAYS_H

#include "db/history.h"

/* Days by their first instants, in order. */
struct days {
	when_t *all;
	size_t n;
};

/* Those of which what was worked out holds; read it in the same transaction. The caller frees
 * days.all. */
struct days days_kept(struct month *m, const struct zone *zone);

/* The frames of a day that stand in the month's file: [from, to). */
void day_frames(
    const struct month *m, const struct zone *zone, when_t day, when_t *from, when_t *to);

/*
 * Works out the days that ended before `until`, those that are not on the list. Returns how
 * many. The history must be open to be written to, and no transaction in it.
 */
size_t days_work_out(struct history *h, struct span building_key, const struct zone *zone,
    when_t month, when_t until);

#endif
