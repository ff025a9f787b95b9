/*
 * conflate: lines for a reader that may be slow. Of lines with the same key only the newest
 * waits, in the place of the first: what is behind hears what is so now, not how it came to
 * that. Lines without a key are never dropped. Memory is bounded by the number of keys and, for
 * the rest, by a cap that tells when a reader is beyond help.
 *
 * Written in pieces that a pipe which poll(2) calls writable takes without waiting, so that the
 * descriptor need not be made non-blocking for others who share it.
 */
#ifndef NBMS_BASE_CONFLATE_H
#define NBMS_BASE_CONFLATE_H

#include "base/span.h"

#include <stdint.h>

struct conflate;

struct conflate *conflate_new(size_t max_bytes);
void conflate_free(struct conflate *c);

/* Copies a line, without its LF; key p NULL: it has none. False: past the cap, and not taken.
 */
bool conflate_put(struct conflate *c, struct span key, struct span line);

bool conflate_waits(const struct conflate *c);   /* is there anything to write? */
size_t conflate_bytes(const struct conflate *c); /* that wait */
uint64_t conflate_replaced(const struct conflate *c);

/*
 * Writes as much as fd takes without waiting. Returns the bytes written, or -1: it cannot be
 * written to (errno).
 */
int64_t conflate_write(struct conflate *c, int fd);

#endif
