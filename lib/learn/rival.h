/*
 * What rivals bid, and the chance to win at each bid.
 *
 * With s the reserve ratio (law F, reserve.h) and x the s at which a bid is
 * exactly the least valid one (tender_aimed), the lowest valid bid wins:
 *
 *   P(win | x) = integral over s <= x of prod_j (1 - (F_j(x) - F_j(s))) dF(s)
 *
 * If every rival follows F, P = (1 - (1 - F(x))^N) / N <= 1/N: flat. An edge
 * exists only where rivals are not; there their laws are least known, so
 * each F_j is shrunken towards F: weight n / (n + RIVAL_SHRINK) for n bids
 * seen, and the curve carries the 5 to 95 % band of a bootstrap over them.
 */
#ifndef NBMS_LEARN_RIVAL_H
#define NBMS_LEARN_RIVAL_H

#include <stddef.h>
#include <stdint.h>

#include "learn/learn.h"
#include "learn/reserve.h"

#define RIVAL_SHRINK 20  /* bids at which a company's own law weighs half */
#define RIVAL_MARKET 200 /* the same for the market's law, over all bids seen */
#define RIVAL_MAX 200    /* companies told apart */
#define RIVAL_GRID 401   /* points of the curve */
#define RIVAL_BOOTSTRAPS 100

/* A company expected to bid, and its past bids. */
struct rival {
	const double *aimed; /* [n] percent, tender_aimed of each bid */
	size_t n;
};

struct rival_tender {
	const struct reserve_law *law;
	int64_t base, a_value;     /* won */
	int32_t rate;              /* 0.001 % */
	const struct rival *rival; /* [rivals] that will be there */
	size_t rivals;
	size_t others; /* further bidders, unknown: they follow the market's law */
	const double
	    *market; /* [market_n] aimed percent of all bids seen; NULL: the law itself */
	size_t market_n;
	int64_t cost;  /* won; what carrying out costs us, 0: not said */
	uint64_t seed; /* of the bootstrap */
};

struct rival_point {
	double aimed;          /* percent */
	int64_t bid;           /* won */
	double win, low, high; /* P(win) and its 5 and 95 % band */
	double below;          /* P(bid falls below the floor) = 1 - F(aimed) */
};

struct rival_curve {
	size_t bidders; /* with us */
	struct rival_point point[RIVAL_GRID];
	size_t best;     /* largest P(win) */
	size_t safe;     /* largest P(win) with `below` <= 10 % */
	size_t margin;   /* largest P(win) (bid - cost); largest P(win) bid without cost */
	double edge;     /* P(win) at best times the number of bidders: 1 = a lottery */
	double edge_low; /* the same with the band's lower end: above 1 is an edge worth the
			    name */
};

/*
 * LEARN_RANGE: an amount or a rate out of range, no bidder but us beyond
 * limits, cost above every bid; LEARN_NONFINITE.
 */
enum learn_status rival_curve(const struct rival_tender *, struct rival_curve *);

/* What to say beside every curve; static storage. */
const char *rival_warning(void);

#endif
