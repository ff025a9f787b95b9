/*
 * copy: a whole site from one place to another, a state directory or a PostgreSQL URL each: the
 * registry and the state, and every building's months.
 *
 * Each of these is copied in a transaction of its own and read again: as many rows, and the
 * same digest, or the program ends with EX_SOFTWARE. One that is there already and the same is
 * passed over, so that what was cut off goes on where it was; one that holds anything else is
 * left alone, with EX_DATAERR.
 */
#ifndef NBMS_DB_COPY_H
#define NBMS_DB_COPY_H

#include "base/table.h"
#include "db/engine_tables.h"

/* Prints what was copied: of, rows, digest, done (copied or same). Returns an exit status.
 * building (C000003_B001) and month (2022-10), where they are not NULL: its months alone,
 * without the registry. */
int copy_site(const char *from, const char *to, const char *building, const char *month,
    enum table_form form);

enum copied {
	COPIED_NOW,
	COPIED_BEFORE, /* it is there, and the same */
	COPIED_NOT     /* something else is there, which is said, and left alone */
};

/* One database of these, into one of the same family; `replace`: whatever is there. What it was
 * goes to *what. */
enum copied copy_database(
    struct db *from, struct db *to, bool replace, struct tables_digest *what);

/* What is in a database now. */
struct tables_digest copy_digest(struct db *db);

#endif
