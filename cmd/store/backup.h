/*
 * backup: a copy of a site's state as a folder, made while the pipeline runs, and what is told
 * of it.
 *
 *   backup.ndjson     made last: {"backup":..} and a line for each file, with its digest
 *   nbms.db           as of one moment, with the checkpoints of then
 *   history/          the month files, each as of a moment after that
 *   spool/            the segments with what those checkpoints do not stand for yet
 *   the rest          what lies in the state directory: results, the broker's configuration,
 *                     ledgers; pki/ and whatever only its owner may read with --secrets alone
 *
 * Why that order makes a whole: what a month file has beyond nbms.db's checkpoint is done again
 * from the spool when the pipeline starts, and doing it twice changes nothing.
 */
#ifndef NBMS_STORE_BACKUP_H
#define NBMS_STORE_BACKUP_H

#include "base/buf.h"
#include "base/json.h"
#include "io/sign.h"

#define BACKUP_LIST "backup.ndjson"
#define BACKUP_FORM 1 /* of that file */

/* A file of a backup, by its path there. */
struct backup_file {
	char *path;
	int64_t bytes;
	char sha256[SIGN_HEX];
	char *source; /* what tells whether the original has changed since; NULL: not kept */
};

struct backup_list {
	struct backup_file *files; /* by path */
	size_t n;
	int64_t form, site_schema, month_schema;
	int64_t done;  /* the lowest checkpoint in nbms.db */
	int64_t spool; /* the last record of the spool; 0: none */
};

/* Reads DIR/backup.ndjson. False: there is none, or it is none, which is said. */
bool backup_list_read(struct backup_list *list, const char *dir);
void backup_list_free(struct backup_list *list);

/* NULL: no such file. */
const struct backup_file *backup_list_find(const struct backup_list *list, const char *path);

/* The digest and the length of a file; false: it cannot be read, which is said. */
bool backup_digest(const char *path, char to[SIGN_HEX], int64_t *bytes);

#endif
