/*
 * store_bare SOURCE.db NEW.db: the yardstick for nbms-store. Reads the samples of a month file
 * into memory and times a bare loop that binds and steps one prepared INSERT for each into a
 * new file: the same table, rows, order and journal settings, a transaction every 256 times as
 * nbms-store has it. Prints {"rows":N,"seconds":S}.
 */
#include <sqlite3.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TIMES 256

struct row {
	int64_t ts, series;
	double value;
	int null;
};

static void
check(int ok, sqlite3 *h, const char *doing)
{
	if (ok)
		return;
	fprintf(stderr, "store_bare: %s: %s\n", doing, sqlite3_errmsg(h));
	exit(1);
}

static sqlite3 *
open_db(const char *path, int flags)
{
	sqlite3 *h;

	check(sqlite3_open_v2(path, &h, flags, NULL) == SQLITE_OK, h, path);
	return h;
}

static void
exec(sqlite3 *h, const char *sql)
{
	check(sqlite3_exec(h, sql, NULL, NULL, NULL) == SQLITE_OK, h, sql);
}

static struct row *
read_rows(const char *path, size_t *n)
{
	static const char sql[] = "SELECT ts, series, value FROM sample ORDER BY ts, series";
	sqlite3 *h = open_db(path, SQLITE_OPEN_READONLY);
	struct row *rows = NULL;
	size_t room = 0;
	sqlite3_stmt *st;

	check(sqlite3_prepare_v2(h, sql, -1, &st, NULL) == SQLITE_OK, h, sql);
	for (*n = 0; sqlite3_step(st) == SQLITE_ROW; (*n)++) {
		if (*n == room) {
			room = room > 0 ? room * 2 : 1 << 16;
			rows = realloc(rows, room * sizeof(*rows));
			check(rows != NULL, h, "memory");
		}
		rows[*n] = (struct row){ sqlite3_column_int64(st, 0),
			sqlite3_column_int64(st, 1), sqlite3_column_double(st, 2),
			sqlite3_column_type(st, 2) == SQLITE_NULL };
	}
	sqlite3_finalize(st);
	sqlite3_close(h);
	return rows;
}

static void
insert(sqlite3 *h, const struct row *rows, size_t n)
{
	static const char sql[] = "INSERT INTO sample (ts, series, value) VALUES (?1, ?2, ?3)";
	sqlite3_stmt *st;
	size_t i;
	int times = 0;

	check(sqlite3_prepare_v2(h, sql, -1, &st, NULL) == SQLITE_OK, h, sql);
	exec(h, "BEGIN");
	for (i = 0; i < n; i++) {
		if (i > 0 && rows[i].ts != rows[i - 1].ts && ++times % TIMES == 0)
			exec(h, "COMMIT; BEGIN");
		sqlite3_bind_int64(st, 1, rows[i].ts);
		sqlite3_bind_int64(st, 2, rows[i].series);
		if (rows[i].null)
			sqlite3_bind_null(st, 3);
		else
			sqlite3_bind_double(st, 3, rows[i].value);
		check(sqlite3_step(st) == SQLITE_DONE, h, sql);
		sqlite3_reset(st);
	}
	exec(h, "COMMIT");
	sqlite3_finalize(st);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char *argv[])
{
	struct row *rows;
	sqlite3 *h;
	double began;
	size_t n;

	if (argc != 3) {
		fputs("usage: store_bare SOURCE.db NEW.db\n", stderr);
		return 64;
	}
	rows = read_rows(argv[1], &n);
	began = seconds();
	h = open_db(argv[2], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	exec(h, "PRAGMA journal_mode = WAL");
	exec(h, "PRAGMA synchronous = FULL");
	exec(h, "PRAGMA wal_autocheckpoint = 4000");
	exec(h, "CREATE TABLE sample (ts BIGINT NOT NULL, series INTEGER NOT NULL, "
		"value DOUBLE PRECISION, PRIMARY KEY (ts, series)) WITHOUT ROWID");
	insert(h, rows, n);
	sqlite3_close(h);
	printf("{\"rows\":%zu,\"seconds\":%.3f}\n", n, seconds() - began);
	free(rows);
	return 0;
}
