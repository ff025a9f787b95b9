/* lib/learn: regression, metrics, hourly frames, energy models, intervals, backtests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/when.h"
#include "learn/backtest.h"
#include "learn/baseline.h"
#include "learn/conformal.h"
#include "learn/dayahead.h"
#include "learn/gbm.h"
#include "learn/hours.h"
#include "learn/metric.h"
#include "learn/quality.h"
#include "learn/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY 24

static uint64_t seed;

static double
noise(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) * 0x1p-53 - 0.5;
}

/* A building with a working week, a heating and a cooling slope, and a slow drift. */
static void
make_building(struct hours *h, size_t days, double sigma)
{
	static const int32_t holiday[] = { 17167, 17168 }; /* 1 and 2 January 2017 */
	int32_t *offset = calloc(days * DAY, sizeof(*offset));
	struct civil start = { .year = 2016, .month = 9, .day = 1 };
	size_t i;

	seed = 42;
	assert_int_equal(hours_init(h, 86400 * civil_day_number(start), days * DAY), LEARN_OK);
	hours_calendar(h, offset, holiday, 2);
	for (i = 0; i < h->n; i++) {
		const struct hour *at = &h->at[i];
		bool busy = !hour_is_off(at) && at->hour >= 8 && at->hour < 18;
		double t = 10 - 12 * cos(2 * M_PI * (at->yday - 20) / 365) +
			   4 * sin(2 * M_PI * (at->hour - 9) / 24) + 6 * noise();
		double load = 50 + (busy ? 80 : 0) + (t < 12 ? (busy ? 3 : 1) * (12 - t) : 0);

		load += 10 * sin((double)i / 500) + sigma * noise();
		hours_put(h, h->start + 3600 * (int64_t)i, load, t);
	}
	hours_fill_temperature(h);
	free(offset);
}

static void
ridge_recovers_a_line(void **state)
{
	double beta[3], intercept, x[3], out[2] = { 0, 0 };
	struct gram g = { 0 }, part = { 0 }, other = { 0 };
	const int column[2] = { 0, 2 };
	int i;

	(void)state;
	gram_init(&g, 3);
	gram_init(&part, 3);
	gram_init(&other, 3);
	for (i = 0; i < 50; i++) {
		double pair[2];

		x[0] = pair[0] = i;
		x[1] = 7; /* constant: its coefficient is 0 */
		x[2] = pair[1] = i * i % 11;
		gram_add(i < 20 ? &part : &other, x, 3 + 2 * x[0] - 0.5 * x[2], 1);
		x[1] = 0;
		gram_add_sparse(&g, 2, column, pair, 3 + 2 * x[0] - 0.5 * x[2], 1);
	}
	gram_merge(&part, &other, 1);
	assert_int_equal(gram_ridge(&part, 0, beta, &intercept), LEARN_OK);
	assert_true(fabs(beta[0] - 2) < 1e-9 && beta[1] == 0 && fabs(beta[2] + 0.5) < 1e-9);
	assert_true(fabs(intercept - 3) < 1e-8);
	assert_true(fabs(gram_sse(&part, beta, intercept)) < 1e-6);
	assert_int_equal(gram_ridge(&g, 0, beta, &intercept), LEARN_OK);
	assert_true(fabs(beta[0] - 2) < 1e-9 && fabs(beta[2] + 0.5) < 1e-9);
	/* A penalty shrinks. */
	assert_int_equal(gram_ridge(&g, 1000, beta, &intercept), LEARN_OK);
	assert_true(beta[0] < 0.2 && beta[0] > 0);
	(void)out;
	gram_free(&g);
	gram_free(&part);
	gram_free(&other);
	gram_free(&other);
}

static void
ridge_says_when_it_cannot(void **state)
{
	double beta[2], intercept;
	struct gram g = { 0 };
	int i;

	(void)state;
	gram_init(&g, 2);
	assert_int_equal(gram_ridge(&g, 1, beta, &intercept), LEARN_SHORT);
	for (i = 0; i < 10; i++)
		gram_add(&g, (double[]){ i, 2 * i }, i, 1);
	assert_int_equal(gram_ridge(&g, 0, beta, &intercept), LEARN_SINGULAR);
	assert_int_equal(gram_ridge(&g, 1e-3, beta, &intercept), LEARN_OK);
	gram_free(&g);
}

static void
bounds_hold(void **state)
{
	/* y = 2 a - 1 b + 0.5 c; b may not go below 0, c not above 0.25. */
	const double low[3] = { 0, 0, -INFINITY }, high[3] = { INFINITY, INFINITY, 0.25 };
	const double loose[3] = { -INFINITY, -INFINITY, -INFINITY };
	const double free_[3] = { INFINITY, INFINITY, INFINITY };
	double beta[3], best, x[3];
	struct gram g = { 0 };
	int i, j;

	(void)state;
	seed = 7;
	gram_init(&g, 3);
	for (i = 0; i < 200; i++) {
		x[0] = noise();
		x[1] = noise() + 0.3 * x[0];
		x[2] = noise();
		gram_add(&g, x, 2 * x[0] - x[1] + 0.5 * x[2], 1);
	}
	assert_int_equal(gram_bounded(&g, loose, free_, 0, beta), LEARN_OK);
	assert_true(fabs(beta[0] - 2) < 1e-9 && fabs(beta[1] + 1) < 1e-9);
	assert_int_equal(gram_bounded(&g, low, high, 0, beta), LEARN_OK);
	assert_true(beta[1] == 0 && beta[2] == 0.25 && beta[0] > 1.5);
	/* No feasible neighbour is better. */
	best = gram_sse(&g, beta, 0);
	for (j = 0; j < 3; j++) {
		for (i = -1; i <= 1; i += 2) {
			double old = beta[j];

			beta[j] = fmin(high[j], fmax(low[j], old + i * 1e-3));
			assert_true(gram_sse(&g, beta, 0) >= best - 1e-12);
			beta[j] = old;
		}
	}
	assert_int_equal(gram_bounded(&g, free_, loose, 0, beta), LEARN_RANGE);
	gram_free(&g);
}

static void
metrics_by_hand(void **state)
{
	const double y[5] = { 10, 20, NAN, 30, 40 }, p[5] = { 12, 18, 5, 33, 37 };
	const double low[5] = { 0, 19, 0, 31, 0 }, high[5] = { 11, 21, 1, 32, 50 };
	struct score s = metric_score(5, y, p, 0);
	double v[4] = { 4, 1, 3, 2 };

	(void)state;
	assert_int_equal(s.n, 4);
	assert_true(fabs(s.cvrmse - sqrt(26.0 / 4) / 25) < 1e-12);
	assert_true(fabs(s.nmbe) < 1e-12 && fabs(s.mae - 2.5) < 1e-12);
	assert_true(fabs(s.r2 - (1 - 26.0 / 500)) < 1e-12);
	assert_true(metric_g14_hourly(&s) && metric_g14_monthly(&s));
	s = metric_score(5, y, p, 2);
	assert_true(fabs(s.cvrmse - sqrt(26.0 / 2) / 25) < 1e-12);
	s = metric_score(0, y, p, 0);
	assert_true(isnan(s.cvrmse) && !metric_g14_hourly(&s));
	assert_true(fabs(metric_pinball(2, y, p, 0.9) - (0.1 * 2 + 0.9 * 2) / 2) < 1e-12);
	assert_true(fabs(metric_coverage(5, y, low, high) - 0.75) < 1e-12);
	assert_true(fabs(metric_quantile(4, v, 0.5) - 2.5) < 1e-12);
	assert_true(isnan(metric_quantile(0, v, 0.5)));
}

/* Clocks in Seoul never change; in London 2016-03-27 has 23 hours and 2016-10-30 has 25. */
static void
days_of_23_and_25_hours(void **state)
{
	struct civil c = { .year = 2016, .month = 3, .day = 20 };
	int64_t start = 86400 * civil_day_number(c);
	int32_t offset[24 * 14];
	struct hours h;
	size_t i, short_day = 0;

	(void)state;
	assert_int_equal(hours_init(&h, start, 24 * 14), LEARN_OK);
	for (i = 0; i < h.n; i++)
		offset[i] = i >= 7 * 24 + 1 ? 3600 : 0;
	hours_calendar(&h, offset, NULL, 0);
	for (i = 0; i < h.n; i++)
		short_day += h.at[i].day == h.at[7 * 24].day;
	assert_int_equal(short_day, 23);
	assert_int_equal(h.at[7 * 24 + 1].hour, 2);
	assert_int_equal(h.at[7 * 24].weekday, 6);
	/* 12:00 summer time, a day and a week before: 12:00 winter time. */
	i = 7 * 24 + 11;
	assert_int_equal(h.at[i].hour, 12);
	assert_int_equal(h.at[hours_back(&h, i, 1)].hour, 12);
	assert_int_equal(h.at[hours_back(&h, i, 7)].hour, 12);
	assert_int_equal(h.at[hours_back(&h, i, 7)].day, h.at[i].day - 7);
	assert_true(hours_back(&h, 3, 1) == SIZE_MAX);
	hours_free(&h);
	assert_int_equal(hours_init(&h, start + 5, 24), LEARN_RANGE);
	assert_int_equal(hours_init(&h, start, 0), LEARN_RANGE);
}

static void
frames_take_bad_readings(void **state)
{
	int32_t offset[48] = { 0 };
	struct hours h;

	(void)state;
	assert_int_equal(hours_init(&h, 0, 48), LEARN_OK);
	hours_calendar(&h, offset, NULL, 0);
	hours_put(&h, -1, 1, 1);
	hours_put(&h, 48 * 3600, 1, 1);
	hours_put(&h, 3600, 5, NAN);
	hours_put(&h, 3600 + 1800, 6, 3);
	hours_put(&h, 7200, 0, INFINITY);
	hours_put(&h, 9 * 3600, NAN, 11);
	assert_int_equal(h.outside, 2);
	assert_int_equal(h.duplicate, 1);
	assert_true(h.load[1] == 5 && h.temperature[1] == 3);
	assert_int_equal(hours_zero_is_missing(&h), 1);
	hours_fill_temperature(&h);
	/* Seven hours from 3 to 11 degrees: too long a gap to fill. */
	assert_true(isnan(h.temperature[5]));
	hours_put(&h, 8 * 3600, NAN, 10);
	hours_fill_temperature(&h);
	assert_true(fabs(h.temperature[4] - 6) < 1e-12);
	hours_free(&h);
}

static void
quality_finds_faults(void **state)
{
	struct quality q;
	struct hours h;
	size_t i;

	(void)state;
	make_building(&h, 60, 4);
	for (i = 100; i < 160; i++)
		h.load[i] = 77.5;
	h.load[500] = 4000;
	h.load[700] = -3;
	h.load[701] = INFINITY;
	assert_int_equal(quality_clean(&h, 0, h.n, &q), LEARN_OK);
	assert_int_equal(q.stuck, 60);
	assert_int_equal(q.spike, 1);
	assert_int_equal(q.impossible, 1);
	assert_int_equal(q.missing, 1);
	assert_int_equal(q.longest_gap, 60);
	assert_int_equal(q.usable, h.n - 63);
	assert_true(isnan(h.load[500]) && isnan(h.load[120]));
	for (i = 0; i < h.n; i++)
		h.load[i] = i % 2 ? 0 : NAN;
	assert_int_equal(quality_clean(&h, 0, h.n, &q), LEARN_CONSTANT);
	assert_int_equal(quality_clean(&h, 0, 48, &q), LEARN_SHORT);
	assert_int_equal(quality_clean(&h, 5, 5, &q), LEARN_RANGE);
	hours_free(&h);
}

/* A meter that spikes now and then all year; a plant that runs every Tuesday at three. */
static void
spikes_are_faults_and_habits_are_not(void **state)
{
	struct quality q;
	struct hours h;
	size_t i, n = 0, habits = 0;

	(void)state;
	make_building(&h, 365, 4);
	for (i = 50; i < h.n; i += 101, n++)
		h.load[i] *= 20;
	assert_int_equal(quality_clean(&h, 0, h.n, &q), LEARN_OK);
	assert_int_equal(q.spike, n);
	assert_true(isnan(h.load[50]) && isnan(h.load[151]) && !isnan(h.load[51]));
	hours_free(&h);
	make_building(&h, 365, 4);
	for (i = 0; i < h.n; i++)
		if (h.at[i].weekday == 1 && h.at[i].hour == 3 && i % 5 != 0) {
			h.load[i] *= 20;
			habits++;
		}
	assert_true(habits > 30);
	assert_int_equal(quality_clean(&h, 0, h.n, &q), LEARN_OK);
	assert_int_equal(q.spike, 0);
	hours_free(&h);
	/* a day of it ten times too much, a week in the wrong unit: none hides the next */
	make_building(&h, 365, 4);
	for (i = 0; i < 7 * DAY; i++) {
		h.load[100 * DAY + i] *= 1000;
		h.load[200 * DAY + i] *= i < DAY ? 10 : 1;
	}
	assert_int_equal(quality_clean(&h, 0, h.n, &q), LEARN_OK);
	assert_int_equal(q.spike, 8 * DAY);
	assert_true(!isnan(h.load[100 * DAY - 1]) && !isnan(h.load[201 * DAY]));
	hours_free(&h);
}

/* Half a day of the same is a fault, unless nights are like that. */
static void
stuck_for_half_a_day(void **state)
{
	struct quality q;
	struct hours h;
	size_t i;

	(void)state;
	make_building(&h, 60, 4);
	for (i = h.n - 30; i < h.n; i++)
		h.load[i] = 77.5;
	for (i = 308; i < 319; i++)
		h.load[i] = h.load[307]; /* twelve hours of a night may be */
	for (i = 400; i < 430; i++)
		h.load[i] = 0;
	assert_int_equal(quality_clean(&h, 0, h.n, &q), LEARN_OK);
	assert_int_equal(q.stuck, 30);
	assert_true(isnan(h.load[h.n - 1]) && !isnan(h.load[307]));
	hours_free(&h);
	make_building(&h, 60, 4);
	for (i = 0; i < h.n; i++)
		if (h.at[i].hour < 7 || h.at[i].hour > 17)
			h.load[i] = 40;
	assert_int_equal(quality_clean(&h, 0, h.n, &q), LEARN_OK);
	assert_int_equal(q.stuck, 0);
	hours_free(&h);
}

static void
trees_learn_steps(void **state)
{
	struct gbm_options o = { 60, 4, 5, 0.3, 0, 1, 1 };
	double x[400 * 2], y[400], p, q[2] = { 150, NAN };
	struct gbm g, same;
	int i;

	(void)state;
	for (i = 0; i < 400; i++) {
		x[2 * i] = i;
		x[2 * i + 1] = i % 5 ? (double)(i % 7) : NAN;
		y[i] = (i < 200 ? 10 : 30) + (i % 5 ? 0 : 5);
	}
	assert_int_equal(gbm_fit(400, 2, x, y, &o, &g), LEARN_OK);
	assert_int_equal(gbm_predict(&g, 1, q, &p), LEARN_OK);
	assert_true(fabs(p - 15) < 1e-3);
	o.row_share = 0.7;
	assert_int_equal(gbm_fit(400, 2, x, y, &o, &same), LEARN_OK);
	assert_int_equal(gbm_predict(&same, 1, q, &p), LEARN_OK);
	assert_true(fabs(p - 15) < 1);
	gbm_free(&g);
	gbm_free(&same);
	y[3] = NAN;
	assert_int_equal(gbm_fit(400, 2, x, y, &o, &g), LEARN_NONFINITE);
	assert_int_equal(gbm_fit(9, 2, x, y, &o, &g), LEARN_SHORT);
	o.leaves = 1;
	assert_int_equal(gbm_fit(400, 2, x, y, &o, &g), LEARN_RANGE);
	assert_int_equal(gbm_predict(&g, 1, q, &p), LEARN_RANGE);
}

/* Loads that are a TOWT come back to the last digit, from CalTRACK too. */
static void
towt_is_exact_on_its_own(void **state)
{
	struct caltrack *c = malloc(sizeof(*c));
	double *out, *other;
	struct hours h;
	struct towt m;
	size_t i;

	(void)state;
	make_building(&h, 120, 0);
	out = malloc(2 * h.n * sizeof(*out));
	other = out + h.n;
	for (i = 0; i < h.n; i++)
		h.load[i] = 100 + hour_of_week(&h.at[i]) % 17 + 2 * h.temperature[i];
	h.load[7] = NAN;
	h.temperature[9] = NAN;
	assert_int_equal(towt_fit(&h, 0, h.n, NULL, &m), LEARN_OK);
	assert_int_equal(m.rows, h.n - 2);
	towt_series(&m, &h, 0, h.n, out);
	assert_int_equal(caltrack_fit(&h, 0, h.n, c), LEARN_OK);
	caltrack_series(c, &h, 0, h.n, other);
	assert_true(isnan(out[9]) && isnan(other[9]));
	for (i = 10; i < h.n; i++) {
		assert_true(fabs(out[i] - h.load[i]) < 1e-6);
		assert_true(fabs(other[i] - h.load[i]) < 1e-6);
	}
	/* Never seen: no number. Below zero: zero. */
	for (i = 0; i < h.n; i++)
		if (hour_of_week(&h.at[i]) == 5)
			h.load[i] = NAN;
	assert_int_equal(towt_fit(&h, 0, h.n, NULL, &m), LEARN_OK);
	assert_true(isnan(towt_predict(&m, 5, 10)));
	assert_true(towt_predict(&m, 6, -500) == 0);
	assert_int_equal(towt_fit(&h, 0, 100, NULL, &m), LEARN_SHORT);
	free(c);
	free(out);
	hours_free(&h);
}

static void
baseline_knows_its_limits(void **state)
{
	struct baseline b;
	double out[24];
	struct hours h;
	size_t i;

	(void)state;
	make_building(&h, 90, 5);
	/* A week of history: TOWT speaks, the ridge does not, the mean is TOWT's. */
	assert_int_equal(baseline_fit(&h, 0, 8 * DAY, BASELINE_ACCURATE, &b), LEARN_OK);
	assert_int_equal(b.status[BASELINE_RIDGE], LEARN_SHORT);
	assert_int_equal(b.status[BASELINE_GBM], LEARN_SHORT);
	assert_int_equal(
	    baseline_series(&b, &h, 8 * DAY, 9 * DAY, BASELINE_MEAN, out), LEARN_OK);
	assert_true(isfinite(out[3]));
	assert_int_equal(
	    baseline_series(&b, &h, 8 * DAY, 9 * DAY, BASELINE_RIDGE, out), LEARN_RANGE);
	baseline_free(&b);
	assert_int_equal(baseline_fit(&h, 0, 5 * DAY, BASELINE_FAST, &b), LEARN_SHORT);
	for (i = 0; i < h.n; i++)
		h.load[i] = 12;
	assert_int_equal(baseline_fit(&h, 0, h.n, BASELINE_FAST, &b), LEARN_CONSTANT);
	for (i = 0; i < h.n; i++)
		h.load[i] = NAN;
	assert_int_equal(baseline_fit(&h, 0, h.n, BASELINE_FAST, &b), LEARN_SHORT);
	baseline_free(&b);
	hours_free(&h);
}

static void
backtest_year_ranks(void **state)
{
	struct backtest b;
	struct hours h;

	(void)state;
	make_building(&h, 150, 5);
	assert_int_equal(backtest_year(&h, 100, 50, BASELINE_ACCURATE, &b), LEARN_OK);
	assert_int_equal(b.origins, 1);
	assert_string_equal(b.model[0].name, "mean");
	assert_true(b.models >= 6);
	assert_true(b.model[0].skill > 0.1 && b.model[0].score.cvrmse < 0.25);
	assert_int_equal(backtest_year(&h, 365, 365, BASELINE_FAST, &b), LEARN_OK);
	assert_int_equal(b.to - b.from, h.n / 3);
	assert_int_equal(backtest_year(&h, 0, 1, BASELINE_FAST, &b), LEARN_RANGE);
	hours_free(&h);
}

static void
forecasts_see_only_the_past(void **state)
{
	double one[DAYAHEAD_MODELS][DAYAHEAD_HOURS], two[DAYAHEAD_MODELS][DAYAHEAD_HOURS];
	struct lagged l;
	struct dayahead m;
	struct hours h;
	size_t i, issue = 80 * DAY + 12;
	int j;

	(void)state;
	make_building(&h, 90, 5);
	h.load[issue - 30] = NAN;
	lagged_init(&l, &h);
	assert_int_equal(dayahead_fit(&l, issue, 12, true, &m), LEARN_OK);
	assert_int_equal(dayahead_forecast(&m, &l, issue, 24, one), LEARN_OK);
	dayahead_free(&m);
	lagged_free(&l);
	for (i = issue; i < h.n; i++)
		h.load[i] = -1e6;
	lagged_init(&l, &h);
	assert_int_equal(dayahead_fit(&l, issue, 12, true, &m), LEARN_OK);
	assert_int_equal(dayahead_forecast(&m, &l, issue, 24, two), LEARN_OK);
	for (j = 0; j < DAYAHEAD_MODELS; j++)
		for (i = 0; i < 24; i++)
			assert_true(one[j][i] == two[j][i]);
	assert_int_equal(dayahead_forecast(&m, &l, h.n - 5, 24, two), LEARN_RANGE);
	dayahead_free(&m);
	lagged_free(&l);
	hours_free(&h);
}

static void
backtest_day_has_skill_and_coverage(void **state)
{
	struct backtest b;
	struct lagged l;
	struct hours h;

	(void)state;
	make_building(&h, 200, 10);
	lagged_init(&l, &h);
	assert_int_equal(backtest_day(&l, 100 * DAY, h.n, 0, false, 14, &b), LEARN_OK);
	assert_string_equal(b.model[0].name, "served");
	assert_true(b.model[0].skill > 0.2);
	assert_true(b.coverage > 0.84 && b.coverage < 0.96);
	assert_true(b.width > 0 && b.pinball > 0);
	/* A week of history is enough to forecast, if poorly. */
	assert_int_not_equal(backtest_day(&l, 8 * DAY, 12 * DAY, 0, false, 1, &b), LEARN_SHORT);
	assert_true(b.model[0].score.n == 96);
	lagged_free(&l);
	hours_free(&h);
}

static void
no_weather_falls_back(void **state)
{
	double out[DAYAHEAD_MODELS][DAYAHEAD_HOURS];
	struct lagged l;
	struct baseline year;
	struct backtest b;
	struct dayahead m;
	struct hours h;
	size_t i, issue = 60 * DAY;

	(void)state;
	make_building(&h, 61, 5);
	for (i = issue; i < h.n; i++)
		h.temperature[i] = h.temperature_day[i] = NAN;
	lagged_init(&l, &h);
	assert_int_equal(dayahead_fit(&l, issue, 0, false, &m), LEARN_OK);
	assert_int_equal(dayahead_forecast(&m, &l, issue, 24, out), LEARN_OK);
	assert_true(isnan(out[DAYAHEAD_RIDGEAR][4]) && isnan(out[DAYAHEAD_TOWT][4]));
	assert_true(out[DAYAHEAD_SERVED][4] == h.load[issue + 4 - HOURS_WEEK]);
	dayahead_free(&m);
	/* Never any weather: last week is all there is, and the table says so. */
	for (i = 0; i < h.n; i++)
		h.temperature[i] = h.temperature_day[i] = NAN;
	assert_int_equal(backtest_day(&l, 30 * DAY, h.n, 0, false, 7, &b), LEARN_NO_SKILL);
	assert_true(b.model[0].score.n > 700 && b.model[0].skill == 0);
	assert_int_equal(baseline_fit(&h, 0, h.n, BASELINE_STANDARD, &year), LEARN_SHORT);
	baseline_free(&year);
	for (i = 0; i < h.n; i++)
		h.load[i] = 3;
	assert_int_equal(dayahead_fit(&l, issue, 0, false, &m), LEARN_CONSTANT);
	dayahead_free(&m);
	lagged_free(&l);
	hours_free(&h);
}

/* A meter that jumps to a million yesterday does not forecast a million. */
static void
wild_lags_are_held(void **state)
{
	double out[DAYAHEAD_MODELS][DAYAHEAD_HOURS];
	size_t i, issue = 60 * DAY;
	struct lagged l;
	struct dayahead m;
	struct hours h;

	(void)state;
	make_building(&h, 62, 5);
	lagged_init(&l, &h);
	assert_int_equal(dayahead_fit(&l, issue, 0, false, &m), LEARN_OK);
	lagged_free(&l);
	for (i = issue; i < issue + 24; i++)
		h.load[i] = 1e6;
	lagged_init(&l, &h);
	assert_int_equal(dayahead_forecast(&m, &l, issue + 24, 24, out), LEARN_OK);
	for (i = 0; i < 24; i++)
		assert_true(
		    out[DAYAHEAD_SERVED][i] <= m.ridgear.most && out[DAYAHEAD_SERVED][i] < 400);
	dayahead_free(&m);
	lagged_free(&l);
	hours_free(&h);
}

/* Two warm hours of a cold winter teach nothing about the summer that follows. */
static void
an_hour_of_warmth_is_no_slope(void **state)
{
	size_t winter = 106 * DAY, i,
	       n = 0; /* from 1 September 2016, make_building's first day */
	double *out, error = 0;
	struct baseline b;
	struct hours h;

	(void)state;
	make_building(&h, 330, 2);
	for (i = 0; i < winter; i++)
		if (h.temperature[i] > 9) {
			h.temperature[i] = 9;
			h.load[i] = NAN;
		}
	for (i = 70 * DAY + 11; i < 70 * DAY + 13; i++) {
		h.temperature[i] = 10.3;
		h.load[i] = 190; /* a party */
	}
	hours_fill_temperature(&h);
	assert_int_equal(baseline_fit(&h, 0, winter, BASELINE_STANDARD, &b), LEARN_OK);
	out = malloc((h.n - winter) * sizeof(*out));
	assert_int_equal(baseline_series(&b, &h, winter, h.n, BASELINE_RIDGE, out), LEARN_OK);
	for (i = winter; i < h.n; i++) {
		if (isnan(out[i - winter]))
			continue;
		error += fabs(out[i - winter] - h.load[i]);
		n++;
	}
	assert_true(n > 5000 && error / (double)n < 16);
	free(out);
	baseline_free(&b);
	hours_free(&h);
}

static void
conformal_ranks(void **state)
{
	/* rows of a Thursday, a Saturday, the Monday after and a holiday, at three in the
	 * morning
	 */
	const size_t thursday = 3, saturday = 2 * DAY + 3, monday = 4 * DAY + 3,
		     holiday = 122 * DAY + 3;
	struct conformal c = { 0 };
	struct hours h;
	int i;

	(void)state;
	make_building(&h, 130, 0);
	for (i = 1; i <= 8; i++)
		conformal_add(&c, &h, thursday, i);
	conformal_add(&c, &h, thursday, NAN);
	conformal_add(&c, &h, thursday + 1, 5); /* another hour */
	assert_true(isnan(conformal_half_width(&c, &h, thursday, 0.1)));
	conformal_add(&c, &h, thursday, -9);
	/* the largest error is twice the mean of the others, and the mean of all is 5 */
	assert_true(fabs(conformal_half_width(&c, &h, thursday, 0.1) - 10) < 1e-9);
	assert_true(fabs(conformal_half_width(&c, &h, thursday, 0.5) - 5) < 1e-9);
	assert_true(fabs(conformal_half_width(&c, &h, monday, 0.1) - 10) < 1e-9);
	for (i = 0; i < CONFORMAL_ERRORS; i++)
		conformal_add(&c, &h, thursday, 1);
	assert_true(fabs(conformal_half_width(&c, &h, thursday, 0.1) - 1) < 1e-9);
	/* weekends miss by ten times as much: workdays' interval is the narrower for it */
	for (i = 0; i < CONFORMAL_ERRORS; i++)
		conformal_add(&c, &h, i % 4 == 0 ? saturday : thursday, i % 4 == 0 ? 10 : 1);
	assert_true(conformal_half_width(&c, &h, saturday, 0.1) >
		    3 * conformal_half_width(&c, &h, thursday, 0.1));
	/* of a kind of day that was not met yet the mean of all is told */
	assert_true(conformal_half_width(&c, &h, holiday, 0.1) ==
		    conformal_half_width(&c, &h, monday, 0.1));
	/* never wrong but once */
	memset(&c, 0, sizeof(c));
	for (i = 0; i < CONFORMAL_ERRORS; i++)
		conformal_add(&c, &h, thursday, i == 7 ? 40 : 0);
	assert_true(conformal_half_width(&c, &h, thursday, 0.1) == 0);
	assert_true(conformal_half_width(&c, &h, thursday, 0.02) > 0);
	hours_free(&h);
}

static void
statuses_have_reasons(void **state)
{
	int i;

	(void)state;
	for (i = LEARN_OK; i <= LEARN_LIMIT; i++)
		assert_string_not_equal(learn_reason((enum learn_status)i), "unknown status");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ridge_recovers_a_line),
		cmocka_unit_test(ridge_says_when_it_cannot),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(metrics_by_hand),
		cmocka_unit_test(days_of_23_and_25_hours),
		cmocka_unit_test(frames_take_bad_readings),
		cmocka_unit_test(quality_finds_faults),
		cmocka_unit_test(spikes_are_faults_and_habits_are_not),
		cmocka_unit_test(stuck_for_half_a_day),
		cmocka_unit_test(trees_learn_steps),
		cmocka_unit_test(towt_is_exact_on_its_own),
		cmocka_unit_test(baseline_knows_its_limits),
		cmocka_unit_test(backtest_year_ranks),
		cmocka_unit_test(forecasts_see_only_the_past),
		cmocka_unit_test(backtest_day_has_skill_and_coverage),
		cmocka_unit_test(no_weather_falls_back),
		cmocka_unit_test(wild_lags_are_held),
		cmocka_unit_test(an_hour_of_warmth_is_no_slope),
		cmocka_unit_test(conformal_ranks),
		cmocka_unit_test(statuses_have_reasons),
	};

	learn_single_thread();
	return cmocka_run_group_tests_name("learn energy", tests, NULL, NULL);
}
