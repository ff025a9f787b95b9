/* What the meters have used. */
#include "db/energy.h"
#include "db/query_own.h"
#include "db/reference.h"

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

static void
put_use(struct query *q, const struct energy_sum *s)
{
	query_when(q, s->from);
	query_when(q, s->to);
	table_text(q->table, s->point_id);
	table_double(q->table, s->usage);
}

static bool
put_energy(void *ctx, const struct energy_sum *s)
{
	struct query *q = ctx;

	if (!query_more(q))
		return false;
	if (!query_row_at(q, s->from))
		return true;
	put_use(q, s);
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

/* ---- peaks and cost ---- */

static enum energy_by
interval_of(const struct query *q, enum energy_by otherwise)
{
	enum energy_by by = otherwise;

	if (q->o->by != NULL && !energy_by_parse(q->o->by, &by))
		opt_wrong("--by: not hour, day or month: %s", q->o->by);
	return by;
}

/* The meters asked for, or the main ones. */
static void
use_meters(struct query *q, struct opt_list *meters)
{
	if (q->o->points.n > 0)
		return;
	query_main_meters(q, q->building.customer, q->building.building, meters);
	q->trend.points = meters;
}

static void
each_sum(struct query *q, enum energy_by by, energy_fn *fn, void *ctx)
{
	struct opt_list meters = { 0 };

	use_meters(q, &meters);
	if (q->trend.points->n > 0)
		energy_each(q->history, &q->trend, by, fn, ctx);
	q->trend.points = &q->o->points;
	query_free_list(&meters);
}

static bool
put_peak(void *ctx, const struct energy_sum *s)
{
	struct query *q = ctx;
	when_t from = q->trend.from > s->from ? q->trend.from : s->from, to = s->to;
	double mean, contract = q->building.contract_kw;

	if (!query_more(q))
		return false;
	if (!query_row_at(q, s->from))
		return true;
	if (q->trend.to != WHEN_NONE && q->trend.to < to)
		if (q->now < to && q->now > from)
			to = q->now;
	mean = s->usage / ((double)(to - from) / 3600);
	query_when(q, s->from);
	query_when(q, s->to);
	table_text(q->table, s->point_id);
	table_double(q->table, s->demand);
	query_when(q, isnan(s->demand) ? WHEN_NONE : s->demand_at);
	query_round(q, mean, 3);
	query_round(q, s->demand > 0 ? mean / s->demand : (double)NAN, 4);
	table_double(q->table, contract);
	query_round(q, contract > 0 ? s->demand / contract : (double)NAN, 4);
	return true;
}

void
query_peak(struct query *q)
{
	static const char *const columns[] = { "from", "to", "point_id", "demand_kw",
		"demand_at", "mean_kw", "load_factor", "contract_kw", "of_contract" };

	QUERY_TABLE(q, columns);
	each_sum(q, interval_of(q, ENERGY_BY_MONTH), put_peak, q);
	(void)table_end(q->table);
}

struct costing {
	struct query *q;
	struct tariff_account *account; /* NULL: no tariff */
};

static const char *
currency_at(struct costing *c, when_t t)
{
	const struct tariff_rate *rate;

	return c->account != NULL && tariff_account_at(c->account, t, &rate) == TARIFF_FOUND
		   ? rate->currency
		   : NULL;
}

static bool
put_cost(void *ctx, const struct energy_sum *s)
{
	struct costing *c = ctx;
	struct query *q = c->q;

	if (!query_more(q))
		return false;
	if (!query_row_at(q, s->from))
		return true;
	put_use(q, s);
	table_double(q->table, s->charge);
	query_round(q, s->usage > 0 ? s->charge / s->usage : (double)NAN, 4);
	table_str(q->table, currency_at(c, s->from));
	table_int(q->table, s->uncharged);
	return true;
}

void
query_cost(struct query *q)
{
	static const char *const columns[] = { "from", "to", "point_id", "usage_kwh", "charge",
		"mean_price", "currency", "uncharged" };
	struct reference *ref = reference_load(q->site);
	struct costing c = { .q = q };

	if (q->building.tariff.n > 0)
		c.account = reference_account(ref, &q->building, q->trend.zone);
	QUERY_TABLE(q, columns);
	each_sum(q, interval_of(q, ENERGY_BY_MONTH), put_cost, &c);
	(void)table_end(q->table);
	tariff_account_close(c.account);
	reference_free(ref);
}

/* ---- two periods beside one another ---- */

/* An interval of the other period, by its place from the beginning. */
struct compared {
	int64_t place;
	when_t from;
	char *point_id;
	double usage, charge;
};

struct comparison {
	struct query *q;
	enum energy_by by;
	when_t begin; /* of the period in hand */
	struct compared *other;
	size_t n, room;
};

/* The how-manieth hour, day or month after the beginning: what is compared need not be of one
 * length (months, days when clocks are set). */
static int64_t
place_of(const struct comparison *c, when_t t)
{
	struct civil a = when_civil(c->q->trend.zone, c->begin, NULL),
		     b = when_civil(c->q->trend.zone, t, NULL);

	switch (c->by) {
	case ENERGY_BY_MONTH:
		return (int64_t)(b.year - a.year) * 12 + b.month - a.month;
	case ENERGY_BY_DAY:
		return civil_day_number(b) - civil_day_number(a);
	default:
		return (t - c->begin) / 3600;
	}
}

static bool
keep_other(void *ctx, const struct energy_sum *s)
{
	struct comparison *c = ctx;

	if (c->n == c->room) {
		c->room = c->room > 0 ? c->room * 2 : 64;
		c->other = xrealloc(c->other, c->room * sizeof(*c->other));
	}
	c->other[c->n++] = (struct compared){ place_of(c, s->from), s->from,
		xstrndup(s->point_id.p, s->point_id.n), s->usage, s->charge };
	return true;
}

static const struct compared *
find_other(const struct comparison *c, int64_t place, struct span point)
{
	size_t low = 0, high = c->n, mid;

	while (low < high) { /* by place; the points of a place are few */
		mid = (low + high) / 2;
		if (c->other[mid].place < place)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->n && c->other[low].place == place; low++)
		if (span_is(point, c->other[low].point_id))
			return &c->other[low];
	return NULL;
}

static bool
put_compared(void *ctx, const struct energy_sum *s)
{
	struct comparison *c = ctx;
	struct query *q = c->q;
	const struct compared *o = find_other(c, place_of(c, s->from), s->point_id);
	double other = o != NULL ? o->usage : (double)NAN;

	if (!query_more(q))
		return false;
	if (!query_row_at(q, s->from))
		return true;
	query_when(q, s->from);
	query_when(q, s->to);
	query_when(q, o != NULL ? o->from : WHEN_NONE);
	table_text(q->table, s->point_id);
	table_double(q->table, s->usage);
	table_double(q->table, other);
	query_round(q, s->usage - other, 6);
	query_round(q, other > 0 ? s->usage / other - 1 : (double)NAN, 4);
	table_double(q->table, s->charge);
	table_double(q->table, o != NULL ? o->charge : (double)NAN);
	return true;
}

/* The end of the other period: as many days, or months, after its beginning. */
static when_t
other_end(const struct comparison *c, when_t than)
{
	int64_t n = place_of(c, c->q->trend.to - 1) + 1;

	switch (c->by) {
	case ENERGY_BY_MONTH:
		return when_month(c->q->trend.zone, than, (int)n);
	case ENERGY_BY_DAY:
		return when_day(c->q->trend.zone, than, (int)n);
	default:
		return than + n * 3600;
	}
}

void
query_compare(struct query *q)
{
	static const char *const columns[] = { "from", "to", "than", "point_id", "usage_kwh",
		"than_kwh", "change_kwh", "change", "charge", "than_charge" };
	struct comparison c = { .q = q, .by = interval_of(q, ENERGY_BY_DAY) };
	when_t from = q->trend.from, to = q->trend.to, than;
	size_t i;

	if (from == WHEN_NONE || to == WHEN_NONE || q->o->than == NULL)
		opt_wrong("--from, --to and --than: which periods?");
	than = query_time(q, "--than", q->o->than, WHEN_NONE);
	c.begin = from;
	q->trend.to = other_end(&c, than);
	c.begin = q->trend.from = than;
	each_sum(q, c.by, keep_other, &c);
	c.begin = q->trend.from = from;
	q->trend.to = to;
	QUERY_TABLE(q, columns);
	each_sum(q, c.by, put_compared, &c);
	(void)table_end(q->table);
	for (i = 0; i < c.n; i++)
		free(c.other[i].point_id);
	free(c.other);
}
