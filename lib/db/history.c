#include "db/history.h"
#include "base/buf.h"
#include "base/diag.h"

#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

struct entry {
	struct series s; /* first: a series is its entry */
	char *key;       /* point_id NUL attr NUL thing */
	UT_hash_handle hh;
};

struct month {
	struct db *db;
	char *building;
	const struct zone *zone;
	when_t from, to;
	uint64_t generation;
	uint64_t used;                   /* for choosing what to close */
	when_t touched_from, touched_to; /* frames of a day whose sums this transaction has
					    taken away */
	bool loaded;                     /* entries hold the file's series */
	struct entry *entries;
};

struct history {
	char *dir;
	enum db_mode mode;
	struct month **months; /* `room` of them; NULL: none there */
	size_t room;
	struct month *last;
	uint64_t clock;
};

#define KEY_MAX 1024

struct history *
history_open(const char *dir, enum db_mode mode)
{
	struct history *h = xcalloc(1, sizeof(*h));

	h->dir = xstrdup(dir);
	h->mode = mode;
	h->room = db_open_most(dir);
	h->months = xcalloc(h->room, sizeof(struct month *));
	return h;
}

static void
month_close(struct month *m)
{
	struct entry *e, *next;

	if (m == NULL)
		return;
	if (db_in_transaction(m->db))
		db_commit(m->db);
	e = m->entries;
	HASH_CLEAR(hh, m->entries);
	for (; e != NULL; e = next) {
		next = e->hh.next;
		free(e->key);
		free(e);
	}
	db_close(m->db);
	free(m->building);
	free(m);
}

void
history_close(struct history *h)
{
	size_t i;

	if (h == NULL)
		return;
	for (i = 0; i < h->room; i++)
		month_close(h->months[i]);
	free(h->months);
	free(h->dir);
	free(h);
}

void
history_commit(struct history *h)
{
	size_t i;

	for (i = 0; i < h->room; i++)
		if (h->months[i] != NULL && db_in_transaction(h->months[i]->db))
			db_commit(h->months[i]->db);
}

char *
history_path(const char *dir, struct span building_key, const struct zone *zone, when_t ts)
{
	char month[WHEN_TEXT];

	return db_month_path(dir, building_key, when_format_month(month, zone, ts));
}

static struct entry *
add_entry(
    struct month *m, int64_t id, struct span thing, struct span point_id, struct span attr)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	size_t n = point_id.n + 1 + attr.n + 1 + thing.n;
	char *p = xmalloc(n + 1);

	e->key = p;
	memcpy(p, point_id.p, point_id.n);
	e->s.point_id = (struct span){ p, point_id.n };
	p[point_id.n] = '\0';
	p += point_id.n + 1;
	memcpy(p, attr.p, attr.n);
	e->s.attr = (struct span){ p, attr.n };
	p[attr.n] = '\0';
	p += attr.n + 1;
	memcpy(p, thing.p, thing.n);
	e->s.thing = (struct span){ p, thing.n };
	e->s.id = id;
	HASH_ADD_KEYPTR(hh, m->entries, e->key, n, e);
	return e;
}

/* Not before somebody asks: who reads a trend never does. */
static void
load_series(struct month *m)
{
	struct rows *r = db_rows(m->db, SQL_SERIES_LIST, "");
	struct span thing, point_id, attr;
	int64_t id, texts, period;

	while (rows_next(r, "itttii", &id, &thing, &point_id, &attr, &texts, &period)) {
		struct entry *e = add_entry(m, id, thing, point_id, attr);

		e->s.texts = texts != 0;
		e->s.period = period;
	}
	rows_end(r);
	m->loaded = true;
}

/* What makes the file readable on its own. */
static void
put_meta(struct month *m)
{
	struct span zone, customer, building;
	char month[WHEN_TEXT];

	if (db_one(m->db, SQL_META_GET, "s", "t", "timezone", &zone))
		return;
	must(building_key_parse(span_of(m->building), &customer, &building));
	db_begin(m->db);
	db_do(m->db, SQL_META_PUT, "st", "customer", customer);
	db_do(m->db, SQL_META_PUT, "st", "building", building);
	db_do(m->db, SQL_META_PUT, "ss", "month", when_format_month(month, m->zone, m->from));
	db_do(m->db, SQL_META_PUT, "ss", "timezone", zone_name(m->zone));
	db_commit(m->db);
}

static struct month *
month_open(struct history *h, struct span building_key, const struct zone *zone, when_t ts)
{
	char *path = history_path(h->dir, building_key, zone, ts);
	struct db *db = db_open(path, DB_MONTH, h->mode);
	struct month *m;

	free(path);
	if (db == NULL)
		return NULL;
	m = xcalloc(1, sizeof(*m));
	m->db = db;
	m->building = xstrndup(building_key.p, building_key.n);
	m->zone = zone;
	m->from = when_month(zone, ts, 0);
	m->to = when_month(zone, ts, 1);
	m->generation = ++h->clock;
	if (h->mode != DB_READ)
		put_meta(m);
	return m;
}

static bool
is_month(const struct month *m, struct span building_key, when_t ts)
{
	return m != NULL && ts >= m->from && ts < m->to && span_is(building_key, m->building);
}

struct month *
history_month(struct history *h, struct span building_key, const struct zone *zone, when_t ts)
{
	size_t i, oldest = 0;

	if (is_month(h->last, building_key, ts))
		return h->last;
	for (i = 0; i < h->room; i++) {
		struct month *m = h->months[i];

		if (is_month(m, building_key, ts)) {
			m->used = ++h->clock;
			return h->last = m;
		}
		if (m == NULL ||
		    (h->months[oldest] != NULL && m->used < h->months[oldest]->used))
			oldest = i;
	}
	month_close(h->months[oldest]);
	h->last = h->months[oldest] = month_open(h, building_key, zone, ts);
	if (h->last != NULL)
		h->last->used = ++h->clock;
	return h->last;
}

struct month *
history_month_there(
    struct history *h, struct span building_key, const struct zone *zone, when_t ts)
{
	struct month *m;
	char *path;
	size_t i;

	for (i = 0; i < h->room; i++)
		if (is_month(h->months[i], building_key, ts))
			return history_month(h, building_key, zone, ts);
	path = history_path(h->dir, building_key, zone, ts);
	m = db_exists(path, DB_MONTH) ? history_month(h, building_key, zone, ts) : NULL;
	free(path);
	return m;
}

when_t
month_from(const struct month *m)
{
	return m->from;
}

when_t
month_to(const struct month *m)
{
	return m->to;
}

struct db *
month_db(const struct month *m)
{
	return m->db;
}

uint64_t
month_generation(const struct month *m)
{
	return m->generation;
}

static struct db *
writing(struct month *m)
{
	if (!db_in_transaction(m->db)) {
		db_begin(m->db);
		m->touched_to = WHEN_NONE;
	}
	return m->db;
}

/* The same where a sample at ts is about to change: what was summed of its day, to which an
 * interval that ends at midnight belongs, too, holds no more. */
static struct db *
writing_at(struct month *m, when_t ts)
{
	struct db *db = writing(m);

	if (m->touched_to != WHEN_NONE && ts > m->touched_from && ts <= m->touched_to)
		return db;
	m->touched_from = when_day(m->zone, ts - 1, 0);
	m->touched_to = when_day(m->zone, ts - 1, 1);
	db_do(db, SQL_ENERGY_SUMMED_DROP, "i", (int64_t)m->touched_from);
	return db;
}

/* Another program that writes the same file may have been faster: then it is that one's. */
static struct entry *
make_series(struct month *m, struct span thing, struct span point_id, struct span attr)
{
	struct db *db = writing(m);
	int64_t id, texts, period;
	struct entry *e;

	must(db_one(
	    db, SQL_SERIES_ADD, "ttt", "iii", thing, point_id, attr, &id, &texts, &period));
	e = add_entry(m, id, thing, point_id, attr);
	e->s.texts = texts != 0;
	e->s.period = period;
	return e;
}

struct series *
month_series(
    struct month *m, struct span thing, struct span point_id, struct span attr, bool add)
{
	struct buf key = BUF(KEY_MAX);
	struct entry *e = NULL;

	buf_put(&key, point_id);
	buf_putc(&key, '\0');
	buf_put(&key, attr);
	buf_putc(&key, '\0');
	buf_put(&key, thing);
	must(!key.full);
	if (!m->loaded)
		load_series(m);
	HASH_FIND(hh, m->entries, key.p, key.n, e);
	buf_free(&key);
	if (e == NULL && add)
		e = make_series(m, thing, point_id, attr);
	return e != NULL ? &e->s : NULL;
}

void
month_set_period(struct month *m, struct series *s, int64_t period)
{
	db_do(writing(m), SQL_SERIES_SET_PERIOD, "ii", s->id, period);
	s->period = period;
}

void
month_put_frame(struct month *m, const struct zone *zone, const struct frame *f)
{
	char local[WHEN_TEXT], received[WHEN_TEXT];

	if (f->received != WHEN_NONE)
		(void)when_format(received, NULL, f->received);
	db_do(writing(m), SQL_FRAME_PUT, "itstis", (int64_t)f->ts, f->thing,
	    when_format(local, zone, f->ts), f->stamp, f->period,
	    f->received != WHEN_NONE ? received : NULL);
}

void
month_put_samples(
    struct month *m, when_t ts, const int64_t id[], const double value[], size_t n)
{
	db_put_samples(writing_at(m, ts), ts, id, value, n);
}

void
month_put_text(struct month *m, when_t ts, struct series *s, struct span json)
{
	if (json.p == NULL) {
		if (s->texts)
			db_do(
			    writing_at(m, ts), SQL_SAMPLE_TEXT_DROP, "ii", (int64_t)ts, s->id);
		return;
	}
	if (!s->texts)
		db_do(writing(m), SQL_SERIES_SET_TEXTS, "i", s->id);
	s->texts = true;
	db_do(writing_at(m, ts), SQL_SAMPLE_TEXT_PUT, "iit", (int64_t)ts, s->id, json);
}

void
month_drop_sample(struct month *m, when_t ts, struct series *s)
{
	db_do(writing_at(m, ts), SQL_SAMPLE_DROP, "ii", (int64_t)ts, s->id);
	month_put_text(m, ts, s, (struct span){ 0 });
}

bool
month_get_sample(struct month *m, when_t ts, const struct series *s, double *value)
{
	return db_one(m->db, SQL_SAMPLE_GET, "ii", "d", (int64_t)ts, s->id, value);
}

struct rows *
month_samples(struct month *m, when_t ts, const int64_t id[], size_t n)
{
	return db_rows_of(m->db, SQL_SAMPLE_PICK, ts, id, n);
}

bool
month_get_text(struct month *m, when_t ts, const struct series *s, struct span *json)
{
	return s->texts &&
	       db_one(m->db, SQL_SAMPLE_TEXT_GET, "ii", "t", (int64_t)ts, s->id, json);
}

bool
month_frame_before(
    struct month *m, struct span thing, when_t ts, when_t *found, int64_t *period)
{
	return db_one(m->db, SQL_FRAME_BEFORE, "it", "ii", (int64_t)ts, thing, found, period);
}

bool
month_frame_after(struct month *m, struct span thing, when_t ts, when_t *found, int64_t *period)
{
	return db_one(m->db, SQL_FRAME_AFTER, "it", "ii", (int64_t)ts, thing, found, period);
}

bool
month_has_frame(struct month *m, struct span thing, when_t ts)
{
	int64_t one;

	return db_one(m->db, SQL_FRAME_HAS, "it", "i", (int64_t)ts, thing, &one);
}

/* The month nearest to `than` on one side of it; WHEN_NONE: there is none. */
static when_t
nearest_month(
    const struct history *h, struct span key, const struct zone *zone, when_t than, bool later)
{
	char **months;
	size_t n = db_months(h->dir, key, &months), i;
	when_t best = WHEN_NONE, t;

	for (i = 0; i < n; i++) {
		if (when_parse_human(span_of(months[i]), zone, 0, &t) &&
		    (later ? t > than : t < than) &&
		    (best == WHEN_NONE || (later ? t < best : t > best)))
			best = t;
		free(months[i]);
	}
	free(months);
	return best;
}

when_t
history_next_month(
    struct history *h, struct span building_key, const struct zone *zone, when_t after)
{
	return nearest_month(h, building_key, zone, after, true);
}

when_t
history_previous_month(
    struct history *h, struct span building_key, const struct zone *zone, when_t before)
{
	return nearest_month(
	    h, building_key, zone, before == WHEN_NONE ? INT64_MAX : before, false);
}

when_t
history_newest(
    struct history *h, struct span building_key, const struct zone *zone, struct span thing)
{
	when_t month = WHEN_NONE, found = WHEN_NONE;
	int64_t period;

	while (found == WHEN_NONE &&
	       (month = history_previous_month(h, building_key, zone, month)) != WHEN_NONE) {
		struct month *m = history_month(h, building_key, zone, month);

		if (m != NULL && !month_frame_before(m, thing, INT64_MAX, &found, &period))
			found = WHEN_NONE;
	}
	return found;
}
