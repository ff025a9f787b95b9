/*
 * Least squares from normal equations.
 *
 * A gram holds the weighted sums of one data set, so that a fit needs one
 * pass over the rows and no copy of them; grams of disjoint rows add, and a
 * fold of a cross-validation is one subtraction.
 *
 * Rows must be finite; the caller leaves missing rows out.
 */
#ifndef NBMS_LEARN_REGRESSION_H
#define NBMS_LEARN_REGRESSION_H

#include <stddef.h>

#include "learn/learn.h"

struct gram {
	size_t p;     /* columns, not counting the intercept */
	double rows;  /* rows added */
	double w;     /* sum of weights */
	double y, yy; /* sums of w y and w y^2 */
	double *x;    /* [p] sums of w x */
	double *xy;   /* [p] sums of w x y */
	double *xx;   /* [p * p] row-major, upper triangle, sums of w x x' */
};

/* All sums zero, p > 0. The caller frees with gram_free; freeing {0} is fine. */
void gram_init(struct gram *, size_t p);
void gram_free(struct gram *);

/* One row given densely, x[p]. */
void gram_add(struct gram *, const double *x, double y, double weight);

/* One row given by its nonzeros, column[] strictly ascending. */
void gram_add_sparse(struct gram *, size_t nonzeros, const int *column, const double *value,
    double y, double weight);

/* sum += sign * part; both of the same p. */
void gram_merge(struct gram *sum, const struct gram *part, double sign);

/*
 * Ridge with an intercept that is not penalised: minimises
 * sum w (y - b0 - x'b)^2 + lambda * sum (s_j b_j)^2, with s_j the weighted
 * standard deviation of column j, so that lambda has no unit of x. lambda = 0
 * is least squares. Constant columns get 0.
 * LEARN_SINGULAR: the matrix is not positive definite at this lambda.
 */
enum learn_status gram_ridge(
    const struct gram *, double lambda, double *beta, double *intercept);

/* As gram_ridge, with a penalty of its own for every column, lambda[p]. */
enum learn_status gram_ridge_each(
    const struct gram *, const double *lambda, double *beta, double *intercept);

/* Sum of squared errors of any coefficients over the rows in the gram. */
double gram_sse(const struct gram *, const double *beta, double intercept);

/*
 * Least squares without intercept under low[j] <= beta[j] <= high[j] (use
 * -INFINITY, INFINITY for free): minimises the gram's sum of squares plus
 * ridge * sum (s_j b_j)^2, s_j the root mean square of column j. Active-set
 * method of Stark and Parker, Bounded-Variable Least-Squares (1995); p <= 64.
 * Non-negative least squares is low = 0, high = INFINITY.
 */
enum learn_status gram_bounded(
    const struct gram *, const double *low, const double *high, double ridge, double *beta);

/*
 * Solve the symmetric positive definite n x n system a x = b in place, for
 * small n; a is row-major, its upper triangle is read and overwritten.
 */
enum learn_status spd_solve(size_t n, double *a, double *b);

#endif
