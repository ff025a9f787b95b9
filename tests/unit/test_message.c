/* Names, topics, point ids, envelopes, numbered members, and the times of messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/jsonw.h"
#include "bms/message.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static json_value
parsed(struct json *j, const char *text)
{
	json_value root;

	if (!json_parse_copy(j, span_of(text), &root))
		fail_msg("%s: %s", text, json_error(j));
	return root;
}

static const char *
or_empty(struct span s)
{
	static char text[8][256];
	static size_t i;
	char *to = text[i++ % 8];

	memcpy(to, s.p != NULL ? s.p : "", s.n);
	to[s.n] = '\0';
	return to;
}

static void
things(void **state)
{
	static const struct {
		const char *name;
		bool fine;
		const char *customer, *building, *mw, *key;
	} cases[] = {
		{ "C000003_B001_01", true, "C000003", "B001", "01", "C000003_B001" },
		{ "a-b_C_9", true, "a-b", "C", "9", "a-b_C" },
		{ "C_B_12345678901234567890123456789012", true, "C", "B",
		    "12345678901234567890123456789012", "C_B" },
		{ "C_B_123456789012345678901234567890123", false, 0, 0, 0, 0 },
		{ "C000003_B001", false, 0, 0, 0, 0 },
		{ "C000003_B001_", false, 0, 0, 0, 0 },
		{ "_B001_01", false, 0, 0, 0, 0 },
		{ "C000003__01", false, 0, 0, 0, 0 },
		{ "C000003_B001_01_02", false, 0, 0, 0, 0 },
		{ "C000003_B001_../..", false, 0, 0, 0, 0 },
		{ "C000003_B001_#", false, 0, 0, 0, 0 },
		{ "C000003_B 1_01", false, 0, 0, 0, 0 },
		{ "C000003_B\xC3\xA4_01", false, 0, 0, 0, 0 },
		{ "", false, 0, 0, 0, 0 },
	};
	struct span customer, building;
	struct thing t;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		if (thing_parse(span_of(cases[i].name), &t) != cases[i].fine)
			fail_msg("%s", cases[i].name);
		if (!cases[i].fine)
			continue;
		assert_string_equal(or_empty(t.name), cases[i].name);
		assert_string_equal(or_empty(t.customer), cases[i].customer);
		assert_string_equal(or_empty(t.building), cases[i].building);
		assert_string_equal(or_empty(t.mw), cases[i].mw);
		assert_string_equal(or_empty(t.building_key), cases[i].key);
		assert_true(building_key_parse(t.building_key, &customer, &building));
		assert_true(span_eq(customer, t.customer) && span_eq(building, t.building));
		assert_false(building_key_parse(t.name, &customer, &building));
	}
	assert_false(thing_parse((struct span){ "C1_B1_0\0", 8 }, &t));
}

static void
topics(void **state)
{
	static const struct {
		const char *topic, *thing; /* NULL: none */
	} cases[] = {
		{ "$aws/rules/Rule_C000003_B001_01", "C000003_B001_01" },
		{ "nbms/up/C000003_B001_01", "C000003_B001_01" },
		{ "shard/2/C000003_B001_01", "C000003_B001_01" },
		{ "shard/1023/C000003_B001_01", "C000003_B001_01" },
		{ "shard/0/Rule_C000003_B001_01", "C000003_B001_01" },
		{ "shard/0/Rule_Rule_C000003_B001_01", NULL },
		{ "shard/C000003_B001_01", NULL },
		{ "shard//C000003_B001_01", NULL },
		{ "shard/2/", NULL },
		{ "shard/2", NULL },
		{ "shard/x/C000003_B001_01", NULL },
		{ "shard/2/3/C000003_B001_01", NULL },
		{ "nbms/up/C000003_B001_01/x", NULL },
		{ "nbms/up/", NULL },
		{ "nbms/up/+", NULL },
		{ "nbms/live/C000003_B001_01", NULL },
		{ "C000003_B001_01", NULL },
		{ "$aws/rules/rule_C000003_B001_01", NULL },
		{ "", NULL },
	};
	struct span name;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		if (thing_of_topic(span_of(cases[i].topic), &name) != (cases[i].thing != NULL))
			fail_msg("%s", cases[i].topic);
		if (cases[i].thing != NULL)
			assert_string_equal(or_empty(name), cases[i].thing);
	}
}

static void
parts_of_points(void **state)
{
	static const struct {
		const char *id, *network, *device, *instance, *name, *class, *role, *unit;
	} cases[] = {
		{ "39.BI-300:1628_AHUReturnFan_01", "39", "BI-300", "1628", "AHUReturnFan_01",
		    "AHU", "ReturnFan", "01" },
		{ "39.AV-301:2001_EnergyMainMeter_01", "39", "AV-301", "2001",
		    "EnergyMainMeter_01", "Energy", "MainMeter", "01" },
		{ "1.AI-7:3_VAVZoneTemp_3F_12", "1", "AI-7", "3", "VAVZoneTemp_3F_12", "VAV",
		    "ZoneTemp_3F", "12" },
		{ "39.AI-303:1002_ChillerSupplyTemp_01", "39", "AI-303", "1002",
		    "ChillerSupplyTemp_01", "", "", "01" },
		{ "39.AI-303:1002_AHU_01", "39", "AI-303", "1002", "AHU_01", "AHU", "", "01" },
		{ "39.AI-303:1002_FCURun", "39", "AI-303", "1002", "FCURun", "FCU", "Run", "" },
		{ "meter", "", "", "", "", "", "", "" },
		{ "_x", "", "", "", "x", "", "", "" },
		{ "x_", "", "", "", "", "", "", "" },
		{ "\xED\x94\xBC\xEC\x97\x84_PACRun_02", "\xED\x94\xBC\xEC\x97\x84", "", "",
		    "PACRun_02", "PAC", "Run", "02" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		struct point_parts p = point_parts(span_of(cases[i].id));

		assert_string_equal(or_empty(p.network), cases[i].network);
		assert_string_equal(or_empty(p.device), cases[i].device);
		assert_string_equal(or_empty(p.instance), cases[i].instance);
		assert_string_equal(or_empty(p.name), cases[i].name);
		assert_string_equal(or_empty(p.class), cases[i].class);
		assert_string_equal(or_empty(p.role), cases[i].role);
		assert_string_equal(or_empty(p.unit), cases[i].unit);
	}
}

static void
point_ids(void **state)
{
	char longest[POINT_ID_MAX + 2];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_true(point_id_is_valid((struct span){ longest, POINT_ID_MAX }));
	assert_false(point_id_is_valid((struct span){ longest, POINT_ID_MAX + 1 }));
	assert_false(point_id_is_valid(SPAN("")));
	assert_true(point_id_is_valid(SPAN("\xEC\x98\xA8\xEB\x8F\x84 #1/\"x\"")));
	assert_false(point_id_is_valid(SPAN("a\nb")));
	assert_false(point_id_is_valid(SPAN("a\x7F")));
	assert_false(point_id_is_valid(SPAN("a\0b")));
}

static void
envelopes(void **state)
{
#define REST "\"thing\":\"C1_B1_01\",\"point\":\"init\",\"message\":{}}"
	static const struct {
		const char *record, *code; /* NULL: fine */
	} cases[] = {
		{ "{" REST, NULL },
		{ "{\"seq\":7,\"received\":\"2022-10-04T00:45:01.123Z\",\"topic\":\"t\"," REST,
		    NULL },
		{ "{\"seq\":0," REST, "bad-envelope" },
		{ "{\"seq\":-1," REST, "bad-envelope" },
		{ "{\"seq\":1.5," REST, "bad-envelope" },
		{ "{\"seq\":\"7\"," REST, "bad-envelope" },
		{ "{\"seq\":9223372036854775808," REST, "bad-envelope" },
		{ "{\"received\":\"2022-10-04T00:45:01\"," REST, "bad-envelope" },
		{ "{\"received\":1664844301," REST, "bad-envelope" },
		{ "{\"thing\":\"C1_B1\",\"point\":\"init\",\"message\":{}}", "bad-thing" },
		{ "{\"thing\":5,\"point\":\"init\",\"message\":{}}", "bad-thing" },
		{ "{\"point\":\"init\",\"message\":{}}", "bad-thing" },
		{ "{\"thing\":\"C1_B1_01\",\"point\":\"inits\",\"message\":{}}",
		    "unknown-kind" },
		{ "{\"thing\":\"C1_B1_01\",\"point\":\"mark\",\"message\":{}}",
		    "unknown-kind" },
		{ "{\"thing\":\"C1_B1_01\",\"message\":{}}", "unknown-kind" },
		{ "{\"thing\":\"C1_B1_01\",\"point\":\"init\",\"message\":[]}",
		    "bad-envelope" },
		{ "{\"thing\":\"C1_B1_01\",\"point\":\"init\"}", "bad-envelope" },
		{ "{\"mark\":12,\"at\":\"2022-10-04T00:00:00Z\"}", NULL },
		{ "{\"mark\":null,\"at\":null}", NULL },
		{ "{\"mark\":-1,\"at\":null}", "bad-envelope" },
		{ "{\"mark\":1,\"at\":5}", "bad-envelope" },
		{ "{\"mark\":1}", "bad-envelope" },
		{ "{}", "bad-thing" },
	};
	struct json *j = json_new();
	struct message m;
	const char *code, *why;
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		code = message_parse(parsed(j, cases[i].record), &m, &why);
		if ((code == NULL) != (cases[i].code == NULL) ||
		    (code != NULL && strcmp(code, cases[i].code) != 0))
			fail_msg("%s: %s", cases[i].record, code != NULL ? code : "fine");
	}
	assert_null(message_parse(parsed(j, cases[1].record), &m, &why));
	assert_int_equal(m.kind, MESSAGE_INIT);
	assert_int_equal(m.seq, 7);
	assert_int_equal(m.received, 1664844301);
	assert_string_equal(or_empty(m.topic), "t");
	assert_string_equal(or_empty(m.thing.building_key), "C1_B1");
	assert_null(message_parse(parsed(j, cases[0].record), &m, &why));
	assert_true(m.seq == 0 && m.received == WHEN_NONE && m.topic.n == 0);
	json_free(j);
}

static void
kinds(void **state)
{
	enum message_kind k, found;

	(void)state;
	for (k = MESSAGE_INIT; k <= MESSAGE_CONTROL_RESULT; k++) {
		assert_true(message_kind_find(span_of(message_kind_name(k)), &found));
		assert_int_equal(found, k);
	}
	assert_false(message_kind_find(SPAN(""), &found));
}

static void
numbered_members(void **state)
{
	static const struct {
		const char *body;
		bool fine;
		size_t n;
		const char *order; /* values, as members come */
	} cases[] = {
		{ "{\"point_0\":5,\"point_1\":6,\"point_count\":2}", true, 2, "56" },
		{ "{\"point_count\":2,\"x\":1,\"point_1\":6,\"time\":2,\"point_0\":5}", true, 2,
		    "65" },
		{ "{\"point_count\":0}", true, 0, "" },
		{ "{\"point_00\":1,\"point_count\":0}", true, 0, "" },
		{ "{\"point_a\":1,\"point_\":1,\"points_0\":1,\"point_count\":0}", true, 0,
		    "" },
		{ "{\"point_0\":5,\"point_count\":2}", false, 1, "5" },
		{ "{\"point_0\":5,\"point_1\":5,\"point_count\":1}", false, 2, "55" },
		{ "{\"point_0\":5,\"point_0\":6,\"point_count\":2}", false, 2, "56" },
		{ "{\"point_0\":5,\"point_2\":6,\"point_count\":2}", false, 2, "56" },
		{ "{\"point_0\":5,\"point_99999999\":6,\"point_count\":2}", false, 2, "56" },
		{ "{\"point_0\":5,\"point_count\":\"1\"}", false, 1, "5" },
		{ "{\"point_0\":5,\"point_count\":-1}", false, 1, "5" },
		{ "{\"point_0\":5}", false, 1, "5" },
		{ "{}", false, 0, "" },
	};
	struct json *j = json_new();
	const char *why;
	size_t i, n, k;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		json_value body = parsed(j, cases[i].body), v;
		const char *code = message_check_items(body, "point", &n, &why);

		if ((code == NULL) != cases[i].fine || n != cases[i].n)
			fail_msg("%s", cases[i].body);
		for (k = 0, v = message_first_item(body, "point"); v.at != 0;
		     v = message_next_item(v, "point"))
			assert_int_equal(json_raw(v).p[0], cases[i].order[k++]);
		assert_int_equal(cases[i].order[k], '\0');
	}
	json_free(j);
}

/* London, 2022-10-30: 01:00 to 02:00 comes twice, first at 00:00Z (+01:00), then at 01:00Z. */
#define FIRST 1667088000
#define LATER 1667091600

static void
repeated_times(void **state)
{
	static const struct {
		const char *what;
		when_t received, expected;
		bool first_taken, later_taken;
		when_t is;
	} cases[] = {
		{ "in time, the first pass", FIRST + 3, FIRST, false, false, FIRST },
		{ "in time, the second pass", LATER + 3, LATER, true, false, LATER },
		{ "in time, after an hour without reports", LATER + 3, FIRST, false, false,
		    LATER },
		{ "in time, its clock ahead", LATER - 20, WHEN_NONE, false, false, LATER },
		{ "held up for 40 minutes", FIRST + 2400, FIRST, false, false, FIRST },
		{ "held up for 40 minutes, out of order", FIRST + 2400, LATER, true, false,
		    FIRST },
		{ "held up for two hours, in order", FIRST + 7200, FIRST, false, false, FIRST },
		{ "held up for two hours, in order, second", FIRST + 7200, LATER, true, false,
		    LATER },
		{ "asked for a day later, the first is missing", LATER + 86400, LATER + 86400,
		    false, true, FIRST },
		{ "asked for a day later, the second is missing", LATER + 86400, LATER + 86400,
		    true, false, LATER },
		{ "no arrival told, first pass", WHEN_NONE, FIRST, false, false, FIRST },
		{ "no arrival told, second pass", WHEN_NONE, LATER, true, false, LATER },
		{ "no arrival told, replayed, second pass", WHEN_NONE, LATER, true, true,
		    LATER },
		{ "no arrival told, replayed, first pass", WHEN_NONE, FIRST, true, true,
		    FIRST },
		{ "no arrival told, a second part", WHEN_NONE, LATER + 900, true, true, LATER },
		{ "nothing known", WHEN_NONE, WHEN_NONE, false, false, FIRST },
		{ "nothing known but a report", WHEN_NONE, WHEN_NONE, true, false, LATER },
		{ "nothing known, both are there", WHEN_NONE, WHEN_NONE, true, true, FIRST },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		struct message_repeat r = { FIRST, LATER, cases[i].received, cases[i].expected,
			cases[i].first_taken, cases[i].later_taken };

		if (message_which(&r) != cases[i].is)
			fail_msg("%s", cases[i].what);
	}
}

static void
times(void **state)
{
	static const struct {
		const char *body;
		when_t first, later; /* WHEN_NONE: no time */
	} cases[] = {
		{ "{\"time\":\"202210300059\"}", FIRST - 60, FIRST - 60 },
		{ "{\"time\":\"202210300100\"}", FIRST, LATER },
		{ "{\"time\":\"20221030015959\"}", FIRST + 3599, LATER + 3599 },
		{ "{\"time\":\"202210300200\"}", LATER + 3600, LATER + 3600 },
		{ "{\"time\":\"2022-10-30T01:00:00+01:00\"}", FIRST, FIRST },
		{ "{\"time\":\"2022-10-30T01:00:00Z\"}", LATER, LATER },
		{ "{\"time\":\"202203270130\"}", WHEN_NONE, 0 }, /* the clocks left it out */
		{ "{\"time\":\"202210302500\"}", WHEN_NONE, 0 },
		{ "{\"time\":\"202202290000\"}", WHEN_NONE, 0 },
		{ "{\"time\":\"2022103001\"}", WHEN_NONE, 0 },
		{ "{\"time\":202210300100}", WHEN_NONE, 0 },
		{ "{}", WHEN_NONE, 0 },
	};
	const struct zone *london = zone_find(SPAN("Europe/London"));
	struct json *j = json_new();
	size_t i;

	(void)state;
	for (i = 0; i < LEN(cases); i++) {
		struct message m = { .received = WHEN_NONE };
		when_t first, later, one;

		m.body = parsed(j, cases[i].body);
		if (message_times(&m, london, &first, &later) != (cases[i].first != WHEN_NONE))
			fail_msg("%s", cases[i].body);
		if (cases[i].first == WHEN_NONE)
			continue;
		assert_int_equal(first, cases[i].first);
		assert_int_equal(later, cases[i].later);
		assert_true(message_time(&m, london, &one));
		assert_int_equal(one, first);
		m.received = later + 5;
		assert_true(message_time(&m, london, &one));
		assert_int_equal(one, later);
	}
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(things),
		cmocka_unit_test(topics),
		cmocka_unit_test(parts_of_points),
		cmocka_unit_test(point_ids),
		cmocka_unit_test(envelopes),
		cmocka_unit_test(kinds),
		cmocka_unit_test(numbered_members),
		cmocka_unit_test(repeated_times),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
