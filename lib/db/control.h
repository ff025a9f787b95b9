/*
 * control: what people command, who holds what, and what came of it. The table is the audit,
 * too: rows are never deleted.
 *
 *   sent        the gateway has been told, and has not answered
 *   effective   it answered ok, or the point reports the value
 *   overridden  it took the value, and a better priority holds the point: `winner`
 *   refused     it did not take it
 *   timeout     it has not answered in time (a late answer still counts)
 *   replaced    another control took the same priority of the point
 *   released    it was relinquished
 *   expired     its time was over, and it was relinquished
 *
 * The first five but refused hold the point's priority. All but the readers need an open
 * transaction.
 */
#ifndef NBMS_DB_CONTROL_H
#define NBMS_DB_CONTROL_H

#include "base/json.h"
#include "base/when.h"
#include "db/engine.h"

#define CONTROL_ID 33 /* bytes of a request id, NUL included */

/* Texts are borrowed: of a row, until the next call. p NULL: none. */
struct control {
	struct span request_id;
	struct span customer, building, thing, point_id;
	struct span user, connection;
	struct span value; /* JSON; null relinquishes */
	int64_t priority;
	when_t asked, expires, deadline;
	/* of a row */
	struct span state, value_before, value_after, reason;
	int64_t winner; /* 0: not told */
	when_t answered, ended;
};

/* The gateway a point in use is of, and its type; false: there is no such point. */
bool control_point(struct db *site, struct span customer, struct span building,
    struct span point_id, struct span *thing, struct span *type);

void control_put(struct db *site, const struct control *c);

typedef void control_fn(void *ctx, const struct control *c);

bool control_get(struct db *site, struct span request_id, struct control *c);

/* Those that hold a point of the building, and those that anything happened to since then. */
void control_held(
    struct db *site, struct span customer, struct span building, control_fn *fn, void *ctx);
void control_since(struct db *site, struct span customer, struct span building, when_t since,
    control_fn *fn, void *ctx);

/* Those whose time is over; after it control_end. */
void control_due(struct db *site, when_t now, control_fn *fn, void *ctx);
void control_end(struct db *site, struct span request_id, const char *state, when_t now);

/* Those that wait for an answer, asked after `since`. */
typedef void control_open_fn(void *ctx, struct span request_id, struct span thing,
    struct span point_id, struct span value, when_t asked);
void control_open(struct db *site, when_t since, control_open_fn *fn, void *ctx);

/* What a gateway answered. */
struct control_answer {
	struct span request_id, thing; /* another gateway's request is none of its business */
	struct span status;            /* ok, refused, overridden */
	struct span value;             /* JSON; p NULL: not told */
	int64_t winner;                /* 0: not told */
	struct span reason;
};

/* NULL, or why it is not taken: unknown-request, not-its-request, bad-status. */
const char *control_answered(struct db *site, const struct control_answer *a, when_t now);

/* Those not answered by their deadline. Returns how many. */
int64_t control_late(struct db *site, when_t now);

#endif
