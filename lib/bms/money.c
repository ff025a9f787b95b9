#include "bms/money.h"
#include "base/diag.h"

#include <inttypes.h>
#include <stdio.h>

__extension__ typedef __int128 wide;

#define PLACES 6

static money_t
saturated(wide v)
{
	if (v > MONEY_MAX)
		return MONEY_MAX;
	if (v < -MONEY_MAX)
		return -MONEY_MAX;
	return (money_t)v;
}

bool
money_parse(struct span text, money_t *m)
{
	bool negative = text.n > 0 && text.p[0] == '-', point = false;
	int places = 0, digits = 0;
	wide v = 0;
	size_t i = negative ? 1 : 0;

	for (; i < text.n; i++) {
		if (text.p[i] == '.' && !point && digits > 0) {
			point = true;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9' || places == PLACES || v > MONEY_MAX)
			return false;
		v = v * 10 + (text.p[i] - '0');
		digits++;
		places += point;
	}
	if (digits == 0 || (point && places == 0))
		return false;
	for (; places < PLACES; places++)
		v *= 10;
	if (v > MONEY_MAX)
		return false;
	*m = (money_t)(negative ? -v : v);
	return true;
}

bool
money_of_json(json_value v, money_t *m)
{
	struct span text;

	if (json_kind_of(v) == JSON_NUMBER)
		return money_parse(json_raw(v), m);
	return json_text(v, &text) && money_parse(text, m);
}

char *
money_format(char to[MONEY_TEXT], money_t m)
{
	uint64_t v = m < 0 ? (uint64_t)(-m) : (uint64_t)m;
	int n = snprintf(to, MONEY_TEXT, "%s%" PRIu64 ".%06" PRIu64, m < 0 ? "-" : "",
	    v / (uint64_t)MONEY_ONE, v % (uint64_t)MONEY_ONE);

	while (n > 0 && to[n - 1] == '0')
		to[--n] = '\0';
	if (n > 0 && to[n - 1] == '.')
		to[n - 1] = '\0';
	return to;
}

static wide
divide(wide v, wide by, enum money_rounding how)
{
	wide half = how == MONEY_HALF_UP ? by / 2 : 0;

	return (v < 0 ? v - half : v + half) / by;
}

money_t
money_scale(money_t m, int64_t num, int64_t den, enum money_rounding how)
{
	must(den > 0);
	return saturated(divide((wide)m * num, den, how));
}

money_t
money_round(money_t m, money_t unit, enum money_rounding how)
{
	must(unit > 0);
	return saturated(divide(m, unit, how) * unit);
}
