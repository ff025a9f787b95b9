#include "base/buf.h"
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM 256

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = BUF(b->max);
}

void
buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->room);
	buf_free(b);
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->full = false;
}

bool
buf_reserve(struct buf *b, size_t n)
{
	size_t room = b->room > 0 ? b->room : FIRST_ROOM;

	if (b->full || n > b->max || b->n > b->max - n) {
		b->full = true;
		return false;
	}
	if (b->p != NULL && b->n + n <= b->room)
		return true;
	while (room < b->n + n)
		room *= 2;
	if (room > b->max)
		room = b->max;
	b->p = xrealloc(b->p, room + BUF_PAD);
	memset(b->p + b->n, 0, room + BUF_PAD - b->n);
	b->room = room;
	return true;
}

void
buf_putu(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_put(b, (struct span){ digits + i, sizeof(digits) - i });
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	must(n >= 0);
	if ((size_t)n < sizeof(small)) {
		buf_put(b, (struct span){ small, (size_t)n });
		return;
	}
	if (!buf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap); /* the pad has room for the NUL */
	va_end(ap);
	b->n += (size_t)n;
}

void
buf_drop(struct buf *b, size_t n)
{
	must(n <= b->n);
	if (n == 0)
		return;
	b->n -= n;
	memmove(b->p, b->p + n, b->n);
}

struct span
buf_span(const struct buf *b)
{
	return (struct span){ b->p != NULL ? b->p : "", b->n };
}

const char *
buf_text(struct buf *b)
{
	if (b->p == NULL)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}

void
buf_put_escaped(struct buf *b, struct span text)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
		    c == '-' || c == '.' || c == '_' || c == '~')
			buf_putc(b, (char)c);
		else
			buf_printf(b, "%%%02X", c);
	}
}
