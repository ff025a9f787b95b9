/* lib/learn: thermal models, optimal start and stop, schedules and their bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "learn/bound.h"
#include "learn/lagrange.h"
#include "learn/optimise.h"
#include "learn/reason.h"
#include "learn/solar.h"
#include "learn/startstop.h"
#include "learn/thermal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 96
#define DAYS 24

static uint64_t seed;

static double
noise(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) * 0x1p-53 - 0.5;
}

static double inside[DAYS * STEPS], outside[DAYS * STEPS], cold[DAYS * STEPS],
    warm[DAYS * STEPS];

/* A zone in two seasons; wall > 0 adds a heavy wall that is not measured. */
static struct thermal_data
make_zone(double v, double wall)
{
	double t = 22, tw = 22;
	size_t k;

	seed = 11;
	for (k = 0; k < DAYS * STEPS; k++) {
		double hour = (double)(k % STEPS) / 4, season = k < DAYS * STEPS / 2 ? 4 : 29;
		bool run = hour > 7 && hour < 18 && k % 5 != 0;

		outside[k] = season + 5 * sin(2 * M_PI * (hour - 9) / 24) + noise();
		warm[k] = season < 10 && run ? 4 : 0;
		cold[k] = season > 10 && run ? 3 : 0;
		inside[k] = t;
		tw = 0.995 * tw + 0.005 * (0.7 * t + 0.3 * outside[k]);
		t += v * (outside[k] - t) + wall * (tw - t) + 0.12 * warm[k] - 0.1 * cold[k];
	}
	return (struct thermal_data){ .n = DAYS * STEPS,
		.dt = 0.25,
		.inside = inside,
		.outdoor = outside,
		.heat = warm,
		.cool = cold };
}

static void
first_order_comes_back(void **state)
{
	struct thermal_data d = make_zone(0.02, 0);
	struct thermal m;
	size_t k;

	(void)state;
	assert_int_equal(thermal_fit(&d, 1, &m), LEARN_OK);
	assert_true(fabs(m.v - 0.02) < 1e-4);
	assert_true(fabs(m.heat - 0.12) < 1e-3 && fabs(m.cool - 0.1) < 1e-3);
	assert_true(fabs(m.tau + 0.25 / log(0.98)) < 0.1);
	assert_true(fabs(m.resistance - 6) < 0.05);
	assert_true(m.rmse_day < 0.02 && m.days >= 5 && m.heats && m.cools);
	assert_true(thermal_usable(&m, 1));
	/* Gaps and NaN only cost data. */
	for (k = 300; k < 400; k++)
		inside[k] = NAN;
	outside[1000] = NAN;
	assert_int_equal(thermal_fit(&d, 1, &m), LEARN_OK);
	assert_true(fabs(m.v - 0.02) < 1e-3);
}

static void
second_order_wins_when_there_is_a_wall(void **state)
{
	struct thermal_data d = make_zone(0.01, 0.05);
	double a, feels[STEPS], zone[STEPS], run[STEPS + 1];
	struct thermal one, two;
	size_t k;

	(void)state;
	assert_int_equal(thermal_fit(&d, 1, &one), LEARN_OK);
	assert_int_equal(thermal_fit(&d, 0, &two), LEARN_OK);
	assert_int_equal(two.order, 2);
	assert_true(two.rmse_day < one.rmse_day);
	assert_true(two.v >= 0 && two.w >= 0 && two.v + two.w < 1);
	thermal_run(&two, &d, 10 * STEPS, STEPS, run);
	assert_true(fabs(run[STEPS] - inside[11 * STEPS]) < 1);
	/* Given what the zone does, what it is said to feel makes the same run of it. */
	memcpy(zone, run, sizeof(zone));
	thermal_first_order(&two, &d, 10 * STEPS, STEPS, zone, &a, feels);
	assert_true(a > 0.9 && a < 1);
	for (k = 0; k < STEPS; k++) {
		double plant =
		    two.heat * warm[10 * STEPS + k] - two.cool * cold[10 * STEPS + k];

		assert_true(fabs(a * run[k] + (1 - a) * feels[k] + plant - run[k + 1]) < 1e-9);
	}
}

/* A plant that never ran can't be scheduled; nothing moves: nothing to fit. */
static void
thermal_says_what_it_lacks(void **state)
{
	struct thermal_data d = make_zone(0.02, 0);
	struct thermal m;
	size_t k;

	(void)state;
	d.heat = NULL;
	d.cool = NULL;
	assert_int_equal(thermal_fit(&d, 1, &m), LEARN_OK);
	assert_false(thermal_usable(&m, 100));
	d.n = 3 * STEPS;
	assert_int_equal(thermal_fit(&d, 1, &m), LEARN_SHORT);
	d.n = DAYS * STEPS;
	d.dt = 0;
	assert_int_equal(thermal_fit(&d, 1, &m), LEARN_RANGE);
	d.dt = 0.25;
	assert_int_equal(thermal_fit(&d, 3, &m), LEARN_RANGE);
	for (k = 0; k < d.n; k++)
		inside[k] = 21;
	assert_int_equal(thermal_fit(&d, 1, &m), LEARN_CONSTANT);
}

/* Seoul: noon of the longest and the shortest day, midnight, sunrise of an equinox; the pole.
 */
static void
the_sun_stands_where_it_does(void **state)
{
	const struct solar_place seoul = { 37.57, 126.98 }, pole = { 90, 0 };
	const int64_t june = 1782012720, december = 1797824000; /* 2026-06-21, -12-21 */
	double height;

	(void)state;
	height = asin(solar_height(&seoul, june)) * 180 / M_PI;
	assert_true(fabs(height - (90 - 37.57 + 23.43)) < 0.6);
	assert_true(
	    solar_height(&seoul, june + 43200) < 0 && solar_clear(&seoul, june + 43200) == 0);
	height = asin(solar_height(&seoul, december / 86400 * 86400 + 12600)) * 180 / M_PI;
	assert_true(fabs(height - (90 - 37.57 - 23.43)) < 0.6);
	assert_true(fabs(solar_height(&pole, june) - sin(23.43 * M_PI / 180)) < 0.01);
	assert_true(solar_clear(&seoul, june) > 950 && solar_clear(&seoul, june) < 1050);
	assert_null(solar_steps(&(struct solar_place){ 91, 0 }, june, 0.25, 4));
	assert_null(solar_steps(&(struct solar_place){ NAN, 0 }, june, 0.25, 4));
}

static void
start_times(void **state)
{
	struct startstop_rule r = { 0.5, 0.25 };

	(void)state;
	assert_true(fabs(startstop_time(18, 21, 30, 10) - 10 * log(12.0 / 9)) < 1e-12);
	assert_true(fabs(startstop_time(28, 25, 10, 5) - 5 * log(18.0 / 15)) < 1e-12);
	assert_true(startstop_time(22, 21, 30, 10) == 0);
	assert_true(startstop_time(21, 21, 30, 10) == 0);
	assert_true(isinf(startstop_time(18, 21, 20, 10)));
	assert_true(fabs(startstop_lead(&r, 17, 21) - 2.25) < 1e-12);
	startstop_adapt(&r, 17, 21, 4.25, 0.5);
	assert_true(fabs(r.rate - 0.75) < 1e-12);
	startstop_adapt(&r, 21, 21, 4, 0.5);
	startstop_adapt(&r, 17, 21, NAN, 0.5);
	assert_true(fabs(r.rate - 0.75) < 1e-12);
}

/* A small building on a summer day. */
struct building {
	struct optimise_unit unit[3];
	double price[STEPS], base[STEPS], carbon[STEPS], outdoor[STEPS], cop[STEPS],
	    gain[STEPS];
	double low[STEPS], high[STEPS];
	int8_t force[STEPS];
	struct optimise_case c;
};

static void
make_case(struct building *b)
{
	size_t i, k;

	memset(b, 0, sizeof(*b));
	for (k = 0; k < STEPS; k++) {
		double hour = (double)k / 4;
		bool there = hour >= 8 && hour < 18;

		b->price[k] = hour < 8 || hour >= 22 ? 90 : hour >= 11 && hour < 17 ? 230 : 145;
		b->carbon[k] = hour < 12 ? 0.5 : 0.3;
		b->base[k] = 10 + (there ? 10 : 0);
		b->outdoor[k] = 28 + 4 * sin(2 * M_PI * (hour - 9) / 24);
		b->cop[k] = 3;
		b->gain[k] = there ? 1.5 : 0.2;
		b->low[k] = there ? 22 : NAN;
		b->high[k] = there ? 25 : NAN;
	}
	for (i = 0; i < 3; i++)
		b->unit[i] = (struct optimise_unit){ .power_min = 1,
			.power_max = 4,
			.levels = 5,
			.min_on = 4,
			.min_off = 2,
			.ramp = INFINITY,
			.start_cost = 50,
			.a = 0.98,
			.b = 0.04,
			.outdoor = b->outdoor,
			.gain = b->gain,
			.cooling = b->cop,
			.low = b->low,
			.high = b->high,
			.temperature = 26.0 + (double)i,
			.age = 10 };
	b->c = (struct optimise_case){ .steps = STEPS,
		.units = 3,
		.dt = 0.25,
		.unit = b->unit,
		.price = b->price,
		.carbon = b->carbon,
		.base = b->base,
		.demand_price = 300,
		.billed_peak = 15,
		.comfort_price = 500,
		.value = OPTIMISE_COST };
}

/* Every limit of every unit, in the schedule as given. */
static void
assert_keeps_limits(const struct optimise_case *c, const struct optimise_schedule *s)
{
	size_t i, k;

	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &c->unit[i];
		int age = u->age;
		bool on = u->on;
		double before = u->power;

		for (k = 0; k < c->steps; k++) {
			double p = s->power[i * c->steps + k];
			bool runs = s->mode[i * c->steps + k] != 0;

			assert_true(runs == (p > 0));
			if (runs)
				assert_true(p > u->power_min - 1e-6 && p < u->power_max + 1e-6);
			if (runs != on) {
				assert_true(age >= (on ? u->min_on : u->min_off));
				age = 0;
			} else if (runs) {
				assert_true(fabs(p - before) <= u->ramp + 1e-6);
			}
			assert_true(s->reason[i * c->steps + k] <= REASON_FORCED);
			age++;
			on = runs;
			before = p;
		}
	}
}

static void
schedules_are_good_and_bounded(void **state)
{
	struct optimise_schedule s, today;
	bool on[3 * STEPS];
	double setpoint[3 * STEPS];
	struct building b;
	size_t i;

	(void)state;
	make_case(&b);
	assert_int_equal(optimise_run(&b.c, 2, true, &s), LEARN_OK);
	assert_keeps_limits(&b.c, &s);
	assert_true(s.bound <= s.total.objective && s.bound > 0);
	assert_true(s.gap >= 0 && s.gap < 0.02);
	assert_true(fabs(s.total.objective - (s.total.energy + s.total.demand + s.total.start +
						 s.total.comfort)) < 1e-6);
	for (i = 0; i < 3 * STEPS; i++) {
		on[i] = i % STEPS >= 28 && i % STEPS < 72;
		setpoint[i] = 24;
	}
	assert_int_equal(optimise_standing(&b.c, on, setpoint, &today), LEARN_OK);
	assert_true(s.total.objective < today.total.objective);
	assert_true(s.total.peak <= today.total.peak);
	/* The bound holds for any schedule. */
	assert_true(today.total.objective >= s.bound);
	optimise_free(&today);
	optimise_free(&s);
	/* The same input gives the same answer, also without the bound's help. */
	assert_int_equal(optimise_run(&b.c, 1, false, &s), LEARN_OK);
	assert_int_equal(optimise_run(&b.c, 1, false, &today), LEARN_OK);
	assert_memory_equal(s.power, today.power, 3 * STEPS * sizeof(double));
	assert_true(isnan(s.bound) && isnan(s.gap));
	optimise_free(&today);
	optimise_free(&s);
}

/* One unit, short day, no peak: dynamic programming against all on/off plans. */
static void
one_unit_is_nearly_exact(void **state)
{
	struct optimise_schedule s, best;
	double least = INFINITY;
	struct building b;
	unsigned plan, k;

	(void)state;
	make_case(&b);
	b.c.steps = 12;
	b.c.units = 1;
	b.c.demand_price = 0;
	b.unit[0].min_on = 2;
	b.unit[0].min_off = 1;
	b.unit[0].levels = 1;
	b.unit[0].power_min = b.unit[0].power_max;
	for (k = 0; k < 12; k++) {
		b.low[k] = 22;
		b.high[k] = k >= 4 ? 25 : 40;
	}
	assert_int_equal(optimise_schedule_init(&b.c, &best), LEARN_OK);
	for (plan = 0; plan < 1u << 12; plan++) {
		bool fine = true;

		for (k = 0; k < 12; k++) {
			bool now = plan >> k & 1, before = k > 0 && (plan >> (k - 1) & 1);

			best.mode[k] = now ? -1 : 0;
			best.power[k] = now ? 4 : 0;
			/* A start needs the next step on too, unless the horizon ends. */
			if (now && !before && k + 1 < 12 && !(plan >> (k + 1) & 1))
				fine = false;
		}
		if (!fine)
			continue;
		assert_int_equal(optimise_judge(&b.c, &best), LEARN_OK);
		least = fmin(least, best.total.objective);
	}
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_OK);
	assert_true(s.bound <= least + 1e-6);
	assert_true(s.total.objective >= least - 1e-6 && s.total.objective < 1.01 * least + 1);
	optimise_free(&s);
	optimise_free(&best);
}

static double
between(double low, double high)
{
	return low + (high - low) * (noise() + 0.5);
}

/* A building of which nothing is as usual: bands that move, heat and cold, units in mid-run. */
static void
odd_case(struct building *b, uint64_t which)
{
	double centre;
	size_t i, k;

	make_case(b);
	seed = which;
	noise();
	b->c.steps = 8 + which % 25;
	b->c.units = 1 + which % 3;
	b->c.demand_price = which % 4 == 0 ? 0 : between(0, 500);
	b->c.billed_peak = between(0, 20);
	centre = between(10, 30);
	for (k = 0; k < STEPS; k++) {
		b->price[k] = between(-20, 250);
		b->base[k] = between(0, 20);
		b->outdoor[k] = centre + between(-4, 4);
		b->cop[k] = between(-0.5, 4);
		b->gain[k] = between(0, 2);
		b->low[k] = k % 5 == 0 ? NAN : between(20, 22);
		b->high[k] = k % 7 == 0 ? NAN : b->low[k] + between(0, 3);
	}
	for (i = 0; i < 3; i++) {
		struct optimise_unit *u = &b->unit[i];

		u->a = between(0.8, 0.999);
		u->b = between(0.01, 0.1);
		u->power_min = between(0.2, 3.9);
		u->min_on = 1 + (int)(which + i) % 5;
		u->min_off = 1 + (int)(which / 2 + i) % 4;
		u->start_cost = between(0, 60);
		u->ramp = which % 5 == 0 ? between(1, 4) : INFINITY;
		u->temperature = between(15, 30);
		u->heating = which % 2 == 0 ? b->cop : NULL;
		u->cooling = which % 3 == 0 && which % 2 == 0 ? NULL : b->cop;
		u->age = 9;
	}
	/* Started at once before: on for as long as it must be. */
	if (which % 3 == 1) {
		for (k = 0; k < 4; k++)
			b->cop[k] = 2;
		b->unit[0].on = true;
		b->unit[0].age = 1;
		b->unit[0].power = 4;
	}
}

/* What is certified holds for plans as good as they come, and for any prices of a kW. */
static void
bounds_hold(void **state)
{
	double slope[OPTIMISE_STEPS], least, gaps = 0;
	struct optimise_schedule s;
	struct optimise_prices price;
	struct building b;
	uint64_t which;
	size_t k;

	(void)state;
	for (which = 1; which <= 60; which++) {
		enum learn_status status;

		odd_case(&b, which);
		status = optimise_run(&b.c, 1, true, &s);
		assert_true(status == LEARN_OK || status == LEARN_INFEASIBLE);
		assert_keeps_limits(&b.c, &s);
		assert_true(s.bound <= s.total.objective + 1e-6);
		gaps += (s.total.objective - s.bound) / (50 + fabs(s.total.objective));
		for (k = 0; k < b.c.steps; k++)
			slope[k] = between(-10, 60);
		optimise_prices(&b.c, &price);
		assert_int_equal(lagrange_bound(&b.c, &price, slope, &least), LEARN_OK);
		assert_true(least <= s.total.objective);
		optimise_free(&s);
	}
	assert_true(gaps / 60 < 0.02);
}

static void
state_is_carried_on(void **state)
{
	struct optimise_schedule s;
	struct building b;
	size_t k;

	(void)state;
	make_case(&b);
	/* Started a step ago, four steps at least: three more, though nobody is there. */
	b.unit[0].on = true;
	b.unit[0].age = 1;
	b.unit[0].power = 2;
	/* Just stopped, two steps at least. */
	b.unit[1].age = 1;
	b.unit[2].ramp = 0.75;
	b.force[40] = -1;
	b.force[41] = -1;
	b.force[60] = 1;
	b.unit[2].force = b.force;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_OK);
	assert_keeps_limits(&b.c, &s);
	for (k = 0; k < 3; k++)
		assert_true(s.mode[k] != 0);
	assert_true(s.mode[STEPS] == 0);
	assert_true(s.mode[2 * STEPS + 40] == 0 && s.mode[2 * STEPS + 60] != 0);
	assert_int_equal(s.reason[2 * STEPS + 60], REASON_FORCED);
	assert_true(s.bound <= s.total.objective);
	optimise_free(&s);
	/* A peak already billed costs nothing more. */
	b.c.billed_peak = 1000;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_OK);
	assert_true(s.total.peak == 1000);
	optimise_free(&s);
}

static void
values_change_the_plan(void **state)
{
	struct optimise_schedule cost, energy, comfort, co2;
	struct building b;

	(void)state;
	make_case(&b);
	b.c.comfort_price = 60;
	assert_int_equal(optimise_run(&b.c, 1, true, &cost), LEARN_OK);
	b.c.value = OPTIMISE_ENERGY;
	assert_int_equal(optimise_run(&b.c, 1, true, &energy), LEARN_OK);
	b.c.value = OPTIMISE_COMFORT;
	assert_int_equal(optimise_run(&b.c, 1, true, &comfort), LEARN_OK);
	b.c.value = OPTIMISE_CO2;
	assert_int_equal(optimise_run(&b.c, 1, true, &co2), LEARN_OK);
	assert_true(energy.total.kwh <= cost.total.kwh + 0.5);
	assert_true(comfort.total.kelvin_hours <= cost.total.kelvin_hours);
	assert_true(comfort.total.kelvin_hours < 0.3);
	assert_true(co2.total.co2 <= cost.total.co2 + 0.2);
	optimise_free(&cost);
	optimise_free(&energy);
	optimise_free(&comfort);
	optimise_free(&co2);
	b.c.carbon = NULL;
	assert_int_equal(optimise_run(&b.c, 1, false, &co2), LEARN_RANGE);
}

static void
auto_mode_heats_and_cools(void **state)
{
	struct optimise_schedule s;
	int heats = 0, cools = 0;
	struct building b;
	size_t k;

	(void)state;
	make_case(&b);
	for (k = 0; k < STEPS; k++)
		b.outdoor[k] = k < 48 ? 0 : 36;
	b.c.units = 1;
	b.unit[0].heating = b.cop;
	b.unit[0].temperature = 21;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_OK);
	assert_keeps_limits(&b.c, &s);
	for (k = 0; k < STEPS; k++) {
		heats += s.mode[k] > 0;
		cools += s.mode[k] < 0;
	}
	assert_true(heats > 0 && cools > 0);
	assert_true(s.bound <= s.total.objective && s.gap < 0.1);
	optimise_free(&s);
}

static void
bad_cases_are_refused(void **state)
{
	struct optimise_schedule s;
	struct building b;
	size_t i, k;

	(void)state;
	make_case(&b);
	/* Too small a plant: the schedule is there, and says who can't be helped. */
	b.unit[1].power_min = 0.05;
	b.unit[1].power_max = 0.1;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_OK);
	assert_true(s.least[1].kelvin_hours > 0 && s.least[0].kelvin_hours == 0);
	assert_true(s.least[1].most > 0 && !isnan(b.high[s.least[1].at]));
	assert_true(s.total.kelvin_hours > 0 && s.bound <= s.total.objective);
	optimise_free(&s);
	/* Nothing can be done for anybody. */
	for (k = 0; k < STEPS; k++)
		if (!isnan(b.low[k])) {
			b.low[k] = 5;
			b.high[k] = 6;
		}
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_INFEASIBLE);
	assert_true(s.least[0].always && s.least[1].always);
	optimise_free(&s);
	make_case(&b);
	b.price[3] = NAN;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_NONFINITE);
	make_case(&b);
	b.outdoor[3] = INFINITY;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_NONFINITE);
	make_case(&b);
	b.low[40] = 26;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_RANGE);
	make_case(&b);
	b.unit[0].a = 1;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_RANGE);
	make_case(&b);
	b.c.steps = OPTIMISE_STEPS + 1;
	assert_int_equal(optimise_run(&b.c, 1, true, &s), LEARN_RANGE);
	b.c.steps = STEPS;
	assert_int_equal(optimise_run(&b.c, 11, true, &s), LEARN_RANGE);
	for (i = REASON_OFF_EMPTY; i <= REASON_FORCED; i++)
		assert_string_not_equal(reason_text((enum reason)i), "unknown");
}

static void
start_and_stop_save(void **state)
{
	struct optimise_schedule simple, today;
	bool on[3 * STEPS], standing[3 * STEPS];
	double setpoint[3 * STEPS];
	struct building b;
	size_t i;

	(void)state;
	make_case(&b);
	assert_int_equal(startstop_plan(&b.c, on, setpoint), LEARN_OK);
	assert_int_equal(optimise_standing(&b.c, on, setpoint, &simple), LEARN_OK);
	for (i = 0; i < 3 * STEPS; i++) {
		standing[i] = i % STEPS >= 24 && i % STEPS < 76;
		setpoint[i] = 24;
	}
	assert_int_equal(optimise_standing(&b.c, standing, setpoint, &today), LEARN_OK);
	/* Comfort is kept with less energy, later starts and earlier stops. */
	assert_true(simple.total.kelvin_hours < 0.2);
	assert_true(simple.total.kwh < today.total.kwh);
	assert_false(on[24]);
	assert_true(on[32] && !on[75]);
	optimise_free(&simple);
	optimise_free(&today);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_order_comes_back),
		cmocka_unit_test(second_order_wins_when_there_is_a_wall),
		cmocka_unit_test(thermal_says_what_it_lacks),
		cmocka_unit_test(the_sun_stands_where_it_does),
		cmocka_unit_test(start_times),
		cmocka_unit_test(schedules_are_good_and_bounded),
		cmocka_unit_test(one_unit_is_nearly_exact),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(state_is_carried_on),
		cmocka_unit_test(values_change_the_plan),
		cmocka_unit_test(auto_mode_heats_and_cools),
		cmocka_unit_test(bad_cases_are_refused),
		cmocka_unit_test(start_and_stop_save),
	};

	learn_single_thread();
	return cmocka_run_group_tests_name("learn optimise", tests, NULL, NULL);
}
