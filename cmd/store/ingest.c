/* The filter itself: records into the registry and the month files. */
#include "base/out.h"
#include "store/job.h"

#define DOWN_HELD ((size_t)1 << 20) /* of requests to gateways, before they are sent on */
#define DOWN_MAX ((size_t)16 << 20)

static bool
store_record(void *ctx, struct record *r)
{
	struct store_job *job = ctx;
	struct message m;
	const char *code, *why;

	code = message_parse(r->root, &m, &why);
	if (code != NULL) {
		record_reject(r, code, "%s", why);
		return true;
	}
	if (!consumer_takes(&job->consumer, r, &m))
		return true;
	ingest_message(job->in, r, &m, &job->down);
	consumer_did(&job->consumer, &m);
	if (job->down.n > DOWN_HELD)
		consumer_commit(&job->consumer);
	return true;
}

/* What is asked of gateways goes out when what it rests on is safe, and the checkpoint moves
 * when both are, and the ledger. */
static void
commit(void *ctx)
{
	struct store_job *job = ctx;

	ingest_commit(job->in);
	reject_sync(job->records.ledger);
	out_put(buf_span(&job->down));
	out_flush();
	buf_clear(&job->down);
}

static void
idle(void *ctx)
{
	consumer_commit(&((struct store_job *)ctx)->consumer);
}

int
verb_store(struct store_job *job, int argc, char *argv[])
{
	const char *zone = job->ingest.auto_zone;
	int status;

	if (zone != NULL && zone_find(span_of(zone)) == NULL)
		opt_wrong("--auto-register: no such time zone: %s", zone);
	job_open(job);
	job->down = BUF(DOWN_MAX);
	job->records.idle = idle;
	records_begin(&job->records);
	consumer_begin(&job->consumer, job->site, "store", commit, job);
	db_set_area(job->site, NULL); /* it claims what it writes, message by message */
	job->in = ingest_new(&job->consumer, job->history, &job->ingest);
	status = records_files(&job->records, argc, argv, store_record, job);
	consumer_end(&job->consumer);
	ingest_free(job->in);
	records_end(&job->records);
	buf_free(&job->down);
	return status;
}
