#include "learn/backtest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/conformal.h"

#define LEVEL 0.10 /* 1 - coverage of the intervals */

static void
judge(struct backtest *b, const char *name, size_t n, const double *measured,
    const double *predicted)
{
	struct backtest_model *m = &b->model[b->models];
	struct score score = metric_score(n, measured, predicted, 0);

	if (score.n == 0 || b->models == BACKTEST_MODELS)
		return;
	m->name = name;
	m->score = score;
	m->skill = NAN;
	m->g14 = metric_g14_hourly(&m->score);
	b->models++;
}

/* Skill of every model against a reference, over the rows that both know. */
static double
skill_against(
    size_t n, const double *measured, const double *predicted, const double *reference)
{
	double error = 0, other = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		double e = fabs(predicted[i] - measured[i]);
		double o = fabs(reference[i] - measured[i]);

		if (!isfinite(e + o))
			continue;
		error += e;
		other += o;
	}
	return other > 0 ? 1 - error / other : NAN;
}

static void
week_mean(const struct hours *h, size_t from, size_t split, size_t to, double *out)
{
	double sum[HOURS_WEEK] = { 0 }, count[HOURS_WEEK] = { 0 };
	size_t i;

	for (i = from; i < split; i++) {
		if (!isfinite(h->load[i]))
			continue;
		sum[hour_of_week(&h->at[i])] += h->load[i];
		count[hour_of_week(&h->at[i])] += 1;
	}
	for (i = split; i < to; i++) {
		int how = hour_of_week(&h->at[i]);

		out[i - split] = count[how] > 0 ? sum[how] / count[how] : NAN;
	}
}

enum year_row { YEAR_WEEK_MEAN = BASELINE_MODELS, YEAR_LAST, YEAR_ROWS };

/* One origin: fit on [from, split), predict [split, to) into out[row] + (split - base). */
static enum learn_status
year_origin(const struct hours *h, size_t from, size_t split, size_t to, size_t base,
    enum baseline_level level, double *const out[YEAR_ROWS])
{
	enum learn_status status;
	struct baseline b;
	size_t i, back;
	int k;

	status = baseline_fit(h, from, split, level, &b);
	for (k = 0; k < BASELINE_MODELS && status == LEARN_OK; k++)
		if (b.status[k] == LEARN_OK)
			status = baseline_series(
			    &b, h, split, to, (enum baseline_model)k, out[k] + (split - base));
	baseline_free(&b);
	week_mean(h, from, split, to, out[YEAR_WEEK_MEAN] + (split - base));
	for (i = split; i < to; i++) {
		back = hours_back(h, i, 364);
		if (back != SIZE_MAX && back < split)
			out[YEAR_LAST][i - base] = h->load[back];
	}
	return status;
}

static void
year_table(struct backtest *b, const struct hours *h, double *const out[YEAR_ROWS])
{
	static const enum baseline_model order[] = { BASELINE_MEAN, BASELINE_TOWT,
		BASELINE_RIDGE, BASELINE_GBM, BASELINE_CALTRACK };
	size_t n = b->to - b->from, k, before;
	const double *measured = h->load + b->from, *reference = out[YEAR_WEEK_MEAN];

	for (k = 0; k < YEAR_ROWS; k++) {
		const double *one = k < BASELINE_MODELS ? out[order[k]] : out[k];
		const char *name = k < BASELINE_MODELS   ? baseline_name(order[k])
				   : k == YEAR_WEEK_MEAN ? "hour-of-week mean"
							 : "364 days ago";

		before = b->models;
		judge(b, name, n, measured, one);
		if (b->models > before)
			b->model[before].skill = skill_against(n, measured, one, reference);
	}
}

enum learn_status
backtest_year(const struct hours *h, int train_days, int test_days, enum baseline_level level,
    struct backtest *b)
{
	enum learn_status status = LEARN_OK;
	double *out[YEAR_ROWS] = { NULL }, *all;
	size_t train = 24 * (size_t)train_days, test = 24 * (size_t)test_days, split, n, i;
	int k;

	memset(b, 0, sizeof(*b));
	b->coverage = b->width = b->pinball = NAN;
	if (train_days < 7 || test_days < 1)
		return LEARN_RANGE;
	if (h->n < 6 * HOURS_WEEK)
		return LEARN_SHORT;
	if (train >= h->n || test > h->n - train) {
		test = h->n / 3;
		train = h->n - test;
	}
	b->from = train;
	b->to = train + (h->n - train) / test * test;
	n = b->to - b->from;
	all = xmalloc(YEAR_ROWS * n * sizeof(*all));
	for (i = 0; i < YEAR_ROWS * n; i++)
		all[i] = NAN;
	for (k = 0; k < YEAR_ROWS; k++)
		out[k] = all + (size_t)k * n;
	for (split = train; split < b->to && status == LEARN_OK; split += test) {
		status =
		    year_origin(h, split - train, split, split + test, b->from, level, out);
		b->origins++;
	}
	if (status == LEARN_OK)
		year_table(b, h, out);
	free(all);
	if (status == LEARN_OK && b->models == 0)
		return LEARN_SHORT;
	if (status == LEARN_OK && !(b->model[0].skill > 0))
		return LEARN_NO_SKILL;
	return status;
}

#define LATE_HOURS (28 * 24) /* by which a model is chosen */
#define LEAST_HOURS (10 * 24)
#define KEEN 0.80 /* so much less must its error be than that of what is served first */

static void
day_intervals(struct backtest *b, const struct hours *h, const double *served, int issue_hour,
    double *low, double *high)
{
	size_t n = b->to - b->from, i;
	const double *measured = h->load + b->from;

	conformal_series(h, b->from, b->to, served, issue_hour, LEVEL, low, high);
	b->coverage = metric_coverage(n, measured, low, high);
	b->width = metric_width(n, low, high);
	b->pinball = metric_pinball(n, measured, low, LEVEL / 2);
	b->pinball += metric_pinball(n, measured, high, 1 - LEVEL / 2);
	/* The median is judged where there is an interval. */
	for (i = 0; i < n; i++)
		low[i] = isnan(low[i]) ? NAN : served[i];
	b->pinball = (b->pinball + metric_pinball(n, measured, low, 0.5)) / 3;
}

/* The mean error of a model's forecasts over rows [first, last) of the test; NaN: it hardly
 * spoke. */
static double
late_error(const double *measured, const double *said, size_t first, size_t last)
{
	size_t i, n = 0, rows = 0;
	double sum = 0;

	for (i = first; i < last; i++) {
		rows += isfinite(measured[i]) ? 1 : 0;
		if (!isfinite(measured[i] - said[i]))
			continue;
		sum += fabs(measured[i] - said[i]);
		n++;
	}
	return n > 0 && 10 * n >= 9 * rows ? sum / (double)n : NAN;
}

/*
 * What is served is the model that did best on the weeks before each issue: its forecasts take
 * the place of the first choice once there are some days to judge by.
 */
static void
serve_best(const struct hours *h, size_t from, size_t to, int issue_hour,
    double *const out[DAYAHEAD_MODELS])
{
	static const enum dayahead_model asked[] = { DAYAHEAD_RIDGEAR, DAYAHEAD_TOWT,
		DAYAHEAD_WEEK };
	double *first = xmalloc((to - from) * sizeof(*first));
	const double *measured = h->load + from, *by = NULL;
	size_t t, k, n = to - from;

	memcpy(first, out[DAYAHEAD_SERVED], n * sizeof(*first));
	for (t = 0; t < n; t++) {
		size_t back = t > LATE_HOURS ? t - LATE_HOURS : 0;

		if (h->at[from + t].hour == issue_hour && t >= LEAST_HOURS) {
			double least = late_error(measured, first, back, t);

			by = first;
			for (k = 0; k < sizeof(asked) / sizeof(*asked); k++) {
				double e = late_error(measured, out[asked[k]], back, t);

				if (e < KEEN * least || isnan(least)) {
					least = e;
					by = out[asked[k]];
				}
			}
		}
		if (by != NULL && isfinite(by[t]))
			out[DAYAHEAD_SERVED][t] = by[t];
	}
	free(first);
}

enum learn_status
backtest_day(const struct lagged *l, size_t from, size_t to, int issue_hour, bool accurate,
    int refit_days, struct backtest *b)
{
	double *out[DAYAHEAD_MODELS], *all;
	enum learn_status status;
	size_t n = to - from, before;
	int k;

	memset(b, 0, sizeof(*b));
	b->coverage = b->width = b->pinball = NAN;
	if (from >= to || to > l->h->n)
		return LEARN_RANGE;
	b->from = from;
	b->to = to;
	all = xmalloc((DAYAHEAD_MODELS + 2) * n * sizeof(*all));
	for (k = 0; k < DAYAHEAD_MODELS; k++)
		out[k] = all + (size_t)k * n;
	status = dayahead_play(l, from, to, issue_hour, accurate, refit_days, out);
	/* Nothing could be fitted: the naive rules still have their figures. */
	if (status == LEARN_SHORT)
		status = LEARN_OK;
	if (status == LEARN_OK)
		serve_best(l->h, from, to, issue_hour, out);
	for (k = 0; k < DAYAHEAD_MODELS && status == LEARN_OK; k++) {
		before = b->models;
		judge(b, dayahead_name((enum dayahead_model)k), n, l->h->load + from, out[k]);
		if (b->models > before)
			b->model[before].skill =
			    skill_against(n, l->h->load + from, out[k], out[DAYAHEAD_WEEK]);
	}
	if (status == LEARN_OK)
		day_intervals(b, l->h, out[DAYAHEAD_SERVED], issue_hour,
		    all + DAYAHEAD_MODELS * n, all + (DAYAHEAD_MODELS + 1) * n);
	free(all);
	b->origins = n / 24;
	if (status == LEARN_OK && b->models == 0)
		return LEARN_SHORT;
	if (status == LEARN_OK && !(b->model[0].skill > 0))
		return LEARN_NO_SKILL;
	return status;
}
