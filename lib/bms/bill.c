#include "bms/bill.h"
#include "bms/tariff_records.h"

#define WATTS 1000 /* in a kilowatt, and watt-hours in a kilowatt-hour */

int
bill_month(struct civil c)
{
	return c.year * 12 + c.month - 1;
}

static int64_t
first_day(int month)
{
	return civil_day_number(
	    (struct civil){ .year = month / 12, .month = month % 12 + 1, .day = 1 });
}

static const struct tariff_record *
record(const struct tariffs *ts, enum tariff_type type, const char *key, int month)
{
	return tariffs_find(ts, type, key, NULL, first_day(month));
}

static int64_t
rounded(int64_t w, int64_t unit)
{
	return (w + unit / 2) / unit * unit;
}

static struct bill_demand
demand_of(const struct tariff_demand *rule, int month, int64_t contract_w,
    const struct bill_peak peaks[], size_t n)
{
	struct bill_demand best = { .month = month };
	int64_t floor_w = contract_w * rule->floor_permille / 1000;
	size_t i;

	for (i = 0; i < n; i++) {
		if (peaks[i].month > month || peaks[i].month <= month - rule->window_months)
			continue;
		if (peaks[i].month != month && !rule->month[peaks[i].month % 12])
			continue;
		if (peaks[i].w > best.w)
			best = (struct bill_demand){ .w = peaks[i].w, .month = peaks[i].month };
	}
	if (best.w < floor_w)
		best = (struct bill_demand){ .w = floor_w, .month = month, .floored = true };
	best.w = rounded(best.w, rule->unit_w);
	return best;
}

bool
bill_demand(const struct tariffs *ts, const char *key, int month, int64_t contract_w,
    const struct bill_peak peaks[], size_t n, struct bill_demand *demand)
{
	const struct tariff_record *d = record(ts, TARIFF_DEMAND, key, month);

	if (d == NULL)
		return false;
	*demand = demand_of(&d->u.demand, month, contract_w, peaks, n);
	return true;
}

/* Art. 67-3: excess x base price x the step's rate. */
static money_t
over_contract(const struct tariff_demand *rule, const struct bill_input *in, money_t base)
{
	int64_t excess = rounded(in->peak_w, rule->unit_w) - in->contract_w, permille;
	size_t i = 0;

	if (excess <= 0 || in->contract_w <= 0 || !in->warned || rule->steps == 0)
		return 0;
	permille = excess * 1000 / in->contract_w;
	while (permille >= rule->step[i].below_permille)
		i++;
	return money_scale(money_scale(base, excess, WATTS, MONEY_DOWN),
	    rule->step[i].rate_permille, 1000, MONEY_DOWN);
}

static int64_t
between(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* Art. 43: a share of the base charge for each percent the factor is short of (or, lagging,
 * above) its base. */
static money_t
power_factor(const struct tariff_levies *l, const struct bill_input *in, money_t base)
{
	int64_t percents = 0;

	if (in->lagging > 0 && l->lagging_base > 0)
		percents += l->lagging_base - between(in->lagging, l->pf_low, l->pf_high);
	if (in->leading > 0 && l->leading_base > 0 && in->leading < l->leading_base)
		percents += l->leading_base - between(in->leading, l->pf_low, l->leading_base);
	return money_scale(money_scale(base, l->pf_permille, MONEY_ONE, MONEY_DOWN), percents,
	    1000, MONEY_DOWN);
}

static money_t
share(money_t of, money_t permille, money_t unit, enum money_rounding how)
{
	return money_round(money_scale(of, permille, 1000 * MONEY_ONE, how), unit, how);
}

static void
add_taxes(struct bill *b, const struct tariff_levies *l)
{
	b->subtotal =
	    b->base + b->energy + b->climate + b->fuel + b->power_factor + b->over_contract;
	b->vat = share(b->subtotal, l->vat_permille, l->vat_unit, MONEY_HALF_UP);
	b->fund = share(b->subtotal, l->fund_permille, l->fund_unit, MONEY_DOWN);
	b->total = money_round(b->subtotal + b->vat + b->fund, l->total_unit, MONEY_DOWN);
}

static money_t
per_kwh(money_t price, int64_t wh, const struct tariff_levies *l)
{
	return money_round(money_scale(price, wh, WATTS, MONEY_DOWN), l->line_unit, MONEY_DOWN);
}

enum tariff_found
bill_estimate(const struct tariffs *ts, const struct bill_input *in, struct bill *bill)
{
	const struct tariff_record *p = record(ts, TARIFF_PRICES, in->key, in->month);
	const struct tariff_record *d = record(ts, TARIFF_DEMAND, in->key, in->month);
	const struct tariff_record *v = record(ts, TARIFF_LEVIES, in->key, in->month);
	static const struct tariff_levies none = {
		.line_unit = 1, .vat_unit = 1, .fund_unit = 1, .total_unit = 1
	};
	const struct tariff_levies *l = v != NULL ? &v->u.levies : &none;
	money_t energy = 0;
	size_t i;

	if (p == NULL)
		return TARIFF_NO_PRICES;
	*bill = (struct bill){ .currency = p->u.prices.currency };
	for (i = 0; i < in->n; i++) {
		energy += money_scale(in->lines[i].price, in->lines[i].wh, WATTS, MONEY_DOWN);
		bill->wh += in->lines[i].wh;
	}
	bill->energy = money_round(energy, l->line_unit, MONEY_DOWN);
	bill->base =
	    money_round(money_scale(p->u.prices.base, in->billing_w, WATTS, MONEY_DOWN),
		l->line_unit, MONEY_DOWN);
	bill->climate = per_kwh(l->climate, bill->wh, l);
	bill->fuel = per_kwh(l->fuel, bill->wh, l);
	bill->power_factor =
	    money_round(power_factor(l, in, bill->base), l->line_unit, MONEY_DOWN);
	if (d != NULL)
		bill->over_contract =
		    money_round(over_contract(&d->u.demand, in, p->u.prices.base), l->line_unit,
			MONEY_DOWN);
	add_taxes(bill, l);
	return TARIFF_FOUND;
}

/* What a change of billing demand adds to one month's bill, with tax and fund but without their
 * rounding. */
static money_t
cost_of(const struct tariffs *ts, const char *key, int month, int64_t extra_w)
{
	const struct tariff_record *p = record(ts, TARIFF_PRICES, key, month);
	const struct tariff_record *v = record(ts, TARIFF_LEVIES, key, month);
	money_t base;

	if (p == NULL)
		return 0;
	base = money_scale(p->u.prices.base, extra_w, WATTS, MONEY_DOWN);
	if (v == NULL)
		return base;
	return base + money_scale(base, v->u.levies.vat_permille + v->u.levies.fund_permille,
			  1000 * MONEY_ONE, MONEY_HALF_UP);
}

/* The billing demand of a month when one peak is raised. */
static int64_t
raised(const struct tariff_demand *rule, int month, int64_t contract_w,
    const struct bill_peak peaks[], size_t n, struct bill_peak more)
{
	struct bill_demand with = demand_of(rule, month, contract_w, peaks, n);
	struct bill_demand alone = demand_of(rule, month, contract_w, &more, 1);

	return alone.w > with.w ? alone.w : with.w;
}

bool
bill_extra(const struct tariffs *ts, const char *key, int month, int64_t contract_w,
    const struct bill_peak peaks[], size_t n, int64_t extra_w, money_t cost[BILL_AHEAD])
{
	struct bill_peak more = { .month = month, .w = extra_w };
	const struct tariff_record *d;
	size_t i;
	int m;

	if (record(ts, TARIFF_DEMAND, key, month) == NULL ||
	    record(ts, TARIFF_PRICES, key, month) == NULL)
		return false;
	for (i = 0; i < n; i++)
		if (peaks[i].month == month && peaks[i].w + extra_w > more.w)
			more.w = peaks[i].w + extra_w;
	for (m = 0; m < BILL_AHEAD; m++) {
		cost[m] = 0;
		d = record(ts, TARIFF_DEMAND, key, month + m);
		if (d != NULL)
			cost[m] = cost_of(ts, key, month + m,
			    raised(&d->u.demand, month + m, contract_w, peaks, n, more) -
				demand_of(&d->u.demand, month + m, contract_w, peaks, n).w);
	}
	return true;
}
