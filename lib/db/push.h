/*
 * push: who is told of what (endpoint, the ArnManagement table), and the ledger of what came of
 * it (delivery).
 *
 * A transition becomes one delivery for each endpoint of its customer that wants alarms of that
 * building and level; the key (event, kind, customer, endpoint) makes it one however often the
 * transition comes. A clear goes to those who were told of the episode, after that. Reminders
 * and escalations are deliveries that wait, and are dropped once the alarm is acknowledged,
 * cleared or made silent.
 *
 * All but the lists need an open transaction.
 */
#ifndef NBMS_DB_PUSH_H
#define NBMS_DB_PUSH_H

#include "base/json.h"
#include "base/table.h"
#include "base/when.h"
#include "db/engine.h"

#define PUSH_REMINDERS 3 /* of one telling, at most */

struct endpoint {
	struct span customer, arn, user_id;
	bool alarm, notice;
	int64_t level;            /* of alarms of this level and worse */
	int64_t escalate, remind; /* seconds */
	json_value buildings;     /* an array of building numbers, as texts or {"S":text}; none:
				     every building */
};

/*
 * Reads a row as ArnManagement has it, {"CustomerNumber":..,"Arn":..,"UserID":..,"Alarm":true,
 * "BuildingNumber":[{"S":"B001"}],"Notice":true}, each value plain or typed as DynamoDB exports
 * it ({"S":..}, {"BOOL":..}, {"L":[..]}), or with our own names (customer, arn, user_id, alarm,
 * buildings, notice, level, escalate, remind). NULL, or what is wrong with it.
 */
const char *endpoint_read(json_value row, struct endpoint *e);
void endpoint_put(struct db *site, const struct endpoint *e, when_t now);
bool endpoint_drop(struct db *site, struct span customer, struct span arn);
void endpoint_is_dead(struct db *site, struct span customer, struct span arn, const char *why);
void endpoint_list(struct db *site, enum table_form form, struct span customer);

/*
 * The outbox: transitions on their way here, written in the transaction that makes them: what
 * is in the history has been, or will be, told. push_wanted: does anybody want to hear of
 * alarms? Asked once a transaction.
 */
bool push_wanted(struct db *site);
void push_leave(struct db *site, struct span transition);
bool push_left(struct db *site, int64_t *id, struct span *transition); /* the oldest */
void push_left_done(struct db *site, int64_t id);

/* NULL, or what is wrong with it. *old: it lies further back than max_age and nobody is told.
 */
const char *push_take(
    struct db *site, json_value transition, when_t now, int64_t max_age, bool *old);

/* Returns how many endpoints are told. id (empty: made of content and time) keeps one notice
 * one. building p NULL: whatever the building. */
int64_t push_notice(struct db *site, struct span id, struct span customer, struct span building,
    struct span title, struct span text, when_t now);

/* A delivery that is due; texts live until the next call. */
struct delivery {
	int64_t id, attempts;
	struct span event, kind, customer, arn, episode, title, text, data;
	when_t created, due;
};

/* The next after (due, id) of *d, to begin with WHEN_NONE and 0; false: none. */
bool push_due(struct db *site, when_t now, struct delivery *d);
when_t push_next(struct db *site); /* when any is due; WHEN_NONE: none waits */

void push_started(struct db *site, int64_t id);
void push_again(struct db *site, int64_t id, when_t due, const char *why);
/* state: sent, unknown, failed. A reminder may follow. */
void push_settled(struct db *site, int64_t id, const char *state, const char *service_id,
    const char *why, when_t now);

/* Whose delivery it is; the texts live until the next call. */
bool push_of(struct db *site, int64_t id, struct span *customer, struct span *arn,
    int64_t *attempts, when_t *created);

/* A delivery that was cut off in the middle of a try. */
bool push_cut_off(struct db *site, int64_t *id, struct span *arn);

/* Tells it again: one whose fate is not known, or that failed. False: it is neither. */
bool push_resend(struct db *site, int64_t id, when_t now);

/* The next after id whose fate is not known; false: none. */
bool push_doubtful(struct db *site, int64_t *id);

/* Forgets what was settled before; returns how many. */
int64_t push_prune(struct db *site, when_t before);

void push_log(struct db *site, enum table_form form, struct span customer, when_t from);

#endif
