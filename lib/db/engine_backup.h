/*
 * engine_backup: database files as files: copied while others write, and looked over.
 *
 * For SQLite's files alone: a PostgreSQL server has tools of its own for this.
 */
#ifndef NBMS_DB_ENGINE_BACKUP_H
#define NBMS_DB_ENGINE_BACKUP_H

#include "base/buf.h"
#include "db/engine.h"

/*
 * Copies a database, page for page, as it stands at one moment, also while other programs write
 * to it, who do not wait for long. `to` must not be there; it is one whole file, on the disk
 * when it returns. Ends the program where the system refuses; false: the file is damaged, which
 * is said.
 */
bool db_copy_file(const char *path, const char *to);

/*
 * Is the file a sound database of the family, with a schema that this program knows? What is
 * wrong goes to `why`. Finds broken pages and broken structure (SQLite's quick_check); a number
 * changed within a page is found by no one but a digest.
 */
bool db_is_sound(const char *path, enum db_family family, struct buf *why);

/* The newest schema of a family that this program knows. */
int db_schema(enum db_family family);

#endif
