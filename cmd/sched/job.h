/*
 * job: what the verbs of nbms-sched share: the options, the registry and the shared data.
 */
#ifndef NBMS_SCHED_JOB_H
#define NBMS_SCHED_JOB_H

#include "base/jsonw.h"
#include "base/opt.h"
#include "base/prog.h"
#include "base/records.h"
#include "base/table.h"
#include "db/consumer.h"
#include "db/timetable.h"

#define DOWN_MAX ((size_t)64 << 20)

struct sched_job {
	/* options */
	const char *dir, *customer, *building, *thing, *schedule, *at, *from, *to, *period,
	    *value, *name, *month, *point;
	struct opt_list tariffs;
	int64_t hours, keep, margin;
	bool apply, remove;
	struct records records;
	struct table_options form;
	/* state */
	struct db *site;
	struct reference *ref;
	when_t now;
	struct consumer consumer;
	struct buf down; /* what goes out once it is committed */
};

/* Each gets the operands and returns an exit status. */
int verb_apply(struct sched_job *job, int argc, char *argv[]);
int verb_send(struct sched_job *job, int argc, char *argv[]);
int verb_expand(struct sched_job *job, int argc, char *argv[]);
int verb_manual(struct sched_job *job, int argc, char *argv[]);
int verb_explain(struct sched_job *job, int argc, char *argv[]);
int verb_next(struct sched_job *job, int argc, char *argv[]);
int verb_diff(struct sched_job *job, int argc, char *argv[]);
int verb_price(struct sched_job *job, int argc, char *argv[]);
int verb_bill(struct sched_job *job, int argc, char *argv[]);
int verb_zone(struct sched_job *job, int argc, char *argv[]);
int verb_zones(struct sched_job *job, int argc, char *argv[]);

void job_open(struct sched_job *job, enum db_mode mode);
void job_no_operands(int argc, char *argv[]);

/* The buildings of --customer and --building; ends the program with EX_NOINPUT where there is
 * none. */
void job_buildings(struct sched_job *job, struct buildings *bs);

/* The one building of --customer and --building, both of which must be given. */
void job_building(struct sched_job *job, struct buildings *bs);

/* --at (now), --from, --to, --period FROM/TO in a zone; a wrong one is a usage error. */
when_t job_at(const struct sched_job *job, const struct zone *zone);
void job_span(const struct sched_job *job, const struct zone *zone, when_t *from, when_t *to);

/* Sends what is held to stdout, then commits the open transaction: a crash between repeats, and
 * loses nothing. */
void job_send(struct sched_job *job);

/* The table's cell of an instant in a zone. */
void job_cell_time(struct table *t, const struct zone *zone, when_t at);

#endif
