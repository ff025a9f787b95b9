/*
 * An hourly history of one building on a grid without holes.
 *
 * Row i is the hour that begins at start + 3600 i (Unix seconds, UTC), so
 * 23- and 25-hour local days are simply days with that many rows. A missing
 * value is NaN. Each row carries its local calendar, which the caller states
 * through the zone's offset: the library knows no zones.
 */
#ifndef NBMS_LEARN_HOURS_H
#define NBMS_LEARN_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/learn.h"

#define HOURS_COLDEST (-90) /* degC: the air on Earth has been measured from -89.2 to 56.7 */
#define HOURS_WARMEST 65
#define HOURS_WEEK 168
#define HOURS_BEGIN 900           /* s: zones' hours begin at a quarter of UTC's */
#define HOURS_MAX (24 * 366 * 20) /* twenty years: more is a mistake */

struct hour {
	int32_t day;    /* local days since 1970-01-01 */
	int16_t yday;   /* 0 = 1 January */
	int8_t month;   /* 0..11 */
	int8_t hour;    /* local hour of the day, 0..23 */
	int8_t weekday; /* 0 = Monday .. 6 = Sunday */
	bool holiday;   /* a public holiday */
	bool bridge;    /* a weekday between holidays at most six days apart */
};

struct hours {
	size_t n;
	int64_t start;           /* Unix seconds of row 0, a whole hour of the zone */
	double *load;            /* [n] kWh in the hour, NaN = missing */
	double *temperature;     /* [n] outdoor air, degC, NaN = missing */
	double *temperature_day; /* [n] mean of this and the 23 rows before it, degC */
	struct hour *at;         /* [n] local calendar */
	size_t duplicate;        /* readings that met a filled cell (the first is kept) */
	size_t outside;          /* readings before row 0 or after the last */
};

/* n rows from start, all NaN. LEARN_RANGE: n is 0 or above HOURS_MAX, or start is not a
 * multiple of HOURS_BEGIN. */
enum learn_status hours_init(struct hours *, int64_t start, size_t n);
void hours_free(struct hours *);

/*
 * Put one hour's readings in its place; NaN leaves that value alone. The
 * first reading of an hour stays; later ones are counted as duplicates.
 */
void hours_put(struct hours *, int64_t when, double load, double temperature);

/*
 * State the local calendar: offset[n] is the zone's seconds east of UTC at
 * each row; holiday[holidays] are local days since 1970-01-01, ascending.
 */
void hours_calendar(
    struct hours *, const int32_t *offset, const int32_t *holiday, size_t holidays);

/*
 * Interpolate temperature gaps of at most six hours (CalTRACK 2.2.4.1) and
 * compute temperature_day from what is there (at least 12 of the 24 hours).
 */
void hours_fill_temperature(struct hours *);

/* Treat load == 0 as missing, for meters that report 0 when they don't know. */
size_t hours_zero_is_missing(struct hours *);

/* Hour of the week, 0 = Monday 00:00 .. 167; a holiday keeps its weekday. */
static inline int
hour_of_week(const struct hour *h)
{
	return h->weekday * 24 + h->hour;
}

/* 0 Monday .. 6 Sunday, 7 a holiday, 8 a bridge day. */
#define HOURS_DAY_TYPES 9
static inline int
hour_day_type(const struct hour *h)
{
	return h->holiday ? 7 : h->bridge ? 8 : h->weekday;
}

/* Weekend, holiday or bridge day. */
static inline bool
hour_is_off(const struct hour *h)
{
	return hour_day_type(h) >= 5;
}

/*
 * The row `days` local days before row i at the same local hour; the nearest
 * row when the clock change took that hour away; SIZE_MAX before row 0.
 */
size_t hours_back(const struct hours *, size_t i, int days);

/* Of row i: 0 a working day after a working day, 1 a working day after a day off, 2 a day off.
 */
int hours_day_kind(const struct hours *, size_t i);

#endif
