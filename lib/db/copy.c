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
must_be_same(struct db *db, const struct tables_digest *wanted)
{
	struct tables_digest there = tables_digest(db);

	if (!same(wanted, &there))
		die(EX_SOFTWARE, "%s: what was written is not what was read: nothing is kept",
		    db_path(db));
}

enum copied
copy_database(struct db *from, struct db *to, bool replace, struct tables_digest *what)
{
	enum copied done = COPIED_NOW;
	struct tables_digest there;

	db_begin_read(from);
	db_begin(to);
	*what = tables_digest(from);
	there = tables_digest(to);
	if (same(what, &there)) {
		done = COPIED_BEFORE;
	} else if (there.rows > there.own && !replace) {
		done = COPIED_NOT;
		diag("%s: holds something else already: left as it is", db_path(to));
		db_rollback(to);
	} else {
		tables_copy(from, to);
		must_be_same(to, what);
	}
	if (done != COPIED_NOT)
		db_commit(to);
	db_rollback(from);
	return done;
}

struct tables_digest
copy_digest(struct db *db)
{
	struct tables_digest digest;

	db_begin_read(db);
	digest = tables_digest(db);
	db_rollback(db);
	return digest;
}

static void
copy_one(struct copy *c, struct db *from, struct db *to, const char *of)
{
	struct tables_digest what;
	enum copied done = copy_database(from, to, false, &what);
	char hex[HEX_TEXT];

	if (done == COPIED_NOT) {
		c->status = EX_DATAERR;
		return;
	}
	(void)snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)what.sum);
	table_str(c->table, of);
	table_int(c->table, what.rows);
	table_str(c->table, hex);
	table_str(c->table, done == COPIED_BEFORE ? "same" : "copied");
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
		copy_one(c, from, to, of);
		db_close(to);
		db_close(from);
	}
	free(of);
	free(from_path);
	free(to_path);
}

static void
copy_building(struct copy *c, const char *key, const char *month)
{
	char **months;
	size_t n = db_months(c->from, span_of(key), &months), i;

	for (i = 0; i < n; i++) {
		if (c->status == 0 && !prog_stopping() &&
		    (month == NULL || strcmp(month, months[i]) == 0))
			copy_month(c, span_of(key), months[i]);
		free(months[i]);
	}
	free(months);
}

int
copy_site(const char *from_dir, const char *to_dir, const char *building, const char *month,
    enum table_form form)
{
	struct copy c = {
		.from = from_dir, .to = to_dir, .table = table_begin(form, columns, COLUMNS)
	};
	struct db *from = site_open(from_dir, DB_READ), *to = site_open(to_dir, DB_WRITE);
	char **keys;
	size_t n = site_building_keys(from, &keys), i;

	if (building == NULL && month == NULL)
		copy_one(&c, from, to, "site");
	for (i = 0; i < n; i++) {
		if (building == NULL || strcmp(building, keys[i]) == 0)
			copy_building(&c, keys[i], month);
		free(keys[i]);
	}
	free(keys);
	db_close(to);
	db_close(from);
	(void)table_end(c.table);
	return c.status;
}
