/* What gateways send: bms/message, the items of every kind, alarms, composites' rules, topics
 * and names. */
#include "bms/alarm_item.h"
#include "bms/composite.h"
#include "bms/message.h"
#include "fuzz.h"

static void
items(const struct message *m, const char *stem, const struct zone *z)
{
	struct alarm_item item;
	const char *why = NULL;
	size_t n = 0, seen = 0;
	when_t first, later;

	if (message_times(m, z, &first, &later))
		must(first <= later);
	if (message_check_items(m->body, stem, &n, &why) != NULL) {
		must(why != NULL);
		return;
	}
	for (json_value i = message_first_item(m->body, stem); json_kind_of(i) != JSON_NONE;
	     i = message_next_item(i, stem)) {
		seen++;
		(void)alarm_item_read(i, &item, &why);
		(void)disconnect_item_read(i, &item, &why);
	}
	must(seen == n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const stems[] = { "point", "alarm", "device", "schedule" };
	const struct span text = { (const char *)data, n };
	struct composite_rules rules = { 0 };
	struct message m = { 0 };
	const char *why = NULL;
	struct span thing;
	json_value root;

	if (thing_of_topic(text, &thing))
		must(thing.n <= n);
	if (!fuzz_json(text, &root) || json_kind_of(root) != JSON_OBJECT)
		return 0;
	if (composite_rules_add(&rules, root, &why))
		must(rules.n == 1);
	composite_rules_free(&rules);
	if (message_parse(root, &m, &why) != NULL) {
		must(why != NULL);
		return 0;
	}
	if (m.kind == MESSAGE_MARK)
		return 0;
	for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++)
		items(&m, stems[i], zone_find(SPAN("America/Santiago")));
	return 0;
}
