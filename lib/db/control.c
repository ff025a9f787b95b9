#include "db/control.h"
#include "base/diag.h"

#include <stdlib.h>

#define COLUMNS "ttttttwtiwtttitww"
#define INTO(c)                                                                                \
	&(c)->request_id, &(c)->customer, &(c)->building, &(c)->thing, &(c)->point_id,         \
	    &(c)->user, &(c)->asked, &(c)->value, &(c)->priority, &(c)->expires, &(c)->state,  \
	    &(c)->value_before, &(c)->value_after, &(c)->winner, &(c)->reason, &(c)->answered, \
	    &(c)->ended

bool
control_point(struct db *site, struct span customer, struct span building, struct span point_id,
    struct span *thing, struct span *type)
{
	when_t deleted;

	return db_one(site, SQL_CONTROL_POINT, "ttt", "ttw", customer, building, point_id,
		   thing, type, &deleted) &&
	       deleted == WHEN_NONE;
}

void
control_put(struct db *site, const struct control *c)
{
	must(db_run(site, SQL_CONTROL_ADD, "tttttttwtiwwt", c->request_id, c->customer,
		 c->building, c->thing, c->point_id, c->user, c->connection, c->asked, c->value,
		 c->priority, c->expires, c->deadline, c->value_before) == 1);
}

bool
control_get(struct db *site, struct span request_id, struct control *c)
{
	*c = (struct control){ 0 };
	return db_one(site, SQL_CONTROL_GET, "t", COLUMNS, request_id, INTO(c));
}

static void
each(struct rows *r, control_fn *fn, void *ctx)
{
	struct control c = { 0 };

	while (rows_next(r, COLUMNS, INTO(&c)))
		fn(ctx, &c);
	rows_end(r);
}

void
control_held(
    struct db *site, struct span customer, struct span building, control_fn *fn, void *ctx)
{
	each(db_rows(site, SQL_CONTROL_HELD, "tt", customer, building), fn, ctx);
}

void
control_since(struct db *site, struct span customer, struct span building, when_t since,
    control_fn *fn, void *ctx)
{
	each(db_rows(site, SQL_CONTROL_SINCE, "ttw", customer, building, since), fn, ctx);
}

void
control_due(struct db *site, when_t now, control_fn *fn, void *ctx)
{
	each(db_rows(site, SQL_CONTROL_DUE, "w", now), fn, ctx);
}

void
control_end(struct db *site, struct span request_id, const char *state, when_t now)
{
	db_do(site, SQL_CONTROL_END, "tsw", request_id, state, now);
}

void
control_open(struct db *site, when_t since, control_open_fn *fn, void *ctx)
{
	struct rows *r = db_rows(site, SQL_CONTROL_OPEN, "w", since);
	struct span id, thing, point, value;
	when_t asked;

	while (rows_next(r, "ttttw", &id, &thing, &point, &value, &asked))
		fn(ctx, id, thing, point, value, asked);
	rows_end(r);
}

/* Whoever held the same priority of the point holds it no more. */
static void
take_over(struct db *site, const struct control *c, when_t now)
{
	db_do(site, SQL_CONTROL_REPLACE, "tttitsww", c->customer, c->building, c->point_id,
	    c->priority, c->request_id, span_is(c->value, "null") ? "released" : "replaced",
	    now, c->asked);
}

const char *
control_answered(struct db *site, const struct control_answer *a, when_t now)
{
	struct control c;
	const char *state = span_is(a->status, "ok")           ? "effective"
			    : span_is(a->status, "overridden") ? "overridden"
			    : span_is(a->status, "refused")    ? "refused"
							       : NULL;

	if (state == NULL)
		return "bad-status";
	if (!control_get(site, a->request_id, &c))
		return "unknown-request";
	if (!span_eq(c.thing, a->thing))
		return "not-its-request";
	if (!span_is(c.state, "sent") && !span_is(c.state, "timeout"))
		return NULL; /* the same answer again, or one that came too late to matter */
	if (strcmp(state, "refused") != 0)
		take_over(site, &c, now);
	db_do(site, SQL_CONTROL_SETTLE, "tstitw", a->request_id, state, a->value, a->winner,
	    a->reason, now);
	return NULL;
}

int64_t
control_late(struct db *site, when_t now)
{
	return db_run(site, SQL_CONTROL_LATE, "w", now);
}
