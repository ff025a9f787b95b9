#include "db/copy.h"
#include "base/diag.h"
#include "base/prog.h"
#include "db/engine_tables.h"
#include "db/site.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const columns[] = { "of", "rows", "digest", "done" };

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define HEX_TEXT 17

struct copy {
	const char *from, *to;
	struct table *table;
	int status;
};

static bool
same(const struct tables_digest *a, const struct tables_digest *b)
{
	return a->rows == b->rows && a->sum == b->sum;
}

static void
print(struct copy *c, const char *of, const struct tables_digest *d, const char *done)
{
	char hex[HEX_TEXT];

	(void)snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)d->sum);
	table_str(c->table, of);
	table_int(c->table, d->rows);
	table_str(c->table, hex);
	table_str(c->table, done);
}

/* One database; both are open. */
static void
copy_database(struct copy *c, struct db *from, struct db *to, const char *of)
{
	struct tables_digest wanted, there;
	const char *done = "same";

	db_begin_read(from);
	db_begin(to);
	wanted = tables_digest(from);
	there = tables_digest(to);
	if (!same(&wanted, &there)) {
		if (there.rows > there.own) {
			diag("%s: holds something else already: left as it is", db_path(to));
			c->status = EX_DATAERR;
			db_rollback(to);
			db_rollback(from);
			return;
		}
		tables_copy(from, to);
		there = tables_digest(to);
		if (!same(&wanted, &there))
			die(EX_SOFTWARE,
			    "%s: what was written is not what was read: nothing is kept",
			    db_path(to));
		done = "copied";
	}
	db_commit(to);
	db_rollback(from);
	print(c, of, &wanted, done);
}

static void
copy_month(struct copy *c, struct span key, const char *month)
{
	char *from_path = db_month_path(c->from, key, month),
	     *to_path = db_month_path(c->to, key, month);
	struct db *from = db_open(from_path, DB_MONTH, DB_READ), *to;
	char *of = xasprintf("%.*s/%s", SPAN_ARG(key), month);

	if (from != NULL) { /* its first lines have been written */
		to = db_open(to_path, DB_MONTH, DB_WRITE);
		copy_database(c, from, to, of);
		db_close(to);
		db_close(from);
	}
	free(of);
	free(from_path);
	free(to_path);
}

static void
copy_building(struct copy *c, const char *key)
{
	char **months;
	size_t n = db_months(c->from, span_of(key), &months), i;

	for (i = 0; i < n; i++) {
		if (c->status == 0 && !prog_stopping())
			copy_month(c, span_of(key), months[i]);
		free(months[i]);
	}
	free(months);
}

/* The keys of all buildings; the caller frees each and the array. */
static size_t
building_keys(struct db *site, char ***keys)
{
	struct rows *r = db_rows(site, SQL_BUILDING_ALL_KEYS, "");
	struct span customer, building;
	size_t n = 0;

	*keys = NULL;
	while (rows_next(r, "tt", &customer, &building)) {
		*keys = xrealloc(*keys, (n + 1) * sizeof(**keys));
		(*keys)[n++] = xasprintf("%.*s_%.*s", SPAN_ARG(customer), SPAN_ARG(building));
	}
	rows_end(r);
	return n;
}

int
copy_site(const char *from_dir, const char *to_dir, enum table_form form)
{
	struct copy c = {
		.from = from_dir, .to = to_dir, .table = table_begin(form, columns, COLUMNS)
	};
	struct db *from = site_open(from_dir, DB_READ), *to = site_open(to_dir, DB_WRITE);
	char **keys;
	size_t n = building_keys(from, &keys), i;

	copy_database(&c, from, to, "site");
	for (i = 0; i < n; i++) {
		copy_building(&c, keys[i]);
		free(keys[i]);
	}
	free(keys);
	db_close(to);
	db_close(from);
	(void)table_end(c.table);
	return c.status;
}
