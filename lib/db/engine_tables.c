#include "db/engine_tables.h"
#include "base/diag.h"
#include "db/engine_own.h"

#include <math.h>
#include <stdlib.h>

#define SQL_MAX 4096
#define FRAME_ROWS 4096

static uint64_t
mix(uint64_t hash, const void *bytes, size_t n)
{
	return span_hash(hash, (struct span){ bytes, n });
}

/* PostgreSQL has another sign for NUL (see engine_postgres_rows.c): both are the same here. */
static uint64_t
mix_text(uint64_t hash, struct span t)
{
	static const char nul[] = "\342\220\200";
	size_t i;

	for (i = 0; i < t.n; i++)
		hash = t.p[i] == '\0' ? mix(hash, nul, 3) : mix(hash, &t.p[i], 1);
	return mix(hash, "\377", 1); /* in no UTF-8 */
}

static uint64_t
mix_cell(uint64_t hash, const struct value *v)
{
	double d = v->kind == VALUE_INT ? (double)v->is.i : v->is.d;

	if (v->null)
		return mix(hash, "n", 1);
	if (v->kind == VALUE_TEXT)
		return mix_text(hash, v->is.t);
	/* a whole number is the same whichever way a column holds it */
	if (v->kind == VALUE_INT && fabs(d) >= 9007199254740992.0)
		return mix(hash, &v->is.i, sizeof(v->is.i));
	d = d == 0 ? 0 : d;
	return mix(hash, &d, sizeof(d));
}

struct digesting {
	struct tables_digest *of;
	const char *table;
	bool own;
};

static void
digest_row(void *ctx, const char *const names[], const struct value values[], size_t n)
{
	struct digesting *d = ctx;
	uint64_t hash = mix_text(SPAN_HASH, span_of(d->table));
	size_t i;

	(void)names;
	for (i = 0; i < n; i++)
		hash = mix_cell(hash, &values[i]);
	d->of->rows++;
	d->of->own += d->own;
	d->of->sum += hash;
}

struct tables_digest
tables_digest(struct db *db)
{
	struct tables_digest digest = { 0 };
	struct digesting d = { .of = &digest };
	const struct sql_table *t;

	for (t = sql_tables; t->name != NULL; t++)
		if (t->family == db->family) {
			d.table = t->name;
			d.own = strcmp(t->name, "alarm_command") == 0;
			db->engine->whole->each_row(db, t->select, digest_row, &d);
		}
	return digest;
}

struct copying {
	struct db *to;
	const struct sql_table *table;
	char *insert;    /* made with the first row's names */
	int64_t highest; /* of its ids; 0: it has none */
	int64_t ts;      /* of the samples that wait */
	int64_t *series;
	double *value;
	size_t n;
};

static char *
insert_text(const struct copying *c, const char *const names[], size_t n)
{
	struct buf b = BUF(SQL_MAX);
	char *text;
	size_t i;

	buf_puts(&b, c->table->insert);
	for (i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i == 0 ? " (" : ", ", names[i]);
	buf_puts(&b, ") VALUES ");
	for (i = 0; i < n; i++)
		buf_printf(&b, "%s$%zu", i == 0 ? "(" : ", ", i + 1);
	buf_putc(&b, ')');
	must(!b.full);
	text = xstrdup(buf_text(&b));
	buf_free(&b);
	return text;
}

static void
copy_row(void *ctx, const char *const names[], const struct value values[], size_t n)
{
	struct copying *c = ctx;
	size_t i;

	if (c->insert == NULL)
		c->insert = insert_text(c, names, n);
	for (i = 0; i < n; i++)
		if (strcmp(names[i], "id") == 0 && values[i].kind == VALUE_INT &&
		    values[i].is.i > c->highest)
			c->highest = values[i].is.i;
	c->to->engine->whole->insert_row(c->to, c->insert, values, n);
}

static void
put_waiting(struct copying *c)
{
	if (c->n > 0)
		db_put_samples(c->to, c->ts, c->series, c->value, c->n);
	c->n = 0;
}

/* Samples go the fast way: those of one time together. */
static void
copy_sample(void *ctx, const char *const names[], const struct value values[], size_t n)
{
	struct copying *c = ctx;

	(void)names;
	must(n == 3);
	if (c->n == FRAME_ROWS || c->ts != values[0].is.i)
		put_waiting(c);
	c->ts = values[0].is.i;
	c->series[c->n] = values[1].is.i;
	c->value[c->n++] = values[2].null                ? (double)NAN
			   : values[2].kind == VALUE_INT ? (double)values[2].is.i
							 : values[2].is.d;
}

static void
copy_table(struct db *from, struct db *to, const struct sql_table *t)
{
	struct copying c = { .to = to, .table = t };

	if (strcmp(t->name, "sample") == 0) {
		c.series = xcalloc(FRAME_ROWS, sizeof(*c.series));
		c.value = xcalloc(FRAME_ROWS, sizeof(*c.value));
		from->engine->whole->each_row(from, t->select, copy_sample, &c);
		put_waiting(&c);
	} else {
		from->engine->whole->each_row(from, t->select, copy_row, &c);
	}
	if (c.highest > 0)
		to->engine->whole->settle_ids(to, t->name, c.highest);
	free(c.series);
	free(c.value);
	free(c.insert);
}

void
tables_copy(struct db *from, struct db *to)
{
	const struct sql_table *t, *last;

	must(from->family == to->family);
	for (last = sql_tables; last->name != NULL; last++)
		;
	/* what refers to others goes first, and comes last */
	for (t = last; t-- != sql_tables;)
		if (t->family == to->family)
			to->engine->whole->run_text(to, t->clear);
	for (t = sql_tables; t->name != NULL; t++)
		if (t->family == to->family)
			copy_table(from, to, t);
}
