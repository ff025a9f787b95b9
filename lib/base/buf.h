/*
 * buf: growing bytes with a cap from birth.
 *
 * A buf that would pass its cap turns `full`, keeps what it had and takes no more until
 * buf_clear: writers append freely and look once at the end. BUF_PAD readable bytes always
 * follow the content, so that a JSON parser may read past it; buf_text adds a NUL that is not
 * counted.
 */
#ifndef NBMS_BASE_BUF_H
#define NBMS_BASE_BUF_H

#include "base/span.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BUF_PAD 64

struct buf {
	char *p;     /* NULL until the first append */
	size_t n;    /* bytes held */
	size_t room; /* bytes allocated, without the pad */
	size_t max;  /* the cap */
	bool full;   /* something did not fit: the content is incomplete */
};

#define BUF(cap) ((struct buf){ .max = (cap) })

void buf_free(struct buf *b);
void buf_wipe(struct buf *b); /* overwrites, then frees: for keys */
void buf_clear(struct buf *b);

/* Makes room for n more bytes; false, and full, where the cap forbids it. */
bool buf_reserve(struct buf *b, size_t n);

/* Here, so that what has room costs no call. */
static inline void
buf_put(struct buf *b, struct span s)
{
	if (s.n == 0 || b->full ||
	    ((b->p == NULL || b->room - b->n < s.n) && !buf_reserve(b, s.n)))
		return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

static inline void
buf_puts(struct buf *b, const char *text)
{
	buf_put(b, span_of(text));
}

static inline void
buf_putc(struct buf *b, char c)
{
	struct span s = { &c, 1 };

	buf_put(b, s);
}

void buf_putu(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Percent-encoded, as one component of a query or a form (RFC 3986). */
void buf_put_escaped(struct buf *b, struct span text);

/* Drops the first n bytes. */
void buf_drop(struct buf *b, size_t n);

struct span buf_span(const struct buf *b);
const char *buf_text(struct buf *b);

#ifdef __cplusplus
}
#endif

#endif
