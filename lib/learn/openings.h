/*
 * openings: published openings of tenders, from CSV and as JSON.
 *
 * CSV (RFC 4180) with a header; the columns are found by the names that the public procurement
 * API gives them, in any order, others are read over:
 *
 *   bidNtceNo            the notice; rows of one notice belong together
 *   standard             who makes the reserve prices; optional
 *   ntceInsttNm          the agency that gave notice; optional
 *   range_pct, or rsrvtnPrceRngBgnRate and rsrvtnPrceRngEndRate    percent; optional
 *   bssamt plnprc        base amount and estimated price, won
 *   sno (or compnoRsrvtnPrceSno) bsisPlnprc drwtNum    a reserve price: its serial 1..15, won,
 * draws prcbdrNm bidprcAmt   a bid: company and won sucsfbidLwltRate     award floor rate,
 * percent;  aValue    won;  both optional
 *
 * Text is UTF-8 with or without a byte order mark, or else CP949.
 */
#ifndef NBMS_LEARN_OPENINGS_H
#define NBMS_LEARN_OPENINGS_H

#include "base/json.h"
#include "base/jsonw.h"
#include "learn/tender.h"

#define OPENINGS_MAX 20000
#define OPENINGS_BIDS 500000 /* of all together */

struct opening_bid {
	char *company;
	int64_t amount; /* won */
};

struct opening {
	char *id, *standard, *agency; /* the latter two may be "" */
	struct tender_opening o;      /* low and high NaN: not told */
	int32_t rate;                 /* 0.001 %; 0: not told */
	int64_t a_value;              /* won */
	struct opening_bid *bid;
	size_t bids;
};

struct openings {
	struct opening *all; /* in order of appearance */
	size_t n, bids;
};

/* Called with each row that cannot be used: its line, and why. */
typedef void openings_say(void *ctx, size_t line, const char *why);

/*
 * False, and *why: nothing of it can be used (no text, neither encoding, a column missing).
 * Free with openings_free in every case.
 */
bool openings_csv(
    struct openings *, struct span text, openings_say *say, void *ctx, const char **why);
void openings_free(struct openings *);

/* As a JSON list, and back; what is not an opening there is left out. */
void openings_put(struct jw *w, const char *name, const struct openings *);
void openings_get(struct openings *, json_value list);

#endif
