/* lib/bms: forecasts of three services, brought to whole hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/forecast.h"

#include <math.h>

#define NOW 1784178000 /* 2026-07-16T05:00:00Z, a whole hour */

static bool
read_text(
    const char *provider, const char *text, when_t now, struct forecast *f, struct buf *why)
{
	struct json *j = json_new();
	json_value root;
	bool ok;

	buf_clear(why);
	assert_true(json_parse_copy(j, span_of(text), &root));
	ok = forecast_read(forecast_provider(span_of(provider)), root, now, f, why);
	json_free(j);
	return ok;
}

static void
every_service_is_read(void **state)
{
	static const struct {
		const char *provider, *text;
	} cases[] = {
		{ "owm-2.5", "{\"cod\":\"200\",\"list\":[{\"dt\":1784178000,\"main\":{\"temp\":"
			     "21.5,\"humidity\":60}},"
			     "{\"dt\":1784188800,\"main\":{\"temp\":24.5,\"humidity\":48}}]}" },
		{ "owm-3.0", "{\"hourly\":[{\"dt\":1784178000,\"temp\":21.5,\"humidity\":60},"
			     "{\"dt\":1784188800,\"temp\":24.5,\"humidity\":48}]}" },
		{ "open-meteo", "{\"hourly\":{\"time\":[1784178000,1784188800,1784192400],"
				"\"temperature_2m\":[21.5,24.5,null],\"relative_humidity_2m\":["
				"60,48,40]}}" },
	};
	struct forecast_point p[24];
	struct buf why = BUF(1024);
	struct forecast f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(read_text(cases[i].provider, cases[i].text, NOW, &f, &why));
		assert_int_equal(f.n, 2);
		assert_int_equal(forecast_hourly(&f, NOW, 24, p), 4);
		assert_true(p[0].at == NOW && !p[0].interpolated &&
			    fabs(p[0].temperature - 21.5) < 1e-9);
		assert_true(p[1].interpolated && fabs(p[1].temperature - 22.5) < 1e-9 &&
			    fabs(p[1].humidity - 56) < 1e-9);
		assert_true(p[2].at == NOW + 7200 && fabs(p[2].temperature - 23.5) < 1e-9);
		assert_true(!p[3].interpolated && fabs(p[3].humidity - 48) < 1e-9);
	}
	assert_null(forecast_provider(SPAN("metoffice")));
	buf_free(&why);
}

static void
only_whole_hours_that_are_spanned(void **state)
{
	struct forecast f = { .n = 3,
		.points = { { NOW + 1800, 10, 50, false }, { NOW + 9000, 12, 50, false },
		    { NOW + 9000 + 14400, 20, 50, false } } };
	struct forecast_point p[24];

	(void)state;
	/* 05:30, 07:30, 11:30: six and seven o'clock lie between near steps; the gap of four
	 * hours is not bridged */
	assert_int_equal(forecast_hourly(&f, NOW, 24, p), 2);
	assert_true(p[0].at == NOW + 3600 && fabs(p[0].temperature - 10.5) < 1e-9);
	assert_true(p[1].at == NOW + 7200 && p[1].interpolated);
	/* from the middle of an hour on */
	assert_int_equal(forecast_hourly(&f, NOW + 3601, 24, p), 1);
	assert_int_equal(forecast_hourly(&f, NOW, 2, p), 1);
}

static void
what_is_no_weather_is_refused(void **state)
{
	static const struct {
		const char *text;
		when_t now;
		const char *why;
	} cases[] = {
		{ "{}", NOW, "there is no forecast in it" },
		{ "{\"hourly\":[]}", NOW, "there is no forecast in it" },
		{ "{\"hourly\":[{\"dt\":1784178000,\"temp\":294.65,\"humidity\":60},{\"dt\":"
		  "1784181600,\"temp\":295,\"humidity\":60}]}",
		    NOW, "step 0: 294.65 degC and 60 % are no weather" },
		{ "{\"hourly\":[{\"dt\":1784178000,\"temp\":20,\"humidity\":101},{\"dt\":"
		  "1784181600,\"temp\":20,\"humidity\":60}]}",
		    NOW, "step 0: 20 degC and 101 % are no weather" },
		{ "{\"hourly\":[{\"dt\":1784181600,\"temp\":20,\"humidity\":60},{\"dt\":"
		  "1784178000,\"temp\":20,\"humidity\":60}]}",
		    NOW, "step 1: its time does not rise" },
		{ "{\"hourly\":[{\"dt\":1784178000,\"temp\":20},{\"dt\":1784181600,\"temp\":20,"
		  "\"humidity\":60}]}",
		    NOW, "step 0: time, temperature or humidity is missing" },
		{ "{\"hourly\":[{\"dt\":1784178000,\"temp\":20,\"humidity\":60},{\"dt\":"
		  "1784181600,\"temp\":20,\"humidity\":60}]}",
		    NOW + 86400, "its times are not of now: one of the clocks is wrong" },
		{ "{\"hourly\":[{\"dt\":1784178000,\"temp\":20,\"humidity\":60},{\"dt\":"
		  "1784181600,\"temp\":20,\"humidity\":60}]}",
		    NOW - 86400, "its times are not of now: one of the clocks is wrong" },
	};
	struct buf why = BUF(1024);
	struct forecast f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(read_text("owm-3.0", cases[i].text, cases[i].now, &f, &why));
		assert_string_equal(buf_text(&why), cases[i].why);
	}
	buf_free(&why);
}

static void
paths_hold_no_key(void **state)
{
	struct buf path = BUF(1024);

	(void)state;
	forecast_path(forecast_provider(SPAN("owm-2.5")), 37.5, 127.00001, 24, &path);
	assert_string_equal(
	    buf_text(&path), "/data/2.5/forecast?lat=37.5000&lon=127.0000&units=metric");
	buf_clear(&path);
	forecast_path(forecast_provider(SPAN("open-meteo")), -33.9, 18.4, 48, &path);
	assert_string_equal(buf_text(&path),
	    "/v1/"
	    "forecast?latitude=-33.9000&longitude=18.4000&hourly=temperature_2m,relative_"
	    "humidity_2m"
	    "&timeformat=unixtime&timezone=GMT&forecast_days=4");
	buf_free(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_service_is_read),
		cmocka_unit_test(only_whole_hours_that_are_spanned),
		cmocka_unit_test(what_is_no_weather_is_refused),
		cmocka_unit_test(paths_hold_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
