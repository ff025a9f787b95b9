/*
 * engine_own: what the engines give the facade (engine.c). For lib/db/engine*.c alone.
 *
 * A backend's own struct of a database begins with a struct db, and it keeps its prepared
 * statements behind rows.st. Trouble ends the program in the backend, as engine.h has it.
 */
#ifndef NBMS_DB_ENGINE_OWN_H
#define NBMS_DB_ENGINE_OWN_H

#include "base/buf.h"
#include "db/engine.h"
#include "db/sql.h"

#define DB_KEPT_MAX ((size_t)64 << 20) /* of text that a row gives back */

enum value_kind { VALUE_NULL, VALUE_INT, VALUE_DOUBLE, VALUE_TEXT, VALUE_BYTES };

/* One argument, or one cell of a result. Text is borrowed. */
struct value {
	enum value_kind kind; /* VALUE_NULL: nothing tells what it would be */
	bool null;            /* there is none, of this kind */
	union {
		int64_t i;
		double d;
		struct span t;
	} is;
};

/* A prepared statement and, while it runs, its cursor. */
struct rows {
	struct db *db;
	enum sql_name name;
	void *st;        /* the backend's; NULL: never used */
	struct buf kept; /* the texts of the row db_one gave */
};

struct db {
	const struct engine *engine;
	char *path; /* as it may be shown */
	enum db_family family;
	bool old;                          /* a month of an older schema, to be read */
	struct rows statements[SQL_COUNT]; /* prepared at first use */
};

/* One row of a table. */
typedef void row_fn(
    void *ctx, const char *const names[], const struct value values[], size_t n);

enum db_begin_how { BEGIN_WRITE, BEGIN_READ };

struct engine_statements {
	/* Makes the statement ready to be stepped through with these arguments. */
	void (*start)(struct rows *r, const struct value *args, size_t n);
	/* The same to its end, some time; its rows and what it changed are not asked for. */
	void (*send)(struct rows *r, const struct value *args, size_t n);
	/* True on a row. A violated constraint is told in *violated. */
	bool (*step)(struct rows *r, bool *violated);
	size_t (*columns)(const struct rows *r);
	/* A cell of the row, as int, double or text as `letter` asks (see engine.h), or null.
	 */
	struct value (*column)(struct rows *r, size_t i, char letter);
	int64_t (*changes)(struct rows *r); /* by the statement that has just ended */
	void (*reset)(struct rows *r);
	void (*finish)(struct rows *r); /* frees r->st */
	bool (*check)(struct db *db,
	    void (*plan)(void *ctx, const char *name, const char *detail), void *ctx);
};

/* Whole tables, see engine_tables: every row that sql asks for; one inserted; all of it run;
 * what gives out ids told of those that are there. */
struct engine_whole {
	void (*each_row)(struct db *db, const char *sql, row_fn *fn, void *ctx);
	void (*insert_row)(
	    struct db *db, const char *sql, const struct value values[], size_t n);
	void (*run_text)(struct db *db, const char *sql);
	void (*settle_ids)(struct db *db, const char *table, int64_t highest);
};

/* Where databases are: see the functions of the like names in engine.h. */
struct engine_places {
	char *(*site_path)(const char *place);
	char *(*month_path)(const char *place, struct span building_key, const char *month);
	bool (*exists)(const char *path, enum db_family family);
	int64_t (*bytes)(const char *path);
	size_t (*months)(const char *place, struct span building_key, char ***months);
	bool (*remove)(const char *path);
};

struct engine {
	enum sql_dialect dialect;
	size_t open_most; /* as db_open_most */
	const struct engine_statements *statements;
	const struct engine_whole *whole;
	const struct engine_places *places;

	/* As db_open. */
	struct db *(*open)(const char *path, enum db_family family, enum db_mode mode);
	void (*close)(struct db *db); /* frees db itself; the statements were finished */
	void (*set_cache)(struct db *db, int64_t kib);

	void (*begin)(struct db *db, enum db_begin_how how);
	void (*hold_moment)(struct db *db);
	void (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	bool (*in_transaction)(const struct db *db);
	bool (*changed_elsewhere)(struct db *db);
	bool (*written_elsewhere)(struct db *db);
	void (*lead)(struct db *db);
	void (*set_area)(struct db *db, const char *area);
	bool (*lease)(struct db *db, const char *name);
	bool (*leased)(const struct db *db);
	bool (*claim)(struct db *db, const char *name, bool wait);
	int64_t (*last_id)(struct db *db);
	void (*put_samples)(
	    struct db *db, int64_t ts, const int64_t series[], const double value[], size_t n);
	struct rows *(*rows_of)(
	    struct db *db, enum sql_name name, int64_t at, const int64_t id[], size_t n);
};

extern const struct engine engine_sqlite, engine_postgres;

#endif
