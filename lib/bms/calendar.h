/*
 * calendar: sets of dates, the BACnet way (ASHRAE 135 clause 12.9 Calendar, and the periods of
 * clause 12.24).
 *
 * In records (nbms-schedule(5)) a set of dates is one of these, or a list of them, any of which
 * may match: "2026-10-03"  "*-12-25"  "*-*-last"  "*-odd-*"     a date; * any, odd, even; the
 * day may be "last"
 *   {"from":"2026-07-27","to":"2026-08-07"}             a range, inclusive; null is open
 *   {"month":"even","week":"last","weekday":"fri"}      weekNDay: month 1-12, odd, even; week
 * 1-5 (days 1-7, 8-14,
 *                                                       ..., 29-31) or last (the last seven
 * days); absent is any
 *   {"calendar":"holidays-b1"}                          another calendar
 *   {"holidays":"occupancy"}  {"holidays":"tariff"}     that view of the building's holiday
 * list
 *
 * Days are day numbers (civil_day_number). Trust: none needed.
 */
#ifndef NBMS_BMS_CALENDAR_H
#define NBMS_BMS_CALENDAR_H

#include "bms/holidays.h"

#define CALENDAR_ENTRIES 4096 /* in one set: more is not a list somebody keeps */

struct dates; /* one set */

/* NULL, and `why`, where v is not a set of dates. */
struct dates *dates_parse(json_value v, struct buf *why);
void dates_free(struct dates *d);

/* The calendars that sets may refer to, by id, and the holiday list behind {"holidays":...}. */
struct calendars;

struct calendars *calendars_new(
    const struct holiday_calendar *holidays); /* NULL: none; borrowed */
void calendars_free(struct calendars *cs);

/* Takes {"calendar_id":ID,"dates":...}; an id that is there already is replaced. */
bool calendars_add(struct calendars *cs, json_value calendar, struct buf *why);

/* Does the day belong? A calendar that is not there, or refers to itself, has no days. cs may
 * be NULL. */
bool dates_match(const struct dates *d, const struct calendars *cs, int64_t day);

/* The present value of a Calendar object. */
bool calendars_match(const struct calendars *cs, struct span id, int64_t day);

/* Says what a set refers to that is missing or refers back to itself; returns how many. */
typedef void calendars_say(void *ctx, const char *text);
size_t dates_check(
    const struct dates *d, const struct calendars *cs, calendars_say *say, void *ctx);

#endif
