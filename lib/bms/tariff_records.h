/* tariff_records: the records behind bms/tariff.h and bms/bill.h, parsed. For those two alone.
 */
#ifndef NBMS_BMS_TARIFF_RECORDS_H
#define NBMS_BMS_TARIFF_RECORDS_H

#include "bms/tariff.h"

#define TARIFF_SLOTS 96 /* quarters of an hour in a day of 24 hours */
#define TARIFF_STEPS 16 /* steps of a surcharge */
#define TARIFF_NO_BAND 0xff

enum tariff_type { TARIFF_HOURS, TARIFF_PRICES, TARIFF_DEMAND, TARIFF_LEVIES, TARIFF_TYPES };

struct tariff_hours {
	enum tariff_season season[12];
	uint8_t band[TARIFF_SEASONS][TARIFF_SLOTS];
	uint8_t on_day[TARIFF_DAYS][TARIFF_BANDS]; /* what a band becomes */
};

struct tariff_prices {
	money_t base;
	money_t energy[TARIFF_SEASONS]
		      [TARIFF_BANDS]; /* MONEY_NONE: no such band in that season */
	char currency[4];
};

struct tariff_demand {
	bool month[12];
	bool band[TARIFF_BANDS];
	int window_months;
	int64_t floor_permille; /* of the contract */
	int64_t unit_w;         /* billing demand is rounded to this, halves up */
	size_t steps;           /* surcharge for demand past the contract */
	struct {
		int64_t
		    below_permille; /* excess as a share of the contract; INT64_MAX: the rest */
		int64_t rate_permille; /* of the base price */
	} step[TARIFF_STEPS];
};

struct tariff_levies {
	money_t climate, fuel;               /* per kWh */
	money_t vat_permille, fund_permille; /* as money: 27.0 is 2.7 % */
	money_t line_unit, vat_unit, fund_unit, total_unit;
	int64_t lagging_base, leading_base, pf_low, pf_high; /* percent; 0: no such rule */
	money_t pf_permille; /* of the base charge, for each percent */
};

struct tariff_record {
	enum tariff_type type;
	char *key;    /* prices: the key; the others NULL */
	char **fors;  /* key prefixes, NULL-ended; prices: NULL */
	char *region; /* hours of a region, otherwise NULL */
	char *source;
	bool verified;
	int64_t from, through;
	char *source_name; /* where.source, owned */
	struct where at;
	union {
		struct tariff_hours hours;
		struct tariff_prices prices;
		struct tariff_demand demand;
		struct tariff_levies levies;
	} u;
};

/* NULL, and `why`, when the record is wrong. */
struct tariff_record *tariff_record_parse(
    json_value record, const struct where *at, struct buf *why);
void tariff_record_free(struct tariff_record *r);

const char *tariff_type_name(enum tariff_type type);

/* The record of that type that holds for a key (and region) on a day, or NULL. */
const struct tariff_record *tariffs_find(const struct tariffs *ts, enum tariff_type type,
    const char *key, const char *region, int64_t day);

#endif
