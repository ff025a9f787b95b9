/*
 * coming: the next hours' load, by the model that did best on this building's own last weeks.
 *
 * Which of dayahead.h's models is served is not taken for granted: each is played over past
 * days as it would have been issued, and the one with the least mean absolute error speaks;
 * last week's same hour is among them. Intervals are split-conformal on what that model missed
 * by.
 *
 * Where most of the next day's weather is not known, and all of the last one's is, each hour
 * goes by the weather of a day before: the models learn from that, and are judged with it.
 */
#ifndef NBMS_LEARN_COMING_H
#define NBMS_LEARN_COMING_H

#include "learn/backtest.h"
#include "learn/dayahead.h"
#include "learn/hours.h"

struct coming {
	size_t n; /* hours, 0: nothing can be said */
	enum dayahead_model by;
	bool tried;     /* the test has figures of it, of half the time at least */
	bool yesterday; /* by yesterday's weather */
	double kwh[DAYAHEAD_HOURS], low[DAYAHEAD_HOURS],
	    high[DAYAHEAD_HOURS]; /* NAN: not known */
	double week_ago[DAYAHEAD_HOURS];
	enum learn_status tested;
	struct backtest test; /* where tested is LEARN_OK or LEARN_NO_SKILL */
};

/*
 * Rows from `known` on (at most DAYAHEAD_HOURS) of a history whose later rows have the weather
 * forecast, as far as that reaches. The status is that of the fit; LEARN_RANGE: there are no
 * rows to come; LEARN_STALE: the last two weeks before `known` have no load, and what older
 * ones said is no forecast.
 */
enum learn_status coming_forecast(
    const struct hours *, size_t known, bool accurate, struct coming *);

/* Days from one refit to the next when so many rows' past is played. */
int coming_refit(size_t known);

#endif
