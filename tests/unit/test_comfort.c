/* lib/bms: PMV, PPD, the comfort zone; statuses of user zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/comfort.h"
#include "bms/userzone.h"

#include <math.h>
#include <string.h>

/* Speed and clothing as they are, the way the tables of ISO 7730 give them; in still air
 * Standard 55 says the same. */
static void
pmv_and_ppd(void **state)
{
	static const struct {
		struct comfort_input in;
		double pmv, ppd;
	} cases[] = {
		{ { 22, 22, 0.1, 60, 1.2, 0.5 }, -0.75, 16.9 },
		{ { 27, 27, 0.1, 60, 1.2, 0.5 }, 0.77, 17.3 },
		{ { 27, 27, 0.3, 60, 1.2, 0.5 }, 0.43, 8.9 },
		{ { 23.5, 25.5, 0.1, 60, 1.2, 0.5 }, -0.01, 5.0 },
		{ { 19, 19, 0.1, 40, 1.2, 1.0 }, -0.60, 12.5 },
		{ { 27, 27, 0.3, 40, 1.2, 1.0 }, 0.98, 25.1 },
	};
	struct comfort c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = comfort_iso_7730(&cases[i].in);
		assert_null(c.why);
		if (cases[i].in.speed <= 0.1)
			assert_true(comfort_pmv(&cases[i].in).pmv == c.pmv);
		if (fabs(c.pmv - cases[i].pmv) > 0.0055 || fabs(c.ppd - cases[i].ppd) > 0.055)
			fail_msg("case %zu: %f %f", i, c.pmv, c.ppd);
	}
}

/* The worked examples of pythermalcomfort for Standard 55-2023, and SET of the standard's
 * appendix D. */
static void
moving_air_cools(void **state)
{
	static const struct {
		struct comfort_input in;
		double set;
	} sets[] = { { { 25, 25, 0.15, 50, 1, 0.5 }, 23.8 },
		{ { 25, 25, 0.15, 10, 1, 0.5 }, 23.3 }, { { 25, 25, 0.15, 90, 1, 0.5 }, 24.9 },
		{ { 25, 25, 0.1, 50, 1, 0.5 }, 24.0 }, { { 40, 25, 0.15, 50, 1, 0.5 }, 34.3 } };
	struct comfort_input in = { 25, 25, 0.3, 50, 1.2, 0.5 };
	struct comfort_input office = { 25, 25, 0.1, 50, 1.4, 0.5 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		assert_true(fabs(comfort_set(&sets[i].in) - sets[i].set) < 0.1);
	assert_true(fabs(comfort_pmv(&in).cooling_effect - 1.68) < 0.01);
	assert_true(comfort_pmv(&in).pmv < comfort_iso_7730(&in).pmv);
	assert_true(fabs(comfort_of(&office).pmv - 0.0) < 0.006);
	assert_true(fabs(comfort_pmv(&office).pmv - 0.41) < 0.006);
	in.speed = 0.1;
	assert_true(comfort_pmv(&in).cooling_effect == 0);
	/* hotter than the skin, moving air does not cool less than nothing */
	in = (struct comfort_input){ 39.5, 39.5, 1.5, 60, 1, 0.1 };
	assert_true(comfort_pmv(&in).cooling_effect >= 0);
}

static void
out_of_range_is_no_number(void **state)
{
	static const struct {
		struct comfort_input in;
		const char *why;
	} cases[] = {
		{ { 9.9, 22, 0.1, 60, 1.2, 0.5 },
		    "air temperature is not within 10 to 40 degC" },
		{ { 40.1, 22, 0.1, 60, 1.2, 0.5 },
		    "air temperature is not within 10 to 40 degC" },
		{ { 22, 41, 0.1, 60, 1.2, 0.5 },
		    "radiant temperature is not within 10 to 40 degC" },
		{ { 22, 22, 2.1, 60, 1.2, 0.5 }, "air speed is not within 0 to 2 m/s" },
		{ { 22, 22, -0.1, 60, 1.2, 0.5 }, "air speed is not within 0 to 2 m/s" },
		{ { 22, 22, 0.1, 101, 1.2, 0.5 }, "humidity is not within 0 to 100 %" },
		{ { 22, 22, 0.1, 60, 0.9, 0.5 }, "activity is not within 1 to 4 met" },
		{ { 22, 22, 0.1, 60, 4.1, 0.5 }, "activity is not within 1 to 4 met" },
		{ { 22, 22, 0.1, 60, 1.2, 1.6 }, "clothing is not within 0 to 1.5 clo" },
		{ { NAN, 22, 0.1, 60, 1.2, 0.5 },
		    "air temperature is not within 10 to 40 degC" },
	};
	struct comfort c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = comfort_of(&cases[i].in);
		assert_string_equal(c.why, cases[i].why);
		assert_true(isnan(c.pmv) && isnan(c.ppd) && isnan(c.cooling_effect));
	}
}

static void
activity_moves_air_and_clothing(void **state)
{
	struct comfort_input in = { 24, 24, 0.1, 50, 1.4, 0.5 };
	struct comfort_input same = { 24, 24, 0.22, 50, 1.4, 0.5 * (0.6 + 0.4 / 1.4) };

	(void)state;
	assert_true(fabs(comfort_of(&in).pmv - comfort_pmv(&same).pmv) < 1e-12);
	assert_true(comfort_dynamic_clo(1, 1.2) == 1);
	assert_true(comfort_relative_speed(0.1, 1) == 0.1);
}

static void
limits_of_air_speed(void **state)
{
	(void)state;
	assert_true(comfort_speed_limit(26, 1.2, 0.5) == 0.8);
	assert_true(comfort_speed_limit(22, 1.2, 0.5) == 0.2);
	assert_true(fabs(comfort_speed_limit(24.5, 1.2, 0.5) - 0.4540) < 0.001);
	assert_true(comfort_speed_limit(26, 1.2, 0.8) == 0.2);
	assert_true(comfort_speed_limit(26, 1.4, 0.5) == 0.2);
}

static void
the_comfort_zone_is_where_pmv_is_half(void **state)
{
	struct comfort_input in = { 0, 0, 0.1, 0, 1.1, 0.5 }, at;
	struct comfort_point p[22];
	size_t n = comfort_zone(&in, 11, p), i;

	(void)state;
	assert_int_equal(n, 22);
	for (i = 0; i < n; i++) {
		at = in;
		at.air = at.radiant = p[i].air;
		at.humidity = p[i].humidity;
		assert_true(fabs(comfort_of(&at).pmv - (i < 11 ? -0.5 : 0.5)) < 0.002);
		if (i > 0 && i != 11)
			assert_true(i < 11 ? p[i].air < p[i - 1].air : p[i].air > p[i - 1].air);
	}
	assert_true(p[0].ratio == 0 && p[10].humidity == 100);
	/* 25 degC at 50 %: 9.88 g/kg by the psychrometric chart */
	assert_true(fabs(comfort_humidity_ratio(25, 50) - 0.00988) < 0.00002);
	/* hard work in heavy clothes: the cool limit lies below the model */
	in.met = 3.9;
	in.clo = 1.5;
	assert_true(comfort_zone(&in, 11, p) < 22);
	assert_int_equal(comfort_zone(&in, 1, p), 0);
}

/* ---- user zones ---- */

static struct userzone *
userzone(const char *text, struct buf *why)
{
	struct json *j = json_new();
	struct userzone *z;
	json_value v;

	buf_clear(why);
	assert_true(json_parse_copy(j, span_of(text), &v));
	z = userzone_parse(v, why);
	json_free(j);
	return z;
}

#define ZONE                                                                                   \
	"{\"zone_id\":\"3F-East\",\"members\":[{\"point_id\":\"t1\",\"role\":\"temperature\"}" \
	","                                                                                    \
	"{\"point_id\":\"t2\",\"role\":\"temperature\"},{\"point_id\":\"h\",\"role\":"         \
	"\"humidity\"},"                                                                       \
	"{\"point_id\":\"o1\",\"role\":\"occupancy\"},{\"point_id\":\"o2\",\"role\":"          \
	"\"occupancy\"},"                                                                      \
	"{\"point_id\":\"ComP_U_FCU_01\",\"attr\":\"Run\",\"role\":\"equipment\"}]"

#define NOW 1790000000
#define OLD (NOW - 46 * 60)

static void
a_zone_says_how_it_is(void **state)
{
	static const struct {
		struct userzone_reading
		    r[6]; /* two temperatures, humidity, two occupancies, equipment */
		int month;
		const char *says;
	} cases[] = {
		{ { { 23, NOW }, { 25, NOW }, { 50, NOW }, { 0, NOW }, { 1, NOW }, { 1, NOW } },
		    8,
		    "{\"occupancy\":\"occupied\",\"comfort\":\"comfortable\",\"equipment\":"
		    "\"on\","
		    "\"stale\":false,\"temperature\":24,\"humidity\":50,\"pmv\":-0.32,\"ppd\":"
		    "7.1,\"fresh\":6,"
		    "\"stale_members\":0,\"inputs\":{\"air\":24,\"radiant\":24,\"air_speed\":0."
		    "1,\"humidity\":50,"
		    "\"met\":1.2,\"clo\":0.5}}" },
		{ { { 29, NOW }, { 23, OLD }, { 50, NOW }, { 0, NOW }, { 0, NOW }, { 0, NOW } },
		    8, "too_warm" },
		{ { { 20, NOW }, { 20, NOW }, { 50, NOW }, { 0, NOW }, { 0, NOW }, { 0, NOW } },
		    8, "too_cold" },
		{ { { 25, NOW }, { 25, NOW }, { 70, NOW }, { 0, NOW }, { 0, NOW }, { 0, NOW } },
		    8, "too_humid" },
		/* in winter clothes 21 degrees are comfortable, in summer they are not */
		{ { { 21, NOW }, { 21, NOW }, { 40, NOW }, { 0, NOW }, { 0, NOW }, { 0, NOW } },
		    1, "comfortable" },
		{ { { 21, NOW }, { 21, NOW }, { 40, NOW }, { 0, NOW }, { 0, NOW }, { 0, NOW } },
		    7, "too_cold" },
		/* old readings are not used, and nothing is made up in their place */
		{ { { 21, OLD }, { NAN, NOW }, { 40, NOW }, { 0, OLD }, { 0, NOW },
		      { 0, OLD } },
		    7,
		    "\"occupancy\":\"unoccupied\",\"comfort\":\"unknown\",\"equipment\":"
		    "\"unknown\"" },
		{ { { 21, NOW }, { 21, NOW }, { 40, WHEN_NONE }, { 0, OLD }, { 0, OLD },
		      { 0, OLD } },
		    7,
		    "\"pmv\":null,\"ppd\":null,\"fresh\":2,\"stale_members\":4,\"why\":\"no "
		    "fresh humidity\"" },
		{ { { 45, NOW }, { 45, NOW }, { 40, NOW }, { 0, OLD }, { 0, OLD }, { 0, OLD } },
		    7, "\"why\":\"air temperature is not within 10 to 40 degC\"" },
		{ { { 21, OLD }, { 21, OLD }, { 4, OLD }, { 0, OLD }, { 0, OLD }, { 0, OLD } },
		    7, "\"stale\":true" },
	};
	struct buf why = BUF(1024);
	struct userzone *z = userzone(ZONE "}", &why);
	size_t i;

	(void)state;
	assert_non_null(z);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct userzone_status s = userzone_status(z, cases[i].r, NOW, cases[i].month);
		struct buf out = BUF(4096);
		struct jw w = jw_begin(&out);

		jw_object(&w);
		userzone_print(&w, &s);
		jw_end(&w);
		assert_true(jw_finish(&w));
		if (strstr(buf_text(&out), cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, buf_text(&out));
		buf_free(&out);
	}
	userzone_free(z);
	buf_free(&why);
}

static void
a_zone_goes_by_its_rule(void **state)
{
	struct userzone_reading r[6] = { { 24, NOW }, { 24, NOW }, { 50, NOW }, { 1, NOW },
		{ 0, NOW }, { 1, NOW } };
	struct buf why = BUF(1024);
	struct userzone *z = userzone(ZONE
	    ",\"rule\":{\"occupied\":\"all\",\"pmv\":[-0.2,0.2],\"met\":1.1,\"clo\":0.5}}",
	    &why);
	struct userzone_status s;

	(void)state;
	s = userzone_status(z, r, NOW, 8);
	assert_int_equal(s.occupied, USERZONE_NO);
	assert_int_equal(s.feel, USERZONE_TOO_COLD);
	r[4].value = 1;
	assert_int_equal(userzone_status(z, r, NOW, 8).occupied, USERZONE_YES);
	r[4].at = OLD;
	assert_int_equal(userzone_status(z, r, NOW, 8).occupied, USERZONE_UNKNOWN);
	userzone_free(z);
	z = userzone(
	    "{\"zone_id\":\"z\",\"members\":[{\"point_id\":\"t\",\"role\":\"temperature\"}],"
	    "\"rule\":{\"humidity\":50,\"stale\":\"2h\"}}",
	    &why);
	r[0].at = OLD;
	s = userzone_status(z, r, NOW, 8);
	assert_int_equal(s.feel, USERZONE_COMFORTABLE);
	assert_int_equal(s.occupied, USERZONE_UNKNOWN);
	userzone_free(z);
	buf_free(&why);
}

static void
wrong_zones_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "{}", "zone_id: not a name" },
		{ "{\"zone_id\":\"z\"}", "members: not a list of points" },
		{ "{\"zone_id\":\"z\",\"members\":[]}", "members: not a list of points" },
		{ "{\"zone_id\":\"z\",\"members\":[{}]}", "members: point_id: not a point" },
		{ "{\"zone_id\":\"z\",\"members\":[{\"point_id\":\"p\"}]}",
		    "members: role: not there" },
		{ "{\"zone_id\":\"z\",\"members\":[{\"point_id\":\"p\",\"role\":\"noise\"}]}",
		    "members: role: noise is not one" },
		{ ZONE ",\"rule\":[]}", "rule: not an object" },
		{ ZONE ",\"rule\":{\"stale\":\"soon\"}}",
		    "rule: stale: not a duration like 45m" },
		{ ZONE ",\"rule\":{\"occupied\":\"some\"}}", "rule: occupied: not any or all" },
		{ ZONE ",\"rule\":{\"met\":0.5}}", "rule: met: not 1 to 4" },
		{ ZONE ",\"rule\":{\"clo\":[0.5,0.7]}}",
		    "rule: clo: not 0 to 1.5, or twelve of that" },
		{ ZONE ",\"rule\":{\"pmv\":[0.5,-0.5]}}", "rule: pmv: not [low, high]" },
	};
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(userzone(cases[i].text, &why));
		assert_string_equal(buf_text(&why), cases[i].why);
	}
	buf_free(&why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pmv_and_ppd),
		cmocka_unit_test(moving_air_cools),
		cmocka_unit_test(out_of_range_is_no_number),
		cmocka_unit_test(activity_moves_air_and_clothing),
		cmocka_unit_test(limits_of_air_speed),
		cmocka_unit_test(the_comfort_zone_is_where_pmv_is_half),
		cmocka_unit_test(a_zone_says_how_it_is),
		cmocka_unit_test(a_zone_goes_by_its_rule),
		cmocka_unit_test(wrong_zones_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
