/* engine_sqlite: nbms.db and the month files, with SQLite. */
#include "base/diag.h"
#include "db/engine_sqlite.h"

#include <sqlite3.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 10000
#define URI_MAX ((size_t)64 << 10)
#define CACHE_KIB 1024     /* of pages, a database */
#define CACHE_READ_KIB 512 /* who reads seldom comes to a page again */
#define WAL_PAGES 4000     /* 16 MiB of log before it is folded back */

static struct sqlite_db *
own(const struct db *db)
{
	return sqlite_own(db);
}

/* Ends the program: the status says whether trying again, more room or a person is needed. */
void
sqlite_refuse(const struct sqlite_db *db, int code, const char *doing)
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
	die(status, "%s: cannot %s: %s", db->db.path, doing,
	    db->h != NULL ? sqlite3_errmsg(db->h) : sqlite3_errstr(code));
}

static void
exec(struct sqlite_db *db, const char *sql)
{
	int code = sqlite3_exec(db->h, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		sqlite_refuse(db, code, sql);
}

static int64_t
pragma(struct sqlite_db *db, const char *sql)
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
		sqlite_refuse(db, code, sql);
	return v;
}

/* The file's schema brought to this program's; a newer one is refused. False: there is nothing
 * in it yet, and it is only to be read. */
static bool
migrate(struct sqlite_db *db, enum db_mode mode)
{
	const struct sql_migration *m;
	int64_t has, wants = 0;
	char text[64];

	for (m = sql_migrations; m->version != 0; m++)
		if (m->family == db->db.family && m->text[SQL_SQLITE] != NULL)
			wants = m->version;
	has = pragma(db, "PRAGMA user_version");
	if (has > wants)
		die(EX_CONFIG, "%s: made by a newer nbms (schema %lld, this one knows %lld)",
		    db->db.path, (long long)has, (long long)wants);
	if (has == wants)
		return true;
	if (mode == DB_READ && has == 0)
		return false;
	db->db.old = mode == DB_READ && db->db.family == DB_MONTH;
	if (db->db.old) /* an archive that is never written to can be read all the same */
		return true;
	if (mode == DB_READ)
		die(EX_CONFIG,
		    "%s: schema %lld is older than %lld: run a program that writes there first",
		    db->db.path, (long long)has, (long long)wants);
	exec(db, "BEGIN IMMEDIATE");
	has = pragma(db, "PRAGMA user_version"); /* another program may have been faster */
	for (m = sql_migrations; m->version != 0; m++) {
		if (m->family != db->db.family || m->version <= has ||
		    m->text[SQL_SQLITE] == NULL)
			continue;
		exec(db, m->text[SQL_SQLITE]);
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
settle(struct sqlite_db *db, enum db_mode mode)
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
	struct buf uri = BUF(URI_MAX);
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
open_to_read(struct sqlite_db *db)
{
	bool may_write = access(db->db.path, W_OK) == 0 && may_write_beside(db->db.path);
	int code, flags = SQLITE_OPEN_NOMUTEX;
	char *uri;

	db->frozen = !may_write && !has_companion(db->db.path);
	if (!db->frozen)
		return sqlite3_open_v2(db->db.path, &db->h,
		    flags | (may_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY), NULL);
	if (stat(db->db.path, &db->as_found) != 0)
		die(EX_IOERR, "%s: %s", db->db.path, strerror(errno));
	uri = frozen_uri(db->db.path);
	code =
	    sqlite3_open_v2(uri, &db->h, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	free(uri);
	return code;
}

/* What was read of a file that is not locked holds only if nobody wrote there. */
static void
check_frozen(const struct sqlite_db *db)
{
	struct stat now;

	if (db->frozen && stat(db->db.path, &now) == 0 &&
	    (now.st_size != db->as_found.st_size ||
		now.st_mtim.tv_sec != db->as_found.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != db->as_found.st_mtim.tv_nsec))
		die(EX_TEMPFAIL, "%s: was written while it was read: try again", db->db.path);
}

static void
sqlite_close(struct db *base)
{
	struct sqlite_db *db = own(base);

	if (sqlite3_get_autocommit(db->h) == 0)
		(void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
	(void)sqlite3_finalize(db->insert);
	free(db->insert_sql);
	must(sqlite3_close(db->h) == SQLITE_OK);
	if (db->lease >= 0)
		(void)close(db->lease);
	check_frozen(db);
	free(db->db.path);
	free(db);
}

static struct db *
sqlite_open(const char *path, enum db_family family, enum db_mode mode)
{
	struct sqlite_db *db;
	int code;

	if (mode == DB_READ && access(path, F_OK) != 0)
		return NULL;
	if (mode == DB_WRITE)
		make_directories(path);
	db = xcalloc(1, sizeof(*db));
	db->db.engine = &engine_sqlite;
	db->db.path = xstrdup(mode == DB_MEMORY ? "memory" : path);
	db->db.family = family;
	db->lease = -1;
	errno = 0;
	if (mode == DB_READ)
		code = open_to_read(db);
	else
		code = sqlite3_open_v2(mode == DB_MEMORY ? ":memory:" : path, &db->h,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		sqlite_refuse(db, code, "open");
	if (bulk_register(db->h, &db->bulk) != SQLITE_OK)
		sqlite_refuse(db, SQLITE_NOMEM, "open");
	settle(db, mode);
	if (!migrate(db, mode)) {
		sqlite_close(&db->db);
		return NULL;
	}
	return &db->db;
}

static void
set_cache(struct db *db, int64_t kib)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "PRAGMA cache_size = -%lld", (long long)kib);
	exec(own(db), text);
}

static void
begin(struct db *db, enum db_begin_how how)
{
	exec(own(db), how == BEGIN_WRITE ? "BEGIN IMMEDIATE" : "BEGIN");
}

/* Each file has its own moments. */
static void
hold_moment(struct db *db)
{
	(void)db;
}

static void
commit(struct db *db)
{
	exec(own(db), "COMMIT");
}

static void
rollback(struct db *db)
{
	exec(own(db), "ROLLBACK");
}

static bool
in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(own(db)->h) == 0;
}

static bool
changed_elsewhere(struct db *base)
{
	struct sqlite_db *db = own(base);
	int64_t version = pragma(db, "PRAGMA data_version");
	bool changed = db->data_version != 0 && db->data_version != version;

	db->data_version = version;
	return changed;
}

/* Month files have transactions of their own. */
static void
lead(struct db *db)
{
	(void)db;
}

static void
set_area(struct db *db, const char *area)
{
	(void)db;
	(void)area;
}

/* A lock on a file beside the database; the process keeps it open as long as it lives. */
static bool
lease(struct db *db, const char *name)
{
	char *path = xasprintf("%s-lease-%s", db->path, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		die(errno == EACCES || errno == EROFS ? EX_NOPERM : EX_IOERR, "%s: %s", path,
		    strerror(errno));
	free(path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		own(db)->lease = fd;
		return true;
	}
	(void)close(fd);
	return false;
}

/* A lock on a file is lost by nobody who lives. */
static bool
leased(const struct db *db)
{
	(void)db;
	return true;
}

static bool
claim(struct db *db, const char *name, bool wait)
{
	(void)db;
	(void)name;
	(void)wait;
	return true;
}

static int64_t
last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(own(db)->h);
}

static void
put_samples(struct db *db, int64_t ts, const int64_t series[], const double value[], size_t n)
{
	own(db)->bulk = (struct bulk){ .id = series, .value = value, .n = n };
	db_do(db, SQL_SAMPLE_PUT, "i", ts);
	own(db)->bulk.n = 0;
}

static struct rows *
rows_of(struct db *db, enum sql_name name, int64_t at, const int64_t id[], size_t n)
{
	own(db)->bulk = (struct bulk){ .id = id, .n = n };
	return db_rows(db, name, "i", at);
}

const struct engine engine_sqlite = {
	.dialect = SQL_SQLITE,
	.open_most = 12, /* two MB of pages each */
	.statements = &sqlite_statements,
	.whole = &sqlite_whole,
	.places = &sqlite_places,
	.open = sqlite_open,
	.close = sqlite_close,
	.set_cache = set_cache,
	.begin = begin,
	.hold_moment = hold_moment,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.changed_elsewhere = changed_elsewhere,
	.written_elsewhere = changed_elsewhere,
	.lead = lead,
	.set_area = set_area,
	.lease = lease,
	.leased = leased,
	.claim = claim,
	.last_id = last_id,
	.put_samples = put_samples,
	.rows_of = rows_of,
};
