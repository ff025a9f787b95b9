#include "db/engine_postgres.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>

#define FLUSH_ROWS ((size_t)1 << 16)
#define SEND_BYTES ((size_t)256 << 10)
#define ARRAY_BYTES ((size_t)64 << 20)
#define COPY_ROWS 100 /* of fewer it is not worth its while */
#define WARY_MAX 64

/* What COPY ... BINARY begins with: signature, flags, length of an extension; PostgreSQL's
 * manual, COPY, "Binary Format". */
static const char header[19] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

static void
put16(struct buf *b, uint16_t v)
{
	v = htobe16(v);
	buf_put(b, (struct span){ (const char *)&v, sizeof(v) });
}

static void
put32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	buf_put(b, (struct span){ (const char *)&v, sizeof(v) });
}

static void
put64(struct buf *b, uint64_t v)
{
	v = htobe64(v);
	buf_put(b, (struct span){ (const char *)&v, sizeof(v) });
}

static void
put_double(struct buf *b, double v)
{
	uint64_t bits;

	if (isnan(v)) {
		put32(b, UINT32_MAX); /* null */
		return;
	}
	memcpy(&bits, &v, sizeof(bits));
	put32(b, 8);
	put64(b, bits);
}

static void
send(struct link *l, struct buf *b)
{
	if (b->n > 0 && PQputCopyData(l->c, b->p, (int)b->n) != 1)
		link_refuse(l, NULL, "copy samples");
	buf_clear(b);
}

static void
send_rows(struct link *l, const struct pending *p)
{
	static struct buf b;
	size_t i;

	if (b.max == 0)
		b = BUF(SEND_BYTES + 64);
	buf_put(&b, (struct span){ header, sizeof(header) });
	for (i = 0; i < p->n; i++) {
		put16(&b, 3);
		put32(&b, 8);
		put64(&b, (uint64_t)p->ts[i]);
		put32(&b, 4);
		put32(&b, (uint32_t)p->series[i]);
		put_double(&b, p->value[i]);
		if (b.n >= SEND_BYTES)
			send(l, &b);
	}
	put16(&b, UINT16_MAX);
	send(l, &b);
}

/* Straight into the partition. False: some of the rows are there already. */
static bool
copy_rows(struct link *l, const char *schema, const struct pending *p)
{
	char *into = xasprintf(
	    "COPY \"%s\".sample (ts, series, value) FROM STDIN (FORMAT BINARY)", schema);
	PGresult *res, *more;
	bool fine;

	link_settle(l);
	res = PQexec(l->c, into);
	if (PQresultStatus(res) != PGRES_COPY_IN)
		link_refuse(l, res, into);
	free(into);
	PQclear(res);
	send_rows(l, p);
	if (PQputCopyEnd(l->c, NULL) != 1)
		link_refuse(l, NULL, "copy samples");
	res = PQgetResult(l->c);
	fine = PQresultStatus(res) == PGRES_COMMAND_OK;
	if (!fine && !link_violated(res))
		link_refuse(l, res, "copy samples");
	PQclear(res);
	while ((more = PQgetResult(l->c)) != NULL)
		PQclear(more);
	return fine;
}

/* Dimensions, are there nulls, type of the elements, how many, the first one's number:
 * array_recv of PostgreSQL's source. */
static void
begin_array(struct buf *b, size_t n, uint32_t type)
{
	buf_clear(b);
	put32(b, 1);
	put32(b, 1);
	put32(b, type);
	put32(b, (uint32_t)n);
	put32(b, 1);
}

static void
put_array(struct buf *b, const int64_t v[], size_t n)
{
	size_t i;

	begin_array(b, n, POSTGRES_INT8);
	for (i = 0; i < n; i++) {
		put32(b, 8);
		put64(b, (uint64_t)v[i]);
	}
}

struct rows *
copy_rows_of(struct db *db, enum sql_name name, int64_t at, const int64_t id[], size_t n)
{
	static struct buf ids;

	if (ids.max == 0)
		ids = BUF(ARRAY_BYTES);
	put_array(&ids, id, n);
	must(!ids.full);
	return db_rows(db, name, "ib", at, buf_span(&ids));
}

static void
merge_rows(struct postgres_db *db)
{
	static struct buf ts, series, value;
	struct pending *p = &db->pending;
	size_t i, n = p->n;

	if (ts.max == 0)
		ts = series = value = BUF(ARRAY_BYTES);
	put_array(&ts, p->ts, n);
	put_array(&series, p->series, n);
	begin_array(&value, n, POSTGRES_FLOAT8);
	for (i = 0; i < n; i++)
		put_double(&value, p->value[i]);
	must(!ts.full && !series.full && !value.full);
	p->n = 0;
	db_do(&db->db, SQL_SAMPLE_MERGE, "bbb", buf_span(&ts), buf_span(&series),
	    buf_span(&value));
}

/*
 * Samples are mostly new, and then go straight into the partition. Where one was not, these and
 * the next few lots are merged into what is there, as small ones always are.
 */
void
copy_flush(struct postgres_db *db)
{
	struct link *l = db->link;
	bool fine;

	if (db->pending.n == 0)
		return;
	if (db->pending.n < COPY_ROWS || l->wary > 0 || !l->open) {
		l->wary -= l->wary > 0;
		merge_rows(db);
		return;
	}
	link_do(l, "SAVEPOINT copying");
	fine = copy_rows(l, db->schema, &db->pending);
	link_do(l, fine ? "RELEASE copying" : "ROLLBACK TO copying; RELEASE copying");
	if (fine) {
		db->pending.n = 0;
		l->wary_next = 1;
	} else {
		l->wary = l->wary_next =
		    l->wary_next < WARY_MAX ? l->wary_next * 2 + 1 : WARY_MAX;
		merge_rows(db);
	}
}

static void
make_room(struct pending *p, size_t n)
{
	if (p->n + n <= p->room)
		return;
	p->room = (p->n + n) * 3 / 2;
	p->ts = xrealloc(p->ts, p->room * sizeof(*p->ts));
	p->series = xrealloc(p->series, p->room * sizeof(*p->series));
	p->value = xrealloc(p->value, p->room * sizeof(*p->value));
}

void
copy_put(
    struct postgres_db *db, int64_t ts, const int64_t series[], const double value[], size_t n)
{
	struct pending *p = &db->pending;
	size_t i;

	make_room(p, n);
	for (i = 0; i < n; i++)
		p->ts[p->n + i] = ts;
	memcpy(p->series + p->n, series, n * sizeof(*series));
	memcpy(p->value + p->n, value, n * sizeof(*value));
	p->n += n;
	if (p->n >= FLUSH_ROWS || !db->link->open)
		copy_flush(db);
}
