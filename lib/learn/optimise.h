/*
 * Tomorrow's schedule: on or off and how hard, for each unit in each step.
 *
 * Every unit conditions one zone, a first-order model in discrete steps
 * (thermal.h fits it):
 *
 *   T[k+1] = a T[k] + (1 - a) outdoor[k] + b (gain[k] + heat[k] - cool[k])
 *
 * with heat = heating[k] * p, cool = cooling[k] * p, p the unit's electric
 * power. An air handler with its terminal boxes is one unit and its zone
 * the floor it serves. Minimised, all in the tariff's currency:
 *
 *   sum_k dt value[k] sum_u p[u][k] + demand_price * D
 *     + sum_u start_cost * starts + comfort_price * dt * sum K outside the band
 *
 *   p = 0 or power_min <= p <= power_max; |p[k] - p[k-1]| <= ramp while on;
 *   at least min_on steps on and min_off steps off;
 *   D >= billed_peak and D >= base[k] + sum_u p[u][k].
 *
 * value[k] is the price per kWh, or what stands in for it (enum
 * optimise_value). Sources: EMHASS documentation, thermal and demand-charge
 * models (MIT); three-binary minimum up and down times, Rajan and Takriti
 * 2005.
 */
#ifndef NBMS_LEARN_OPTIMISE_H
#define NBMS_LEARN_OPTIMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/learn.h"

#define OPTIMISE_STEPS 200 /* two days of quarter hours and a long day */
#define OPTIMISE_UNITS 500
#define OPTIMISE_LEVELS 12
#define OPTIMISE_AGE 16 /* longest minimum run time, steps */

struct optimise_unit {
	double power_min, power_max; /* kW electric while on, 0 < min <= max */
	int levels;                  /* powers tried between them, 1..OPTIMISE_LEVELS */
	int min_on, min_off;         /* steps, 1..OPTIMISE_AGE */
	double ramp;                 /* kW a step while on; INFINITY: none */
	double start_cost;           /* currency, >= 0 */
	double a, b;                 /* 0 < a < 1; b in K per kW of heat over a step, > 0 */
	const double *outdoor;       /* [steps] degC */
	const double *gain;          /* [steps] kW of people, sun and equipment; NULL: 0 */
	const double *heating;       /* [steps] kW heat per kW electric; NULL: never */
	const double *cooling;       /* [steps] kW cold per kW electric; NULL: never */
	const double *low,
	    *high;           /* [steps] comfort at the end of the step; NaN: nobody there */
	const int8_t *force; /* [steps] 1 must run, -1 must not, 0 free; NULL: 0 */
	/* What the last run left (receding horizon): */
	double temperature; /* degC now */
	bool on;
	int age;      /* steps since it was switched, >= 1 */
	double power; /* kW now, when on */
};

enum optimise_value {
	OPTIMISE_COST,    /* the tariff and the demand charge */
	OPTIMISE_ENERGY,  /* kWh, each at the mean price; no demand charge */
	OPTIMISE_COMFORT, /* the tariff, with discomfort a hundred times as dear */
	OPTIMISE_CO2      /* kg CO2, at the mean price per mean kg; no demand charge */
};

struct optimise_case {
	size_t steps, units;
	double dt; /* hours */
	const struct optimise_unit *unit;
	const double *price;  /* [steps] currency per kWh */
	const double *carbon; /* [steps] kg per kWh; NULL unless OPTIMISE_CO2 */
	const double *base;   /* [steps] kW that the building draws besides */
	double demand_price;  /* currency per kW of D, this horizon's part */
	double billed_peak;   /* kW already billed this month (the ratchet) */
	double comfort_price; /* currency per K h */
	enum optimise_value value;
};

/* What is minimised, by enum optimise_value. */
struct optimise_prices {
	double value[OPTIMISE_STEPS]; /* per kWh */
	double demand;                /* per kW of D */
	double comfort;               /* per K h */
};

void optimise_prices(const struct optimise_case *, struct optimise_prices *);

struct optimise_totals {
	double objective;                      /* what was minimised */
	double energy, demand, start, comfort; /* currency at the tariff's prices */
	double kwh;                            /* of the units */
	double peak;                           /* kW, D */
	double kelvin_hours;                   /* outside the band */
	double co2;                            /* kg; 0 without carbon */
	int starts;
};

/* How far a zone is from its band while people are there. */
struct optimise_miss {
	double kelvin_hours;
	double most; /* K, at the end of step `at` */
	size_t at;
	bool always; /* in every step that somebody is there */
};

struct optimise_schedule {
	size_t units, steps;
	double *power;       /* [units * steps] kW, 0 = off */
	int8_t *mode;        /* [units * steps] 1 heats, -1 cools, 0 off */
	double *temperature; /* [units * (steps + 1)] degC, simulated exactly */
	uint8_t *reason;     /* [units * steps] enum reason, see reason.h */
	struct optimise_totals total;
	double bound;                /* no schedule can cost less; NaN: not asked for */
	double gap;                  /* (objective - bound) / objective; NaN: no bound */
	struct optimise_miss *least; /* [units] at the least; all 0: the band can be kept */
};

/*
 * Find a good schedule. A band is soft: where none keeps it, as near as can be. effort 1
 * (quick) .. 10 bounds the number of plans tried; 3 is usual. With bound, also certifies the
 * gap: by the LP relaxation, whose duals guide the search, or by the search's own (lagrange.h),
 * whichever is nearer. Results are repeatable.
 *
 * LEARN_INFEASIBLE: the schedule is there and is the best there is, but no
 * schedule brings any zone into its band while people are there (least[]).
 * LEARN_RANGE, LEARN_NONFINITE: an input is not as stated, nothing was made.
 * Free with optimise_free; {0} is fine.
 */
enum learn_status optimise_run(
    const struct optimise_case *, int effort, bool bound, struct optimise_schedule *);
void optimise_free(struct optimise_schedule *);

/*
 * Cost of a given schedule (power[], mode[] set; units x steps), to compare
 * today's schedule with: fills temperature and total. No limits are checked.
 */
enum learn_status optimise_judge(const struct optimise_case *, struct optimise_schedule *);

/* How far a judged schedule leaves unit i's zone from its band. */
struct optimise_miss optimise_miss(
    const struct optimise_case *, const struct optimise_schedule *, size_t i);

/* An empty schedule of the case's shape, everything off. */
enum learn_status optimise_schedule_init(
    const struct optimise_case *, struct optimise_schedule *);

/*
 * What a thermostat does with a standing schedule: in steps where
 * on[units * steps] is set a unit runs to hold its band (setpoint[units *
 * steps], degC, mode by the sign of the error), else it is off. Fills
 * the schedule and judges it.
 */
enum learn_status optimise_standing(const struct optimise_case *, const bool *on,
    const double *setpoint, struct optimise_schedule *);

#endif
