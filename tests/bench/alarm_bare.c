/*
 * alarm_bare SOURCE.db NEW.db: the yardstick for nbms-alarm: for each event of a history, in
 * order of time, one INSERT into the same table and one upsert of what stands, by a bare loop
 * of prepared statements, committed every 32768 events. Prints {"rows":N,"seconds":S}.
 */
#include <sqlite3.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH 32768
#define COLUMNS 20

static void
check(int ok, sqlite3 *h, const char *doing)
{
	if (ok)
		return;
	fprintf(stderr, "alarm_bare: %s: %s\n", doing, sqlite3_errmsg(h));
	exit(1);
}

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
exec(sqlite3 *h, const char *sql)
{
	check(sqlite3_exec(h, sql, NULL, NULL, NULL) == SQLITE_OK, h, sql);
}

static sqlite3_stmt *
prepare(sqlite3 *h, const char *sql)
{
	sqlite3_stmt *st;

	check(sqlite3_prepare_v2(h, sql, -1, &st, NULL) == SQLITE_OK, h, sql);
	return st;
}

/* The source's rows stay in memory: what is timed is writing. */
static sqlite3_value **
load(const char *path, size_t *n)
{
	sqlite3 *h;
	sqlite3_stmt *st;
	sqlite3_value **values = NULL;
	size_t room = 0;
	int i;

	check(sqlite3_open_v2(path, &h, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK, h, path);
	st = prepare(h, "SELECT * FROM alarm_history ORDER BY time, alarm");
	for (*n = 0; sqlite3_step(st) == SQLITE_ROW; (*n)++) {
		if (*n == room) {
			room = room > 0 ? room * 2 : 65536;
			values = realloc(values, room * COLUMNS * sizeof(*values));
			check(values != NULL, h, "memory");
		}
		for (i = 0; i < COLUMNS; i++)
			values[*n * COLUMNS + (size_t)i] =
			    sqlite3_value_dup(sqlite3_column_value(st, i));
	}
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(h);
	return values;
}

int
main(int argc, char *argv[])
{
	sqlite3 *h;
	sqlite3_stmt *put, *stand;
	sqlite3_value **values;
	size_t n, k;
	double begin;
	int i;

	if (argc != 3)
		return 64;
	values = load(argv[1], &n);
	check(sqlite3_open(argv[2], &h) == SQLITE_OK, h, argv[2]);
	exec(h, "PRAGMA journal_mode = WAL");
	exec(h, "PRAGMA synchronous = FULL");
	exec(h, "PRAGMA cache_size = -16384");
	exec(h,
	    "CREATE TABLE alarm_history (alarm, time, event, digest, place, transition, told, "
	    "episode, flags, "
	    "shelved_until, event_level, event_priority, until, once, name, point_id, value, "
	    "text, done_by, reason, "
	    "PRIMARY KEY (alarm, time, event, digest)) WITHOUT ROWID;"
	    "CREATE TABLE alarm (id INTEGER PRIMARY KEY, flags, episode, level, value, text)");
	put = prepare(
	    h, "INSERT INTO alarm_history VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	stand = prepare(h, "INSERT INTO alarm (id, flags, episode, level, value, text) VALUES "
			   "(?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET "
			   "flags = excluded.flags, episode = excluded.episode, level = "
			   "excluded.level, value = excluded.value, text = excluded.text");
	begin = seconds();
	for (k = 0; k < n; k++) {
		static const int of[] = { 0, 8, 7, 10, 16, 17 };
		sqlite3_value **row = values + k * COLUMNS;

		if (k % BATCH == 0)
			exec(h, k == 0 ? "BEGIN" : "COMMIT; BEGIN");
		for (i = 0; i < COLUMNS; i++)
			(void)sqlite3_bind_value(put, i + 1, row[i]);
		for (i = 0; i < 6; i++)
			(void)sqlite3_bind_value(stand, i + 1, row[of[i]]);
		check(sqlite3_step(put) == SQLITE_DONE && sqlite3_step(stand) == SQLITE_DONE, h,
		    "insert");
		(void)sqlite3_reset(put);
		(void)sqlite3_reset(stand);
	}
	exec(h, "COMMIT");
	printf("{\"rows\":%zu,\"seconds\":%.4f}\n", n, seconds() - begin);
	for (k = 0; k < n * COLUMNS; k++)
		sqlite3_value_free(values[k]);
	free(values);
	(void)sqlite3_finalize(put);
	(void)sqlite3_finalize(stand);
	(void)sqlite3_close(h);
	return 0;
}
