#include "db/alarm_kpi.h"

#include <math.h>
#include <stdio.h>

#define PER_HOUR 6
#define PER_HOUR_MOST 12
#define PER_DAY 144
#define FLOOD_PERCENT 1
#define DAY 86400

struct kpi {
	struct db *site;
	struct table *t;
	struct span customer, building;
	when_t from, to;
};

/* Of target NAN there is none. */
static void
row(struct kpi *k, const char *measure, double value, const char *unit, double target,
    const char *source)
{
	table_str(k->t, measure);
	table_double(k->t, value);
	table_str(k->t, unit);
	table_double(k->t, target);
	if (isnan(target))
		table_null(k->t);
	else
		table_bool(k->t, value <= target);
	table_str(k->t, source);
	table_null(k->t);
}

static double
rounded(double v)
{
	return round(v * 100) / 100;
}

static void
rates(struct kpi *k)
{
	double hours = (double)(k->to - k->from) / 3600, slots = hours * 6;
	int64_t n, most, over, floods;

	(void)db_one(k->site, SQL_KPI_HOURS, "ttii", "iii", k->customer, k->building, k->from,
	    k->to, &n, &most, &over);
	(void)db_one(k->site, SQL_KPI_FLOODS, "ttii", "i", k->customer, k->building, k->from,
	    k->to, &floods);
	row(k, "annunciated", (double)n, "alarms", NAN, NULL);
	row(k, "per day", rounded((double)n / hours * 24), "alarms", PER_DAY, "IEC 62682:2014");
	row(k, "per hour", rounded((double)n / hours), "alarms", PER_HOUR, "IEC 62682:2014");
	row(k, "most in an hour", (double)most, "alarms", PER_HOUR_MOST, "IEC 62682:2014");
	row(k, "hours over 30", rounded(100 * (double)over / hours), "%", FLOOD_PERCENT,
	    "ISA-18.2");
	row(k, "time in flood", rounded(100 * (double)floods / slots), "%", FLOOD_PERCENT,
	    "ISA-18.2");
}

static void
standing(struct kpi *k)
{
	int64_t chattering, active, stale;

	(void)db_one(k->site, SQL_KPI_CHATTERING, "ttii", "i", k->customer, k->building,
	    k->from, k->to, &chattering);
	(void)db_one(k->site, SQL_KPI_STANDING, "tti", "ii", k->customer, k->building,
	    k->to - DAY, &active, &stale);
	row(k, "chattering", (double)chattering, "alarms", 0, "ISA-18.2");
	row(k, "standing now", (double)active, "alarms", NAN, NULL);
	row(k, "stale now", (double)stale, "alarms", 5, "ISA-18.2");
}

static void
acknowledged(struct kpi *k)
{
	double mean;
	int64_t n;

	(void)db_one(k->site, SQL_KPI_ACKNOWLEDGED, "ttii", "di", k->customer, k->building,
	    k->from, k->to, &mean, &n);
	row(k, "acknowledged", (double)n, "alarms", NAN, NULL);
	row(k, "mean time to acknowledge", rounded(mean), "s", NAN, NULL);
}

static void
levels(struct kpi *k)
{
	struct rows *r =
	    db_rows(k->site, SQL_KPI_LEVELS, "ttii", k->customer, k->building, k->from, k->to);
	int64_t level, n;
	char text[24];

	while (rows_next(r, "ii", &level, &n)) {
		(void)snprintf(text, sizeof(text), "level %d", (int)level);
		row(k, text, (double)n, "alarms", NAN, NULL);
	}
	rows_end(r);
}

static void
top_ten(struct kpi *k)
{
	struct rows *r =
	    db_rows(k->site, SQL_KPI_TOP, "ttii", k->customer, k->building, k->from, k->to);
	struct span customer, building, alarm;
	char text[24];
	int64_t n;
	int i = 1;

	for (; rows_next(r, "ttti", &customer, &building, &alarm, &n); i++) {
		(void)snprintf(text, sizeof(text), "top %d", i);
		table_str(k->t, text);
		table_int(k->t, n);
		table_str(k->t, "alarms");
		table_null(k->t);
		table_null(k->t);
		table_null(k->t);
		table_text(k->t, alarm);
	}
	rows_end(r);
}

void
kpi_print(struct db *site, enum table_form form, struct span customer, struct span building,
    when_t from, when_t to)
{
	static const char *const names[] = { "measure", "value", "unit", "target", "met",
		"source", "alarm_point_id" };
	struct kpi k = { site, table_begin(form, names, 7), customer, building, from, to };

	rates(&k);
	standing(&k);
	acknowledged(&k);
	levels(&k);
	top_ten(&k);
	(void)table_end(k.t);
}
