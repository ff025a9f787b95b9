/*
 * alarm_own: what the files of alarm share. alarm_cache.c holds alarms in memory and in their
 * table, alarm_history.c writes the rows of their history; alarm.c applies events to them.
 */
#ifndef NBMS_DB_ALARM_OWN_H
#define NBMS_DB_ALARM_OWN_H

#include "db/alarm.h"

#define SLOTS 32768
#define ALARM_BOOK_TEXT ((size_t)256 << 20)

enum kept { THING, SOURCE, NAME, POINT_ID, VALUE, TEXT, REASON, KEPT };

/* An alarm in memory. */
struct entry {
	struct entry *next; /* of the same slot */
	uint64_t hash;
	char *key; /* customer, building and alarm point, one after the other */
	struct span customer, building, alarm_point_id; /* inside key */
	int64_t id;
	struct alarm_state state;
	when_t last;
	struct span kept[KEPT]; /* owned; p NULL: not told */
	const struct alarm_limits *limits;
	bool dirty;
	struct entry *next_dirty;
	struct waiting *waiting, *waiting_last; /* only of a dirty one */
};

/* An event of the history with what it did. */
struct row {
	struct alarm_input in;
	struct alarm_detail detail;
	struct span by, reason;
	int64_t place, transition, told, flags;
	when_t episode, shelved_until;
	bool is_new; /* not in the table yet */
};

/* A transition to be told once a late event's consequences are all known. */
struct change {
	struct transition t;
	struct buf text;
};

struct zone_of {
	char *customer, *building;
	const struct zone *zone;
};

struct alarm_book {
	struct db *site;
	struct alarm_book_options options;
	alarm_told_fn *told;
	void *ctx;
	struct entry *slots[SLOTS];
	size_t n;
	struct entry *dirty; /* those the table does not show yet */
	when_t wake;         /* no alarm wakes before it */
	int64_t commands;
	struct zone_of *zones;
	size_t zones_n;
	/* in use while a late event is put in its place */
	struct row *rows;
	size_t rows_room;
	struct buf text;
	char *waiting_room; /* rows that are to be inserted */
	size_t waiting_n;
	struct change *changes;
	size_t changes_n;
	/* of one instant */
	struct alarm_input *inputs;
	struct alarm_effect *effects;
	struct alarm_state *states;
	size_t group_room;
	struct buf found;
};

void alarm_entry_keep(struct entry *e, enum kept which, struct span s);

/* NULL: there is none, and none is to be made. May empty the cache. */
struct entry *alarm_entry_find(struct alarm_book *b, const struct alarm_key *key, bool make);

/* It differs from its table row now. */
void alarm_entry_touch(struct alarm_book *b, struct entry *e);

/* The raise times of the episodes that began before t, newest first. */
size_t alarm_raises_before(
    struct alarm_book *b, int64_t id, when_t t, when_t times[], size_t room);

/* Inserts a row; false: it is there. */
bool alarm_history_insert(struct alarm_book *b, const struct entry *e, const struct row *r);

/* What a row did. */
void alarm_history_update(struct alarm_book *b, const struct entry *e, const struct row *r);

/*
 * A row newer than all others of its alarm, to be inserted with those that follow it: an
 * alarm's rows stand side by side in the table, and a page of it is written once. The alarm is
 * dirty.
 */
void alarm_history_add(struct alarm_book *b, struct entry *e, const struct row *r);

/* Inserts what waits: of an alarm, before its history is read or changed; of all. */
void alarm_history_write(struct alarm_book *b, struct entry *e);
void alarm_history_flush(struct alarm_book *b);

#endif
