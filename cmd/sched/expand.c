/* The coming hours, and people's overrides of them. */
#include "base/clock.h"
#include "base/out.h"
#include "sched/job.h"

#include <stdlib.h>

#define DAY 86400

static void
warn_of_holidays(const struct sched_job *job, const struct place *p)
{
	const struct holiday_calendar *h = reference_calendar(job->ref, &p->building);
	struct buf text = BUF(1024);

	if (holidays_warning(h, civil_day_number(when_civil(p->zone, job->now, NULL)),
		job->margin / DAY, &text))
		diag("building %.*s: %s", SPAN_ARG(p->key), buf_text(&text));
	buf_free(&text);
}

static size_t
expand(struct sched_job *job, const struct place *p)
{
	struct timetable_window w = { .now = job->now, .keep = job->keep };
	struct timetable tt;
	size_t rows;

	job_span(job, p->zone, &w.from, &w.to);
	warn_of_holidays(job, p);
	timetable_load(&tt, job->site, job->ref, p, w.from);
	db_begin(job->site);
	rows = timetable_expand(job->site, p, &tt, &w);
	if (job->apply)
		(void)timetable_controls(job->site, p, job->now, &job->down);
	timetable_free(&tt);
	job_send(job);
	return rows;
}

int
verb_expand(struct sched_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "customer", "building", "rows" };
	struct buildings bs;
	struct table *t;
	size_t i, rows;

	job_no_operands(argc, argv);
	job_open(job, DB_WRITE);
	job_buildings(job, &bs);
	t = job->apply ? NULL : table_begin(table_form(&job->form), columns, 3);
	for (i = 0; i < bs.n && !prog_stopping(); i++) {
		rows = expand(job, &bs.all[i]);
		if (t == NULL)
			continue;
		table_text(t, bs.all[i].building.customer);
		table_text(t, bs.all[i].building.building);
		table_int(t, (int64_t)rows);
	}
	if (t != NULL)
		(void)table_end(t);
	buildings_free(&bs);
	return 0;
}

/* The row that timetable_row takes, so that a command and a record are the same thing. */
static void
put_manual(struct sched_job *job, const struct place *p, when_t from, when_t to)
{
	char first[WHEN_TEXT], last[WHEN_TEXT];
	struct buf text = BUF(65536);
	struct jw w = jw_begin(&text);
	struct record r = { .in = &job->records, .at = { "--value", 0 } };

	jw_object(&w);
	jw_member_str(&w, "type", "manual");
	jw_member_text(&w, "customer", p->building.customer);
	jw_member_text(&w, "building", p->building.building);
	jw_member_str(&w, "schedule_id", job->schedule);
	jw_member_str(&w, "from", when_format(first, p->zone, from));
	jw_member_str(&w, "to", when_format(last, p->zone, to));
	if (job->remove)
		jw_member_bool(&w, "remove", true);
	else
		jw_member_raw(&w, "value", span_of(job->value));
	jw_member_str(&w, "name", job->name);
	jw_end(&w);
	records_begin(&job->records);
	if (!jw_finish(&w) || !json_parse(job->records.json, buf_span(&text), &r.root))
		opt_wrong("--value: not a JSON number, text or boolean: %s", job->value);
	r.line = buf_span(&text);
	prog_counts()->in++;
	timetable_row(job->site, job->ref, &r, job->now);
	if (!r.settled)
		prog_counts()->out++;
	records_end(&job->records);
	buf_free(&text);
}

static void
list_manual(struct sched_job *job, const struct place *p, when_t from, when_t to)
{
	static const char *const columns[] = { "schedule_id", "from", "to", "value", "name" };
	struct table *t = table_begin(table_form(&job->form), columns, 5);
	struct timetable tt;
	size_t i, k;

	timetable_load(&tt, job->site, job->ref, p, from);
	for (i = 0; i < tt.n; i++)
		for (k = 0; k < tt.all[i].manuals; k++) {
			const struct schedule_manual *m = &tt.all[i].manual[k];

			if (m->from >= to ||
			    (job->schedule != NULL &&
				strcmp(job->schedule, schedule_id(tt.all[i].schedule)) != 0))
				continue;
			table_str(t, schedule_id(tt.all[i].schedule));
			job_cell_time(t, p->zone, m->from);
			job_cell_time(t, p->zone, m->to);
			table_json(t, span_of(m->value));
			table_str(t, m->name);
		}
	(void)table_end(t);
	timetable_free(&tt);
}

int
verb_manual(struct sched_job *job, int argc, char *argv[])
{
	bool change = job->value != NULL || job->remove;
	struct timetable tt;
	struct buildings bs;
	when_t from, to;

	job_no_operands(argc, argv);
	if (change && job->schedule == NULL)
		opt_wrong("--schedule: which one?");
	job_open(job, DB_WRITE);
	job_building(job, &bs);
	job_span(job, bs.all[0].zone, &from, &to);
	if (change) {
		timetable_load(&tt, job->site, job->ref, &bs.all[0], job->now);
		if (timetable_find(&tt, span_of(job->schedule)) == NULL)
			die(EX_NOINPUT, "%s: no such schedule", job->schedule);
		timetable_free(&tt);
		db_begin(job->site);
		put_manual(job, &bs.all[0], from, to);
		db_commit(job->site);
		job->period = job->from = job->to = NULL;
		(void)expand(job, &bs.all[0]);
	} else {
		list_manual(job, &bs.all[0], from, to);
	}
	buildings_free(&bs);
	return 0;
}
