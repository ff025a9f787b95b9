/*
 * alarm_feed: gateways' records into alarms: alarms and lost devices as they report them, and
 * what the rules and the gateways' silence make of everything else.
 *
 * Time is the marks'; in a stream without marks, the records' own. A record is checked in all
 * before any of it is done. Reject codes: unknown-thing, bad-time, future, count-mismatch,
 * bad-alarm, bad-value.
 */
#ifndef NBMS_DB_ALARM_FEED_H
#define NBMS_DB_ALARM_FEED_H

#include "base/records.h"
#include "bms/message.h"
#include "db/alarm.h"
#include "db/watch.h"

struct alarm_feed_options {
	int64_t future;          /* seconds a stamp may lie ahead of when it was received */
	bool any_thing;          /* also of gateways that are not registered */
	const struct zone *zone; /* of their stamps */
};

struct alarm_feed;

struct alarm_feed *alarm_feed_open(struct db *site, struct alarm_book *book,
    struct watch *watch, const struct alarm_feed_options *options);
void alarm_feed_free(struct alarm_feed *f);

/* All need an open transaction. A rejected record is settled, and nothing of it was done. */
void alarm_feed_message(struct alarm_feed *f, struct record *r, const struct message *m);
void alarm_feed_mark(struct alarm_feed *f, when_t at);

/* Is it a row of `nbms-query history`, {"time":T,"point_id":P,"attr":A,"value":V}, with or
 * without "thing"? */
bool alarm_feed_is_history(json_value root);
void alarm_feed_history(struct alarm_feed *f, struct record *r);

#endif
