/*
 * recurrence: events that repeat by RFC 5545, over libical.
 *
 *   {"dtstart":"2026-01-05T08:00","duration":"PT10H","rrule":"FREQ=WEEKLY;BYDAY=MO,WE","exdate":[...],"rdate":[...]}
 *
 * Local times are in the zone given; a trailing Z or offset makes them instants. The rule runs
 * in local time (section 3.8.5.3): an instance that falls in a gap is ignored and not counted,
 * of a repeated hour the first is meant (section 3.3.10, 3.3.5); dtstart itself counts as the
 * first instance and, in a gap, uses the offset before it. UNTIL is inclusive. rdate adds,
 * exdate removes instances that begin at that instant. Days and weeks of a duration are
 * nominal, its hours exact (section 3.3.6).
 *
 * A rule that libical cannot read is refused, as are FREQ=SECONDLY, a COUNT past
 * RECURRENCE_STEPS and a dtstart before 1970; a rule without end is fine: only the window asked
 * for is worked out, in at most RECURRENCE_STEPS steps.
 */
#ifndef NBMS_BMS_RECURRENCE_H
#define NBMS_BMS_RECURRENCE_H

#include "base/json.h"
#include "base/when.h"

#define RECURRENCE_STEPS \
	200000 /* instances looked at for one answer: a rule of every minute for 138 days */

struct recurrence;

struct recurrence *recurrence_parse(json_value event, const struct zone *zone, struct buf *why);
void recurrence_free(struct recurrence *r);

/* Calls fn with each instance [start, end) that shares time with [from, to), by start. False:
 * too many steps. */
typedef void recurrence_fn(void *ctx, when_t start, when_t end);
bool recurrence_between(
    const struct recurrence *r, when_t from, when_t to, recurrence_fn *fn, void *ctx);

#endif
