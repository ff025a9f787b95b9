/*
 * batch: the samples of one frame on their way to a month file. Memory is kept from frame to
 * frame.
 */
#ifndef NBMS_DB_BATCH_H
#define NBMS_DB_BATCH_H

#include "base/buf.h"
#include "db/history.h"

struct batch {
	int64_t *id;
	double *value; /* NAN: null, unless there is text */
	struct series **series;
	size_t n, room;
	struct batch_text {
		size_t sample; /* which */
		size_t off, n; /* its JSON in `json` */
	} * texts;
	size_t texts_n, texts_room;
	struct buf json;
	bool texts_seen; /* there are texts, or series that may have some */
};

void batch_init(struct batch *b);
void batch_free(struct batch *b);
void batch_clear(struct batch *b);

void batch_add(struct batch *b, struct series *s, double value);

/* A value that a number does not say all of: its JSON, and the number that stands for it (NAN:
 * none). */
void batch_add_json(struct batch *b, struct series *s, double value, struct span json);

/* Writes the samples at ts. The series must be of that month. */
void batch_write(struct batch *b, struct month *m, when_t ts);

#endif
