/*
 * site: nbms.db, the registry and the state of a whole site, in its state directory.
 */
#ifndef NBMS_DB_SITE_H
#define NBMS_DB_SITE_H

#include "db/engine.h"

/* Opens DIR/nbms.db; one that is not there, and is not to be made, ends the program with
 * EX_NOINPUT. */
struct db *site_open(const char *dir, enum db_mode mode);

#endif
