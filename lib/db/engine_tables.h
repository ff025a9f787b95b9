/*
 * engine_tables: all rows of a database, counted, digested and copied to another, of whichever
 * engine.
 */
#ifndef NBMS_DB_ENGINE_TABLES_H
#define NBMS_DB_ENGINE_TABLES_H

#include "db/engine.h"

/* What is in a database: rows in the same tables with the same values in any order add up to
 * the same sum. */
struct tables_digest {
	int64_t rows;
	uint64_t sum; /* of 64 bits a row, FNV-1a over its table and cells */
	int64_t own;  /* rows that a database has from the beginning */
};

/* Both within a transaction. */
struct tables_digest tables_digest(struct db *db);

/* Replaces all that is in `to`, a database of the same family, by what is in `from`. */
void tables_copy(struct db *from, struct db *to);

#endif
