/* The learning task: what a building uses and why, how well that is known, and the coming day.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"
#include "learn/backtest.h"
#include "learn/coming.h"
#include "learn/explain.h"
#include "learn/quality.h"
#include "learn/task.h"

#define YEAR 365
#define BAND 1.5 /* K, half a comfort band, where the task says nothing */

static const char *
model_status(enum learn_status status)
{
	return learn_reason(status);
}

/* Hours of the history whose outdoor temperature is not known, nor those around them. */
static size_t
without_temperature(const struct task_hours *th)
{
	size_t i, n = 0;

	for (i = 0; i < th->known; i++)
		n += isnan(th->h.temperature[i]) ? 1 : 0;
	return n;
}

static bool
steady(const struct task_hours *th)
{
	double low = INFINITY, high = -INFINITY;
	size_t i;

	for (i = 0; i < th->known; i++) {
		low = fmin(low, th->h.temperature[i]);
		high = fmax(high, th->h.temperature[i]);
	}
	return low == high;
}

static void
put_quality(struct jw *w, const struct task_hours *th, const struct quality *q)
{
	jw_key(w, "quality");
	jw_object(w);
	jw_member_int(w, "rows", (int64_t)q->rows);
	jw_member_int(w, "usable", (int64_t)q->usable);
	jw_member_int(w, "missing", (int64_t)q->missing);
	jw_member_int(w, "zeros_as_missing", (int64_t)th->zeros);
	jw_member_int(w, "impossible", (int64_t)q->impossible);
	jw_member_int(w, "stuck", (int64_t)q->stuck);
	jw_member_int(w, "spike", (int64_t)q->spike);
	jw_member_int(w, "longest_gap", (int64_t)q->longest_gap);
	jw_member_int(w, "weeks", (int64_t)q->weeks);
	jw_member_int(w, "without_temperature", (int64_t)without_temperature(th));
	jw_end(w);
}

/* Why there is too little: what most of it is lost to. */
static void
settle_short(const struct task_hours *th, const struct quality *q, enum learn_status status,
    struct task_outcome *o)
{
	const struct {
		size_t n;
		const char *what;
	} lost[] = { { th->zeros, "zeros, which stand for missing ones" },
		{ q->missing - (th->zeros < q->missing ? th->zeros : q->missing), "missing" },
		{ q->stuck, "of a meter that stood still" },
		{ q->impossible, "negative or impossibly large" }, { q->spike, "spikes" } };
	size_t most = 0, i;

	for (i = 1; i < sizeof(lost) / sizeof(lost[0]); i++)
		most = lost[i].n > lost[most].n ? i : most;
	if (status == LEARN_SHORT && lost[most].n > 0)
		task_settle(o, TASK_NO_RUN, "%s: of %zu hours %zu are left, %zu are %s",
		    learn_reason(status), q->rows, q->usable, lost[most].n, lost[most].what);
	else
		task_settle(o, TASK_NO_RUN, "%s", learn_reason(status));
}

static void
put_backtest(struct jw *w, const char *name, const struct backtest *b, enum learn_status status)
{
	size_t i;

	jw_key(w, name);
	jw_object(w);
	jw_member_str(w, "status", model_status(status));
	if (status == LEARN_OK || status == LEARN_NO_SKILL) {
		jw_member_int(w, "hours", (int64_t)(b->to - b->from));
		jw_member_int(w, "origins", (int64_t)b->origins);
		jw_member_round(w, "coverage_90", b->coverage, 4);
		jw_member_round(w, "width_90", b->width, 3);
		jw_member_round(w, "pinball", b->pinball, 4);
		jw_key(w, "models");
		jw_array(w);
		for (i = 0; i < b->models; i++) {
			const struct backtest_model *m = &b->model[i];

			jw_object(w);
			jw_member_str(w, "model", m->name);
			jw_member_int(w, "n", (int64_t)m->score.n);
			jw_member_round(w, "cvrmse", m->score.cvrmse, 4);
			jw_member_round(w, "nmbe", m->score.nmbe, 4);
			jw_member_round(w, "mae", m->score.mae, 3);
			jw_member_round(w, "smape", m->score.smape, 4);
			jw_member_round(w, "r2", m->score.r2, 4);
			jw_member_round(w, "skill", m->skill, 4);
			jw_member_bool(w, "guideline_14", m->g14);
			jw_end(w);
		}
		jw_end(w);
	}
	jw_end(w);
}

static void
put_bands(struct jw *w, const struct explain *e)
{
	size_t i;

	jw_key(w, "slopes");
	jw_array(w);
	for (i = 0; i < e->bands; i++) {
		jw_object(w);
		jw_member_round(w, "from", i > 0 ? e->edge[i - 1] : NAN, 2);
		jw_member_round(w, "to", i + 1 < e->bands ? e->edge[i] : NAN, 2);
		jw_member_round(w, "occupied", e->slope[1][i], 3);
		jw_member_round(w, "unoccupied", e->slope[0][i], 3);
		jw_member_int(w, "occupied_hours", (int64_t)e->points[1][i]);
		jw_member_int(w, "unoccupied_hours", (int64_t)e->points[0][i]);
		jw_end(w);
	}
	jw_end(w);
}

static void
put_explain(struct jw *w, const struct task_hours *th, size_t from, const struct towt *towt)
{
	struct explain *e = xcalloc(1, sizeof(*e));
	enum learn_status status = explain_load(&th->h, from, th->known, towt, e);

	jw_key(w, "explain");
	jw_object(w);
	jw_member_str(w, "status", model_status(status));
	if (status == LEARN_OK) {
		jw_member_round(w, "mean", e->mean, 3);
		jw_member_round(w, "night", e->base_night, 3);
		jw_member_int(w, "occupied_hours", (int64_t)e->occupied_hours);
		put_bands(w, e);
		if (e->daily_status == LEARN_OK) {
			jw_member_round(w, "base_per_day", e->daily.base, 2);
			jw_member_round(w, "heating_per_day_and_kelvin", e->daily.heat, 3);
			jw_member_round(w, "cooling_per_day_and_kelvin", e->daily.cool, 3);
			jw_member_round(w, "heats_below", e->daily.low, 2);
			jw_member_round(w, "cools_above", e->daily.high, 2);
			jw_member_round(w, "daily_r2", e->daily.r2, 4);
		}
		jw_member_int(w, "holidays", (int64_t)e->holidays);
		jw_member_round(w, "holiday_effect", e->holiday_effect, 4);
		jw_member_rounds(w, "week", e->week, HOURS_WEEK, 3);
	}
	jw_end(w);
	free(e);
}

/* The rows after `known`. */
static void
put_forecast(struct jw *w, const struct task_hours *th, const struct coming *c)
{
	char text[WHEN_TEXT];
	size_t k;

	jw_member_str(w, "forecast_by", c->n > 0 ? dayahead_name(c->by) : NULL);
	jw_key(w, "forecast");
	jw_array(w);
	for (k = 0; k < c->n; k++) {
		jw_object(w);
		jw_member_str(w, "from",
		    when_format(text, th->zone, th->h.start + (when_t)(th->known + k) * 3600));
		jw_member_round(w, "kwh", c->kwh[k], 3);
		jw_member_round(w, "low", c->low[k], 3);
		jw_member_round(w, "high", c->high[k], 3);
		jw_member_round(w, "week_ago", c->week_ago[k], 3);
		jw_member_round(w, "temperature", th->h.temperature[th->known + k], 2);
		jw_end(w);
	}
	jw_end(w);
}

/* ---- zones ---- */

struct zone_data {
	struct thermal_data d;
	double *outdoor, *people, *sun;
};

static void
put_unit(struct jw *w, json_value unit, const struct zone_data *z, double band)
{
	double *inside = NULL, *heat = NULL, *cool = NULL;
	size_t n = 0, nh = 0, nc = 0, i;
	struct thermal_data d = z->d;
	struct thermal m = { 0 }, first = { 0 };
	enum learn_status status = LEARN_RANGE;
	struct span name = SPAN("?"), class = SPAN("");

	(void)json_text(json_get(unit, "unit"), &name);
	(void)json_text(json_get(unit, "class"), &class);
	if (task_numbers(json_get(unit, "inside"), HOURS_MAX, &inside, &n) && n == d.n &&
	    task_numbers(json_get(unit, "heat"), HOURS_MAX, &heat, &nh) && nh == n &&
	    task_numbers(json_get(unit, "cool"), HOURS_MAX, &cool, &nc) && nc == n) {
		for (i = 0; i < n; i++) { /* unknown power makes the step unknown */
			if (isnan(heat[i]) || isnan(cool[i])) {
				inside[i] = NAN;
				heat[i] = cool[i] = 0;
			}
		}
		d.inside = inside;
		d.heat = heat;
		d.cool = cool;
		status = thermal_choose(&d, &m);
	}
	jw_object(w);
	jw_member_text(w, "unit", name);
	jw_member_text(w, "class", class);
	jw_member_str(w, "status", model_status(status));
	if (status == LEARN_OK) {
		bool usable = thermal_usable(&m, band);

		jw_member_bool(w, "usable", usable);
		if (!usable)
			jw_member_str(w, "reason",
			    !m.heats && !m.cools ? "the plant was not seen to move the zone"
						 : "its free run misses the comfort band");
		task_put_thermal(w, "thermal", &m);
		if (m.order == 2 && thermal_fit(&d, 1, &first) == LEARN_OK)
			jw_member_round(w, "rmse_day_1r1c", first.rmse_day, 3);
	}
	jw_end(w);
	free(inside);
	free(heat);
	free(cool);
}

static void
put_units(struct jw *w, json_value thermal, const struct solar_place *place, double band)
{
	struct zone_data z = { 0 };
	json_value units = json_get(thermal, "units"), v;
	size_t n = 0, m = 0, count = 0;
	int64_t start = 0;

	jw_key(w, "units");
	jw_array(w);
	if (task_numbers(json_get(thermal, "outdoor"), HOURS_MAX, &z.outdoor, &n) && n > 0 &&
	    task_numbers(json_get(thermal, "people"), HOURS_MAX, &z.people, &m) && m == n &&
	    task_number(thermal, "dt", 1e-3, 1, &z.d.dt)) {
		z.d.n = n;
		z.d.outdoor = z.outdoor;
		z.d.people = z.people;
		if (json_int(json_get(thermal, "start"), &start) && start > 0 &&
		    start < (int64_t)1 << 34)
			z.d.sun = z.sun = solar_steps(place, start, z.d.dt, n);
		for (v = json_first(units); v.at != 0 && count < TASK_UNITS;
		     v = json_next(v), count++)
			put_unit(w, v, &z, band);
	}
	jw_end(w);
	free(z.outdoor);
	free(z.people);
	free(z.sun);
}

/* ---- the whole ---- */

static enum baseline_level
level_of(json_value data)
{
	struct span text = { 0 };

	(void)json_text(json_get(data, "level"), &text);
	return span_is(text, "fast")       ? BASELINE_FAST
	       : span_is(text, "accurate") ? BASELINE_ACCURATE
					   : BASELINE_STANDARD;
}

/* Hours to come whose outdoor temperature is known. */
static size_t
coming_weather(const struct task_hours *th)
{
	size_t i, n = 0;

	for (i = th->known; i < th->h.n; i++)
		n += isfinite(th->h.temperature[i]) ? 1 : 0;
	return n;
}

/* Hours since the newest load. */
static size_t
silent(const struct task_hours *th)
{
	size_t i = th->known;

	while (i > 0 && !isfinite(th->h.load[i - 1]))
		i--;
	return th->known - i;
}

/* Hours of the forecast that no model can tell. */
static size_t
unknown(const struct coming *c)
{
	size_t k, n = 0;

	for (k = 0; k < c->n; k++)
		n += isnan(c->kwh[k]) ? 1 : 0;
	return n;
}

/* What whoever reads the forecast should know of it. */
static void
remark(const struct task_hours *th, const struct coming *c, enum learn_status day,
    struct task_outcome *o)
{
	bool tested = c->tested == LEARN_OK || c->tested == LEARN_NO_SKILL;
	bool repeats = c->by == DAYAHEAD_WEEK || c->by == DAYAHEAD_DAY;
	size_t weather = coming_weather(th), hours = silent(th);
	char old[128] = "";

	if (hours >= 24)
		(void)snprintf(
		    old, sizeof(old), "; the newest reading is %zu hours old", hours);
	else if (unknown(c) > 0)
		(void)snprintf(old, sizeof(old), "; of %zu hours to come nothing is known%s",
		    unknown(c),
		    th->zeros > th->known / 20 ? ", as zeros stand for missing ones" : "");
	if (c->n == 0)
		task_settle(o, TASK_OK, "no forecast: %s", learn_reason(day));
	else if (repeats && !tested)
		task_settle(o, TASK_OK,
		    "forecasts repeat the past: there is too little history to try models "
		    "on%s",
		    old);
	else if (repeats)
		task_settle(o, TASK_OK, "forecasts repeat the past: %s%s",
		    weather == 0 && !c->yesterday ? "there is no forecast of the weather"
						  : "no model does better",
		    old);
	else if (c->yesterday && weather == 0)
		task_settle(o, TASK_OK,
		    "there is no forecast of the weather: yesterday's stands in%s", old);
	else if (c->yesterday)
		task_settle(o, TASK_OK,
		    "the forecast of the weather knows %zu hours: yesterday's stands in%s",
		    weather, old);
	else if (c->n < 24)
		task_settle(o, TASK_OK,
		    "the forecast ends with that of the weather, after %zu hours%s", c->n, old);
	else if (!c->tried)
		task_settle(o, TASK_OK, "there is too little history to try %s on%s",
		    dayahead_name(c->by), old);
	else if (old[0] != '\0')
		task_settle(o, TASK_OK, "%s", old + 2);
}

static void
learn(struct jw *w, const struct task_hours *th, enum baseline_level level,
    struct task_outcome *o)
{
	size_t year = (size_t)YEAR * 24, from = th->known > year ? th->known - year : 0;
	struct backtest *test = xcalloc(1, sizeof(*test));
	struct baseline *b = xcalloc(1, sizeof(*b));
	struct coming *c = xcalloc(1, sizeof(*c));
	enum learn_status status, day;

	status = backtest_year(&th->h, YEAR, YEAR, level, test);
	put_backtest(w, "year_ahead", test, status);
	status = baseline_fit(&th->h, from, th->known, level, b);
	if (status == LEARN_OK)
		put_explain(w, th, from, &b->towt);
	else if (without_temperature(th) == th->known)
		task_settle(o, TASK_NO_RUN, "no outdoor temperature is known");
	else if (status == LEARN_SINGULAR && steady(th))
		task_settle(o, TASK_NO_RUN, "the outdoor temperature never changes");
	else
		task_settle(o, TASK_NO_RUN, "%s", learn_reason(status));
	day = coming_forecast(&th->h, th->known, level == BASELINE_ACCURATE, c);
	put_backtest(w, "day_ahead", &c->test,
	    day == LEARN_RANGE || day == LEARN_STALE ? day : c->tested);
	put_forecast(w, th, c);
	if (status == LEARN_OK)
		remark(th, c, day, o);
	baseline_free(b);
	free(c);
	free(b);
	free(test);
}

void
task_learning(json_value data, json_value record, struct jw *w, struct task_outcome *o)
{
	const struct solar_place place = task_place(record);
	double band = BAND;
	struct task_hours th;
	struct quality q = { 0 };
	enum learn_status status;

	(void)task_number(data, "band", 0.1, 10, &band);
	if (task_hours(json_get(data, "hours"), &th, o)) {
		status = th.known > 0 ? quality_clean(&th.h, 0, th.known, &q) : LEARN_SHORT;
		put_quality(w, &th, &q);
		if (status == LEARN_OK)
			learn(w, &th, level_of(data), o);
		else
			settle_short(&th, &q, status, o);
	}
	put_units(w, json_get(data, "thermal"), &place, band);
	task_hours_free(&th);
}
