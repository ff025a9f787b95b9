/*
 * dispatch: which routes a record goes to. By its kind, from a table that has this to start
 * with:
 *
 *   init delete periodic_log timestamp_last            store
 *   alarm disconnect                                   alarm
 *   schedule request_schedule request_calendar         sched
 *   realtime control_result periodic_log               live
 *
 * and, where a route has several copies, by a part of its thing, so that what belongs together
 * stays in one copy and in order.
 */
#ifndef NBMS_BMS_DISPATCH_H
#define NBMS_BMS_DISPATCH_H

#include "base/json.h"
#include "base/span.h"

#define DISPATCH_ROUTES 32

struct dispatch;

/* A kind of record. */
struct dispatch_kind {
	char *name;
	uint32_t routes; /* of this call: a bit a route, 1 << its index */
	uint64_t passed; /* for the caller's use: records that went nowhere */
};

/* The table, for the routes of this call: n names, borrowed. */
struct dispatch *dispatch_new(const char *const routes[], size_t n);
void dispatch_free(struct dispatch *d);

/*
 * Takes a line of a user's table, {"point":"realtime","to":["live","alarm"]}: from now on this
 * kind goes there and nowhere else. A route that is not in this call is passed over, as it is
 * in the first table. NULL, or what is wrong with it.
 */
const char *dispatch_change(struct dispatch *d, json_value line);

/* NULL: nobody maps that kind. */
struct dispatch_kind *dispatch_find(const struct dispatch *d, struct span kind);

/* The table's kinds in turn, from 0; NULL after the last. */
struct dispatch_kind *dispatch_nth(const struct dispatch *d, size_t i);

enum dispatch_by { DISPATCH_CUSTOMER, DISPATCH_BUILDING, DISPATCH_THING };

/* "customer", "building" or "thing"; false: another word. */
bool dispatch_by(const char *word, enum dispatch_by *by);

/* That part of a thing: of C000003_B001_01 the first one, two or three names. */
struct span dispatch_key(struct span thing, enum dispatch_by by);

/*
 * Which of `parts` copies has this key, from 0: its FNV-1a hash (64 bits, Fowler, Noll and Vo)
 * modulo parts, so that it is the same in every run.
 */
size_t dispatch_part(struct span key, size_t parts);

#endif
