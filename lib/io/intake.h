/*
 * intake: a record's way from where it came, a capture or a broker, into the stream or the
 * reject ledger. Every record is counted (base/prog.h) and ends in exactly one of them.
 */
#ifndef NBMS_IO_INTAKE_H
#define NBMS_IO_INTAKE_H

#include "base/reject.h"
#include "io/capture.h"
#include "io/mqtt.h"
#include "io/stream.h"

struct intake {
	struct stream *out;      /* as these, */
	struct reject *ledger;   /* the caller's */
	const struct zone *zone; /* of the stamps that stand for `received` where a capture
				    tells none; NULL: none do */
	size_t max;              /* bytes of a payload; 0: LINES_MAX */
	struct json *json;
	struct buf text;   /* of a rejected message */
	int64_t last_ms;   /* the last record's time; WHEN_NONE: it has none */
	int64_t latest_ms; /* the latest `received` */
};

void intake_begin(struct intake *in);
void intake_end(struct intake *in);

/* A record or a CAPTURE_BAD. True: it is in the stream's batch. */
bool intake_captured(struct intake *in, enum capture_result result, const struct captured *c);

/* A message that came from the broker at that time. It goes into the ledger as mosquitto_sub -v
 * would print it. */
void intake_message(struct intake *in, const struct mqtt_message *m, int64_t received_ms);

#endif
