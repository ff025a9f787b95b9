/* Statements: prepared, asked, their rows. */
#include "db/engine_postgres.h"

#include <ctype.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)1 << 16)

struct statement {
	char name[32];
	char *text;
	Oid types[DB_RESULTS_MAX];
	bool prepared;
	bool samples; /* it has to do with samples: those that wait go first */
	PGresult *res;
	int row;
	bool violated;
};

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Does a table's name begin at p, after FROM, JOIN, INTO or UPDATE? */
static bool
names_table(const char *text, const char *p)
{
	static const char *const before[] = { "FROM", "JOIN", "INTO", "UPDATE" };
	const char *end = p, *word;
	size_t i, n = 0;

	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	for (word = end; word > text && is_word(word[-1]); word--)
		;
	if (end == p || !islower((unsigned char)*p))
		return false;
	while (is_word(p[n]))
		n++;
	if (p[n] == '.' || p[n] == '(')
		return false;
	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (strlen(before[i]) == (size_t)(end - word) &&
		    strncmp(word, before[i], strlen(before[i])) == 0)
			return true;
	return false;
}

/* A month's statement with its schema before the names of its tables: one connection works in
 * many months. */
static char *
qualified(const char *text, const char *schema)
{
	struct buf b = BUF(TEXT_MAX);
	const char *p;
	char *whole;

	for (p = text; *p != '\0'; p++) {
		if ((p == text || !is_word(p[-1])) && names_table(text, p))
			buf_printf(&b, "\"%s\".", schema);
		buf_putc(&b, *p);
	}
	must(!b.full);
	whole = xstrdup(buf_text(&b));
	buf_free(&b);
	return whole;
}

char *
postgres_qualified(const struct postgres_db *db, const char *text)
{
	return db->db.family == DB_MONTH ? qualified(text, db->schema) : xstrdup(text);
}

static char *
text_for(const struct postgres_db *db, enum sql_name name)
{
	const char *text = sql_statements[name].text[SQL_POSTGRESQL];

	must(text != NULL);
	return postgres_qualified(db, text);
}

static struct statement *
statement(struct rows *r)
{
	struct postgres_db *db = postgres_own(r->db);
	struct statement *st = r->st;

	if (st != NULL) {
		PQclear(st->res);
		st->res = NULL;
		return st;
	}
	r->st = st = xcalloc(1, sizeof(*st));
	st->text = text_for(db, r->name);
	st->samples = db->db.family == DB_MONTH && strstr(st->text, "sample") != NULL;
	(void)snprintf(st->name, sizeof(st->name), "s%d_%d", db->number, (int)r->name);
	return st;
}

static Oid
type_of(const struct value *v)
{
	switch (v->kind) {
	case VALUE_INT:
		return POSTGRES_INT8;
	case VALUE_DOUBLE:
		return POSTGRES_FLOAT8;
	case VALUE_TEXT:
		return POSTGRES_TEXT;
	default:
		return POSTGRES_ANY;
	}
}

/* In a transaction with what comes next, as db_do. */
static void
forget(struct link *l, struct statement *st, enum sql_name name)
{
	char text[64];

	if (st->prepared && l->open) {
		(void)snprintf(text, sizeof(text), "DEALLOCATE %s", st->name);
		link_send(l, text, NULL, 0, name);
	} else if (st->prepared) {
		link_do(l, "DEALLOCATE %s", st->name);
	}
	st->prepared = false;
}

/* Prepares it for arguments of these types, unless it is already. */
static void
prepare(struct link *l, struct statement *st, enum sql_name name, const struct value *args,
    size_t n)
{
	PGresult *res;
	bool fits = st->prepared;
	size_t i;

	for (i = 0; i < n; i++)
		if (type_of(&args[i]) != POSTGRES_ANY && st->types[i] != type_of(&args[i])) {
			st->types[i] = type_of(&args[i]);
			fits = false;
		}
	if (fits)
		return;
	forget(l, st, name);
	link_settle(l);
	res = PQprepare(l->c, st->name, st->text, (int)n, st->types);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		link_refuse(l, res, sql_statements[name].name);
	PQclear(res);
	st->prepared = true;
}

/* Arguments as the server takes them in binary. */
struct wire {
	const char *at[DB_RESULTS_MAX];
	int length[DB_RESULTS_MAX], binary[DB_RESULTS_MAX];
	uint64_t number[DB_RESULTS_MAX];
	struct buf texts[DB_RESULTS_MAX]; /* those that had to be changed */
};

/* PostgreSQL keeps no NUL in a text: the sign for it (U+2400) stands in its place. */
static struct span
without_nul(struct buf *b, struct span t)
{
	size_t i;

	if (memchr(t.p, '\0', t.n) == NULL)
		return t;
	*b = BUF(t.n * 3);
	for (i = 0; i < t.n; i++)
		if (t.p[i] == '\0')
			buf_puts(b, "\342\220\200");
		else
			buf_putc(b, t.p[i]);
	return buf_span(b);
}

static void
put_arg(struct wire *w, size_t i, const struct value *v)
{
	struct span t;

	w->at[i] = NULL;
	w->length[i] = 0;
	w->binary[i] = 1;
	w->texts[i] = (struct buf){ 0 };
	if (v->null)
		return;
	if (v->kind == VALUE_BYTES) {
		w->at[i] = v->is.t.p;
		w->length[i] = (int)v->is.t.n;
		return;
	}
	if (v->kind == VALUE_TEXT) {
		t = without_nul(&w->texts[i], v->is.t);
		w->at[i] = t.n > 0 ? t.p : "";
		w->length[i] = (int)t.n;
		return;
	}
	/* both are eight bytes */
	memcpy(&w->number[i], &v->is, sizeof(w->number[i]));
	w->number[i] = htobe64(w->number[i]);
	w->at[i] = (const char *)&w->number[i];
	w->length[i] = 8;
}

/* Executes it; or, where the answer is not waited for, sends it and returns NULL. */
static PGresult *
execute(struct link *l, struct statement *st, const struct value *args, size_t n, bool wait)
{
	struct wire w;
	PGresult *res = NULL;
	size_t i;

	w.at[0] = NULL;
	w.length[0] = w.binary[0] = 0;
	for (i = 0; i < n; i++)
		put_arg(&w, i, &args[i]);
	if (wait)
		res = PQexecPrepared(l->c, st->name, (int)n, w.at, w.length, w.binary, 0);
	else if ((l->sent_n == 0 && PQenterPipelineMode(l->c) != 1) ||
		 PQsendQueryPrepared(l->c, st->name, (int)n, w.at, w.length, w.binary, 0) != 1)
		link_refuse(l, NULL, st->name);
	for (i = 0; i < n; i++)
		buf_free(&w.texts[i]);
	return res;
}

static void
start(struct rows *r, const struct value *args, size_t n)
{
	struct postgres_db *db = postgres_own(r->db);
	struct statement *st = statement(r);
	struct link *l = db->link;
	bool guarded = sql_statements[r->name].checked && l->open;

	if (st->samples)
		copy_flush(db);
	prepare(l, st, r->name, args, n);
	if (guarded)
		link_do(l, "SAVEPOINT checked");
	link_settle(l);
	st->res = execute(l, st, args, n, true);
	st->row = -1;
	st->violated = link_violated(st->res);
	if (PQresultStatus(st->res) != PGRES_COMMAND_OK &&
	    PQresultStatus(st->res) != PGRES_TUPLES_OK &&
	    (!st->violated || (l->open && !guarded)))
		link_refuse(l, st->res, sql_statements[r->name].name);
	if (guarded)
		link_do(l,
		    st->violated ? "ROLLBACK TO checked; RELEASE checked" : "RELEASE checked");
}

static void
send(struct rows *r, const struct value *args, size_t n)
{
	struct postgres_db *db = postgres_own(r->db);
	struct link *l = db->link;
	struct statement *st;

	if (!l->open || sql_statements[r->name].checked) {
		start(r, args, n);
		return;
	}
	st = statement(r);
	if (st->samples)
		copy_flush(db);
	prepare(l, st, r->name, args, n);
	(void)execute(l, st, args, n, false);
	l->sent[l->sent_n++] = r->name;
	if (l->sent_n == LINK_SENT_MAX)
		link_settle(l);
}

static bool
step(struct rows *r, bool *violated)
{
	struct statement *st = r->st;

	if (st->violated) {
		*violated = true;
		return false;
	}
	return ++st->row < PQntuples(st->res);
}

static size_t
columns(const struct rows *r)
{
	return (size_t)PQnfields(((const struct statement *)r->st)->res);
}

static struct value
column(struct rows *r, size_t i, char letter)
{
	struct statement *st = r->st;
	int at = (int)i;
	const char *text = PQgetvalue(st->res, st->row, at);

	if (PQgetisnull(st->res, st->row, at))
		return (struct value){ .null = true };
	if (letter == 't')
		return (struct value){ .kind = VALUE_TEXT,
			.is.t = { text, (size_t)PQgetlength(st->res, st->row, at) } };
	if (letter == 'd')
		return (struct value){ .kind = VALUE_DOUBLE, .is.d = strtod(text, NULL) };
	return (struct value){ .kind = VALUE_INT,
		.is.i = text[0] == 't' ? 1 : strtoll(text, NULL, 10) };
}

static int64_t
changes(struct rows *r)
{
	return strtoll(PQcmdTuples(((struct statement *)r->st)->res), NULL, 10);
}

static void
reset(struct rows *r)
{
	struct statement *st = r->st;

	/* db_one's texts were copied */
	PQclear(st->res);
	st->res = NULL;
}

static void
finish(struct rows *r)
{
	struct postgres_db *db = postgres_own(r->db);
	struct statement *st = r->st;

	PQclear(st->res);
	/* a connection that goes on must not fill with them */
	if (db->link->refs > 1 && PQtransactionStatus(db->link->c) != PQTRANS_INERROR)
		forget(db->link, st, r->name);
	free(st->text);
	free(st);
	r->st = NULL;
}

/* ---- for the tests ---- */

static bool
explain(struct link *l, const char *name, int params,
    void (*plan)(void *ctx, const char *name, const char *detail), void *ctx)
{
	struct buf b = BUF(TEXT_MAX);
	PGresult *res;
	bool fine;
	int i;

	buf_puts(&b, "EXPLAIN EXECUTE checking");
	for (i = 0; i < params; i++)
		buf_puts(&b, i == 0 ? "(NULL" : ", NULL");
	buf_puts(&b, params > 0 ? ")" : "");
	res = PQexec(l->c, buf_text(&b));
	fine = PQresultStatus(res) == PGRES_TUPLES_OK;
	if (!fine)
		diag("%s: %s", name, PQresultErrorMessage(res));
	for (i = 0; fine && i < PQntuples(res); i++)
		plan(ctx, name, PQgetvalue(res, i, 0));
	PQclear(res);
	buf_free(&b);
	return fine;
}

static bool
check_statement(struct postgres_db *db, enum sql_name name,
    void (*plan)(void *ctx, const char *name, const char *detail), void *ctx)
{
	struct link *l = db->link;
	char *text = text_for(db, name);
	PGresult *res = PQprepare(l->c, "checking", text, 0, NULL);
	bool fine = PQresultStatus(res) == PGRES_COMMAND_OK;

	free(text);
	if (!fine)
		diag("%s: %s", sql_statements[name].name, PQresultErrorMessage(res));
	PQclear(res);
	if (!fine)
		return false;
	res = PQdescribePrepared(l->c, "checking");
	fine = explain(l, sql_statements[name].name, PQnparams(res), plan, ctx);
	PQclear(res);
	link_do(l, "DEALLOCATE checking");
	return fine;
}

static bool
check_statements(
    struct db *base, void (*plan)(void *ctx, const char *name, const char *detail), void *ctx)
{
	struct postgres_db *db = postgres_own(base);
	bool fine = true;
	size_t i;

	/* as if the tables were large, and for any arguments */
	link_do(db->link, "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan");
	for (i = 0; i < SQL_COUNT; i++)
		if (sql_statements[i].family == base->family &&
		    sql_statements[i].text[SQL_POSTGRESQL] != NULL &&
		    !check_statement(db, (enum sql_name)i, plan, ctx))
			fine = false;
	link_do(db->link, "RESET enable_seqscan; RESET plan_cache_mode");
	return fine;
}

const struct engine_statements postgres_statements = {
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
