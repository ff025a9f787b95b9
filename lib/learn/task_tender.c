/* The tender tasks: what past openings say, and the chances of a bid. */
#include <math.h>
#include <stdlib.h>

#include "base/diag.h"
#include "learn/openings.h"
#include "learn/rival.h"
#include "learn/task.h"

#define CURVE_EVERY 4 /* of the RIVAL_GRID points, those told */
#define SEED 20260101
#define AGENCIES 200    /* told */
#define AGENCY_LEAST 10 /* openings of one that is told by itself */
#define EDGE 1.01       /* times 1/N: less is the grain of the curve */

/*
 * Award floor rates of works by estimated amount: 87.745 % and on below 1, 5, 10 and 30
 * thousand million won, two points more for local contracts from 2025-07-01 and for national
 * ones from 2026-01-30. A notice that says its own rate goes before these.
 */
enum { WORKS_LOCAL, WORKS_NATIONAL };

#define EOK 100000000LL
#define FLOORS(kind, day, more)                                                           \
	{ kind, day, 10 * EOK, 87745 + (more) }, { kind, day, 50 * EOK, 86745 + (more) }, \
	    { kind, day, 100 * EOK, 85495 + (more) },                                     \
	{                                                                                 \
		kind, day, 300 * EOK, 79995 + (more)                                      \
	}

static const struct tender_floor floors[] = { FLOORS(WORKS_LOCAL, 0, 0),
	FLOORS(WORKS_LOCAL, 20270, 2000), FLOORS(WORKS_NATIONAL, 0, 0),
	FLOORS(WORKS_NATIONAL, 20483, 2000) };

static const double quantiles[] = { 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 };

#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static const char *
generator_name(enum reserve_generator g)
{
	return g == RESERVE_SPLIT ? "split" : "equal";
}

/* "equal" or "split"; what is neither leaves it to the openings. */
static enum reserve_generator
generator_of(json_value record, const char *member, enum reserve_generator learned)
{
	struct span text = { 0 };

	(void)json_text(json_get(record, member), &text);
	return span_is(text, "equal")   ? RESERVE_EQUAL
	       : span_is(text, "split") ? RESERVE_SPLIT
					: learned;
}

/* What is procured: the notice's kind, or the task's buildingMode; empty: neither says. */
static struct span
kind_of(json_value notice, json_value record)
{
	struct span kind = { 0 };

	if (!json_text(json_get(notice, "kind"), &kind))
		(void)json_text(json_get(record, "buildingMode"), &kind);
	return kind;
}

/* The range where an opening or a notice says none: 3 % of local governments, else 2 %. */
static void
default_range(json_value data, struct span kind, double *low, double *high)
{
	*high = span_is(kind, "works-local") ? 3 : 2;
	*low = -*high;
	(void)task_number(data, "low", -10, -1e-6, low);
	(void)task_number(data, "high", 1e-6, 10, high);
}

static void
put_law(struct jw *w, const struct reserve_law *law)
{
	size_t i;

	jw_key(w, "law");
	jw_object(w);
	jw_member_str(w, "generator", generator_name(law->generator));
	jw_member_round(w, "low", law->low, 3);
	jw_member_round(w, "high", law->high, 3);
	jw_member_round(w, "mean", law->mean, 4);
	jw_member_round(w, "sd", law->sd, 4);
	jw_key(w, "quantiles");
	jw_array(w);
	for (i = 0; i < QUANTILES; i++) {
		jw_object(w);
		jw_member_round(w, "p", quantiles[i], 2);
		jw_member_round(w, "percent", reserve_quantile(law, quantiles[i]), 4);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

/* ---- companies ---- */

struct bids {
	struct rival *rival; /* [n], by company of `name` */
	const char **name;
	size_t n;
	double **aimed; /* owned */
	double *market;
	size_t market_n;
};

static void
bids_free(struct bids *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		free(b->aimed[i]);
	free(b->aimed);
	free(b->rival);
	free(b->name);
	free(b->market);
}

/* The aimed percent of a bid; NaN: out of range, or no floor rate is known. */
static double
aimed_of(const struct opening *o, size_t k, int32_t rate)
{
	rate = o->rate > 0 ? o->rate : rate;
	return rate > 0 ? tender_aimed(o->bid[k].amount, o->o.base, o->a_value, rate) : NAN;
}

static void
collect_company(struct bids *b, size_t at, const struct openings *os, int32_t rate)
{
	size_t i, k, n = 0;
	double x;

	b->aimed[at] = xcalloc(os->bids + 1, sizeof(double));
	for (i = 0; i < os->n; i++)
		for (k = 0; k < os->all[i].bids; k++) {
			if (strcmp(os->all[i].bid[k].company, b->name[at]) != 0)
				continue;
			x = aimed_of(&os->all[i], k, rate);
			if (isfinite(x))
				b->aimed[at][n++] = x;
		}
	b->rival[at] = (struct rival){ b->aimed[at], n };
}

/* names: a JSON list of companies; each is told apart once. */
static void
collect(
    struct bids *b, const struct openings *os, json_value list, int32_t rate, struct buf *text)
{
	size_t i, k, room = json_count(list) + 1;
	struct span name;
	json_value v;
	double x;

	*b = (struct bids){ .rival = xcalloc(room, sizeof(*b->rival)),
		.name = xcalloc(room, sizeof(*b->name)),
		.aimed = xcalloc(room, sizeof(*b->aimed)),
		.market = xcalloc(os->bids + 1, sizeof(double)) };
	buf_clear(text);
	(void)buf_reserve(text, json_raw(list).n + room);
	for (v = json_first(list); v.at != 0 && b->n < RIVAL_MAX; v = json_next(v)) {
		size_t at = text->n;

		if (!json_text(v, &name) || memchr(name.p, '\0', name.n) != NULL)
			continue;
		buf_put(text, name);
		buf_put(text, (struct span){ "", 1 });
		b->name[b->n] = text->p + at;
		collect_company(b, b->n, os, rate);
		b->n++;
	}
	for (i = 0; i < os->n; i++)
		for (k = 0; k < os->all[i].bids; k++) {
			x = aimed_of(&os->all[i], k, rate);
			if (isfinite(x))
				b->market[b->market_n++] = x;
		}
}

static void
moments(const double *x, size_t n, double *mean, double *sd)
{
	double sum = 0, square = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += x[i];
	*mean = n > 0 ? sum / (double)n : NAN;
	for (i = 0; i < n; i++)
		square += (x[i] - *mean) * (x[i] - *mean);
	*sd = n > 1 ? sqrt(square / (double)(n - 1)) : NAN;
}

static void
put_companies(struct jw *w, const struct bids *b)
{
	double mean, sd;
	size_t i;

	jw_key(w, "companies");
	jw_array(w);
	for (i = 0; i < b->n; i++) {
		size_t n = b->rival[i].n;

		moments(b->rival[i].aimed, n, &mean, &sd);
		jw_object(w);
		jw_member_str(w, "company", b->name[i]);
		jw_member_int(w, "bids", (int64_t)n);
		jw_member_round(w, "mean_percent", mean, 4);
		jw_member_round(w, "sd_percent", sd, 4);
		jw_member_round(w, "weight", (double)n / (double)(n + RIVAL_SHRINK), 4);
		jw_end(w);
	}
	jw_end(w);
}

/* ---- learning ---- */

/* What the openings of one standard, or agency, say; NULL: those of all. Range: theirs, else
 * low and high. */
struct study {
	const char *standard, *agency;
	double low, high;
	struct tender_history h;
	enum learn_status status;
};

static void
study(struct study *x, const struct openings *os)
{
	struct tender_opening *o = xcalloc(os->n + 1, sizeof(*o));
	bool ranged = false;
	size_t i, n = 0;

	for (i = 0; i < os->n; i++) {
		const struct opening *from = &os->all[i];

		if ((x->standard != NULL && strcmp(from->standard, x->standard) != 0) ||
		    (x->agency != NULL && strcmp(from->agency, x->agency) != 0))
			continue;
		if (!ranged && from->o.low < 0 && from->o.high > 0) {
			x->low = from->o.low;
			x->high = from->o.high;
			ranged = true;
		}
		o[n] = from->o;
		if (isnan(o[n].low) || isnan(o[n].high)) {
			o[n].low = x->low;
			o[n].high = x->high;
		}
		n++;
	}
	x->status = tender_learn(o, n, &x->h);
	free(o);
}

static void
put_study(struct jw *w, const struct study *x, enum reserve_generator generator)
{
	const struct tender_history *h = &x->h;
	struct reserve_law law = { 0 };

	jw_object(w);
	if (x->agency != NULL)
		jw_member_str(w, "agency", x->agency);
	else
		jw_member_str(w, "standard", x->standard);
	jw_member_int(w, "openings", (int64_t)h->openings);
	jw_member_int(w, "refused", (int64_t)h->refused);
	if (x->status == LEARN_OK) {
		jw_member_round(w, "mean", h->mean, 4);
		jw_member_round(w, "sd", h->sd, 4);
		jw_member_str(w, "generator", generator_name(generator));
		jw_member_bool(w, "generator_decided", h->decided);
		jw_key(w, "cells");
		jw_object(w);
		jw_member_round(w, "equal", h->cells[RESERVE_EQUAL], 4);
		jw_member_round(w, "split", h->cells[RESERVE_SPLIT], 4);
		jw_end(w);
		jw_member_round(w, "serial_chi2", h->serial_chi2, 3);
		jw_member_int(w, "held_out", (int64_t)h->held_out);
		jw_member_round(w, "pinball_law", h->pinball_law, 5);
		jw_member_round(w, "pinball_past", h->pinball_past, 5);
		jw_member_bool(w, "skill", h->skill);
		if (reserve_init(generator, x->low, x->high, &law) == LEARN_OK)
			put_law(w, &law);
	}
	jw_end(w);
	reserve_free(&law);
}

/* Each standard by itself, in order of appearance. */
static bool
put_studies(
    struct jw *w, const struct openings *os, json_value data, json_value record, bool *skill)
{
	bool any = false;
	size_t i, k;

	*skill = false;
	jw_key(w, "standards");
	jw_array(w);
	for (i = 0; i < os->n; i++) {
		struct study x = { .standard = os->all[i].standard };

		for (k = 0; k < i && strcmp(os->all[k].standard, x.standard) != 0; k++)
			;
		if (k < i)
			continue;
		default_range(data, kind_of((json_value){ 0 }, record), &x.low, &x.high);
		study(&x, os);
		put_study(w, &x, generator_of(record, "method", x.h.generator));
		any = any || x.status == LEARN_OK;
		*skill = *skill || (x.status == LEARN_OK && x.h.skill);
	}
	jw_end(w);
	return any;
}

/* ---- by agency ---- */

struct agency {
	const char *name;
	size_t openings;
};

static int
by_name(const void *a, const void *b)
{
	const struct agency *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
by_openings(const void *a, const void *b)
{
	const struct agency *x = a, *y = b;

	return x->openings == y->openings
		   ? strcmp(x->name, y->name)
		   : (x->openings < y->openings) - (x->openings > y->openings);
}

/* Those that gave notice, most first; returns how many. all[os->n] */
static size_t
list_agencies(const struct openings *os, struct agency *all)
{
	size_t i, n = 0, m = 0;

	for (i = 0; i < os->n; i++)
		if (os->all[i].agency[0] != '\0')
			all[n++] = (struct agency){ os->all[i].agency, 1 };
	qsort(all, n, sizeof(*all), by_name);
	for (i = 0; i < n; i++)
		if (m > 0 && strcmp(all[m - 1].name, all[i].name) == 0)
			all[m - 1].openings++;
		else
			all[m++] = all[i];
	qsort(all, m, sizeof(*all), by_openings);
	return m;
}

/* Each agency that has enough of them; how many have not is said. */
static void
put_agencies(struct jw *w, const struct openings *os, json_value data, json_value record)
{
	struct agency *all = xcalloc(os->n + 1, sizeof(*all));
	size_t n = list_agencies(os, all), i;

	jw_key(w, "agencies");
	jw_array(w);
	for (i = 0; i < n && i < AGENCIES && all[i].openings >= AGENCY_LEAST; i++) {
		struct study x = { .agency = all[i].name };

		default_range(data, kind_of((json_value){ 0 }, record), &x.low, &x.high);
		study(&x, os);
		put_study(w, &x, generator_of(record, "method", x.h.generator));
	}
	jw_end(w);
	jw_member_int(w, "agencies_not_told", (int64_t)(n - i));
	free(all);
}

void
task_tender_learning(json_value data, json_value record, struct jw *w, struct task_outcome *o)
{
	struct buf text = BUF((size_t)16 << 20);
	struct openings os;
	struct bids b;
	bool skill;

	openings_get(&os, json_get(data, "openings"));
	if (!put_studies(w, &os, data, record, &skill))
		task_settle(o, TASK_NO_RUN, "no opening can be used");
	else if (!skill)
		task_settle(o, TASK_OK,
		    "the past does not beat the law of the draw: the law is what is known");
	put_agencies(w, &os, data, record);
	collect(&b, &os, json_get(data, "companies"), 0, &text);
	put_companies(w, &b);
	jw_member_int(w, "bids", (int64_t)b.market_n);
	jw_member_str(w, "warning", rival_warning());
	bids_free(&b);
	openings_free(&os);
	buf_free(&text);
}

/* ---- predicting ---- */

struct notice {
	int64_t base, a_value, cost;
	int32_t rate;
	int64_t bidders; /* with us; 0: not told */
	double low, high;
};

static int64_t
won_of(json_value notice, const char *name)
{
	int64_t v;

	return json_int(json_get(notice, name), &v) && v >= 0 && v <= TENDER_WON_MAX ? v : 0;
}

/* By the notice's own rate, or by kind, day and amount from the table. */
static int32_t
rate_of(json_value notice, struct span kind, int64_t base)
{
	struct span day = { 0 };
	int64_t amount = won_of(notice, "amount");
	double rate;
	when_t t;

	if (task_number(notice, "rate", 1, 100, &rate))
		return (int32_t)lround(rate * 1000);
	if (!json_text(json_get(notice, "day"), &day) || !when_parse_human(day, NULL, 0, &t) ||
	    (!span_is(kind, "works-local") && !span_is(kind, "works-national")))
		return 0;
	return tender_floor_rate(floors, sizeof(floors) / sizeof(floors[0]),
	    span_is(kind, "works-local") ? WORKS_LOCAL : WORKS_NATIONAL, (int32_t)(t / 86400),
	    amount > 0 ? amount : base);
}

static bool
read_notice(
    json_value v, json_value data, json_value record, struct notice *n, struct task_outcome *o)
{
	struct span kind = kind_of(v, record);

	default_range(data, kind, &n->low, &n->high);
	(void)task_number(v, "low", -10, -1e-6, &n->low);
	(void)task_number(v, "high", 1e-6, 10, &n->high);
	n->base = won_of(v, "base");
	n->a_value = won_of(v, "a_value");
	n->cost = won_of(v, "cost");
	n->bidders = won_of(v, "bidders");
	n->rate = rate_of(v, kind, n->base);
	if (n->base < 1)
		task_settle(o, TASK_ERROR, "predictInput: base is not an amount in won");
	else if (n->rate == 0)
		task_settle(o, TASK_ERROR,
		    "predictInput: no floor rate: say rate, or kind (works-local, "
		    "works-national) and day");
	else if (n->bidders > 100000)
		task_settle(o, TASK_ERROR, "predictInput: bidders: more than 100000");
	return o->status == TASK_OK;
}

static void
put_prices(struct jw *w, const struct reserve_law *law, const struct notice *n)
{
	size_t i;

	jw_key(w, "prices");
	jw_array(w);
	for (i = 0; i < QUANTILES; i++) {
		double s = reserve_quantile(law, quantiles[i]);
		int64_t estimated = tender_estimated(n->base, s);

		jw_object(w);
		jw_member_round(w, "p", quantiles[i], 2);
		jw_member_round(w, "percent", s, 4);
		jw_member_int(w, "estimated", estimated);
		jw_member_int(w, "least_bid", tender_least_bid(estimated, n->a_value, n->rate));
		jw_end(w);
	}
	jw_end(w);
}

static void
put_point(struct jw *w, const struct rival_point *p)
{
	jw_object(w);
	jw_member_int(w, "bid", p->bid);
	jw_member_round(w, "percent", p->aimed, 4);
	jw_member_round(w, "win", p->win, 5);
	jw_member_round(w, "win_low", p->low, 5);
	jw_member_round(w, "win_high", p->high, 5);
	jw_member_round(w, "below_floor", p->below, 4);
	jw_end(w);
}

static void
put_curve(struct jw *w, const struct rival_curve *c)
{
	const struct {
		const char *name;
		size_t at;
	} bids[] = { { "best", c->best }, { "safe", c->safe }, { "margin", c->margin } };
	size_t i;

	jw_member_int(w, "bidders", (int64_t)c->bidders);
	jw_key(w, "bids");
	jw_object(w);
	for (i = 0; i < 3; i++) {
		jw_key(w, bids[i].name);
		put_point(w, &c->point[bids[i].at]);
	}
	jw_end(w);
	jw_member_round(w, "edge_vs_1_over_n", c->edge, 4);
	jw_member_round(w, "edge_low", c->edge_low, 4);
	jw_key(w, "curve");
	jw_array(w);
	for (i = 0; i < RIVAL_GRID; i += CURVE_EVERY)
		put_point(w, &c->point[i]);
	jw_end(w);
}

static void
predict(struct jw *w, const struct notice *n, const struct reserve_law *law,
    const struct bids *b, struct task_outcome *o)
{
	struct rival_curve *c = xcalloc(1, sizeof(*c));
	size_t known = b->n;
	size_t others = n->bidders > (int64_t)known + 1 ? (size_t)n->bidders - known - 1 : 0;
	const struct rival_tender t = { .law = law,
		.base = n->base,
		.a_value = n->a_value,
		.rate = n->rate,
		.rival = b->rival,
		.rivals = known,
		.others = others,
		.market = b->market_n > 0 ? b->market : NULL,
		.market_n = b->market_n,
		.cost = n->cost,
		.seed = SEED };
	enum learn_status status = rival_curve(&t, c);

	if (status == LEARN_OK) {
		put_curve(w, c);
		if (c->edge_low < EDGE)
			task_settle(o, TASK_OK,
			    "no bid has an edge over the others that is worth the name");
	} else {
		task_settle(o, TASK_ERROR, "no curve: %s", learn_reason(status));
	}
	free(c);
}

/* Do the openings of a standard or agency tell the generator? */
static bool
decides(struct study *x, const struct openings *os, const struct notice *n)
{
	x->low = n->low;
	x->high = n->high;
	study(x, os);
	return x->status == LEARN_OK && x->h.decided;
}

/* The openings of the notice's agency, where they tell; or of its standard; of all. */
static enum reserve_generator
generator_for(const struct notice *n, const struct openings *os, json_value v, struct jw *w)
{
	struct span standard = { 0 }, agency = { 0 };
	struct study x = { 0 };
	char *of_agency = NULL, *of_standard = NULL;
	bool decided;

	if (json_text(json_get(v, "agency"), &agency))
		x.agency = of_agency = xstrndup(agency.p, agency.n);
	if (json_text(json_get(v, "standard"), &standard))
		of_standard = xstrndup(standard.p, standard.n);
	decided = of_agency != NULL && decides(&x, os, n);
	if (!decided) {
		x = (struct study){ .standard = of_standard };
		decided = decides(&x, os, n);
	}
	jw_member_int(w, "openings", (int64_t)x.h.openings);
	jw_member_bool(w, "generator_decided", decided);
	free(of_agency);
	free(of_standard);
	/* where the past does not tell: local governments' wider range goes with their cells */
	return decided ? x.h.generator : n->high > 2.5 ? RESERVE_SPLIT : RESERVE_EQUAL;
}

void
task_tender_predict(json_value data, json_value record, struct jw *w, struct task_outcome *o)
{
	json_value v = json_get(data, "notice");
	struct buf text = BUF((size_t)16 << 20);
	struct reserve_law law = { 0 };
	struct notice n = { 0 };
	struct openings os;
	struct bids b;

	openings_get(&os, json_get(data, "openings"));
	if (read_notice(v, data, record, &n, o)) {
		enum reserve_generator g = generator_for(&n, &os, v, w);

		collect(&b, &os, json_get(data, "companies"), n.rate, &text);
		if (reserve_init(generator_of(record, "predictMethod", g), n.low, n.high,
			&law) == LEARN_OK) {
			jw_member_int(w, "base", n.base);
			jw_member_int(w, "rate", n.rate);
			put_law(w, &law);
			put_prices(w, &law, &n);
			put_companies(w, &b);
			predict(w, &n, &law, &b, o);
		} else {
			task_settle(
			    o, TASK_ERROR, "reserveRange: not a range around 0, at most 10 %%");
		}
		bids_free(&b);
	}
	jw_member_str(w, "warning", rival_warning());
	reserve_free(&law);
	openings_free(&os);
	buf_free(&text);
}
