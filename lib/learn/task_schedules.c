/* What an optimised plan means as schedules. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"
#include "learn/task_plan.h"

#define SETBACK 3   /* K */
#define PRIORITY 10 /* of an exception: people's own can rule over it */

static double
half_degree(double t)
{
	return round(t * 2) / 2;
}

/* A box that is to stay shut while air comes is told to want less of it than it has. */
static double
shut(const struct plant *u, size_t k)
{
	return u->air != NULL && u->air[k] != 0 ? u->setpoint - SETBACK * u->air[k] : NAN;
}

struct plan_step
plan_step(
    const struct plan *p, const struct optimise_schedule *s, const struct plant *u, size_t k)
{
	size_t at = u->at * p->c.steps + k;
	bool on = s->power[at] > 0;

	return (struct plan_step){ on, s->mode[at],
		on ? half_degree(s->temperature[u->at * (p->c.steps + 1) + k + 1]) : shut(u, k),
		on && u->occupied[k] > 0 ? u->flow_min : 0,
		s->reason != NULL ? s->reason[at] : 0 };
}

bool
plan_same(const struct plan_step *a, const struct plan_step *b)
{
	return a->on == b->on && a->mode == b->mode && a->reason == b->reason &&
	       fabs(a->flow_min - b->flow_min) < 0.01 &&
	       isnan(a->setpoint) == isnan(b->setpoint) &&
	       (isnan(a->setpoint) || fabs(a->setpoint - b->setpoint) < 0.01);
}

when_t
plan_time(const struct plan *p, size_t k)
{
	return p->start + (when_t)lround((double)k * p->c.dt * 3600);
}

/* ---- rows ---- */

/* A value of each step as JSON text; "" where a person has the say. */
typedef void value_fn(const struct plan *p, const struct optimise_schedule *s,
    const struct plant *u, size_t k, char to[JSON_NUMBER_MAX]);

static void
run_value(const struct plan *p, const struct optimise_schedule *s, const struct plant *u,
    size_t k, char to[JSON_NUMBER_MAX])
{
	if (u->force[k] != 0)
		to[0] = '\0';
	else
		(void)snprintf(to, JSON_NUMBER_MAX, "%d", plan_step(p, s, u, k).on);
}

static void
set_value(const struct plan *p, const struct optimise_schedule *s, const struct plant *u,
    size_t k, char to[JSON_NUMBER_MAX])
{
	struct plan_step x = plan_step(p, s, u, k);

	(void)snprintf(
	    to, JSON_NUMBER_MAX, "%.1f", isnan(x.setpoint) ? u->setpoint : x.setpoint);
}

static void
flow_value(const struct plan *p, const struct optimise_schedule *s, const struct plant *u,
    size_t k, char to[JSON_NUMBER_MAX])
{
	(void)snprintf(to, JSON_NUMBER_MAX, "%.0f", plan_step(p, s, u, k).flow_min);
}

struct rows {
	struct jw *w;
	const struct plan *p;
	const struct optimise_schedule *s;
	const struct plant *u;
	struct span point, schedule;
	const char *suffix;
	value_fn *value;
};

static void
put_head(const struct rows *r, const char *type)
{
	jw_object(r->w);
	jw_member_str(r->w, "type", type);
	jw_member_text(r->w, "customer", r->p->customer);
	jw_member_text(r->w, "building", r->p->building);
}

/* Over a schedule that commands the point already: periods in which ours rules. */
static void
put_manual(const struct rows *r)
{
	char value[JSON_NUMBER_MAX], next[JSON_NUMBER_MAX], text[WHEN_TEXT];
	size_t k, to, steps = r->p->c.steps;
	char *name;

	for (k = 0; k < steps; k = to) {
		r->value(r->p, r->s, r->u, k, value);
		for (to = k + 1; to < steps; to++) {
			r->value(r->p, r->s, r->u, to, next);
			if (strcmp(next, value) != 0)
				break;
		}
		if (value[0] == '\0')
			continue;
		name = xasprintf("nbms-learn %.*s", SPAN_ARG(r->p->task_id));
		put_head(r, "manual");
		jw_member_text(r->w, "schedule_id", r->schedule);
		jw_member_str(r->w, "from", when_format(text, r->p->zone, plan_time(r->p, k)));
		jw_member_str(r->w, "to", when_format(text, r->p->zone, plan_time(r->p, to)));
		jw_member_raw(r->w, "value", span_of(value));
		jw_member_str(r->w, "name", name);
		jw_end(r->w);
		free(name);
	}
}

static void
put_date(struct jw *w, const struct zone *zone, when_t t)
{
	struct civil c = when_civil(zone, t, NULL);
	char text[WHEN_TEXT];

	(void)snprintf(text, sizeof(text), "%04d-%02d-%02d", c.year, c.month, c.day);
	jw_str(w, text);
}

static void
put_entry(struct jw *w, const struct zone *zone, when_t t, const char *value)
{
	struct civil c = when_civil(zone, t, NULL);
	char text[WHEN_TEXT];

	(void)snprintf(text, sizeof(text), "%02d:%02d", c.hour, c.minute);
	jw_array(w);
	jw_str(w, text);
	jw_raw(w, span_of(value));
	jw_end(w);
}

/* The steps of one local day; `last`: after them nothing is said any more. */
static void
put_day(const struct rows *r, size_t from, size_t to, bool last)
{
	const struct zone *zone = r->p->zone;
	char value[JSON_NUMBER_MAX], before[JSON_NUMBER_MAX] = "";
	when_t end = plan_time(r->p, to);
	size_t k;

	jw_object(r->w);
	jw_member_str(r->w, "name", "nbms-learn");
	jw_key(r->w, "dates");
	put_date(r->w, zone, plan_time(r->p, from));
	jw_member_int(r->w, "priority", PRIORITY);
	jw_key(r->w, "values");
	jw_array(r->w);
	for (k = from; k < to; k++) {
		r->value(r->p, r->s, r->u, k, value);
		if (strcmp(value, before) == 0)
			continue;
		put_entry(r->w, zone, plan_time(r->p, k), value[0] != '\0' ? value : "null");
		(void)snprintf(before, sizeof(before), "%s", value);
	}
	if (last && when_day(zone, end, 0) < end)
		put_entry(r->w, zone, end, "null");
	jw_end(r->w);
	jw_end(r->w);
}

/* A schedule of our own for a point that no other one commands. */
static void
put_schedule(const struct rows *r)
{
	size_t k, to, steps = r->p->c.steps;
	char *id = xasprintf("AI_%.*s%s", SPAN_ARG(r->u->name), r->suffix);

	put_head(r, "schedule");
	jw_key(r->w, "schedule");
	jw_object(r->w);
	jw_member_str(r->w, "schedule_id", id);
	jw_member_text(r->w, "point_id", r->point);
	jw_key(r->w, "effective");
	jw_array(r->w);
	put_date(r->w, r->p->zone, r->p->start);
	put_date(r->w, r->p->zone, plan_time(r->p, steps));
	jw_end(r->w);
	jw_key(r->w, "exceptions");
	jw_array(r->w);
	for (k = 0; k < steps; k = to) {
		when_t midnight = when_day(r->p->zone, plan_time(r->p, k), 1);

		for (to = k + 1; to < steps && plan_time(r->p, to) < midnight; to++)
			;
		put_day(r, k, to, to == steps);
	}
	jw_end(r->w);
	jw_member_null(r->w, "default");
	jw_end(r->w);
	jw_end(r->w);
	free(id);
}

static void
put_rows(const struct rows *r)
{
	if (r->schedule.n > 0)
		put_manual(r);
	else if (r->point.n > 0)
		put_schedule(r);
}

void
plan_rows(struct jw *w, const struct plan *p, const struct optimise_schedule *s)
{
	size_t i;

	for (i = 0; i < p->plants; i++) {
		const struct plant *u = &p->plant[i];
		const struct rows run = { w, p, s, u, u->point, u->schedule, "", run_value };
		const struct rows set = { w, p, s, u, u->set_point, u->set_schedule, "_set",
			set_value };
		const struct rows flow = { w, p, s, u, u->flow_point, u->flow_schedule, "_flow",
			flow_value };

		if (!u->planned)
			continue;
		put_rows(&run);
		put_rows(&set);
		if (isfinite(u->flow_min))
			put_rows(&flow);
	}
}
