/*
 * engine: one open database: nbms.db (the site's registry and state) or a building-month's
 * history.
 *
 * The only part that knows a database engine (engine_own.h says what each of them gives).
 * Statements are named (SQL_<NAME>, from lib/db/sql) and take and give values by format string,
 * one letter each:
 *
 *   i  int64_t       d  double (NAN: null)   t  struct span (p NULL: null)
 *   s  const char *  n  a null (no argument)
 *   w  when_t (WHEN_NONE: null)
 *
 * and for results, as pointers: i int64_t * (null: 0), w when_t * (null: WHEN_NONE), d double *
 * (null: NAN), t struct span * (null: p NULL). Text given back is borrowed until the
 * statement's next step.
 *
 * A site is in SQLite files below its state directory, or, where $NBMS_DB is a postgresql://
 * URL, in a server: `path` is a URL then. Its months share the site's connection there, and
 * with it the transaction, which the last of them to commit ends.
 *
 * Trouble: what the system refuses ends the program, so that a caller never sees half a write:
 * no space or a failing disk with EX_IOERR, a lock that does not go away with EX_TEMPFAIL, no
 * permission with EX_NOPERM, a file that is damaged or of a newer schema with EX_CONFIG. A
 * server that is down, ends the session or asks for the transaction to be tried again, and a
 * connection that is lost, are EX_TEMPFAIL, also in a commit: whether that was done shows in
 * what it wrote, a consumer's checkpoint. An open transaction is rolled back by that. A
 * violated constraint is data and is returned.
 */
#ifndef NBMS_DB_ENGINE_H
#define NBMS_DB_ENGINE_H

#include "base/span.h"
#include "db/sql_names.h"

#include <stdint.h>

#define DB_RESULTS_MAX 32 /* columns of a result */

enum db_family { DB_SITE, DB_MONTH };

enum db_mode {
	DB_READ, /* an existing file of this program's schema, also where nothing may be written
		  */
	DB_WRITE, /* made with its directory if need be, and migrated */
	DB_MEMORY /* a fresh one in memory, for tests; path is ignored */
};

struct db;
struct rows;

/*
 * NULL only in mode DB_READ, where there is no such file, or only its beginning.
 *
 * A file in WAL mode needs its companions (-wal, -shm) beside it to be read. Where they are not
 * there and may not be made, it is read as one that does not change; should it change all the
 * same, db_close ends the program with EX_TEMPFAIL.
 */
struct db *db_open(const char *path, enum db_family family, enum db_mode mode);

/*
 * Where databases are: dir is a site's state directory. What is returned goes to db_open; the
 * caller frees it. month is YYYY-MM.
 */
char *db_site_path(const char *dir);
char *db_month_path(const char *dir, struct span building_key, const char *month);
bool db_exists(const char *path, enum db_family family);
int64_t db_bytes(const char *path); /* what it takes of storage; 0: it is not there */

/* The months (YYYY-MM) of a building that there are, oldest first; the caller frees each and
 * the array. */
size_t db_months(const char *dir, struct span building_key, char ***months);

/* How many months of a site to keep open at a time: each takes memory. */
size_t db_open_most(const char *dir);

/* Removes a month. False: it could not be (said why). */
bool db_remove_month(const char *path);

void db_close(struct db *db); /* rolls back what is open; NULL is fine */
const char *db_path(const struct db *db);

/* A month that an older program made and nobody has written to since, open to be read: what
 * later migrations of its family add is not there. */
bool db_is_old(const struct db *db);

/* How many KiB of pages are kept in memory, for those who write to many places at once. */
void db_set_cache(struct db *db, int64_t kib);

void db_begin(struct db *db);      /* takes the write lock at once */
void db_begin_read(struct db *db); /* until db_commit everything is read as it stands now */
/* From now on db_begin_read of this site's databases, all of them, shows what there is now. A
 * SQLite file is as it stands when its own transaction begins. */
void db_hold_moment(struct db *site);
void db_commit(struct db *db);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/*
 * From now on what is written to the months of this site is committed with it, by db_commit of
 * `db`, and not before; for those who commit the site last anyway. Files of SQLite's stay
 * apart.
 */
void db_lead(struct db *db);

/*
 * Who begins to write waits until others of the same area have committed. SQLite knows one
 * area, the whole site. With PostgreSQL it is this program's name until told otherwise; NULL:
 * waits for nobody, for a program whose every statement is right whatever others do meanwhile.
 */
void db_set_area(struct db *db, const char *area);

/*
 * Takes the lease of a name, if nobody has it; it is held until db_close, or until this process
 * or its connection is no more. False: another one has it. With PostgreSQL a process that holds
 * one and has not been running for four seconds (stopped, frozen) loses it to who asks next,
 * with its session: what it asks of the database then ends it with EX_TEMPFAIL.
 */
bool db_lease(struct db *db, const char *name);

/* Does it still hold what it leased, as far as is known here? Asks nobody. */
bool db_leased(const struct db *db);

/*
 * Keeps a name from others until the transaction ends; one is begun where none is open. False:
 * another has it. With `wait` it is waited for, and EX_TEMPFAIL after ten seconds: who waits
 * holds no other name, or takes several in an order that all have in common, so that nobody
 * waits for one who waits for him. As a lease, a claim is lost by who does not run. SQLite has
 * one writer at a time anyway: always true, and nothing is begun.
 */
bool db_claim(struct db *db, const char *name, bool wait);

/* Has another connection committed something since the last call? The first call says no. */
bool db_changed_elsewhere(struct db *db);

/* May another connection have written anything since the last call? Rather once too often; for
 * those who look for news at a pace. */
bool db_written_elsewhere(struct db *db);

/* Runs a statement to its end. Returns the rows changed, or -1 where a constraint was violated.
 */
int64_t db_run(struct db *db, enum sql_name name, const char *args, ...);

/* The same where nobody asks what came of it. In a transaction PostgreSQL may be sent it only
 * with what comes next, so that a hundred of them take one turn of the network; a constraint
 * that one violates ends the program there, and passes unseen with SQLite. */
void db_do(struct db *db, enum sql_name name, const char *args, ...);

/* The first row into `results`; false where there is none. Text lives until the statement's
 * next use. */
bool db_one(struct db *db, enum sql_name name, const char *args, const char *results, ...);

/* A cursor. At most one on each statement at a time. */
struct rows *db_rows(struct db *db, enum sql_name name, const char *args, ...);
/* The same for a statement that asks, at the time `at`, for what n ids have: all of them in one
 * turn of the network. The ids are borrowed until rows_end. */
struct rows *db_rows_of(
    struct db *db, enum sql_name name, int64_t at, const int64_t id[], size_t n);
bool rows_next(struct rows *r, const char *results, ...);
void rows_end(struct rows *r);

/* The id the last insert made. */
int64_t db_last_id(struct db *db);

/*
 * Writes n samples (ts, series[i], value[i]) with one statement of the shape `sample_put`; NAN
 * is stored as null. The fast way in: a frame at a time.
 */
void db_put_samples(
    struct db *db, int64_t ts, const int64_t series[], const double value[], size_t n);

/* For the tests: does every statement of the family compile? plan is called with each line of
 * each query plan. */
bool db_check_statements(
    struct db *db, void (*plan)(void *ctx, const char *name, const char *detail), void *ctx);

#endif
