/* Chunks: every number comes back to the bit, whatever it is, and a damaged text does no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/chunk.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MOST 2000
#define BASE 1664550000

static uint64_t state = 88172645463325252U;

/* xorshift64 (Marsaglia): the same on every run. */
static uint64_t
any(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static uint64_t
below(uint64_t n)
{
	return any() % n;
}

static double
of_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* A value of a series of some kind. */
static double
make(unsigned kind, double last)
{
	static const double odd[] = { 0.0, -0.0, 0.1, -0.1, 1.0 / 3, 9007199254740991.0,
		9007199254740992.0, -9007199254740993.0, DBL_MAX, -DBL_MAX, DBL_MIN,
		DBL_TRUE_MIN, DBL_EPSILON, 1e300, 123456.789, 1e-9, 2147483648.0 };

	switch (kind) {
	case 0:
		return 21;
	case 1:
		return round(last * 10 + (double)below(7) - 3) / 10;
	case 2:
		return last + (double)below(1000);
	case 3:
		return (double)below(2);
	case 4:
		return of_bits(any());
	case 5:
		return odd[below(sizeof(odd) / sizeof(odd[0]))];
	case 6:
		return last + (double)below(1000) / 999;
	default:
		return below(2) != 0 ? last : (double)NAN;
	}
}

static size_t
fill(unsigned kind, int64_t ts[MOST], double value[MOST])
{
	size_t n = 1 + below(MOST - 1), i;
	int64_t at = BASE + (int64_t)below(3);
	double last = 20;

	for (i = 0; i < n; i++) {
		ts[i] = at;
		at += below(20) == 0 ? (int64_t)(1 + below(100000)) : 900;
		value[i] = below(30) == 0 ? (double)NAN : make(kind, last);
		last = isnan(value[i]) ? last : value[i];
	}
	return n;
}

static void
check_same(struct span text, const int64_t ts[], const double value[], size_t n)
{
	struct chunk c;
	int64_t t;
	double v;
	size_t i;

	chunk_begin(&c, BASE, text);
	for (i = 0; i < n; i++) {
		assert_true(chunk_next(&c, &t, &v));
		assert_int_equal(t, ts[i]);
		if (isnan(value[i]))
			assert_true(isnan(v));
		else
			assert_memory_equal(&v, &value[i], sizeof(v));
	}
	assert_false(chunk_next(&c, &t, &v));
	assert_false(c.damaged);
}

static void
every_number_comes_back(void **unused)
{
	static int64_t ts[MOST];
	static double value[MOST];
	unsigned round;

	(void)unused;
	for (round = 0; round < 400; round++) {
		size_t n = fill(round % 8, ts, value), i;
		struct buf text = BUF(1 << 20);

		chunk_put(&text, BASE, ts, value, n);
		assert_false(text.full);
		for (i = 0; i < text.n; i++)
			assert_in_range((unsigned char)text.p[i], ' ', '~');
		check_same(buf_span(&text), ts, value, n);
		buf_free(&text);
	}
}

/* A day of what does not change, and of a temperature. */
static void
little_is_kept_in_little(void **unused)
{
	int64_t ts[96];
	double value[96];
	struct buf text = BUF(4096);
	size_t i;

	(void)unused;
	for (i = 0; i < 96; i++) {
		ts[i] = BASE + 900 * (int64_t)(i + 1);
		value[i] = 22.5;
	}
	chunk_put(&text, BASE, ts, value, 96);
	assert_true(text.n < 24);
	for (i = 0; i < 96; i++)
		value[i] = round(200 + 30 * sin((double)i / 15)) / 10;
	buf_clear(&text);
	chunk_put(&text, BASE, ts, value, 96);
	assert_true(text.n < 150);
	buf_free(&text);
}

static void
what_is_damaged_is_told(void **unused)
{
	static const char *const bad[] = { "", " ", "  ", "?", "? ", "_B", "_B@ c[", "@@ @ ",
		"@@ @", "@@  ?", "A@ @ @@", "A@ @?? @@", "A@ @@@ ?", "A@ @@@ ??", "@K @ @",
		"@@ @ \177", "@@ ~~~~~~~~~~~~~~~~~ @" };
	static int64_t ts[MOST];
	static double value[MOST];
	struct chunk c;
	int64_t t;
	double v;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		chunk_begin(&c, BASE, span_of(bad[i]));
		while (chunk_next(&c, &t, &v))
			;
		if (!c.damaged)
			fail_msg("'%s'", bad[i]);
	}
	for (i = 0; i < 2000; i++) {
		size_t n = (fill((unsigned)(i % 8), ts, value) - 1) % 50 + 1, left = n + 1;
		struct buf text = BUF(1 << 20);
		char *damaged;

		chunk_put(&text, BASE, ts, value, n);
		damaged = malloc(text.n); /* no byte after it may be looked at */
		assert_non_null(damaged);
		memcpy(damaged, text.p, text.n);
		damaged[below(text.n)] = (char)any();
		chunk_begin(
		    &c, BASE, (struct span){ damaged, below(4) == 0 ? below(text.n) : text.n });
		while (left > 0 && chunk_next(&c, &t, &v))
			left--;
		free(damaged);
		buf_free(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_comes_back),
		cmocka_unit_test(little_is_kept_in_little),
		cmocka_unit_test(what_is_damaged_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
