/* lib/base/rule: jq that people write, and what it may not do to us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prog.h"
#include "base/rule.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Eats the memory it may have; under the address sanitizer there is no bound to that. */
#if defined(__SANITIZE_ADDRESS__)
#define ENDLESS "error(\"not tried\")"
#else
#define ENDLESS "def f: 1 + f; f"
#endif

static const struct where here = { "here", 1 };

struct triple {
	const char *program, *record;
	bool yes;
};

/* Each rule is asked its own record, all of them in one set. */
static void
ask_each(const struct triple cases[], unsigned n)
{
	struct rules *r = rules_new();

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(rules_add(r, "it", cases[i].program), i);
	assert_true(rules_start(r));
	for (unsigned i = 0; i < n; i++) {
		uint64_t bit = UINT64_C(1) << i;
		uint64_t yes = rules_ask(r, span_of(cases[i].record), &here, bit);

		if (yes != (cases[i].yes ? bit : 0))
			fail_msg("%s of %s", cases[i].program, cases[i].record);
	}
	rules_free(r);
}

#define ASK_EACH(cases) ask_each(cases, sizeof(cases) / sizeof((cases)[0]))

static void
rules_say_yes_or_no(void **state)
{
	static const struct triple cases[] = {
		{ ".a > 0", "{\"a\":1}", true },
		{ ".a > 0", "{\"a\":0}", false },
		{ ".a", "{\"a\":\"text\"}", true },
		{ ".a", "{}", false },
		{ ".a[]", "{\"a\":[false,true]}", false }, /* the first value counts */
		{ "any(.a[]; .)", "{\"a\":[false,true]}", true },
		{ "empty", "{}", false },
		{ ".message.alarm_count > 0 and (.thing | startswith(\"C000003\"))",
		    "{\"thing\":\"C000003_B001_01\",\"message\":{\"alarm_count\":2}}", true },
		{ ".name == \"\xed\x95\x9c\"", "{\"name\":\"\\ud55c\"}", true },
		/* nothing of ours is seen */
		{ "env | length > 0", "{}", false },
		{ "$ENV | length > 0", "{}", false },
		{ "input_filename", "{}", false },
		{ "true | debug | stderr", "{}", true },
	};

	(void)state;
	ASK_EACH(cases);
}

/* Wrong kinds, no JSON, halts, no end, no memory, libjq's own faults: no match, and we live. */
static void
rules_that_fail_do_not_match(void **state)
{
	static const struct triple cases[] = {
		{ ".a + 1", "{\"a\":\"text\"}", false },
		{ ".a.b.c", "{\"a\":5}", false },
		{ ".[0]", "{}", false },
		{ "true", "{\"a\":", false },
		{ "true", "", false },
		{ "error", "{}", false },
		{ "{a:1} | error", "{}", false },
		{ "halt", "{}", false },
		{ "input", "{}", false },
		{ "[\"a\"] | implode", "{}", false },
		{ "[.[]] | implode", "{\"a\":null}", false },
		{ ENDLESS, "{}", false },
	};

	(void)state;
	ASK_EACH(cases);
}

static void
a_rule_that_dies_does_not_take_others_along(void **state)
{
	struct rules *r = rules_new();

	(void)state;
	(void)rules_add(r, "first", "true");
	(void)rules_add(r, "deadly", ENDLESS);
	(void)rules_add(r, "third", ".a == 1");
	(void)rules_add(r, "not asked", "true");
	assert_true(rules_start(r));
	for (int i = 0; i < 2; i++)
		assert_int_equal(rules_ask(r, SPAN("{\"a\":1}"), &here, 7), 1 | 4);
	assert_int_equal(rules_ask(r, SPAN("{\"a\":2}"), &here, 8 | 4 | 1), 8 | 1);
	assert_int_equal(rules_ask(r, SPAN("{}"), &here, 0), 0);
	rules_free(r);
}

static void
rules_that_do_not_compile_are_said(void **state)
{
	static const char *const bad[] = { ".a[", "nosuch(1)", "import \"a\" as a; true", "\"",
		"$x", "include \"/etc/passwd\"; ." };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rules *r = rules_new();

		(void)rules_add(r, "it", bad[i]);
		if (rules_start(r))
			fail_msg("compiled: %s", bad[i]);
		rules_free(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_say_yes_or_no),
		cmocka_unit_test(rules_that_fail_do_not_match),
		cmocka_unit_test(a_rule_that_dies_does_not_take_others_along),
		cmocka_unit_test(rules_that_do_not_compile_are_said),
	};

	prog_begin("test_rule");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
