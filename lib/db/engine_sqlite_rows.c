/* Statements: prepared, asked, their rows. */
#include "base/diag.h"
#include "db/engine_sqlite.h"

#include <stdlib.h>

/* SQLite numbers its parameters as ?1 and takes $1 for a name. */
char *
sqlite_numbered(const char *sql)
{
	char *text = xstrdup(sql), *p = text;

	for (; (p = strchr(p, '$')) != NULL; p++)
		if (p[1] >= '1' && p[1] <= '9')
			*p = '?';
	return text;
}

static void
prepare(struct rows *r)
{
	struct sqlite_db *db = sqlite_own(r->db);
	sqlite3_stmt *st = NULL;
	char *text;
	int code;

	must(sql_statements[r->name].text[SQL_SQLITE] != NULL);
	text = sqlite_numbered(sql_statements[r->name].text[SQL_SQLITE]);
	code = sqlite3_prepare_v3(db->h, text, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	free(text);
	if (code != SQLITE_OK)
		sqlite_refuse(db, code, sql_statements[r->name].name);
	r->st = st;
}

void
sqlite_bind(sqlite3_stmt *st, int i, const struct value *v)
{
	int code = SQLITE_OK;

	switch (v->null ? VALUE_NULL : v->kind) {
	case VALUE_BYTES:
	case VALUE_NULL:
		code = sqlite3_bind_null(st, i);
		break;
	case VALUE_INT:
		code = sqlite3_bind_int64(st, i, v->is.i);
		break;
	case VALUE_DOUBLE:
		code = sqlite3_bind_double(st, i, v->is.d);
		break;
	case VALUE_TEXT:
		code = sqlite3_bind_text64(
		    st, i, v->is.t.p, v->is.t.n, SQLITE_STATIC, SQLITE_UTF8);
		break;
	}
	must(code == SQLITE_OK);
}

static void
start(struct rows *r, const struct value *args, size_t n)
{
	size_t i;

	if (r->st != NULL)
		(void)sqlite3_reset(r->st);
	else
		prepare(r);
	must((int)n == sqlite3_bind_parameter_count(r->st));
	for (i = 0; i < n; i++)
		sqlite_bind(r->st, (int)i + 1, &args[i]);
}

static bool
step(struct rows *r, bool *violated)
{
	int code = sqlite3_step(r->st);

	if (code == SQLITE_ROW)
		return true;
	if (code == SQLITE_DONE)
		return false;
	if ((code & 0xFF) == SQLITE_CONSTRAINT)
		*violated = true;
	else
		sqlite_refuse(sqlite_own(r->db), code, sql_statements[r->name].name);
	return false;
}

static void
send(struct rows *r, const struct value *args, size_t n)
{
	bool violated = false;

	start(r, args, n);
	while (step(r, &violated))
		;
	(void)sqlite3_reset(r->st);
}

static size_t
columns(const struct rows *r)
{
	return (size_t)sqlite3_column_count(r->st);
}

static struct value
column(struct rows *r, size_t i, char letter)
{
	int at = (int)i;

	if (sqlite3_column_type(r->st, at) == SQLITE_NULL)
		return (struct value){ .null = true };
	if (letter == 'd')
		return (struct value){ .kind = VALUE_DOUBLE,
			.is.d = sqlite3_column_double(r->st, at) };
	if (letter == 't') {
		const char *text = (const char *)sqlite3_column_text(r->st, at);

		if (text == NULL) /* it is not null, so there was no memory for it */
			die(EX_OSERR, "out of memory");
		return (struct value){ .kind = VALUE_TEXT,
			.is.t = { text, (size_t)sqlite3_column_bytes(r->st, at) } };
	}
	return (struct value){ .kind = VALUE_INT, .is.i = sqlite3_column_int64(r->st, at) };
}

static int64_t
changes(struct rows *r)
{
	return sqlite3_changes64(sqlite_own(r->db)->h);
}

static void
reset(struct rows *r)
{
	(void)sqlite3_reset(r->st);
}

static void
finish(struct rows *r)
{
	(void)sqlite3_finalize(r->st);
}

static bool
check_statements(
    struct db *base, void (*plan)(void *ctx, const char *name, const char *detail), void *ctx)
{
	struct sqlite_db *db = sqlite_own(base);
	bool fine = true;
	size_t i;

	for (i = 0; i < SQL_COUNT; i++) {
		const struct sql_statement *s = &sql_statements[i];
		sqlite3_stmt *st = NULL;
		char *text;

		if (s->family != base->family || s->text[SQL_SQLITE] == NULL)
			continue;
		text = xasprintf("EXPLAIN QUERY PLAN %s", s->text[SQL_SQLITE]);
		if (sqlite3_prepare_v2(db->h, text, -1, &st, NULL) != SQLITE_OK) {
			diag("%s: %s", s->name, sqlite3_errmsg(db->h));
			fine = false;
		}
		while (fine && sqlite3_step(st) == SQLITE_ROW)
			plan(ctx, s->name, (const char *)sqlite3_column_text(st, 3));
		(void)sqlite3_finalize(st);
		free(text);
	}
	return fine;
}

const struct engine_statements sqlite_statements = {
	.start = start,
	.send = send,
	.step = step,
	.columns = columns,
	.column = column,
	.changes = changes,
	.reset = reset,
	.finish = finish,
	.check = check_statements,
};
