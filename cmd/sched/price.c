/* Prices by interval, and bills of real load. */
#include "base/out.h"
#include "bms/bill.h"
#include "bms/dated.h"
#include "db/load.h"
#include "sched/job.h"

#include <math.h>
#include <stdlib.h>

#define LINES 64 /* different prices in one month: seasons x bands x versions */
#define MONTHS 12

/* ---- price ---- */

static void
put_marks(struct buf *to, const struct tariff_rate *r)
{
	struct jw w = jw_begin(to);

	jw_array(&w);
	if (!r->holidays_known)
		jw_str(&w, "holidays-unknown");
	if (!r->verified)
		jw_str(&w, "unverified");
	jw_end(&w);
	must(jw_finish(&w));
}

static void
put_price(struct sched_job *job, const struct place *p, struct table *t, when_t from, when_t to,
    const struct tariff_rate *r)
{
	char price[MONEY_TEXT], through[DATED_TEXT];
	struct buf marks = BUF(256);

	put_marks(&marks, r);
	db_do(job->site, SQL_UNIT_PRICE_PUT, "ttiitssssssi", p->building.customer,
	    p->building.building, (int64_t)from, (int64_t)to, p->building.tariff,
	    tariff_season_name(r->season), tariff_day_name(r->day), tariff_band_name(r->band),
	    money_format(price, r->price), r->currency, buf_text(&marks), (int64_t)job->now);
	job_cell_time(t, p->zone, from);
	job_cell_time(t, p->zone, to);
	table_text(t, p->building.tariff);
	table_str(t, tariff_season_name(r->season));
	table_str(t, tariff_day_name(r->day));
	table_str(t, tariff_band_name(r->band));
	table_json(t, span_of(price));
	table_str(t, r->currency);
	table_str(t, dated_format(through, r->valid_through));
	table_json(t, buf_span(&marks));
	buf_free(&marks);
}

static bool
same_rate(const struct tariff_rate *a, const struct tariff_rate *b)
{
	return a->price == b->price && a->season == b->season && a->day == b->day &&
	       a->band == b->band && a->valid_through == b->valid_through;
}

/* The building's intervals, joined while their rate stays the same; false: there is no price
 * for some of it. */
static bool
price_building(struct sched_job *job, const struct place *p, struct table *t)
{
	struct tariff_account *a = reference_account(job->ref, &p->building, p->zone);
	enum tariff_found found = TARIFF_FOUND;
	struct tariff_rate held = { .currency = NULL };
	const struct tariff_rate *r;
	char text[WHEN_TEXT];
	when_t from, to, begin, now;

	if (a == NULL)
		return false;
	job_span(job, p->zone, &from, &to);
	db_do(job->site, SQL_UNIT_PRICE_CLEAR, "ttii", p->building.customer,
	    p->building.building, (int64_t)from, (int64_t)to);
	for (begin = now = from; now < to; now = held.until) {
		found = tariff_account_at(a, now, &r);
		if (found != TARIFF_FOUND)
			break;
		if (now > from && !same_rate(r, &held)) {
			put_price(job, p, t, begin, now, &held);
			begin = now;
		}
		held = *r;
	}
	if (begin < now)
		put_price(job, p, t, begin, now < to ? now : to, &held);
	if (found != TARIFF_FOUND)
		diag("building %.*s: %.*s at %s: %s", SPAN_ARG(p->key),
		    SPAN_ARG(p->building.tariff), when_format(text, p->zone, now),
		    tariff_found_text(found));
	tariff_account_close(a);
	return found == TARIFF_FOUND;
}

int
verb_price(struct sched_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "from", "to", "tariff", "season", "day", "band",
		"price", "currency", "valid_through", "marks" };
	struct buildings bs;
	struct table *t;
	size_t i, failed = 0;

	job_no_operands(argc, argv);
	job_open(job, DB_WRITE);
	job_buildings(job, &bs);
	t = table_begin(table_form(&job->form), columns, 10);
	for (i = 0; i < bs.n && !prog_stopping(); i++) {
		if (bs.all[i].building.tariff.n == 0 && job->building == NULL)
			continue; /* of all buildings, those with a tariff */
		if (bs.all[i].building.tariff.n == 0)
			diag("building %.*s: has chosen no tariff", SPAN_ARG(bs.all[i].key));
		db_begin(job->site);
		failed += !price_building(job, &bs.all[i], t);
		db_commit(job->site);
	}
	(void)table_end(t);
	buildings_free(&bs);
	return failed > 0 ? EX_CONFIG : 0;
}

/* ---- bill ---- */

struct billing {
	struct sched_job *job;
	const struct place *place;
	struct history *history;
	int month;
	struct load load;
	struct table *table;
};

/* What one tariff makes of a month's load. */
struct metered {
	struct bill_line lines[LINES];
	size_t n;
	int64_t peak_w; /* while bands that count for demand held */
	when_t peak_at;
	bool holidays_known, verified;
	size_t unpriced; /* intervals over a change of price, or without one */
};

static void
add_energy(struct metered *m, money_t price, double kwh)
{
	size_t i;

	for (i = 0; i < m->n && m->lines[i].price != price; i++)
		;
	if (i == LINES) {
		m->unpriced++;
		return;
	}
	if (i == m->n)
		m->lines[m->n++] = (struct bill_line){ price, 0 };
	m->lines[i].wh += llround(kwh * 1000);
}

static struct metered
meter(const struct load *l, struct tariff_account *a)
{
	struct metered m = { .peak_at = WHEN_NONE, .holidays_known = true, .verified = true };
	const struct tariff_rate *r;
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct load_interval *v = &l->all[i];

		if (tariff_account_at(a, v->from, &r) != TARIFF_FOUND || r->until < v->to) {
			m.unpriced++;
			continue;
		}
		add_energy(&m, r->price, v->kwh);
		m.holidays_known &= r->holidays_known;
		m.verified &= r->verified;
		if (r->counts_for_demand && !isnan(v->kw) && llround(v->kw * 1000) > m.peak_w) {
			m.peak_w = llround(v->kw * 1000);
			m.peak_at = v->to;
		}
	}
	return m;
}

static when_t
month_instant(const struct zone *zone, int month)
{
	return when_of(zone,
	    (struct civil){ .year = month / 12, .month = month % 12 + 1, .day = 1 }, NULL,
	    NULL);
}

/* The peaks of the months before, as far as there is history, and of the month itself. */
static size_t
find_peaks(const struct billing *b, struct tariff_account *a, struct bill_peak peaks[MONTHS],
    const struct metered *now)
{
	struct metered m;
	struct load l;
	size_t n = 0;
	int k;

	for (k = b->month - MONTHS + 1; k < b->month; k++) {
		load_read(&l, b->job->site, b->history, b->place, b->job->point,
		    month_instant(b->place->zone, k), month_instant(b->place->zone, k + 1));
		m = meter(&l, a);
		if (m.peak_w > 0)
			peaks[n++] = (struct bill_peak){ k, m.peak_w };
		load_free(&l);
	}
	peaks[n++] = (struct bill_peak){ b->month, now->peak_w };
	return n;
}

static void
cell_money(struct table *t, money_t m)
{
	char text[MONEY_TEXT];

	table_json(t, span_of(money_format(text, m)));
}

static void
cell_month(struct table *t, int month)
{
	char *text = xasprintf("%04d-%02d", month / 12, month % 12 + 1);

	table_str(t, text);
	free(text);
}

static void
print_bill(const struct billing *b, const char *key, const struct metered *m,
    const struct bill_demand *d, const struct bill *bill, money_t one_more)
{
	const money_t amounts[] = { bill->base, bill->energy, bill->climate, bill->fuel,
		bill->over_contract, bill->subtotal, bill->vat, bill->fund, bill->total,
		one_more };
	struct table *t = b->table;
	size_t i;

	table_str(t, key);
	cell_month(t, b->month);
	table_double(t, (double)bill->wh / 1000);
	table_double(t, (double)m->peak_w / 1000);
	if (m->peak_at == WHEN_NONE)
		table_null(t);
	else
		job_cell_time(t, b->place->zone, m->peak_at);
	table_double(t, (double)d->w / 1000);
	cell_month(t, d->month);
	table_bool(t, d->floored);
	for (i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++)
		cell_money(t, amounts[i]);
	table_str(t, bill->currency);
	table_int(t, (int64_t)m->unpriced);
	table_bool(t, m->verified && m->holidays_known);
	table_bool(t, true);
}

/* One option; false: there is no such tariff then. */
static bool
bill_option(const struct billing *b, const char *key)
{
	struct building chosen = b->place->building;
	struct bill_peak peaks[MONTHS];
	money_t cost[BILL_AHEAD], one_more = 0;
	struct tariff_account *a;
	struct bill_demand d = { .month = b->month };
	struct bill_input in;
	struct metered m;
	struct bill bill;
	size_t n;
	bool ok;
	int k;

	chosen.tariff = span_of(key);
	a = reference_account(b->job->ref, &chosen, b->place->zone);
	if (a == NULL)
		return false;
	m = meter(&b->load, a);
	n = find_peaks(b, a, peaks, &m);
	in = (struct bill_input){ .key = key,
		.month = b->month,
		.contract_w =
		    isnan(chosen.contract_kw) ? 0 : llround(chosen.contract_kw * 1000),
		.peak_w = m.peak_w,
		.lines = m.lines,
		.n = m.n };
	if (bill_demand(
		reference_tariffs(b->job->ref), key, b->month, in.contract_w, peaks, n, &d))
		in.billing_w = d.w;
	if (bill_extra(reference_tariffs(b->job->ref), key, b->month, in.contract_w, peaks, n,
		1000, cost))
		for (k = 0; k < BILL_AHEAD; k++)
			one_more += cost[k];
	ok = bill_estimate(reference_tariffs(b->job->ref), &in, &bill) == TARIFF_FOUND;
	if (ok)
		print_bill(b, key, &m, &d, &bill, one_more);
	else
		diag("%s: no prices for that month", key);
	tariff_account_close(a);
	return ok;
}

static int
parse_month(const struct sched_job *job, const struct zone *zone)
{
	when_t t = when_month(zone, job->now, -1);

	if (job->month != NULL && !when_parse_human(span_of(job->month), zone, job->now, &t))
		opt_wrong("--month: not YYYY-MM: %s", job->month);
	return bill_month(when_civil(zone, t, NULL));
}

int
verb_bill(struct sched_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "tariff", "month", "kwh", "peak_kw", "peak_at",
		"billing_kw", "set_by", "floored", "base", "energy", "climate", "fuel",
		"over_contract", "subtotal", "vat", "fund", "total", "one_more_kw_12_bills",
		"currency", "unpriced", "verified", "estimate" };
	struct billing b = { .job = job };
	struct buildings bs;
	char *own;
	size_t i, failed = 0;

	job_no_operands(argc, argv);
	job_open(job, DB_READ);
	job_building(job, &bs);
	b.place = &bs.all[0];
	b.month = parse_month(job, b.place->zone);
	b.history = history_open(job->dir, DB_READ);
	load_read(&b.load, job->site, b.history, b.place, job->point,
	    month_instant(b.place->zone, b.month), month_instant(b.place->zone, b.month + 1));
	if (b.load.n == 0)
		diag("building %.*s: no metered energy in that month", SPAN_ARG(b.place->key));
	own = xstrndup(b.place->building.tariff.p != NULL ? b.place->building.tariff.p : "",
	    b.place->building.tariff.n);
	if (job->tariffs.n == 0)
		opt_list_add(&job->tariffs, own);
	b.table =
	    table_begin(table_form(&job->form), columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < job->tariffs.n; i++)
		failed += !bill_option(&b, job->tariffs.items[i]);
	(void)table_end(b.table);
	free(own);
	load_free(&b.load);
	history_close(b.history);
	buildings_free(&bs);
	return failed > 0 ? EX_CONFIG : 0;
}
