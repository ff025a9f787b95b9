#include "base/lines.h"
#include "base/buf.h"
#include "base/metrics.h"
#include "base/prog.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10) /* bytes asked of read(2) at a time */

struct lines {
	lines_read_fn *read_fn; /* NULL: read(2) of fd */
	void *ctx;
	int fd;
	bool eof;
	bool ignore_stop;
	struct where at;
	size_t max;
	uint64_t length;
	uint64_t offset;
	uint64_t dropped; /* bytes of a line past the bound, read and let go */
	size_t from;      /* first unread byte in held */
	size_t seen;      /* bytes from `from` known to hold no LF */
	struct buf held;
};

struct lines *
lines_open(int fd, const char *name, size_t max)
{
	struct lines *in = xcalloc(1, sizeof(*in));

	in->fd = fd;
	in->at.source = name;
	in->max = max > 0 ? max : LINES_MAX;
	in->held = BUF(in->max + 2 * CHUNK);
	return in;
}

struct lines *
lines_open_fn(lines_read_fn *read_fn, void *ctx, const char *name, size_t max)
{
	struct lines *in = lines_open(-1, name, max);

	in->read_fn = read_fn;
	in->ctx = ctx;
	return in;
}

void
lines_free(struct lines *in)
{
	if (in == NULL)
		return;
	buf_free(&in->held);
	free(in);
}

const struct where *
lines_where(const struct lines *in)
{
	return &in->at;
}

uint64_t
lines_length(const struct lines *in)
{
	return in->length;
}

uint64_t
lines_offset(const struct lines *in)
{
	return in->offset;
}

void
lines_ignore_stop(struct lines *in)
{
	in->ignore_stop = true;
}

static bool
stopping(const struct lines *in)
{
	return !in->ignore_stop && prog_stopping();
}

static ssize_t
read_some(struct lines *in, char *to, size_t n)
{
	if (in->read_fn != NULL)
		return in->read_fn(in->ctx, to, n);
	metrics_wait(in->fd);
	return stopping(in) ? (errno = EINTR, -1) : read(in->fd, to, n);
}

/* Reads once: 1 got bytes, 0 end of input or asked to stop, -1 error (reported). */
static int
fill(struct lines *in)
{
	ssize_t k;

	if (in->eof)
		return 0;
	buf_drop(&in->held, in->from);
	in->from = 0;
	must(buf_reserve(&in->held, CHUNK));
	do {
		if (stopping(in))
			return 0;
		k = read_some(in, in->held.p + in->held.n, in->held.room - in->held.n);
		if (k < 0 && errno == EAGAIN &&
		    in->read_fn == NULL) /* somebody else made it so */
			(void)poll(&(struct pollfd){ .fd = in->fd, .events = POLLIN }, 1, -1);
	} while (k < 0 && (errno == EINTR || (errno == EAGAIN && in->read_fn == NULL)));
	if (k < 0) {
		diag("%s: cannot read: %s", in->at.source, strerror(errno));
		return -1;
	}
	in->eof = k == 0;
	in->held.n += (size_t)k;
	return k > 0;
}

/* The bytes of the line that are held, and whether its end is there. */
static bool
find_end(struct lines *in, size_t *length)
{
	size_t n = in->held.n - in->from;
	const char *start, *lf;

	*length = n;
	if (n == in->seen)
		return false;
	start = in->held.p + in->from;
	lf = memchr(start + in->seen, '\n', n - in->seen);
	in->seen = lf != NULL ? (size_t)(lf - start) : n;
	*length = in->seen;
	return lf != NULL;
}

/* Gives the n held bytes as the next line. */
static enum lines_kind
take(struct lines *in, struct span *line, size_t n, bool ended)
{
	size_t shown = n < in->max ? n : in->max;

	*line = (struct span){ in->held.p != NULL ? in->held.p + in->from : "", shown };
	in->from += n + (ended ? 1 : 0);
	in->seen = 0;
	in->length = n + in->dropped;
	in->offset += in->length + (ended ? 1 : 0);
	in->dropped = 0;
	in->at.line++;
	if (in->length > in->max)
		return LINES_LONG;
	return ended ? LINES_LINE : LINES_CUT;
}

/* Lets go of what is past the bound, keeping the line's first bytes. */
static void
drop_excess(struct lines *in, size_t n)
{
	in->dropped += n - in->max;
	in->held.n -= n - in->max;
	in->seen = in->max;
}

static enum lines_kind
next(struct lines *in, struct span *line, bool *again)
{
	bool may_read = true;
	size_t n;
	int k;

	for (;;) {
		if (find_end(in, &n))
			return take(in, line, n, true);
		if (n > in->max)
			drop_excess(in, n);
		if (again != NULL && !may_read) {
			*again = true;
			return LINES_END;
		}
		k = stopping(in) ? 0 : fill(in);
		may_read = false;
		if (k < 0)
			return LINES_ERROR;
		if (k == 0 && in->eof && in->held.n > in->from)
			return take(in, line, in->held.n - in->from, false);
		if (k == 0)
			return LINES_END;
	}
}

bool
lines_would_wait(struct lines *in, int ms)
{
	struct pollfd ready = { .fd = in->fd, .events = POLLIN };
	size_t n;

	if (find_end(in, &n) || in->eof || poll(&ready, 1, ms) != 0)
		return false;
	metrics_tick(); /* a caller that only looks again and again */
	return true;
}

bool
lines_ready(struct lines *in)
{
	size_t n;

	return find_end(in, &n);
}

enum lines_kind
lines_next(struct lines *in, struct span *line)
{
	return next(in, line, NULL);
}

enum lines_kind
lines_try(struct lines *in, struct span *line, bool *again)
{
	*again = false;
	return next(in, line, again);
}
