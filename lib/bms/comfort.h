/*
 * comfort: thermal comfort of people by ANSI/ASHRAE Standard 55: PMV and PPD, the cooling
 * effect of moving air, and the comfort zone on the psychrometric chart.
 *
 * PMV is Fanger's (ISO 7730), worked out at still air and at temperatures lowered by the
 * cooling effect: the lowering at which the two-node model of Gagge (Standard 55 normative
 * appendix D) gives the same standard effective temperature as the moving air does. PPD = 100 -
 * 95 exp(-0.03353 PMV^4 - 0.2179 PMV^2). A zone complies when -0.5 < PMV < 0.5.
 *
 * Outside 10 to 40 degC (air and radiant), 0 to 2 m/s, 1 to 4 met, 0 to 1.5 clo, 0 to 100 % the
 * model is not valid: there is no number then, only a reason.
 */
#ifndef NBMS_BMS_COMFORT_H
#define NBMS_BMS_COMFORT_H

#include <stdbool.h>
#include <stddef.h>

#define COMFORT_PMV_LIMIT 0.5

struct comfort_input {
	double air;      /* degC */
	double radiant;  /* mean radiant temperature, degC; take the air's where it is not
			    measured */
	double speed;    /* m/s, as measured */
	double humidity; /* relative, percent */
	double met;      /* activity: 1.2 office work */
	double clo;      /* clothing at rest: 0.5 summer, 1.0 winter */
};

struct comfort {
	double pmv;
	double ppd;            /* percent */
	double cooling_effect; /* K */
	const char *why;       /* NULL; otherwise why there are no numbers (they are NAN) */
};

/* Applies the activity to speed and clothing (comfort_relative_speed, comfort_dynamic_clo)
 * first. */
struct comfort comfort_of(const struct comfort_input *in);

/* The same for a speed and clothing that have the activity in them already. */
struct comfort comfort_pmv(const struct comfort_input *in);

/* PMV of ISO 7730 at a relative speed: moving air cools by convection alone, without the
 * cooling effect. */
struct comfort comfort_iso_7730(const struct comfort_input *in);

double comfort_relative_speed(double speed, double met); /* v + 0.3 (met - 1) */
double comfort_dynamic_clo(double clo, double met); /* clo (0.6 + 0.4 / met) above 1.2 met */

/* Standard effective temperature, degC, of standing people at sea level, for the cooling
 * effect.
 */
double comfort_set(const struct comfort_input *in);

/* The greatest air speed without the people's own control of it, at an operative temperature;
 * m/s. */
double comfort_speed_limit(double operative, double met, double clo);

/* kg water per kg dry air at sea level. */
double comfort_humidity_ratio(double air, double humidity);

struct comfort_point {
	double air, humidity, ratio;
};

/*
 * The outline of the comfort zone: -0.5 from dry to humid, then +0.5 back, at `steps` (2 and
 * more) humidities each; radiant is the air's. `out` takes 2 x steps points. Returns how many
 * were made: a limit that lies outside the model's temperatures has no point.
 */
size_t comfort_zone(const struct comfort_input *in, size_t steps, struct comfort_point out[]);

#endif
