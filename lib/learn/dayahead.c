#include "learn/dayahead.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define FEATURES 15
#define YEAR 8760
#define TREES_DAYS 91

static const struct gbm_options trees = { 150, 15, 20, 0.05, 10, 1, 1 };

static void
features_of(const struct hours *h, size_t t, const struct lag_row *lag, double *x)
{
	const struct hour *at = &h->at[t];
	int type = hour_day_type(at);

	x[0] = at->hour;
	x[1] = type;
	x[2] = type * 24 + at->hour;
	x[3] = hour_is_off(at);
	x[4] = h->temperature[t];
	x[5] = h->temperature_day[t];
	x[6] = lag->cooling;
	x[7] = lag->day;
	x[8] = lag->weeks;
	x[9] = lag->two_days;
	x[10] = lag->week;
	x[11] = lag->two_weeks;
	x[12] = lag->last_day;
	x[13] = lag->last_week;
	x[14] = lag->recent;
}

/* Trees on what RidgeAR leaves over. */
static enum learn_status
fit_trees(const struct lagged *l, size_t issue, const struct ridgear *ridgear, struct gbm *g)
{
	enum learn_status status;
	struct lag_row lag;
	size_t t, seen, n = 0;
	double *x, *y;

	x = xmalloc(issue * FEATURES * sizeof(*x));
	y = xmalloc(issue * sizeof(*y));
	for (t = 0; t < issue; t++) {
		seen = lagged_issue(l->h, t, ridgear->issue_hour);
		if (seen == SIZE_MAX || !lagged_row(l, t, seen, &lag))
			continue;
		y[n] = l->h->load[t] - ridgear_predict(ridgear, l, t, seen);
		if (!isfinite(y[n]))
			continue;
		features_of(l->h, t, &lag, x + n * FEATURES);
		n++;
	}
	status = n < 8 * HOURS_WEEK ? LEARN_SHORT : gbm_fit(n, FEATURES, x, y, &trees, g);
	free(x);
	free(y);
	return status;
}

static bool
never_changes(const struct hours *h, size_t to)
{
	double low = INFINITY, high = -INFINITY;
	size_t t;

	for (t = 0; t < to; t++) {
		low = h->load[t] < low ? h->load[t] : low;
		high = h->load[t] > high ? h->load[t] : high;
	}
	return high == low;
}

/* Everything but the trees. */
static enum learn_status
fit_linear(const struct lagged *l, size_t issue, int issue_hour, struct dayahead *m)
{
	size_t from = issue > YEAR ? issue - YEAR : 0;

	m->issue_hour = issue_hour;
	if (issue > l->h->n || issue_hour < 0 || issue_hour > 23)
		return LEARN_RANGE;
	m->status[DAYAHEAD_WEEK] = m->status[DAYAHEAD_DAY] = LEARN_OK;
	m->status[DAYAHEAD_SERVED] = LEARN_OK;
	if (never_changes(l->h, issue))
		return LEARN_CONSTANT;
	ridgear_free(&m->ridgear);
	m->status[DAYAHEAD_TOWT] = towt_fit(l->h, from, issue, NULL, &m->towt);
	m->status[DAYAHEAD_RIDGEAR] = ridgear_fit(l, 0, issue, issue_hour, &m->ridgear);
	if (m->status[DAYAHEAD_TOWT] != LEARN_OK && m->status[DAYAHEAD_RIDGEAR] != LEARN_OK)
		return LEARN_SHORT;
	return LEARN_OK;
}

static void
refit_trees(const struct lagged *l, size_t issue, struct dayahead *m)
{
	gbm_free(&m->gbm);
	m->status[DAYAHEAD_GBM] = m->status[DAYAHEAD_RIDGEAR];
	if (m->status[DAYAHEAD_GBM] == LEARN_OK)
		m->status[DAYAHEAD_GBM] = fit_trees(l, issue, &m->ridgear, &m->gbm);
}

enum learn_status
dayahead_fit(
    const struct lagged *l, size_t issue, int issue_hour, bool accurate, struct dayahead *m)
{
	enum learn_status status;
	int k;

	memset(m, 0, sizeof(*m));
	for (k = 0; k < DAYAHEAD_MODELS; k++)
		m->status[k] = LEARN_RANGE;
	status = fit_linear(l, issue, issue_hour, m);
	if (status == LEARN_OK && accurate)
		refit_trees(l, issue, m);
	return status;
}

void
dayahead_free(struct dayahead *m)
{
	ridgear_free(&m->ridgear);
	gbm_free(&m->gbm);
	memset(m, 0, sizeof(*m));
}

/* TOWT's standing error: half of the last day's and two fifths of the last week's mean. */
static double
towt_bias(const struct towt *towt, const struct hours *h, size_t issue)
{
	double sum[2] = { 0, 0 };
	size_t t, count[2] = { 0, 0 };

	for (t = issue > HOURS_WEEK ? issue - HOURS_WEEK : 0; t < issue; t++) {
		double e =
		    h->load[t] - towt_predict(towt, hour_of_week(&h->at[t]), h->temperature[t]);

		if (isnan(e))
			continue;
		sum[1] += e;
		count[1]++;
		if (issue - t <= 24) {
			sum[0] += e;
			count[0]++;
		}
	}
	return (count[0] ? 0.5 * sum[0] / (double)count[0] : 0) +
	       (count[1] ? 0.4 * sum[1] / (double)count[1] : 0);
}

static double
past(const struct lagged *l, size_t t, size_t issue, int days)
{
	size_t row = hours_back(l->h, t, days);

	return row == SIZE_MAX || row >= issue ? NAN : l->filled[row];
}

static double
trees_on_top(
    const struct dayahead *m, const struct lagged *l, size_t t, size_t issue, double base)
{
	double x[FEATURES], y;
	struct lag_row lag;

	if (m->status[DAYAHEAD_GBM] != LEARN_OK || isnan(base) ||
	    !lagged_row(l, t, issue, &lag))
		return NAN;
	features_of(l->h, t, &lag, x);
	if (gbm_predict(&m->gbm, 1, x, &y) != LEARN_OK)
		return NAN;
	return base + y > 0 ? base + y : 0;
}

static double
best_of(const double *y)
{
	static const enum dayahead_model order[] = { DAYAHEAD_RIDGEAR, DAYAHEAD_TOWT,
		DAYAHEAD_WEEK, DAYAHEAD_DAY };
	size_t k;

	if (!isnan(y[DAYAHEAD_GBM]))
		return (y[DAYAHEAD_GBM] + y[DAYAHEAD_RIDGEAR]) / 2;
	for (k = 0; k < sizeof(order) / sizeof(*order); k++)
		if (!isnan(y[order[k]]))
			return y[order[k]];
	return NAN;
}

/* NaN: an hour of the week that it has not seen, or no temperature. */
static double
towt_says(const struct towt *towt, const struct hour *at, double temperature, double bias)
{
	double y = bias + towt_predict(towt, hour_of_week(at), temperature);

	return isnan(temperature) || isnan(y) ? NAN : y > 0 ? y : 0;
}

enum learn_status
dayahead_forecast(const struct dayahead *m, const struct lagged *l, size_t issue, size_t hours,
    double out[DAYAHEAD_MODELS][DAYAHEAD_HOURS])
{
	bool towt = m->status[DAYAHEAD_TOWT] == LEARN_OK;
	double bias = towt ? towt_bias(&m->towt, l->h, issue) : 0;
	size_t k;
	int j;

	if (hours > DAYAHEAD_HOURS || issue > l->h->n || hours > l->h->n - issue)
		return LEARN_RANGE;
	for (k = 0; k < hours; k++) {
		double y[DAYAHEAD_MODELS];
		size_t t = issue + k;

		y[DAYAHEAD_RIDGEAR] = ridgear_predict(&m->ridgear, l, t, issue);
		y[DAYAHEAD_GBM] = trees_on_top(m, l, t, issue, y[DAYAHEAD_RIDGEAR]);
		y[DAYAHEAD_TOWT] =
		    towt ? towt_says(&m->towt, &l->h->at[t], l->h->temperature[t], bias) : NAN;
		y[DAYAHEAD_WEEK] = past(l, t, issue, 7);
		y[DAYAHEAD_DAY] = past(l, t, issue, 1);
		y[DAYAHEAD_SERVED] = best_of(y);
		for (j = 0; j < DAYAHEAD_MODELS; j++)
			out[j][k] = y[j];
	}
	return LEARN_OK;
}

static size_t
next_issue(const struct hours *h, size_t from, size_t to, int issue_hour)
{
	while (from < to && h->at[from].hour != issue_hour)
		from++;
	return from;
}

enum learn_status
dayahead_play(const struct lagged *l, size_t from, size_t to, int issue_hour, bool accurate,
    int refit_days, double *const out[DAYAHEAD_MODELS])
{
	double one[DAYAHEAD_MODELS][DAYAHEAD_HOURS];
	enum learn_status status, answer = LEARN_SHORT;
	struct dayahead m;
	size_t t, issue, next, k;
	int32_t fitted = INT32_MIN, grown = INT32_MIN;
	int j;

	if (from >= to || to > l->h->n || refit_days < 1 || issue_hour < 0 || issue_hour > 23)
		return LEARN_RANGE;
	memset(&m, 0, sizeof(m));
	for (j = 0; j < DAYAHEAD_MODELS; j++) {
		m.status[j] = LEARN_RANGE;
		for (t = from; out[j] != NULL && t < to; t++)
			out[j][t - from] = NAN;
	}
	for (issue = next_issue(l->h, from, to, issue_hour); issue < to; issue = next) {
		int32_t day = l->h->at[issue].day;

		next = next_issue(l->h, issue + 1, to, issue_hour);
		if (fitted == INT32_MIN || day - fitted >= refit_days) {
			status = fit_linear(l, issue, issue_hour, &m);
			answer = status == LEARN_OK ? LEARN_OK : answer;
			fitted = day;
		}
		if (accurate && (grown == INT32_MIN || day - grown >= TREES_DAYS)) {
			refit_trees(l, issue, &m);
			if (m.status[DAYAHEAD_GBM] == LEARN_OK)
				grown = day;
		}
		/* A clock change may skip the issue hour: the forecast then ends before the
		 * next. */
		k = next - issue < DAYAHEAD_HOURS ? next - issue : DAYAHEAD_HOURS;
		if (dayahead_forecast(&m, l, issue, k, one) != LEARN_OK)
			continue;
		for (j = 0; j < DAYAHEAD_MODELS; j++)
			if (out[j] != NULL)
				memcpy(out[j] + (issue - from), one[j], k * sizeof(double));
	}
	dayahead_free(&m);
	return answer;
}

const char *
dayahead_name(enum dayahead_model model)
{
	static const char *const name[] = { "served", "ridgear", "gbm-lag", "towt+bias",
		"week-ago", "day-ago" };

	return model < DAYAHEAD_MODELS ? name[model] : "unknown";
}
