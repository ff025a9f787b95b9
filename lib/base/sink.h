/*
 * sink: commands that are fed lines side by side, and whose own lines come out as one stream.
 *
 * Every sink has a pipe and a bounded buffer behind it. A sink that is slower than its buffer
 * is long makes everybody wait: nothing is dropped. What the sinks write to their stdout is
 * passed on to ours in whole lines. A sink that ends, or closes its input, before it was told
 * to is broken: that is said, with its name, its command and its status, and is the end of the
 * run; the others still get, whole, what was given to them, and then the end of input.
 *
 * Texts are given borrowed and in bulk: sinks_settle is where they are written, or copied, and
 * may go.
 */
#ifndef NBMS_BASE_SINK_H
#define NBMS_BASE_SINK_H

#include "base/span.h"

#define SINKS_MAX 64

struct reject;
struct sinks;

/* line_max bounds the sinks' own lines (0: LINES_MAX); longer ones go to the ledger, which is
 * borrowed. */
struct sinks *sinks_new(size_t line_max, struct reject *ledger);
void sinks_free(struct sinks *s);

/*
 * Adds a command, before sinks_start, and returns its number, from 0. Both texts are borrowed.
 * Of a command that is started `parts` times, each copy is added, part being 0 to parts - 1: it
 * finds "part/parts" in its environment as NBMS_PART, and messages call it "name 0/4".
 */
size_t sinks_add(
    struct sinks *s, const char *name, const char *command, size_t part, size_t parts);

/* Starts them all. False: one could not be started, which has been said. */
bool sinks_start(struct sinks *s);

/*
 * More for a sink: whole lines with their LF, borrowed until sinks_settle. False: a sink broke,
 * and nobody takes any more, so that what a sink got is always all that came up to some line.
 */
bool sinks_give(struct sinks *s, size_t sink, struct span lines);

/* Writes what was given, or copies it; waits where neither is possible. False: a sink broke. */
bool sinks_settle(struct sinks *s);

/*
 * Waits until a descriptor can be read, doing the sinks' work meanwhile. False: a sink broke,
 * or the program was asked to stop.
 */
bool sinks_wait(struct sinks *s, int fd);

/*
 * Gives every sink the end of its input and waits until all have ended. Returns 0; or
 * EX_REJECTED when a sink ended with that; or the status of one that failed: its own where it
 * is one of sysexits(3), otherwise EX_UNAVAILABLE.
 */
int sinks_end(struct sinks *s);

#endif
