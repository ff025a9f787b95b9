#include "db/engine_postgres.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>

#define FLUSH_ROWS ((size_t)1 << 16)
#define SEND_BYTES ((size_t)256 << 10)
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
put_row(struct buf *b, const struct pending *p, size_t i, bool staged)
{
	uint64_t bits;

	put16(b, staged ? 4 : 3);
	put32(b, 8);
	put64(b, (uint64_t)p->ts[i]);
	put32(b, 4);
	put32(b, (uint32_t)p->series[i]);
	if (isnan(p->value[i])) {
		put32(b, UINT32_MAX);
	} else {
		memcpy(&bits, &p->value[i], sizeof(bits));
		put32(b, 8);
		put64(b, bits);
	}
	if (staged) {
		put32(b, 4);
		put32(b, (uint32_t)i);
	}
}

static void
send(struct link *l, struct buf *b)
{
	if (b->n > 0 && PQputCopyData(l->c, b->p, (int)b->n) != 1)
		link_refuse(l, NULL, "copy samples");
	buf_clear(b);
}

/* False: some of the rows are there already. */
static bool
copy_rows(struct link *l, const char *into, const struct pending *p, bool staged)
{
	static struct buf b;
	PGresult *res, *more;
	bool fine;
	size_t i;

	if (b.max == 0)
		b = BUF(SEND_BYTES + 64);
	res = PQexec(l->c, into);
	if (PQresultStatus(res) != PGRES_COPY_IN)
		link_refuse(l, res, into);
	PQclear(res);
	buf_put(&b, (struct span){ header, sizeof(header) });
	for (i = 0; i < p->n; i++) {
		put_row(&b, p, i, staged);
		if (b.n >= SEND_BYTES)
			send(l, &b);
	}
	put16(&b, UINT16_MAX);
	send(l, &b);
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

void
copy_stage(struct link *l)
{
	if (!l->staging)
		link_do(l,
		    "CREATE TEMPORARY TABLE given (ts BIGINT, series INTEGER, value DOUBLE "
		    "PRECISION, n INTEGER)");
	l->staging = true;
}

/* By way of a temporary table: where a row is there already, the new value holds, and of two
 * that come together the last. */
static void
copy_staged(struct postgres_db *db)
{
	copy_stage(db->link);
	link_do(db->link, "TRUNCATE pg_temp.given");
	(void)copy_rows(db->link,
	    "COPY pg_temp.given (ts, series, value, n) FROM STDIN (FORMAT BINARY)",
	    &db->pending, true);
	db->pending.n = 0;
	(void)db_run(&db->db, SQL_SAMPLE_MERGE, "");
}

/*
 * Samples are mostly new, and then go straight into the partition. Where one was not, these and
 * the next few times all go by way of the temporary table.
 */
void
copy_flush(struct postgres_db *db)
{
	struct link *l = db->link;
	char *into;
	bool fine;

	if (db->pending.n == 0)
		return;
	if (l->wary > 0 || !l->open) {
		l->wary -= l->wary > 0;
		copy_staged(db);
		return;
	}
	into = xasprintf(
	    "COPY \"%s\".sample (ts, series, value) FROM STDIN (FORMAT BINARY)", db->schema);
	link_do(l, "SAVEPOINT copying");
	fine = copy_rows(l, into, &db->pending, false);
	link_do(l, fine ? "RELEASE copying" : "ROLLBACK TO copying; RELEASE copying");
	free(into);
	if (fine) {
		db->pending.n = 0;
		l->wary_next = 1;
	} else {
		l->wary = l->wary_next =
		    l->wary_next < WARY_MAX ? l->wary_next * 2 + 1 : WARY_MAX;
		copy_staged(db);
	}
}

static void
make_room(struct pending *p, size_t n)
{
	if (p->n + n <= p->room)
		return;
	p->room = (p->n + n) * 2;
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
