/*
 * watch: what nbms itself raises alarms for: gateways that fall silent, and the limits of
 * alarm_rule on what points report. Feeds the events into an alarm book.
 *
 * Everything is judged in the records' time. What is decided by time alone (a delay that has
 * passed, a silence) is decided once time has come `lateness` seconds past it, so that a value
 * still under way is not forestalled; its event has the time it was due. Where each rule and
 * gateway stands is kept in nbms.db by watch_save, so that a restart goes on where it was.
 *
 * A silent gateway is one alarm: those of its devices and stale points are suppressed, with the
 * reason in history, until it speaks again.
 */
#ifndef NBMS_DB_WATCH_H
#define NBMS_DB_WATCH_H

#include "base/diag.h"
#include "bms/presence.h"
#include "bms/thing.h"
#include "db/alarm.h"
#include "db/rule_set.h"

struct watch_options {
	struct presence_limits presence;
	int64_t lateness; /* seconds */
	bool silence;     /* judge it at all */
};

struct watch;

/* The rules are the caller's and stay in use. */
struct watch *watch_open(struct db *site, struct alarm_book *book, struct rule_set *rules,
    const struct watch_options *options);
void watch_free(struct watch *w);

/* These need an open transaction. */

/* A point's value; data is any JSON. The gateway need not be known. */
void watch_value(struct watch *w, const struct thing *thing, struct span point_id,
    struct span attr, when_t t, json_value data);

/* A gateway's record of time t, after its values; period in seconds, 0: not told. */
void watch_seen(struct watch *w, const struct thing *thing, when_t t, int64_t period);

/* Time has come to `now`. */
void watch_advance(struct watch *w, when_t now);

void watch_save(struct watch *w);

/* Is there any rule? Values need not be given where there is none. */
bool watch_has_rules(const struct watch *w);

#endif
