/*
 * transition: one change in an alarm's life, as nbms-alarm writes it and nbms-push reads it
 * (nbms-alarm(1)):
 *
 *   {"transition":"raise","episode":"91b2...","customer":"C000003","building":"B001",
 *    "alarm_point_id":A,"time":T,"state":"unacknowledged","level":1,...,"tell":true}
 */
#ifndef NBMS_BMS_TRANSITION_H
#define NBMS_BMS_TRANSITION_H

#include "base/buf.h"
#include "base/json.h"
#include "bms/alarm.h"

/* What is said of an alarm besides its state. p NULL: not told. */
struct alarm_detail {
	struct span name; /* alarm_name */
	struct span point_id;
	struct span value; /* JSON text */
	struct span text;
};

/* Texts are borrowed. */
struct transition {
	enum alarm_event what;
	bool withdrawn; /* not so after all: a late event has shown it */
	bool late;      /* found by going back for a late event */
	char episode[ALARM_ID_TEXT];
	struct span customer, building, alarm_point_id;
	struct span thing;  /* p NULL: not known */
	struct span source; /* gateway, rule, disconnect, silence */
	when_t at;
	const struct zone *zone;  /* that times are written in */
	struct alarm_state state; /* after it */
	struct alarm_detail detail;
	struct span by, reason; /* who did it, and why; p NULL: not told */
	bool tell;              /* people are to hear of it */
};

/* Appends one line without its LF. */
void transition_write(struct buf *to, const struct transition *t);

/* What a delivery needs of a transition; borrowed from the parsed line. */
struct transition_notice {
	struct span id; /* episode, transition and time: the same transition has the same id */
	struct span what, episode, customer, building, alarm_point_id, time, name, text, state;
	int64_t level;
	bool tell, withdrawn;
	when_t at;
};

/* NULL, or what is wrong with it in words. id is put into `to`. */
const char *transition_read(json_value root, struct buf *to, struct transition_notice *n);

#endif
