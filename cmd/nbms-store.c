/* nbms-store: a gateway's points and logs into the registry and the building's month files. */
#include "base/opt.h"
#include "base/out.h"
#include "base/prog.h"
#include "base/records.h"
#include "base/table.h"
#include "db/consumer.h"
#include "db/ingest.h"
#include "db/months.h"
#include "db/site.h"

#include <stdlib.h>

#define DOWN_HELD ((size_t)1 << 20) /* of requests to gateways, before they are sent on */
#define DOWN_MAX ((size_t)16 << 20)

struct store_job {
	const char *dir;
	struct records records;
	struct table_options form;
	struct ingest_options ingest;
	int64_t months;
	bool dry_run;
	struct db *site;
	struct history *history;
	struct consumer consumer;
	struct ingest *in;
	struct buf down;
};

static const char *const usage_lines[] = {
	"[-d DIR] [--auto-register ZONE] [--reject FILE] [FILE ...]", "month [-d DIR]",
	"retain [-d DIR] --months N [--dry-run]", NULL
};

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

static void
check_zone(const char *zone)
{
	if (zone != NULL && zone_find(span_of(zone)) == NULL)
		opt_wrong("--auto-register: no such time zone: %s", zone);
}

static int
run_store(struct store_job *job, int n, char *files[])
{
	int status;

	check_zone(job->ingest.auto_zone);
	job->down = BUF(DOWN_MAX);
	job->records.idle = idle;
	records_begin(&job->records);
	consumer_begin(&job->consumer, job->site, "store", commit, job);
	job->in = ingest_new(&job->consumer, job->history, &job->ingest);
	status = records_files(&job->records, n, files, store_record, job);
	consumer_end(&job->consumer);
	ingest_free(job->in);
	records_end(&job->records);
	buf_free(&job->down);
	return status;
}

static int
run_month(struct store_job *job, int n, char *operands[])
{
	if (n > 0)
		opt_wrong("month takes no operand: %s", operands[0]);
	months_prepare(job->site, job->history, table_form(&job->form));
	return 0;
}

static int
run_retain(struct store_job *job, int n, char *operands[])
{
	if (n > 0)
		opt_wrong("retain takes no operand: %s", operands[0]);
	if (job->months < 1)
		opt_wrong("retain needs --months N, 1 or more");
	return months_retain(
	    job->site, job->dir, job->months, job->dry_run, table_form(&job->form));
}

int
main(int argc, char *argv[])
{
	struct store_job job = { .ingest = { .future = 3600, .gap_window = 7 * 86400 } };
	const struct opt opts[] = {
		{ 'd', "dir", "DIR", OPT_TEXT, &job.dir,
		    "state directory ($NBMS_DIR, ./nbms-state)" },
		{ '\0', "auto-register", "ZONE", OPT_TEXT, &job.ingest.auto_zone,
		    "register unknown things, in this time zone" },
		{ '\0', "future", "DURATION", OPT_DURATION, &job.ingest.future,
		    "reject stamps further ahead than this (1h)" },
		{ '\0', "gap-window", "DURATION", OPT_DURATION, &job.ingest.gap_window,
		    "how far back timestamp_last looks for gaps (7d)" },
		{ '\0', "months", "N", OPT_COUNT, &job.months, "retain: full months to keep" },
		{ 'n', "dry-run", NULL, OPT_FLAG, &job.dry_run,
		    "retain: say what would go, remove nothing" },
		TABLE_OPTIONS(&job.form),
		RECORDS_OPTIONS(&job.records),
		OPT_END,
	};
	const struct opt_spec spec = { usage_lines,
		"Stores init, delete, periodic_log and timestamp_last records; month and "
		"retain keep its files.",
		opts, NULL };
	static const char *const verbs[] = { "month", "retain", NULL };
	static int (*const run[])(
	    struct store_job *, int, char *[]) = { run_month, run_retain, run_store };
	size_t verb = 0;
	int first, status;

	prog_begin("nbms-store");
	while (verbs[verb] != NULL && (argc < 2 || strcmp(argv[1], verbs[verb]) != 0))
		verb++;
	first =
	    verb < 2 ? opt_parse(&spec, argc - 1, argv + 1) + 1 : opt_parse(&spec, argc, argv);
	job.dir = opt_state_dir(job.dir);
	job.site = site_open(job.dir, DB_WRITE);
	job.history = history_open(job.dir, DB_WRITE);
	status = run[verb](&job, argc - first, argv + first);
	history_close(job.history);
	db_close(job.site);
	return prog_end(status);
}
