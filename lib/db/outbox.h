/*
 * outbox: transitions on their way to nbms-push, written in the transaction that makes them:
 * what is in the history has been, or will be, told. Only where an endpoint wants alarms.
 */
#ifndef NBMS_DB_OUTBOX_H
#define NBMS_DB_OUTBOX_H

#include "db/engine.h"

/* Does anybody want to hear of alarms? Asked once a transaction. */
bool outbox_wanted(struct db *site);
void outbox_put(struct db *site, struct span record);

/* The oldest; false: empty. The text lives until the next call. */
bool outbox_next(struct db *site, int64_t *id, struct span *record);
void outbox_drop(struct db *site, int64_t id);

#endif
