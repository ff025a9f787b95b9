/* lib/base/when: what is taken for a time is one, and reads back as the same when it is
 * written. */
#include "base/diag.h"
#include "base/when.h"

#include <stdlib.h>

static void
reads_back(const struct zone *z, when_t t)
{
	char text[WHEN_TEXT];
	struct civil c = when_civil(z, t, NULL);
	when_t got;

	if (c.year < 1 || c.year > 9999)
		return;
	must(civil_is_valid(c));
	must(when_parse_rfc3339(span_of(when_format(text, NULL, t)), &got, NULL));
	/* offsets of old local mean times have seconds, which RFC 3339 has not */
	must(c.year < 1920 || got == t);
	must(when_parse_stamp(span_of(when_format(text, z, t)), z, WHEN_NONE, &got));
	must(c.year < 1973 || got == t);
	must(when_day(z, t, 0) <= t && when_month(z, t, 0) <= t);
	must(c.year == 9999 || (when_day(z, t, 1) > t && when_month(z, t, 1) > t));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "Asia/Seoul", "Europe/London", "America/Santiago",
		"Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "UTC" };
	const struct zone *z;
	struct span text;
	int64_t seconds;
	when_t t;
	int ms = 0;

	if (n < 1)
		return 0;
	z = zone_find(span_of(names[data[0] % (sizeof(names) / sizeof(names[0]))]));
	text = (struct span){ (const char *)data + 1, n - 1 };
	must(z != NULL);
	if (when_parse_stamp(text, z, WHEN_NONE, &t))
		reads_back(z, t);
	if (when_parse_rfc3339(text, &t, &ms)) {
		must(ms >= 0 && ms <= 999);
		reads_back(z, t);
	}
	if (when_parse_human(text, z, 1664841600, &t) && t > -62135596800 && t < 253402300800)
		reads_back(z, t);
	if (when_parse_duration(text, &seconds))
		must(seconds >= 0);
	(void)zone_find(text.n < 40 ? text : (struct span){ text.p, 40 });
	return 0;
}
