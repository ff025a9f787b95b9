#include "bms/comfort.h"

#include <math.h>

#define MET_W 58.15 /* W/m2 in one met */
#define STILL 0.1   /* m/s: no cooling effect up to here */

double
comfort_relative_speed(double speed, double met)
{
	return met > 1 ? speed + 0.3 * (met - 1) : speed;
}

double
comfort_dynamic_clo(double clo, double met)
{
	return met > 1.2 ? clo * (0.6 + 0.4 / met) : clo;
}

/* Saturation vapour pressure, kPa (Antoine's equation as Standard 55 has it). */
static double
saturation_kpa(double t)
{
	return exp(16.6536 - 4030.183 / (t + 235));
}

double
comfort_humidity_ratio(double air, double humidity)
{
	double vapour = saturation_kpa(air) * humidity / 100;

	return 0.62198 * vapour / (101.325 - vapour);
}

double
comfort_speed_limit(double t, double met, double clo)
{
	if (clo >= 0.7 || met >= 1.3)
		return 0.2;
	if (t > 25.5)
		return 0.8;
	if (t <= 23)
		return 0.2;
	return 50.49 - 4.4047 * t + 0.096425 * t * t;
}

/* ---- Fanger's PMV, ISO 7730 ---- */

/* The clothing's surface, in hundreds of kelvins, and the convection there: solved by halving
 * the step. */
static double
clothing_surface(const struct comfort_input *in, double icl, double fcl, double m, double *hc)
{
	double forced = 12.1 * sqrt(in->speed), air = in->air + 273;
	double a = icl * fcl, radiant4 = pow((in->radiant + 273) / 100, 4);
	double fixed = 308.7 - 0.028 * m + 3.96 * a * radiant4;
	double x = (air + (35.5 - in->air) / (3.5 * icl + 0.1)) / 100, old = 2 * x, natural;
	int i;

	for (i = 0; i < 150 && fabs(x - old) > 0.00015; i++) {
		old = (old + x) / 2;
		natural = 2.38 * pow(fabs(100 * old - air), 0.25);
		*hc = fmax(natural, forced);
		x = (fixed + a * air * *hc - 3.96 * a * pow(old, 4)) / (100 + 100 * a * *hc);
	}
	return x;
}

static double
fanger(const struct comfort_input *in)
{
	double m = in->met * MET_W, icl = 0.155 * in->clo, hc = 0;
	double fcl = icl <= 0.078 ? 1 + 1.29 * icl : 1.05 + 0.645 * icl;
	double vapour = in->humidity * 10 * saturation_kpa(in->air); /* Pa */
	double surface = clothing_surface(in, icl, fcl, m, &hc);
	double loss = 3.05e-3 * (5733 - 6.99 * m - vapour); /* diffusion through the skin */

	if (m > MET_W)
		loss += 0.42 * (m - MET_W);                                 /* sweat */
	loss += 1.7e-5 * m * (5867 - vapour) + 0.0014 * m * (34 - in->air); /* breath */
	loss += 3.96 * fcl * (pow(surface, 4) - pow((in->radiant + 273) / 100, 4));
	loss += fcl * hc * (100 * surface - 273 - in->air);
	return (0.303 * exp(-0.036 * m) + 0.028) * (m - loss);
}

/* ---- Gagge's two nodes: a core and a skin for an hour, minute by minute ---- */

#define TORR_SATURATED(t) exp(18.6686 - 4030.183 / ((t) + 235))
#define SKIN_NEUTRAL 33.7
#define CORE_NEUTRAL 36.8
#define BODY_NEUTRAL (0.1 * SKIN_NEUTRAL + 0.9 * CORE_NEUTRAL)
#define LEWIS 2.2 /* K/torr at sea level */

struct nodes {
	/* the surroundings */
	double air, radiant, vapour; /* degC, degC, torr */
	double clothing;             /* m2K/W */
	double area;                 /* of clothed over nude skin */
	double permeation;           /* of vapour through the clothing */
	double convection;           /* W/m2K */
	double wettest;              /* skin wettedness at which sweat drips */
	double rate;                 /* of metabolism, W/m2 */
	/* the body */
	double skin, core, alfa, flow, evaporation, metabolism;
	/* what comes of it */
	double radiation, sensible, wet;
};

static double
above(double v)
{
	return v > 0 ? v : 0;
}

/* Dry heat from the skin, once the clothing's surface and its radiation agree. */
static double
dry_heat(struct nodes *b)
{
	double surface, next, layer, operative, total = b->radiation + b->convection;
	int i;

	layer = 1 / (b->area * total);
	operative = (b->radiation * b->radiant + b->convection * b->air) / total;
	next = (layer * b->skin + b->clothing * operative) / (layer + b->clothing);
	for (i = 0, surface = next + 1; i < 150 && fabs(next - surface) > 0.01; i++) {
		double t = (next + b->radiant) / 2 + 273.15;

		surface = next;
		b->radiation = 4 * 0.95 * 5.6697e-8 * t * t * t * 0.73; /* standing */
		total = b->radiation + b->convection;
		layer = 1 / (b->area * total);
		operative = (b->radiation * b->radiant + b->convection * b->air) / total;
		next = (layer * b->skin + b->clothing * operative) / (layer + b->clothing);
	}
	return (b->skin - operative) / (layer + b->clothing);
}

/* Sweat and what diffuses, as far as the air takes it. */
static void
evaporate(struct nodes *b, double sweat)
{
	double air_layer = 1 / (LEWIS * b->area * b->convection);
	double most = (TORR_SATURATED(b->skin) - b->vapour) /
		      (air_layer + b->clothing / (LEWIS * b->permeation));
	double share, diffused;

	if (most == 0)
		most = 0.001;
	share = sweat / most;
	b->wet = 0.06 + 0.94 * share;
	diffused = b->wet * most - sweat;
	if (b->wet > b->wettest) {
		b->wet = b->wettest;
		share = b->wettest / 0.94;
		sweat = share * most;
		diffused = 0.06 * (1 - share) * most;
	}
	if (most < 0) {
		b->wet = b->wettest;
		sweat = diffused = 0;
	}
	b->evaporation = sweat + diffused;
}

static void
minute(struct nodes *b)
{
	const double surface = 1.8258,
		     heat = 0.97 * 70 * 60; /* DuBois area m2; Wmin/K of 70 kg */
	double breath = 0.0023 * b->rate * (44 - b->vapour) + 0.0014 * b->rate * (34 - b->air);
	double flow = (b->core - b->skin) * (5.28 + 1.163 * b->flow), cold, sweat, mean;

	b->sensible = dry_heat(b);
	cold = flow - b->sensible - b->evaporation;
	mean = b->metabolism - flow - breath;
	b->skin += cold * surface / (heat * b->alfa);
	b->core += mean * surface / (heat * (1 - b->alfa));
	mean = b->alfa * b->skin + (1 - b->alfa) * b->core;
	cold = above(SKIN_NEUTRAL - b->skin);
	b->flow = (6.3 + 120 * above(b->core - CORE_NEUTRAL)) / (1 + 0.5 * cold);
	b->flow = fmax(fmin(b->flow, 90), 0.5);
	sweat = 170 * above(mean - BODY_NEUTRAL) * exp(above(b->skin - SKIN_NEUTRAL) / 10.7);
	evaporate(b, 0.68 * fmin(sweat, 500));
	b->metabolism = b->rate + 19.4 * cold * above(CORE_NEUTRAL - b->core);
	b->alfa = 0.0417737 + 0.7451833 / (b->flow + 0.585417);
}

/* The temperature of the standard surroundings (half humid, still) in which the same skin loses
 * the same heat. */
static double
standard_temperature(const struct nodes *b, double met)
{
	const double convection = 3;
	double total = convection + b->radiation, clo = 1.52 / (met + 0.6944) - 0.1835;
	double area = 1 + 0.25 * clo, nude = 1 / (1 + 0.155 * area * total * clo);
	double ratio = convection / total;
	double permeation = 0.45 * ratio * (1 - nude) / (ratio - nude * 0.45);
	double dry = 1 / (1 / (area * total) + 0.155 * clo);
	double wet = 1 / (1 / (LEWIS * area * convection) + 0.155 * clo / (LEWIS * permeation));
	double lost = b->sensible + b->evaporation, skin = TORR_SATURATED(b->skin);
	double t = b->skin - lost / dry, step = 1;
	int i;

	for (i = 0; i < 50 && fabs(step) > 1e-6; i++) {
		double p = TORR_SATURATED(t), slope = 4030.183 / ((t + 235) * (t + 235)) * p;

		step = (lost - dry * (b->skin - t) - b->wet * wet * (skin - 0.5 * p)) /
		       (dry + 0.5 * b->wet * wet * slope);
		t -= step;
	}
	return t;
}

double
comfort_set(const struct comfort_input *in)
{
	double speed = fmax(in->speed, STILL);
	struct nodes b = { .air = in->air,
		.radiant = in->radiant,
		.vapour = TORR_SATURATED(in->air) * in->humidity / 100,
		.clothing = 0.155 * in->clo,
		.area = 1 + 0.15 * in->clo,
		.permeation = in->clo > 0 ? 0.45 : 1,
		.convection = fmax(3, 8.600001 * pow(speed, 0.53)),
		.wettest = in->clo > 0 ? 0.59 * pow(speed, -0.08) : 0.38 * pow(speed, -0.29),
		.rate = in->met * 58.2,
		.skin = SKIN_NEUTRAL,
		.core = CORE_NEUTRAL,
		.alfa = 0.1,
		.flow = 6.3,
		.evaporation = 0.1 * in->met,
		.metabolism = in->met * 58.2,
		.radiation = 4.7 };
	int i;

	for (i = 1; i < 60; i++)
		minute(&b);
	return standard_temperature(&b, in->met);
}

/* ---- the two together ---- */

/* By secants: SET is nearly a straight line in the temperature. */
static double
cooling_effect(const struct comfort_input *in)
{
	struct comfort_input still = *in;
	double moving, a = 0, b, fa, fb, next;
	int i;

	if (in->speed <= STILL)
		return 0;
	moving = comfort_set(in);
	still.speed = STILL;
	fa = comfort_set(&still) - moving;
	if (fa <= 0)
		return 0;
	for (i = 0, b = fa; i < 30; i++) {
		still.air = in->air - b;
		still.radiant = in->radiant - b;
		fb = comfort_set(&still) - moving;
		if (fabs(fb) < 1e-4 || fabs(fb - fa) < 1e-12)
			break;
		next = b - fb * (b - a) / (fb - fa);
		a = b;
		fa = fb;
		b = fmin(fmax(next, 0), 40);
	}
	return b;
}

static const char *
invalid(const struct comfort_input *in)
{
	const struct {
		double v, low, high;
		const char *why;
	} limits[] = {
		{ in->air, 10, 40, "air temperature is not within 10 to 40 degC" },
		{ in->radiant, 10, 40, "radiant temperature is not within 10 to 40 degC" },
		{ in->speed, 0, 2, "air speed is not within 0 to 2 m/s" },
		{ in->humidity, 0, 100, "humidity is not within 0 to 100 %" },
		{ in->met, 1, 4, "activity is not within 1 to 4 met" },
		{ in->clo, 0, 1.5, "clothing is not within 0 to 1.5 clo" },
	};
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!(limits[i].v >= limits[i].low && limits[i].v <= limits[i].high))
			return limits[i].why;
	return NULL;
}

static struct comfort
vote(const struct comfort_input *in, double effect)
{
	struct comfort c = { .cooling_effect = effect, .pmv = fanger(in) };
	double p2 = c.pmv * c.pmv;

	c.ppd = 100 - 95 * exp(-0.03353 * p2 * p2 - 0.2179 * p2);
	return c;
}

static struct comfort
no_vote(const char *why)
{
	return (struct comfort){ .pmv = NAN, .ppd = NAN, .cooling_effect = NAN, .why = why };
}

struct comfort
comfort_iso_7730(const struct comfort_input *in)
{
	const char *why = invalid(in);

	return why != NULL ? no_vote(why) : vote(in, 0);
}

struct comfort
comfort_pmv(const struct comfort_input *in)
{
	const char *why = invalid(in);
	struct comfort_input still = *in;
	double effect;

	if (why != NULL)
		return no_vote(why);
	effect = cooling_effect(in);
	still.air -= effect;
	still.radiant -= effect;
	still.speed = effect > 0 ? STILL : in->speed;
	return vote(&still, effect);
}

struct comfort
comfort_of(const struct comfort_input *in)
{
	struct comfort c = {
		.pmv = NAN, .ppd = NAN, .cooling_effect = NAN, .why = invalid(in)
	};
	struct comfort_input moving = *in;

	if (c.why != NULL)
		return c;
	/* activity may take the relative speed past the limit that the measured one keeps */
	moving.speed = fmin(comfort_relative_speed(in->speed, in->met), 2);
	moving.clo = comfort_dynamic_clo(in->clo, in->met);
	return comfort_pmv(&moving);
}

/* The temperature at which PMV is `wanted`; NAN: none within the model's. */
static double
temperature_for(const struct comfort_input *in, double humidity, double wanted)
{
	struct comfort_input at = *in;
	double low = 10, high = 40;

	at.humidity = humidity;
	at.air = at.radiant = low;
	if (!(comfort_of(&at).pmv < wanted))
		return NAN;
	at.air = at.radiant = high;
	if (!(comfort_of(&at).pmv > wanted))
		return NAN;
	while (high - low > 1e-3) {
		at.air = at.radiant = (low + high) / 2;
		if (comfort_of(&at).pmv < wanted)
			low = at.air;
		else
			high = at.air;
	}
	return low;
}

size_t
comfort_zone(const struct comfort_input *in, size_t steps, struct comfort_point out[])
{
	size_t n = 0, i, k;
	double t, humidity;

	for (i = 0; steps > 1 && i < 2 * steps; i++) {
		k = i < steps ? i : 2 * steps - 1 - i;
		humidity = 100.0 * (double)k / (double)(steps - 1);
		t = temperature_for(
		    in, humidity, i < steps ? -COMFORT_PMV_LIMIT : COMFORT_PMV_LIMIT);
		if (!isnan(t))
			out[n++] = (struct comfort_point){ t, humidity,
				comfort_humidity_ratio(t, humidity) };
	}
	return n;
}
