/*
 * ingest: a gateway's messages into the registry and the history: init, delete, periodic_log,
 * timestamp_last.
 *
 * A message is done whole or rejected, with one exception: of a periodic_log with some members
 * that cannot be understood, the others are kept and the record is rejected as `bad-point`, so
 * that no good reading waits for a bad one to be mended. Everything is idempotent: the same
 * message twice leaves what once leaves, and logs leave the same history in whatever order they
 * come.
 *
 * Reject codes: wrong-kind, unknown-thing, bad-time, future, count-mismatch, bad-point.
 */
#ifndef NBMS_DB_INGEST_H
#define NBMS_DB_INGEST_H

#include "db/consumer.h"
#include "db/history.h"

struct ingest_options {
	const char *auto_zone; /* not NULL: unknown things are registered, their buildings in
				  this zone */
	int64_t future;        /* seconds a stamp may lie ahead of when it was received */
	int64_t gap_window;    /* seconds that timestamp_last looks back for missing periods */
};

struct ingest;

/* c is the consumer whose transaction takes the effects on nbms.db; auto_zone was checked. */
struct ingest *ingest_new(
    struct consumer *c, struct history *h, const struct ingest_options *options);
void ingest_free(struct ingest *in);

/* Handles one message of the four kinds; others are rejected. Downlink records for nbms-send
 * are appended to `down`. */
void ingest_message(
    struct ingest *in, struct record *r, const struct message *m, struct buf *down);

/* The consumer's commit: the history first, then when gateways were last heard. */
void ingest_commit(struct ingest *in);

#endif
