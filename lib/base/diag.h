/*
 * diag: what a program says on stderr, and the only place that ends it.
 *
 * A message is one line, `prog: text` or `prog: <stdin>:17: text`, sent in one write; control
 * bytes and bytes that are not UTF-8 are shown as `?`. Three kinds of trouble are kept apart:
 * bad data is said with diag_at and the run goes on; the system's refusals end it through die
 * with a status of sysexits(3); our own mistakes abort through must.
 *
 * The same message (the same format string) is said 20 times, then only at each tenfold count;
 * diag_summary says at the end how many were held back.
 *
 * Where $NBMS_LOG is json, a message is one JSON object a line instead: {"time":RFC 3339,
 * "level":"info|warning|error|critical","program":..,"source":..,"line":N,"message":..}, source
 * and line where there are any. Where stderr is systemd's journal ($JOURNAL_STREAM names it),
 * each line begins with its priority, <6>, <4>, <3> or <2> (sd-daemon(3)).
 */
#ifndef NBMS_BASE_DIAG_H
#define NBMS_BASE_DIAG_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>
#include <sysexits.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DIAG_NORETURN __attribute__((noreturn))

#define EX_REJECTED 1 /* some records were rejected, the rest was done */

/* Where a record came from: a source's name and its line, 1 and up (0: no line). */
struct where {
	const char *source;
	uint64_t line;
};

/* Names the program; the text is borrowed for the life of the process. */
void diag_begin(const char *program);
const char *diag_program(void);

/* Something is not as it should be, and the run goes on: a warning. */
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void diag_at(const struct where *at, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The same where one format says several kinds of thing: `kind`, a constant, is what repeats
 * are told by.
 */
void diag_kind(const struct where *at, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Nothing is wrong: what an operator may want to know; never held back. */
void diag_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Shows control characters and what is not UTF-8 as `?`, in place. */
void diag_mask(char *text, size_t n);

/* Says it and ends the program with a status of sysexits(3). */
DIAG_NORETURN void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program without a word. */
DIAG_NORETURN void diag_exit(int status);

/* How many messages of each kind were not said. */
void diag_summary(void);

/*
 * The other way round: what a program that has ended said last, for who passes it on: the last
 * line of its stderr without the program's name, `<stdin>:1: ` and the hint at its help. Part
 * of `said`.
 */
struct span diag_last_words(struct span said);

/* Our own mistake: aborts with file and line. Never for data or the system. */
DIAG_NORETURN void diag_bug(const char *file, int line, const char *what);
#define must(cond) ((cond) ? (void)0 : diag_bug(__FILE__, __LINE__, #cond))

/* Memory that cannot be had ends the program with EX_OSERR: no caller could do better. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#endif
