#include "bms/forecast.h"

#define HOUR 3600
#define STEP_MAX (3 * HOUR)

static bool
add(struct forecast *f, json_value at, json_value temperature, json_value humidity,
    struct buf *why)
{
	struct forecast_point *p = &f->points[f->n];
	int64_t t;

	if (f->n == FORECAST_POINTS)
		return buf_puts(why, "too many steps"), false;
	if (!json_int(at, &t) || !json_number(temperature, &p->temperature) ||
	    !json_number(humidity, &p->humidity))
		return buf_printf(
			   why, "step %zu: time, temperature or humidity is missing", f->n),
		       false;
	p->at = t;
	f->n++;
	return true;
}

/* {"cod":"200","list":[{"dt":..,"main":{"temp":..,"humidity":..}},...]} */
static bool
read_owm_25(json_value answer, struct forecast *f, struct buf *why)
{
	json_value step;

	for (step = json_first(json_get(answer, "list")); step.at != 0;
	     step = json_next(step)) {
		json_value values = json_get(step, "main");

		if (!add(f, json_get(step, "dt"), json_get(values, "temp"),
			json_get(values, "humidity"), why))
			return false;
	}
	return true;
}

/* {"hourly":[{"dt":..,"temp":..,"humidity":..},...]} */
static bool
read_owm_30(json_value answer, struct forecast *f, struct buf *why)
{
	json_value step;

	for (step = json_first(json_get(answer, "hourly")); step.at != 0;
	     step = json_next(step))
		if (!add(f, json_get(step, "dt"), json_get(step, "temp"),
			json_get(step, "humidity"), why))
			return false;
	return true;
}

/* {"hourly":{"time":[..],"temperature_2m":[..],"relative_humidity_2m":[..]}}; the far end may
 * be null. */
static bool
read_open_meteo(json_value answer, struct forecast *f, struct buf *why)
{
	json_value hourly = json_get(answer, "hourly"),
		   at = json_first(json_get(hourly, "time"));
	json_value t = json_first(json_get(hourly, "temperature_2m"));
	json_value h = json_first(json_get(hourly, "relative_humidity_2m"));

	for (; at.at != 0; at = json_next(at), t = json_next(t), h = json_next(h)) {
		if (json_kind_of(t) == JSON_NULL || json_kind_of(h) == JSON_NULL)
			continue;
		if (!add(f, at, t, h, why))
			return false;
	}
	return true;
}

static const struct forecast_provider providers[] = {
	{ "owm-2.5", "https://api.openweathermap.org", true, 30000, 120,
	    "/data/2.5/forecast?lat=%.4f&lon=%.4f&units=metric", "appid", read_owm_25,
	    "message" },
	{ "owm-3.0", "https://api.openweathermap.org", true, 1000, 48,
	    "/data/3.0/"
	    "onecall?lat=%.4f&lon=%.4f&exclude=current,minutely,daily,alerts&units=metric",
	    "appid", read_owm_30, "message" },
	{ "open-meteo", "https://api.open-meteo.com", false, 10000, 384,
	    "/v1/"
	    "forecast?latitude=%.4f&longitude=%.4f&hourly=temperature_2m,relative_humidity_2m"
	    "&timeformat=unixtime&timezone=GMT&forecast_days=",
	    NULL, read_open_meteo, "reason" },
};

#define PROVIDERS (sizeof(providers) / sizeof(providers[0]))

const struct forecast_provider *
forecast_provider(struct span name)
{
	size_t i;

	for (i = 0; i < PROVIDERS; i++)
		if (span_is(name, providers[i].name))
			return &providers[i];
	return NULL;
}

void
forecast_path(const struct forecast_provider *p, double latitude, double longitude, int hours,
    struct buf *to)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the three formats above */
	buf_printf(to, p->path, latitude, longitude);
#pragma GCC diagnostic pop
	if (p->path[strlen(p->path) - 1] == '=') /* in days, of which today is the first */
		buf_printf(to, "%d", hours / 24 + 2 > 16 ? 16 : hours / 24 + 2);
}

bool
forecast_read(const struct forecast_provider *p, json_value answer, when_t now,
    struct forecast *f, struct buf *why)
{
	size_t i, past;

	f->n = 0;
	if (!p->read(answer, f, why))
		return false;
	if (f->n < 2)
		return buf_puts(why, "there is no forecast in it"), false;
	for (i = 0; i < f->n; i++) {
		const struct forecast_point *v = &f->points[i];

		if (v->temperature < -90 || v->temperature > 60 || v->humidity < 0 ||
		    v->humidity > 100)
			return buf_printf(why, "step %zu: %g degC and %g %% are no weather", i,
				   v->temperature, v->humidity),
			       false;
		if (i > 0 && v->at <= f->points[i - 1].at)
			return buf_printf(why, "step %zu: its time does not rise", i), false;
	}
	for (past = 0; past < f->n && f->points[past].at <= now; past++)
		;
	if (past == f->n || f->points[past].at - now > FORECAST_SKEW)
		return buf_puts(why, "its times are not of now: one of the clocks is wrong"),
		       false;
	return true;
}

size_t
forecast_hourly(const struct forecast *f, when_t from, int hours, struct forecast_point to[])
{
	when_t first = from + (HOUR - from % HOUR) % HOUR, t;
	size_t n = 0, i = 0;

	for (t = first; t < from + (when_t)hours * HOUR; t += HOUR) {
		const struct forecast_point *a, *b;
		double share;

		while (i < f->n && f->points[i].at < t)
			i++;
		if (i == f->n)
			break;
		b = &f->points[i];
		if (b->at == t) {
			to[n++] =
			    (struct forecast_point){ t, b->temperature, b->humidity, false };
			continue;
		}
		if (i == 0 || b->at - f->points[i - 1].at > STEP_MAX)
			continue;
		a = b - 1;
		share = (double)(t - a->at) / (double)(b->at - a->at);
		to[n++] = (struct forecast_point){ t,
			a->temperature + share * (b->temperature - a->temperature),
			a->humidity + share * (b->humidity - a->humidity), true };
	}
	return n;
}
