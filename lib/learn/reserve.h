/*
 * The law of the reserve-price ratio in Korean public tenders.
 *
 * Before an opening 15 reserve prices are made, one in each of 15 cells of
 * a range around the base amount; the bidders' draws pick 4 of them, and
 * their mean is the estimated price (national: within 2 %, Contract
 * Regulation on estimated prices, article 44-3; local: within 3 %). With
 * uniform prices inside the cells the ratio s = estimated / base - 1 is a
 * mixture over C(15,4) = 1365 choices of a mean of four uniforms, summed
 * here exactly: no simulation, no quadrature. By symmetry the number of
 * bidders plays no part.
 *
 * Two generators, told apart in published openings: 15 equal cells over the
 * whole range (Public Procurement Service), or 8 cells below and 7 above
 * the base amount (local government).
 */
#ifndef NBMS_LEARN_RESERVE_H
#define NBMS_LEARN_RESERVE_H

#include <stddef.h>

#include "learn/learn.h"

#define RESERVE_PRICES 15
#define RESERVE_DRAWN 4

enum reserve_generator {
	RESERVE_EQUAL, /* 15 equal cells */
	RESERVE_SPLIT  /* 8 equal cells below, 7 above */
};

struct reserve_part; /* choices of cells with the same law */

struct reserve_law {
	enum reserve_generator generator;
	double low, high; /* percent off the base amount, low < 0 < high */
	double mean, sd;  /* of s, percent */
	size_t parts;
	struct reserve_part *part; /* owned */
};

/* low, high in percent, -10 <= low < 0 < high <= 10. Free with reserve_free. */
enum learn_status reserve_init(
    enum reserve_generator, double low, double high, struct reserve_law *);
void reserve_free(struct reserve_law *);

/* P(s <= percent), exact to about 1e-10, and the density per percent. */
double reserve_cdf(const struct reserve_law *, double percent);
double reserve_density(const struct reserve_law *, double percent);

/* Percent at which the cdf is p, 0 <= p <= 1. */
double reserve_quantile(const struct reserve_law *, double p);

/* Bounds of cell 0..14, percent. */
void reserve_cell(
    enum reserve_generator, double low, double high, int cell, double *from, double *to);

#endif
