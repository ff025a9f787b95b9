/* lib/learn: the law of the reserve ratio, the rules of a tender, rivals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "learn/reserve.h"
#include "learn/rival.h"
#include "learn/tender.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 5;

static double
uniform(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) * 0x1p-53;
}

static double
normal(double mean, double sd)
{
	double sum = 0;
	int k;

	for (k = 0; k < 12; k++)
		sum += uniform();
	return mean + sd * (sum - 6);
}

/* Quantiles found by a million simulated draws; mean and sd in closed form. */
static void
law_has_known_quantiles(void **state)
{
	static const double p[7] = { 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99 };
	static const double equal[7] = { -1.152, -0.845, -0.359, 0, 0.358, 0.845, 1.148 };
	static const double split[7] = { -1.802, -1.362, -0.638, -0.105, 0.435, 1.173, 1.638 };
	struct reserve_law a, b, c;
	int k;

	(void)state;
	assert_int_equal(reserve_init(RESERVE_EQUAL, -2, 2, &a), LEARN_OK);
	assert_int_equal(reserve_init(RESERVE_SPLIT, -3, 3, &b), LEARN_OK);
	assert_int_equal(reserve_init(RESERVE_EQUAL, -3, 3, &c), LEARN_OK);
	assert_true(fabs(a.mean) < 1e-12 && fabs(a.sd - 0.5121) < 5e-5);
	assert_true(fabs(b.mean + 0.1) < 1e-12 && fabs(b.sd - 0.767) < 1e-3);
	assert_true(fabs(c.sd - 0.7681) < 1e-4);
	for (k = 0; k < 7; k++) {
		assert_true(fabs(reserve_quantile(&a, p[k]) - equal[k]) < 0.006);
		assert_true(fabs(reserve_quantile(&b, p[k]) - split[k]) < 0.006);
		assert_true(fabs(reserve_cdf(&b, reserve_quantile(&b, p[k])) - p[k]) < 1e-9);
	}
	assert_true(fabs(reserve_cdf(&a, 0.1) - reserve_cdf(&a, -0.1) - 0.149) < 5e-4);
	assert_true(isnan(reserve_quantile(&a, 1.5)));
	reserve_free(&a);
	reserve_free(&b);
	reserve_free(&c);
	assert_int_equal(reserve_init(RESERVE_EQUAL, 0, 2, &a), LEARN_RANGE);
	assert_int_equal(reserve_init(RESERVE_EQUAL, -2, NAN, &a), LEARN_RANGE);
}

/* Density integrates to the cdf; choosing 4 of 15 cells by hand gives the same. */
static void
law_is_exact(void **state)
{
	double sum = 0, from, to, direct = 0, x = -0.4;
	struct reserve_law law;
	int i, j, k, m, n = 2000;

	(void)state;
	assert_int_equal(reserve_init(RESERVE_SPLIT, -3, 3, &law), LEARN_OK);
	for (k = 0; k < n; k++) {
		double h = (x + 3) / n;

		sum += h * reserve_density(&law, -3 + (k + 0.5) * h);
	}
	assert_true(fabs(sum - reserve_cdf(&law, x)) < 1e-6);
	/* Simulated inside each of the 1365 choices. */
	for (i = 0; i < 15; i++)
		for (j = i + 1; j < 15; j++)
			for (k = j + 1; k < 15; k++)
				for (m = k + 1; m < 15; m++) {
					const int cell[4] = { i, j, k, m };
					int t, c;

					for (t = 0; t < 20; t++) {
						double s = 0;

						for (c = 0; c < 4; c++) {
							reserve_cell(RESERVE_SPLIT, -3, 3,
							    cell[c], &from, &to);
							s += (from + (to - from) * uniform()) /
							     4;
						}
						direct += s <= x ? 1 : 0;
					}
				}
	assert_true(fabs(direct / (1365 * 20) - reserve_cdf(&law, x)) < 0.01);
	assert_true(reserve_cdf(&law, -3) == 0 && reserve_cdf(&law, 3) == 1);
	reserve_free(&law);
}

/* Two openings from the examples of the procurement service's API guide. */
static const struct tender_opening opening[2] = {
	{ 1797931000, 1773240950, -3, 3,
	    { 1825493300, 1759904800, 1757387700, 1772418400, 1780023700, 1750178000,
		1808377000, 1830293800, 1804133900, 1769775500, 1785381500, 1837413600,
		1795306100, 1848381000, 1815730600 },
	    { 11, 13, 9, 7, 7, 11, 4, 9, 9, 8, 7, 5, 7, 9, 4 } },
	{ 404282000, 404158750, -2, 2,
	    { 409780300, 408587700, 400930600, 405745600, 407184800, 402782200, 399394300,
		397482000, 406659200, 401941300, 396928200, 410625200, 399774300, 411644000,
		404419500 },
	    { 0, 0, 0, 1, 0, 1, 0, 3, 0, 1, 0, 2, 1, 0, 1 } },
};

static void
published_openings_come_back(void **state)
{
	int64_t four[4];
	struct tender_history h;
	struct tender_opening bad = opening[0];
	int drawn[4], i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		tender_drawn(opening[i].drawn, drawn);
		for (k = 0; k < 4; k++)
			four[k] = opening[i].reserve[drawn[k]];
		assert_int_equal(tender_mean(four), opening[i].estimated);
	}
	assert_int_equal(tender_learn(&opening[0], 1, &h), LEARN_OK);
	assert_true(h.decided && h.generator == RESERVE_SPLIT && h.cells[1] == 1);
	assert_true(fabs(h.mean + 1.3732) < 1e-3);
	assert_int_equal(tender_learn(&opening[1], 1, &h), LEARN_OK);
	assert_true(h.decided && h.generator == RESERVE_EQUAL && h.cells[0] == 1);
	assert_false(h.skill);
	bad.estimated = bad.base * 2;
	assert_int_equal(tender_learn(&bad, 1, &h), LEARN_SHORT);
	assert_int_equal(h.refused, 1);
	assert_int_equal(tender_learn(NULL, 0, &h), LEARN_SHORT);
}

/* Openings made by the law have no skill to find; openings that drift have. */
static void
skill_is_not_imagined(void **state)
{
	struct tender_opening *o = calloc(600, sizeof(*o));
	struct reserve_law law;
	struct tender_history h;
	size_t i;

	(void)state;
	assert_int_equal(reserve_init(RESERVE_EQUAL, -2, 2, &law), LEARN_OK);
	for (i = 0; i < 600; i++) {
		o[i] = (struct tender_opening){ .base = 100000000, .low = -2, .high = 2 };
		memset(o[i].drawn, -1, sizeof(o[i].drawn));
		o[i].estimated = tender_estimated(o[i].base, reserve_quantile(&law, uniform()));
	}
	assert_int_equal(tender_learn(o, 600, &h), LEARN_OK);
	assert_int_equal(h.held_out, 300);
	assert_false(h.skill);
	assert_false(h.decided);
	assert_true(fabs(h.sd - law.sd) < 0.05 && isnan(h.serial_chi2));
	for (i = 0; i < 600; i++)
		o[i].estimated = tender_estimated(o[i].base, 0.8 + 0.2 * uniform());
	assert_int_equal(tender_learn(o, 600, &h), LEARN_OK);
	assert_true(h.skill && h.pinball_past < h.pinball_law);
	assert_int_equal(tender_learn(o, 300, &h), LEARN_OK);
	assert_false(h.skill); /* 150 held out: too few to claim it */
	reserve_free(&law);
	free(o);
}

static void
money_is_whole(void **state)
{
	static const struct tender_floor table[] = {
		{ 1, 17000, 1000000000, 87745 },
		{ 1, 17000, 5000000000, 86745 },
		{ 1, 20270, 1000000000, 89745 },
		{ 1, 20270, 5000000000, 88745 },
	};
	static const struct tender_score score = { 70, 20, 9250, 0 }, plain = { 80, 20, 0, 0 };

	(void)state;
	assert_int_equal(tender_floor_rate(table, 4, 1, 20269, 900000000), 87745);
	assert_int_equal(tender_floor_rate(table, 4, 1, 20270, 900000000), 89745);
	assert_int_equal(tender_floor_rate(table, 4, 1, 20270, 1000000000), 88745);
	assert_int_equal(tender_floor_rate(table, 4, 1, 16000, 900000000), 0);
	assert_int_equal(tender_floor_rate(table, 4, 2, 20270, 900000000), 0);
	/* 1,000,000,001 x 87.745 % = 877,450,000.87745: one more won is needed. */
	assert_int_equal(tender_least_bid(1000000001, 0, 87745), 877450001);
	assert_int_equal(tender_least_bid(100000, 0, 87745), 87745);
	assert_int_equal(tender_least_bid(1000000001, 200000000, 87745), 901960001);
	assert_int_equal(tender_least_bid(TENDER_WON_MAX, 0, 100000), TENDER_WON_MAX);
	assert_int_equal(tender_least_bid(TENDER_WON_MAX + 1, 0, 87745), -1);
	assert_int_equal(tender_least_bid(100, 100, 87745), -1);
	assert_int_equal(tender_least_bid(100, 0, 0), -1);
	/* 8999.5 rounds up to 9000; each 0.0001 off costs coefficient hundredths. */
	assert_int_equal(tender_price_score(&plain, 17999, 20000, 0), 8000);
	assert_int_equal(tender_price_score(&plain, 17990, 20000, 0), 7900);
	assert_int_equal(tender_price_score(&score, 18500, 20000, 0), 0);
	assert_int_equal(tender_price_score(&plain, 1, 20000, 0), 0);
	assert_true(fabs(tender_aimed(tender_bid_at(0.7, 1797931000, 50000000, 87745),
			     1797931000, 50000000, 87745) -
			 0.7) < 1e-6);
	assert_true(isnan(tender_aimed(0, 100, 0, 87745)));
}

static struct rival_tender
tender_of(const struct reserve_law *law, size_t others)
{
	return (struct rival_tender){
		.law = law, .base = 404282000, .rate = 87745, .others = others, .seed = 1
	};
}

/* If all follow the law, P = (1 - (1 - F)^N) / N, whatever we bid. */
static void
the_lottery_is_flat(void **state)
{
	struct rival_curve *c = malloc(sizeof(*c));
	struct reserve_law law;
	struct rival_tender t;
	size_t i;

	(void)state;
	assert_int_equal(reserve_init(RESERVE_EQUAL, -2, 2, &law), LEARN_OK);
	t = tender_of(&law, 19);
	assert_int_equal(rival_curve(&t, c), LEARN_OK);
	assert_int_equal(c->bidders, 20);
	for (i = 0; i < RIVAL_GRID; i++) {
		double f = reserve_cdf(&law, c->point[i].aimed);

		assert_true(fabs(c->point[i].win - (1 - pow(1 - f, 20)) / 20) < 2e-4);
		assert_true(i == 0 || c->point[i].bid > c->point[i - 1].bid);
	}
	assert_true(c->edge < 1.005);
	assert_true(c->point[c->safe].below <= 0.1);
	/* Alone, the highest bid that is surely valid wins. */
	t.others = 0;
	assert_int_equal(rival_curve(&t, c), LEARN_OK);
	assert_true(c->point[c->best].win > 0.999);
	reserve_free(&law);
	free(c);
}

/* A crowd around 0 leaves room at the top: N = 50, best near +1.55, about 5 / N. */
static void
crowding_leaves_an_edge(void **state)
{
	struct rival_curve *c = malloc(sizeof(*c));
	double *bid = malloc(4000 * sizeof(*bid));
	struct reserve_law law;
	struct rival_tender t;
	size_t i;

	(void)state;
	assert_int_equal(reserve_init(RESERVE_EQUAL, -2, 2, &law), LEARN_OK);
	for (i = 0; i < 4000; i++)
		bid[i] = normal(0, 0.30);
	t = tender_of(&law, 49);
	t.market = bid;
	t.market_n = 4000;
	assert_int_equal(rival_curve(&t, c), LEARN_OK);
	assert_true(c->edge > 1.5 && c->edge < 6);
	/* Down in the crowd there is less than a fair share. */
	assert_true(c->point[RIVAL_GRID / 2].win * 50 < 0.8);
	for (i = 0; i < RIVAL_GRID; i++)
		assert_true(c->point[i].low <= c->point[i].high);
	assert_true(c->edge_low > 1);
	reserve_free(&law);
	free(bid);
	free(c);
}

/* Five bids seen are no reason to believe in an edge. */
static void
few_bids_shrink_to_the_law(void **state)
{
	static const double five[5] = { 1.1, 1.12, 1.09, 1.1, 1.13 };
	struct rival rival[2] = { { five, 5 }, { NULL, 0 } };
	struct rival_curve *c = malloc(sizeof(*c));
	struct reserve_law law;
	struct rival_tender t;

	(void)state;
	assert_int_equal(reserve_init(RESERVE_EQUAL, -2, 2, &law), LEARN_OK);
	t = tender_of(&law, 10);
	t.rival = rival;
	t.rivals = 2;
	t.cost = 340000000;
	assert_int_equal(rival_curve(&t, c), LEARN_OK);
	assert_int_equal(c->bidders, 13);
	assert_true(c->edge < 1.2);
	assert_true(c->point[c->margin].bid >= c->point[c->best].bid ||
		    c->point[c->margin].win <= c->point[c->best].win);
	t.cost = 10000000000;
	assert_int_equal(rival_curve(&t, c), LEARN_RANGE);
	t.cost = 0;
	t.rate = 0;
	assert_int_equal(rival_curve(&t, c), LEARN_RANGE);
	t.rate = 87745;
	rival[1] = (struct rival){ (const double[]){ NAN }, 1 };
	assert_int_equal(rival_curve(&t, c), LEARN_NONFINITE);
	assert_true(strlen(rival_warning()) > 0);
	reserve_free(&law);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(law_has_known_quantiles),
		cmocka_unit_test(law_is_exact),
		cmocka_unit_test(published_openings_come_back),
		cmocka_unit_test(skill_is_not_imagined),
		cmocka_unit_test(money_is_whole),
		cmocka_unit_test(the_lottery_is_flat),
		cmocka_unit_test(crowding_leaves_an_edge),
		cmocka_unit_test(few_bids_shrink_to_the_law),
	};

	return cmocka_run_group_tests_name("learn tender", tests, NULL, NULL);
}
