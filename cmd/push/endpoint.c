/* endpoint: who is told: add, list, remove, import. */
#include "job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/prog.h"
#include "bms/thing.h"

#include <stdlib.h>

/* A row is taken into the registry, or rejected whole. */
static bool
import_row(void *ctx, struct record *r)
{
	struct push_job *job = ctx;
	enum channel_kind kind;
	struct endpoint e;
	const char *wrong = endpoint_read(r->root, &e);

	if (wrong == NULL && !channel_of(e.arn, &kind))
		wrong = "Arn: not fcm:TOKEN, arn:aws:sns:..., mailto:... or https://...";
	if (wrong != NULL) {
		record_reject(r, "bad-endpoint", "%s", wrong);
		return true;
	}
	endpoint_put(job->site, &e, clock_now());
	return true;
}

static int
import(struct push_job *job, int n, char *files[])
{
	int status;

	job_open_site(job, DB_WRITE);
	records_begin(&job->records);
	db_begin(job->site);
	status = records_files(&job->records, n, files, import_row, job);
	db_commit(job->site);
	records_end(&job->records);
	return status;
}

static int
add(struct push_job *job, int n, char *arns[])
{
	struct endpoint e = { .alarm = true, .notice = true, .level = 4 };
	enum channel_kind kind;
	int i;

	if (job->customer == NULL || !thing_part_is_valid(span_of(job->customer)))
		opt_wrong("--customer is missing");
	if (n == 0)
		opt_wrong("no endpoint to add");
	for (i = 0; i < n; i++)
		if (!channel_of(span_of(arns[i]), &kind))
			opt_wrong(
			    "not fcm:TOKEN, arn:aws:sns:..., mailto:... or https://...: %s",
			    arns[i]);
	job_open_site(job, DB_WRITE);
	db_begin(job->site);
	for (i = 0; i < n; i++) {
		e.customer = span_of(job->customer);
		e.arn = span_of(arns[i]);
		endpoint_put(job->site, &e, clock_now());
	}
	db_commit(job->site);
	return 0;
}

static int
remove_all(struct push_job *job, int n, char *arns[])
{
	int i, status = 0;

	if (job->customer == NULL)
		opt_wrong("--customer is missing");
	job_open_site(job, DB_WRITE);
	db_begin(job->site);
	for (i = 0; i < n; i++) {
		if (endpoint_drop(job->site, span_of(job->customer), span_of(arns[i])))
			continue;
		diag("%s: no such endpoint of %s", arns[i], job->customer);
		status = EX_DATAERR;
	}
	db_commit(job->site);
	return status;
}

int
verb_endpoint(struct push_job *job, int argc, char *argv[])
{
	if (argc > 0 && strcmp(argv[0], "add") == 0)
		return add(job, argc - 1, argv + 1);
	if (argc > 0 && strcmp(argv[0], "remove") == 0)
		return remove_all(job, argc - 1, argv + 1);
	if (argc > 0 && strcmp(argv[0], "import") == 0)
		return import(job, argc - 1, argv + 1);
	if (argc != 1 || strcmp(argv[0], "list") != 0)
		opt_wrong("endpoint: add, list, remove or import");
	job_open_site(job, DB_READ);
	endpoint_list(job->site, table_form(&job->form), span_of(job->customer));
	return 0;
}

int
verb_notice(struct push_job *job, int argc, char *argv[])
{
	int64_t n;

	if (argc > 0)
		opt_wrong("notice takes no operand: %s", argv[0]);
	if (job->customer == NULL || job->title == NULL || job->text == NULL)
		opt_wrong("--customer, --title and --text are needed");
	job_open_site(job, DB_WRITE);
	db_begin(job->site);
	n = push_notice(job->site, span_of(job->id), span_of(job->customer),
	    span_of(job->building), span_of(job->title), span_of(job->text), clock_now());
	db_commit(job->site);
	diag_note("%lld endpoints will be told", (long long)n);
	return 0;
}

/* The deliveries named by their id, or all whose fate is not known. */
int
verb_resend(struct push_job *job, int argc, char *argv[])
{
	int64_t id = 0, n = 0;
	int i, status = 0;
	char *end;

	if ((argc == 0) != job->unknown)
		opt_wrong("resend needs ids, as log has them, or --unknown");
	job_open_site(job, DB_WRITE);
	db_begin(job->site);
	for (i = 0; i < argc; i++) {
		id = strtoll(argv[i], &end, 10);
		if (end == argv[i] || *end != '\0' || !push_resend(job->site, id, clock_now()))
			diag("%s: no delivery that failed or may not have come", argv[i]),
			    status = EX_REJECTED;
		else
			n++;
	}
	while (job->unknown && push_doubtful(job->site, &id))
		n += push_resend(job->site, id, clock_now());
	db_commit(job->site);
	diag_note("%lld will be told again", (long long)n);
	return status;
}

int
verb_prune(struct push_job *job, int argc, char *argv[])
{
	int64_t n;

	if (argc > 0)
		opt_wrong("prune takes no operand: %s", argv[0]);
	if (job->older <= 0)
		opt_wrong("prune needs --older TIME");
	job_open_site(job, DB_WRITE);
	db_begin(job->site);
	n = push_prune(job->site, clock_now() - job->older);
	db_commit(job->site);
	diag_note("%lld forgotten", (long long)n);
	return 0;
}

int
verb_log(struct push_job *job, int argc, char *argv[])
{
	when_t from;

	if (argc > 0)
		opt_wrong("log takes no operand: %s", argv[0]);
	if (!when_parse_human(
		span_of(job->from != NULL ? job->from : "now-7d"), NULL, clock_now(), &from))
		opt_wrong("--from: not a time: %s", job->from);
	job_open_site(job, DB_READ);
	push_log(job->site, table_form(&job->form), span_of(job->customer), from);
	return 0;
}
