/*
 * stream: what nbms-recv says on stdout: envelopes and marks, straight or through a spool.
 *
 * Records are added and then committed. Straight, a commit writes them to stdout and waits for
 * its reader. Through a spool a commit makes them durable, and stdout is served from the spool,
 * as much as its reader takes, from any seq: receiving never waits for the reader. A reader
 * that went away, or an stdout that cannot be written, ends the program as in base/out.h.
 *
 * A mark says how far the stream has come and what time it is there: the time given while
 * nothing is left to write, otherwise the last record's own.
 */
#ifndef NBMS_IO_STREAM_H
#define NBMS_IO_STREAM_H

#include "bms/envelope.h"
#include "io/spool.h"

#include <poll.h>

struct stream;

/* Straight. */
struct stream *stream_open(void);

/* Through a spool, both of which the stream then owns; writer NULL: what is there is only read.
 */
struct stream *stream_open_spool(struct spool *writer, struct spool_reader *reader);

/* Ends at a record's boundary. */
void stream_close(struct stream *s);

/* False: it is longer than a line may be. */
bool stream_add(struct stream *s, const struct envelope *e, json_value root);

/* Bytes added since the last commit. */
size_t stream_uncommitted(const struct stream *s);

void stream_commit(struct stream *s);

/* What to poll for: room on stdout where something waits for it; POLLERR is looked for in any
 * case. */
struct pollfd stream_poll(const struct stream *s);

/*
 * Writes what stdout takes without waiting, some megabytes at most, and a mark once a second.
 * Returns whether all there is has been written.
 */
bool stream_serve(struct stream *s, int64_t now_ms);

/* Waits until all that is committed has been written, then writes a mark. */
void stream_mark(struct stream *s, int64_t at_ms);

/* The seq last written, 0: none. */
uint64_t stream_told(const struct stream *s);

#endif
