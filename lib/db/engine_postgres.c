/* Databases and transactions. */
#include "db/engine_postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define READING "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

static void
begin(struct db *base, enum db_begin_how how)
{
	struct postgres_db *db = postgres_own(base);
	struct link *l = db->link;

	must(!db->holds);
	if (!l->open && how == BEGIN_READ && l->snapshot != NULL)
		link_do(l, READING "; SET TRANSACTION SNAPSHOT '%s'", l->snapshot);
	else if (!l->open)
		link_do(l, how == BEGIN_READ ? READING : "BEGIN");
	l->open = true;
	db->holds = true;
	if (how == BEGIN_WRITE && base->family == DB_SITE && l->area != NULL)
		lock_area(l);
}

/* A transaction of a connection of its own stands open for it, so that each that reads may be
 * short and hold few locks. */
static void
hold_moment(struct db *base)
{
	struct link *l = postgres_own(base)->link;
	PGresult *res;

	must(l->holder == NULL);
	l->holder = link_get(l->url, l->site, true);
	link_do(l->holder, "SET idle_in_transaction_session_timeout = 0");
	link_do(l->holder, READING);
	res = link_ask(l->holder, SQL_SNAPSHOT_EXPORT, NULL, 0);
	l->snapshot = xstrdup(PQgetvalue(res, 0, 0));
	PQclear(res);
}

/* COMMIT says ROLLBACK where the transaction had failed; a connection lost now leaves open
 * which of the two it was. */
static void
commit_link(struct link *l)
{
	struct postgres_db *db;
	PGresult *res;

	for (db = l->dbs; db != NULL; db = db->next) {
		copy_flush(db);
		db->holds = false;
	}
	link_settle(l);
	res = PQexec(l->c, "COMMIT");
	if (PQstatus(l->c) != CONNECTION_OK)
		die(EX_TEMPFAIL,
		    "%s: the connection was lost while committing: whether it was done is seen "
		    "from "
		    "the checkpoint when this runs again",
		    l->url);
	if (PQresultStatus(res) != PGRES_COMMAND_OK || strcmp(PQcmdStatus(res), "COMMIT") != 0)
		link_refuse(l, res, "commit");
	PQclear(res);
	l->open = false;
}

static void
commit(struct db *base)
{
	struct postgres_db *db = postgres_own(base), *other;
	struct link *l = db->link;

	copy_flush(db);
	db->holds = false;
	if (l->leads && base->family == DB_MONTH)
		return;
	for (other = l->dbs; other != NULL && !l->leads; other = other->next)
		if (other->holds)
			return;
	commit_link(l);
}

static void
rollback(struct db *base)
{
	struct link *l = postgres_own(base)->link;
	struct postgres_db *db;

	for (db = l->dbs; db != NULL; db = db->next) {
		db->holds = false;
		db->pending.n = 0;
	}
	link_do(l, "ROLLBACK");
	l->open = false;
}

static bool
in_transaction(const struct db *base)
{
	const struct postgres_db *db = postgres_own(base);

	return db->holds || (db->link->leads && base->family == DB_SITE && db->link->open);
}

static bool
changed_elsewhere(struct db *base)
{
	struct postgres_db *db = postgres_own(base);
	int64_t others;
	bool changed;

	(void)link_ask_int(db->link, SQL_REGISTRY_CHANGES, NULL, 0, &others);
	changed = db->looked && others != db->others;
	db->looked = true;
	db->others = others;
	return changed;
}

/* A commit is written down a moment before others see it: after a move there is another look.
 */
static bool
written_elsewhere(struct db *base)
{
	struct postgres_db *db = postgres_own(base);
	bool before = db->moved;
	int64_t wal;

	(void)link_ask_int(db->link, SQL_WAL_POSITION, NULL, 0, &wal);
	db->moved = wal != db->wal;
	db->wal = wal;
	return db->moved || before;
}

static void
lead(struct db *db)
{
	postgres_own(db)->link->leads = true;
}

static void
set_area(struct db *db, const char *area)
{
	struct link *l = postgres_own(db)->link;

	free(l->area);
	l->area = area != NULL ? xstrdup(area) : NULL;
}

static bool
lease(struct db *db, const char *name)
{
	return lock_lease(postgres_own(db)->link, name);
}

static bool
leased(const struct db *db)
{
	return lock_leased(postgres_own(db)->link);
}

static bool
claim(struct db *base, const char *name, bool wait)
{
	struct postgres_db *db = postgres_own(base);

	if (!db->holds)
		begin(base, BEGIN_WRITE);
	return lock_claim(db->link, name, wait);
}

static int64_t
last_id(struct db *db)
{
	int64_t id;

	(void)link_ask_int(postgres_own(db)->link, SQL_LAST_ID, NULL, 0, &id);
	return id;
}

static void
put_samples(struct db *db, int64_t ts, const int64_t series[], const double value[], size_t n)
{
	copy_put(postgres_own(db), ts, series, value, n);
}

/* ---- databases ---- */

static void
set_cache(struct db *db, int64_t kib)
{
	(void)db;
	(void)kib;
}

static struct db *
open_at(struct link *l, char *schema, const char *path, enum db_family family)
{
	struct postgres_db *db = xcalloc(1, sizeof(*db));

	db->db.engine = &engine_postgres;
	db->db.path = xstrdup(path);
	db->db.family = family;
	db->link = l;
	db->number = l->serial++;
	db->schema = schema;
	db->next = l->dbs;
	l->dbs = db;
	return &db->db;
}

static struct db *
postgres_open(const char *path, enum db_family family, enum db_mode mode)
{
	struct url u = url_parse(path);
	struct link *l = link_get(u.url, u.site, mode == DB_MEMORY);
	char *schema = NULL;
	struct db *db = NULL;

	must(mode == DB_MEMORY || (family == DB_MONTH) == (u.month != NULL));
	if (mode == DB_MEMORY)
		schema = schema_memory(l, family);
	else if ((family == DB_MONTH && l->dbs != NULL) || schema_ready(l, path, mode))
		schema = family == DB_SITE ? xstrdup(u.site) : schema_month(l, &u, mode);
	if (schema != NULL) {
		db = open_at(l, schema, path, family);
		postgres_own(db)->memory = mode == DB_MEMORY;
	} else {
		link_put(l);
	}
	url_free(&u);
	return db;
}

static void
postgres_close(struct db *base)
{
	struct postgres_db *db = postgres_own(base), **at;
	struct link *l = db->link;

	if (db->holds && PQstatus(l->c) == CONNECTION_OK)
		rollback(base);
	for (at = &l->dbs; *at != db; at = &(*at)->next)
		;
	*at = db->next;
	if (db->memory)
		link_do(l, "DROP SCHEMA \"%s\" CASCADE", db->schema);
	link_put(l);
	free(db->pending.ts);
	free(db->pending.series);
	free(db->pending.value);
	free(db->schema);
	free(base->path);
	free(db);
}

const struct engine engine_postgres = {
	.dialect = SQL_POSTGRESQL,
	.open_most = 24, /* their series take half a MB each */
	.statements = &postgres_statements,
	.whole = &postgres_whole,
	.places = &postgres_places,
	.open = postgres_open,
	.close = postgres_close,
	.set_cache = set_cache,
	.begin = begin,
	.hold_moment = hold_moment,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.changed_elsewhere = changed_elsewhere,
	.written_elsewhere = written_elsewhere,
	.lead = lead,
	.set_area = set_area,
	.lease = lease,
	.leased = leased,
	.claim = claim,
	.last_id = last_id,
	.put_samples = put_samples,
	.rows_of = copy_rows_of,
};
