/*
 * chunks: a day's samples once more, those of a series together in one row (base/chunk.h): a
 * month of one point is then read from a few pages, where its samples lie on thousands. They
 * count as long as their day is listed (db/days.h).
 */
#ifndef NBMS_DB_CHUNKS_H
#define NBMS_DB_CHUNKS_H

#include "db/history.h"

struct chunks;

/* The samples of the frames in [from, to) of a month, as a trend steps through them
 * (db/trend.h): of every series that has any. */
struct chunks *chunks_read(struct month *m, when_t day, when_t from, when_t to);
void chunks_free(struct chunks *c);

/* In place of those that are kept of the day; within a transaction. */
void chunks_keep(struct db *db, when_t day, const struct chunks *c);

#endif
