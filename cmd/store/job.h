/*
 * job: what the verbs of nbms-store share: the options, and the registry and the month files
 * where a verb has had them opened.
 */
#ifndef NBMS_STORE_JOB_H
#define NBMS_STORE_JOB_H

#include "base/opt.h"
#include "base/records.h"
#include "base/table.h"
#include "db/consumer.h"
#include "db/ingest.h"

struct store_job {
	const char *dir;
	struct records records;
	struct table_options form;
	struct ingest_options ingest;
	int64_t months;
	const char *since;
	const char *from, *to;
	const char *building, *month;
	bool dry_run, secrets, keep;
	struct db *site;
	struct history *history;
	struct consumer consumer;
	struct ingest *in;
	struct buf down;
};

/* Each gets the operands and returns an exit status. */
int verb_store(struct store_job *job, int argc, char *argv[]);
int verb_month(struct store_job *job, int argc, char *argv[]);
int verb_sums(struct store_job *job, int argc, char *argv[]);
int verb_retain(struct store_job *job, int argc, char *argv[]);

int verb_backup(struct store_job *job, int argc, char *argv[]);
int verb_restore(struct store_job *job, int argc, char *argv[]);
int verb_copy(struct store_job *job, int argc, char *argv[]);
int verb_rebuild(struct store_job *job, int argc, char *argv[]);

/* Opens job->site and job->history to be written to. */
void job_open(struct store_job *job);
void job_close(struct store_job *job);

#endif
