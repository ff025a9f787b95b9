/*
 * site: nbms.db, the registry and the state of a whole site, in its state directory.
 */
#ifndef NBMS_DB_SITE_H
#define NBMS_DB_SITE_H

#include "db/engine.h"

/* Opens DIR/nbms.db; one that is not there, and is not to be made, ends the program with
 * EX_NOINPUT. */
struct db *site_open(const char *dir, enum db_mode mode);

/* Is the state of DIR kept in a server ($NBMS_DB), and not there in files? */
bool site_in_server(const char *dir);

/* The keys (C000003_B001) of all buildings; the caller frees each and the array. */
size_t site_building_keys(struct db *site, char ***keys);

#endif
