/* The optimising task: the coming day's schedule of every unit that a model is known of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/coming.h"
#include "learn/quality.h"
#include "learn/reason.h"
#include "learn/startstop.h"
#include "learn/task_plan.h"

#define EFFORT 3
#define PASSES 1 /* more of a plan, with what zones feel by the one before */

/* ---- the building's other load ---- */

/* The forecast of the building's load by steps, kW; past its end what it was a week before;
 * NaN: nothing tells. */
static void
forecast_steps(const struct task_hours *th, const struct plan *p, double *kw)
{
	when_t begins = th->h.start + (when_t)th->known * 3600;
	struct coming *c = xcalloc(1, sizeof(*c));
	size_t k, hour, week = HOURS_WEEK;

	(void)coming_forecast(&th->h, th->known, false, c);
	for (k = 0; k < p->c.steps; k++) {
		double at = (double)(p->start - begins) / 3600 + ((double)k + 0.5) * p->c.dt;

		kw[k] = NAN;
		if (at < 0 || at >= (double)week)
			continue;
		hour = (size_t)at;
		if (hour < c->n)
			kw[k] = c->kwh[hour];
		else if (th->known + hour >= week && th->known + hour - week < th->known)
			kw[k] = th->h.load[th->known + hour - week];
	}
	free(c);
}

/* What the building draws beside the units of the case: its forecast less what they draw as
 * they stand. */
static bool
set_base(struct plan *p, json_value data, const struct optimise_schedule *standing, bool *known,
    struct task_outcome *o)
{
	size_t steps = p->c.steps, i, k;
	struct task_hours th;
	struct quality q;
	double *kw;

	if (!task_hours(json_get(data, "hours"), &th, o))
		return false;
	kw = xcalloc(steps, sizeof(*kw));
	if (th.known > 0 && quality_clean(&th.h, 0, th.known, &q) == LEARN_OK)
		forecast_steps(&th, p, kw);
	else
		for (k = 0; k < steps; k++)
			kw[k] = NAN;
	*known = false;
	for (k = 0; k < steps; k++) {
		for (i = 0; i < p->c.units; i++)
			kw[k] -= standing->power[i * steps + k];
		if (isfinite(kw[k])) {
			*known = true;
			p->base[k] = fmax(0, kw[k]);
		}
	}
	task_hours_free(&th);
	free(kw);
	return true;
}

/* ---- the plan ---- */

/* As things stand: on as scheduled, holding the setpoint. */
static void
set_standing(struct plan *p)
{
	size_t steps = p->c.steps, i, k;

	p->on = xcalloc(p->c.units * steps, sizeof(*p->on));
	p->setpoint = xcalloc(p->c.units * steps, sizeof(*p->setpoint));
	for (i = 0; i < p->plants; i++) {
		const struct plant *u = &p->plant[i];

		for (k = 0; u->planned && k < steps; k++) {
			p->on[u->at * steps + k] = u->standing[k] > 0;
			p->setpoint[u->at * steps + k] = u->setpoint;
		}
	}
}

/* As things stand: on as scheduled; what zones with a wall feel is worked out again. */
static enum learn_status
stand(struct plan *p, struct optimise_schedule *s)
{
	enum learn_status status;
	int pass;

	*s = (struct optimise_schedule){ 0 };
	plan_feel_again(p, s);
	for (pass = 0;; pass++) {
		status = optimise_standing(&p->c, p->on, p->setpoint, s);
		if (status != LEARN_OK || !p->walls || pass == PASSES)
			return status;
		plan_feel_again(p, s);
		optimise_free(s);
	}
}

static enum learn_status
startstop(const struct plan *p, struct optimise_schedule *s)
{
	size_t n = p->c.units * p->c.steps;
	double *setpoint = xcalloc(n, sizeof(*setpoint));
	bool *on = xcalloc(n, sizeof(*on));
	enum learn_status status = startstop_plan(&p->c, on, setpoint);

	if (status == LEARN_OK)
		status = optimise_standing(&p->c, on, setpoint, s);
	if (status == LEARN_OK) {
		reason_fill(&p->c, s);
		s->gap = NAN;
	}
	free(on);
	free(setpoint);
	return status;
}

static enum learn_status
search(struct plan *p, bool simple, struct optimise_schedule *s)
{
	enum learn_status status;
	int pass;

	*s = (struct optimise_schedule){ 0 };
	plan_feel_again(p, s);
	for (pass = 0;; pass++) {
		bool last = !p->walls || pass == PASSES;

		status =
		    simple ? startstop(p, s) : optimise_run(&p->c, last ? EFFORT : 1, last, s);
		if ((status != LEARN_OK && status != LEARN_INFEASIBLE) || last)
			return status;
		plan_feel_again(p, s);
		optimise_free(s);
	}
}

/* ---- what is told ---- */

static void
put_totals(struct jw *w, const char *name, const struct optimise_totals *t)
{
	jw_key(w, name);
	jw_object(w);
	jw_member_round(w, "cost", t->energy + t->demand + t->start, 2);
	jw_member_round(w, "energy_cost", t->energy, 2);
	jw_member_round(w, "demand_cost", t->demand, 2);
	jw_member_round(w, "kwh", t->kwh, 2);
	jw_member_round(w, "peak_kw", t->peak, 2);
	jw_member_round(w, "comfort_kelvin_hours", t->kelvin_hours, 3);
	jw_member_round(w, "co2_kg", t->co2, 3);
	jw_member_int(w, "starts", t->starts);
	jw_end(w);
}

static void
put_interval(struct jw *w, const struct plan *p, const struct optimise_schedule *s,
    const struct plant *u, size_t k, size_t to)
{
	struct plan_step x = plan_step(p, s, u, k);
	char text[WHEN_TEXT];
	double kwh = 0;
	size_t i;

	for (i = k; i < to; i++)
		/* with no units nothing is planned, and this not asked:
		 * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		kwh += s->power[u->at * p->c.steps + i] * p->c.dt;
	jw_object(w);
	jw_member_str(w, "from", when_format(text, p->zone, plan_time(p, k)));
	jw_member_str(w, "to", when_format(text, p->zone, plan_time(p, to)));
	jw_member_bool(w, "on", x.on);
	jw_member_str(w, "mode", x.mode > 0 ? "heat" : x.mode < 0 ? "cool" : "off");
	jw_member_round(w, "setpoint", x.setpoint, 1);
	if (u->air != NULL) {
		jw_member_round(w, "min_flow", x.flow_min, 0);
		jw_member_round(
		    w, "flow", kwh / (p->c.dt * (double)(to - k)) * u->flow_per_kw, 0);
	}
	jw_member_round(w, "kwh", kwh, 3);
	jw_member_round(w, "temperature", s->temperature[u->at * (p->c.steps + 1) + to], 2);
	jw_member_str(w, "reason", reason_text((enum reason)x.reason));
	jw_end(w);
}

/* Whether the band is kept; where not how far, when, and whether anything could have kept it.
 */
static void
put_outside(struct jw *w, const struct plan *p, const struct optimise_schedule *s,
    const struct plant *u)
{
	struct optimise_miss miss = optimise_miss(&p->c, s, u->at);
	char text[WHEN_TEXT];

	jw_member_bool(w, "band_reached", miss.kelvin_hours < 0.05);
	if (miss.kelvin_hours < 0.05)
		return;
	jw_key(w, "outside");
	jw_object(w);
	jw_member_round(w, "kelvin_hours", miss.kelvin_hours, 3);
	jw_member_round(w, "most_kelvin", miss.most, 2);
	jw_member_str(w, "at", when_format(text, p->zone, plan_time(p, miss.at + 1)));
	jw_member_round(w, "least_kelvin_hours", s->least[u->at].kelvin_hours, 3);
	jw_end(w);
}

static void
put_unit(struct jw *w, const struct plan *p, const struct optimise_schedule *s,
    const struct plant *u)
{
	struct plan_step x, y;
	size_t k, to;

	jw_object(w);
	jw_member_text(w, "unit", u->name);
	jw_member_text(w, "class", u->class);
	if (u->air_handler.n > 0)
		jw_member_text(w, "air_handler", u->air_handler);
	jw_member_bool(w, "planned", u->planned);
	if (!u->planned || s->power == NULL) {
		jw_member_str(w, "reason", u->why_not);
		jw_end(w);
		return;
	}
	put_outside(w, p, s, u);
	jw_key(w, "intervals");
	jw_array(w);
	for (k = 0; k < p->c.steps; k = to) {
		x = plan_step(p, s, u, k);
		for (to = k + 1; to < p->c.steps; to++) {
			y = plan_step(p, s, u, to);
			if (!plan_same(&x, &y))
				break;
		}
		put_interval(w, p, s, u, k, to);
	}
	jw_end(w);
	jw_end(w);
}

static void
put_air(struct jw *w, const char *name, const struct optimise_totals *t)
{
	jw_key(w, name);
	jw_object(w);
	jw_member_round(w, "kwh", t->kwh, 2);
	jw_member_round(w, "comfort_kelvin_hours", t->kelvin_hours, 3);
	jw_end(w);
}

static void
put_boxes(struct jw *w, const struct boxes *b)
{
	if (b->plan.c.units == 0)
		return;
	jw_key(w, "boxes");
	jw_object(w);
	put_air(w, "standing", &b->standing.total);
	put_air(w, "optimised", &b->best.total);
	jw_end(w);
}

static void
put_result(struct jw *w, const struct plan *p, const struct optimise_schedule *standing,
    const struct optimise_schedule *best, const struct boxes *boxes, bool base_known)
{
	const struct optimise_totals *a = &standing->total, *b = &best->total;
	char text[WHEN_TEXT];
	size_t i;

	jw_member_str(w, "from", when_format(text, p->zone, p->start));
	jw_member_str(w, "to", when_format(text, p->zone, plan_time(p, p->c.steps)));
	jw_member_text(w, "currency", p->currency);
	jw_member_bool(w, "base_load_known", base_known);
	jw_member_int(w, "outdoor_from_yesterday", p->persisted);
	put_totals(w, "standing", a);
	put_totals(w, "optimised", b);
	jw_key(w, "saved");
	jw_object(w);
	jw_member_round(
	    w, "cost", a->energy + a->demand + a->start - b->energy - b->demand - b->start, 2);
	jw_member_round(w, "kwh", a->kwh - b->kwh, 2);
	jw_member_round(w, "peak_kw", a->peak - b->peak, 2);
	jw_member_round(w, "comfort_kelvin_hours", a->kelvin_hours - b->kelvin_hours, 3);
	jw_end(w);
	jw_member_round(w, "certified_gap", best->gap, 4);
	jw_member_rounds(w, "base_kw", p->base, p->c.steps, 2);
	jw_member_rounds(w, "price", p->c.price, p->c.steps, 3);
	jw_key(w, "units");
	jw_array(w);
	for (i = 0; i < p->plants; i++)
		put_unit(w, p, best, &p->plant[i]);
	for (i = 0; i < boxes->plan.plants; i++)
		put_unit(w, &boxes->plan, &boxes->best, &boxes->plan.plant[i]);
	jw_end(w);
	put_boxes(w, boxes);
	jw_key(w, "schedules");
	jw_array(w);
	plan_rows(w, p, best);
	if (boxes->best.power != NULL)
		plan_rows(w, &boxes->plan, &boxes->best);
	jw_end(w);
}

/* What valueType counts, of a schedule. */
static double
worth(const struct plan *p, const struct optimise_totals *t)
{
	return p->c.value == OPTIMISE_ENERGY ? t->kwh
	       : p->c.value == OPTIMISE_CO2  ? t->co2
					     : t->energy + t->demand + t->start;
}

/* Bands as wide as what stands leaves them; false: they are that wide already. */
static bool
widen(struct plan *p, const struct optimise_schedule *standing, bool wider)
{
	size_t i, k;
	bool any = false;

	for (i = 0; i < p->plants; i++) {
		const struct plant *u = &p->plant[i];
		const double *t = standing->temperature + u->at * (p->c.steps + 1);

		for (k = 0; u->planned && k < p->c.steps; k++) {
			if (isnan(u->low[k]))
				continue;
			u->low[k] = u->setpoint - u->band;
			u->high[k] = u->setpoint + u->band;
			any = any || t[k + 1] < u->low[k] || t[k + 1] > u->high[k];
			if (wider) {
				u->low[k] = fmin(u->low[k], t[k + 1]);
				u->high[k] = fmax(u->high[k], t[k + 1]);
			}
		}
	}
	return any;
}

/*
 * More comfort than what stands gives may cost more than it does. Unless comfort is what is
 * asked for, the plan is then sought anew with no more comfort than that; `dear` keeps what the
 * band would have cost.
 */
static enum learn_status
not_dearer(struct plan *p, const struct optimise_schedule *standing,
    struct optimise_schedule *best, struct optimise_totals *dear)
{
	struct optimise_schedule cheap;
	enum learn_status status;

	if (p->c.value == OPTIMISE_COMFORT ||
	    worth(p, &best->total) <= worth(p, &standing->total) || !widen(p, standing, true))
		return LEARN_OK;
	status = search(p, false, &cheap);
	(void)widen(p, standing, false);
	if (status == LEARN_OK)
		status = optimise_judge(&p->c, &cheap);
	if (status == LEARN_OK && worth(p, &cheap.total) < worth(p, &best->total)) {
		memcpy(cheap.least, best->least, p->c.units * sizeof(*cheap.least));
		*dear = best->total;
		optimise_free(best);
		*best = cheap;
	} else {
		optimise_free(&cheap);
	}
	return LEARN_OK;
}

/* ---- in words ---- */

/* The zone that is furthest from its band, whatever is done; and how many are. */
struct worst {
	const struct plant *u;
	struct optimise_miss miss;
	size_t missed, zones;
};

static void
look_for_worst(struct worst *x, const struct plan *p, const struct optimise_schedule *s)
{
	size_t i;

	for (i = 0; i < p->plants && s->least != NULL; i++) {
		const struct plant *u = &p->plant[i];

		if (!u->planned)
			continue;
		x->zones++;
		if (s->least[u->at].kelvin_hours <= 0)
			continue;
		x->missed++;
		if (s->least[u->at].most > x->miss.most) {
			x->miss = s->least[u->at];
			x->u = u;
		}
	}
}

/* The status, with the worst zone and yesterday's weather named. */
static void
settle(const struct plan *p, const struct optimise_schedule *best, const struct boxes *boxes,
    bool in_vain, bool base_known, const struct optimise_totals *dear, struct task_outcome *o)
{
	char why[sizeof(o->reason)] = "", at[WHEN_TEXT], weather[128] = "";
	struct worst x = { 0 };

	look_for_worst(&x, p, best);
	look_for_worst(&x, &boxes->plan, &boxes->best);
	if (x.u != NULL)
		(void)snprintf(why, sizeof(why),
		    "%s%zu of %zu zones cannot be kept in their band: %.*s is %.1f K outside "
		    "at %s",
		    in_vain ? "nothing that can be done brings a zone into its band; " : "",
		    x.missed, x.zones, SPAN_ARG(x.u->name), x.miss.most,
		    when_format(at, p->zone, plan_time(p, x.miss.at + 1)));
	if (p->persisted > 0)
		(void)snprintf(weather, sizeof(weather),
		    "no forecast: yesterday's temperatures stand in for %lld of %zu steps",
		    (long long)p->persisted, p->c.steps);
	else if (!base_known)
		(void)snprintf(weather, sizeof(weather),
		    "the building's other load is not known: the peak is of these units alone");
	if (dear->kwh > 0 && why[0] == '\0')
		(void)snprintf(why, sizeof(why),
		    "no more comfort than stands, which would cost more: see for_comfort");
	if (in_vain || why[0] != '\0' || weather[0] != '\0')
		task_settle(o, in_vain ? TASK_INFEASIBLE : TASK_OK, "%s%s%s", why,
		    why[0] != '\0' && weather[0] != '\0' ? "; " : "", weather);
}

/* ---- the whole ---- */

static void
plan(struct plan *p, json_value data, json_value learned, bool simple, struct jw *w,
    struct task_outcome *o)
{
	struct optimise_schedule standing = { 0 }, best = { 0 };
	struct boxes boxes = { .standing = { 0 } };
	struct optimise_totals dear = { 0 };
	enum learn_status status;
	bool base_known = false;
	size_t k;

	if (p->c.price == NULL) { /* energy or CO2 alone: every kWh counts the same */
		p->price = xcalloc(p->c.steps, sizeof(double));
		for (k = 0; k < p->c.steps; k++)
			p->price[k] = 1;
		p->c.price = p->price;
	}
	p->base = xcalloc(p->c.steps, sizeof(*p->base));
	p->c.base = p->base;
	set_standing(p);
	status = stand(p, &standing);
	if (status == LEARN_OK && !set_base(p, data, &standing, &base_known, o)) {
		optimise_free(&standing);
		return;
	}
	if (status == LEARN_OK)
		status = optimise_judge(&p->c, &standing);
	if (status == LEARN_OK)
		status = search(p, simple, &best);
	if (status == LEARN_OK && !simple)
		status = not_dearer(p, &standing, &best, &dear);
	if (status == LEARN_OK || status == LEARN_INFEASIBLE) {
		(void)boxes_plan(&boxes, p, data, learned, &standing, &best);
		put_result(w, p, &standing, &best, &boxes, base_known);
		if (dear.kwh > 0)
			put_totals(w, "for_comfort", &dear);
		settle(p, &best, &boxes, status == LEARN_INFEASIBLE, base_known, &dear, o);
	} else {
		task_settle(o, TASK_ERROR, "%s", learn_reason(status));
	}
	boxes_free(&boxes);
	optimise_free(&standing);
	optimise_free(&best);
}

static void
put_idle(struct jw *w, const struct plan *p)
{
	struct optimise_schedule none = { 0 };
	size_t i;

	jw_key(w, "units");
	jw_array(w);
	for (i = 0; i < p->plants; i++)
		put_unit(w, p, &none, &p->plant[i]);
	jw_end(w);
}

void
task_optimizing(json_value data, json_value record, json_value learned, struct jw *w,
    struct task_outcome *o)
{
	struct plan p = { 0 };
	struct span method = { 0 };

	(void)json_text(json_get(record, "method"), &method);
	if (plan_read(&p, data, record, learned, o)) {
		if (p.c.units > 0) {
			plan(&p, data, learned, span_is(method, "startstop"), w, o);
		} else {
			put_idle(w, &p);
			task_settle(o, TASK_NO_RUN, "%s",
			    p.plants > 0 ? "no unit has a model that a schedule may rely on: "
					   "the standing schedule stays"
					 : "the building has no units that could be scheduled");
		}
	}
	plan_free(&p);
}
