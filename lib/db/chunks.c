#include "db/chunks.h"
#include "base/buf.h"
#include "base/chunk.h"
#include "base/diag.h"

#include <math.h>
#include <stdlib.h>

#define CELLS ((size_t)1 << 20) /* samples that are held at once, 8 MiB of them */
#define CHUNK_MAX ((size_t)64 << 20)
#define NO_THING UINT32_MAX

/* At one time, of one gateway. */
struct report {
	when_t ts;
	uint32_t thing;
};

struct row {
	int64_t series;
	struct span data;
};

struct chunks {
	struct row *rows;
	size_t n;
};

/* What is read, and the slice of series in hand: their values time by time. */
struct reading_of_day {
	struct month *m;
	when_t day;
	struct span *things;
	size_t things_n;
	uint32_t *thing_of; /* by series id; NO_THING: no series */
	int64_t id_max;
	struct report *reports;
	size_t reports_n;
	when_t *ts; /* of each time */
	size_t ts_n;
	int64_t first_id; /* of the slice */
	size_t width;     /* how many */
	double *value;
	bool *there;
	struct chunks *to;
};

static uint32_t
thing_index(struct reading_of_day *d, struct span name)
{
	size_t i;

	for (i = 0; i < d->things_n; i++)
		if (span_eq(d->things[i], name))
			return (uint32_t)i;
	d->things = xrealloc(d->things, (d->things_n + 1) * sizeof(*d->things));
	d->things[d->things_n++] = (struct span){ xstrndup(name.p, name.n), name.n };
	return (uint32_t)i;
}

static void
read_series(struct reading_of_day *d)
{
	struct db *db = month_db(d->m);
	struct span thing, point_id, attr;
	int64_t id, texts, period, n;
	struct rows *r;

	must(db_one(db, SQL_SERIES_BOUNDS, "", "ii", &n, &d->id_max));
	d->thing_of = xmalloc(((size_t)d->id_max + 1) * sizeof(*d->thing_of));
	for (id = 0; id <= d->id_max; id++)
		d->thing_of[id] = NO_THING;
	r = db_rows(db, SQL_SERIES_NAMES, "");
	while (rows_next(r, "itttii", &id, &thing, &point_id, &attr, &texts, &period))
		if (id <= d->id_max)
			d->thing_of[id] = thing_index(d, thing);
	rows_end(r);
}

static void
read_reports(struct reading_of_day *d, when_t from, when_t to)
{
	struct rows *r =
	    db_rows(month_db(d->m), SQL_FRAME_TIMES, "ii", (int64_t)from, (int64_t)to);
	struct span thing;
	int64_t ts;

	while (rows_next(r, "it", &ts, &thing)) {
		size_t n = d->reports_n;

		if ((n & (n - 1)) == 0) {
			d->reports =
			    xrealloc(d->reports, (n > 0 ? 2 * n : 1) * sizeof(*d->reports));
			d->ts = xrealloc(d->ts, (n > 0 ? 2 * n : 1) * sizeof(*d->ts));
		}
		d->reports[d->reports_n++] = (struct report){ ts, thing_index(d, thing) };
		if (d->ts_n == 0 || d->ts[d->ts_n - 1] != ts)
			d->ts[d->ts_n++] = ts;
	}
	rows_end(r);
}

/* The samples of the slice at the k-th time. */
static void
read_frame(struct reading_of_day *d, size_t k, const bool reported[])
{
	struct rows *r = db_rows(month_db(d->m), SQL_SAMPLE_FRAME, "i", (int64_t)d->ts[k]);
	int64_t id;
	double value;

	while (rows_next(r, "id", &id, &value)) {
		size_t at = (size_t)(id - d->first_id) * d->ts_n + k;

		if (id < d->first_id || id >= d->first_id + (int64_t)d->width ||
		    d->thing_of[id] == NO_THING || !reported[d->thing_of[id]])
			continue;
		d->value[at] = value;
		d->there[at] = true;
	}
	rows_end(r);
}

static void
keep_series(struct reading_of_day *d, int64_t id, int64_t ts[], double value[])
{
	size_t row = (size_t)(id - d->first_id) * d->ts_n, n = 0, k;
	struct buf text = BUF(CHUNK_MAX);
	struct chunks *to = d->to;

	for (k = 0; k < d->ts_n; k++)
		if (d->there[row + k]) {
			ts[n] = d->ts[k];
			value[n++] = d->value[row + k];
		}
	if (n == 0)
		return;
	chunk_put(&text, d->day, ts, value, n);
	must(!text.full);
	if ((to->n & (to->n - 1)) == 0)
		to->rows = xrealloc(to->rows, (to->n > 0 ? 2 * to->n : 1) * sizeof(*to->rows));
	to->rows[to->n++] = (struct row){ id, { xstrndup(text.p, text.n), text.n } };
	buf_free(&text);
}

static void
read_slice(struct reading_of_day *d)
{
	bool *reported = xcalloc(d->things_n + 1, sizeof(*reported));
	int64_t *ts = xcalloc(d->ts_n, sizeof(*ts)), id;
	double *value = xcalloc(d->ts_n, sizeof(*value));
	size_t k, at = 0, i;

	memset(d->there, 0, d->width * d->ts_n * sizeof(*d->there));
	for (k = 0; k < d->ts_n; k++) {
		for (i = 0; i < d->things_n; i++)
			reported[i] = false;
		for (; at < d->reports_n && d->reports[at].ts == d->ts[k]; at++)
			reported[d->reports[at].thing] = true;
		read_frame(d, k, reported);
	}
	for (id = d->first_id; id < d->first_id + (int64_t)d->width; id++)
		keep_series(d, id, ts, value);
	free(reported);
	free(ts);
	free(value);
}

static void
read_slices(struct reading_of_day *d)
{
	size_t all = (size_t)d->id_max, most = CELLS / d->ts_n > 0 ? CELLS / d->ts_n : 1;
	size_t width = all < most ? all : most;

	d->value = xcalloc(width * d->ts_n, sizeof(*d->value));
	d->there = xcalloc(width * d->ts_n, sizeof(*d->there));
	for (d->first_id = 1; d->first_id <= d->id_max; d->first_id += (int64_t)width) {
		size_t left = (size_t)(d->id_max - d->first_id) + 1;

		d->width = left < width ? left : width;
		read_slice(d);
	}
}

struct chunks *
chunks_read(struct month *m, when_t day, when_t from, when_t to)
{
	struct chunks *c = xcalloc(1, sizeof(*c));
	struct reading_of_day d = { .m = m, .day = day, .to = c };
	size_t i;

	read_series(&d);
	read_reports(&d, from, to);
	if (d.id_max > 0 && d.ts_n > 0)
		read_slices(&d);
	for (i = 0; i < d.things_n; i++)
		free((char *)(uintptr_t)d.things[i].p);
	free(d.things);
	free(d.thing_of);
	free(d.reports);
	free(d.ts);
	free(d.value);
	free(d.there);
	return c;
}

void
chunks_free(struct chunks *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		free((char *)(uintptr_t)c->rows[i].data.p);
	free(c->rows);
	free(c);
}

void
chunks_keep(struct db *db, when_t day, const struct chunks *c)
{
	size_t i;

	db_do(db, SQL_CHUNK_DROP, "i", (int64_t)day);
	for (i = 0; i < c->n; i++)
		db_do(
		    db, SQL_CHUNK_PUT, "iit", (int64_t)day, c->rows[i].series, c->rows[i].data);
}
