/* lib/learn: daily models against another implementation's published figures; explanations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/when.h"
#include "learn/daily.h"
#include "learn/explain.h"
#include "learn/piecewise.h"
#include "learn/towt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS 364

/* testdata/nmecr: daily energy and degF from 2012-03-01, MIT, from kW-Labs/nmecr. */
static void
read_fixture(const char *path, double *value, int *weekday)
{
	char line[128];
	int i = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (i < DAYS && fgets(line, sizeof(line), f) != NULL) {
		/* 2012-03-01 00:00:00,21505.43952 */
		struct civil c = { .year = (int)strtol(line, NULL, 10),
			.month = (int)strtol(line + 5, NULL, 10),
			.day = (int)strtol(line + 8, NULL, 10) };

		assert_true(civil_is_valid(c) && line[19] == ',');
		value[i] = strtod(line + 20, NULL);
		weekday[i++] = civil_weekday(c) - 1;
	}
	fclose(f);
	assert_int_equal(i, DAYS);
}

static void
nmecr_figures_come_back(void **state)
{
	double energy[DAYS] = { 0 }, temperature[DAYS] = { 0 }, sum = 0, total = 0, mean = 0;
	int weekday[DAYS] = { 0 }, i;
	struct daily_week week;
	struct daily m;

	(void)state;
	read_fixture("testdata/nmecr/eload.csv", energy, weekday);
	read_fixture("testdata/nmecr/temp.csv", temperature, weekday);
	for (i = 0; i < DAYS; i++)
		temperature[i] = celsius(temperature[i]);
	assert_int_equal(daily_week_fit(DAYS, energy, temperature, weekday, &week), LEARN_OK);
	assert_true(fabs(week.r2 - 0.8964727) < 5e-7);
	assert_int_equal(daily_fit(DAYS, energy, temperature, DAILY_LINE, &m), LEARN_OK);
	assert_true(fabs(m.r2 - 0.6908902) < 5e-7);
	assert_int_equal(daily_fit(DAYS, energy, temperature, DAILY_FOUR, &m), LEARN_OK);
	assert_true(fabs(m.r2 - 0.7197438) < 5e-6);
	/* The stated R2 is that of the predictions. */
	for (i = 0; i < DAYS; i++)
		mean += energy[i] / DAYS;
	for (i = 0; i < DAYS; i++) {
		double e = energy[i] - daily_week_predict(&week, temperature[i], weekday[i]);

		sum += e * e;
		total += (energy[i] - mean) * (energy[i] - mean);
	}
	assert_true(fabs(1 - sum / total - week.r2) < 1e-6);
}

static void
change_points_are_found(void **state)
{
	double y[200], t[200];
	struct daily m;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		t[i] = -5 + 0.2 * i;
		y[i] = 100 + (t[i] < 12.3 ? 7 * (12.3 - t[i]) : 0) +
		       (t[i] > 19.1 ? 4 * (t[i] - 19.1) : 0) + (i % 3 - 1) * 0.5;
	}
	t[7] = NAN;
	assert_int_equal(daily_best(200, y, t, &m), LEARN_OK);
	assert_int_equal(m.kind, DAILY_FIVE);
	assert_true(fabs(m.low - 12.3) < 0.15 && fabs(m.high - 19.1) < 0.2);
	assert_true(
	    fabs(m.heat - 7) < 0.1 && fabs(m.cool - 4) < 0.1 && fabs(m.base - 100) < 0.5);
	assert_true(fabs(daily_predict(&m, 0) - 186.1) < 1);
	assert_true(isnan(daily_predict(&m, NAN)));
	for (i = 0; i < 200; i++)
		y[i] = 100 + (t[i] > 15 ? 3 * (t[i] - 15) : 0) + (i % 3 - 1) * 0.5;
	assert_int_equal(daily_best(200, y, t, &m), LEARN_OK);
	assert_int_equal(m.kind, DAILY_COOL);
	assert_true(isnan(m.low) && fabs(m.high - 15) < 0.2);
	assert_int_equal(daily_best(10, y, t, &m), LEARN_SHORT);
	for (i = 0; i < 200; i++)
		y[i] = 5;
	assert_int_equal(daily_best(200, y, t, &m), LEARN_CONSTANT);
}

static void
a_building_explained(void **state)
{
	struct civil start = { .year = 2016, .month = 12, .day = 1 };
	const int32_t holiday[2] = { 17161,
		17162 }; /* 26 and 27 December 2016: they pull at the slopes */
	int32_t offset[24 * 120] = { 0 };
	struct explain e;
	struct hours h;
	struct towt m;
	size_t i;

	(void)state;
	assert_int_equal(hours_init(&h, 86400 * civil_day_number(start), 24 * 120), LEARN_OK);
	hours_calendar(&h, offset, holiday, 2);
	for (i = 0; i < h.n; i++) {
		const struct hour *at = &h.at[i];
		bool busy = !hour_is_off(at) && at->hour >= 8 && at->hour < 18;
		double t = 8 + 7 * sin((double)i / 37) + 3 * sin((double)i / 3.7);

		hours_put(&h, h.start + 3600 * (int64_t)i,
		    20 + (busy ? 60 + 2.5 * (16 - t) : 0.5 * (16 - t)), t);
	}
	hours_fill_temperature(&h);
	assert_int_equal(towt_fit(&h, 0, h.n, NULL, &m), LEARN_OK);
	assert_int_equal(explain_load(&h, 0, h.n, &m, &e), LEARN_OK);
	assert_int_equal(e.occupied_hours, 50);
	assert_int_equal(e.holidays, 2);
	assert_true(e.holiday_effect < -0.4);
	for (i = 0; i < e.bands; i++) {
		if (e.points[1][i] > 200)
			assert_true(fabs(e.slope[1][i] + 2.5) < 1);
		if (e.points[0][i] > 200)
			assert_true(fabs(e.slope[0][i] + 0.5) < 0.3);
	}
	assert_true(e.week[12] > 3 * e.week[3]);
	assert_true(e.base_night > 15 && e.base_night < 30);
	assert_int_equal(e.daily_status, LEARN_OK);
	assert_int_equal(explain_load(&h, 5, 5, &m, &e), LEARN_RANGE);
	hours_free(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nmecr_figures_come_back),
		cmocka_unit_test(change_points_are_found),
		cmocka_unit_test(a_building_explained),
	};

	return cmocka_run_group_tests_name("learn daily", tests, NULL, NULL);
}
