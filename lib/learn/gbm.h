/*
 * Gradient-boosted regression trees on histograms, squared error.
 *
 * Features are cut into at most 255 quantile bins; trees grow leaf by leaf,
 * best gain first (Ke et al. 2017, LightGBM); a sibling's histogram is its
 * parent's less the other's. A NaN feature has a bin of its own below all
 * values. The same input and options give the same model on every machine
 * with IEEE doubles.
 */
#ifndef NBMS_LEARN_GBM_H
#define NBMS_LEARN_GBM_H

#include <stddef.h>
#include <stdint.h>

#include "learn/learn.h"

#define GBM_FEATURES 32
#define GBM_LEAVES 64

struct gbm_options {
	int trees;        /* 1..5000 */
	int leaves;       /* 2..GBM_LEAVES */
	int leaf_rows;    /* fewest rows in a leaf, >= 1 */
	double rate;      /* shrinkage, 0 < rate <= 1 */
	double l2;        /* added to a leaf's row count, >= 0 */
	double row_share; /* rows drawn for each tree, 0 < share <= 1 */
	uint64_t seed;    /* of the row draws */
};

struct gbm_node {
	int16_t feature; /* -1: a leaf */
	uint8_t bin;     /* go left while the feature's bin <= this */
	int16_t left, right;
	double value; /* of a leaf, shrunken */
};

struct gbm {
	size_t features, trees;
	double base;                   /* mean of the training target */
	double cut[GBM_FEATURES][255]; /* bin i holds cut[i-1] < x <= cut[i] */
	int cuts[GBM_FEATURES];
	struct gbm_node *node; /* [trees * (2 * GBM_LEAVES - 1)], owned */
};

/*
 * x is rows x features, row-major; y must be finite. LEARN_SHORT: fewer
 * rows than two leaves need. The caller frees with gbm_free; {0} is fine.
 */
enum learn_status gbm_fit(size_t rows, size_t features, const double *x, const double *y,
    const struct gbm_options *, struct gbm *);
void gbm_free(struct gbm *);

/* out[rows] of x, rows x features. */
enum learn_status gbm_predict(const struct gbm *, size_t rows, const double *x, double *out);

#endif
