/* What is to come: schedules by the week, what learning and optimising have found. */
#include "base/files.h"
#include "db/energy.h"
#include "db/query_own.h"
#include "db/results.h"
#include "db/timetable.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- schedules ---- */

void
query_schedules(struct query *q)
{
	static const char *const columns[] = { "schedule_id", "point_id", "thing", "changed",
		"manual", "schedule" };
	struct rows *r = db_rows(q->site, SQL_SCHEDULE_LIST, "tti", q->building.customer,
	    q->building.building, (int64_t)q->now);
	struct span id, point, thing, data;
	int64_t manual;
	when_t changed;

	QUERY_TABLE(q, columns);
	while (query_more(q) &&
	       rows_next(r, "ttttwi", &id, &point, &thing, &data, &changed, &manual)) {
		if ((q->o->schedule != NULL && !span_is(id, q->o->schedule)) ||
		    !query_row(q, id))
			continue;
		table_text(q->table, id);
		query_text(q, point);
		query_text(q, thing);
		query_when(q, changed);
		table_int(q->table, manual);
		table_json(q->table, data);
	}
	rows_end(r);
	(void)table_end(q->table);
}

void
query_calendars(struct query *q)
{
	static const char *const columns[] = { "calendar_id", "changed", "calendar" };
	struct rows *r = db_rows(
	    q->site, SQL_CALENDAR_LIST, "tt", q->building.customer, q->building.building);
	struct span id, data;
	when_t changed;

	QUERY_TABLE(q, columns);
	while (query_more(q) && rows_next(r, "ttw", &id, &data, &changed)) {
		if (!query_row(q, id))
			continue;
		table_text(q->table, id);
		query_when(q, changed);
		table_json(q->table, data);
	}
	rows_end(r);
	(void)table_end(q->table);
}

struct week {
	struct query *q;
	const struct timetable_schedule *s;
	const char *name; /* of what rules; NULL: it has none */
};

static void
find_name(void *ctx, const struct schedule_candidate *c)
{
	struct week *w = ctx;

	if (c->fate == SCHEDULE_WINS)
		w->name = c->name;
}

static void
put_span(void *ctx, const struct schedule_span *s)
{
	struct week *w = ctx;
	struct query *q = w->q;
	const char *id = schedule_id(w->s->schedule);
	char *key = xasprintf("%s/%lld", id, (long long)s->from);

	if (query_more(q) && query_row(q, span_of(key))) {
		w->name = NULL;
		schedule_explain(w->s->schedule, &w->s->context, s->from, find_name, w);
		table_str(q->table, id);
		query_when(q, s->from);
		query_when(q, s->to);
		query_json(q, span_of(s->value));
		table_str(q->table, schedule_source_name(s->source));
		table_str(q->table, w->name);
		table_str(q->table, schedule_point(w->s->schedule));
	}
	free(key);
}

static when_t
monday(const struct query *q)
{
	struct civil today = when_civil(q->trend.zone, q->now, NULL);

	return when_day(q->trend.zone, q->now, 1 - civil_weekday(today));
}

#define WEEK_MAX ((when_t)62 * 86400)

void
query_week(struct query *q)
{
	static const char *const columns[] = { "schedule_id", "from", "to", "value", "source",
		"name", "point_id" };
	when_t from = q->trend.from != WHEN_NONE ? q->trend.from : monday(q);
	when_t to = q->trend.to != WHEN_NONE ? q->trend.to : when_day(q->trend.zone, from, 7);
	struct reference *ref = reference_load(q->site);
	struct place place = {
		.building = q->building, .key = buf_span(&q->key), .zone = q->trend.zone
	};
	struct week w = { .q = q };
	struct timetable tt;
	size_t i;

	if (to <= from || to - from > WEEK_MAX)
		opt_wrong("--to: not within 62 days after --from");
	timetable_load(&tt, q->site, ref, &place, from);
	QUERY_TABLE(q, columns);
	for (i = 0; i < tt.n && query_more(q); i++) {
		w.s = &tt.all[i];
		if (q->o->schedule == NULL ||
		    strcmp(q->o->schedule, schedule_id(w.s->schedule)) == 0)
			(void)schedule_expand(
			    w.s->schedule, &w.s->context, from, to, put_span, &w);
	}
	(void)table_end(q->table);
	timetable_free(&tt);
	reference_free(ref);
}

/* ---- results ---- */

/* The whole record of a result; none: its file is not there (which is said). */
static struct span
read_record(struct query *q, struct span file, struct buf *to)
{
	char *path = xasprintf("%s/results/%.*s", q->dir, SPAN_ARG(file));

	buf_clear(to);
	if (!results_dir_valid(file) || !file_read(path, to)) {
		diag("%s: the result that is kept there cannot be read", path);
		buf_clear(to);
	}
	free(path);
	return to->n > 0 ? span_trim((struct span){ to->p, strcspn(buf_text(to), "\n") })
			 : (struct span){ 0 };
}

/* Its member "result", without white space; null where there is none. */
static struct span
result_of(struct query *q, struct span file, struct buf *record, struct buf *to)
{
	struct span text = read_record(q, file, record);
	json_value root, result;

	buf_clear(to);
	if (text.p != NULL && json_parse_copy(query_parser(q), text, &root) &&
	    (result = json_get(root, "result")).at != 0 && json_minify(json_raw(result), to))
		return buf_span(to);
	return (struct span){ 0 };
}

struct result_row {
	struct span id, task, status, reason, file;
	when_t received;
};

static void
put_result(struct query *q, const struct result_row *x, bool whole)
{
	struct buf record = BUF(RESULTS_FILE_MAX + 2), result = BUF(RESULTS_FILE_MAX);

	table_text(q->table, x->id);
	table_text(q->table, x->task);
	query_when(q, x->received);
	table_text(q->table, x->status);
	table_text(q->table, x->reason);
	if (whole)
		query_json(q, result_of(q, x->file, &record, &result));
	buf_free(&record);
	buf_free(&result);
}

static const char *const result_columns[] = { "task_id", "task", "made", "status", "reason",
	"result" };

void
query_results(struct query *q)
{
	bool whole = q->o->task != NULL || q->o->all;
	struct rows *r = db_rows(q->site, SQL_RESULT_LIST, "tts", q->building.customer,
	    q->building.building, q->o->task);
	struct result_row x;

	q->table = table_begin(table_form(&q->o->form), result_columns, whole ? 6 : 5);
	while (query_more(q) && rows_next(r, "ttttwt", &x.id, &x.task, &x.status, &x.reason,
				    &x.received, &x.file))
		if (query_row(q, x.id))
			put_result(q, &x, whole);
	rows_end(r);
	(void)table_end(q->table);
}

void
query_tenders(struct query *q)
{
	struct rows *r = db_rows(q->site, SQL_TENDER_LIST, "s", query_customer(q));
	struct result_row x;

	QUERY_TABLE(q, result_columns);
	while (query_more(q) && rows_next(r, "ttttwt", &x.id, &x.task, &x.status, &x.reason,
				    &x.received, &x.file))
		if (query_row(q, x.id))
			put_result(q, &x, true);
	rows_end(r);
	(void)table_end(q->table);
}

static bool
newest(struct query *q, const char *task, struct result_row *x)
{
	x->task = span_of(task);
	return db_one(q->site, SQL_RESULT_NEWEST_OF, "tts", "ttwtt", q->building.customer,
	    q->building.building, task, &x->id, &x->file, &x->received, &x->status, &x->reason);
}

void
query_optimising(struct query *q)
{
	struct result_row x;

	QUERY_TABLE(q, result_columns);
	if (newest(q, "optimizing", &x))
		put_result(q, &x, true);
	(void)table_end(q->table);
}

/* ---- the forecast, and what came of it ---- */

struct met {
	when_t from; /* of the first hour */
	double *kwh; /* by hour; NAN: not known */
	size_t n;
};

static bool
add_met(void *ctx, const struct energy_sum *s)
{
	struct met *m = ctx;
	size_t hour = s->from >= m->from ? (size_t)(s->from - m->from) / 3600 : m->n;

	if (hour < m->n && !isnan(s->usage))
		m->kwh[hour] = isnan(m->kwh[hour]) ? s->usage : m->kwh[hour] + s->usage;
	return true;
}

static struct met
see_met(struct query *q, json_value forecast)
{
	struct met m = { .from = WHEN_NONE, .n = json_count(forecast) };
	struct opt_list meters = { 0 };
	struct trend t = q->trend;
	struct span text;
	size_t i;

	if (!json_text(json_get(json_first(forecast), "from"), &text) ||
	    !when_parse_rfc3339(text, &m.from, NULL))
		m.n = 0;
	m.kwh = xcalloc(m.n + 1, sizeof(*m.kwh));
	for (i = 0; i < m.n; i++)
		m.kwh[i] = NAN;
	query_main_meters(q, q->building.customer, q->building.building, &meters);
	t.points = &meters;
	t.from = m.from;
	t.to = m.from + (when_t)m.n * 3600;
	if (m.n > 0 && meters.n > 0 && m.from < q->now)
		energy_each(q->history, &t, ENERGY_BY_HOUR, add_met, &m);
	query_free_list(&meters);
	return m;
}

static void
put_number(struct query *q, json_value hour, const char *name)
{
	double v = NAN;

	(void)json_number(json_get(hour, name), &v);
	table_double(q->table, v);
}

static void
put_hour(struct query *q, const struct result_row *x, json_value hour, double met)
{
	struct span from = { 0 };
	when_t t;

	(void)json_text(json_get(hour, "from"), &from);
	if (!when_parse_rfc3339(from, &t, NULL) || !query_row_at(q, t))
		return;
	query_when(q, t);
	query_when(q, t + 3600);
	put_number(q, hour, "kwh");
	put_number(q, hour, "low");
	put_number(q, hour, "high");
	put_number(q, hour, "week_ago");
	put_number(q, hour, "temperature");
	table_double(q->table, met);
	query_when(q, x->received);
	table_text(q->table, x->id);
}

void
query_forecast(struct query *q)
{
	static const char *const columns[] = { "from", "to", "kwh", "low", "high", "week_ago",
		"temperature", "actual_kwh", "made", "task_id" };
	struct buf record = BUF(RESULTS_FILE_MAX + 2);
	struct json *j = json_new();
	struct result_row x;
	struct met met = { 0 };
	json_value root, hour, hours;
	struct span text;
	size_t i = 0;

	QUERY_TABLE(q, columns);
	if (newest(q, "learning", &x) && (text = read_record(q, x.file, &record)).p != NULL &&
	    json_parse_copy(j, text, &root)) {
		hours = json_get(json_get(root, "result"), "forecast");
		met = see_met(q, hours);
		for (hour = json_first(hours); hour.at != 0 && query_more(q);
		     hour = json_next(hour), i++)
			put_hour(q, &x, hour, i < met.n ? met.kwh[i] : (double)NAN);
	}
	(void)table_end(q->table);
	free(met.kwh);
	json_free(j);
	buf_free(&record);
}
