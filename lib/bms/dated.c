#include "bms/dated.h"

#include <stdio.h>

static bool
number(const char *p, size_t n, int *v)
{
	for (*v = 0; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return false;
		*v = *v * 10 + (*p - '0');
	}
	return true;
}

bool
dated_parse(struct span text, int64_t *day)
{
	struct civil c = { 0 };

	if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' ||
	    !number(text.p, 4, &c.year) || !number(text.p + 5, 2, &c.month) ||
	    !number(text.p + 8, 2, &c.day) || !civil_is_valid(c))
		return false;
	*day = civil_day_number(c);
	return true;
}

bool
dated_of_json(json_value v, int64_t open, int64_t *day)
{
	struct span text;

	if (json_kind_of(v) == JSON_NONE || json_kind_of(v) == JSON_NULL) {
		*day = open;
		return true;
	}
	return json_text(v, &text) && dated_parse(text, day);
}

const char *
dated_format(char to[DATED_TEXT], int64_t day)
{
	struct civil c;

	if (day >= DATED_FOREVER || day <= DATED_EVER)
		return NULL;
	c = civil_of_day(day);
	(void)snprintf(
	    to, DATED_TEXT, "%04d-%02d-%02d", c.year % 10000, c.month % 100, c.day % 100);
	return to;
}

bool
dated_validity(json_value record, int64_t *from, int64_t *through, struct buf *why)
{
	if (!dated_of_json(json_get(record, "valid_from"), DATED_EVER, from))
		return buf_puts(why, "valid_from: not a date"), false;
	if (!dated_of_json(json_get(record, "valid_through"), DATED_FOREVER, through))
		return buf_puts(why, "valid_through: not a date"), false;
	if (*from > *through)
		return buf_puts(why, "valid_through is before valid_from"), false;
	return true;
}
