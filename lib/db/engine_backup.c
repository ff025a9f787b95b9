#include "db/engine_backup.h"
#include "base/diag.h"
#include "db/sql.h"

#include <sqlite3.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 10000

int
db_schema(enum db_family family)
{
	const struct sql_migration *m;
	int newest = 0;

	for (m = sql_migrations; m->version != 0; m++)
		if (m->family == family)
			newest = m->version;
	return newest;
}

static int
status_of(int code)
{
	switch (code & 0xFF) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EX_TEMPFAIL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EX_CONFIG;
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return errno == EACCES || errno == EROFS ? EX_NOPERM : EX_IOERR;
	default:
		return EX_IOERR;
	}
}

/* All pages in one step: what others commit meanwhile is not in the copy. */
static int
copy(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	int code;

	if (b == NULL)
		return sqlite3_errcode(to);
	code = sqlite3_backup_step(b, -1);
	(void)sqlite3_backup_finish(b);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

bool
db_copy_file(const char *path, const char *to)
{
	sqlite3 *in = NULL, *out = NULL;
	int code;

	errno = 0;
	if (access(to, F_OK) == 0)
		die(EX_CANTCREAT, "%s: is there already", to);
	code = sqlite3_open_v2(path, &in, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(in, BUSY_MS);
	if (code == SQLITE_OK)
		code = sqlite3_open_v2(to, &out,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = copy(in, out);
	(void)sqlite3_close(in);
	(void)sqlite3_close(out);
	if (code == SQLITE_OK)
		return true;
	(void)unlink(to);
	if (status_of(code) != EX_CONFIG)
		die(status_of(code), "%s: cannot copy to %s: %s", path, to,
		    sqlite3_errstr(code));
	diag("%s: damaged: %s", path, sqlite3_errstr(code));
	return false;
}

/* The first row of a pragma as text into `to`; false: SQLite cannot read the file. */
static bool
ask(sqlite3 *h, const char *pragma, struct buf *to)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(h, pragma, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	buf_clear(to);
	if (code == SQLITE_ROW)
		buf_puts(to, (const char *)sqlite3_column_text(st, 0));
	else
		buf_puts(to, sqlite3_errmsg(h));
	(void)sqlite3_finalize(st);
	return code == SQLITE_ROW;
}

static bool
look(sqlite3 *h, enum db_family family, struct buf *why)
{
	long version;

	if (!ask(h, "PRAGMA user_version", why))
		return false;
	version = strtol(buf_text(why), NULL, 10);
	if (version > db_schema(family)) {
		buf_puts(why, ": a schema of a newer nbms");
		return false;
	}
	if (!ask(h, "PRAGMA quick_check(1)", why))
		return false;
	if (strcmp(buf_text(why), "ok") != 0)
		return false;
	if (version == 0) {
		buf_clear(why);
		buf_puts(why, "empty");
	}
	return version > 0;
}

bool
db_is_sound(const char *path, enum db_family family, struct buf *why)
{
	sqlite3 *h = NULL;
	int code = sqlite3_open_v2(path, &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	bool sound = false;

	buf_clear(why);
	if (code != SQLITE_OK) {
		buf_puts(why, sqlite3_errstr(code));
	} else {
		(void)sqlite3_busy_timeout(h, BUSY_MS);
		sound = look(h, family, why);
	}
	(void)sqlite3_close(h);
	return sound;
}
