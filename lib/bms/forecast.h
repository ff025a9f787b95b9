/*
 * forecast: outdoor temperature and humidity as weather services give them, brought to whole
 * hours.
 *
 * One interface for all services: the path of a request, and the reading of its answer.
 * Formats: OpenWeatherMap 2.5 /forecast (steps of 3 h, 5 days) and One Call 3.0 (hourly, 48 h),
 * Open-Meteo /v1/forecast (hourly, 16 days). An answer is refused when its values are no
 * weather (-90 to 60 degC, 0 to 100 %), its times do not rise, or its first one is more than 6
 * h from `now`: one of the two clocks is wrong.
 *
 * Trust: none needed.
 */
#ifndef NBMS_BMS_FORECAST_H
#define NBMS_BMS_FORECAST_H

#include "base/json.h"
#include "base/when.h"

#define FORECAST_POINTS 512
#define FORECAST_SKEW 21600

struct forecast_point {
	when_t at;
	double temperature; /* degC */
	double humidity;    /* relative, percent */
	bool interpolated;  /* between two steps of the service */
};

struct forecast {
	struct forecast_point points[FORECAST_POINTS];
	size_t n;
};

struct forecast_provider {
	const char *name;
	const char *base; /* https://host */
	bool needs_key;
	int64_t calls_a_day; /* what the free plan allows */
	int hours;           /* how far it reaches */
	const char *path;    /* printf: latitude, longitude, hours; without the key */
	const char *key;     /* the name of the key's parameter, or NULL */
	bool (*read)(json_value answer, struct forecast *f, struct buf *why);
	const char *message; /* the member of an error that holds its text */
};

/* NULL: no such provider. */
const struct forecast_provider *forecast_provider(struct span name);

/* The names there are, for a usage line. */
#define FORECAST_PROVIDERS "owm-2.5, owm-3.0 or open-meteo"

/* Path and query, without the key; latitude and longitude to four decimals. */
void forecast_path(const struct forecast_provider *p, double latitude, double longitude,
    int hours, struct buf *to);

/* Reads and checks an answer. False: `why`. */
bool forecast_read(const struct forecast_provider *p, json_value answer, when_t now,
    struct forecast *f, struct buf *why);

/*
 * The whole hours in [from, from + hours) that the forecast spans, straight lines between steps
 * that are no more than 3 h apart; nothing is made up outside them. `to` takes `hours` points.
 * Returns how many there are.
 */
size_t forecast_hourly(
    const struct forecast *f, when_t from, int hours, struct forecast_point to[]);

#endif
