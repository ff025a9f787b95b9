/*
 * chunk: the samples of one series over a day or so, as a short text that any database keeps:
 * every number comes back to the bit.
 *
 * Three words with blanks between them: the head, the times, the values. Numbers are written
 * five bits a character, the low ones first, 32 added where more follow, and 63 to all, as in
 * Google's Encoded Polyline Algorithm Format; signed ones with their sign as the lowest bit.
 *
 *   head     how many samples; by what power of ten values are divided, plus one, or 0: none,
 *            they are the bits of doubles
 *   times    seconds from the base to the first; then, until there are as many, an interval
 *            and how often it comes
 *   values   the difference to the one before, as a whole number (of bits: what an exclusive
 *            or leaves, the highest bit first); 0 and how often it comes; or ! for a null
 */
#ifndef NBMS_BASE_CHUNK_H
#define NBMS_BASE_CHUNK_H

#include "base/buf.h"

#include <stdint.h>

/* Appends n samples in order of time, each later than the one before and than base; NAN stands
 * for null. */
void chunk_put(
    struct buf *to, int64_t base, const int64_t ts[], const double value[], size_t n);

/* Reads them back. The text is borrowed. */
struct chunk {
	const char *times, *times_end, *values, *values_end;
	uint64_t left; /* samples */
	int scale;     /* -1: bits */
	int64_t ts, interval;
	uint64_t intervals; /* to come */
	uint64_t last;      /* value, or bits */
	uint64_t same;      /* to come */
	bool damaged;       /* it was no such text: what came of it counts for nothing */
};

void chunk_begin(struct chunk *c, int64_t base, struct span text);

/* False: that was all. */
bool chunk_next(struct chunk *c, int64_t *ts, double *value);

#endif
