/* lib/bms: tariffs and bills, on the Korean data shipped with the product. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bms/bill.h"
#include "bms/dated.h"
#include "ndjson.h"

#include <stdlib.h>

static bool
add_tariff(void *ctx, json_value record, const struct where *at, struct buf *why)
{
	return tariffs_add(ctx, record, at, why);
}

static bool
add_holiday(void *ctx, json_value record, const struct where *at, struct buf *why)
{
	return holidays_add(ctx, record, at, why);
}

struct korea {
	struct tariffs *ts;
	struct holidays *h;
	struct tariff_choice choice;
};

static int
korea_up(void **state)
{
	struct korea *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	k->ts = tariffs_new();
	k->h = holidays_new();
	ndjson_file("testdata/tariffs/kr-general.ndjson", add_tariff, k->ts);
	ndjson_file("testdata/holidays/kr.ndjson", add_holiday, k->h);
	k->choice = (struct tariff_choice){ .key = "general/eul/high_a/2",
		.zone = zone_find(SPAN("Asia/Seoul")),
		.holidays = holidays_calendar(k->h, SPAN("kr")) };
	*state = k;
	return 0;
}

static int
korea_down(void **state)
{
	struct korea *k = *state;

	tariffs_free(k->ts);
	holidays_free(k->h);
	free(k);
	return 0;
}

static when_t
at(const char *text)
{
	when_t t;

	assert_true(when_parse_human(span_of(text), zone_find(SPAN("Asia/Seoul")), 0, &t));
	return t;
}

static void
season_band_and_price(void **state)
{
	static const struct {
		const char *when, *key, *region, *season, *band, *price;
	} cases[] = {
		/* a Friday in the last summer and the first one of the new hours */
		{ "2025-07-18T12:00", "general/eul/high_a/2", NULL, "summer", "mid", "140.2" },
		{ "2025-07-18T13:00", "general/eul/high_a/2", NULL, "summer", "peak", "222.3" },
		{ "2025-07-18T17:59", "general/eul/high_a/2", NULL, "summer", "peak", "222.3" },
		{ "2025-07-18T18:00", "general/eul/high_a/2", NULL, "summer", "mid", "140.2" },
		{ "2026-05-29T14:00", "general/eul/high_a/2", NULL, "spring_fall", "peak",
		    "140.5" },
		{ "2026-05-31T23:59", "general/eul/high_a/2", NULL, "spring_fall", "off_peak",
		    "87.3" },
		{ "2026-06-01T00:00", "general/eul/high_a/2", NULL, "summer", "off_peak",
		    "87.3" },
		{ "2026-06-01T14:00", "general/eul/high_a/2", NULL, "summer", "mid", "140.2" },
		{ "2026-06-01T15:00", "general/eul/high_a/2", NULL, "summer", "peak", "222.3" },
		{ "2026-06-01T20:59:59", "general/eul/high_a/2", NULL, "summer", "peak",
		    "222.3" },
		{ "2026-06-01T21:00", "general/eul/high_a/2", NULL, "summer", "mid", "140.2" },
		{ "2026-06-01T22:00", "general/eul/high_a/2", NULL, "summer", "off_peak",
		    "87.3" },
		/* winter did not change */
		{ "2025-12-01T09:00", "general/eul/high_a/2", NULL, "winter", "peak", "197.9" },
		{ "2026-12-01T09:00", "general/eul/high_a/2", NULL, "winter", "peak", "197.9" },
		{ "2026-12-01T16:00", "general/eul/high_b/3", NULL, "winter", "peak", "198.9" },
		/* September is spring and fall by price, June summer */
		{ "2026-09-01T16:00", "general/eul/high_a/1", NULL, "spring_fall", "peak",
		    "146" },
		/* Saturday: peak is mid; Sunday and holidays: off-peak */
		{ "2026-07-18T16:00", "general/eul/high_a/2", NULL, "summer", "mid", "140.2" },
		{ "2026-07-18T03:00", "general/eul/high_a/2", NULL, "summer", "off_peak",
		    "87.3" },
		{ "2026-07-19T16:00", "general/eul/high_a/2", NULL, "summer", "off_peak",
		    "87.3" },
		{ "2026-07-17T16:00", "general/eul/high_a/2", NULL, "summer", "off_peak",
		    "87.3" },
		{ "2026-08-15T16:00", "general/eul/high_a/2", NULL, "summer", "off_peak",
		    "87.3" },
		{ "2026-06-03T16:00", "general/eul/high_a/2", NULL, "summer", "off_peak",
		    "87.3" },
		/* ad-hoc holidays are working days to the tariff */
		{ "2025-01-27T10:00", "general/eul/high_a/2", NULL, "winter", "peak", "197.9" },
		{ "2025-06-03T14:00", "general/eul/high_a/2", NULL, "summer", "peak", "222.3" },
		/* other tariffs, Jeju */
		{ "2026-07-20T16:00", "general/gap1/low", NULL, "summer", "flat", "132.4" },
		{ "2026-07-19T16:00", "general/gap1/low", NULL, "summer", "flat", "132.4" },
		{ "2026-12-01T16:00", "general/gap2/high_a/1", NULL, "winter", "peak",
		    "143.3" },
		{ "2026-07-20T15:00", "general/eul/high_a/2", "jeju", "summer", "mid",
		    "140.2" },
		{ "2026-12-01T21:00", "general/eul/high_a/2", "jeju", "winter", "peak",
		    "197.9" },
		/* leap day; before the terms of 2024 */
		{ "2028-02-29T10:00", "general/eul/high_a/3", NULL, "winter", "peak", "186.7" },
		{ "2022-10-04T10:00", "general/eul/high_a/2", NULL, "spring_fall", "peak",
		    "121.1" },
	};
	struct korea *k = *state;
	char price[MONEY_TEXT];
	struct tariff_rate r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tariff_choice c = k->choice;

		c.key = cases[i].key;
		c.region = cases[i].region;
		assert_int_equal(tariff_at(k->ts, &c, at(cases[i].when), &r), TARIFF_FOUND);
		if (strcmp(tariff_band_name(r.band), cases[i].band) != 0)
			fail_msg("%s: %s", cases[i].when, tariff_band_name(r.band));
		assert_string_equal(tariff_season_name(r.season), cases[i].season);
		assert_string_equal(money_format(price, r.price), cases[i].price);
		assert_int_equal(r.counts_for_demand, r.band != TARIFF_OFF_PEAK);
		assert_true(r.from <= at(cases[i].when) && at(cases[i].when) < r.until);
	}
}

static void
what_is_not_there_is_said(void **state)
{
	struct korea *k = *state;
	struct tariff_choice c = k->choice;
	struct tariff_rate r;

	assert_int_equal(tariff_at(k->ts, &c, at("2021-01-01"), &r), TARIFF_NO_PRICES);
	c.key = "general/eul/high_c/2";
	assert_int_equal(tariff_at(k->ts, &c, at("2026-01-01"), &r), TARIFF_UNKNOWN);
	assert_null(tariff_account_open(k->ts, &c));
	c = k->choice;
	c.region = "jeju";
	assert_int_equal(tariff_at(k->ts, &c, at("2023-01-02"), &r), TARIFF_NO_HOURS);
	c.region = "ulleung";
	assert_int_equal(tariff_at(k->ts, &c, at("2026-01-02"), &r), TARIFF_UNKNOWN);
	assert_null(tariff_account_open(k->ts, &c));
	/* past the holiday list a price is given, but marked */
	assert_int_equal(
	    tariff_at(k->ts, &k->choice, at("2028-03-01T10:00"), &r), TARIFF_FOUND);
	assert_false(r.holidays_known);
	assert_int_equal(
	    tariff_at(k->ts, &k->choice, at("2026-03-03T10:00"), &r), TARIFF_FOUND);
	assert_true(r.holidays_known && r.verified);
	assert_int_equal(
	    tariff_at(k->ts, &k->choice, at("2022-10-04T10:00"), &r), TARIFF_FOUND);
	assert_false(r.verified);
}

/* An interval label is its end: the quarter labelled 15:00 is still mid. */
static void
intervals_are_priced_at_their_beginning(void **state)
{
	struct korea *k = *state;
	struct tariff_rate r;
	bool whole;

	assert_int_equal(tariff_interval(k->ts, &k->choice, at("2026-06-01T14:45"),
			     at("2026-06-01T15:00"), &r, &whole),
	    TARIFF_FOUND);
	assert_int_equal(r.band, TARIFF_MID);
	assert_true(whole);
	assert_int_equal(tariff_interval(k->ts, &k->choice, at("2026-06-01T14:45"),
			     at("2026-06-01T15:45"), &r, &whole),
	    TARIFF_FOUND);
	assert_int_equal(r.band, TARIFF_MID);
	assert_false(whole);
	/* a night over midnight and the change of version is one rate */
	assert_int_equal(tariff_interval(k->ts, &k->choice, at("2026-05-31T23:00"),
			     at("2026-06-01T08:00"), &r, &whole),
	    TARIFF_FOUND);
	assert_true(whole);
}

/* The remembered answer is the one asked afresh, at every quarter of a week round the change of
 * hours. */
static void
an_account_answers_the_same(void **state)
{
	struct korea *k = *state;
	struct tariff_account *a = tariff_account_open(k->ts, &k->choice);
	const struct tariff_rate *held;
	struct tariff_rate fresh;
	when_t t;
	int peaks = 0;

	assert_non_null(a);
	for (t = at("2026-05-28"); t < at("2026-06-04"); t += 450) {
		assert_int_equal(tariff_account_at(a, t, &held), TARIFF_FOUND);
		assert_int_equal(tariff_at(k->ts, &k->choice, t, &fresh), TARIFF_FOUND);
		assert_int_equal(held->price, fresh.price);
		assert_int_equal(held->band, fresh.band);
		assert_int_equal(held->until, fresh.until);
		peaks += held->band == TARIFF_PEAK;
	}
	/* two weekdays of 6 h, a Saturday and a Sunday of none, two weekdays of 6 h, an
	 * election day of none */
	assert_int_equal(peaks, 4 * 6 * 8);
	tariff_account_close(a);
}

/* In a day of 23 or 25 hours the bands follow the clock. */
static void
a_day_with_a_change_of_offset(void **state)
{
	static const struct {
		const char *day;
		int off, mid, peak;
	} cases[] = { { "2026-03-28", 40, 56, 0 }, { "2026-03-29", 92, 0, 0 },
		{ "2026-10-25", 100, 0, 0 }, { "2026-10-26", 40, 32, 24 } };
	struct korea *k = *state;
	struct tariff_choice c = k->choice;
	struct tariff_rate r;
	when_t t, end;
	size_t i;

	c.zone = zone_find(SPAN("Europe/London"));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n[TARIFF_BANDS] = { 0 };

		assert_true(when_parse_human(span_of(cases[i].day), c.zone, 0, &t));
		for (end = when_day(c.zone, t, 1); t < end; t += 900) {
			assert_int_equal(tariff_at(k->ts, &c, t, &r), TARIFF_FOUND);
			assert_true(r.from <= t && t < r.until);
			n[r.band]++;
		}
		assert_int_equal(n[TARIFF_OFF_PEAK], cases[i].off);
		assert_int_equal(n[TARIFF_MID], cases[i].mid);
		assert_int_equal(n[TARIFF_PEAK], cases[i].peak);
	}
}

static void
charges_are_exact(void **state)
{
	char text[MONEY_TEXT];

	(void)state;
	assert_string_equal(money_format(text, tariff_charge(222300000, 12.5)), "2778.75");
	assert_string_equal(money_format(text, tariff_charge(87300000, 0.1)), "8.73");
	assert_string_equal(money_format(text, tariff_charge(87300000, -0.1)), "-8.73");
	assert_true(tariff_charge(87300000, 1e300) == MONEY_NONE);
	assert_true(tariff_charge(87300000, 0.0 / 1.0) == 0);
}

struct said {
	size_t n;
	struct buf text;
};

static void
say(void *ctx, const struct where *where, const char *text)
{
	struct said *s = ctx;

	s->n++;
	buf_printf(&s->text, "%s:%d: %s\n", where->source, (int)where->line, text);
}

static void
the_shipped_data_has_no_gaps(void **state)
{
	struct korea *k = *state;
	struct said s = { .text = BUF(65536) };
	size_t i;

	assert_int_equal(tariffs_check(k->ts, say, &s), 0);
	assert_int_equal(s.n, 0);
	for (i = 0; tariffs_key(k->ts, i) != NULL; i++)
		;
	assert_int_equal(i, 9);
	buf_free(&s.text);
}

#define HOURS(from, through)                                                                \
	"{\"type\":\"hours\",\"for\":[\"x\"],\"valid_from\":" from                          \
	",\"valid_through\":" through                                                       \
	",\"months\":{\"all_year\":[1,2,3,4,5,6,7,8,9,10,11,12]},\"bands\":{\"all_year\":{" \
	"\"off_peak\":[\"22-08\"],\"peak\":[\"08-22\"]}}}"
#define PRICES(from, through, energy)                              \
	"{\"type\":\"prices\",\"tariff\":\"x/"                     \
	"1\",\"currency\":\"KRW\",\"base\":1,\"valid_from\":" from \
	",\"valid_through\":" through ",\"energy\":{\"all_year\":{" energy "}}}"
#define BOTH "\"off_peak\":1,\"peak\":2"

static void
gaps_and_overlaps_are_found(void **state)
{
	static const struct {
		const char *records[4];
		const char *says;
	} cases[] = {
		{ { HOURS("\"2026-01-01\"", "null"), PRICES("\"2026-01-01\"", "null", BOTH) },
		    "" },
		{ { HOURS("\"2026-01-01\"", "null"),
		      PRICES("\"2026-01-01\"", "\"2026-03-31\"", BOTH),
		      PRICES("\"2026-03-01\"", "null", BOTH) },
		    "test:3: prices for x/1 overlap those of test:2 from 2026-03-01 on\n" },
		{ { HOURS("\"2026-01-01\"", "null"),
		      PRICES("\"2026-01-01\"", "\"2026-03-31\"", BOTH),
		      PRICES("\"2026-05-01\"", "null", BOTH) },
		    "test:3: prices for x/1: a gap from 2026-04-01 through 2026-04-30\n" },
		{ { HOURS("\"2026-01-01\"", "\"2026-06-30\""), HOURS("\"2026-07-02\"", "null"),
		      PRICES("\"2026-01-01\"", "null", BOTH) },
		    "test:2: hours for x/1: a gap from 2026-07-01 through 2026-07-01\n"
		    "test:3: prices of x/1: no hours for 2026-07-01\n" },
		{ { HOURS("\"2026-01-01\"", "null"),
		      PRICES("\"2026-01-01\"", "null", "\"peak\":2") },
		    "test:2: prices of x/1: none for all_year off_peak, which the hours of "
		    "test:1 have\n" },
		{ { PRICES("\"2026-01-01\"", "null", BOTH) },
		    "test:1: prices of x/1: no hours for 2026-01-01\n" },
	};
	struct buf why = BUF(1024);
	size_t i, r, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tariffs *ts = tariffs_new();
		struct said s = { .text = BUF(65536) };

		for (r = 0; cases[i].records[r] != NULL; r++)
			assert_true(
			    ndjson_text(cases[i].records[r], (int)r + 1, add_tariff, ts, &why));
		n = tariffs_check(ts, say, &s);
		assert_int_equal(n, s.n);
		assert_string_equal(buf_text(&s.text), cases[i].says);
		buf_free(&s.text);
		tariffs_free(ts);
	}
	buf_free(&why);
}

#define MONTHS "\"months\":{\"all_year\":[1,2,3,4,5,6,7,8,9,10,11,12]}"

static void
wrong_records_are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *record, *why;
	} cases[] = {
		{ "{}", "type: not there" },
		{ "{\"type\":\"rates\"}", "type: not hours, prices, demand or levies" },
		{ "{\"type\":\"hours\"}", "for: not a list of tariffs" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"],\"valid_from\":\"2026-02-29\"}",
		    "valid_from: not a date" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"]}", "months: 1 is in no season" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"],\"months\":{\"summer\":[1],\"winter\":["
		  "1]}}",
		    "months: 1 is in two seasons" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"],\"months\":{\"autumn\":[1]}}",
		    "months: autumn is not one" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"]," MONTHS "}",
		    "bands: none for all_year" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"]," MONTHS
		  ",\"bands\":{\"all_year\":{\"peak\":[\"08-22\"]}}}",
		    "bands: nothing holds at 00:00" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"]," MONTHS
		  ",\"bands\":{\"all_year\":{\"peak\":[\"00-24\"],\"mid\":[\"09:30-10\"]}}}",
		    "bands: 09:30-10 overlaps another at 09:30" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"]," MONTHS
		  ",\"bands\":{\"all_year\":{\"peak\":[\"00-25\"]}}}",
		    "bands: 00-25 is not like 22-08" },
		{ "{\"type\":\"hours\",\"for\":[\"x\"]," MONTHS
		  ",\"bands\":{\"all_year\":{\"peak\":[\"00-24\"]}},\"days\":{\"sunday\":{"
		  "\"peak\":1}}}",
		    "days: a band becomes another band" },
		{ "{\"type\":\"prices\",\"tariff\":\"x\"}",
		    "currency: not three letters (ISO 4217)" },
		{ "{\"type\":\"prices\",\"tariff\":\"x\",\"currency\":\"KRW\",\"base\":-1}",
		    "base: not a price per kW and month" },
		{ "{\"type\":\"prices\",\"tariff\":\"x\",\"currency\":\"KRW\",\"base\":1,"
		  "\"energy\":{\"summer\":{\"mid\":null}}}",
		    "energy: summer mid: not a price" },
		{ "{\"type\":\"demand\",\"for\":[\"x\"],\"window_months\":12,\"floor\":2,"
		  "\"unit_kw\":1}",
		    "floor: not a share of the contract" },
		{ "{\"type\":\"demand\",\"for\":[\"x\"],\"window_months\":12,\"floor\":0,"
		  "\"unit_kw\":1,"
		  "\"over_contract\":[{\"below\":0.3,\"rate\":1},{\"below\":0.2,\"rate\":1}]}",
		    "over_contract: below: not rising" },
		{ "{\"type\":\"demand\",\"for\":[\"x\"],\"window_months\":12,\"floor\":0,"
		  "\"unit_kw\":1,"
		  "\"over_contract\":[{\"below\":0.3,\"rate\":1}]}",
		    "over_contract: the last step has no \"below\":null" },
		{ "{\"type\":\"levies\",\"for\":[\"x\"],\"vat\":1.5}",
		    "vat, fund: not a share" },
		{ "{\"type\":\"levies\",\"for\":[\"x\"],\"line_unit\":-1}",
		    "line_unit: not a unit" },
		{ "{\"type\":\"levies\",\"for\":[\"x\"],\"power_factor\":{\"low\":1}}",
		    "power_factor: lagging_base: not a percentage" },
	};
	struct tariffs *ts = tariffs_new();
	struct buf why = BUF(1024);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(ndjson_text(cases[i].record, 1, add_tariff, ts, &why));
		assert_string_equal(buf_text(&why), cases[i].why);
	}
	buf_free(&why);
	tariffs_free(ts);
}

/* ---- bills ---- */

#define WON(n) ((money_t)(n)*MONEY_ONE)
#define MONTH(y, m) ((y)*12 + (m)-1)

static const struct bill_line july[] = { { 87300000, 60000000 }, { 140200000, 70000000 },
	{ 222300000, 50000000 } };

static struct bill_input
july_input(void)
{
	return (struct bill_input){ .key = "general/eul/high_a/2",
		.month = MONTH(2026, 7),
		.billing_w = 640000,
		.contract_w = 1000000,
		.peak_w = 640000,
		.lines = july,
		.n = 3 };
}

static void
a_july_bill_comes_out_to_the_won(void **state)
{
	struct korea *k = *state;
	struct bill_input in = july_input();
	struct bill b;

	assert_int_equal(bill_estimate(k->ts, &in, &b), TARIFF_FOUND);
	assert_int_equal(b.base, WON(5324800));
	assert_int_equal(b.energy, WON(26167000));
	assert_int_equal(b.climate, WON(1620000));
	assert_int_equal(b.fuel, WON(900000));
	assert_int_equal(b.subtotal, WON(34011800));
	assert_int_equal(b.vat, WON(3401180));
	assert_int_equal(b.fund, WON(918310));
	assert_int_equal(b.total, WON(38331290));
	assert_string_equal(b.currency, "KRW");
	/* the fund was 3.2 % a year before */
	in.month = MONTH(2025, 6);
	assert_int_equal(bill_estimate(k->ts, &in, &b), TARIFF_FOUND);
	assert_int_equal(b.fund, WON(1088370));
	in.month = MONTH(2020, 1);
	assert_int_equal(bill_estimate(k->ts, &in, &b), TARIFF_NO_PRICES);
}

static void
power_factor_and_the_contract(void **state)
{
	static const struct {
		int lagging, leading;
		money_t won;
	} factors[] = {
		{ 0, 0, 0 },
		{ 92, 95, 0 },
		{ 90, 0, WON(21299) },   /* 2 % short: 0.4 % of 5 324 800 = 21 299.2 */
		{ 97, 0, -WON(53248) },  /* 5 % better: 1 % off */
		{ 100, 0, -WON(53248) }, /* no more than 97 counts */
		{ 50, 0, WON(340787) },  /* no less than 60: 6.4 % = 340 787.2 */
		{ 0, 90, WON(53248) },
		{ 90, 94, WON(31948) },
	};
	static const struct {
		int64_t peak_kw;
		money_t won;
	} peaks[] = { { 1000, 0 }, { 1100, WON(1248000) }, { 1199, WON(2483520) },
		{ 1200, WON(3328000) }, { 1700, WON(23296000) } };
	struct korea *k = *state;
	struct bill_input in = july_input();
	struct bill b;
	size_t i;

	for (i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		in.lagging = factors[i].lagging;
		in.leading = factors[i].leading;
		assert_int_equal(bill_estimate(k->ts, &in, &b), TARIFF_FOUND);
		assert_int_equal(b.power_factor, factors[i].won);
	}
	in = july_input();
	for (i = 0; i < sizeof(peaks) / sizeof(peaks[0]); i++) {
		in.peak_w = peaks[i].peak_kw * 1000;
		in.warned = false;
		assert_int_equal(bill_estimate(k->ts, &in, &b), TARIFF_FOUND);
		assert_int_equal(b.over_contract, 0);
		in.warned = true;
		assert_int_equal(bill_estimate(k->ts, &in, &b), TARIFF_FOUND);
		assert_int_equal(b.over_contract, peaks[i].won);
	}
}

static void
the_demand_ratchet(void **state)
{
	static const struct bill_peak peaks[] = { { MONTH(2025, 6), 990000 },
		{ MONTH(2025, 8), 700499 }, { MONTH(2025, 9), 650000 },
		{ MONTH(2025, 11), 900000 }, { MONTH(2026, 1), 500000 },
		{ MONTH(2026, 6), 720000 } };
	static const struct {
		int month;
		int64_t kw;
		int set_by;
		bool floored;
	} cases[] = {
		{ MONTH(2025, 8), 700, MONTH(2025, 8), false },
		{ MONTH(2025, 11), 900, MONTH(2025, 11),
		    false }, /* its own month always counts */
		{ MONTH(2025, 12), 700, MONTH(2025, 8),
		    false }, /* but November not for others */
		{ MONTH(2026, 6), 720, MONTH(2026, 6), false },
		{ MONTH(2026, 7), 700, MONTH(2025, 8), false }, /* the twelfth bill */
		{ MONTH(2026, 8), 650, MONTH(2025, 9), false },
		{ MONTH(2026, 9), 600, MONTH(2026, 9), true }, /* floor: 30 % of 2000 kW */
	};
	struct korea *k = *state;
	struct bill_demand d;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(bill_demand(
		    k->ts, "general/eul/high_a/2", cases[i].month, 2000000, peaks, 6, &d));
		assert_int_equal(d.w, cases[i].kw * 1000);
		assert_int_equal(d.month, cases[i].set_by);
		assert_int_equal(d.floored, cases[i].floored);
	}
	assert_false(bill_demand(k->ts, "residential", MONTH(2026, 1), 0, peaks, 6, &d));
}

/* One more kilowatt: 8,320 won a month with 12.7 % tax and fund, for as many bills as it rules.
 */
static void
one_more_kilowatt(void **state)
{
	static const struct bill_peak peaks[] = { { MONTH(2025, 8), 700000 },
		{ MONTH(2026, 8), 700000 } };
	struct korea *k = *state;
	money_t cost[BILL_AHEAD];
	int m;

	/* August: twelve bills */
	assert_true(bill_extra(
	    k->ts, "general/eul/high_a/2", MONTH(2026, 8), 1000000, peaks, 2, 1000, cost));
	for (m = 0; m < BILL_AHEAD; m++)
		assert_int_equal(cost[m], 9376640000);
	/* October: its own bill, if it passes the August peak; by 1 kW from nothing it costs
	 * nothing */
	assert_true(bill_extra(
	    k->ts, "general/eul/high_a/2", MONTH(2026, 10), 1000000, peaks, 2, 1000, cost));
	for (m = 0; m < BILL_AHEAD; m++)
		assert_int_equal(cost[m], 0);
	assert_true(bill_extra(
	    k->ts, "general/eul/high_a/2", MONTH(2026, 10), 1000000, peaks, 2, 701000, cost));
	assert_int_equal(cost[0], 9376640000);
	assert_int_equal(cost[1], 0);
	assert_false(
	    bill_extra(k->ts, "no/such", MONTH(2026, 8), 1000000, peaks, 2, 1000, cost));
}

static void
a_rate_says_why(void **state)
{
	struct korea *k = *state;
	struct buf text = BUF(1024);
	struct tariff_rate r;

	assert_int_equal(
	    tariff_at(k->ts, &k->choice, at("2026-07-18T16:00"), &r), TARIFF_FOUND);
	tariff_why(&r, &k->choice, at("2026-07-18T16:00"), &text);
	assert_string_equal(buf_text(&text),
	    "2026-07-18T16:00:00+09:00: summer, saturday, mid (by the hour peak) until "
	    "2026-07-18T21:00:00+09:00: 140.2 KRW per kWh; prices "
	    "testdata/tariffs/kr-general.ndjson:14, hours "
	    "testdata/tariffs/kr-general.ndjson:4, "
	    "valid through 2027-12-31");
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(season_band_and_price),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(intervals_are_priced_at_their_beginning),
		cmocka_unit_test(an_account_answers_the_same),
		cmocka_unit_test(a_day_with_a_change_of_offset),
		cmocka_unit_test(charges_are_exact),
		cmocka_unit_test(the_shipped_data_has_no_gaps),
		cmocka_unit_test(gaps_and_overlaps_are_found),
		cmocka_unit_test(wrong_records_are_refused_with_a_reason),
		cmocka_unit_test(a_july_bill_comes_out_to_the_won),
		cmocka_unit_test(power_factor_and_the_contract),
		cmocka_unit_test(the_demand_ratchet),
		cmocka_unit_test(one_more_kilowatt),
		cmocka_unit_test(a_rate_says_why),
	};

	return cmocka_run_group_tests(tests, korea_up, korea_down);
}
