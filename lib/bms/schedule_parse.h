/* schedule_parse: the inside of a struct schedule. For schedule.c and schedule_parse.c alone.
 */
#ifndef NBMS_BMS_SCHEDULE_PARSE_H
#define NBMS_BMS_SCHEDULE_PARSE_H

#include "bms/recurrence.h"
#include "bms/schedule.h"

struct schedule_entry {
	int second;  /* of the day */
	char *value; /* NULL: null */
};

struct schedule_list { /* by time */
	struct schedule_entry *e;
	size_t n;
};

struct schedule_exception {
	char *name;
	struct dates *dates;
	struct schedule_list list;
};

struct schedule_event {
	char *name;
	struct recurrence *when;
	char *value;
};

struct schedule_rank {
	enum schedule_source source; /* EXCEPTION or EVENT */
	size_t index;
	int priority;
};

struct schedule {
	char *id, *point;
	const struct zone *zone;
	int64_t from, to; /* the effective period, inclusive */
	struct schedule_list weekly[7];
	struct schedule_exception *exceptions;
	size_t n_exceptions;
	struct schedule_event *events;
	size_t n_events;
	struct schedule_rank *ranks; /* exceptions and events, best first */
	size_t n_ranks;
	char *fallback; /* the default */
	int write_priority;
};

#endif
