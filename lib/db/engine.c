#include "db/engine.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/when.h"
#include "db/engine_bulk.h"
#include "db/sql.h"

#include <sqlite3.h>

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 10000
#define KEPT_MAX ((size_t)64 << 20)
#define CACHE_KIB 1024     /* of pages, a database */
#define CACHE_READ_KIB 512 /* who reads seldom comes to a page again */
#define WAL_PAGES 4000     /* 16 MiB of log before it is folded back */

struct rows {
	struct db *db;
	sqlite3_stmt *st;
	enum sql_name name;
	struct buf kept; /* the texts of the row db_one gave */
};

struct db {
	sqlite3 *h;
	char *path;
	enum db_family family;
	struct bulk bulk;
	bool frozen;                       /* opened as a file that does not change */
	struct stat as_found;              /* then */
	int64_t data_version;              /* as db_changed_elsewhere last saw it; 0: never */
	struct rows statements[SQL_COUNT]; /* prepared at first use */
};

/* Ends the program: the status says whether trying again, more room or a person is needed. */
static void
refuse(const struct db *db, int code, const char *doing)
{
	int status;

	switch (code & 0xFF) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		status = EX_TEMPFAIL;
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		status = errno == EACCES || errno == EROFS ? EX_NOPERM : EX_IOERR;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
		status = EX_CONFIG;
		break;
	case SQLITE_FULL:
	case SQLITE_IOERR:
		status = EX_IOERR;
		break;
	case SQLITE_NOMEM:
		status = EX_OSERR;
		break;
	default:
		status = EX_SOFTWARE;
	}
	die(status, "%s: cannot %s: %s", db->path, doing,
	    db->h != NULL ? sqlite3_errmsg(db->h) : sqlite3_errstr(code));
}

static void
exec(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->h, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		refuse(db, code, sql);
}

static int64_t
pragma(struct db *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t v = 0;
	int code = sqlite3_prepare_v2(db->h, sql, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		refuse(db, code, sql);
	return v;
}

/* The file's schema brought to this program's; a newer one is refused. False: there is nothing
 * in it yet, and it is only to be read. */
static bool
migrate(struct db *db, enum db_mode mode)
{
	const struct sql_migration *m;
	int64_t has, wants = 0;
	char text[64];

	for (m = sql_migrations; m->text != NULL; m++)
		if (m->family == db->family)
			wants = m->version;
	has = pragma(db, "PRAGMA user_version");
	if (has > wants)
		die(EX_CONFIG, "%s: made by a newer nbms (schema %lld, this one knows %lld)",
		    db->path, (long long)has, (long long)wants);
	if (has == wants)
		return true;
	if (mode == DB_READ && has == 0)
		return false;
	if (mode == DB_READ)
		die(EX_CONFIG,
		    "%s: schema %lld is older than %lld: run a program that writes there first",
		    db->path, (long long)has, (long long)wants);
	exec(db, "BEGIN IMMEDIATE");
	has = pragma(db, "PRAGMA user_version"); /* another program may have been faster */
	for (m = sql_migrations; m->text != NULL; m++) {
		if (m->family != db->family || m->version <= has)
			continue;
		exec(db, m->text);
		(void)snprintf(text, sizeof(text), "PRAGMA user_version = %d", m->version);
		exec(db, text);
	}
	exec(db, "COMMIT");
	return true;
}

static void
make_directories(const char *path)
{
	char *dir = xstrdup(path), *slash = dir;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (mkdir(dir, 0777) != 0 && errno != EEXIST)
			die(errno == EACCES ? EX_NOPERM : EX_IOERR,
			    "%s: cannot make the directory: %s", dir, strerror(errno));
		*slash = '/';
	}
	free(dir);
}

static void
settle(struct db *db, enum db_mode mode)
{
	char text[96];

	(void)sqlite3_extended_result_codes(db->h, 1);
	(void)sqlite3_busy_timeout(db->h, BUSY_MS);
	(void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	exec(db, "PRAGMA foreign_keys = ON");
	(void)snprintf(text, sizeof(text), "PRAGMA cache_size = -%d",
	    mode == DB_READ ? CACHE_READ_KIB : CACHE_KIB);
	exec(db, text);
	if (mode != DB_WRITE)
		return;
	/* FULL in both families: a commit is a batch, and a checkpoint must never outlive what
	 * it stands for */
	exec(db, "PRAGMA journal_mode = WAL");
	exec(db, "PRAGMA synchronous = FULL");
	(void)snprintf(text, sizeof(text), "PRAGMA wal_autocheckpoint = %d", WAL_PAGES);
	exec(db, text);
}

/* May files be made and changed in the folder of path? */
static bool
may_write_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash != NULL ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	bool may = access(dir, W_OK) == 0;

	free(dir);
	return may;
}

static bool
has_companion(const char *path)
{
	char *wal = xasprintf("%s-wal", path);
	bool has = access(wal, F_OK) == 0;

	free(wal);
	return has;
}

/* The path as a URI; what means something there is escaped. */
static char *
frozen_uri(const char *path)
{
	struct buf uri = BUF(KEPT_MAX);
	char *text;

	buf_puts(&uri, "file:");
	for (; *path != '\0'; path++)
		if (*path == '?' || *path == '#' || *path == '%')
			buf_printf(&uri, "%%%02X", (unsigned char)*path);
		else
			buf_putc(&uri, *path);
	buf_puts(&uri, "?immutable=1");
	text = xstrdup(buf_text(&uri));
	buf_free(&uri);
	return text;
}

static int
open_to_read(struct db *db)
{
	bool may_write = access(db->path, W_OK) == 0 && may_write_beside(db->path);
	int code, flags = SQLITE_OPEN_NOMUTEX;
	char *uri;

	db->frozen = !may_write && !has_companion(db->path);
	if (!db->frozen)
		return sqlite3_open_v2(db->path, &db->h,
		    flags | (may_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY), NULL);
	if (stat(db->path, &db->as_found) != 0)
		die(EX_IOERR, "%s: %s", db->path, strerror(errno));
	uri = frozen_uri(db->path);
	code =
	    sqlite3_open_v2(uri, &db->h, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	free(uri);
	return code;
}

/* What was read of a file that is not locked holds only if nobody wrote there. */
static void
check_frozen(const struct db *db)
{
	struct stat now;

	if (db->frozen && stat(db->path, &now) == 0 &&
	    (now.st_size != db->as_found.st_size ||
		now.st_mtim.tv_sec != db->as_found.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != db->as_found.st_mtim.tv_nsec))
		die(EX_TEMPFAIL, "%s: was written while it was read: try again", db->path);
}

struct db *
db_open(const char *path, enum db_family family, enum db_mode mode)
{
	struct db *db;
	int code;

	if (mode == DB_READ && access(path, F_OK) != 0)
		return NULL;
	if (mode == DB_WRITE)
		make_directories(path);
	db = xcalloc(1, sizeof(*db));
	db->path = xstrdup(mode == DB_MEMORY ? "memory" : path);
	db->family = family;
	errno = 0;
	if (mode == DB_READ)
		code = open_to_read(db);
	else
		code = sqlite3_open_v2(mode == DB_MEMORY ? ":memory:" : path, &db->h,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		refuse(db, code, "open");
	if (bulk_register(db->h, &db->bulk) != SQLITE_OK)
		refuse(db, SQLITE_NOMEM, "open");
	settle(db, mode);
	if (!migrate(db, mode)) {
		db_close(db);
		return NULL;
	}
	return db;
}

void
db_close(struct db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < SQL_COUNT; i++) {
		(void)sqlite3_finalize(db->statements[i].st);
		buf_free(&db->statements[i].kept);
	}
	if (db_in_transaction(db))
		(void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
	must(sqlite3_close(db->h) == SQLITE_OK);
	check_frozen(db);
	free(db->path);
	free(db);
}

const char *
db_path(const struct db *db)
{
	return db->path;
}

void
db_set_cache(struct db *db, int64_t kib)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "PRAGMA cache_size = -%lld", (long long)kib);
	exec(db, text);
}

void
db_begin(struct db *db)
{
	exec(db, "BEGIN IMMEDIATE");
}

void
db_begin_read(struct db *db)
{
	exec(db, "BEGIN");
}

void
db_commit(struct db *db)
{
	exec(db, "COMMIT");
}

void
db_rollback(struct db *db)
{
	exec(db, "ROLLBACK");
}

bool
db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->h) == 0;
}

bool
db_changed_elsewhere(struct db *db)
{
	int64_t version = pragma(db, "PRAGMA data_version");
	bool changed = db->data_version != 0 && db->data_version != version;

	db->data_version = version;
	return changed;
}

int64_t
db_last_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}

/* SQLite numbers its parameters as ?1 and takes $1 for a name. */
static char *
numbered(const char *sql)
{
	char *text = xstrdup(sql), *p = text;

	for (; (p = strchr(p, '$')) != NULL; p++)
		if (p[1] >= '1' && p[1] <= '9')
			*p = '?';
	return text;
}

static struct rows *
statement(struct db *db, enum sql_name name)
{
	struct rows *r = &db->statements[name];
	char *text;
	int code;

	must(sql_statements[name].family == db->family);
	if (r->st != NULL) {
		(void)sqlite3_reset(r->st);
		return r;
	}
	text = numbered(sql_statements[name].text);
	code = sqlite3_prepare_v3(db->h, text, -1, SQLITE_PREPARE_PERSISTENT, &r->st, NULL);
	free(text);
	if (code != SQLITE_OK)
		refuse(db, code, sql_statements[name].name);
	r->db = db;
	r->name = name;
	r->kept = BUF(KEPT_MAX);
	return r;
}

static void
bind_text(sqlite3_stmt *st, int i, struct span s)
{
	int code = s.p == NULL
		       ? sqlite3_bind_null(st, i)
		       : sqlite3_bind_text64(st, i, s.p, s.n, SQLITE_STATIC, SQLITE_UTF8);

	must(code == SQLITE_OK);
}

static void
bind(sqlite3_stmt *st, const char *args, va_list *ap)
{
	int i = 1;
	const char *s;
	when_t t;

	must((int)strlen(args) == sqlite3_bind_parameter_count(st));
	for (; *args != '\0'; args++, i++) {
		switch (*args) {
		case 'i':
			must(sqlite3_bind_int64(st, i, va_arg(*ap, int64_t)) == SQLITE_OK);
			break;
		case 'w':
			t = va_arg(*ap, when_t);
			must((t == WHEN_NONE ? sqlite3_bind_null(st, i)
					     : sqlite3_bind_int64(st, i, t)) == SQLITE_OK);
			break;
		case 'd':
			/* SQLite stores NAN as null, which is what it stands for */
			must(sqlite3_bind_double(st, i, va_arg(*ap, double)) == SQLITE_OK);
			break;
		case 's':
			s = va_arg(*ap, const char *);
			bind_text(st, i, span_of(s));
			break;
		case 't':
			bind_text(st, i, va_arg(*ap, struct span));
			break;
		case 'n':
			must(sqlite3_bind_null(st, i) == SQLITE_OK);
			break;
		default:
			diag_bug(__FILE__, __LINE__, "an argument letter");
		}
	}
}

static void
take(sqlite3_stmt *st, const char *results, va_list *ap)
{
	int i = 0;

	must((int)strlen(results) == sqlite3_column_count(st));
	for (; *results != '\0'; results++, i++) {
		bool null = sqlite3_column_type(st, i) == SQLITE_NULL;
		struct span *t;

		switch (*results) {
		case 'i':
			*va_arg(*ap, int64_t *) = sqlite3_column_int64(st, i);
			break;
		case 'w':
			*va_arg(*ap, when_t *) = null ? WHEN_NONE : sqlite3_column_int64(st, i);
			break;
		case 'd':
			*va_arg(*ap, double *) =
			    null ? (double)NAN : sqlite3_column_double(st, i);
			break;
		case 't':
			t = va_arg(*ap, struct span *);
			t->p = (const char *)sqlite3_column_text(st, i);
			t->n = (size_t)sqlite3_column_bytes(st, i);
			break;
		default:
			diag_bug(__FILE__, __LINE__, "a result letter");
		}
	}
}

/* One step; true on a row. A violated constraint is left to the caller in *violated (NULL:
 * cannot happen). */
static bool
step(struct rows *r, bool *violated)
{
	int code = sqlite3_step(r->st);

	if (code == SQLITE_ROW)
		return true;
	if (code == SQLITE_DONE)
		return false;
	if ((code & 0xFF) == SQLITE_CONSTRAINT && violated != NULL) {
		*violated = true;
		return false;
	}
	refuse(r->db, code, sql_statements[r->name].name);
	return false;
}

int64_t
db_run(struct db *db, enum sql_name name, const char *args, ...)
{
	struct rows *r = statement(db, name);
	bool violated = false;
	va_list ap;

	va_start(ap, args);
	bind(r->st, args, &ap);
	va_end(ap);
	while (step(r, &violated))
		;
	(void)sqlite3_reset(r->st);
	return violated ? -1 : sqlite3_changes64(db->h);
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
	struct rows *r = statement(db, name);
	va_list ap, again;
	bool found;

	va_start(ap, results);
	bind(r->st, args, &ap);
	va_copy(again, ap);
	found = step(r, NULL);
	if (found) {
		take(r->st, results, &ap);
		keep_texts(r, results, &again);
	}
	va_end(again);
	va_end(ap);
	(void)sqlite3_reset(r->st);
	return found;
}

struct rows *
db_rows(struct db *db, enum sql_name name, const char *args, ...)
{
	struct rows *r = statement(db, name);
	va_list ap;

	va_start(ap, args);
	bind(r->st, args, &ap);
	va_end(ap);
	return r;
}

bool
rows_next(struct rows *r, const char *results, ...)
{
	va_list ap;

	if (!step(r, NULL))
		return false;
	va_start(ap, results);
	take(r->st, results, &ap);
	va_end(ap);
	return true;
}

void
rows_end(struct rows *r)
{
	(void)sqlite3_reset(r->st);
}

void
db_put_samples(
    struct db *db, int64_t ts, const int64_t series[], const double value[], size_t n)
{
	db->bulk = (struct bulk){ .id = series, .value = value, .n = n };
	(void)db_run(db, SQL_SAMPLE_PUT, "i", ts);
	db->bulk.n = 0;
}

bool
db_check_statements(
    struct db *db, void (*plan)(void *ctx, const char *name, const char *detail), void *ctx)
{
	bool fine = true;
	size_t i;

	for (i = 0; i < SQL_COUNT; i++) {
		const struct sql_statement *s = &sql_statements[i];
		sqlite3_stmt *st = NULL;
		char *text;

		if (s->family != db->family)
			continue;
		text = xasprintf("EXPLAIN QUERY PLAN %s", s->text);
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
