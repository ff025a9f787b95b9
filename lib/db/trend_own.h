/*
 * trend_own: a walk through the samples, for lib/db/trend*.c alone.
 *
 *   trend.c          in order of time: every sample, how many
 *   trend_latest.c   backwards: the newest
 */
#ifndef NBMS_DB_TREND_OWN_H
#define NBMS_DB_TREND_OWN_H

#include "base/chunk.h"
#include "db/trend.h"

/* A chosen series of the month being read. */
struct pick {
	struct series s; /* its texts are in one block, at s.thing.p */
	size_t gateway;
	double value;
	bool there; /* has a sample at the time in hand */
	bool done;  /* no more of it is wanted */
	int64_t samples;
	when_t first, last;
	/* of the day in hand */
	char *data; /* its chunk; NULL: none */
	struct chunk chunk;
	when_t next; /* in it; WHEN_NONE: no more */
	double next_value;
};

struct gateway {
	struct span name; /* of a pick */
	bool reported;    /* at the time in hand */
};

struct walk;
typedef void take_fn(struct walk *w, struct pick *k, when_t ts);

struct walk {
	struct history *h;
	const struct trend *t;
	when_t from, to;
	bool back; /* from the newest on */
	take_fn *take;
	void *ctx; /* of take */
	bool stop;
	struct month *m;
	struct pick *picks;
	size_t n, left; /* left: not done */
	struct gateway *gateways;
	size_t gateways_n;
	int64_t *ids;      /* room for those of the picks */
	uint32_t *pick_of; /* by series id: its pick's place plus 1, 0: not chosen */
	int64_t id_max, series_n;
};

struct walk trend_walk(struct history *h, const struct trend *t, take_fn *take, void *ctx);
void trend_walk_end(struct walk *w);

/* Opens a month as it stands now, and finds the chosen series in it. False: it has gone. */
bool trend_month_begin(struct walk *w, when_t month);
void trend_month_end(struct walk *w);

/* Calls take for the samples of the frames in [from, to) of the month. */
void trend_walk_frames(struct walk *w, when_t from, when_t to);

/* A day that is kept (db/days.h): of every pick that is not done, `next` and `next_value` are
 * the first of its chunk, then the next of it, until `next` is WHEN_NONE. */
void trend_chunks_open(struct walk *w, when_t day);
void trend_chunk_next(struct walk *w, struct pick *k);
void trend_chunks_close(struct walk *w);

/* What a pick has at ts. Its JSON is borrowed until the next call. */
struct reading trend_reading(struct walk *w, const struct pick *k, when_t ts);

/* Of bytes. */
int trend_compare(struct span a, struct span b);

#endif
