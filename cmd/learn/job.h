/*
 * job: what the verbs of nbms-learn share: the options, the fields of a task, and the state.
 */
#ifndef NBMS_LEARN_JOB_H
#define NBMS_LEARN_JOB_H

#include "base/opt.h"
#include "base/prog.h"
#include "base/records.h"
#include "base/table.h"
#include "db/gather.h"

/* What can be asked of a task: the members of a request, and the options of `task`. */
enum field {
	FIELD_CUSTOMER,
	FIELD_BUILDING,
	FIELD_RESULT_DIR,
	FIELD_PERIOD,
	FIELD_MODE,
	FIELD_BASIC_DATA,
	FIELD_LEARNING,
	FIELD_VALUE,
	FIELD_CONNECTION,
	FIELD_LON,
	FIELD_LAT,
	FIELD_AI_MODE,
	FIELD_CALLBACK,
	FIELD_BUILDING_MODE,
	FIELD_METHOD,
	FIELD_TARGET,
	FIELD_INPUT,
	FIELD_PREDICT_METHOD,
	FIELD_RANGE,
	FIELD_COMPANIES,
	FIELDS
};

/* The name of a field in records: "customerNumber". */
extern const char *const field_name[FIELDS];

struct learn_job {
	/* options */
	const char *dir, *field[FIELDS], *meter, *outdoor, *level, *id, *occupied, *cafile;
	double band, carbon, comfort;
	int64_t timeout, days, test_days;
	bool zeros, retry, all, accurate;
	struct records records;
	struct table_options form;
	/* state */
	struct db *site;
	struct history *history;
	struct reference *ref;
	when_t now;
	int64_t made; /* tasks so far, for their ids */
	int status;
};

/* Each gets the operands and returns an exit status. */
int verb_task(struct learn_job *job, int argc, char *argv[]);
int verb_run(struct learn_job *job, int argc, char *argv[]);
int verb_callback(struct learn_job *job, int argc, char *argv[]);
int verb_schedules(struct learn_job *job, int argc, char *argv[]);
int verb_backtest(struct learn_job *job, int argc, char *argv[]);

void job_open(struct learn_job *job, enum db_mode mode);
void job_close(struct learn_job *job);

/*
 * What to gather of a place, by the options and fields. False: said, it cannot be (a period
 * that is none, no history).
 */
bool job_gather(struct learn_job *job, const char *const field[FIELDS],
    const struct place *place, struct gather *g);

#endif
