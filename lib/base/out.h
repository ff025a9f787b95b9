/*
 * out: stdout, buffered, and checked. What cannot be written ends the program with EX_IOERR and
 * a message naming the reason (a reader that went away, EPIPE, ends it without one): a full
 * disk is never silent.
 */
#ifndef NBMS_BASE_OUT_H
#define NBMS_BASE_OUT_H

#include "base/span.h"

void out_put(struct span s);
void out_puts(const char *text);
void out_line(struct span s); /* with an LF */
void out_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Sends what is held. */
void out_flush(void);

/* Flushes, and finds out what only close(2) tells. Called by prog_end; harmless twice. */
void out_close(void);

/* Ends the program, as out_flush would, where stdout is a pipe that nobody reads any more. For
 * those who seldom have something to say: their reader's death is found out before it is
 * needed. */
void out_need_reader(void);

/* Ends the program for errno of a write to stdout, as out_put does. For those who write there
 * themselves. */
__attribute__((noreturn)) void out_failed(void);

/* Is stdout a terminal? */
bool out_is_terminal(void);

/* All of it, through interruptions, to any descriptor; false with errno set. */
bool out_write_all(int fd, struct span s);

#endif
