/*
 * months: keeping the month files of all buildings: made before they are needed, removed when
 * they are old.
 */
#ifndef NBMS_DB_MONTHS_H
#define NBMS_DB_MONTHS_H

#include "base/table.h"
#include "db/history.h"

/* Makes this month's and the next one's file of every registered building, and prints each:
 * customer, building, month, file. */
void months_prepare(struct db *site, struct history *h, enum table_form form);

/* Works out the days that are over in every building's months (db/days.h), and prints each
 * month in which there were any: customer, building, month, days. */
void months_sum(struct db *site, struct history *h, enum table_form form);

/*
 * Removes the files of every building's months before the last `keep` full ones and the running
 * one; prints what goes. Returns 0, or EX_IOERR when one could not be removed (said; the others
 * go).
 */
int months_retain(
    struct db *site, const char *dir, int64_t keep, bool dry_run, enum table_form form);

/* Removes all of a building's months. False: one could not be (said; the others go). */
bool months_drop(const char *dir, struct span building_key);

#endif
