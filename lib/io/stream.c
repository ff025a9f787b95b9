#include "io/stream.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/out.h"
#include "base/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_PIECE 4096
#define PIECE ((size_t)512 << 10) /* bytes of a batch written before it is committed */
#define HELD ((size_t)256 << 10)  /* bytes taken from the spool at a time */
#define SERVED ((size_t)6 << 20)  /* bytes written before the caller has its turn */
#define FRESH ((size_t)6 << 20)   /* bytes of records that need not be read from the spool */
#define MARK_NS \
	INT64_C(700000000) /* between marks: "once a second" is kept when a turn comes late */

struct stream {
	struct buf batch;  /* records that come next, written to the spool, */
	size_t fresh;      /* so many bytes, often none; then those added and not written, */
	uint64_t added;    /* so many */
	int64_t latest_ms; /* when the last of these was received */
	size_t uncommitted;
	struct spool *writer;
	struct spool_reader *reader; /* NULL: straight */
	struct buf held;             /* whole lines on their way to stdout, */
	size_t sent;                 /* of which so many bytes have gone */
	struct spool_place behind;   /* the end of what is fresh in the spool */
	int64_t fresh_ms;            /* when its last was received */
	uint64_t told;               /* seq of the last record in held */
	int64_t told_ms;             /* when it was received */
	uint64_t dry;                /* the spool's end when the reader last had no more */
	int64_t marked;              /* clock_monotonic of the last mark */
	int out;                     /* stdout */
	size_t piece;                /* bytes that it takes without waiting when it is ready */
};

/*
 * Sees to it that writing never waits. A pipe is opened once more, so that nobody who shares it
 * finds it changed; where that cannot be, one that is ready has room for a page. A file or
 * /dev/null keeps no one waiting.
 */
static void
open_out(struct stream *s)
{
	struct stat st;

	s->out = STDOUT_FILENO;
	s->piece = PIPE_PIECE;
	if (fstat(STDOUT_FILENO, &st) != 0)
		return;
	if (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !out_is_terminal()))
		s->piece = SERVED;
	if (!S_ISFIFO(st.st_mode))
		return;
	(void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 1 << 20); /* fewer turns */
	s->out = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (s->out >= 0)
		s->piece = SERVED;
	else
		s->out = STDOUT_FILENO;
}

struct stream *
stream_open(void)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->batch = BUF((size_t)2 * SPOOL_LINE_MAX);
	s->held = BUF((size_t)2 * SPOOL_LINE_MAX);
	s->latest_ms = s->fresh_ms = s->told_ms = WHEN_NONE;
	s->marked = clock_monotonic();
	open_out(s);
	return s;
}

struct stream *
stream_open_spool(struct spool *writer, struct spool_reader *reader)
{
	struct stream *s = stream_open();

	s->writer = writer;
	s->reader = reader;
	s->told = spool_reader_position(reader) - 1;
	return s;
}

static void
send_all(struct stream *s)
{
	if (!out_write_all(
		STDOUT_FILENO, (struct span){ s->held.p + s->sent, s->held.n - s->sent }))
		out_failed();
	s->sent = s->held.n;
}

void
stream_close(struct stream *s)
{
	const char *lf;

	if (s == NULL)
		return;
	/* half a line has gone: its reader gets the other half */
	if (s->sent > 0 && s->sent < s->held.n && s->held.p[s->sent - 1] != '\n') {
		lf = memchr(s->held.p + s->sent, '\n', s->held.n - s->sent);
		must(lf != NULL);
		s->held.n = (size_t)(lf + 1 - s->held.p);
		send_all(s);
	}
	spool_reader_free(s->reader);
	spool_close(s->writer);
	if (s->out != STDOUT_FILENO)
		(void)close(s->out);
	buf_free(&s->batch);
	buf_free(&s->held);
	free(s);
}

static void
swap(struct buf *a, struct buf *b)
{
	struct buf was = *a;

	*a = *b;
	*b = was;
}

/* May what is written now stay for the reader of stdout, which has had all there was before? */
static bool
is_next(const struct stream *s)
{
	uint64_t wanted = s->fresh > 0 ? s->behind.seq : s->told + 1;

	return spool_next_seq(s->writer) == wanted && s->batch.n <= FRESH;
}

static void
write_spool(struct stream *s)
{
	bool stays = is_next(s);

	spool_write(
	    s->writer, (struct span){ s->batch.p + s->fresh, s->batch.n - s->fresh }, s->added);
	if (stays) {
		s->fresh = s->batch.n;
		s->behind = spool_place(s->writer);
		if (s->latest_ms > s->fresh_ms)
			s->fresh_ms = s->latest_ms;
	}
	s->batch.n = s->fresh;
}

static void
write_batch(struct stream *s)
{
	if (s->writer == NULL) {
		out_put(buf_span(&s->batch));
		buf_clear(&s->batch);
	} else if (s->added > 0) {
		write_spool(s);
	}
	s->added = 0;
	s->latest_ms = WHEN_NONE;
}

bool
stream_add(struct stream *s, const struct envelope *e, json_value root)
{
	uint64_t seq = s->writer != NULL ? spool_next_seq(s->writer) + s->added : 0;
	size_t from = s->batch.n;

	if (envelope_write(e, root, seq, &s->batch) && s->batch.n - from < SPOOL_LINE_MAX) {
		buf_putc(&s->batch, '\n');
		if (!s->batch.full) {
			s->added++;
			if (e->received_ms > s->latest_ms)
				s->latest_ms = e->received_ms;
			s->uncommitted += s->batch.n - from;
			if (s->batch.n - s->fresh >= PIECE)
				write_batch(s);
			return true;
		}
	}
	s->batch.n = from;
	s->batch.full = false;
	return false;
}

size_t
stream_uncommitted(const struct stream *s)
{
	return s->uncommitted;
}

void
stream_commit(struct stream *s)
{
	write_batch(s);
	s->uncommitted = 0;
	if (s->writer != NULL)
		spool_sync(s->writer);
	else
		out_flush();
}

/* received, which follows seq where it is there */
static int64_t
received_of(struct span line)
{
	static const char name[] = ",\"received\":\"";
	const char *p = memchr(line.p, ',', line.n < 32 ? line.n : 32);
	struct span text;
	const char *end;
	when_t t;
	int ms;

	if (p == NULL || !span_starts((struct span){ p, line.n - (size_t)(p - line.p) }, name))
		return WHEN_NONE;
	text.p = p + sizeof(name) - 1;
	end = memchr(text.p, '"', line.n - (size_t)(text.p - line.p));
	text.n = end != NULL ? (size_t)(end - text.p) : 0;
	return when_parse_rfc3339(text, &t, &ms) ? t * 1000 + ms : WHEN_NONE;
}

static void
put_mark(struct stream *s, int64_t at_ms)
{
	envelope_write_mark(s->told, at_ms, &s->held);
	buf_putc(&s->held, '\n');
	s->marked = clock_monotonic();
}

static uint64_t
end_of(const struct stream *s)
{
	return s->writer != NULL ? spool_durable(s->writer) : UINT64_MAX;
}

/* Takes what need not be read from the spool. */
static void
take_fresh(struct stream *s)
{
	swap(&s->held, &s->batch);
	buf_put(&s->batch, (struct span){ s->held.p + s->fresh, s->held.n - s->fresh });
	s->held.n = s->fresh;
	s->fresh = 0;
	s->told = s->behind.seq - 1;
	if (s->fresh_ms > s->told_ms)
		s->told_ms = s->fresh_ms;
	s->fresh_ms = WHEN_NONE;
	s->dry = s->behind.seq;
	spool_reader_seek(s->reader, &s->behind);
}

/* Takes whole records that are on the disk; false: there are none. */
static bool
refill(struct stream *s)
{
	struct span line;
	uint64_t seq;
	int64_t ms;

	if (s->sent < s->held.n)
		return true;
	buf_clear(&s->held);
	s->sent = 0;
	if (s->fresh > 0) {
		if (end_of(s) >= s->behind.seq)
			take_fresh(s);
		return s->held.n > 0;
	}
	while (s->reader != NULL && s->held.n < HELD &&
	       spool_reader_next(s->reader, end_of(s), &line, &seq)) {
		buf_put(&s->held, line);
		buf_putc(&s->held, '\n');
		s->told = seq;
		ms = received_of(line);
		if (ms > s->told_ms)
			s->told_ms = ms;
	}
	if (s->held.n < HELD)
		s->dry = end_of(s);
	return s->held.n > 0;
}

/* Writes a piece; false: stdout has no room. */
static bool
send_some(struct stream *s)
{
	struct pollfd ready = { .fd = s->out, .events = POLLOUT };
	struct span left = { s->held.p + s->sent, s->held.n - s->sent };
	ssize_t k;

	if (left.n > s->piece)
		left.n = s->piece;
	if (s->piece == PIPE_PIECE && poll(&ready, 1, 0) != 1)
		return false;
	k = write(s->out, left.p, left.n);
	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (k < 0)
		out_failed();
	s->sent += (size_t)k;
	return true;
}

struct pollfd
stream_poll(const struct stream *s)
{
	bool waiting = s->sent < s->held.n || (s->reader != NULL && s->dry != end_of(s));

	return (struct pollfd){ .fd = s->out, .events = waiting ? POLLOUT : 0 };
}

/* What is safe in the spool and not yet written to stdout. */
static void
measure(const struct stream *s, int64_t now_ms)
{
	bool behind = s->writer != NULL && spool_durable(s->writer) > s->told + 1;

	if (s->writer != NULL)
		metrics_set(METRIC_QUEUE,
		    behind ? (double)(spool_durable(s->writer) - s->told - 1) : 0);
	if (s->told_ms != WHEN_NONE)
		metrics_set(METRIC_LAG, behind ? (double)(now_ms - s->told_ms) / 1e3 : 0);
}

bool
stream_serve(struct stream *s, int64_t now_ms)
{
	bool due = clock_monotonic() - s->marked >= MARK_NS;
	size_t before = 0, served = 0;

	measure(s, now_ms);
	if (s->reader == NULL) {
		if (due && s->uncommitted == 0)
			stream_mark(s, now_ms);
		return true;
	}
	while (served < SERVED) {
		bool more = refill(s);

		if (s->sent == 0 && due) {
			put_mark(s, s->dry == end_of(s) ? now_ms : s->told_ms);
			due = false;
			more = true;
		}
		if (!more)
			return true;
		before = s->sent;
		if (!send_some(s))
			return false;
		served += s->sent - before;
	}
	return false;
}

void
stream_mark(struct stream *s, int64_t at_ms)
{
	if (s->reader == NULL) {
		if (at_ms == WHEN_NONE)
			return;
		put_mark(s, at_ms);
		out_put(buf_span(&s->held));
		buf_clear(&s->held);
		out_flush();
		return;
	}
	while (!prog_stopping() && refill(s))
		send_all(s);
	put_mark(s, at_ms != WHEN_NONE ? at_ms : s->told_ms);
	send_all(s);
}

uint64_t
stream_told(const struct stream *s)
{
	return s->told;
}
