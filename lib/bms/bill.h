/*
 * bill: what a month's electricity comes to, by the demand and levies records of bms/tariff.h.
 *
 * Every amount is an estimate: a supplier's meter and rounding are its own. Demand is in watts,
 * energy in watt-hours, both whole; a month is counted as year * 12 + month - 1.
 *
 * Source of the Korean rules: KEPCO terms of 2024-10-24, Art. 7 (rounding), 41-43 (power
 * factor), 67-3 (demand past the contract), 68 (billing demand).
 */
#ifndef NBMS_BMS_BILL_H
#define NBMS_BMS_BILL_H

#include "bms/tariff.h"

int bill_month(struct civil c);

/* The greatest demand metered in a month while bands that count for demand held
 * (tariff_rate.counts_for_demand). */
struct bill_peak {
	int month;
	int64_t w;
};

struct bill_demand {
	int64_t w;    /* billed, rounded as the rule says */
	int month;    /* whose peak it is */
	bool floored; /* the contract's floor is above every peak */
};

/*
 * Billing demand of a month: the greatest peak of the month itself and of the rule's demand
 * months within the window that ends with it, and no less than the floor. Months without a peak
 * count as nothing. False: no demand rule for that month.
 */
bool bill_demand(const struct tariffs *ts, const char *key, int month, int64_t contract_w,
    const struct bill_peak peaks[], size_t n, struct bill_demand *demand);

struct bill_line { /* energy at one price */
	money_t price;
	int64_t wh;
};

struct bill_input {
	const char *key;
	int month;
	int64_t billing_w;
	int64_t contract_w;
	int64_t peak_w; /* the month's greatest demand: where it passes the contract, the
			   surcharge */
	bool warned;    /* an earlier month passed it: the first is let off with a warning */
	int lagging, leading; /* power factors in percent; 0: not known, not billed */
	const struct bill_line *lines;
	size_t n;
};

struct bill {
	money_t base, energy, climate, fuel, power_factor, over_contract;
	money_t subtotal, vat, fund, total;
	int64_t wh;
	const char *currency;
};

enum tariff_found bill_estimate(
    const struct tariffs *ts, const struct bill_input *in, struct bill *bill);

#define BILL_AHEAD 12

/*
 * What `extra_w` more at the peak of `month` costs in that bill and the eleven after it, tax
 * and fund included, taking later months' peaks from `peaks` (absent: nothing). False: no rule
 * or price for the first of them; later ones without cost 0.
 */
bool bill_extra(const struct tariffs *ts, const char *key, int month, int64_t contract_w,
    const struct bill_peak peaks[], size_t n, int64_t extra_w, money_t cost[BILL_AHEAD]);

#endif
