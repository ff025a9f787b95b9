/* The month files kept: made before they are needed, removed past their time. */
#include "db/months.h"
#include "db/site.h"
#include "store/job.h"

#include <stdlib.h>

void
job_open(struct store_job *job)
{
	job->site = site_open(job->dir, DB_WRITE);
	job->history = history_open(job->dir, DB_WRITE);
}

void
job_close(struct store_job *job)
{
	history_close(job->history);
	db_close(job->site);
}

int
verb_month(struct store_job *job, int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("month takes no operand: %s", argv[0]);
	job_open(job);
	months_prepare(job->site, job->history, table_form(&job->form));
	return 0;
}

int
verb_sums(struct store_job *job, int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("sums takes no operand: %s", argv[0]);
	job_open(job);
	months_sum(job->site, job->history, table_form(&job->form));
	return 0;
}

int
verb_retain(struct store_job *job, int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("retain takes no operand: %s", argv[0]);
	if (job->months < 1)
		opt_wrong("retain needs --months N, 1 or more");
	job_open(job);
	return months_retain(
	    job->site, job->dir, job->months, job->dry_run, table_form(&job->form));
}
