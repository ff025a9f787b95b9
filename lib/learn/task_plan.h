/*
 * task_plan: the inside of an optimising task. task_plan.c reads it, task_optimizing.c plans
 * and tells, task_boxes.c plans the VAV boxes after it, task_schedules.c makes rows of it.
 */
#ifndef NBMS_LEARN_TASK_PLAN_H
#define NBMS_LEARN_TASK_PLAN_H

#include "learn/optimise.h"
#include "learn/task.h"

/* One unit: what the task says of it, and what was learned. */
struct plant {
	struct span name, class, point, set_point, schedule, set_schedule;
	bool planned;        /* a model that can be relied on: it is in the case */
	const char *why_not; /* where not */
	size_t at;           /* its place in the case */
	struct thermal thermal;
	double setpoint, band;
	double *inside;  /* [past + steps + 1] degC; NaN but in what was measured */
	double *zone;    /* [steps] what its wall is taken to follow */
	double *outdoor; /* [steps] what it feels: see thermal_first_order */
	double *heating, *cooling, *low, *high, *standing, *occupied, *override;
	int8_t *force;
	/* Of a VAV box: */
	struct span air_handler, flow_point, flow_schedule;
	const struct plant *feeder; /* its air handler; NULL: not known */
	double electric;            /* kW its air handler draws for a kW in its air */
	int usual;                  /* what an air handler that is not planned sends */
	int8_t
	    *air; /* [steps] what its air handler sends: 1 warm, -1 cold, 0 none; else NULL */
	double flow_min;    /* m3/h while people are there */
	double flow_per_kw; /* m3/h for a kW that the air handler draws for it */
};

struct plan {
	struct optimise_case c;
	struct optimise_unit *unit;
	struct plant *plant;
	size_t plants;
	when_t start;
	const struct zone *zone;
	size_t past;                    /* steps before the plan */
	double *outdoor, *people, *sun; /* [past + steps]; sun NULL: no place is known */
	double *price, *carbon, *base;
	bool *on;         /* [units * steps] */
	double *setpoint; /* [units * steps] */
	struct span customer, building, task_id, currency;
	bool heats, cools; /* what operationMode lets units do */
	bool walls;        /* a model has one: what it feels depends on what is planned */
	int64_t persisted; /* steps whose outdoor temperature is yesterday's */
};

#define PLAN_PAST 1000

/* False: settled, there is nothing to plan from. Free with plan_free in each case. */
bool plan_read(struct plan *p, json_value data, json_value record, json_value learned,
    struct task_outcome *o);
void plan_free(struct plan *p);

/* A list of exactly n finite numbers; false: it is not. */
bool plan_steps(json_value v, size_t n, double **to);

/* What was learned of a unit; NULL, or why no schedule may rely on it. */
const char *plan_model(const struct plan *p, struct plant *u, json_value learned);

/*
 * The zone's part of a case: band, weather, model. Of u setpoint, band, occupied and thermal
 * are known, of `to` the temperature; past is the list of what was measured before.
 */
void plan_zone(
    const struct plan *p, struct plant *u, struct optimise_unit *to, json_value past);

/* What it feels when its zone does zone[steps]; NULL: it stays at its setpoint. */
void plan_feel(
    const struct plan *p, struct plant *u, struct optimise_unit *to, const double *zone);

/* What a unit does in a step. */
struct plan_step {
	bool on;
	int mode;
	double setpoint; /* degC; NaN: off, as it stands */
	double flow_min; /* m3/h, of a box */
	int reason;
};

struct plan_step plan_step(
    const struct plan *p, const struct optimise_schedule *s, const struct plant *u, size_t k);
bool plan_same(const struct plan_step *a, const struct plan_step *b);

/* The same for all of them, as a schedule has their zones; empty: at their setpoints. */
void plan_feel_again(struct plan *p, const struct optimise_schedule *s);

/* The instant at which a step begins. */
when_t plan_time(const struct plan *p, size_t k);

/* The rows that nbms-sched apply takes, into an open list. */
void plan_rows(struct jw *w, const struct plan *p, const struct optimise_schedule *s);

/*
 * The VAV boxes, planned after their air handlers as `best` has them: how far open, to which
 * setpoint. Their power is their share of their air handler's, which has been counted there.
 */
struct boxes {
	struct plan plan; /* shares the weather and prices of the other */
	struct optimise_schedule standing, best;
};

enum learn_status boxes_plan(struct boxes *b, const struct plan *p, json_value data,
    json_value learned, const struct optimise_schedule *standing,
    const struct optimise_schedule *best);
void boxes_free(struct boxes *b);

#endif
