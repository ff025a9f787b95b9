#include "db/rebuild.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/prog.h"
#include "db/copy.h"
#include "db/engine_backup.h"
#include "db/ingest.h"
#include "db/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DOWN_MAX ((size_t)16 << 20)
#define FUTURE (INT64_MAX / 4) /* what was accepted once is accepted again */

struct rebuild {
	char *dir, *scratch; /* scratch: a folder for the copy of nbms.db */
	char *server;        /* where the months are, a URL; NULL: in files, in dir */
	struct db *site;
	struct buildings buildings;
	struct rebuild_month *months;
	size_t n;
	struct db *copy;
	struct history *history;
	struct consumer consumer;
	struct ingest *in;
	struct buf down;
};

struct rebuild *
rebuild_open(const char *dir, const char *customer, const char *building)
{
	struct rebuild *r = xcalloc(1, sizeof(*r));

	r->dir = xstrdup(dir);
	r->server = site_in_server(dir) ? db_site_path(dir) : NULL;
	r->site = site_open(dir, DB_READ);
	if (!buildings_load(&r->buildings, r->site, customer, building)) {
		rebuild_free(r);
		return NULL;
	}
	return r;
}

void
rebuild_free(struct rebuild *r)
{
	if (r == NULL)
		return;
	buildings_free(&r->buildings);
	db_close(r->site);
	free(r->months);
	free(r->dir);
	free(r->server);
	free(r);
}

/* ---- which ---- */

static struct rebuild_month *
find(struct rebuild *r, const struct place *place, when_t ts)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		struct rebuild_month *m = &r->months[i];

		if (m->place == place && ts >= m->from && ts < m->to)
			return m;
	}
	return NULL;
}

static struct rebuild_month *
add(struct rebuild *r, const struct place *place, when_t ts, const char *why)
{
	struct rebuild_month *m = find(r, place, ts);

	if (m != NULL)
		return m;
	r->months = xrealloc(r->months, (r->n + 1) * sizeof(*r->months));
	m = &r->months[r->n++];
	*m = (struct rebuild_month){ .place = place,
		.from = when_month(place->zone, ts, 0),
		.to = when_month(place->zone, ts, 1),
		.why = why,
		.first = WHEN_NONE,
		.last = WHEN_NONE };
	return m;
}

static char *
path_of(const struct rebuild *r, const struct place *place, when_t ts, const char *tail)
{
	char *path = history_path(r->dir, place->key, place->zone, ts), *full;

	full = xasprintf("%s%s", path, tail);
	free(path);
	return full;
}

static bool
is_there(const struct rebuild *r, const struct place *place, when_t ts, const char *tail)
{
	char *path = path_of(r, place, ts, tail);
	bool there = r->server != NULL ? db_exists(path, DB_MONTH) : access(path, F_OK) == 0;

	free(path);
	return there;
}

static void
look_over(struct rebuild *r, const struct place *place, when_t ts)
{
	char *path = path_of(r, place, ts, "");
	struct buf why = BUF(4096);

	if (is_there(r, place, ts, ".rebuilding")) {
		diag("%s: a rebuild of it was not finished", path);
		(void)add(r, place, ts, "damaged");
	} else if (!db_is_sound(path, DB_MONTH, &why)) {
		diag("%s: damaged: %s", path, buf_text(&why));
		(void)add(r, place, ts, "damaged");
	}
	buf_free(&why);
	free(path);
}

void
rebuild_damaged(struct rebuild *r)
{
	struct history *h = history_open(r->dir, DB_READ);
	size_t i;

	/* a server looks after its pages itself */
	for (i = 0; i < r->buildings.n && r->server == NULL; i++) {
		const struct place *p = &r->buildings.all[i];
		when_t t = WHEN_NONE;

		while ((t = history_next_month(h, p->key, p->zone, t)) != WHEN_NONE)
			look_over(r, p, t);
	}
	history_close(h);
}

bool
rebuild_month(struct rebuild *r, const char *month)
{
	size_t i;
	when_t t;

	for (i = 0; i < r->buildings.n; i++) {
		if (strlen(month) != 7 ||
		    !when_parse_human(span_of(month), r->buildings.all[i].zone, 0, &t))
			return false;
		(void)add(r, &r->buildings.all[i], t, "asked for");
	}
	return true;
}

static const struct place *
place_of(const struct rebuild *r, struct span key)
{
	size_t i;

	for (i = 0; i < r->buildings.n; i++)
		if (span_eq(r->buildings.all[i].key, key))
			return &r->buildings.all[i];
	return NULL;
}

void
rebuild_see(struct rebuild *r, const struct message *m, bool missing)
{
	const struct place *place = place_of(r, m->thing.building_key);
	struct rebuild_month *month;
	when_t ts;

	if (m->kind != MESSAGE_PERIODIC_LOG || place == NULL ||
	    !message_time(m, place->zone, &ts))
		return;
	month = find(r, place, ts);
	if (month == NULL && missing && !is_there(r, place, ts, ""))
		month = add(r, place, ts, "missing");
	if (month != NULL)
		month->records++;
}

static int
by_place(const void *a, const void *b)
{
	const struct rebuild_month *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

const struct rebuild_month *
rebuild_nth(const struct rebuild *r, size_t n)
{
	return n < r->n ? &r->months[n] : NULL;
}

/* ---- again ---- */

static void
put_marker(const struct rebuild *r, const struct rebuild_month *m)
{
	char *path = path_of(r, m->place, m->from, ".rebuilding"), *folder = xstrdup(path);

	*strrchr(folder, '/') = '\0';
	if (!dir_make(folder, 0777) || !file_replace(path, 0666, SPAN("")))
		diag_exit(EX_IOERR);
	free(path);
	free(folder);
}

/* SQLite's log belongs to the file it is of: it goes with it. */
static void
move_aside(const struct rebuild *r, const struct rebuild_month *m)
{
	static const char *const tails[] = { "-shm", "-wal", "" };
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		char *from = path_of(r, m->place, m->from, tails[i]);
		char *aside = path_of(r, m->place, m->from, ".damaged"), *to;

		to = xasprintf("%s%s", aside, tails[i]);
		if (rename(from, to) != 0 && errno != ENOENT)
			die(EX_IOERR, "%s: cannot move aside: %s", from, strerror(errno));
		free(from);
		free(aside);
		free(to);
	}
}

/* ---- of a server: made in files, and then put in the month's place in one transaction ---- */

static char *
month_in(const char *dir, const struct rebuild_month *m, int offset)
{
	return history_path(
	    dir, m->place->key, m->place->zone, when_month(m->place->zone, m->from, offset));
}

/* A month, where there is any; what the other place has of it goes first, or there is nothing.
 */
static void
copy_month(const char *from_path, const char *to_path, bool replace)
{
	struct db *from = db_open(from_path, DB_MONTH, DB_READ), *to;
	struct tables_digest what;

	if (from != NULL) {
		to = db_open(to_path, DB_MONTH, DB_WRITE);
		(void)copy_database(from, to, replace, &what);
		db_close(to);
		db_close(from);
	}
}

/* What is there of the month that many after m. */
static void
fetch_month(const struct rebuild *r, const struct rebuild_month *m, int offset)
{
	char *from = month_in(r->server, m, offset), *to = month_in(r->scratch, m, offset);

	if (!db_exists(to, DB_MONTH))
		copy_month(from, to, false);
	free(from);
	free(to);
}

/* The registry, and the months beside those that are made again. From here on a directory means
 * its files. */
static void
fetch(struct rebuild *r, const char *to, bool keep)
{
	struct db *copy = db_open(to, DB_SITE, DB_WRITE);
	struct tables_digest what;
	size_t i;

	(void)copy_database(r->site, copy, false, &what);
	db_close(copy);
	(void)unsetenv("NBMS_DB");
	for (i = 0; i < r->n; i++) {
		const struct rebuild_month *m = &r->months[i];

		if (find(r, m->place, m->from - 1) == NULL)
			fetch_month(r, m, -1);
		if (keep)
			fetch_month(r, m, 0);
		if (find(r, m->place, m->to) == NULL)
			fetch_month(r, m, 1);
	}
}

static void
put_back(const struct rebuild *r, const struct rebuild_month *m)
{
	char *from = month_in(r->scratch, m, 0), *to = month_in(r->server, m, 0);

	copy_month(from, to, true);
	free(from);
	free(to);
}

/* ---- begun and ended ---- */

/* The files of the months, marked and out of the way. */
static void
clear_files(const struct rebuild *r, bool keep)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		put_marker(r, &r->months[i]);
		if (!keep)
			move_aside(r, &r->months[i]);
	}
}

void
rebuild_begin(struct rebuild *r, bool keep)
{
	static const struct ingest_options options = { .future = FUTURE };
	char *from = xasprintf("%s/nbms.db", r->dir), *to;

	if (r->n > 1)
		qsort(r->months, r->n, sizeof(*r->months), by_place);
	r->scratch = xasprintf("%s/rebuild-%ld.tmp", r->dir, (long)getpid());
	to = xasprintf("%s/nbms.db", r->scratch);
	if (!dir_make(r->scratch, 0700))
		diag_exit(EX_CANTCREAT);
	if (r->server != NULL)
		fetch(r, to, keep);
	else if (!db_copy_file(from, to))
		diag_exit(EX_CONFIG);
	else
		clear_files(r, keep);
	r->copy = site_open(r->scratch, DB_WRITE);
	r->history = history_open(r->server != NULL ? r->scratch : r->dir, DB_WRITE);
	r->down = BUF(DOWN_MAX);
	consumer_begin(&r->consumer, r->copy, "rebuild", NULL, NULL);
	r->in = ingest_new(&r->consumer, r->history, &options);
	free(from);
	free(to);
}

/* Announcements of points count whenever they came; logs where their month is made again. */
static bool
is_wanted(struct rebuild *r, const struct message *m)
{
	const struct place *place = place_of(r, m->thing.building_key);
	when_t first, later;

	if (place == NULL)
		return false;
	if (m->kind == MESSAGE_INIT || m->kind == MESSAGE_DELETE)
		return true;
	return m->kind == MESSAGE_PERIODIC_LOG &&
	       message_times(m, place->zone, &first, &later) &&
	       (find(r, place, first) != NULL || find(r, place, later) != NULL);
}

void
rebuild_record(struct rebuild *r, struct record *record, const struct message *m)
{
	if (!is_wanted(r, m))
		return;
	prog_counts()->in++;
	ingest_message(r->in, record, m, &r->down);
	record_end(record);
	buf_clear(&r->down);
	if (++r->consumer.pending < CONSUMER_BATCH)
		return;
	ingest_commit(r->in);
	consumer_commit(&r->consumer);
}

/* What the file has now; then it is whole. */
static void
finish(struct rebuild *r, struct rebuild_month *m)
{
	struct month *month =
	    history_month_there(r->history, m->place->key, m->place->zone, m->from);
	char *marker;

	if (month != NULL)
		(void)db_one(month_db(month), SQL_FRAME_BOUNDS, "", "wwi", &m->first, &m->last,
		    &m->frames);
	if (r->server != NULL)
		return;
	marker = path_of(r, m->place, m->from, ".rebuilding");
	if (unlink(marker) != 0)
		die(EX_IOERR, "%s: cannot remove: %s", marker, strerror(errno));
	free(marker);
}

void
rebuild_end(struct rebuild *r)
{
	size_t i;

	ingest_commit(r->in);
	consumer_end(&r->consumer);
	ingest_free(r->in);
	for (i = 0; i < r->n; i++)
		finish(r, &r->months[i]);
	history_close(r->history);
	for (i = 0; i < r->n && r->server != NULL; i++)
		put_back(r, &r->months[i]);
	db_close(r->copy);
	buf_free(&r->down);
	if (!dir_remove(r->scratch))
		diag_exit(EX_IOERR);
	free(r->scratch);
}
