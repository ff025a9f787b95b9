/* job: what the verbs of nbms-push share. */
#ifndef NBMS_PUSH_JOB_H
#define NBMS_PUSH_JOB_H

#include "base/opt.h"
#include "base/records.h"
#include "base/table.h"
#include "db/push.h"
#include "io/channel.h"

struct push_job {
	/* options */
	struct records records;
	struct table_options form;
	const char *dir, *channels_path, *customer, *building, *title, *text, *id, *from;
	const char *on_doubt;
	int64_t retry, give_up, max_age, linger, older;
	bool follow, unknown;
	/* state */
	struct db *site;
	struct channels *channels;
	struct post *post;
};

/* Each gets the operands and returns an exit status. */
int verb_run(struct push_job *job, int argc, char *argv[]);
int verb_endpoint(struct push_job *job, int argc, char *argv[]);
int verb_notice(struct push_job *job, int argc, char *argv[]);
int verb_resend(struct push_job *job, int argc, char *argv[]);
int verb_prune(struct push_job *job, int argc, char *argv[]);
int verb_log(struct push_job *job, int argc, char *argv[]);

/* A path in the state directory; the caller frees. */
char *job_path(const struct push_job *job, const char *name);
void job_open_site(struct push_job *job, enum db_mode mode);

#endif
