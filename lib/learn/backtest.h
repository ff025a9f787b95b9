/*
 * Rolling-origin evaluation on a building's own history. Hours are never
 * shuffled; a model sees only what came before.
 */
#ifndef NBMS_LEARN_BACKTEST_H
#define NBMS_LEARN_BACKTEST_H

#include <stddef.h>

#include "learn/baseline.h"
#include "learn/dayahead.h"
#include "learn/hours.h"
#include "learn/learn.h"
#include "learn/metric.h"

#define BACKTEST_MODELS 8

struct backtest_model {
	const char *name;   /* static storage */
	struct score score; /* divisor n */
	double skill;       /* 1 - MAE / MAE of week-ago on the same rows */
	bool g14;           /* ASHRAE Guideline 14 hourly limits, out of sample */
};

struct backtest {
	size_t models, origins;
	size_t from, to;                              /* rows tested */
	struct backtest_model model[BACKTEST_MODELS]; /* the served model first */
	double coverage, width; /* of 90 % intervals of the served model; NaN: none */
	double pinball;         /* mean over the 0.05, 0.5, 0.95 quantiles, kWh; NaN: none */
};

/*
 * Year-ahead: fit on train_days, predict the next test_days with the weather
 * that came, move on by test_days. With less history than train + test the
 * last third is held out of what there is. Also same-weekday-last-year
 * (t - 364 d) when it exists, and the mean by hour of the week.
 * LEARN_SHORT: under six weeks in all. LEARN_NO_SKILL: the numbers are
 * there, but the served model is no better than the hour-of-week mean.
 */
enum learn_status backtest_year(const struct hours *, int train_days, int test_days,
    enum baseline_level, struct backtest *);

/*
 * Day-ahead over rows [from, to), as dayahead_play, with 90 % split-conformal
 * intervals. At each issue served is the model that did best on the 28 days before it.
 * LEARN_NO_SKILL: the numbers are there, but the served model is no better than last week (also
 * when nothing but last week could be served); LEARN_SHORT: nothing could be judged.
 */
enum learn_status backtest_day(const struct lagged *, size_t from, size_t to, int issue_hour,
    bool accurate, int refit_days, struct backtest *);

#endif
