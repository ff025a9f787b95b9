/* Alarm rules, each with values that rise, fall, are no numbers and stay away: verdicts come in
 * order of time. */
#include "bms/alarm_rule.h"
#include "fuzz.h"

static void
watch(const struct alarm_rule *rule)
{
	static const char *const values[] = { "1", "1e9", "-5", "null", "\"on\"", "0", "28.5",
		"true" };
	struct alarm_watch w = alarm_watch_fresh();
	struct alarm_verdict v[3];
	when_t t = 1664841600, last = 0;
	struct json *json = json_new();
	json_value data;

	for (size_t i = 0; i < 24; i++, t += 300 * (when_t)(1 + i % 5)) {
		when_t due = alarm_watch_due(&w, rule);
		size_t n;

		if (due != WHEN_NONE && due <= t) {
			v[0] = alarm_watch_time(&w, rule);
			must(v[0].at <= t);
		}
		must(json_parse_copy(json, span_of(values[i % 8]), &data));
		n = alarm_watch_value(&w, rule, t, data, i % 3 == 0, v);
		must(n <= 3);
		for (size_t k = 0; k < n; k++) {
			must(v[k].at <= t && (k == 0 || v[k].at >= v[k - 1].at));
			last = v[k].at;
		}
	}
	(void)last;
	json_free(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct alarm_rule rule = { 0 };
	struct buf text = BUF(1 << 16);
	const char *why;
	json_value root;

	if (!fuzz_json((struct span){ (const char *)data, n }, &root) ||
	    json_kind_of(root) != JSON_OBJECT)
		return 0;
	why = alarm_rule_read(root, &rule);
	if (why == NULL) {
		(void)alarm_rule_selects(&rule, SPAN("C000003_B001"), SPAN("C000003_B001_01"),
		    SPAN("39.BI-300:1628_AHUReturnFan_01"), SPAN("M_Value"));
		alarm_rule_describe(&rule, &text);
		must(text.n > 0);
		watch(&rule);
	}
	alarm_rule_free(&rule);
	buf_free(&text);
	return 0;
}
