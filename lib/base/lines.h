/*
 * lines: newline-delimited input with a bound, from a descriptor.
 *
 * The text of a line is borrowed until the next call and has BUF_PAD readable bytes behind it.
 * A NUL byte is a byte like any other. A signal that sets the stop flag (base/prog.h) ends the
 * input at a line's boundary.
 */
#ifndef NBMS_BASE_LINES_H
#define NBMS_BASE_LINES_H

#include "base/diag.h"
#include "base/span.h"

#include <sys/types.h>

#define LINES_MAX ((size_t)16 << 20) /* default bound of one line, in bytes */

enum lines_kind {
	LINES_END,  /* no more: end of input, or asked to stop */
	LINES_LINE, /* a whole line, without its LF */
	LINES_CUT,  /* the last bytes of an input that ended without LF */
	LINES_LONG, /* a line past the bound: its first bytes; the rest was read and dropped */
	LINES_ERROR /* read(2) failed and was reported */
};

struct lines;

/* name is borrowed; max 0 means LINES_MAX. The descriptor stays the caller's. */
struct lines *lines_open(int fd, const char *name, size_t max);

/* The same from a function in the manner of read(2): it returns -1 with errno set where it
 * fails. */
typedef ssize_t lines_read_fn(void *ctx, char *to, size_t n);
struct lines *lines_open_fn(lines_read_fn *read_fn, void *ctx, const char *name, size_t max);

void lines_free(struct lines *in);

enum lines_kind lines_next(struct lines *in, struct span *line);

/*
 * The same with at most one read(2), for a caller that polls: LINES_END with *again set means
 * that the line is not whole yet. Lines already read are given without reading; that next call
 * may read, and so may wait, unless lines_ready.
 */
enum lines_kind lines_try(struct lines *in, struct span *line, bool *again);

/* Would lines_next have to wait longer than that? Neither a whole line nor the end of input is
 * there by then. */
bool lines_would_wait(struct lines *in, int ms);

/*
 * Is the next line whole and held already? Then the next call gives it without reading, and
 * every text given since the last read(2) still stands: a caller may gather lines as long as
 * this says yes. The LF of a LINES_LINE stands right behind its text, and the next line behind
 * that.
 */
bool lines_ready(struct lines *in);

/* Reads on to the end of the input even when asked to stop. */
void lines_ignore_stop(struct lines *in);

/* Of the line last given. Lives as long as the reader. */
const struct where *lines_where(const struct lines *in);

/* Bytes of the line last given, also where it was too long to hold. */
uint64_t lines_length(const struct lines *in);

/* Bytes consumed so far, line ends included. */
uint64_t lines_offset(const struct lines *in);

#endif
