#include "db/engine.h"
#include "base/diag.h"
#include "base/when.h"
#include "db/engine_own.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#define PLACE_MAX 4096
#define DIR_MARK "{dir}"

static bool
is_url(const char *path)
{
	return strncmp(path, "postgresql://", 13) == 0 || strncmp(path, "postgres://", 11) == 0;
}

static const struct engine *
engine_of(const char *path)
{
	return is_url(path) ? &engine_postgres : &engine_sqlite;
}

/* Where a directory is, that need not be there yet. */
static char *
whole_path(const char *dir)
{
	char *whole = realpath(dir, NULL), *parent = xstrdup(dir), *slash;

	if (whole == NULL) {
		slash = strrchr(parent, '/');
		if (slash != NULL)
			*slash = '\0';
		whole = realpath(slash == NULL ? "." : slash == parent ? "/" : parent, NULL);
		if (whole != NULL) {
			char *joined =
			    xasprintf("%s/%s", whole, slash != NULL ? slash + 1 : dir);

			free(whole);
			whole = joined;
		}
	}
	free(parent);
	return whole != NULL ? whole : xstrdup(dir);
}

/* A state directory as a name: what it is called, and a digest of where it is (FNV-1a, 32 bits:
 * Fowler, Noll, Vo). */
static void
put_dir_name(struct buf *b, const char *dir)
{
	char *whole = whole_path(dir);
	const char *slash = strrchr(whole, '/'), *name = slash != NULL ? slash + 1 : whole, *p;
	uint32_t hash = 2166136261U;
	size_t n = 0;

	for (; n < 20 && name[n] != '\0'; n++)
		buf_putc(b, isalnum((unsigned char)name[n]) ? name[n] : '_');
	for (p = whole; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619U;
	buf_printf(b, "_%08x", hash);
	free(whole);
}

/* Where the site of a state directory is kept: there, or where $NBMS_DB says. */
static char *
place_of(const char *dir)
{
	const char *url = is_url(dir) ? dir : getenv("NBMS_DB"), *mark;
	struct buf b = BUF(PLACE_MAX);
	char *place;

	if (strstr(dir, "://") != NULL && !is_url(dir))
		die(EX_USAGE, "the URL of the database: not a postgresql:// URL");
	if (url == NULL || url[0] == '\0')
		return xstrdup(dir);
	if (!is_url(url))
		die(EX_USAGE, "NBMS_DB: not a postgresql:// URL");
	mark = strstr(url, DIR_MARK);
	if (mark == NULL)
		return xstrdup(url);
	buf_put(&b, (struct span){ url, (size_t)(mark - url) });
	put_dir_name(&b, dir);
	buf_puts(&b, mark + strlen(DIR_MARK));
	if (b.full)
		die(EX_USAGE, "NBMS_DB: too long");
	place = xstrdup(buf_text(&b));
	buf_free(&b);
	return place;
}

struct db *
db_open(const char *path, enum db_family family, enum db_mode mode)
{
	char *place = place_of(mode == DB_MEMORY ? "." : path);
	struct db *db;

	/* a path says itself where it is, but for what has none */
	if (mode == DB_MEMORY)
		path = place;
	db = engine_of(path)->open(path, family, mode);
	free(place);
	return db;
}

void
db_close(struct db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < SQL_COUNT; i++) {
		if (db->statements[i].st != NULL)
			db->engine->statements->finish(&db->statements[i]);
		buf_free(&db->statements[i].kept);
	}
	db->engine->close(db);
}

bool
db_is_old(const struct db *db)
{
	return db->old;
}

const char *
db_path(const struct db *db)
{
	return db->path;
}

char *
db_site_path(const char *dir)
{
	char *place = place_of(dir), *path = engine_of(place)->places->site_path(place);

	free(place);
	return path;
}

char *
db_month_path(const char *dir, struct span building_key, const char *month)
{
	char *place = place_of(dir),
	     *path = engine_of(place)->places->month_path(place, building_key, month);

	free(place);
	return path;
}

bool
db_exists(const char *path, enum db_family family)
{
	return engine_of(path)->places->exists(path, family);
}

int64_t
db_bytes(const char *path)
{
	return engine_of(path)->places->bytes(path);
}

size_t
db_months(const char *dir, struct span building_key, char ***months)
{
	char *place = place_of(dir);
	size_t n = engine_of(place)->places->months(place, building_key, months);

	free(place);
	return n;
}

size_t
db_open_most(const char *dir)
{
	char *place = place_of(dir);
	size_t n = engine_of(place)->open_most;

	free(place);
	return n;
}

bool
db_remove_month(const char *path)
{
	return engine_of(path)->places->remove(path);
}

void
db_set_cache(struct db *db, int64_t kib)
{
	db->engine->set_cache(db, kib);
}

void
db_begin(struct db *db)
{
	db->engine->begin(db, BEGIN_WRITE);
}

void
db_begin_read(struct db *db)
{
	db->engine->begin(db, BEGIN_READ);
}

void
db_hold_moment(struct db *site)
{
	site->engine->hold_moment(site);
}

void
db_commit(struct db *db)
{
	db->engine->commit(db);
}

void
db_rollback(struct db *db)
{
	db->engine->rollback(db);
}

bool
db_in_transaction(const struct db *db)
{
	return db->engine->in_transaction(db);
}

bool
db_changed_elsewhere(struct db *db)
{
	return db->engine->changed_elsewhere(db);
}

bool
db_written_elsewhere(struct db *db)
{
	return db->engine->written_elsewhere(db);
}

void
db_lead(struct db *db)
{
	db->engine->lead(db);
}

void
db_set_area(struct db *db, const char *area)
{
	db->engine->set_area(db, area);
}

bool
db_lease(struct db *db, const char *name)
{
	return db->engine->lease(db, name);
}

bool
db_leased(const struct db *db)
{
	return db->engine->leased(db);
}

bool
db_claim(struct db *db, const char *name, bool wait)
{
	return db->engine->claim(db, name, wait);
}

int64_t
db_last_id(struct db *db)
{
	return db->engine->last_id(db);
}

static struct value
text_value(struct span s)
{
	return (struct value){ .kind = VALUE_TEXT, .null = s.p == NULL, .is.t = s };
}

static struct value
next_arg(char letter, va_list *ap)
{
	struct value v = { .kind = VALUE_NULL, .null = true };

	switch (letter) {
	case 'i':
		return (struct value){ .kind = VALUE_INT, .is.i = va_arg(*ap, int64_t) };
	case 'w':
		v = (struct value){ .kind = VALUE_INT, .is.i = va_arg(*ap, when_t) };
		v.null = v.is.i == WHEN_NONE;
		return v;
	case 'd':
		v = (struct value){ .kind = VALUE_DOUBLE, .is.d = va_arg(*ap, double) };
		v.null = isnan(v.is.d);
		return v;
	case 's':
		return text_value(span_of(va_arg(*ap, const char *)));
	case 't':
		return text_value(va_arg(*ap, struct span));
	case 'b': /* an engine's own: as its statement has it */
		return (struct value){ .kind = VALUE_BYTES, .is.t = va_arg(*ap, struct span) };
	case 'n':
		return v;
	default:
		diag_bug(__FILE__, __LINE__, "an argument letter");
	}
}

/* The statement, and its arguments. */
static struct rows *
statement(struct db *db, enum sql_name name, const char *letters, va_list *ap,
    struct value args[DB_RESULTS_MAX], size_t *args_n)
{
	struct rows *r = &db->statements[name];
	size_t n;

	must(sql_statements[name].family == db->family);
	if (r->db == NULL)
		*r = (struct rows){ .db = db, .name = name, .kept = BUF(DB_KEPT_MAX) };
	for (n = 0; letters[n] != '\0'; n++) {
		must(n < DB_RESULTS_MAX);
		args[n] = next_arg(letters[n], ap);
	}
	*args_n = n;
	return r;
}

/* Ready to be stepped through. */
static struct rows *
start(struct db *db, enum sql_name name, const char *letters, va_list *ap)
{
	struct value args[DB_RESULTS_MAX];
	size_t n;
	struct rows *r = statement(db, name, letters, ap, args, &n);

	db->engine->statements->start(r, args, n);
	return r;
}

void
db_do(struct db *db, enum sql_name name, const char *letters, ...)
{
	struct value args[DB_RESULTS_MAX];
	struct rows *r;
	va_list ap;
	size_t n;

	va_start(ap, letters);
	r = statement(db, name, letters, &ap, args, &n);
	va_end(ap);
	db->engine->statements->send(r, args, n);
}

static void
put_cell(char letter, const struct value *v, va_list *ap)
{
	bool null = v->null;

	switch (letter) {
	case 'i':
		*va_arg(*ap, int64_t *) = null ? 0 : v->is.i;
		break;
	case 'w':
		*va_arg(*ap, when_t *) = null ? WHEN_NONE : v->is.i;
		break;
	case 'd':
		*va_arg(*ap, double *) = null ? (double)NAN : v->is.d;
		break;
	case 't':
		*va_arg(*ap, struct span *) = null ? (struct span){ NULL, 0 } : v->is.t;
		break;
	default:
		diag_bug(__FILE__, __LINE__, "a result letter");
	}
}

static void
take(struct rows *r, const char *results, va_list *ap)
{
	size_t i;

	must(strlen(results) == r->db->engine->statements->columns(r));
	for (i = 0; results[i] != '\0'; i++) {
		struct value v = r->db->engine->statements->column(r, i, results[i]);

		put_cell(results[i], &v, ap);
	}
}

/* One step, of a statement that violates no constraint. */
static bool
step(struct rows *r)
{
	bool violated = false, row = r->db->engine->statements->step(r, &violated);

	if (violated)
		die(EX_SOFTWARE, "%s: cannot %s: a constraint is violated", r->db->path,
		    sql_statements[r->name].name);
	return row;
}

int64_t
db_run(struct db *db, enum sql_name name, const char *args, ...)
{
	bool violated = false;
	struct rows *r;
	int64_t n;
	va_list ap;

	va_start(ap, args);
	r = start(db, name, args, &ap);
	va_end(ap);
	while (db->engine->statements->step(r, &violated))
		;
	n = violated ? -1 : db->engine->statements->changes(r);
	db->engine->statements->reset(r);
	return n;
}

/* Copies the row's texts, so that the statement can be let go of and no lock outlives the call.
 */
static void
keep_texts(struct rows *r, const char *results, va_list *ap)
{
	struct span *texts[DB_RESULTS_MAX];
	size_t at[DB_RESULTS_MAX], n = 0, i;

	buf_clear(&r->kept);
	for (; *results != '\0'; results++) {
		if (*results != 't') {
			(void)va_arg(*ap, void *);
			continue;
		}
		must(n < DB_RESULTS_MAX);
		texts[n] = va_arg(*ap, struct span *);
		at[n] = r->kept.n;
		if (texts[n]->p != NULL)
			buf_put(&r->kept, *texts[n]);
		n++;
	}
	must(!r->kept.full);
	for (i = 0; i < n; i++)
		if (texts[i]->p != NULL)
			texts[i]->p = r->kept.p != NULL ? r->kept.p + at[i] : "";
}

bool
db_one(struct db *db, enum sql_name name, const char *args, const char *results, ...)
{
	va_list ap, again;
	struct rows *r;
	bool found;

	va_start(ap, results);
	r = start(db, name, args, &ap);
	va_copy(again, ap);
	found = step(r);
	if (found) {
		take(r, results, &ap);
		keep_texts(r, results, &again);
	}
	va_end(again);
	va_end(ap);
	db->engine->statements->reset(r);
	return found;
}

struct rows *
db_rows(struct db *db, enum sql_name name, const char *args, ...)
{
	struct rows *r;
	va_list ap;

	va_start(ap, args);
	r = start(db, name, args, &ap);
	va_end(ap);
	return r;
}

struct rows *
db_rows_of(struct db *db, enum sql_name name, int64_t at, const int64_t id[], size_t n)
{
	return db->engine->rows_of(db, name, at, id, n);
}

bool
rows_next(struct rows *r, const char *results, ...)
{
	va_list ap;

	if (!step(r))
		return false;
	va_start(ap, results);
	take(r, results, &ap);
	va_end(ap);
	return true;
}

void
rows_end(struct rows *r)
{
	r->db->engine->statements->reset(r);
}

void
db_put_samples(
    struct db *db, int64_t ts, const int64_t series[], const double value[], size_t n)
{
	db->engine->put_samples(db, ts, series, value, n);
}

bool
db_check_statements(
    struct db *db, void (*plan)(void *ctx, const char *name, const char *detail), void *ctx)
{
	return db->engine->statements->check(db, plan, ctx);
}
