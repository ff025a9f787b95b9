/*
 * health: what nbms.db tells of how a site is, for those who look every few minutes.
 */
#ifndef NBMS_DB_HEALTH_H
#define NBMS_DB_HEALTH_H

#include "base/when.h"
#include "db/engine.h"

/* A consumer of the spool, or one of its parts; the texts live until the callback returns. */
struct health_consumer {
	struct span name;
	int64_t part, parts, seq; /* all up to seq is done */
};

struct health_gateway {
	struct span thing;
	when_t created, seen; /* WHEN_NONE: never */
	int64_t period;       /* seconds between its reports */
	bool silent;          /* an alarm stands for its silence */
};

void health_consumers(
    struct db *site, void (*each)(void *ctx, const struct health_consumer *c), void *ctx);
void health_gateways(
    struct db *site, void (*each)(void *ctx, const struct health_gateway *g), void *ctx);

/* Whose certificate ends first, and when; false: there is none. The text lives until the next
 * call. */
bool health_certificate(struct db *site, struct span *thing, when_t *ends);

/* Controls that should have been released before `before`, and the oldest of them (WHEN_NONE).
 */
int64_t health_controls_late(struct db *site, when_t before, when_t *oldest);

#endif
