#include "base/diag.h"
#include "db/engine_sqlite.h"

#include <stdlib.h>

static struct value
cell(sqlite3_stmt *st, int i)
{
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_INTEGER:
		return (struct value){ .kind = VALUE_INT, .is.i = sqlite3_column_int64(st, i) };
	case SQLITE_FLOAT:
		return (
		    struct value){ .kind = VALUE_DOUBLE, .is.d = sqlite3_column_double(st, i) };
	case SQLITE_NULL:
		return (struct value){ .null = true };
	default:
		return (struct value){ .kind = VALUE_TEXT,
			.is.t = { (const char *)sqlite3_column_text(st, i),
			    (size_t)sqlite3_column_bytes(st, i) } };
	}
}

static void
each_row(struct db *base, const char *sql, row_fn *fn, void *ctx)
{
	struct sqlite_db *db = sqlite_own(base);
	struct value values[DB_RESULTS_MAX];
	const char *names[DB_RESULTS_MAX];
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db->h, sql, -1, &st, NULL), i, n;

	n = st != NULL ? sqlite3_column_count(st) : 0;
	must(n <= DB_RESULTS_MAX);
	for (i = 0; i < n; i++)
		names[i] = sqlite3_column_name(st, i);
	while (st != NULL && (code = sqlite3_step(st)) == SQLITE_ROW) {
		for (i = 0; i < n; i++)
			values[i] = cell(st, i);
		fn(ctx, names, values, (size_t)n);
	}
	if (code != SQLITE_DONE)
		sqlite_refuse(db, code, sql);
	(void)sqlite3_finalize(st);
}

static void
insert_row(struct db *base, const char *sql, const struct value values[], size_t n)
{
	struct sqlite_db *db = sqlite_own(base);
	char *text;
	size_t i;
	int code = SQLITE_OK;

	if (db->insert == NULL || strcmp(sql, db->insert_sql) != 0) {
		(void)sqlite3_finalize(db->insert);
		db->insert = NULL;
		free(db->insert_sql);
		db->insert_sql = xstrdup(sql);
		text = sqlite_numbered(sql);
		code = sqlite3_prepare_v2(db->h, text, -1, &db->insert, NULL);
		free(text);
	}
	for (i = 0; code == SQLITE_OK && i < n; i++)
		sqlite_bind(db->insert, (int)i + 1, &values[i]);
	if (code == SQLITE_OK && (code = sqlite3_step(db->insert)) == SQLITE_DONE)
		code = sqlite3_reset(db->insert);
	if (code != SQLITE_OK)
		sqlite_refuse(db, code, sql);
}

static void
run_text(struct db *db, const char *sql)
{
	int code = sqlite3_exec(sqlite_own(db)->h, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		sqlite_refuse(sqlite_own(db), code, sql);
}

/* SQLite looks for the highest itself. */
static void
settle_ids(struct db *db, const char *table, int64_t highest)
{
	(void)db;
	(void)table;
	(void)highest;
}

const struct engine_whole sqlite_whole = {
	.each_row = each_row,
	.insert_row = insert_row,
	.run_text = run_text,
	.settle_ids = settle_ids,
};
