#include "db/engine_bulk.h"

#include <stdlib.h>

struct given_table {
	sqlite3_vtab base; /* first: SQLite's part */
	const struct bulk *rows;
};

struct given_cursor {
	sqlite3_vtab_cursor base; /* first: SQLite's part */
	size_t at;
};

static int
given_connect(
    sqlite3 *h, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **error)
{
	struct given_table *t;
	int code =
	    sqlite3_declare_vtab(h, "CREATE TABLE given (id INTEGER, value DOUBLE PRECISION)");

	(void)argc;
	(void)argv;
	(void)error;
	if (code != SQLITE_OK)
		return code;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return SQLITE_NOMEM;
	t->rows = aux;
	*out = &t->base;
	return SQLITE_OK;
}

static int
given_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int
given_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1;
	info->estimatedRows = 1000;
	return SQLITE_OK;
}

static int
given_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct given_cursor *c = calloc(1, sizeof(*c));

	(void)table;
	if (c == NULL)
		return SQLITE_NOMEM;
	*out = &c->base;
	return SQLITE_OK;
}

static int
given_close(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int
given_filter(
    sqlite3_vtab_cursor *cursor, int index, const char *name, int argc, sqlite3_value **argv)
{
	(void)index;
	(void)name;
	(void)argc;
	(void)argv;
	((struct given_cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int
given_next(sqlite3_vtab_cursor *cursor)
{
	((struct given_cursor *)cursor)->at++;
	return SQLITE_OK;
}

static const struct bulk *
rows_of(sqlite3_vtab_cursor *cursor)
{
	return ((struct given_table *)cursor->pVtab)->rows;
}

static int
given_eof(sqlite3_vtab_cursor *cursor)
{
	return ((struct given_cursor *)cursor)->at >= rows_of(cursor)->n;
}

static int
given_column(sqlite3_vtab_cursor *cursor, sqlite3_context *result, int column)
{
	const struct bulk *rows = rows_of(cursor);
	size_t at = ((struct given_cursor *)cursor)->at;

	if (column == 0)
		sqlite3_result_int64(result, rows->id[at]);
	else
		sqlite3_result_double(result, rows->value[at]); /* NAN becomes null */
	return SQLITE_OK;
}

static int
given_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
	*rowid = (sqlite3_int64)((struct given_cursor *)cursor)->at;
	return SQLITE_OK;
}

/* No xCreate: `given` is there without a CREATE VIRTUAL TABLE and leaves nothing in the file.
 */
static const sqlite3_module given_module = {
	.xConnect = given_connect,
	.xBestIndex = given_best_index,
	.xDisconnect = given_disconnect,
	.xOpen = given_open,
	.xClose = given_close,
	.xFilter = given_filter,
	.xNext = given_next,
	.xEof = given_eof,
	.xColumn = given_column,
	.xRowid = given_rowid,
};

int
bulk_register(sqlite3 *h, struct bulk *rows)
{
	return sqlite3_create_module(h, "given", &given_module, rows);
}
