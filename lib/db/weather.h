/*
 * weather: forecasts as stored, each with when it was issued, and the calls made of each
 * provider a day (UTC).
 */
#ifndef NBMS_DB_WEATHER_H
#define NBMS_DB_WEATHER_H

#include "bms/forecast.h"
#include "db/buildings.h"
#include "db/history.h"

/* A transaction must be open. */
void weather_put(struct db *site, const struct building *b,
    const struct forecast_point points[], size_t n, when_t issued, const char *source);

/* When the newest forecast of that hour or later was issued; WHEN_NONE: there is none. */
when_t weather_issued(struct db *site, const struct building *b, when_t from);

/* The newest forecast of each hour in [from, to). source is borrowed for the call. */
typedef void weather_fn(
    void *ctx, const struct forecast_point *p, when_t issued, const char *source);
void weather_each(struct db *site, const struct building *b, when_t from, when_t to,
    weather_fn *fn, void *ctx);

/* Forgets hours before t. */
void weather_forget(struct db *site, when_t t);

int64_t weather_calls(struct db *site, const char *provider, when_t now);
void weather_called(struct db *site, const char *provider, when_t now);

/* Forecast against what a point read, by how many hours ahead it was issued. */
struct weather_error {
	int64_t n;
	double bias, mae, rmse; /* forecast less reading */
};

#define WEATHER_LEADS 120

/* point's attribute M_Value at the hours in [from, to); humidity: compare that, not
 * temperature. */
void weather_errors(struct db *site, struct history *h, const struct place *place,
    const char *point, bool humidity, when_t from, when_t to,
    struct weather_error errors[WEATHER_LEADS]);

#endif
