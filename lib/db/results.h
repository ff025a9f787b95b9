/*
 * results: tasks that were made and what came back: a row in nbms.db and the whole record as a
 * file DIR/results/<ResultDir or customer_building>/<task_id>.json.
 *
 * Trust: none needed of a record; its task_id and ResultDir are checked before they name a
 * file.
 */
#ifndef NBMS_DB_RESULTS_H
#define NBMS_DB_RESULTS_H

#include "base/json.h"
#include "base/when.h"
#include "db/engine.h"

#define RESULTS_FILE_MAX ((size_t)16 << 20)
#define RESULTS_TRIES 12 /* of a callback, before it is given up */

/* Letters, digits and ._-/ without a leading slash, "..", or an empty part. */
bool results_dir_valid(struct span dir);

/* Notes a task that was made; asked: its record without its data. A transaction must be open.
 */
void results_task(struct db *site, struct span task_id, struct span task, struct span customer,
    struct span building, struct span asked, when_t now);

bool results_known(struct db *site, struct span task_id);

/*
 * Writes the file and the row of a result record; a transaction must be open. `line` is the
 * record as it came. *file (the path below DIR/results) is the caller's to free. NULL, or why
 * it was not taken.
 */
const char *results_put(struct db *site, const char *dir, json_value record, struct span line,
    when_t now, char **file);

/* The newest learning result with status ok of a building, or the one of task_id when it is not
 * empty, appended to `to`; false: there is none. */
bool results_learning(struct db *site, const char *dir, struct span customer,
    struct span building, struct span task_id, struct buf *to);

/* Is that result one of this building? */
bool results_is_of(
    struct db *site, struct span task_id, struct span customer, struct span building);

/* The results that wait for a session, received since then; texts are borrowed until fn
 * returns. file is below DIR/results. */
struct results_row {
	struct span task_id, task, status, reason, file;
	when_t received;
};

typedef void results_row_fn(void *ctx, const struct results_row *row);
void results_for(
    struct db *site, struct span connection_id, when_t since, results_row_fn *fn, void *ctx);

/* Callbacks that are still due: fn answers with NULL once the URL took the record, or with why
 * it did not. */
typedef const char *results_call(void *ctx, const char *url, struct span record);

struct results_calls {
	size_t done, failed, given_up;
};

/* Each outcome is committed by itself. No transaction may be open. */
struct results_calls results_callbacks(
    struct db *site, const char *dir, results_call *fn, void *ctx);

#endif
