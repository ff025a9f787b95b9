/* Tariffs and holidays as data: what is taken gives a rate that holds where it says it does. */
#include "bms/holidays.h"
#include "bms/tariff.h"
#include "fuzz.h"

static void
on_finding(void *ctx, const struct where *at, const char *text)
{
	(void)ctx;
	(void)at;
	must(text[0] != '\0');
}

static void
try_rates(const struct tariffs *ts, const char *key, struct buf *text)
{
	const struct tariff_choice choice = { .key = key,
		.zone = zone_find(SPAN("Asia/Seoul")) };
	struct tariff_rate rate, again;
	bool whole;

	for (when_t t = 1656601200; t < 1688137200; t += 1723 * 900) {
		if (tariff_at(ts, &choice, t, &rate) != TARIFF_FOUND)
			continue;
		must(rate.from <= t && t < rate.until);
		must(tariff_at(ts, &choice, rate.until - 1, &again) == TARIFF_FOUND &&
		     again.price == rate.price && again.band == rate.band);
		(void)tariff_interval(ts, &choice, t, t + 900, &rate, &whole);
		(void)tariff_charge(rate.price, 12.345);
		buf_clear(text);
		tariff_why(&rate, &choice, t, text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span text = { (const char *)data, n }, line;
	struct tariffs *ts = tariffs_new();
	struct where at = { "fuzz", 0 };
	struct buf why = BUF(4096);
	json_value root;

	while (fuzz_line(&text, &line)) {
		at.line++;
		buf_clear(&why);
		if (fuzz_json(line, &root) && json_kind_of(root) == JSON_OBJECT &&
		    !tariffs_add(ts, root, &at, &why))
			must(why.n > 0);
	}
	(void)tariffs_check(ts, on_finding, NULL);
	for (size_t i = 0; i < 4 && tariffs_key(ts, i) != NULL; i++) {
		buf_clear(&why);
		try_rates(ts, tariffs_key(ts, i), &why);
	}
	tariffs_free(ts);
	buf_free(&why);
	return 0;
}
