#include "db/engine_postgres.h"

#include <stdio.h>
#include <stdlib.h>

#define FETCH 10000
#define CELLS ((size_t)64 << 20)

static bool
is_month_id(const char *name)
{
	return strcmp(name, "month_id") == 0;
}

static struct value
cell(const PGresult *res, int row, int i)
{
	const char *text = PQgetvalue(res, row, i);

	if (PQgetisnull(res, row, i))
		return (struct value){ .null = true };
	switch (PQftype(res, i)) {
	case POSTGRES_INT2:
	case POSTGRES_INT4:
	case POSTGRES_INT8:
		return (struct value){ .kind = VALUE_INT, .is.i = strtoll(text, NULL, 10) };
	case POSTGRES_FLOAT8:
		return (struct value){ .kind = VALUE_DOUBLE, .is.d = strtod(text, NULL) };
	default:
		return (struct value){ .kind = VALUE_TEXT,
			.is.t = { text, (size_t)PQgetlength(res, row, i) } };
	}
}

static void
give_rows(const PGresult *res, row_fn *fn, void *ctx)
{
	struct value values[DB_RESULTS_MAX];
	const char *names[DB_RESULTS_MAX];
	int row, i, all = PQnfields(res);
	size_t n;

	must(all <= DB_RESULTS_MAX);
	for (row = 0; row < PQntuples(res); row++) {
		for (i = 0, n = 0; i < all; i++)
			/* which month it is, is this engine's own affair */
			if (!is_month_id(PQfname(res, i))) {
				names[n] = PQfname(res, i);
				values[n++] = cell(res, row, i);
			}
		fn(ctx, names, values, n);
	}
}

/* A cursor: a table need not fit in memory. A transaction is open. */
static void
each_row(struct db *base, const char *sql, row_fn *fn, void *ctx)
{
	struct postgres_db *db = postgres_own(base);
	struct link *l = db->link;
	char *text = postgres_qualified(db, sql), fetch[64];
	bool more = true;
	PGresult *res;

	copy_flush(db);
	link_do(l, "DECLARE reading NO SCROLL CURSOR FOR %s", text);
	(void)snprintf(fetch, sizeof(fetch), "FETCH %d FROM reading", FETCH);
	while (more) {
		link_settle(l);
		res = PQexec(l->c, fetch);
		if (PQresultStatus(res) != PGRES_TUPLES_OK)
			link_refuse(l, res, sql);
		more = PQntuples(res) > 0;
		give_rows(res, fn, ctx);
		PQclear(res);
	}
	link_do(l, "CLOSE reading");
	free(text);
}

/* As text, whose type the server takes from the column. */
static const char *
put_cell(struct buf *b, const struct value *v)
{
	size_t i;

	*b = BUF(CELLS);
	switch (v->null ? VALUE_NULL : v->kind) {
	case VALUE_INT:
		buf_printf(b, "%lld", (long long)v->is.i);
		break;
	case VALUE_DOUBLE:
		buf_printf(b, "%.17g", v->is.d);
		break;
	case VALUE_TEXT:
		for (i = 0; i < v->is.t.n; i++)
			if (v->is.t.p[i] == '\0')
				buf_puts(
				    b, "\342\220\200"); /* as engine_postgres_rows.c has it */
			else
				buf_putc(b, v->is.t.p[i]);
		break;
	default:
		return NULL;
	}
	must(!b->full);
	return buf_text(b);
}

static void
insert_row(struct db *base, const char *sql, const struct value values[], size_t n)
{
	struct postgres_db *db = postgres_own(base);
	struct link *l = db->link;
	char *text = postgres_qualified(db, sql);
	const char *args[DB_RESULTS_MAX];
	struct buf cells[DB_RESULTS_MAX];
	size_t i;

	must(n <= DB_RESULTS_MAX && l->open);
	for (i = 0; i < n; i++)
		args[i] = put_cell(&cells[i], &values[i]);
	link_send(l, text, args, n, SQL_TABLE_ROWS);
	for (i = 0; i < n; i++)
		buf_free(&cells[i]);
	free(text);
}

static void
run_text(struct db *base, const char *sql)
{
	struct postgres_db *db = postgres_own(base);
	char *text = postgres_qualified(db, sql);

	link_do(db->link, "%s", text);
	free(text);
}

static void
settle_ids(struct db *base, const char *table, int64_t highest)
{
	struct postgres_db *db = postgres_own(base);
	char *whole = xasprintf("\"%s\".%s", db->schema, table), number[24];
	const char *const args[] = { whole, number };

	(void)snprintf(number, sizeof(number), "%lld", (long long)highest);
	PQclear(link_ask(db->link, SQL_SEQUENCE_SETTLE, args, 2));
	free(whole);
}

const struct engine_whole postgres_whole = {
	.each_row = each_row,
	.insert_row = insert_row,
	.run_text = run_text,
	.settle_ids = settle_ids,
};
