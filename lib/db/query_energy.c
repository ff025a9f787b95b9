/* What the meters have used. */
#include "db/energy.h"
#include "db/query_own.h"

#include <math.h>
#include <stdlib.h>

void
query_free_list(struct opt_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free((char *)(uintptr_t)list->items[i]);
	opt_list_free(list);
}

void
query_main_meters(
    struct query *q, struct span customer, struct span building, struct opt_list *to)
{
	struct rows *r = db_rows(q->site, SQL_ENERGY_POINTS, "tt", customer, building);
	struct opt_list rest = { 0 };
	struct span id, thing;

	while (rows_next(r, "tt", &id, &thing))
		opt_list_add(span_is(point_parts(id).role, "MainMeter") ? to : &rest,
		    xstrndup(id.p, id.n));
	rows_end(r);
	if (to->n == 0) {
		*to = rest;
		return;
	}
	query_free_list(&rest);
}

static bool
put_energy(void *ctx, const struct energy_sum *s)
{
	struct query *q = ctx;

	if (!query_more(q))
		return false;
	if (!query_row_at(q, s->from))
		return true;
	query_when(q, s->from);
	query_when(q, s->to);
	table_text(q->table, s->point_id);
	table_double(q->table, s->usage);
	table_double(q->table, s->demand);
	query_when(q, isnan(s->demand) ? WHEN_NONE : s->demand_at);
	table_double(q->table, s->charge);
	table_int(q->table, s->intervals);
	table_int(q->table, s->marked);
	table_int(q->table, s->uncharged);
	return true;
}

void
query_energy(struct query *q)
{
	static const char *const columns[] = { "from", "to", "point_id", "usage_kwh",
		"demand_kw", "demand_at", "charge", "intervals", "marked", "uncharged" };
	enum energy_by by = ENERGY_BY_DAY;

	if (q->o->by != NULL && !energy_by_parse(q->o->by, &by))
		opt_wrong("--by: not hour, day or month: %s", q->o->by);
	QUERY_TABLE(q, columns);
	energy_each(q->history, &q->trend, by, put_energy, q);
	(void)table_end(q->table);
}
