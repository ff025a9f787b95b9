/*
 * stream: what nbms-recv says on stdout: envelopes and marks, straight or through the spool.
 *
 * Records are added and then committed. Straight, a commit writes them to stdout and waits for
 * its reader. Through a spool, a commit makes them durable, and stdout is served from the spool
 * by stream_pump, as much as its reader takes, from any seq: receiving never waits for the
 * reader. What cannot be written to stdout ends the program as in base/out.h.
 */
#ifndef NBMS_IO_STREAM_H
#define NBMS_IO_STREAM_H

#include "bms/envelope.h"

struct stream;

struct stream *stream_open(void);

/* False: it is longer than a line may be. */
bool stream_add(struct stream *s, const struct envelope *e, json_value root);

/* Bytes added since the last commit. */
size_t stream_pending(const struct stream *s);

void stream_commit(struct stream *s);

/* A mark behind the last record, when all has been written; at_ms is its time, WHEN_NONE for
 * not told. */
void stream_mark(struct stream *s, int64_t at_ms);

void stream_close(struct stream *s);

#endif
