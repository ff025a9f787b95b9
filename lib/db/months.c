#include "db/months.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/prog.h"
#include "db/days.h"

#include <stdlib.h>

#define KEY_MAX 128

struct building_row {
	struct span customer, building;
	const struct zone *zone;
	struct buf key;
};

typedef void building_fn(void *ctx, const struct building_row *b);

/* Every registered building whose zone is known. */
static void
each_building(struct db *site, building_fn *fn, void *ctx)
{
	struct rows *r = db_rows(site, SQL_BUILDING_LIST, "");
	struct span name, region, timezone, tariff, country;
	double latitude, longitude, contract_kw;
	struct building_row b = { .key = BUF(KEY_MAX) };

	while (rows_next(r, "tttttddtdt", &b.customer, &b.building, &name, &region, &timezone,
	    &latitude, &longitude, &tariff, &contract_kw, &country)) {
		buf_clear(&b.key);
		buf_put(&b.key, b.customer);
		buf_putc(&b.key, '_');
		buf_put(&b.key, b.building);
		b.zone = zone_find(timezone);
		if (b.zone == NULL)
			diag("building %s: unknown time zone %.*s", buf_text(&b.key),
			    SPAN_ARG(timezone));
		else
			fn(ctx, &b);
	}
	rows_end(r);
	buf_free(&b.key);
}

static const char *const columns[] = { "customer", "building", "month", "file", "bytes" };

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct keeping {
	struct history *history; /* prepare */
	const char *dir;         /* retain */
	int64_t keep;
	bool dry_run;
	int status;
	struct table *table;
};

static void
print_file(struct keeping *k, const struct building_row *b, const char *month, const char *path,
    int64_t bytes)
{
	table_text(k->table, b->customer);
	table_text(k->table, b->building);
	table_str(k->table, month);
	table_str(k->table, path);
	table_int(k->table, bytes);
}

static void
prepare(void *ctx, const struct building_row *b)
{
	struct keeping *k = ctx;
	when_t now = clock_now(), t;
	char month[WHEN_TEXT];
	int i;

	for (i = 0; i < 2; i++) {
		t = when_month(b->zone, now, i);
		const char *path =
		    db_path(month_db(history_month(k->history, buf_span(&b->key), b->zone, t)));

		print_file(k, b, when_format_month(month, b->zone, t), path, db_bytes(path));
	}
}

static void
sum(void *ctx, const struct building_row *b)
{
	struct keeping *k = ctx;
	when_t month = WHEN_NONE;
	char text[WHEN_TEXT];
	size_t days;

	while (!prog_stopping() && (month = history_next_month(k->history, buf_span(&b->key),
					b->zone, month)) != WHEN_NONE) {
		days =
		    days_work_out(k->history, buf_span(&b->key), b->zone, month, clock_now());
		if (days == 0)
			continue;
		table_text(k->table, b->customer);
		table_text(k->table, b->building);
		table_str(k->table, when_format_month(text, b->zone, month));
		table_int(k->table, (int64_t)days);
	}
}

void
months_sum(struct db *site, struct history *h, enum table_form form)
{
	static const char *const summed[] = { "customer", "building", "month", "days" };
	struct keeping k = { .history = h,
		.table = table_begin(form, summed, sizeof(summed) / sizeof(summed[0])) };

	each_building(site, sum, &k);
	(void)table_end(k.table);
}

void
months_prepare(struct db *site, struct history *h, enum table_form form)
{
	struct keeping k = { .history = h, .table = table_begin(form, columns, COLUMNS) };

	each_building(site, prepare, &k);
	(void)table_end(k.table);
}

static void
retain(void *ctx, const struct building_row *b)
{
	struct keeping *k = ctx;
	struct span key = buf_span(&b->key);
	char oldest[WHEN_TEXT], **names;
	size_t n, i;

	(void)when_format_month(
	    oldest, b->zone, when_month(b->zone, clock_now(), (int)-k->keep));
	n = db_months(k->dir, key, &names);
	for (i = 0; i < n; i++) {
		char *path = db_month_path(k->dir, key, names[i]);

		if (strcmp(names[i], oldest) < 0) {
			print_file(k, b, names[i], path, db_bytes(path));
			if (!k->dry_run && !db_remove_month(path))
				k->status = EX_IOERR;
		}
		free(path);
		free(names[i]);
	}
	free(names);
}

int
months_retain(
    struct db *site, const char *dir, int64_t keep, bool dry_run, enum table_form form)
{
	struct keeping k = { .dir = dir,
		.keep = keep,
		.dry_run = dry_run,
		.table = table_begin(form, columns, COLUMNS) };

	each_building(site, retain, &k);
	(void)table_end(k.table);
	return k.status;
}

bool
months_drop(const char *dir, struct span building_key)
{
	char **names;
	size_t n = db_months(dir, building_key, &names), i;
	bool fine = true;

	for (i = 0; i < n; i++) {
		char *path = db_month_path(dir, building_key, names[i]);

		fine = db_remove_month(path) && fine;
		free(path);
		free(names[i]);
	}
	free(names);
	return fine;
}
