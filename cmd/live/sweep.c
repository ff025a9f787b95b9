/* sweep: what no session is there to do: releases what dead sessions held, controls whose time
 * is over, and notes gateways that have not answered. For cron. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/prog.h"
#include "db/site.h"
#include "live/job.h"

#define WAIT 30 /* seconds for the broker, unless --wait says otherwise */

static void
ignore(void *ctx, const struct mqtt_message *m)
{
	(void)ctx, (void)m;
}

static void
release(void *ctx, const struct control *c)
{
	link_control(ctx, c, true);
}

int
verb_sweep(struct live_job *job, int argc, char *argv[])
{
	int64_t wait = job->wait > 0 ? job->wait : WAIT, until;
	struct link *l;
	size_t left;

	if (argc > 0)
		opt_wrong("sweep takes no operand: %s", argv[0]);
	job->site = site_open(opt_state_dir(job->dir), DB_WRITE);
	l = link_open(job, "sweep", NULL, ignore, NULL);
	db_begin(job->site);
	(void)control_late(job->site, clock_now());
	db_commit(job->site);
	control_due(job->site, clock_now(), release, l);
	until = clock_monotonic() + wait * INT64_C(1000000000);
	while (link_under_way(l) > 0 && clock_monotonic() < until && !prog_stopping())
		link_wait(l, 50);
	left = link_under_way(l);
	if (left > 0)
		diag("%zu messages could not be sent: the next run goes on with them", left);
	link_close(l);
	db_close(job->site);
	return left > 0 ? EX_TEMPFAIL : 0;
}
