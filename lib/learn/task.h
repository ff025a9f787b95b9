/*
 * task: learning, optimising and tender tasks as records, and their results.
 *
 * A task record carries all that its work needs, so that it can be run where no database is:
 *
 *   {"task_id":ID,"task":"learning|optimizing|tender-learning|tender-predict",<what was
 * asked>,"data":{...}}
 *
 * A result record repeats everything but `data`, and adds
 *
 *   "status":"ok|no-run|infeasible|error","reason":TEXT,"result":{...}
 *
 * no-run: there is not enough to go by; infeasible: the best there is does not keep the limits;
 * error: the task itself is wrong. reason is for people. `result` is there as far as it could
 * be made. The shapes of data and result are in nbms-learn(1).
 *
 * Trust: none needed of the record; sizes are bounded here.
 */
#ifndef NBMS_LEARN_TASK_H
#define NBMS_LEARN_TASK_H

#include "base/json.h"
#include "base/jsonw.h"
#include "base/when.h"
#include "learn/hours.h"
#include "learn/learn.h"
#include "learn/solar.h"
#include "learn/thermal.h"

#define TASK_RESULT_MAX ((size_t)15 << 20) /* bytes; a line has to fit into LINES_MAX */
#define TASK_UNITS 500
#define TASK_ID_MAX 128

enum task_kind {
	TASK_LEARNING,
	TASK_OPTIMIZING,
	TASK_TENDER_LEARNING,
	TASK_TENDER_PREDICT,
	TASK_KINDS
};

const char *task_kind_name(enum task_kind);

/* False: no such kind. */
bool task_kind_parse(struct span name, enum task_kind *kind);

/* [A-Za-z0-9._-], not beginning with a dot: it names files. */
bool task_id_valid(struct span id);

enum task_status { TASK_OK, TASK_NO_RUN, TASK_INFEASIBLE, TASK_ERROR };

const char *task_status_name(enum task_status);

/* What became of one task. */
struct task_outcome {
	enum task_status status;
	char reason[256];
};

/* Sets both; for the functions below. */
void task_settle(struct task_outcome *, enum task_status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What learning tasks of this run found, for the optimising tasks that wait for it. */
struct task_memory {
	struct task_learned *all;
	size_t n;
};

void task_memory_free(struct task_memory *);

/*
 * Runs one record and appends its result as a line to `to`. False: it is no task record; `why`
 * says what is wrong with it.
 */
bool task_run(json_value record, struct task_memory *, struct buf *to, const char **why);

/* ---- the work, by kind: data in, members of `result` out ---- */

void task_learning(json_value data, json_value record, struct jw *w, struct task_outcome *);

/* learned: the `units` of a learning result; may be none. */
void task_optimizing(json_value data, json_value record, json_value learned, struct jw *w,
    struct task_outcome *);
void task_tender_learning(
    json_value data, json_value record, struct jw *w, struct task_outcome *);
void task_tender_predict(
    json_value data, json_value record, struct jw *w, struct task_outcome *);

/* ---- shared by them ---- */

/* A list of numbers, null standing for NaN. False: no such list, or longer than max. Free *to.
 */
bool task_numbers(json_value list, size_t max, double **to, size_t *n);

/* A member that must be a finite number within [low, high]; false: absent or not. */
bool task_number(json_value object, const char *name, double low, double high, double *to);

/*
 * The `hours` object: {"start":Unix seconds,"zone":IANA,"known":rows with a load,"load":[..],
 * "temperature":[..],"holidays":["YYYY-MM-DD",..],"zero_is_missing":bool}. Rows from known on
 * are hours to come, with the temperatures of the forecast. Calendar and temperature_day are
 * filled in. False, and settled: not as it should be.
 */
struct task_hours {
	struct hours h;
	size_t known;
	const struct zone *zone;
	size_t zeros; /* taken as missing */
};

bool task_hours(json_value hours, struct task_hours *, struct task_outcome *);
void task_hours_free(struct task_hours *);

/* The record's lat and lon; NaN where they are not degrees. */
struct solar_place task_place(json_value record);

/* A thermal model as an object, and back; false: not one. */
void task_put_thermal(struct jw *w, const char *name, const struct thermal *);
bool task_thermal(json_value object, struct thermal *);

#endif
