#include "db/gaps.h"
#include "base/diag.h"
#include "base/jsonw.h"

#include <stdio.h>

#define REQUEST_MAX 1024 /* bytes that hold one */

struct walk {
	const struct gaps *where;
	gap_fn *fn;
	void *ctx;
	when_t at;      /* the frame before, WHEN_NONE until there is one */
	int64_t period; /* its period, minutes */
	size_t found;
};

/* Reports what is missing between the frame before and `next` (not included). */
static void
between(struct walk *w, when_t next)
{
	when_t step = w->period * 60;
	struct gap gap = { .first = w->at + step, .period = w->period };

	if (w->at == WHEN_NONE || next <= gap.first)
		return;
	gap.count = (next - 1 - w->at) / step;
	gap.last = w->at + gap.count * step;
	w->found++;
	w->fn(w->ctx, &gap);
}

static void
walk_month(struct walk *w, struct month *m)
{
	const struct gaps *g = w->where;
	struct rows *r = db_rows(month_db(m), SQL_FRAME_LIST, "tii", g->thing,
	    (int64_t)(g->from > month_from(m) ? g->from : month_from(m)),
	    (int64_t)(g->to < month_to(m) ? g->to + 1 : month_to(m)));
	int64_t ts, period;

	while (rows_next(r, "ii", &ts, &period)) {
		between(w, ts);
		w->at = ts;
		w->period = period;
	}
	rows_end(r);
}

/* It tells what the window's first period should have been; looked for in the month that the
 * window begins in and the one before. */
static void
frame_before_window(struct history *h, struct walk *w)
{
	const struct gaps *g = w->where;
	int back;

	for (back = 0; back < 2 && w->at == WHEN_NONE; back++) {
		struct month *m = history_month_there(
		    h, g->building_key, g->zone, when_month(g->zone, g->from, -back));

		if (m != NULL && !month_frame_before(m, g->thing, g->from, &w->at, &w->period))
			w->at = WHEN_NONE;
	}
}

size_t
gaps_each(struct history *h, const struct gaps *where, gap_fn *fn, void *ctx)
{
	struct walk w = { .where = where, .fn = fn, .ctx = ctx, .at = WHEN_NONE };
	when_t t = where->from;
	struct month *m;

	frame_before_window(h, &w);
	if (w.at != WHEN_NONE) /* what was missing before the window is not looked for in it */
		w.at += (where->from - 1 - w.at) / (w.period * 60) * (w.period * 60);
	for (; t <= where->to; t = when_month(where->zone, t, 1)) {
		m = history_month_there(h, where->building_key, where->zone, t);
		if (m != NULL)
			walk_month(&w, m);
	}
	if (w.at != WHEN_NONE)
		between(&w, where->to + 1);
	return w.found;
}

struct request {
	const struct gaps *where;
	struct db *site;
	when_t now;
	struct buf *down;
};

static void
put_request(void *ctx, const struct gap *gap)
{
	struct request *q = ctx;
	struct jw w = jw_begin(q->down);
	char from[WHEN_TEXT], to[WHEN_TEXT], id[256];

	if (q->down->max - q->down->n < REQUEST_MAX) /* the rest the next time */
		return;
	if (db_run(q->site, SQL_GAP_ASK, "tiiiii", q->where->thing, gap->first, gap->last,
		q->now, (int64_t)GAPS_ASK_AGAIN, (int64_t)GAPS_ASK_TIMES) <= 0)
		return;
	(void)when_format_stamp(from, q->where->zone, gap->first);
	(void)when_format_stamp(to, q->where->zone, gap->last);
	(void)snprintf(
	    id, sizeof(id), "request_log/%.*s/%s/%s", SPAN_ARG(q->where->thing), from, to);
	jw_object(&w);
	jw_member_text(&w, "topic", q->where->thing);
	jw_key(&w, "payload");
	jw_object(&w);
	jw_member_text(&w, "thing", q->where->thing);
	jw_member_str(&w, "point", "request_log");
	jw_key(&w, "message");
	jw_object(&w);
	jw_member_str(&w, "msg_type", "Request_Log");
	jw_member_str(&w, "from", from);
	jw_member_str(&w, "to", to);
	jw_end(&w);
	jw_end(&w);
	jw_member_int(&w, "qos", 1);
	jw_member_str(&w, "id", id);
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(q->down, '\n');
}

void
gaps_request(
    struct history *h, struct db *site, const struct gaps *where, when_t now, struct buf *down)
{
	struct request q = { where, site, now, down };

	(void)gaps_each(h, where, put_request, &q);
	db_do(site, SQL_GAP_FORGET, "ti", where->thing, where->from);
}
