/*
 * tariff: electricity tariffs as dated data: which season, band and price hold at an instant.
 *
 * Records (nbms-tariff(5)), each with valid_from and valid_through, inclusive civil dates where
 * the meter is: hours   which months make a season, which hours a band, and how bands change on
 * Saturdays, Sundays, holidays prices  of one tariff, named by a key like general/eul/high_a/2:
 * per kWh by season and band, per kW and month demand  how billing demand comes from measured
 * demand, and what demand past the contract costs levies  what a bill adds: climate, fuel,
 * power factor, tax, fund, and to what it is rounded hours, demand and levies say "for": key
 * prefixes of whole parts (general/eul). At any day at most one record of each may hold for a
 * key; tariffs_check finds overlaps and gaps.
 *
 * Instants: a band holds from its first hour up to, not including, its last. Meters label
 * intervals by their END (KEPCO too): energy metered over (t - 15 min, t] is priced at its
 * beginning, tariff_at(..., t - 900). tariff_interval does that and says whether one rate held
 * throughout.
 *
 * Source of the Korean rules: KEPCO terms of 2024-10-24, Art. 57, 67-3, 68, annex 3. Trust:
 * none needed.
 */
#ifndef NBMS_BMS_TARIFF_H
#define NBMS_BMS_TARIFF_H

#include "base/diag.h"
#include "base/json.h"
#include "base/when.h"
#include "bms/holidays.h"
#include "bms/money.h"

enum tariff_season {
	TARIFF_SUMMER,
	TARIFF_SPRING_FALL,
	TARIFF_WINTER,
	TARIFF_ALL_YEAR,
	TARIFF_SEASONS
};
enum tariff_band { TARIFF_OFF_PEAK, TARIFF_MID, TARIFF_PEAK, TARIFF_FLAT, TARIFF_BANDS };
enum tariff_day { TARIFF_WEEKDAY, TARIFF_SATURDAY, TARIFF_SUNDAY, TARIFF_HOLIDAY, TARIFF_DAYS };

/* Names as in records: "spring_fall", "off_peak", "holiday". */
const char *tariff_season_name(enum tariff_season s);
const char *tariff_band_name(enum tariff_band b);
const char *tariff_day_name(enum tariff_day d);

struct tariffs;

struct tariffs *tariffs_new(void);
void tariffs_free(struct tariffs *ts);

/* Takes one record; false: `why` says what is wrong with it, and it is not taken. */
bool tariffs_add(
    struct tariffs *ts, json_value record, const struct where *at, struct buf *why);

/* Gaps and overlaps, once all records are in: calls `say` for each with the record it is seen
 * at. Returns how many. */
typedef void tariffs_say(void *ctx, const struct where *at, const char *text);
size_t tariffs_check(const struct tariffs *ts, tariffs_say *say, void *ctx);

/* The keys there are, in order of appearance; NULL after the last. */
const char *tariffs_key(const struct tariffs *ts, size_t i);

/* What a building chose. Borrowed for as long as the account that was opened with it. */
struct tariff_choice {
	const char *key;    /* general/eul/high_a/2 */
	const char *region; /* NULL, or a region with hours of its own: "jeju" */
	const struct zone *zone;
	const struct holiday_calendar *holidays; /* NULL: none */
};

enum tariff_found {
	TARIFF_FOUND,
	TARIFF_UNKNOWN,   /* no prices of that key, or hours of that region, at any time */
	TARIFF_NO_PRICES, /* none valid on that day */
	TARIFF_NO_HOURS   /* none valid on that day */
};

const char *tariff_found_text(enum tariff_found f);

/* One rate, and how it came about. */
struct tariff_rate {
	enum tariff_season season;
	enum tariff_band band;    /* as billed, after the day's rule */
	enum tariff_band by_hour; /* before it */
	enum tariff_day day;
	money_t price;          /* per kWh */
	money_t base;           /* per kW of billing demand and month */
	bool counts_for_demand; /* is demand metered now one that billing demand looks at (its
				   months apart) */
	bool holidays_known;    /* false: the holiday list does not cover the day */
	bool verified; /* false: the data's author has not confirmed the prices or the hours */
	const char *currency; /* ISO 4217 */
	const char *holiday;  /* its name, or NULL */
	const char *version;  /* the prices' source, or "" */
	when_t from, until; /* this very rate holds in [from, until), as far as one civil day */
	int64_t
	    valid_through; /* the last day the records behind it hold; DATED_FOREVER: open */
	struct where hours_at, prices_at;
};

enum tariff_found tariff_at(const struct tariffs *ts, const struct tariff_choice *choice,
    when_t t, struct tariff_rate *rate);

/* For energy metered over (from, to]: the rate at its beginning; *whole: did it hold to the
 * end. */
enum tariff_found tariff_interval(const struct tariffs *ts, const struct tariff_choice *choice,
    when_t from, when_t to, struct tariff_rate *rate, bool *whole);

/* The same, remembering the last answer: cheap for many points at the same instant. The rate is
 * borrowed. */
struct tariff_account;

struct tariff_account *tariff_account_open(const struct tariffs *ts,
    const struct tariff_choice *choice); /* NULL: unknown key or region */
void tariff_account_close(struct tariff_account *a);
enum tariff_found tariff_account_at(
    struct tariff_account *a, when_t t, const struct tariff_rate **rate);

/* price x kWh: the energy is taken to a milliwatt-hour, the charge is exact from there. */
money_t tariff_charge(money_t price, double kwh);

/* A sentence: season, day, band, price, and the records they come from. */
void tariff_why(const struct tariff_rate *rate, const struct tariff_choice *choice, when_t t,
    struct buf *text);

#endif
