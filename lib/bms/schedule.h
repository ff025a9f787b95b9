/*
 * schedule: what a schedule says at an instant, over a span, and why (ASHRAE 135 clause 12.24).
 *
 *   {"schedule_id":S,"point_id":P,"zone":"Asia/Seoul","effective":["2022-01-01",null],
 *    "weekly":{"mon":[["08:00",1],["18:00",0]],...},
 *    "exceptions":[{"name":..,"dates":DATES,"priority":5,"values":[["10:00",1],["12:00",null]]}],
 *    "events":[{"dtstart":..,"duration":..,"rrule":..,"value":1,"priority":16}],"default":0,"write_priority":16}
 *
 * At an instant, the first of these that has a value other than null rules:
 *   manual    a period in which a person overrides the schedule (given beside it)
 *   (outside the effective period nothing rules: the last value stands and nothing is written)
 *   exception those whose dates (bms/calendar.h) have today, best priority (1 best, 16 worst)
 * first, then by their place; event     recurrences of RFC 5545 (bms/recurrence.h), ranked
 * among the exceptions by priority, behind equals weekly    today's list default   may be null:
 * no value, which relinquishes what was written The value of a list is that of its latest time
 * not after now; before its first time, and across midnight, it has none.
 *
 * Changes of offset: a time of a list that falls in a gap takes effect where the gap ends; one
 * that comes twice takes effect the first time and is not taken back. Everything else runs over
 * instants, so days have 23, 24 or 25 hours.
 *
 * Values are JSON scalars by their text; null is NULL. Everything returned is borrowed from the
 * schedule.
 */
#ifndef NBMS_BMS_SCHEDULE_H
#define NBMS_BMS_SCHEDULE_H

#include "bms/calendar.h"

#define SCHEDULE_ENTRIES 1440    /* in one day's list */
#define SCHEDULE_EXCEPTIONS 1000 /* and events */

struct schedule;

/* zone: the building's, for a schedule that names none. NULL, and `why`, when the object is
 * wrong. */
struct schedule *schedule_parse(json_value object, const struct zone *zone, struct buf *why);
void schedule_free(struct schedule *s);

const char *schedule_id(const struct schedule *s);
const char *schedule_point(const struct schedule *s); /* NULL: none */
const struct zone *schedule_zone(const struct schedule *s);
int schedule_write_priority(const struct schedule *s); /* 1 to 16, as for a commandable point */

enum schedule_source {
	SCHEDULE_NONE,    /* no value: relinquish */
	SCHEDULE_OUTSIDE, /* not in effect: write nothing */
	SCHEDULE_MANUAL,
	SCHEDULE_EXCEPTION,
	SCHEDULE_EVENT,
	SCHEDULE_WEEKLY,
	SCHEDULE_DEFAULT
};

const char *schedule_source_name(enum schedule_source s);

/* A person's override, from `from` up to, not including, `to`. value NULL does not override. */
struct schedule_manual {
	when_t from, to;
	const char *value;
	const char *name;
};

/* What a schedule is looked at with. */
struct schedule_context {
	const struct calendars *calendars;    /* may be NULL */
	const struct schedule_manual *manual; /* later ones rule over earlier ones */
	size_t manuals;
};

struct schedule_span {
	when_t from, to;
	enum schedule_source source;
	size_t index; /* of the manual, exception or event; weekly: 0 Monday ... 6 Sunday */
	const char *value; /* NULL: null */
};

/* What rules at t; from and to are t and t. */
struct schedule_span schedule_at(
    const struct schedule *s, const struct schedule_context *c, when_t t);

/*
 * Calls fn with adjoining spans from `from` up to `to`, a new one where the value or its source
 * changes. False: a recurrence was too long to be worked out whole.
 */
typedef void schedule_fn(void *ctx, const struct schedule_span *span);
bool schedule_expand(const struct schedule *s, const struct schedule_context *c, when_t from,
    when_t to, schedule_fn *fn, void *ctx);

/* The first instant after t, up to `limit`, at which the value differs from that at t;
 * WHEN_NONE: none. */
when_t schedule_next(const struct schedule *s, const struct schedule_context *c, when_t t,
    when_t limit, struct schedule_span *then);

/* Calls fn where a and b have different values (or only one is in effect): `span` is a's,
 * `other` b's, cut alike. */
typedef void schedule_diff_fn(
    void *ctx, const struct schedule_span *span, const struct schedule_span *other);
void schedule_diff(const struct schedule *a, const struct schedule *b,
    const struct schedule_context *c, when_t from, when_t to, schedule_diff_fn *fn, void *ctx);

/* Everything that could rule at t, best first, and what became of it. */
enum schedule_fate {
	SCHEDULE_WINS,
	SCHEDULE_OUTRANKED, /* has a value, but something better had one */
	SCHEDULE_ENDED,     /* its list has come to a null */
	SCHEDULE_NOT_YET,   /* its list has not begun today */
	SCHEDULE_NOT_TODAY  /* its dates do not have today, or its period not t */
};

const char *schedule_fate_name(enum schedule_fate f);

struct schedule_candidate {
	enum schedule_source source;
	size_t index;
	int priority;      /* of an exception or event, otherwise 0 */
	const char *name;  /* or NULL */
	const char *value; /* or NULL */
	enum schedule_fate fate;
};

typedef void schedule_explain_fn(void *ctx, const struct schedule_candidate *c);
void schedule_explain(const struct schedule *s, const struct schedule_context *c, when_t t,
    schedule_explain_fn *fn, void *ctx);

/*
 * Says what is legal but hardly meant: nothing that could ever rule, calendars missing or
 * referring to themselves, two exceptions of equal priority on one day of [from, to]. Returns
 * how many.
 */
size_t schedule_check(const struct schedule *s, const struct schedule_context *c, int64_t from,
    int64_t to, calendars_say *say, void *ctx);

#endif
