/*
 * What goes by the clock, in memory: seconds for 24 hours of 10,000 schedules, for the same
 * asked minute by minute (of every hundredth, scaled), for the PMV of 10,000 zones, and for a
 * million prices, remembered and looked up afresh.
 */
#include "bms/comfort.h"
#include "bms/schedule.h"
#include "bms/tariff.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SCHEDULES 10000
#define BEGIN 1784127600 /* 2026-07-16T00:00+09:00 */
#define DAY 86400

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const struct zone *zone;
static struct schedule *all[SCHEDULES];

static void
count(void *ctx, const struct schedule_span *s)
{
	*(size_t *)ctx += s->value != NULL;
}

/* A week, two exceptions with a calendar of holidays each, and of every tenth a recurrence. */
static void
make(int i)
{
	struct buf why = BUF(1024);
	struct json *j = json_new();
	json_value v;
	char *text = xasprintf(
	    "{\"schedule_id\":\"s%d\",\"weekly\":{\"mon\":[[\"08:%02d\",1],[\"18:00\",0]],"
	    "\"thu\":[[\"07:%02d\",1],"
	    "[\"12:00\",2],[\"13:00\",1],[\"18:00\",0]]},\"exceptions\":[{\"dates\":[\"*-12-"
	    "25\",{\"weekday\":\"sun\"}],"
	    "\"priority\":8,\"values\":[[\"00:00\",0]]},{\"dates\":{\"from\":\"2026-07-01\","
	    "\"to\":\"2026-07-31\"},"
	    "\"priority\":%d,\"values\":[[\"09:00\",3],[\"10:00\",null]]}]%s,\"default\":0}",
	    i, i % 60, (i + 30) % 60, 1 + i % 16,
	    i % 10 == 0
		? ",\"events\":[{\"dtstart\":\"2026-01-05T21:00\",\"duration\":\"PT2H\","
		  "\"rrule\":\"FREQ=WEEKLY;BYDAY=TH\",\"value\":4}]"
		: "");

	if (!json_parse_copy(j, span_of(text), &v) ||
	    (all[i] = schedule_parse(v, zone, &why)) == NULL) {
		fprintf(stderr, "%s\n", buf_text(&why));
		exit(1);
	}
	json_free(j);
	free(text);
	buf_free(&why);
}

static void
schedules(void)
{
	size_t spans = 0, minutes = 0;
	double a, b, c, d;
	int i;
	when_t t;

	a = now();
	for (i = 0; i < SCHEDULES; i++)
		make(i);
	b = now();
	for (i = 0; i < SCHEDULES; i++)
		(void)schedule_expand(all[i], NULL, BEGIN, BEGIN + DAY, count, &spans);
	c = now();
	for (i = 0; i < SCHEDULES; i += 100)
		for (t = BEGIN; t < BEGIN + DAY; t += 60)
			minutes += schedule_at(all[i], NULL, t).value != NULL;
	d = now();
	printf("parse %.4f\nexpand %.4f\nminutes %.4f\nspans %zu %zu\n", b - a, c - b,
	    (d - c) * 100, spans, minutes);
	for (i = 0; i < SCHEDULES; i++)
		schedule_free(all[i]);
}

static void
comfort(void)
{
	double a = now(), sum = 0;
	int i;

	for (i = 0; i < 10000; i++) {
		struct comfort_input in = { 18 + i % 120 * 0.1, 20 + i % 90 * 0.1,
			0.05 + i % 7 * 0.05, 20 + i % 60, 1.0 + i % 9 * 0.1,
			0.4 + i % 7 * 0.1 };

		sum += comfort_of(&in).pmv;
	}
	printf("pmv %.4f\npmv_sum %.6f\n", now() - a, sum);
}

/* Records of a file given on stdin. */
static struct tariffs *
read_tariffs(void)
{
	struct tariffs *ts = tariffs_new();
	struct json *j = json_new();
	struct buf why = BUF(1024);
	struct where at = { "<stdin>", 0 };
	char line[65536];
	json_value v;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		at.line++;
		if (!json_parse_copy(j, span_of(line), &v) || !tariffs_add(ts, v, &at, &why)) {
			fprintf(stderr, "%d: %s\n", (int)at.line, buf_text(&why));
			exit(1);
		}
	}
	json_free(j);
	buf_free(&why);
	return ts;
}

static void
prices(void)
{
	struct tariffs *ts = read_tariffs();
	struct tariff_choice choice = { .key = "general/eul/high_b/3", .zone = zone };
	struct tariff_account *account = tariff_account_open(ts, &choice);
	const struct tariff_rate *held;
	struct tariff_rate fresh;
	money_t sum = 0;
	double a, b, c;
	int i;

	if (account == NULL)
		exit(1);
	a = now();
	for (i = 0; i < 1000000; i++) /* 100 meters, quarter by quarter */
		if (tariff_account_at(account, BEGIN + i / 100 * 900, &held) == TARIFF_FOUND)
			sum += held->price;
	b = now();
	for (i = 0; i < 100000; i++)
		if (tariff_at(ts, &choice, BEGIN + i / 10 * 900, &fresh) == TARIFF_FOUND)
			sum -= fresh.price * 10;
	c = now();
	printf("prices %.4f\nprices_afresh %.4f\nprices_differ %lld\n", b - a, (c - b) * 10,
	    (long long)sum);
	tariff_account_close(account);
	tariffs_free(ts);
}

int
main(void)
{
	zone = zone_find(SPAN("Asia/Seoul"));
	schedules();
	comfort();
	prices();
	return 0;
}
