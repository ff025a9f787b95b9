/* What energy and a kilowatt of peak cost over the coming day. */
#include "bms/bill.h"
#include "db/gather.h"
#include "db/load.h"

#include <math.h>

static double
currency(money_t m)
{
	return (double)m / (double)MONEY_ONE;
}

/* The month's greatest mean demand so far, and what it is billed as. */
static double
billed_peak(const struct gather *g, double *measured)
{
	struct civil c = when_civil(g->place->zone, g->to, NULL);
	struct bill_peak peaks[12];
	struct bill_demand d;
	size_t n = 0, i;
	int month;

	*measured = 0;
	for (month = 0; month < 12; month++) {
		when_t from = when_month(g->place->zone, g->to, -month),
		       to = when_month(g->place->zone, from, 1);
		struct load l;
		double peak = 0;

		load_read(&l, g->site, g->h, g->place, g->meter, from, to < g->to ? to : g->to);
		for (i = 0; i < l.n; i++)
			if (l.all[i].kw > peak)
				peak = l.all[i].kw;
		load_free(&l);
		if (month == 0)
			*measured = peak;
		peaks[n++] =
		    (struct bill_peak){ bill_month(c) - month, (int64_t)(peak * 1000) };
	}
	if (!isnan(g->place->building.contract_kw) &&
	    bill_demand(reference_tariffs(g->ref), g->place->building.tariff.p, bill_month(c),
		(int64_t)(g->place->building.contract_kw * 1000), peaks, n, &d))
		return (double)d.w / 1000;
	return *measured;
}

void
gather_prices(const struct gather *g, struct jw *w)
{
	struct tariff_account *a =
	    reference_account(g->ref, &g->place->building, g->place->zone);
	double price[GATHER_STEPS], base = 0, measured;
	const struct tariff_rate *rate;
	struct civil c = when_civil(g->place->zone, g->to, NULL);
	const char *money = NULL;
	size_t k, n = 0;

	for (k = 0; a != NULL && k < GATHER_STEPS; k++) {
		if (tariff_account_at(a, g->to + (when_t)k * GATHER_STEP, &rate) !=
		    TARIFF_FOUND)
			break;
		price[n++] = currency(rate->price);
		base = currency(rate->base);
		money = rate->currency;
	}
	if (n == GATHER_STEPS) {
		jw_member_str(w, "currency", money);
		jw_member_rounds(w, "price", price, n, 6);
		jw_member_round(
		    w, "demand_price", base / civil_days_in_month(c.year, c.month), 3);
		jw_member_round(w, "billed_peak", billed_peak(g, &measured), 3);
		jw_member_round(w, "peak_so_far", measured, 3);
	}
	tariff_account_close(a);
	if (isfinite(g->carbon)) {
		for (k = 0; k < GATHER_STEPS; k++)
			price[k] = g->carbon;
		jw_member_rounds(w, "carbon", price, GATHER_STEPS, 6);
	}
}
