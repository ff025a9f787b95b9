/*
 * engine_postgres: PostgreSQL behind the facade. For lib/db/engine_postgres*.c alone.
 *
 * A site is a schema, `nbms` unless the URL ends with #NAME; a building-month is a schema of
 * its own whose tables are partitions of those in the site's. The databases of a site that a
 * process has open share one connection, a link, and so one transaction: it begins with the
 * first of them that begins and is committed with the last.
 *
 *   engine_postgres.c         databases, transactions
 *   engine_postgres_rows.c    statements
 *   engine_postgres_link.c    the connection, its URL, what its errors mean
 *   engine_postgres_month.c   schemas: made, migrated, listed, removed
 *   engine_postgres_copy.c    samples by COPY
 *   engine_postgres_lock.c    areas, leases and claims, and who has stopped holding them
 *   engine_postgres_table.c   whole tables, for nbms-store copy
 *   engine_postgres_lib.c     libpq, loaded at first use
 */
#ifndef NBMS_DB_ENGINE_POSTGRES_H
#define NBMS_DB_ENGINE_POSTGRES_H

#include "base/diag.h"
#include "db/engine_own.h"
#include "db/engine_postgres_lib.h"

#define SITE_NAME_MAX 32
#define LINK_SENT_MAX 256
#define SCHEMA_NAME_MAX 63 /* PostgreSQL cuts longer ones off */

/* Type numbers, the same in every PostgreSQL: pg_type.dat of its source. */
enum postgres_type {
	POSTGRES_ANY = 0,
	POSTGRES_INT8 = 20,
	POSTGRES_INT2 = 21,
	POSTGRES_INT4 = 23,
	POSTGRES_TEXT = 25,
	POSTGRES_FLOAT8 = 701
};

struct postgres_db;
struct beat;

struct link {
	struct link *next;
	char *url;  /* without #NAME */
	char *site; /* the schema */
	PGconn *c;
	int refs;
	bool alone;              /* not shared with others of this process */
	struct postgres_db *dbs; /* what is open */
	bool open;               /* a transaction is */
	bool leads;              /* it is committed by the site alone */
	struct beat *beat;       /* NULL: it has neither leases nor claims */
	struct link *holder;     /* keeps the moment that is read; NULL: none */
	char *snapshot;          /* the server's name of it */
	char *area;              /* NULL: none */
	int wary;                /* lots of samples that are yet to be merged, not copied */
	int wary_next;
	int serial;                        /* of databases, for the names of their statements */
	enum sql_name sent[LINK_SENT_MAX]; /* what was sent and has not been answered */
	size_t sent_n;
};

/* Samples that have not been sent yet. */
struct pending {
	int64_t *ts, *series;
	double *value;
	size_t n, room;
};

struct postgres_db {
	struct db db; /* first: the facade's part */
	struct link *link;
	struct postgres_db *next;
	char *schema;
	int number;
	bool holds;     /* the transaction, as far as this database is concerned */
	bool memory;    /* its schema goes with it */
	bool looked;    /* changed_elsewhere has */
	int64_t others; /* what it saw then */
	int64_t wal;    /* how far the server had written, as written_elsewhere saw it */
	bool moved;     /* and whether that was further than before */
	struct pending pending;
};

static inline struct postgres_db *
postgres_own(const struct db *db)
{
	return (struct postgres_db *)(uintptr_t)db;
}

/* Taken apart: postgresql://...[#SITE[/KEY/MONTH]]; the caller frees the parts. */
struct url {
	char *url, *site, *key, *month; /* key and month: NULL where it is a site's */
};

struct url url_parse(const char *path);
void url_free(struct url *u);

/* The connection to a site; `own`: not one that is there. Ends the program where there is none.
 */
struct link *link_get(const char *url, const char *site, bool own);
void link_put(struct link *l);

/* Sends a command with n texts whose answer nobody waits for; `name` stands for it where it
 * fails. A transaction is open. */
void link_send(
    struct link *l, const char *text, const char *const args[], size_t n, enum sql_name name);

/* Waits for the answers to what was sent; before anything else is asked. */
void link_settle(struct link *l);

/* A command, or several. */
void link_do(struct link *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A statement of the site family that the engine itself needs; up to four texts. The caller
 * clears the result. */
PGresult *link_ask(struct link *l, enum sql_name name, const char *const args[], size_t n);
bool link_ask_int(
    struct link *l, enum sql_name name, const char *const args[], size_t n, int64_t *v);

/* Ends the program: res, or the connection where it is NULL, says why. */
void link_refuse(struct link *l, const PGresult *res, const char *doing)
    __attribute__((noreturn));
bool link_violated(const PGresult *res); /* is it a constraint? */

/* The number of an advisory lock. */
int64_t link_lock_number(const struct link *l, const char *kind, const char *name);

/* See the functions of the like names in engine.h. A transaction is open for an area and for
 * claims. */
void lock_area(struct link *l);
bool lock_lease(struct link *l, const char *name);
bool lock_leased(const struct link *l);
bool lock_claim(struct link *l, const char *name, bool wait);
void lock_end(struct link *l); /* before its connection ends */

/* Makes the site's schema this program's, or finds it so. False: there is none, and it is only
 * to be read. */
bool schema_ready(struct link *l, const char *path, enum db_mode mode);
/* The schema of a building-month, the same way; NULL: there is none. The caller frees it. */
char *schema_month(struct link *l, const struct url *u, enum db_mode mode);
/* A schema of its own that nobody else knows. */
char *schema_memory(struct link *l, enum db_family family);

/* A month's statement with its schema before the names of its tables; the caller frees it. */
char *postgres_qualified(const struct postgres_db *db, const char *text);

extern const struct engine_statements postgres_statements;
extern const struct engine_whole postgres_whole;
extern const struct engine_places postgres_places;

/* Samples: kept until copy_flush, or until there are many. */
void copy_put(
    struct postgres_db *db, int64_t ts, const int64_t series[], const double value[], size_t n);
void copy_flush(struct postgres_db *db);
/* As db_rows_of. */
struct rows *copy_rows_of(
    struct db *db, enum sql_name name, int64_t at, const int64_t id[], size_t n);

#endif
