/*
 * The optimising case: 20 units, 96 quarter hours, a summer day under a
 * time-of-use tariff with a demand charge. Prints the schedule found, its
 * certified gap and the time; with --lp FILE [units] writes the same case as
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

/* Prices after the Korean summer bands for general service, high voltage A. */
static double
band_price(double hour)
{
	if (hour < 8 || hour >= 22)
		return 92.8;
	if ((hour >= 11 && hour < 12) || (hour >= 13 && hour < 18))
		return 227.8;
	return 145.7;
}

static void
make_case(struct optimise_case *c, size_t units)
{
	size_t i, k;

	seed = 20240801; /* the same units in every case */
	for (k = 0; k < STEPS; k++) {
		double hour = (double)k / 4, day = sin(M_PI * (hour - 7) / 12);

		price[k] = band_price(hour);
		outdoor[k] = 28.5 + 4.5 * sin(2 * M_PI * (hour - 9.5) / 24);
		base[k] = 30 + (hour > 7 && hour < 19 ? 35 * day : 0);
	}
	for (i = 0; i < units; i++) {
		struct optimise_unit *u = &unit[i];
		double tau = draw(6, 18), resistance, people = draw(0.2, 0.4);

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
		.units = units,
		.dt = 0.25,
		.unit = unit,
		.price = price,
		.base = base,
		.demand_price = 8320.0 / 22,
		.billed_peak = 60,
		.comfort_price = 500,
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
run(size_t units)
{
	struct optimise_schedule s, today;
	bool on[UNITS * STEPS];
	double setpoint[UNITS * STEPS], t0, t1;
	struct optimise_case c;
	enum learn_status status;
	size_t i;
	int effort;

	make_case(&c, units);
	for (i = 0; i < units * STEPS; i++) {
		on[i] = i % STEPS >= 28 && i % STEPS < 72;
		setpoint[i] = 24.5;
	}
	if (optimise_standing(&c, on, setpoint, &today) != LEARN_OK)
		exit(1);
	printf("%zu units, standing schedule 07-18 h at 24.5 degC: %.0f  (%.1f kWh, peak %.1f "
	       "kW, %.2f K h)\n",
	    units, today.total.objective, today.total.kwh, today.total.peak,
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

int
main(int argc, char *argv[])
{
	struct optimise_case c;
	FILE *f;

	learn_single_thread();
	if (argc >= 3 && strcmp(argv[1], "--lp") == 0) {
		make_case(&c, argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 20);
		f = fopen(argv[2], "w");
		if (f == NULL)
			return 1;
		write_lp(&c, f);
		return fclose(f) == 0 ? 0 : 1;
	}
	run(1);
	run(5);
	run(20);
	return 0;
}
