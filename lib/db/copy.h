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

/* Prints what was copied: of, rows, digest, done (copied or same). Returns an exit status. */
int copy_site(const char *from, const char *to, enum table_form form);

#endif
