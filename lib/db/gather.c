#include "db/gather.h"
#include "base/diag.h"
#include "base/files.h"
#include "db/load.h"
#include "db/trend.h"
#include "db/weather.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR 3600
#define CSV_MAX ((size_t)64 << 20)
#define MISSING_OUTDOOR "*OutdoorTemp*"

struct hourly {
	when_t from;
	size_t known, n;
	double *load, *temperature, *seconds, *count;
};

when_t
gather_first(const struct gather *g)
{
	when_t t = history_next_month(g->h, g->place->key, g->place->zone, WHEN_NONE);

	return t == WHEN_NONE ? t : t + (HOUR - t % HOUR) % HOUR;
}

bool
gather_people(const struct gather *g, when_t t)
{
	struct civil c = when_civil(g->place->zone, t, NULL);
	const struct holiday_calendar *holidays =
	    reference_calendar(g->ref, &g->place->building);
	int minute = c.hour * 60 + c.minute;

	return civil_weekday(c) <= 5 && minute >= g->work_from && minute < g->work_to &&
	       holidays_find(holidays, civil_day_number(c), HOLIDAY_FOR_OCCUPANCY) == NULL;
}

/* ---- from the history ---- */

/* Energy by hour, to each its part of an interval that lies in two: an hour counts when its
 * intervals fill it. A gap or an exchanged meter has no demand. */
static size_t
read_load(const struct gather *g, struct hourly *x)
{
	struct load l;
	size_t i, k, points;
	when_t t, end;

	load_read(&l, g->site, g->h, g->place, g->meter, g->from, g->to);
	for (i = 0; i < l.n; i++) {
		const struct load_interval *v = &l.all[i];
		when_t length = v->to - v->from;

		if (v->from < g->from || v->to > g->to || length <= 0 || length > HOUR ||
		    isnan(v->kw))
			continue;
		for (t = v->from; t < v->to; t = end) {
			k = (size_t)((t - g->from) / HOUR);
			end = g->from + (when_t)(k + 1) * HOUR;
			end = end < v->to ? end : v->to;
			x->load[k] += v->kw * (double)(end - t) / HOUR;
			x->seconds[k] += (double)(end - t);
		}
	}
	for (k = 0; k < x->known; k++)
		if (fabs(x->seconds[k] - HOUR) > 0.5)
			x->load[k] = NAN;
	points = l.points;
	load_free(&l);
	return points;
}

static bool
add_temperature(void *ctx, const struct reading *r)
{
	struct hourly *x = ctx;
	size_t k = (size_t)((r->ts - x->from) / HOUR);

	if (isfinite(r->value) && k < x->known) {
		x->temperature[k] += r->value;
		x->count[k]++;
	}
	return true;
}

static void
read_temperature(const struct gather *g, struct hourly *x)
{
	struct opt_list points = { 0 };
	const struct trend t = { .building_key = g->place->key,
		.zone = g->place->zone,
		.points = &points,
		.attr = "M_Value",
		.from = g->from,
		.to = g->to };
	size_t k;

	opt_list_add(&points, g->outdoor != NULL ? g->outdoor : MISSING_OUTDOOR);
	trend_each(g->h, &t, add_temperature, x);
	for (k = 0; k < x->known; k++)
		x->temperature[k] = x->count[k] > 0 ? x->temperature[k] / x->count[k] : NAN;
	opt_list_free(&points);
}

/* ---- from a file ---- */

static bool
csv_row(const struct gather *g, struct hourly *x, char *line)
{
	char *load = strchr(line, ','), *temperature, *end;
	double kwh, degrees;
	when_t t;
	size_t k;

	if (load == NULL)
		return false;
	*load++ = '\0';
	temperature = strchr(load, ',');
	if (temperature != NULL)
		*temperature++ = '\0';
	kwh = strtod(load, &end);
	if (end == load)
		kwh = NAN;
	else if (*end != '\0')
		return false;
	degrees = temperature != NULL ? strtod(temperature, &end) : NAN;
	if (temperature != NULL && end == temperature)
		degrees = NAN;
	else if (temperature != NULL && *end != '\0' && *end != ',')
		return false;
	if (!when_parse_human(span_trim(span_of(line)), g->place->zone, g->to, &t))
		return false;
	if (t < g->from || t >= g->to)
		return true;
	k = (size_t)((t - g->from) / HOUR);
	if (x->count[k]++ > 0)
		return true; /* the first of an hour stands */
	x->load[k] = kwh;
	x->temperature[k] = degrees;
	return true;
}

static bool
read_csv(const struct gather *g, struct hourly *x)
{
	struct buf text = BUF(CSV_MAX);
	size_t line = 0, from, to, k, taken = 0, more = 0;

	if (!file_read(g->csv, &text)) {
		if (errno != ENOENT)
			diag_exit(EX_IOERR); /* said; it may go well another time */
		diag("%s: cannot be read", g->csv);
		buf_free(&text);
		return false;
	}
	(void)buf_text(&text);
	for (from = 0; from < text.n; from = to + 1) {
		for (to = from; to < text.n && text.p[to] != '\n'; to++)
			;
		text.p[to] = '\0';
		if (to > from && text.p[to - 1] == '\r')
			text.p[to - 1] = '\0';
		if (text.p[from] != '\0' && !csv_row(g, x, text.p + from) && line > 0) {
			const struct where at = { g->csv, line + 1 };

			diag_at(&at, "not time,load,temperature: left out");
		}
		line++;
	}
	for (k = 0; k < x->known; k++) {
		taken += x->count[k] > 0 ? 1 : 0;
		more += x->count[k] > 1 ? (size_t)x->count[k] - 1 : 0;
		if (x->count[k] == 0)
			x->load[k] = x->temperature[k] = NAN;
	}
	if (line == 0)
		diag("%s: it is empty", g->csv);
	else if (taken == 0)
		diag("%s: none of its %zu lines is an hour of the period", g->csv, line);
	if (more > 0)
		diag("%s: %zu lines are of an hour that has one already: the first stands",
		    g->csv, more);
	buf_free(&text);
	return true;
}

/* ---- the weather to come ---- */

struct coming {
	const struct gather *g;
	double *to, last;
	size_t n, next;    /* the next hour to be told */
	when_t at, issued; /* of what was told last */
};

/* Between two that are an hour apart the temperature goes in a line: the hours of some zones
 * begin at half past those of the forecast. */
static void
put_coming(void *ctx, const struct forecast_point *p, when_t issued, const char *source)
{
	struct coming *x = ctx;

	(void)source;
	if (x->g->to - issued > 86400)
		return; /* what was issued more than a day ago is no forecast any more */
	for (; x->next < x->n; x->next++) {
		when_t wanted = x->g->to + (when_t)x->next * HOUR;
		bool between = x->at != WHEN_NONE && p->at - x->at <= HOUR;

		if (wanted > p->at)
			break;
		if (p->at - wanted >= HOUR)
			continue;
		x->to[x->next] = p->temperature;
		if (between)
			x->to[x->next] -= (p->temperature - x->last) *
					  (double)(p->at - wanted) / (double)(p->at - x->at);
	}
	x->at = p->at;
	x->last = p->temperature;
	if (x->issued == WHEN_NONE || issued < x->issued)
		x->issued = issued;
}

void
gather_forecast(const struct gather *g, double *to, size_t n, when_t *issued)
{
	struct coming x = { g, to, NAN, n, 0, WHEN_NONE, WHEN_NONE };
	size_t k;

	for (k = 0; k < n; k++)
		to[k] = NAN;
	weather_each(g->site, &g->place->building, g->to - HOUR + 1, g->to + (when_t)n * HOUR,
	    put_coming, &x);
	*issued = x.issued;
}

/* ---- written ---- */

static void
put_holidays(const struct gather *g, struct jw *w)
{
	const struct holiday_calendar *c = reference_calendar(g->ref, &g->place->building);
	int64_t day = civil_day_number(when_civil(g->place->zone, g->from, NULL));
	int64_t last = civil_day_number(when_civil(g->place->zone, g->to, NULL)) + 2;
	char text[WHEN_TEXT];

	jw_key(w, "holidays");
	jw_array(w);
	for (; day <= last; day++)
		if (holidays_find(c, day, HOLIDAY_FOR_OCCUPANCY) != NULL) {
			struct civil d = civil_of_day(day);

			(void)snprintf(
			    text, sizeof(text), "%04d-%02d-%02d", d.year, d.month, d.day);
			jw_str(w, text);
		}
	jw_end(w);
}

/* From the first hour that anything is known of. */
static void
put_hours(const struct gather *g, struct jw *w, const struct hourly *x, when_t issued)
{
	char text[WHEN_TEXT];
	size_t lead = 0;

	while (lead < x->known && isnan(x->load[lead]) && isnan(x->temperature[lead]))
		lead++;

	jw_key(w, "weather");
	jw_object(w);
	jw_member_str(w, "source", issued != WHEN_NONE ? "forecast" : "missing");
	if (issued != WHEN_NONE)
		jw_member_str(w, "issued", when_format(text, g->place->zone, issued));
	jw_end(w);
	jw_key(w, "hours");
	jw_object(w);
	jw_member_int(w, "start", x->from + (when_t)lead * HOUR);
	jw_member_str(w, "zone", zone_name(g->place->zone));
	jw_member_int(w, "known", (int64_t)(x->known - lead));
	jw_member_bool(w, "zero_is_missing", g->zero_is_missing);
	put_holidays(g, w);
	jw_member_rounds(w, "load", x->load + lead, x->known - lead, 3);
	jw_member_rounds(w, "temperature", x->temperature + lead, x->n - lead, 2);
	jw_end(w);
}

bool
gather_hours(const struct gather *g, struct jw *w)
{
	size_t known = (size_t)((g->to - g->from) / HOUR), n = known + GATHER_AHEAD;
	struct hourly x = { .from = g->from,
		.known = known,
		.n = n,
		.load = xcalloc(n, sizeof(double)),
		.temperature = xcalloc(n, sizeof(double)),
		.seconds = xcalloc(n, sizeof(double)),
		.count = xcalloc(n, sizeof(double)) };
	bool ok = true;
	when_t issued;

	if (g->csv != NULL) {
		ok = read_csv(g, &x);
	} else {
		if (read_load(g, &x) == 0) {
			diag("building %.*s: it has no %s", SPAN_ARG(g->place->key),
			    g->meter != NULL ? "such Energy point" : "Energy point");
			ok = false;
		}
		read_temperature(g, &x);
	}
	gather_forecast(g, x.temperature + known, GATHER_AHEAD, &issued);
	if (ok)
		put_hours(g, w, &x, issued);
	free(x.load);
	free(x.temperature);
	free(x.seconds);
	free(x.count);
	return ok;
}
