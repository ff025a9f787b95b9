/*
 * points: what the parts of a subscription share: points that a session wants, for themselves
 * or for the composites they are members of, and the gateways it hears of them.
 */
#ifndef NBMS_LIVE_POINTS_H
#define NBMS_LIVE_POINTS_H

#include "bms/thing.h"
#include "live/session.h"

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

struct heard {
	char *thing, *topic;
	char building[THING_MAX];
	const struct zone *zone;
	size_t points;
	UT_hash_handle hh;
};

struct wanted {
	struct heard *of;
	char *point_id;
	char *name;   /* thing and point, the key */
	bool asked;   /* its values are told */
	size_t units; /* uses as a member of those; without both nobody wants it */
	double value; /* its newest; NAN: none, or no number */
	when_t at;
	char *json; /* the same as the gateway reported it; NULL: it is of the history */
	bool greet; /* it has to be told that, which the history may not have yet */
	bool fresh; /* what is made of it is due */
	UT_hash_handle hh;
};

/* Points of a request, by gateway, that the gateway is to be told of. */
struct chosen {
	struct {
		struct span thing, point;
	} * all;
	size_t n;
	char building[THING_MAX];
	struct span thing; /* the one that was named; n 0: none */
};

/* ---- points.c ---- */

/* The point, which is in use there; NULL: there are too many. One that is new is added to c. */
struct wanted *points_want(
    struct live *s, struct chosen *c, struct span thing, struct span point);

/* A value as an event. */
void points_say(struct live *s, const struct heard *of, const char *point_id, struct span attr,
    when_t t, struct span json, bool snapshot);

/* ---- unit.c: composites, worked out of their members' newest values ---- */

/* NULL, and it is told from now on, or why not. Its members are wanted for it; those whose
 * value is not known yet are added to `members`. */
const char *unit_want(
    struct live *s, struct chosen *c, struct span id, struct opt_list *members);

/* Is that of the request? */
typedef bool unit_named_fn(json_value list, const char *id);

/* Those of the request are told no more; returns how many. */
size_t units_unwant(
    struct live *s, const struct chosen *c, json_value list, unit_named_fn *named);

/* Tells what is due: once a message, whatever number of members it brings. */
void units_tell(struct live *s, bool snapshot);

void units_free(struct live *s);

#endif
