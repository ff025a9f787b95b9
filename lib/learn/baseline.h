/*
 * Year-ahead model of a building's hourly load: what it would have used.
 *
 * Members are TOWT, ridge and, at BASELINE_ACCURATE, boosted trees (200
 * trees of 8 leaves, rate 0.05; hour, day type, hour of week, T and 24-h
 * mean T; no season, which one year can't teach a tree). BASELINE_MEAN is
 * the mean of the members that know a row. CalTRACK 2.0 hourly is fitted
 * beside them as the reference to beat; it is not in the mean.
 */
#ifndef NBMS_LEARN_BASELINE_H
#define NBMS_LEARN_BASELINE_H

#include <stddef.h>

#include "learn/caltrack.h"
#include "learn/gbm.h"
#include "learn/hours.h"
#include "learn/learn.h"
#include "learn/ridge.h"
#include "learn/towt.h"

enum baseline_level {
	BASELINE_FAST,     /* TOWT alone */
	BASELINE_STANDARD, /* least squares only */
	BASELINE_ACCURATE  /* with boosting */
};

enum baseline_model {
	BASELINE_TOWT,
	BASELINE_RIDGE,
	BASELINE_GBM,
	BASELINE_CALTRACK,
	BASELINE_MEAN,
	BASELINE_MODELS
};

struct baseline {
	enum baseline_level level;
	enum learn_status status[BASELINE_MODELS]; /* of each member's own fit */
	struct towt towt;
	struct ridge ridge;
	struct gbm gbm;
	struct caltrack caltrack;
};

/*
 * Fit on rows [from, to). The answer is that of TOWT, without which there is
 * no mean; a member that could not be fitted says why in status[].
 * LEARN_CONSTANT: the load never changes. Free with baseline_free.
 */
enum learn_status baseline_fit(
    const struct hours *, size_t from, size_t to, enum baseline_level, struct baseline *);
void baseline_free(struct baseline *);

/*
 * out[to - from] kWh of one model at rows [from, to); NaN where it can't
 * say. LEARN_RANGE: the model was not fitted.
 */
enum learn_status baseline_series(const struct baseline *, const struct hours *, size_t from,
    size_t to, enum baseline_model, double *out);

/* "towt", "ridge", "gbm", "caltrack", "mean". */
const char *baseline_name(enum baseline_model);

#endif
