/*
 * engine_sqlite: SQLite behind the facade. For lib/db/engine_sqlite*.c alone.
 *
 *   engine_sqlite.c         databases, transactions
 *   engine_sqlite_rows.c    statements
 *   engine_sqlite_place.c   files
 *   engine_sqlite_table.c   whole tables, for nbms-store copy
 */
#ifndef NBMS_DB_ENGINE_SQLITE_H
#define NBMS_DB_ENGINE_SQLITE_H

#include "db/engine_bulk.h"
#include "db/engine_own.h"

#include <sqlite3.h>

#include <sys/stat.h>

struct sqlite_db {
	struct db db; /* first: the facade's part */
	sqlite3 *h;
	struct bulk bulk;
	bool frozen;          /* opened as a file that does not change */
	struct stat as_found; /* then */
	sqlite3_stmt *insert; /* of insert_row, the last; and its text */
	char *insert_sql;
	int64_t data_version; /* as changed_elsewhere last saw it; 0: never */
	int lease;            /* the file whose lock it is; -1: none */
};

static inline struct sqlite_db *
sqlite_own(const struct db *db)
{
	return (struct sqlite_db *)(uintptr_t)db;
}

/* Ends the program: code is a result code of SQLite's. */
void sqlite_refuse(const struct sqlite_db *db, int code, const char *doing);
void sqlite_bind(sqlite3_stmt *st, int i, const struct value *v);
char *sqlite_numbered(const char *sql); /* $1 as SQLite has it; the caller frees it */

extern const struct engine_statements sqlite_statements;
extern const struct engine_whole sqlite_whole;
extern const struct engine_places sqlite_places;

#endif
