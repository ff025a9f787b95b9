/* Month files that are damaged or gone, made again from the spool. */
#include "db/rebuild.h"
#include "base/progress.h"
#include "base/prog.h"
#include "io/spool.h"
#include "store/job.h"

#include <stdlib.h>

/* A record of the spool, to be looked at or to be done again. */
typedef void spool_record_fn(
    const struct store_job *job, struct rebuild *r, struct record *record, struct message *m);

static void
see(const struct store_job *job, struct rebuild *r, struct record *record, struct message *m)
{
	(void)record;
	rebuild_see(r, m, job->month == NULL);
}

static void
again(const struct store_job *job, struct rebuild *r, struct record *record, struct message *m)
{
	(void)job;
	rebuild_record(r, record, m);
}

/* Every message of the spool; the time the first one was received. */
static when_t
each(struct store_job *job, struct rebuild *r, spool_record_fn *fn)
{
	struct spool_reader *spool = spool_read(job->dir, 0);
	when_t first = WHEN_NONE;
	struct span line;
	uint64_t seq;

	if (spool == NULL)
		diag_exit(EX_NOINPUT);
	while (!prog_stopping() && spool_reader_next(spool, UINT64_MAX, &line, &seq)) {
		struct record record = {
			.in = &job->records, .at = { "spool", seq }, .line = line
		};
		const char *why;
		struct message m;

		if (!json_parse_copy(job->records.json, line, &record.root) ||
		    message_parse(record.root, &m, &why) != NULL)
			continue; /* said, and in the ledger, when it was received */
		if (first == WHEN_NONE)
			first = m.received;
		fn(job, r, &record, &m);
	}
	spool_reader_free(spool);
	return first;
}

/* Is what the spool has all there was of the month? */
static bool
is_whole(const struct rebuild_month *m, when_t spool_begins)
{
	return spool_begins != WHEN_NONE && spool_begins <= m->from;
}

static int
tell(const struct store_job *job, const struct rebuild *r, when_t begins)
{
	static const char *const columns[] = { "customer", "building", "month", "why",
		"records", "frames", "first", "last", "whole" };
	struct table *t = table_begin(table_form(&job->form), columns, 9);
	const struct rebuild_month *m;
	char text[WHEN_TEXT];
	bool whole = true;
	size_t i;

	for (i = 0; (m = rebuild_nth(r, i)) != NULL; i++) {
		const struct zone *zone = m->place->zone;

		table_text(t, m->place->building.customer);
		table_text(t, m->place->building.building);
		table_str(t, when_format_month(text, zone, m->from));
		table_str(t, m->why);
		table_int(t, m->records);
		table_int(t, m->frames);
		table_str(t, m->first != WHEN_NONE ? when_format(text, zone, m->first) : NULL);
		table_str(t, m->last != WHEN_NONE ? when_format(text, zone, m->last) : NULL);
		table_bool(t, is_whole(m, begins));
		whole = whole && is_whole(m, begins);
	}
	(void)table_end(t);
	if (!whole)
		diag("the spool begins at %s: what came before has to come from a backup",
		    begins != WHEN_NONE ? when_format(text, NULL, begins) : "no record");
	return whole ? 0 : EX_REJECTED;
}

static int
rebuild(struct store_job *job, struct rebuild *r)
{
	when_t begins;
	int status;

	if (job->month != NULL && !rebuild_month(r, job->month))
		opt_wrong("--month: not a month like 2022-10: %s", job->month);
	if (job->month == NULL)
		rebuild_damaged(r);
	begins = each(job, r, see);
	if (rebuild_nth(r, 0) != NULL && !job->dry_run) {
		rebuild_begin(r, job->keep);
		(void)each(job, r, again);
		if (prog_stopping())
			die(EX_TEMPFAIL, "stopped: run it again");
		rebuild_end(r);
	}
	status = tell(job, r, begins);
	return status;
}

int
verb_rebuild(struct store_job *job, int argc, char *argv[])
{
	char *customer = NULL, *building = NULL;
	struct span c, b;
	struct rebuild *r;
	int status;

	if (argc > 0)
		opt_wrong("rebuild takes no operand: %s", argv[0]);
	if (job->building != NULL) {
		if (!building_key_parse(span_of(job->building), &c, &b))
			opt_wrong("--building: not CUSTOMER_BUILDING: %s", job->building);
		customer = xstrndup(c.p, c.n);
		building = xstrndup(b.p, b.n);
	}
	if (!job->dry_run && spool_is_written(job->dir))
		die(EX_TEMPFAIL, "%s/spool: is being written to: stop the pipeline first",
		    job->dir);
	records_begin(&job->records);
	r = rebuild_open(job->dir, customer, building);
	status = r != NULL ? rebuild(job, r) : EX_NOINPUT;
	rebuild_free(r);
	records_end(&job->records);
	free(customer);
	free(building);
	return status;
}
