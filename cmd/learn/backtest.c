/* A building's models against the naive rules, on its own history. */
#include "learn/backtest.h"
#include "learn/coming.h"
#include "base/table.h"
#include "learn/job.h"
#include "learn/quality.h"
#include "learn/task.h"

#include <math.h>
#include <stdlib.h>

#define TASK_MAX ((size_t)15 << 20)

static void
put_rows(struct table *t, const struct place *p, const char *horizon, const struct backtest *b)
{
	size_t i;

	for (i = 0; i < b->models; i++) {
		const struct backtest_model *m = &b->model[i];

		table_text(t, p->key);
		table_str(t, horizon);
		table_str(t, m->name);
		table_int(t, (int64_t)m->score.n);
		table_double(t, round(m->score.cvrmse * 10000) / 100);
		table_double(t, round(m->score.nmbe * 10000) / 100);
		table_double(t, round(m->score.mae * 1000) / 1000);
		table_double(t, round(m->skill * 1000) / 1000);
		table_bool(t, m->g14);
		table_double(t, i == 0 ? round(b->coverage * 1000) / 10 : NAN);
		table_double(t, i == 0 ? round(b->pinball * 1000) / 1000 : NAN);
	}
}

static enum baseline_level
level_of(const struct learn_job *job)
{
	return strcmp(job->level, "fast") == 0       ? BASELINE_FAST
	       : strcmp(job->level, "accurate") == 0 ? BASELINE_ACCURATE
						     : BASELINE_STANDARD;
}

static void
judged(
    struct learn_job *job, const struct place *p, const char *horizon, enum learn_status status)
{
	if (status == LEARN_OK)
		return;
	diag("building %.*s: %s: %s", SPAN_ARG(p->key), horizon, learn_reason(status));
	if (status != LEARN_NO_SKILL)
		job->status = EX_UNAVAILABLE;
}

static bool
weather_known(const struct task_hours *th)
{
	size_t i = 0;

	while (i < th->known && isnan(th->h.temperature[i]))
		i++;
	return i < th->known;
}

static void
test(struct learn_job *job, struct table *t, const struct place *p, struct task_hours *th)
{
	struct backtest *b = xcalloc(1, sizeof(*b));
	enum baseline_level level = level_of(job);
	enum learn_status status;
	struct lagged l;

	status = backtest_year(&th->h, (int)job->days, (int)job->test_days, level, b);
	if (!weather_known(th))
		diag("building %.*s: no outdoor temperature is known", SPAN_ARG(p->key));
	judged(job, p, "year-ahead", status);
	if (status == LEARN_OK || status == LEARN_NO_SKILL)
		put_rows(t, p, "year-ahead", b);
	lagged_init(&l, &th->h);
	status = backtest_day(&l, th->known / 2, th->known, 0, level == BASELINE_ACCURATE,
	    coming_refit(th->known), b);
	judged(job, p, "day-ahead", status);
	if (status == LEARN_OK || status == LEARN_NO_SKILL)
		put_rows(t, p, "day-ahead", b);
	lagged_free(&l);
	free(b);
}

static void
test_place(struct learn_job *job, struct table *t, const struct place *p)
{
	struct task_outcome o = { .status = TASK_OK };
	struct buf text = BUF(TASK_MAX);
	struct jw w = jw_begin(&text);
	struct json *j = json_new();
	enum learn_status status;
	struct task_hours th;
	struct quality q;
	struct gather g;
	json_value root;
	bool ok;

	jw_object(&w);
	ok = job_gather(job, job->field, p, &g) && gather_hours(&g, &w);
	if (ok)
		jw_end(&w);
	if (!ok || !jw_finish(&w) || !json_parse(j, buf_span(&text), &root)) {
		job->status = EX_UNAVAILABLE;
	} else if (task_hours(json_get(root, "hours"), &th, &o)) {
		status = th.known > 0 ? quality_clean(&th.h, 0, th.known, &q) : LEARN_SHORT;
		if (status == LEARN_OK)
			test(job, t, p, &th);
		else
			judged(job, p, "history", status);
		task_hours_free(&th);
	}
	json_free(j);
	buf_free(&text);
}

int
verb_backtest(struct learn_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "building", "horizon", "model", "hours",
		"cvrmse_percent", "nmbe_percent", "mae_kwh", "skill", "guideline_14",
		"coverage_90", "pinball_kwh" };
	struct buildings bs;
	struct table *t;
	size_t i;

	if (argc > 0)
		opt_wrong("takes no operand: %s", argv[0]);
	if (job->days < 28 || job->test_days < 7)
		opt_wrong("--train-days: at least 28; --test-days: at least 7");
	learn_single_thread();
	job_open(job, DB_READ);
	if (!buildings_load(
		&bs, job->site, job->field[FIELD_CUSTOMER], job->field[FIELD_BUILDING]))
		diag_exit(EX_NOINPUT);
	t = table_begin(table_form(&job->form), columns, 11);
	for (i = 0; i < bs.n && !prog_stopping(); i++)
		test_place(job, t, &bs.all[i]);
	(void)table_end(t);
	buildings_free(&bs);
	job_close(job);
	return job->status;
}
