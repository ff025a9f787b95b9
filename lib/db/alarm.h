/*
 * alarm: the alarms of a site, as kept in nbms.db: what stands now (`alarm`) and every event
 * with what it did (`alarm_history`).
 *
 * Events may come late, repeated and in any order: the end state, the history and the episodes
 * are those of the same events in order. An event in order costs one insert; a late one is put
 * where it belongs and what came after it is judged again, as far back as the episode it falls
 * into. States stay in memory (ALARM_CACHE of them at most), as do events in order (a few MB),
 * and are written at alarm_book_flush.
 *
 * Trust: none needed of texts. Times are checked by the caller.
 */
#ifndef NBMS_DB_ALARM_H
#define NBMS_DB_ALARM_H

#include "bms/alarm.h"
#include "bms/transition.h"
#include "db/engine.h"

#define ALARM_CACHE 16384

struct alarm_key {
	struct span customer, building; /* C000003, B001 */
	struct span alarm_point_id;
};

/* An event with all it says. Borrowed. */
struct alarm_happening {
	struct alarm_input in; /* digest and says are made by alarm_book_put */
	struct span thing;     /* p NULL: not known */
	struct span source; /* gateway, rule, disconnect, silence; empty: as the alarm has it */
	struct alarm_detail detail;
	struct span by, reason;
};

/* Each transition, in the order of its alarm's time; its texts are borrowed. */
typedef void alarm_told_fn(void *ctx, const struct transition *t);

struct alarm_book;

struct alarm_book_options {
	struct alarm_limits chattering; /* of alarms */
	struct alarm_limits flapping;   /* of lost gateways and devices */
	const struct zone *zone;        /* of buildings the registry tells none of; NULL: UTC */
};

struct alarm_book *alarm_book_open(
    struct db *site, const struct alarm_book_options *options, alarm_told_fn *told, void *ctx);
void alarm_book_free(struct alarm_book *b);

/* All of these need an open transaction. */

/* False: known already, nothing was changed. */
bool alarm_book_put(
    struct alarm_book *b, const struct alarm_key *key, struct alarm_happening *happening);

/* Time has come to `now`: shelves that end and chattering alarms that have stood still. */
void alarm_book_advance(struct alarm_book *b, when_t now);

/* Writes what is only in memory. Before every commit. */
void alarm_book_flush(struct alarm_book *b);

/* Forgets what is in memory, after a flush, where another program may have changed it (an
 * operator's command). At the beginning of every transaction. */
void alarm_book_refresh(struct alarm_book *b);

/* What an alarm is now, with the time of its newest event; false: there is no such alarm. */
bool alarm_book_get(
    struct alarm_book *b, const struct alarm_key *key, struct alarm_state *state, when_t *last);

/*
 * An operator's doing, now: its time is made the newest of the alarm's, so that it applies to
 * what the operator saw. False: no such alarm.
 */
bool alarm_book_command(struct alarm_book *b, const struct alarm_key *key,
    struct alarm_happening *happening, when_t now);

/* The alarm whose present or last episode has this id, with its raise time; texts live until
 * the next call. */
bool alarm_book_find(
    struct alarm_book *b, struct span episode_id, struct alarm_key *key, when_t *episode);

/* The zone of a building. */
const struct zone *alarm_book_zone(
    struct alarm_book *b, struct span customer, struct span building);

#endif
