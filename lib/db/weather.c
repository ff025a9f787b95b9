#include "db/weather.h"
#include "base/diag.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR 3600

void
weather_put(struct db *site, const struct building *b, const struct forecast_point points[],
    size_t n, when_t issued, const char *source)
{
	size_t i;

	for (i = 0; i < n; i++)
		db_do(site, SQL_WEATHER_PUT, "ttiiddis", b->customer, b->building,
		    (int64_t)points[i].at, (int64_t)issued, points[i].temperature,
		    points[i].humidity, (int64_t)points[i].interpolated, source);
}

when_t
weather_issued(struct db *site, const struct building *b, when_t from)
{
	int64_t issued;

	if (!db_one(site, SQL_WEATHER_ISSUED, "tti", "i", b->customer, b->building,
		(int64_t)from, &issued))
		return WHEN_NONE;
	return issued;
}

void
weather_each(struct db *site, const struct building *b, when_t from, when_t to, weather_fn *fn,
    void *ctx)
{
	struct rows *r = db_rows(site, SQL_WEATHER_ROWS, "ttii", b->customer, b->building,
	    (int64_t)from, (int64_t)to);
	struct forecast_point p;
	int64_t at, issued, interpolated;
	struct span source;

	while (rows_next(
	    r, "iiddit", &at, &issued, &p.temperature, &p.humidity, &interpolated, &source)) {
		char *text = xstrndup(source.p, source.n);

		p.at = at;
		p.interpolated = interpolated != 0;
		fn(ctx, &p, issued, text);
		free(text);
	}
	rows_end(r);
}

void
weather_forget(struct db *site, when_t t)
{
	db_do(site, SQL_WEATHER_FORGET, "i", (int64_t)t);
}

static char *
day_of(char text[WHEN_TEXT], when_t now)
{
	(void)when_format(text, NULL, now);
	text[10] = '\0'; /* YYYY-MM-DD */
	return text;
}

int64_t
weather_calls(struct db *site, const char *provider, when_t now)
{
	char day[WHEN_TEXT];
	int64_t calls;

	return db_one(site, SQL_WEATHER_CALLS, "ss", "i", provider, day_of(day, now), &calls)
		   ? calls
		   : 0;
}

void
weather_called(struct db *site, const char *provider, when_t now)
{
	char day[WHEN_TEXT];

	db_do(site, SQL_WEATHER_CALLED, "ss", provider, day_of(day, now));
}

/* What the point read at an hour; false: nothing. */
static bool
observed(struct history *h, const struct place *place, struct span thing, const char *point,
    when_t at, double *value)
{
	struct month *m = history_month_there(h, place->key, place->zone, at);
	struct series *s =
	    m != NULL ? month_series(m, thing, span_of(point), SPAN("M_Value"), false) : NULL;

	return s != NULL && month_get_sample(m, at, s, value) && !isnan(*value);
}

void
weather_errors(struct db *site, struct history *h, const struct place *place, const char *point,
    bool humidity, when_t from, when_t to, struct weather_error errors[WEATHER_LEADS])
{
	struct span thing = { 0 };
	double temperature, relative, value, e;
	int64_t at, issued, lead;
	struct rows *r;
	char *name;
	size_t i;

	memset(errors, 0, WEATHER_LEADS * sizeof(*errors));
	if (!db_one(site, SQL_THING_OF_POINT, "tts", "t", place->building.customer,
		place->building.building, point, &thing))
		return;
	name = xstrndup(thing.p, thing.n);
	r = db_rows(site, SQL_WEATHER_ALL, "ttii", place->building.customer,
	    place->building.building, (int64_t)from, (int64_t)to);
	while (rows_next(r, "iidd", &at, &issued, &temperature, &relative)) {
		lead = (at - issued) / HOUR;
		if (lead < 0 || lead >= WEATHER_LEADS ||
		    !observed(h, place, span_of(name), point, at, &value))
			continue;
		e = (humidity ? relative : temperature) - value;
		errors[lead].n++;
		errors[lead].bias += e;
		errors[lead].mae += fabs(e);
		errors[lead].rmse += e * e;
	}
	rows_end(r);
	free(name);
	for (i = 0; i < WEATHER_LEADS; i++) {
		double n = (double)errors[i].n;

		if (errors[i].n == 0)
			continue;
		errors[i].bias /= n;
		errors[i].mae /= n;
		errors[i].rmse = sqrt(errors[i].rmse / n);
	}
}
