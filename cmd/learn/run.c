/* Tasks run, where no database is; and the schedules of their results. */
#include "base/out.h"
#include "base/progress.h"
#include "learn/job.h"
#include "learn/task.h"

struct running {
	struct task_memory memory;
	struct buf line;
	struct progress progress;
	uint64_t bytes, records;
};

static bool
run_record(void *ctx, struct record *r)
{
	struct running *x = ctx;
	const char *why;

	buf_clear(&x->line);
	if (task_run(r->root, &x->memory, &x->line, &why)) {
		out_put(buf_span(&x->line));
		out_flush(); /* whoever waits for one result need not wait for the next */
	} else {
		record_reject(r, "bad-task", "%s", why);
	}
	x->bytes += r->line.n;
	progress_at(&x->progress, x->bytes, ++x->records);
	return !prog_stopping();
}

int
verb_run(struct learn_job *job, int argc, char *argv[])
{
	struct running x = { .line = BUF(TASK_RESULT_MAX + (1 << 20)) };
	int status;

	learn_single_thread();
	records_begin(&job->records);
	progress_begin(&x.progress, "tasks", 0);
	status = records_files(&job->records, argc, argv, run_record, &x);
	progress_end(&x.progress);
	records_end(&job->records);
	task_memory_free(&x.memory);
	buf_free(&x.line);
	return status;
}

/* The rows that nbms-sched apply takes, of results that are to be applied. */
static bool
schedules_record(void *ctx, struct record *r)
{
	const struct learn_job *job = ctx;
	struct span mode = { 0 };
	json_value v;

	if (json_get(r->root, "status").at == 0) {
		record_reject(r, "bad-result", "not a result: it has no status");
		return true;
	}
	(void)json_text(json_get(r->root, "AIScheduleMode"), &mode);
	if (!job->all && !span_is(mode, "apply"))
		return true;
	v = json_first(json_get(json_get(r->root, "result"), "schedules"));
	for (; v.at != 0; v = json_next(v))
		out_line(json_raw(v));
	return true;
}

int
verb_schedules(struct learn_job *job, int argc, char *argv[])
{
	int status;

	records_begin(&job->records);
	status = records_files(&job->records, argc, argv, schedules_record, job);
	records_end(&job->records);
	return status;
}
