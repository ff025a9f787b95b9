#include "bms/tariff.h"
#include "bms/dated.h"
#include "bms/tariff_records.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct tariffs {
	struct tariff_record **records;
	size_t n, room;
};

struct tariffs *
tariffs_new(void)
{
	return xcalloc(1, sizeof(struct tariffs));
}

void
tariffs_free(struct tariffs *ts)
{
	size_t i;

	if (ts == NULL)
		return;
	for (i = 0; i < ts->n; i++)
		tariff_record_free(ts->records[i]);
	free(ts->records);
	free(ts);
}

bool
tariffs_add(struct tariffs *ts, json_value record, const struct where *at, struct buf *why)
{
	struct tariff_record *r = tariff_record_parse(record, at, why);

	if (r == NULL)
		return false;
	if (ts->n == ts->room) {
		ts->room = ts->room > 0 ? ts->room * 2 : 32;
		ts->records = xrealloc(ts->records, ts->room * sizeof(struct tariff_record *));
	}
	ts->records[ts->n++] = r;
	return true;
}

const char *
tariffs_key(const struct tariffs *ts, size_t i)
{
	size_t k, earlier;

	for (k = 0; k < ts->n; k++) {
		if (ts->records[k]->type != TARIFF_PRICES)
			continue;
		for (earlier = 0; earlier < k && (ts->records[earlier]->type != TARIFF_PRICES ||
						     strcmp(ts->records[earlier]->key,
							 ts->records[k]->key) != 0);
		     earlier++)
			;
		if (earlier == k && i-- == 0)
			return ts->records[k]->key;
	}
	return NULL;
}

/* Is `prefix` the key or some whole leading parts of it? */
static bool
leads(const char *prefix, const char *key)
{
	size_t n = strlen(prefix);

	return strncmp(prefix, key, n) == 0 && (key[n] == '\0' || key[n] == '/');
}

static bool
same_region(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Does the record speak of that key (and region)? */
static bool
is_for(
    const struct tariff_record *r, enum tariff_type type, const char *key, const char *region)
{
	size_t i;

	if (r->type != type)
		return false;
	if (type == TARIFF_PRICES)
		return strcmp(r->key, key) == 0;
	if (type == TARIFF_HOURS && !same_region(r->region, region))
		return false;
	for (i = 0; r->fors[i] != NULL; i++)
		if (leads(r->fors[i], key))
			return true;
	return false;
}

const struct tariff_record *
tariffs_find(const struct tariffs *ts, enum tariff_type type, const char *key,
    const char *region, int64_t day)
{
	size_t i;

	for (i = 0; i < ts->n; i++)
		if (day >= ts->records[i]->from && day <= ts->records[i]->through &&
		    is_for(ts->records[i], type, key, region))
			return ts->records[i];
	return NULL;
}

/* ---- gaps and overlaps ---- */

struct check {
	const struct tariffs *ts;
	tariffs_say *say;
	void *ctx;
	size_t found;
};

__attribute__((format(printf, 3, 4))) static void
found(struct check *c, const struct where *at, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	must(text != NULL);
	c->say(c->ctx, at, text);
	c->found++;
	free(text);
}

/* The record of the same sort that begins next after r, or NULL. */
static const struct tariff_record *
successor(const struct tariffs *ts, const struct tariff_record *r, const char *key)
{
	const struct tariff_record *best = NULL, *o;
	size_t i;

	for (i = 0; i < ts->n; i++) {
		o = ts->records[i];
		if (o != r && is_for(o, r->type, key, r->region) && o->from >= r->from &&
		    (o->from > r->from || o->at.line > r->at.line) &&
		    (best == NULL || o->from < best->from))
			best = o;
	}
	return best;
}

/* r against what follows it, for one key. */
static void
check_neighbours(struct check *c, const struct tariff_record *r, const char *key)
{
	const struct tariff_record *next = successor(c->ts, r, key);
	char from[DATED_TEXT], through[DATED_TEXT];
	const char *type = tariff_type_name(r->type);

	if (next == NULL)
		return;
	if (next->from <= r->through)
		found(c, &next->at, "%s for %s overlap those of %s:%" PRIu64 " from %s on",
		    type, key, r->at.source, r->at.line, dated_format(from, next->from));
	else if (next->from > r->through + 1)
		found(c, &next->at, "%s for %s: a gap from %s through %s", type, key,
		    dated_format(from, r->through + 1), dated_format(through, next->from - 1));
}

/* Has p a price for every band that hours h give in a season, before and after the day's rules?
 */
static void
check_bands(struct check *c, const struct tariff_record *p, const struct tariff_record *h)
{
	bool need[TARIFF_SEASONS][TARIFF_BANDS] = { { false } };
	size_t s, b, d, i;

	for (s = 0; s < TARIFF_SEASONS; s++)
		for (i = 0; i < TARIFF_SLOTS && h->u.hours.band[s][i] != TARIFF_NO_BAND; i++)
			for (d = 0; d < TARIFF_DAYS; d++)
				need[s][h->u.hours.on_day[d][h->u.hours.band[s][i]]] = true;
	for (s = 0; s < TARIFF_SEASONS; s++)
		for (b = 0; b < TARIFF_BANDS; b++)
			if (need[s][b] && p->u.prices.energy[s][b] == MONEY_NONE)
				found(c, &p->at,
				    "prices of %s: none for %s %s, which the hours of "
				    "%s:%" PRIu64 " have",
				    p->key, tariff_season_name((enum tariff_season)s),
				    tariff_band_name((enum tariff_band)b), h->at.source,
				    h->at.line);
}

/* Hours over the whole of a price record's time. */
static void
check_hours(struct check *c, const struct tariff_record *p)
{
	const struct tariff_record *h;
	char from[DATED_TEXT];
	int64_t day = p->from;
	size_t i;

	while (day <= p->through && day < DATED_FOREVER) {
		h = tariffs_find(c->ts, TARIFF_HOURS, p->key, NULL, day);
		if (h == NULL) {
			found(c, &p->at, "prices of %s: no hours for %s", p->key,
			    dated_format(from, day));
			break;
		}
		day = h->through + 1;
	}
	for (i = 0; i < c->ts->n; i++) {
		h = c->ts->records[i];
		if (h->type == TARIFF_HOURS && is_for(h, TARIFF_HOURS, p->key, h->region) &&
		    h->from <= p->through && h->through >= p->from)
			check_bands(c, p, h);
	}
}

size_t
tariffs_check(const struct tariffs *ts, tariffs_say *say, void *ctx)
{
	struct check c = { ts, say, ctx, 0 };
	const char *key;
	size_t k, i;

	for (k = 0; (key = tariffs_key(ts, k)) != NULL; k++)
		for (i = 0; i < ts->n; i++)
			if (is_for(ts->records[i], ts->records[i]->type, key,
				ts->records[i]->region))
				check_neighbours(&c, ts->records[i], key);
	for (i = 0; i < ts->n; i++)
		if (ts->records[i]->type == TARIFF_PRICES)
			check_hours(&c, ts->records[i]);
	return c.found;
}

/* ---- at an instant ---- */

static enum tariff_day
kind_of_day(const struct tariff_choice *choice, struct civil c, struct tariff_rate *rate)
{
	int64_t day = civil_day_number(c);
	const struct holiday *h = holidays_find(choice->holidays, day, HOLIDAY_FOR_TARIFF);
	int weekday = civil_weekday(c);

	rate->holidays_known = holidays_cover(choice->holidays, day);
	rate->holiday = h != NULL ? h->name : NULL;
	if (h != NULL)
		return TARIFF_HOLIDAY;
	return weekday == 7 ? TARIFF_SUNDAY : weekday == 6 ? TARIFF_SATURDAY : TARIFF_WEEKDAY;
}

static when_t
slot_instant(const struct tariff_choice *choice, struct civil day, int slot)
{
	day.hour = slot / 4;
	day.minute = slot % 4 * 15;
	day.second = 0;
	return when_of(choice->zone, day, NULL, NULL);
}

/* The span around t in which the band by the hour stays the same, within t's civil day and
 * between changes of offset. */
static void
extent(const struct tariff_choice *choice, const uint8_t slots[TARIFF_SLOTS], struct civil c,
    int at, when_t t, struct tariff_rate *rate)
{
	when_t midnight = when_day(choice->zone, t, 0), next = when_day(choice->zone, t, 1),
	       change;
	int first = at, last = at + 1;

	while (first > 0 && slots[first - 1] == slots[at])
		first--;
	while (last < TARIFF_SLOTS && slots[last] == slots[at])
		last++;
	change = when_next_change(choice->zone, midnight - 1);
	if (change != WHEN_NONE && change <= next) {
		/* a day of 23 or 25 hours: just this quarter */
		rate->from = t - (c.minute % 15 * 60 + c.second);
		rate->until = rate->from + 900;
		return;
	}
	rate->from = slot_instant(choice, c, first);
	rate->until = last == TARIFF_SLOTS ? next : slot_instant(choice, c, last);
}

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static enum tariff_found
why_not(const struct tariffs *ts, const struct tariff_choice *choice, enum tariff_type missing)
{
	size_t i;

	for (i = 0; i < ts->n; i++)
		if (is_for(ts->records[i], missing, choice->key, choice->region))
			return missing == TARIFF_PRICES ? TARIFF_NO_PRICES : TARIFF_NO_HOURS;
	return TARIFF_UNKNOWN;
}

enum tariff_found
tariff_at(const struct tariffs *ts, const struct tariff_choice *choice, when_t t,
    struct tariff_rate *rate)
{
	struct civil c = when_civil(choice->zone, t, NULL);
	int64_t day = civil_day_number(c);
	const struct tariff_record *p, *h, *d;
	const struct tariff_hours *hours;
	int slot = c.hour * 4 + c.minute / 15;

	if ((p = tariffs_find(ts, TARIFF_PRICES, choice->key, NULL, day)) == NULL)
		return why_not(ts, choice, TARIFF_PRICES);
	if ((h = tariffs_find(ts, TARIFF_HOURS, choice->key, choice->region, day)) == NULL)
		return why_not(ts, choice, TARIFF_HOURS);
	d = tariffs_find(ts, TARIFF_DEMAND, choice->key, NULL, day);
	hours = &h->u.hours;
	*rate = (struct tariff_rate){ .season = hours->season[c.month - 1],
		.base = p->u.prices.base,
		.verified = p->verified && h->verified,
		.currency = p->u.prices.currency,
		.version = p->source != NULL ? p->source : "",
		.valid_through = earliest(p->through, h->through),
		.hours_at = h->at,
		.prices_at = p->at };
	rate->day = kind_of_day(choice, c, rate);
	rate->by_hour = (enum tariff_band)hours->band[rate->season][slot];
	rate->band = (enum tariff_band)hours->on_day[rate->day][rate->by_hour];
	rate->price = p->u.prices.energy[rate->season][rate->band];
	rate->counts_for_demand = d != NULL && d->u.demand.band[rate->band];
	if (choice->holidays != NULL)
		rate->valid_through =
		    earliest(rate->valid_through, holidays_valid_through(choice->holidays));
	extent(choice, hours->band[rate->season], c, slot, t, rate);
	return rate->price != MONEY_NONE ? TARIFF_FOUND : TARIFF_NO_PRICES;
}

enum tariff_found
tariff_interval(const struct tariffs *ts, const struct tariff_choice *choice, when_t from,
    when_t to, struct tariff_rate *rate, bool *whole)
{
	enum tariff_found f = tariff_at(ts, choice, from, rate);
	struct tariff_rate later = { 0 };

	*whole = f == TARIFF_FOUND;
	if (f != TARIFF_FOUND)
		return f;
	for (later = *rate; *whole && later.until < to;)
		*whole = tariff_at(ts, choice, later.until, &later) == TARIFF_FOUND &&
			 later.price == rate->price && later.band == rate->band;
	return f;
}

struct tariff_account {
	const struct tariffs *ts;
	struct tariff_choice choice;
	struct tariff_rate rate;
	bool held; /* rate holds in [rate.from, rate.until) */
};

struct tariff_account *
tariff_account_open(const struct tariffs *ts, const struct tariff_choice *choice)
{
	struct tariff_account *a;

	if (choice->key == NULL || why_not(ts, choice, TARIFF_PRICES) == TARIFF_UNKNOWN ||
	    why_not(ts, choice, TARIFF_HOURS) == TARIFF_UNKNOWN)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->ts = ts;
	a->choice = *choice;
	return a;
}

void
tariff_account_close(struct tariff_account *a)
{
	free(a);
}

enum tariff_found
tariff_account_at(struct tariff_account *a, when_t t, const struct tariff_rate **rate)
{
	enum tariff_found f = TARIFF_FOUND;

	if (!a->held || t < a->rate.from || t >= a->rate.until) {
		f = tariff_at(a->ts, &a->choice, t, &a->rate);
		a->held = f == TARIFF_FOUND;
	}
	*rate = &a->rate;
	return f;
}

#define MILLIWATT_HOURS ((int64_t)1000000) /* in a kilowatt-hour */

money_t
tariff_charge(money_t price, double kwh)
{
	if (!(fabs(kwh) < 1e12))
		return MONEY_NONE;
	return money_scale(
	    price, llround(kwh * (double)MILLIWATT_HOURS), MILLIWATT_HOURS, MONEY_HALF_UP);
}

const char *
tariff_found_text(enum tariff_found f)
{
	static const char *const texts[] = { "found", "no such tariff",
		"no prices for that day", "no hours for that day" };

	return texts[f];
}

void
tariff_why(const struct tariff_rate *rate, const struct tariff_choice *choice, when_t t,
    struct buf *text)
{
	char at[WHEN_TEXT], until[WHEN_TEXT], price[MONEY_TEXT], through[DATED_TEXT];

	buf_printf(text, "%s: %s, %s", when_format(at, choice->zone, t),
	    tariff_season_name(rate->season), tariff_day_name(rate->day));
	if (rate->holiday != NULL)
		buf_printf(text, " (%s)", rate->holiday);
	buf_printf(text, ", %s", tariff_band_name(rate->band));
	if (rate->band != rate->by_hour)
		buf_printf(text, " (by the hour %s)", tariff_band_name(rate->by_hour));
	buf_printf(text, " until %s: %s %s per kWh; prices %s:%" PRIu64 ", hours %s:%" PRIu64,
	    when_format(until, choice->zone, rate->until), money_format(price, rate->price),
	    rate->currency, rate->prices_at.source, rate->prices_at.line, rate->hours_at.source,
	    rate->hours_at.line);
	if (dated_format(through, rate->valid_through) != NULL)
		buf_printf(text, ", valid through %s", through);
	if (!rate->holidays_known)
		buf_puts(text, "; holidays of that day are not known");
	if (!rate->verified)
		buf_puts(text, "; prices not verified");
}
