/*
 * Rules of a tender, in integers: amounts are won, rates are in units of
 * 0.001 % (89.745 % is 89745). No binary fractions touch money.
 */
#ifndef NBMS_LEARN_TENDER_H
#define NBMS_LEARN_TENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/learn.h"
#include "learn/reserve.h"

#define TENDER_RATE_ONE 100000          /* 100 % */
#define TENDER_WON_MAX 50000000000000LL /* 50 trillion: products stay in 64 bits */

/* A row of the dated table of award floor rates; the caller's data. */
struct tender_floor {
	int kind;         /* the caller's: works local, works national, services .. */
	int32_t from_day; /* first day it holds, days since 1970-01-01 */
	int64_t below;    /* estimated amounts below this, won */
	int32_t rate;     /* 0.001 % */
};

/*
 * The rate for a kind, day and amount: among rows of the kind that hold and
 * whose limit is above the amount, the latest day, then the lowest limit.
 * 0: no row says. A rate in the notice itself goes before the table.
 */
int32_t tender_floor_rate(
    const struct tender_floor *, size_t rows, int kind, int32_t day, int64_t amount);

/*
 * Least valid bid: A + rate (estimated - A), rounded up to the won. A is the
 * sum of the items that are not competed for, 0 without. -1: out of range.
 */
int64_t tender_least_bid(int64_t estimated, int64_t a_value, int32_t rate);

/* Estimated price from the base amount and s percent, to the nearest won; -1: out of range. */
int64_t tender_estimated(int64_t base, double percent);

/* Mean of the four drawn reserve prices, cut to the won; -1: out of range. */
int64_t tender_mean(const int64_t drawn[RESERVE_DRAWN]);

/*
 * The four drawn of 15 from the counts of the bidders' draws: most draws
 * first, of equals the lowest serial (seen in published openings). out gets
 * serials 0..14 ascending.
 */
void tender_drawn(const int count[RESERVE_PRICES], int out[RESERVE_DRAWN]);

/*
 * The s at which a bid is exactly the least valid one, percent:
 * ((bid - A) / (rate (base - A)) - 1) 100 scaled to the whole base. NaN: out of range.
 */
double tender_aimed(int64_t bid, int64_t base, int64_t a_value, int32_t rate);

/* The least valid bid at s percent; tender_aimed of it is s to a won. -1: out of range. */
int64_t tender_bid_at(double percent, int64_t base, int64_t a_value, int32_t rate);

/*
 * Price score of works, in hundredths: 100 max - coefficient |9000 - ratio|
 * with ratio = 10000 (bid - A) / (estimated - A) rounded half up. Bids at or
 * above fixed_ratio score `fixed` (both in the same units; 0: no such rule).
 */
struct tender_score {
	int32_t max, coefficient;
	int32_t fixed_ratio; /* 0.0001 */
	int32_t fixed;       /* hundredths of a point */
};

int32_t tender_price_score(
    const struct tender_score *, int64_t bid, int64_t estimated, int64_t a_value);

/* One past opening. Unknown reserve prices are 0, unknown draws -1. */
struct tender_opening {
	int64_t base, estimated;         /* won */
	double low, high;                /* the notice's range, percent */
	int64_t reserve[RESERVE_PRICES]; /* by serial */
	int drawn[RESERVE_PRICES];       /* draws of each serial */
};

struct tender_history {
	size_t openings, refused; /* used; left out as out of range */
	double mean, sd;          /* of s, percent */
	double cells[2]; /* share of distinct cells under each generator, 1 = as made */
	enum reserve_generator generator; /* that fits better; RESERVE_EQUAL when undecided */
	bool decided;                     /* reserve prices were there to tell, and they did */
	double serial_chi2;               /* 14 degrees of freedom; NaN without draws */
	size_t held_out;                  /* openings the skill test rests on */
	double pinball_law, pinball_past; /* mean over nine quantiles, percent */
	bool skill; /* the past's quantiles beat the law on >= 200 held-out openings, 5 % level
		     */
};

/*
 * What past openings say. The skill test learns the quantiles of s from the
 * first half (in the order given: oldest first) and judges on the second.
 * LEARN_SHORT: no usable opening.
 */
enum learn_status tender_learn(
    const struct tender_opening *, size_t n, struct tender_history *);

#endif
