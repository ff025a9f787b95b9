#include "bms/tariff_records.h"
#include "bms/dated.h"

#include <stdlib.h>

static const char *const season_names[] = { "summer", "spring_fall", "winter", "all_year" };
static const char *const band_names[] = { "off_peak", "mid", "peak", "flat" };
static const char *const day_names[] = { "weekday", "saturday", "sunday", "holiday" };
static const char *const type_names[] = { "hours", "prices", "demand", "levies" };

const char *
tariff_season_name(enum tariff_season s)
{
	return season_names[s];
}

const char *
tariff_band_name(enum tariff_band b)
{
	return band_names[b];
}

const char *
tariff_day_name(enum tariff_day d)
{
	return day_names[d];
}

const char *
tariff_type_name(enum tariff_type type)
{
	return type_names[type];
}

/* The place of a name among n, or n. */
static size_t
named(struct span name, const char *const names[], size_t n)
{
	size_t i;

	for (i = 0; i < n && !span_is(name, names[i]); i++)
		;
	return i;
}

static bool
unknown_name(struct buf *why, const char *what, struct span name)
{
	buf_printf(why, "%s: %.*s is not one", what, SPAN_ARG(name));
	return false;
}

/* ---- hours ---- */

static bool
parse_months(struct tariff_hours *h, json_value months, struct buf *why)
{
	bool seen[12] = { false };
	json_value season, month;
	int64_t m;
	size_t s;

	for (season = json_first(months); season.at != 0; season = json_next(season)) {
		s = named(json_name(season), season_names, TARIFF_SEASONS);
		if (s == TARIFF_SEASONS)
			return unknown_name(why, "months", json_name(season));
		for (month = json_first(season); month.at != 0; month = json_next(month)) {
			if (!json_int(month, &m) || m < 1 || m > 12)
				return buf_puts(why, "months: not a month 1 to 12"), false;
			if (seen[m - 1])
				return buf_printf(why, "months: %d is in two seasons", (int)m),
				       false;
			seen[m - 1] = true;
			h->season[m - 1] = (enum tariff_season)s;
		}
	}
	for (m = 0; m < 12; m++)
		if (!seen[m])
			return buf_printf(why, "months: %d is in no season", (int)m + 1), false;
	return true;
}

/* HH or HH:MM at the start of *s, in slots of a quarter of an hour. */
static bool
take_slot(struct span *s, int *slot)
{
	int hour, minute = 0;

	if (s->n < 2 || s->p[0] < '0' || s->p[0] > '2' || s->p[1] < '0' || s->p[1] > '9')
		return false;
	hour = (s->p[0] - '0') * 10 + (s->p[1] - '0');
	*s = (struct span){ s->p + 2, s->n - 2 };
	if (s->n >= 3 && s->p[0] == ':') {
		if (s->p[1] < '0' || s->p[1] > '5' || s->p[2] < '0' || s->p[2] > '9')
			return false;
		minute = (s->p[1] - '0') * 10 + (s->p[2] - '0');
		*s = (struct span){ s->p + 3, s->n - 3 };
	}
	*slot = hour * 4 + minute / 15;
	return minute % 15 == 0 && *slot <= TARIFF_SLOTS;
}

/* "22-08" or "09:30-12": from up to, not including, to; past midnight where to is not after
 * from. */
static bool
fill_range(uint8_t slots[TARIFF_SLOTS], struct span text, uint8_t band, struct buf *why)
{
	struct span s = text;
	int from, to, i;

	if (!take_slot(&s, &from) || s.n == 0 || *s.p != '-')
		return buf_printf(why, "bands: %.*s is not like 22-08", SPAN_ARG(text)), false;
	s = (struct span){ s.p + 1, s.n - 1 };
	if (!take_slot(&s, &to) || s.n > 0 || from == TARIFF_SLOTS)
		return buf_printf(why, "bands: %.*s is not like 22-08", SPAN_ARG(text)), false;
	i = from;
	do {
		if (slots[i] != TARIFF_NO_BAND)
			return buf_printf(why, "bands: %.*s overlaps another at %02d:%02d",
				   SPAN_ARG(text), i / 4, i % 4 * 15),
			       false;
		slots[i] = band;
		i = (i + 1) % TARIFF_SLOTS;
	} while (i != to % TARIFF_SLOTS);
	return true;
}

static bool
parse_season_bands(uint8_t slots[TARIFF_SLOTS], json_value bands, struct buf *why)
{
	json_value band, range;
	struct span text;
	size_t b;
	int i;

	for (band = json_first(bands); band.at != 0; band = json_next(band)) {
		b = named(json_name(band), band_names, TARIFF_BANDS);
		if (b == TARIFF_BANDS)
			return unknown_name(why, "bands", json_name(band));
		for (range = json_first(band); range.at != 0; range = json_next(range)) {
			if (!json_text(range, &text))
				return buf_puts(why, "bands: not a text like \"22-08\""), false;
			if (!fill_range(slots, text, (uint8_t)b, why))
				return false;
		}
	}
	for (i = 0; i < TARIFF_SLOTS && slots[i] != TARIFF_NO_BAND; i++)
		;
	if (i < TARIFF_SLOTS)
		buf_printf(why, "bands: nothing holds at %02d:%02d", i / 4, i % 4 * 15);
	return i == TARIFF_SLOTS;
}

static bool
parse_bands(struct tariff_hours *h, json_value bands, struct buf *why)
{
	json_value season;
	size_t s;
	int m;

	memset(h->band, TARIFF_NO_BAND, sizeof(h->band));
	for (season = json_first(bands); season.at != 0; season = json_next(season)) {
		s = named(json_name(season), season_names, TARIFF_SEASONS);
		if (s == TARIFF_SEASONS)
			return unknown_name(why, "bands", json_name(season));
		if (!parse_season_bands(h->band[s], season, why))
			return false;
	}
	for (m = 0; m < 12; m++)
		if (h->band[h->season[m]][0] == TARIFF_NO_BAND)
			return buf_printf(
				   why, "bands: none for %s", season_names[h->season[m]]),
			       false;
	return true;
}

static bool
parse_days(struct tariff_hours *h, json_value days, struct buf *why)
{
	json_value day, band;
	struct span to;
	size_t d, b, n;

	for (d = 0; d < TARIFF_DAYS; d++)
		for (b = 0; b < TARIFF_BANDS; b++)
			h->on_day[d][b] = (uint8_t)b;
	for (day = json_first(days); day.at != 0; day = json_next(day)) {
		d = named(json_name(day), day_names, TARIFF_DAYS);
		if (d == TARIFF_DAYS)
			return unknown_name(why, "days", json_name(day));
		for (band = json_first(day); band.at != 0; band = json_next(band)) {
			b = named(json_name(band), band_names, TARIFF_BANDS);
			if (b == TARIFF_BANDS)
				return unknown_name(why, "days", json_name(band));
			if (!json_text(band, &to) ||
			    (n = named(to, band_names, TARIFF_BANDS)) == TARIFF_BANDS)
				return buf_puts(why, "days: a band becomes another band"),
				       false;
			h->on_day[d][b] = (uint8_t)n;
		}
	}
	return true;
}

static bool
parse_hours(struct tariff_record *r, json_value record, struct buf *why)
{
	return parse_months(&r->u.hours, json_get(record, "months"), why) &&
	       parse_bands(&r->u.hours, json_get(record, "bands"), why) &&
	       parse_days(&r->u.hours, json_get(record, "days"), why);
}

/* ---- prices ---- */

static bool
parse_energy(struct tariff_prices *p, json_value energy, struct buf *why)
{
	json_value season, band;
	size_t s, b;

	for (s = 0; s < TARIFF_SEASONS; s++)
		for (b = 0; b < TARIFF_BANDS; b++)
			p->energy[s][b] = MONEY_NONE;
	for (season = json_first(energy); season.at != 0; season = json_next(season)) {
		s = named(json_name(season), season_names, TARIFF_SEASONS);
		if (s == TARIFF_SEASONS)
			return unknown_name(why, "energy", json_name(season));
		for (band = json_first(season); band.at != 0; band = json_next(band)) {
			b = named(json_name(band), band_names, TARIFF_BANDS);
			if (b == TARIFF_BANDS)
				return unknown_name(why, "energy", json_name(band));
			if (!money_of_json(band, &p->energy[s][b]))
				return buf_printf(why, "energy: %s %s: not a price",
					   season_names[s], band_names[b]),
				       false;
		}
	}
	return true;
}

static bool
parse_prices(struct tariff_record *r, json_value record, struct buf *why)
{
	struct tariff_prices *p = &r->u.prices;
	struct span key, currency;

	if (!json_text(json_get(record, "tariff"), &key) || key.n == 0 || key.n > 128)
		return buf_puts(why, "tariff: not a name"), false;
	if (!json_text(json_get(record, "currency"), &currency) || currency.n != 3)
		return buf_puts(why, "currency: not three letters (ISO 4217)"), false;
	memcpy(p->currency, currency.p, 3);
	if (!money_of_json(json_get(record, "base"), &p->base) || p->base < 0)
		return buf_puts(why, "base: not a price per kW and month"), false;
	r->key = xstrndup(key.p, key.n);
	return parse_energy(p, json_get(record, "energy"), why);
}

/* ---- demand and levies ---- */

/* A share as its own digits, 0.30, in thousandths. */
static bool
permille(json_value v, int64_t *share)
{
	money_t m;

	if (!money_of_json(v, &m) || m < 0 || m % (MONEY_ONE / 1000) != 0)
		return false;
	*share = m / (MONEY_ONE / 1000);
	return true;
}

static bool
parse_steps(struct tariff_demand *d, json_value steps, struct buf *why)
{
	json_value step;

	for (step = json_first(steps); step.at != 0; step = json_next(step)) {
		if (d->steps == TARIFF_STEPS)
			return buf_puts(why, "over_contract: too many steps"), false;
		if (!permille(json_get(step, "rate"), &d->step[d->steps].rate_permille))
			return buf_puts(why, "over_contract: rate: not a share"), false;
		if (json_kind_of(json_get(step, "below")) == JSON_NULL)
			d->step[d->steps].below_permille = INT64_MAX;
		else if (!permille(json_get(step, "below"), &d->step[d->steps].below_permille))
			return buf_puts(why, "over_contract: below: not a share or null"),
			       false;
		if (d->steps > 0 &&
		    d->step[d->steps].below_permille <= d->step[d->steps - 1].below_permille)
			return buf_puts(why, "over_contract: below: not rising"), false;
		d->steps++;
	}
	if (d->steps > 0 && d->step[d->steps - 1].below_permille != INT64_MAX)
		return buf_puts(why, "over_contract: the last step has no \"below\":null"),
		       false;
	return true;
}

static bool
parse_demand(struct tariff_record *r, json_value record, struct buf *why)
{
	struct tariff_demand *d = &r->u.demand;
	json_value v;
	struct span name;
	int64_t n;
	size_t b;

	for (v = json_first(json_get(record, "months")); v.at != 0; v = json_next(v)) {
		if (!json_int(v, &n) || n < 1 || n > 12)
			return buf_puts(why, "months: not a month 1 to 12"), false;
		d->month[n - 1] = true;
	}
	for (v = json_first(json_get(record, "bands")); v.at != 0; v = json_next(v)) {
		if (!json_text(v, &name) ||
		    (b = named(name, band_names, TARIFF_BANDS)) == TARIFF_BANDS)
			return buf_puts(why, "bands: not a list of bands"), false;
		d->band[b] = true;
	}
	if (!json_int(json_get(record, "window_months"), &n) || n < 1 || n > 60)
		return buf_puts(why, "window_months: not 1 to 60"), false;
	d->window_months = (int)n;
	if (!permille(json_get(record, "floor"), &d->floor_permille) ||
	    d->floor_permille > 1000)
		return buf_puts(why, "floor: not a share of the contract"), false;
	if (!json_int(json_get(record, "unit_kw"), &n) || n < 1 || n > 1000)
		return buf_puts(why, "unit_kw: not 1 to 1000"), false;
	d->unit_w = n * 1000;
	return parse_steps(d, json_get(record, "over_contract"), why);
}

/* A member that may be left out: then nothing, 0. */
static bool
optional_money(json_value record, const char *name, money_t *m, struct buf *why)
{
	json_value v = json_get(record, name);

	*m = 0;
	if (v.at == 0 || money_of_json(v, m))
		return true;
	buf_printf(why, "%s: not an amount", name);
	return false;
}

static bool
optional_unit(json_value record, const char *name, money_t *m, struct buf *why)
{
	if (!optional_money(record, name, m, why))
		return false;
	if (*m == 0)
		*m = MONEY_ONE;
	if (*m < 0)
		buf_printf(why, "%s: not a unit", name);
	return *m > 0;
}

static bool
parse_power_factor(struct tariff_levies *l, json_value pf, struct buf *why)
{
	struct {
		const char *name;
		int64_t *to;
	} percents[] = { { "lagging_base", &l->lagging_base },
		{ "leading_base", &l->leading_base }, { "low", &l->pf_low },
		{ "high", &l->pf_high } };
	size_t i;

	if (pf.at == 0)
		return true;
	for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		if (!json_int(json_get(pf, percents[i].name), percents[i].to) ||
		    *percents[i].to < 0 || *percents[i].to > 100)
			return buf_printf(
				   why, "power_factor: %s: not a percentage", percents[i].name),
			       false;
	if (!money_of_json(json_get(pf, "step"), &l->pf_permille) || l->pf_permille < 0)
		return buf_puts(why, "power_factor: step: not a share"), false;
	l->pf_permille *= 1000;
	return true;
}

static bool
parse_levies(struct tariff_record *r, json_value record, struct buf *why)
{
	struct tariff_levies *l = &r->u.levies;

	if (!optional_money(record, "climate", &l->climate, why) ||
	    !optional_money(record, "fuel", &l->fuel, why) ||
	    !optional_money(record, "vat", &l->vat_permille, why) ||
	    !optional_money(record, "fund", &l->fund_permille, why))
		return false;
	if (l->vat_permille < 0 || l->vat_permille > MONEY_ONE || l->fund_permille < 0 ||
	    l->fund_permille > MONEY_ONE)
		return buf_puts(why, "vat, fund: not a share"), false;
	l->vat_permille *= 1000;
	l->fund_permille *= 1000;
	return optional_unit(record, "line_unit", &l->line_unit, why) &&
	       optional_unit(record, "vat_unit", &l->vat_unit, why) &&
	       optional_unit(record, "fund_unit", &l->fund_unit, why) &&
	       optional_unit(record, "total_unit", &l->total_unit, why) &&
	       parse_power_factor(l, json_get(record, "power_factor"), why);
}

/* ---- all of them ---- */

static bool
parse_for(struct tariff_record *r, json_value list, struct buf *why)
{
	size_t n = json_count(list), i = 0;
	struct span text;
	json_value v;

	if (json_kind_of(list) != JSON_ARRAY || n == 0)
		return buf_puts(why, "for: not a list of tariffs"), false;
	r->fors = xcalloc(n + 1, sizeof(*r->fors));
	for (v = json_first(list); v.at != 0; v = json_next(v)) {
		if (!json_text(v, &text) || text.n == 0)
			return buf_puts(why, "for: not a list of tariffs"), false;
		r->fors[i++] = xstrndup(text.p, text.n);
	}
	return true;
}

static char *
text_or_null(json_value v)
{
	struct span text;

	return json_text(v, &text) ? xstrndup(text.p, text.n) : NULL;
}

static bool
parse(struct tariff_record *r, json_value record, struct buf *why)
{
	static bool (*const parsers[])(struct tariff_record *, json_value,
	    struct buf *) = { parse_hours, parse_prices, parse_demand, parse_levies };
	struct span type;
	size_t t;

	if (!json_text(json_get(record, "type"), &type))
		return buf_puts(why, "type: not there"), false;
	t = named(type, type_names, TARIFF_TYPES);
	if (t == TARIFF_TYPES)
		return buf_puts(why, "type: not hours, prices, demand or levies"), false;
	r->type = (enum tariff_type)t;
	if (!dated_validity(record, &r->from, &r->through, why))
		return false;
	if (r->type != TARIFF_PRICES && !parse_for(r, json_get(record, "for"), why))
		return false;
	r->region = text_or_null(json_get(record, "region"));
	r->source = text_or_null(json_get(record, "source"));
	r->verified = true;
	(void)json_bool(json_get(record, "verified"), &r->verified);
	return parsers[t](r, record, why);
}

struct tariff_record *
tariff_record_parse(json_value record, const struct where *at, struct buf *why)
{
	struct tariff_record *r = xcalloc(1, sizeof(*r));

	r->source_name = xstrdup(at->source);
	r->at = (struct where){ r->source_name, at->line };
	if (!parse(r, record, why)) {
		tariff_record_free(r);
		return NULL;
	}
	return r;
}

void
tariff_record_free(struct tariff_record *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; r->fors != NULL && r->fors[i] != NULL; i++)
		free(r->fors[i]);
	free(r->fors);
	free(r->key);
	free(r->region);
	free(r->source);
	free(r->source_name);
	free(r);
}
