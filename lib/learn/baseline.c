#include "learn/baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define FEATURES 6

static const struct gbm_options trees = { 200, 8, 20, 0.05, 10, 1, 1 };

static void
features_of(const struct hours *h, size_t i, double *x)
{
	const struct hour *at = &h->at[i];
	int type = hour_day_type(at);

	x[0] = at->hour;
	x[1] = type;
	x[2] = type * 24 + at->hour;
	x[3] = hour_is_off(at);
	x[4] = h->temperature[i];
	x[5] = h->temperature_day[i];
}

static enum learn_status
fit_trees(const struct hours *h, size_t from, size_t to, struct gbm *g)
{
	enum learn_status status;
	size_t i, n = 0, rows = to - from;
	double *x, *y;

	x = xmalloc(rows * FEATURES * sizeof(*x));
	y = xmalloc(rows * sizeof(*y));
	for (i = from; i < to; i++) {
		if (!isfinite(h->load[i]) || !isfinite(h->temperature[i]))
			continue;
		features_of(h, i, x + n * FEATURES);
		y[n++] = h->load[i];
	}
	status = n < 4 * HOURS_WEEK ? LEARN_SHORT : gbm_fit(n, FEATURES, x, y, &trees, g);
	free(x);
	free(y);
	return status;
}

static enum learn_status
never_changes(const struct hours *h, size_t from, size_t to)
{
	double first = NAN;
	size_t i;

	for (i = from; i < to; i++) {
		if (!isfinite(h->load[i]))
			continue;
		if (isnan(first))
			first = h->load[i];
		else if (h->load[i] != first)
			return LEARN_OK;
	}
	return isnan(first) ? LEARN_SHORT : LEARN_CONSTANT;
}

enum learn_status
baseline_fit(const struct hours *h, size_t from, size_t to, enum baseline_level level,
    struct baseline *b)
{
	enum learn_status status;
	int k;

	memset(b, 0, sizeof(*b));
	b->level = level;
	if (from >= to || to > h->n)
		return LEARN_RANGE;
	for (k = 0; k < BASELINE_MODELS; k++)
		b->status[k] = LEARN_RANGE;
	status = never_changes(h, from, to);
	if (status != LEARN_OK)
		return status;
	status = towt_fit(h, from, to, NULL, &b->towt);
	b->status[BASELINE_TOWT] = b->status[BASELINE_MEAN] = status;
	if (status != LEARN_OK || level == BASELINE_FAST)
		return status;
	b->status[BASELINE_CALTRACK] = caltrack_fit(h, from, to, &b->caltrack);
	b->status[BASELINE_RIDGE] = ridge_fit(h, from, to, b->towt.occupied, &b->ridge);
	if (level == BASELINE_ACCURATE)
		b->status[BASELINE_GBM] = fit_trees(h, from, to, &b->gbm);
	return status;
}

void
baseline_free(struct baseline *b)
{
	ridge_free(&b->ridge);
	gbm_free(&b->gbm);
	memset(b, 0, sizeof(*b));
}

static enum learn_status
trees_series(const struct gbm *g, const struct hours *h, size_t from, size_t to, double *out)
{
	double x[FEATURES];
	size_t i;

	for (i = from; i < to; i++) {
		features_of(h, i, x);
		if (isfinite(h->temperature[i]))
			gbm_predict(g, 1, x, &out[i - from]);
		else
			out[i - from] = NAN;
		if (out[i - from] < 0)
			out[i - from] = 0;
	}
	return LEARN_OK;
}

static void
mean_series(
    const struct baseline *b, const struct hours *h, size_t from, size_t to, double *out)
{
	static const enum baseline_model member[] = { BASELINE_TOWT, BASELINE_RIDGE,
		BASELINE_GBM };
	size_t i, k, n = to - from;
	double *one, *count;

	one = xmalloc(2 * n * sizeof(*one));
	count = one + n;
	memset(out, 0, n * sizeof(*out));
	memset(count, 0, n * sizeof(*count));
	for (k = 0; k < sizeof(member) / sizeof(*member); k++) {
		if (b->status[member[k]] != LEARN_OK)
			continue;
		baseline_series(b, h, from, to, member[k], one);
		for (i = 0; i < n; i++) {
			if (isnan(one[i]))
				continue;
			out[i] += one[i];
			count[i] += 1;
		}
	}
	for (i = 0; i < n; i++)
		out[i] = count[i] > 0 ? out[i] / count[i] : NAN;
	free(one);
}

enum learn_status
baseline_series(const struct baseline *b, const struct hours *h, size_t from, size_t to,
    enum baseline_model model, double *out)
{
	if (from >= to || to > h->n || b->status[model] != LEARN_OK)
		return LEARN_RANGE;
	switch (model) {
	case BASELINE_TOWT:
		towt_series(&b->towt, h, from, to, out);
		return LEARN_OK;
	case BASELINE_RIDGE:
		ridge_series(&b->ridge, h, from, to, out);
		return LEARN_OK;
	case BASELINE_CALTRACK:
		caltrack_series(&b->caltrack, h, from, to, out);
		return LEARN_OK;
	case BASELINE_GBM:
		return trees_series(&b->gbm, h, from, to, out);
	case BASELINE_MEAN:
		mean_series(b, h, from, to, out);
		return LEARN_OK;
	case BASELINE_MODELS:
		break;
	}
	return LEARN_RANGE;
}

const char *
baseline_name(enum baseline_model model)
{
	static const char *const name[] = { "towt", "ridge", "gbm", "caltrack", "mean" };

	return model < BASELINE_MODELS ? name[model] : "unknown";
}
