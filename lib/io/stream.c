#include "io/stream.h"
#include "base/lines.h"
#include "base/out.h"

#include <stdlib.h>

#define RECORD_MAX (LINES_MAX + 4096) /* a record of the longest kind in its envelope */

struct stream {
	struct buf batch;
};

struct stream *
stream_open(void)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->batch = BUF(2 * RECORD_MAX);
	return s;
}

bool
stream_add(struct stream *s, const struct envelope *e, json_value root)
{
	size_t from = s->batch.n;

	if (envelope_write(e, root, 0, &s->batch)) {
		buf_putc(&s->batch, '\n');
		return true;
	}
	s->batch.n = from;
	s->batch.full = false;
	return false;
}

size_t
stream_pending(const struct stream *s)
{
	return s->batch.n;
}

void
stream_commit(struct stream *s)
{
	out_put(buf_span(&s->batch));
	buf_clear(&s->batch);
}

void
stream_mark(struct stream *s, int64_t at_ms)
{
	if (at_ms == WHEN_NONE)
		return;
	envelope_write_mark(0, at_ms, &s->batch);
	buf_putc(&s->batch, '\n');
	stream_commit(s);
	out_flush();
}

void
stream_close(struct stream *s)
{
	buf_free(&s->batch);
	free(s);
}
