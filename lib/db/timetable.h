/*
 * timetable: a building's calendars and schedules, what people override, and the coming hours
 * worked out from them
 * (`user_schedule`).
 *
 * Every function that writes needs an open transaction. Trust: none needed of the records.
 */
#ifndef NBMS_DB_TIMETABLE_H
#define NBMS_DB_TIMETABLE_H

#include "base/records.h"
#include "bms/message.h"
#include "bms/schedule.h"
#include "db/buildings.h"
#include "db/reference.h"

/*
 * A gateway's `schedule` message: all of its schedules are stored, or the record is rejected
 * and none is. One that says "remove":true is taken away. Things that are hardly meant
 * (schedule_check) are said.
 */
void timetable_message(struct db *site, const struct reference *ref, struct record *r,
    const struct message *m, when_t now);

/*
 * A person's row, rejected where it is wrong:
 *
 *   {"type":"schedule","customer":C,"building":B,"schedule":{...}}     or
 * "schedule_id":S,"remove":true
 *   {"type":"calendar","customer":C,"building":B,"calendar":{...}}     or
 * "calendar_id":I,"remove":true
 *   {"type":"manual","customer":C,"building":B,"schedule_id":S,"from":T,"to":T,"value":V,"name":..}
 *                                                                      or "remove":true: what
 * lies within [from, to)
 *   {"type":"composite","customer":C,"building":B,"composite_id":I,"schedule":{"schedule_id":S,"role":R}|null}
 */
void timetable_row(struct db *site, const struct reference *ref, struct record *r, when_t now);

struct timetable_schedule {
	struct schedule *schedule;
	char *data;  /* as stored, JSON */
	char *thing; /* NULL: from an operator */
	struct schedule_manual *manual;
	size_t manuals;
	struct schedule_context context; /* with the building's calendars */
};

struct timetable {
	struct timetable_schedule *all; /* by id */
	size_t n;
	struct calendars *calendars;
};

/* What holds at `from` and after. A stored row that cannot be read is said and left out. */
void timetable_load(struct timetable *t, struct db *site, const struct reference *ref,
    const struct place *place, when_t from);
void timetable_free(struct timetable *t);

const struct timetable_schedule *timetable_find(const struct timetable *t, struct span id);

/*
 * Works out [from, to) for the points that schedules command: by a schedule's own point, or by
 * the schedule information of a composite and the member in the role it names. What stood there
 * before is replaced; what has ended is kept for `keep` seconds. Returns the rows written.
 */
struct timetable_window {
	when_t from, to, now;
	int64_t keep;
};

size_t timetable_expand(struct db *site, const struct place *place, const struct timetable *t,
    const struct timetable_window *w);

/*
 * Downlink records for nbms-send, one a line appended to `down`: a control for every point
 * whose value at `now` is not the one last sent, or was sent to expire within the hour; what
 * is sent is noted. A request_id tells point and time, so that the same one twice is one
 * request. Returns how many.
 */
size_t timetable_controls(
    struct db *site, const struct place *place, when_t now, struct buf *down);

/*
 * Answers to request_schedule and request_calendar: everything the building has, in records of
 * less than 128 KB, for one thing. References to holiday lists become calendars
 * holidays-occupancy and holidays-tariff, which are sent with the others, with the days from a
 * year before `now` on. `id` tells the request. Returns the records.
 */
#define TIMETABLE_RECORD_MAX ((size_t)128 * 1024)

size_t timetable_send_schedules(const struct timetable *t, const struct thing *to,
    const char *id, when_t now, const struct zone *zone, struct buf *down);
size_t timetable_send_calendars(struct db *site, const struct place *place,
    const struct holiday_calendar *holidays, const struct thing *to, const char *id, when_t now,
    struct buf *down);

#endif
