/* Samples: as they came, the newest, how many. */
#include "db/query_own.h"

#include <stdio.h>

static const char *const sample_columns[] = { "time", "point_id", "attr", "value", "thing" };

static void
put_sample(struct query *q, const struct reading *r)
{
	query_when(q, r->ts);
	table_text(q->table, r->series->point_id);
	table_text(q->table, r->series->attr);
	query_value(q, r->value, r->json);
	table_text(q->table, r->series->thing);
}

static bool
put_reading(void *ctx, const struct reading *r)
{
	struct query *q = ctx;

	if (!query_more(q))
		return false;
	if (query_row_at(q, r->ts))
		put_sample(q, r);
	return true;
}

void
query_history(struct query *q)
{
	when_t resume;

	if (q->o->max_points >= 0) {
		query_drawn(
		    q, sample_columns, sizeof(sample_columns) / sizeof(sample_columns[0]));
		return;
	}
	resume = query_resume(q);
	if (resume != WHEN_NONE && (q->trend.from == WHEN_NONE || resume >= q->trend.from))
		q->trend.from = resume;
	QUERY_TABLE(q, sample_columns);
	trend_each(q->history, &q->trend, put_reading, q);
	(void)table_end(q->table);
}

static bool
put_newest(void *ctx, const struct reading *r)
{
	struct query *q = ctx;
	char key[POINT_ID_MAX + POINT_ATTR_MAX + 2];

	if (!query_more(q))
		return false;
	(void)snprintf(key, sizeof(key), "%.*s %.*s", SPAN_ARG(r->series->point_id),
	    SPAN_ARG(r->series->attr));
	if (query_row(q, span_of(key)))
		put_sample(q, r);
	return true;
}

void
query_latest(struct query *q)
{
	QUERY_TABLE(q, sample_columns);
	trend_latest(q->history, &q->trend, put_newest, q);
	(void)table_end(q->table);
}

static bool
put_tally(void *ctx, const struct tally *t)
{
	struct query *q = ctx;
	char month[WHEN_TEXT], key[WHEN_TEXT + POINT_ID_MAX + POINT_ATTR_MAX + THING_MAX + 4];

	if (!query_more(q))
		return false;
	(void)snprintf(key, sizeof(key), "%s %.*s %.*s %.*s",
	    when_format_month(month, q->trend.zone, t->month), SPAN_ARG(t->series->point_id),
	    SPAN_ARG(t->series->attr), SPAN_ARG(t->series->thing));
	if (!query_row(q, span_of(key)))
		return true;
	table_str(q->table, month);
	table_text(q->table, t->series->point_id);
	table_text(q->table, t->series->attr);
	table_int(q->table, t->samples);
	query_when(q, t->first);
	query_when(q, t->last);
	table_text(q->table, t->series->thing);
	return true;
}

void
query_count(struct query *q)
{
	static const char *const columns[] = { "month", "point_id", "attr", "samples", "first",
		"last", "thing" };

	QUERY_TABLE(q, columns);
	trend_count(q->history, &q->trend, put_tally, q);
	(void)table_end(q->table);
}
