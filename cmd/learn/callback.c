/* Results taken in: kept, told to the session that waits, and handed to whoever asked to be
 * called. */
#include "base/out.h"
#include "db/results.h"
#include "io/http.h"
#include "learn/job.h"
#include "learn/task.h"

#include <stdio.h>
#include <stdlib.h>

static struct span
text_of(json_value record, const char *name)
{
	struct span s = { 0 };

	(void)json_text(json_get(record, name), &s);
	return s;
}

/* For the session: what it asked for is there. */
static void
tell(json_value record, const char *file)
{
	static const char *const told[] = { "connectionId", "task_id", "task", "customerNumber",
		"buildingNumber", "status", "reason" };
	struct buf line = BUF((size_t)64 << 10);
	struct jw w = jw_begin(&line);
	size_t i;

	jw_object(&w);
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (text_of(record, told[i]).p != NULL)
			jw_member_text(&w, told[i], text_of(record, told[i]));
	jw_member_str(&w, "file", file);
	jw_end(&w);
	if (jw_finish(&w))
		out_line(buf_span(&line));
	buf_free(&line);
}

static bool
callback_record(void *ctx, struct record *r)
{
	struct learn_job *job = ctx;
	struct span id = text_of(r->root, "task_id"), status = text_of(r->root, "status");
	enum task_kind kind;
	const char *why;
	char *file = NULL;

	if (!task_id_valid(id) || !task_kind_parse(text_of(r->root, "task"), &kind) ||
	    status.n == 0 || json_kind_of(json_get(r->root, "result")) != JSON_OBJECT) {
		record_reject(r, "bad-result", "a result has task_id, task, status and result");
		return true;
	}
	db_begin(job->site);
	if (results_known(job->site, id)) {
		db_rollback(job->site);
		record_duplicate(r);
		return true;
	}
	why = results_put(job->site, job->dir, r->root, r->line, job->now, &file);
	if (why != NULL) {
		db_rollback(job->site);
		record_reject(r, "bad-result", "%s", why);
		return true;
	}
	db_commit(job->site);
	tell(r->root, file);
	free(file);
	return true;
}

static const char *
post(void *ctx, const char *url, struct span record)
{
	const struct learn_job *job = ctx;
	const struct http_request request = { .url = url,
		.body = record,
		.content_type = "application/json",
		.timeout = job->timeout,
		.cafile = job->cafile };
	static char why[192];
	struct http_answer answer;
	const char *trouble = NULL;

	if (prog_stopping())
		return "asked to stop";
	if (!http_fetch(&request, &answer)) {
		(void)snprintf(why, sizeof(why), "%s", answer.error);
		trouble = why;
	} else if (answer.status < 200 || answer.status > 299) {
		(void)snprintf(why, sizeof(why), "it answered with status %d", answer.status);
		trouble = why;
	}
	http_free(&answer);
	return trouble;
}

int
verb_callback(struct learn_job *job, int argc, char *argv[])
{
	struct results_calls calls;
	int status = 0;

	if (job->retry && argc > 0)
		opt_wrong("--retry takes no operand: %s", argv[0]);
	job_open(job, DB_WRITE);
	records_begin(&job->records);
	if (!job->retry)
		status = records_files(&job->records, argc, argv, callback_record, job);
	out_flush(); /* sessions first: a URL may take its time */
	calls = results_callbacks(job->site, job->dir, post, job);
	records_end(&job->records);
	job_close(job);
	return status == 0 && calls.failed > 0 ? EX_TEMPFAIL : status;
}
