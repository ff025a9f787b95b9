/*
 * rebuild: month files made again from the records of the spool.
 *
 * What goes into a month file is a function of the records, of the registry and of the months
 * beside it (db/ingest.h), so that giving ingest the same records again makes the same file.
 * The registry's part is played by a copy of nbms.db: checkpoints, newest values and requests
 * for gaps stay as they are.
 *
 * Nobody else may write to these files meanwhile. A marker, <file>.rebuilding, stands beside a
 * file from the first step to the last; one that was left over makes the file damaged.
 *
 *   rebuild_open; rebuild_damaged, or rebuild_month; rebuild_see every record
 *   rebuild_begin; rebuild_record every record again; rebuild_end
 */
#ifndef NBMS_DB_REBUILD_H
#define NBMS_DB_REBUILD_H

#include "base/records.h"
#include "bms/message.h"
#include "db/buildings.h"

struct rebuild;

/* A month that is to be made again. */
struct rebuild_month {
	const struct place *place;
	when_t from, to;    /* [from, to) */
	const char *why;    /* "damaged", "missing" or "asked for" */
	int64_t records;    /* logs of that month in the spool */
	when_t first, last; /* frames of the file made; WHEN_NONE: none */
	int64_t frames;
};

/* customer and building as in buildings_load. NULL: there is none, which is said. */
struct rebuild *rebuild_open(const char *dir, const char *customer, const char *building);
void rebuild_free(struct rebuild *r);

/* Every month file that is there and not sound, which is said. */
void rebuild_damaged(struct rebuild *r);

/* The month that a text like 2022-10 names, of each building; false: it names none. */
bool rebuild_month(struct rebuild *r, const char *month);

/* Counts a log; `missing`: and has its month made where there is no file of it. */
void rebuild_see(struct rebuild *r, const struct message *m, bool missing);

/* The n-th month, by building and time; NULL: there are no more. */
const struct rebuild_month *rebuild_nth(const struct rebuild *r, size_t n);

/* Moves what is there aside, to <file>.damaged, or goes on with it (keep). */
void rebuild_begin(struct rebuild *r, bool keep);
void rebuild_record(struct rebuild *r, struct record *record, const struct message *m);
void rebuild_end(struct rebuild *r);

#endif
