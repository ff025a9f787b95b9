/*
 * How good a prediction is. Every function skips pairs in which either side
 * is NaN, and answers NaN when nothing is left to judge.
 */
#ifndef NBMS_LEARN_METRIC_H
#define NBMS_LEARN_METRIC_H

#include <stdbool.h>
#include <stddef.h>

struct score {
	size_t n;      /* pairs judged */
	double mean;   /* mean of the measured values */
	double cvrmse; /* sqrt(sum e^2 / divisor) / mean, a fraction */
	double nmbe;   /* sum e / (divisor * mean), e = predicted - measured */
	double mae;    /* mean |e|, in the unit of the series */
	double smape;  /* mean of 2|e| / (|predicted| + |measured|), 0/0 = 0 */
	double r2;     /* 1 - sum e^2 / sum (y - mean)^2 */
	double rmse;   /* sqrt(sum e^2 / n) */
};

/*
 * The divisor of cvrmse and nmbe is n - parameters: pass 0 for the divisor n
 * (what is right out of sample), the number of fitted parameters for the
 * form of ASHRAE Guideline 14.
 */
struct score metric_score(
    size_t n, const double *measured, const double *predicted, size_t parameters);

/*
 * ASHRAE Guideline 14-2014 calibration limits: hourly CV(RMSE) <= 30 % and
 * |NMBE| <= 10 %, monthly 15 % and 5 %.
 */
bool metric_g14_hourly(const struct score *);
bool metric_g14_monthly(const struct score *);

/* Mean pinball loss of quantile predictions at level 0 < q < 1. */
double metric_pinball(size_t n, const double *measured, const double *quantile, double q);

/* Share of measured values inside [low, high], and the mean width. */
double metric_coverage(size_t n, const double *measured, const double *low, const double *high);
double metric_width(size_t n, const double *low, const double *high);

/* 1 - mae / reference mae: above 0 is better than the reference. */
double metric_skill(const struct score *, const struct score *reference);

/* Median and other quantiles of values[n] (linear interpolation); sorts values in place. */
double metric_quantile(size_t n, double *values, double q);

#endif
