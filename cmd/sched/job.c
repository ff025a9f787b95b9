#include "sched/job.h"
#include "base/clock.h"
#include "base/out.h"
#include "db/site.h"

#include <stdlib.h>

void
job_open(struct sched_job *job, enum db_mode mode)
{
	job->site = site_open(job->dir, mode);
	job->ref = reference_load(job->site);
}

void
job_no_operands(int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("takes no operand: %s", argv[0]);
}

void
job_buildings(struct sched_job *job, struct buildings *bs)
{
	if (job->building != NULL && job->customer == NULL)
		opt_wrong("--building needs --customer");
	if (!buildings_load(bs, job->site, job->customer, job->building))
		diag_exit(EX_NOINPUT);
}

void
job_building(struct sched_job *job, struct buildings *bs)
{
	if (job->building == NULL || job->customer == NULL)
		opt_wrong("--customer and --building: which building?");
	job_buildings(job, bs);
	if (bs->n == 0)
		diag_exit(EX_CONFIG);
}

static when_t
parse(
    const struct sched_job *job, const char *option, const char *text, const struct zone *zone)
{
	when_t t;

	if (!when_parse_human(span_of(text), zone, job->now, &t))
		opt_wrong("%s: not a time: %s", option, text);
	return t;
}

when_t
job_at(const struct sched_job *job, const struct zone *zone)
{
	return job->at != NULL ? parse(job, "--at", job->at, zone) : job->now;
}

/* FROM/TO; the end of a bare day or month is the beginning of the next. */
static void
parse_period(const struct sched_job *job, const struct zone *zone, when_t *from, when_t *to)
{
	const char *slash = strchr(job->period, '/');
	char *first;

	if (slash == NULL)
		opt_wrong("--period: not FROM/TO: %s", job->period);
	first = xstrndup(job->period, (size_t)(slash - job->period));
	*from = parse(job, "--period", first, zone);
	*to = parse(job, "--period", slash + 1, zone);
	free(first);
}

void
job_span(const struct sched_job *job, const struct zone *zone, when_t *from, when_t *to)
{
	*from = job->now;
	*to = job->now + job->hours * 3600;
	if (job->period != NULL)
		parse_period(job, zone, from, to);
	if (job->from != NULL) {
		*from = parse(job, "--from", job->from, zone);
		*to = *from + job->hours * 3600;
	}
	if (job->to != NULL)
		*to = parse(job, "--to", job->to, zone);
	if (*from >= *to)
		opt_wrong("the period ends before it begins");
	if (*to - *from > (when_t)20 * 366 * 86400)
		opt_wrong("the period is longer than twenty years");
}

void
job_send(struct sched_job *job)
{
	if (job->down.full)
		die(EX_SOFTWARE, "more than %zu bytes to send at once", (size_t)DOWN_MAX);
	out_put(buf_span(&job->down));
	out_flush();
	buf_clear(&job->down);
	if (db_in_transaction(job->site))
		db_commit(job->site);
}

void
job_cell_time(struct table *t, const struct zone *zone, when_t at)
{
	char text[WHEN_TEXT];

	table_str(t, when_format(text, zone, at));
}
