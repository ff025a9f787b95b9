/*
 * when: instants, civil time and zones.
 *
 * An instant is seconds since 1970-01-01T00:00:00Z. Loops run over instants; civil time is for
 * people and for the gateways' stamps. Zones are IANA names, read once each from the system's
 * tzdata and kept for the life of the process; any number of them live side by side and the
 * environment's TZ plays no part.
 */
#ifndef NBMS_BASE_WHEN_H
#define NBMS_BASE_WHEN_H

#include "base/json.h"
#include "base/span.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int64_t when_t;

#define WHEN_TEXT 40 /* bytes that hold any text made here, NUL included */
#define WHEN_NONE INT64_MIN

/* Years 1 to 9999. */
struct civil {
	int year, month, day, hour, minute, second;
};

/* How a civil time maps to instants in a zone. */
enum when_fit {
	WHEN_UNIQUE,
	WHEN_SKIPPED, /* in a gap: no clock showed it */
	WHEN_REPEATED /* in an overlap: clocks showed it twice */
};

struct zone;

/* NULL: no such zone. "UTC" is always there. */
const struct zone *zone_find(struct span name);
const char *zone_name(const struct zone *z);

/* zone NULL means UTC in everything below. */

/*
 * The instant of a civil time; fields out of range (25:00, day 31 of April) make WHEN_NONE. In
 * a gap the offset before the gap is used, of a repeated time the first is meant (RFC 5545
 * section 3.3.5). fit may be NULL; *later is the second instant of a repeated time, otherwise
 * the same as the result; may be NULL.
 */
when_t when_of(const struct zone *z, struct civil c, enum when_fit *fit, when_t *later);

/* What clocks showed at t; offset (seconds east of UTC) may be NULL. */
struct civil when_civil(const struct zone *z, when_t t, int *offset);

/* The zone's next change of offset after t, or WHEN_NONE. */
when_t when_next_change(const struct zone *z, when_t t);

/* The first instant of the hour on the clock that t is in: where clocks were set inside it, of
 * what t is in between the hour's ends and the change. */
when_t when_hour(const struct zone *z, when_t t);

/* The first instant of the next one. */
when_t when_next_hour(const struct zone *z, when_t t);

/* Midnight (or the first instant) of the civil day t is in moved by `days`; WHEN_NONE outside
 * the years 1 to 9999, here and in when_month. */
when_t when_day(const struct zone *z, when_t t, int days);

/* First instant of t's civil month moved by `months`. */
when_t when_month(const struct zone *z, when_t t, int months);

/* 1 Monday ... 7 Sunday (ISO 8601). */
int civil_weekday(struct civil c);
int64_t civil_day_number(struct civil c); /* days since 1970-01-01 */
struct civil civil_of_day(int64_t day_number);
bool civil_is_valid(struct civil c);
int civil_days_in_month(int year, int month);

/*
 * A gateway's stamp: YYYYMMDDHHMM or YYYYMMDDHHMMSS in zone z, or RFC 3339 with an offset (also
 * +0900). `near` chooses between the two instants of a repeated time the one closest to it
 * (WHEN_NONE: the first). A stamp in a gap is refused: no clock showed it. False: not a time.
 */
bool when_parse_stamp(struct span text, const struct zone *z, when_t near, when_t *t);

/* RFC 3339 with an offset; ms (may be NULL) gets the fraction's milliseconds. */
bool when_parse_rfc3339(struct span text, when_t *t, int *ms);

/*
 * What a person types: RFC 3339, YYYY-MM-DD, YYYY-MM-DDTHH:MM[:SS] (or with a space), YYYY-MM
 * (its first instant), a gateway's stamp, `now`, or `now` with -90s -15m -6h -7d (also +);
 * local forms are in zone z. False: not one of them.
 */
bool when_parse_human(struct span text, const struct zone *z, when_t now, when_t *t);

/* 90, 90s, 15m, 6h, 7d: seconds. */
bool when_parse_duration(struct span text, int64_t *seconds);

/* The same as a member of a record: text, or seconds as a number; absent leaves *seconds alone.
 */
bool when_json_duration(json_value v, int64_t *seconds);

/* 2022-10-04T09:45:00+09:00, or with Z where z is NULL. Returns `to`. */
char *when_format(char to[WHEN_TEXT], const struct zone *z, when_t t);
char *when_format_ms(char to[WHEN_TEXT], int64_t ms_since_epoch); /* UTC with three digits */
char *when_format_stamp(char to[WHEN_TEXT], const struct zone *z, when_t t); /* YYYYMMDDHHMM */
char *when_format_month(char to[WHEN_TEXT], const struct zone *z, when_t t); /* YYYY-MM */

#ifdef __cplusplus
}
#endif

#endif
