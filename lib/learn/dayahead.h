/*
 * Next-day forecast of a building's hourly load.
 *
 * Served, best first, row by row: the mean of RidgeAR and trees boosted on
 * its residual (with `accurate`); RidgeAR; TOWT plus 0.5 x the last day's
 * and 0.4 x the last week's mean residual; the same hour a week ago.
 */
#ifndef NBMS_LEARN_DAYAHEAD_H
#define NBMS_LEARN_DAYAHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/conformal.h"
#include "learn/gbm.h"
#include "learn/hours.h"
#include "learn/lagged.h"
#include "learn/learn.h"
#include "learn/ridgear.h"
#include "learn/towt.h"

#define DAYAHEAD_HOURS 26 /* longest forecast: a 25-hour day and one more */

enum dayahead_model {
	DAYAHEAD_SERVED,
	DAYAHEAD_RIDGEAR,
	DAYAHEAD_GBM,  /* RidgeAR + trees */
	DAYAHEAD_TOWT, /* with its bias corrected */
	DAYAHEAD_WEEK, /* y(t - 7 d) */
	DAYAHEAD_DAY,  /* y(t - 1 d) */
	DAYAHEAD_MODELS
};

struct dayahead {
	int issue_hour;
	enum learn_status status[DAYAHEAD_MODELS];
	struct ridgear ridgear;
	struct gbm gbm;
	struct towt towt;
};

/*
 * Fit on what is known at row issue (loads before it), for forecasts issued
 * daily at issue_hour local; TOWT sees the last 365 days. Any history of at
 * least a week gives LEARN_OK, members say in status[] what they lack;
 * LEARN_CONSTANT, LEARN_SHORT: nothing but repeating is left.
 * Free with dayahead_free.
 */
enum learn_status dayahead_fit(
    const struct lagged *, size_t issue, int issue_hour, bool accurate, struct dayahead *);
void dayahead_free(struct dayahead *);

/*
 * Forecast rows issue .. issue + hours - 1 (hours <= DAYAHEAD_HOURS, inside
 * h; the temperatures there are the weather forecast). out[model][hour],
 * kWh; NaN where a model can't say.
 */
enum learn_status dayahead_forecast(const struct dayahead *, const struct lagged *,
    size_t issue, size_t hours, double out[DAYAHEAD_MODELS][DAYAHEAD_HOURS]);

/*
 * Play forecasts day after day over rows [from, to), refitting RidgeAR and
 * TOWT every refit_days and the trees every 91 days. out[model] points to
 * [to - from] values or is NULL; rows before the first issue are NaN. What a
 * forecast sees is what was known at its issue, temperatures excepted: those
 * are the measured ones (perfect weather). LEARN_SHORT: never fitted.
 */
enum learn_status dayahead_play(const struct lagged *, size_t from, size_t to, int issue_hour,
    bool accurate, int refit_days, double *const out[DAYAHEAD_MODELS]);

/* "served", "ridgear", "gbm-lag", "towt+bias", "week-ago", "day-ago". */
const char *dayahead_name(enum dayahead_model);

#endif
