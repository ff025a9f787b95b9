/* task_plan: the inside of an optimising task. For task_optimizing.c and task_schedules.c
 * alone. */
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
	double *outdoor, *heating, *cooling, *low, *high, *standing, *occupied, *override;
	int8_t *force;
};

struct plan {
	struct optimise_case c;
	struct optimise_unit *unit;
	struct plant *plant;
	size_t plants;
	when_t start;
	const struct zone *zone;
	double *outdoor, *people, *price, *carbon, *base;
	bool *on;         /* [units * steps] */
	double *setpoint; /* [units * steps] */
	struct span customer, building, task_id, currency;
	bool heats, cools; /* what operationMode lets units do */
};

/* What a unit does in a step. */
struct plan_step {
	bool on;
	int mode;
	double setpoint; /* degC; NaN: off */
	int reason;
};

struct plan_step plan_step(
    const struct plan *p, const struct optimise_schedule *s, const struct plant *u, size_t k);
bool plan_same(const struct plan_step *a, const struct plan_step *b);

/* The instant at which a step begins. */
when_t plan_time(const struct plan *p, size_t k);

/* "schedules": the rows that nbms-sched apply takes. */
void plan_rows(struct jw *w, const struct plan *p, const struct optimise_schedule *s);

#endif
