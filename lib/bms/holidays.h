/*
 * holidays: dated lists of public and site holidays, and two views of them.
 *
 * Records (nbms-schedule(5)):
 *   {"type":"calendar","calendar":"kr","valid_from":"2022-01-01","valid_through":"2027-12-31","source":...}
 *   {"type":"holiday","calendar":"kr","date":"2022-03-09","kind":"election","name":...,"verified":true}
 * A calendar may say "extends":"kr" and add its own (site) days; what it does not have is
 * looked up there.
 *
 * The tariff view leaves out temporary (ad-hoc) and site days: Korea's tariff takes the
 * holidays of the public offices' holiday decree, without the ad-hoc ones (KEPCO terms, annex
 * 3). The occupancy view has all of them. Neither view has Sundays: whoever asks has rules of
 * his own for the days of the week.
 *
 * Days are day numbers (civil_day_number). Trust: none needed; a record that is wrong is
 * refused with a reason.
 */
#ifndef NBMS_BMS_HOLIDAYS_H
#define NBMS_BMS_HOLIDAYS_H

#include "base/diag.h"
#include "base/json.h"
#include "base/when.h"

enum holiday_kind {
	HOLIDAY_STATUTORY,
	HOLIDAY_SUBSTITUTE, /* in place of one that fell on a weekend or on another */
	HOLIDAY_ELECTION,   /* of a regular election: a holiday by the decree itself */
	HOLIDAY_TEMPORARY,  /* made by the government for once */
	HOLIDAY_SITE        /* this site only */
};

enum holiday_view { HOLIDAY_FOR_TARIFF, HOLIDAY_FOR_OCCUPANCY };

struct holiday {
	int64_t day;
	enum holiday_kind kind;
	bool verified; /* false: nobody has confirmed it against the official list */
	char *name;
	uint64_t line;
};

struct holidays;         /* everything loaded */
struct holiday_calendar; /* one calendar of it; lives as long */

struct holidays *holidays_new(void);
void holidays_free(struct holidays *h);

/* Takes one record; false: `why` says what is wrong with it. A record of another type is wrong.
 */
bool holidays_add(
    struct holidays *h, json_value record, const struct where *at, struct buf *why);

/* NULL: no such calendar. */
const struct holiday_calendar *holidays_calendar(const struct holidays *h, struct span name);

/* The holiday that day is in that view, or NULL. calendar NULL: no holidays. */
const struct holiday *holidays_find(
    const struct holiday_calendar *c, int64_t day, enum holiday_view view);

/* Does the calendar, with what it extends, speak for that day? Where it doesn't, "no holiday"
 * means nothing. */
bool holidays_cover(const struct holiday_calendar *c, int64_t day);

/* The last day it speaks for. */
int64_t holidays_valid_through(const struct holiday_calendar *c);

/*
 * A warning when fewer than `margin` days are left of `today`'s valid_through, or none: false
 * where there is no need for one.
 */
bool holidays_warning(
    const struct holiday_calendar *c, int64_t today, int64_t margin, struct buf *text);

const char *holiday_kind_name(enum holiday_kind kind);

#endif
