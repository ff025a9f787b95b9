/*
 * The optimising case: 20 units, 96 quarter hours, a summer day under a
 * time-of-use tariff with a demand charge. Prints the schedule found, its
 * certified gap and the time; with --cases the same for cases of other
 * zones, units, prices and tariffs; with --lp FILE CASE writes one of them as
 * a mixed-integer programme in CPLEX LP form for other solvers.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "learn/optimise.h"

#define STEPS 96
#define UNITS 64

static double price[STEPS], base[STEPS], outdoor[STEPS], gain[UNITS][STEPS], cop[UNITS][STEPS];
static double low[UNITS][STEPS], high[UNITS][STEPS];
static struct optimise_unit unit[UNITS];

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t seed;

static double
draw(double from, double to)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return from + (to - from) * ((double)(seed >> 11) * 0x1p-53);
}

/* What a case differs in from the others. */
struct variant {
	const char *name;
	size_t units;
	uint64_t seed;
	double demand;            /* currency per kW */
	double tau_low, tau_high; /* h */
	double comfort;           /* currency per K h */
	bool flat;                /* two bands instead of three */
};

#define DEMAND (8320.0 / 22)

static const struct variant variants[] = {
	{ "one", 1, 20240801, DEMAND, 6, 18, 500, false },
	{ "five", 5, 20240801, DEMAND, 6, 18, 500, false },
	{ "standard", 20, 20240801, DEMAND, 6, 18, 500, false },
	{ "seed-2", 20, 2, DEMAND, 6, 18, 500, false },
	{ "seed-3", 20, 3, DEMAND, 6, 18, 500, false },
	{ "heavy", 20, 20240801, DEMAND, 18, 60, 500, false },
	{ "heavy-dear", 20, 4, 1200, 18, 60, 500, false },
	{ "light", 20, 5, DEMAND, 2, 6, 500, false },
	{ "dear-demand", 20, 20240801, 1200, 6, 18, 500, false },
	{ "dearest-demand", 20, 6, 2500, 6, 18, 500, false },
	{ "no-demand", 20, 7, 0, 6, 18, 500, false },
	{ "two-bands", 20, 8, DEMAND, 6, 18, 500, true },
	{ "two-bands-heavy", 20, 9, 800, 18, 60, 500, true },
	{ "strict", 20, 10, DEMAND, 6, 18, 2000, false },
	{ "forty", 40, 11, DEMAND, 6, 18, 500, false },
};

#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

/* Prices after the Korean summer bands for general service, high voltage A; or day and night.
 */
static double
band_price(double hour, bool flat)
{
	if (flat)
		return hour < 9 || hour >= 23 ? 80 : 180;
	if (hour < 8 || hour >= 22)
		return 92.8;
	if ((hour >= 11 && hour < 12) || (hour >= 13 && hour < 18))
		return 227.8;
	return 145.7;
}

static void
make_case(struct optimise_case *c, const struct variant *v)
{
	size_t i, k;

	seed = v->seed;
	for (k = 0; k < STEPS; k++) {
		double hour = (double)k / 4, day = sin(M_PI * (hour - 7) / 12);

		price[k] = band_price(hour, v->flat);
		outdoor[k] = 28.5 + 4.5 * sin(2 * M_PI * (hour - 9.5) / 24);
		base[k] = 30 + (hour > 7 && hour < 19 ? 35 * day : 0);
	}
	for (i = 0; i < v->units; i++) {
		struct optimise_unit *u = &unit[i];
		double tau = draw(v->tau_low, v->tau_high), resistance, people = draw(0.2, 0.4);

		u->power_max = draw(3, 7);
		u->power_min = 0.3 * u->power_max;
		/* Sized with the usual reserve: full power could hold the zone 25 to 35 K
		 * below. */
		resistance = draw(25, 35) / (3 * u->power_max);
		u->levels = 8;
		u->min_on = 4;
		u->min_off = 1;
		u->ramp = INFINITY;
		u->start_cost = 150;
		u->a = exp(-0.25 / tau);
		u->b = resistance * (1 - u->a);
		u->temperature = draw(26, 28);
		u->age = 20;
		u->outdoor = outdoor;
		u->gain = gain[i];
		u->cooling = cop[i];
		u->low = low[i];
		u->high = high[i];
		for (k = 0; k < STEPS; k++) {
			double hour = (double)k / 4;
			bool there = hour >= 8 && hour < 18;

			cop[i][k] = 3.6 - 0.06 * (outdoor[k] - 25);
			gain[i][k] = there ? people * u->power_max : 0.05 * u->power_max;
			low[i][k] = there ? 22.5 : NAN;
			high[i][k] = there ? 25.5 : NAN;
		}
	}
	*c = (struct optimise_case){ .steps = STEPS,
		.units = v->units,
		.dt = 0.25,
		.unit = unit,
		.price = price,
		.base = base,
		.demand_price = v->demand,
		.billed_peak = 60,
		.comfort_price = v->comfort,
		.value = OPTIMISE_COST };
}

static void
write_lp(const struct optimise_case *c, FILE *f)
{
	size_t i, k, j;

	fprintf(f, "Minimize\n obj: %.9g D", c->demand_price);
	for (i = 0; i < c->units; i++)
		for (k = 0; k < STEPS; k++) {
			fprintf(f, "\n + %.9g p%zu_%zu + %.9g s%zu_%zu", c->dt * price[k], i, k,
			    unit[i].start_cost, i, k);
			if (!isnan(low[i][k]))
				fprintf(f, " + %.9g v%zu_%zu", c->comfort_price * c->dt, i, k);
		}
	fprintf(f, "\nSubject To\n");
	for (i = 0; i < c->units; i++) {
		const struct optimise_unit *u = &unit[i];

		for (k = 0; k < STEPS; k++) {
			double drift = (1 - u->a) * outdoor[k] + u->b * gain[i][k];

			if (k == 0)
				fprintf(f, " T%zu_0 + %.12g p%zu_0 = %.12g\n", i,
				    u->b * cop[i][k], i, drift + u->a * u->temperature);
			else
				fprintf(f,
				    " T%zu_%zu - %.12g T%zu_%zu + %.12g p%zu_%zu = %.12g\n", i,
				    k, u->a, i, k - 1, u->b * cop[i][k], i, k, drift);
			fprintf(
			    f, " p%zu_%zu - %.12g u%zu_%zu <= 0\n", i, k, u->power_max, i, k);
			fprintf(
			    f, " p%zu_%zu - %.12g u%zu_%zu >= 0\n", i, k, u->power_min, i, k);
			fprintf(f, " s%zu_%zu - u%zu_%zu", i, k, i, k);
			if (k > 0)
				fprintf(f, " + u%zu_%zu", i, k - 1);
			fprintf(f, " >= 0\n");
			for (j = 0; j < 4 && j <= k; j++)
				fprintf(f, " + s%zu_%zu", i, k - j);
			fprintf(f, " - u%zu_%zu <= 0\n", i, k);
			if (isnan(low[i][k]))
				continue;
			fprintf(f, " T%zu_%zu + v%zu_%zu >= %g\n", i, k, i, k, low[i][k]);
			fprintf(f, " T%zu_%zu - v%zu_%zu <= %g\n", i, k, i, k, high[i][k]);
		}
	}
	for (k = 0; k < STEPS; k++) {
		fprintf(f, " D");
		for (i = 0; i < c->units; i++)
			fprintf(f, " - p%zu_%zu", i, k);
		fprintf(f, " >= %.12g\n", base[k]);
	}
	fprintf(f, "Bounds\n D >= %g\n", c->billed_peak);
	for (i = 0; i < c->units; i++)
		for (k = 0; k < STEPS; k++)
			fprintf(f, " T%zu_%zu free\n s%zu_%zu <= 1\n", i, k, i, k);
	fprintf(f, "Binaries\n");
	for (i = 0; i < c->units; i++)
		for (k = 0; k < STEPS; k++)
			fprintf(f, " u%zu_%zu", i, k);
	fprintf(f, "\nEnd\n");
}

static void
run(const struct variant *v)
{
	struct optimise_schedule s, today;
	bool on[UNITS * STEPS];
	double setpoint[UNITS * STEPS], t0, t1;
	struct optimise_case c;
	enum learn_status status;
	size_t i;
	int effort;

	make_case(&c, v);
	for (i = 0; i < v->units * STEPS; i++) {
		on[i] = i % STEPS >= 28 && i % STEPS < 72;
		setpoint[i] = 24.5;
	}
	if (optimise_standing(&c, on, setpoint, &today) != LEARN_OK)
		exit(1);
	printf("%zu units, standing schedule 07-18 h at 24.5 degC: %.0f  (%.1f kWh, peak %.1f "
	       "kW, %.2f K h)\n",
	    v->units, today.total.objective, today.total.kwh, today.total.peak,
	    today.total.kelvin_hours);
	for (effort = 1; effort <= 5; effort += 2) {
		t0 = seconds();
		status = optimise_run(&c, effort, true, &s);
		t1 = seconds();
		printf("  effort %d: %.1f  bound %.1f  certified gap %.2f %%  %.2f s  "
		       "(%.1f kWh, peak %.1f kW, %.2f K h, %d starts) %s\n",
		    effort, s.total.objective, s.bound, 100 * s.gap, t1 - t0, s.total.kwh,
		    s.total.peak, s.total.kelvin_hours, s.total.starts, learn_reason(status));
		optimise_free(&s);
	}
	optimise_free(&today);
}

/* A line for each case, at the usual effort. */
static void
run_all(void)
{
	struct optimise_schedule s;
	struct optimise_case c;
	size_t i;
	double t;

	printf("%-16s %5s %10s %10s %6s %6s\n", "case", "units", "cost", "bound", "gap %", "s");
	for (i = 0; i < VARIANTS; i++) {
		make_case(&c, &variants[i]);
		t = seconds();
		if (optimise_run(&c, 3, true, &s) != LEARN_OK)
			exit(1);
		printf("%-16s %5zu %10.1f %10.1f %6.2f %6.2f\n", variants[i].name, c.units,
		    s.total.objective, s.bound, 100 * s.gap, seconds() - t);
		fflush(stdout);
		optimise_free(&s);
	}
}

static const struct variant *
named(const char *name)
{
	size_t i;

	for (i = 0; i < VARIANTS; i++)
		if (strcmp(variants[i].name, name) == 0)
			return &variants[i];
	fprintf(stderr, "learn_optimise: no such case: %s\n", name);
	exit(64);
}

int
main(int argc, char *argv[])
{
	struct optimise_case c;
	FILE *f;

	learn_single_thread();
	if (argc == 4 && strcmp(argv[1], "--lp") == 0) {
		make_case(&c, named(argv[3]));
		f = fopen(argv[2], "w");
		if (f == NULL)
			return 1;
		write_lp(&c, f);
		return fclose(f) == 0 ? 0 : 1;
	}
	if (argc == 2 && strcmp(argv[1], "--cases") == 0) {
		run_all();
		return 0;
	}
	run(named("one"));
	run(named("five"));
	run(named("standard"));
	return 0;
}
