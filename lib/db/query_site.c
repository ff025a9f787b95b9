/* The site: who there is. */
#include "db/query_own.h"

/* What a session of the page and nbms-device(1) call the same. */
static void
put_building(struct query *q, const struct building *b)
{
	table_str(q->table, "building");
	table_text(q->table, b->customer);
	table_text(q->table, b->building);
	query_text(q, b->name);
	query_text(q, b->region);
	query_text(q, b->timezone);
	table_double(q->table, b->latitude);
	table_double(q->table, b->longitude);
	query_text(q, b->tariff);
	table_double(q->table, b->contract_kw);
	query_text(q, b->country);
}

void
query_buildings(struct query *q)
{
	static const char *const columns[] = { "type", "customer", "building", "name", "region",
		"timezone", "latitude", "longitude", "tariff", "contract_kw", "country" };
	struct rows *r = db_rows(q->site, SQL_BUILDING_LIST, "");
	struct buf key = BUF(QUERY_TEXT_MAX);
	struct building b;

	QUERY_TABLE(q, columns);
	while (query_more(q) && rows_next(r, "tttttddtdt", &b.customer, &b.building, &b.name,
				    &b.region, &b.timezone, &b.latitude, &b.longitude,
				    &b.tariff, &b.contract_kw, &b.country)) {
		buf_clear(&key);
		buf_printf(&key, "%.*s_%.*s", SPAN_ARG(b.customer), SPAN_ARG(b.building));
		if (query_sees(q, b.customer, b.building) && query_row(q, buf_span(&key)))
			put_building(q, &b);
	}
	rows_end(r);
	(void)table_end(q->table);
	buf_free(&key);
}

void
query_things(struct query *q)
{
	static const char *const columns[] = { "type", "thing", "device_name", "created",
		"last_seen", "certificate" };
	struct rows *r = db_rows(q->site, SQL_THING_LIST, "");
	struct span name, customer, building, device_name, certificate;
	when_t created, seen;

	QUERY_TABLE(q, columns);
	while (query_more(q) && rows_next(r, "tttttww", &name, &customer, &building,
				    &device_name, &certificate, &created, &seen)) {
		if (!query_sees(q, customer, building) || !query_row(q, name))
			continue;
		table_str(q->table, "thing");
		table_text(q->table, name);
		query_text(q, device_name);
		query_when(q, created);
		query_when(q, seen);
		query_text(q, certificate);
	}
	rows_end(r);
	(void)table_end(q->table);
}

void
query_tables(struct query *q)
{
	static const char *const columns[] = { "table", "rows" };
	struct rows *r = db_rows(q->site, SQL_TABLE_ROWS, "");
	struct span name;
	int64_t rows;

	QUERY_TABLE(q, columns);
	while (query_more(q) && rows_next(r, "ti", &name, &rows)) {
		if (!query_row(q, name))
			continue;
		table_text(q->table, name);
		table_int(q->table, rows);
	}
	rows_end(r);
	(void)table_end(q->table);
}
