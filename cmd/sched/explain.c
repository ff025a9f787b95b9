/* What a schedule says and why, when it changes next, and how two differ. */
#include "base/out.h"
#include "sched/job.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY 86400

struct view {
	struct sched_job *job;
	struct buildings bs;
	struct timetable tt;
	const struct zone *zone;
	struct table *table;
};

static void
view_open(struct view *v, struct sched_job *job, when_t *at)
{
	*v = (struct view){ .job = job };
	job_open(job, DB_READ);
	job_building(job, &v->bs);
	v->zone = v->bs.all[0].zone;
	*at = job_at(job, v->zone);
	timetable_load(&v->tt, job->site, job->ref, &v->bs.all[0], *at);
}

static void
view_close(struct view *v)
{
	timetable_free(&v->tt);
	buildings_free(&v->bs);
}

static bool
is_wanted(const struct sched_job *job, const struct timetable_schedule *s)
{
	const char *point = schedule_point(s->schedule);

	return (job->schedule == NULL ||
		   strcmp(job->schedule, schedule_id(s->schedule)) == 0) &&
	       (job->point == NULL || (point != NULL && strcmp(job->point, point) == 0));
}

static void
cell_value(struct table *t, const char *value)
{
	if (value == NULL)
		table_null(t);
	else
		table_json(t, span_of(value));
}

struct explaining {
	struct view *v;
	const struct timetable_schedule *s;
	when_t at;
};

static void
print_candidate(void *ctx, const struct schedule_candidate *c)
{
	struct explaining *x = ctx;
	struct table *t = x->v->table;

	table_str(t, schedule_id(x->s->schedule));
	job_cell_time(t, schedule_zone(x->s->schedule), x->at);
	table_str(t, schedule_source_name(c->source));
	table_int(t, (int64_t)c->index);
	if (c->priority > 0)
		table_int(t, c->priority);
	else
		table_null(t);
	table_str(t, c->name);
	cell_value(t, c->value);
	table_str(t, schedule_fate_name(c->fate));
}

int
verb_explain(struct sched_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "schedule_id", "at", "source", "index",
		"priority", "name", "value", "fate" };
	struct explaining x;
	struct view v;
	size_t i, n = 0;

	job_no_operands(argc, argv);
	view_open(&v, job, &x.at);
	v.table = table_begin(table_form(&job->form), columns, 8);
	for (i = 0; i < v.tt.n; i++) {
		if (!is_wanted(job, &v.tt.all[i]))
			continue;
		x.v = &v;
		x.s = &v.tt.all[i];
		schedule_explain(x.s->schedule, &x.s->context, x.at, print_candidate, &x);
		n++;
	}
	(void)table_end(v.table);
	view_close(&v);
	if (n == 0)
		die(EX_NOINPUT, "no such schedule");
	return 0;
}

int
verb_next(struct sched_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "schedule_id", "at", "value", "next", "then",
		"source" };
	struct schedule_span now, then;
	struct view v;
	when_t at, next;
	size_t i;

	job_no_operands(argc, argv);
	view_open(&v, job, &at);
	v.table = table_begin(table_form(&job->form), columns, 6);
	for (i = 0; i < v.tt.n; i++) {
		const struct timetable_schedule *s = &v.tt.all[i];

		if (!is_wanted(job, s))
			continue;
		now = schedule_at(s->schedule, &s->context, at);
		next =
		    schedule_next(s->schedule, &s->context, at, at + (when_t)400 * DAY, &then);
		table_str(v.table, schedule_id(s->schedule));
		job_cell_time(v.table, schedule_zone(s->schedule), at);
		cell_value(v.table, now.value);
		if (next == WHEN_NONE) {
			table_null(v.table);
			table_null(v.table);
			table_null(v.table);
			continue;
		}
		job_cell_time(v.table, schedule_zone(s->schedule), next);
		cell_value(v.table, then.value);
		table_str(v.table, schedule_source_name(then.source));
	}
	(void)table_end(v.table);
	view_close(&v);
	return 0;
}

/* ---- diff ---- */

/* A file's one schedule. */
static struct schedule *
read_schedule(const char *path, const struct zone *zone)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf why = BUF(1024);
	struct schedule *s = NULL;
	struct json *j = json_new();
	struct lines *in;
	struct span line;
	json_value root, inner;

	if (fd < 0)
		die(EX_NOINPUT, "%s: cannot be opened", path);
	in = lines_open(fd, path, 0);
	if (lines_next(in, &line) != LINES_LINE || !json_parse(j, line, &root)) {
		diag_at(lines_where(in), "not a record");
	} else {
		inner = json_get(root, "schedule");
		s = schedule_parse(inner.at != 0 ? inner : root, zone, &why);
		if (s == NULL)
			diag_at(lines_where(in), "%s", buf_text(&why));
	}
	if (s == NULL)
		diag_exit(EX_DATAERR);
	lines_free(in);
	close(fd);
	json_free(j);
	buf_free(&why);
	return s;
}

struct differing {
	struct table *table;
	const struct zone *zone;
};

static void
print_difference(void *ctx, const struct schedule_span *a, const struct schedule_span *b)
{
	struct differing *d = ctx;

	job_cell_time(d->table, d->zone, a->from);
	job_cell_time(d->table, d->zone, a->to);
	table_str(d->table, schedule_source_name(a->source));
	cell_value(d->table, a->value);
	table_str(d->table, schedule_source_name(b->source));
	cell_value(d->table, b->value);
}

/* By id in the registry, or a file where the name has a slash or a dot. */
static const struct schedule *
find_schedule(struct view *v, const char *name, struct schedule **owned)
{
	const struct timetable_schedule *s = timetable_find(&v->tt, span_of(name));

	if (s != NULL)
		return s->schedule;
	if (strpbrk(name, "/.") == NULL)
		die(EX_NOINPUT, "%s: no such schedule", name);
	return *owned = read_schedule(name, v->zone);
}

int
verb_diff(struct sched_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "from", "to", "a_source", "a", "b_source", "b" };
	struct schedule *owned[2] = { NULL, NULL };
	struct schedule_context c = { 0 };
	const struct schedule *a, *b;
	struct differing d;
	struct view v;
	when_t at, from, to;

	if (argc != 2)
		opt_wrong("diff: of which two schedules? Ids, or files");
	view_open(&v, job, &at);
	job_span(job, v.zone, &from, &to);
	c.calendars = v.tt.calendars;
	a = find_schedule(&v, argv[0], &owned[0]);
	b = find_schedule(&v, argv[1], &owned[1]);
	d = (struct differing){ table_begin(table_form(&job->form), columns, 6), v.zone };
	schedule_diff(a, b, &c, from, to, print_difference, &d);
	(void)table_end(d.table);
	schedule_free(owned[0]);
	schedule_free(owned[1]);
	view_close(&v);
	return 0;
}
