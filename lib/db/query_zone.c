/* User zones, and comfort. */
#include "bms/userzone.h"
#include "db/query_own.h"

#include <math.h>
#include <stdio.h>

#define OUTLINE 11 /* humidities, 0 to 100 % by tens */

static void
put_outline(struct query *q, const struct userzone *z, int month)
{
	struct comfort_input in = {
		.speed = z->rule.air_speed, .met = z->rule.met, .clo = z->rule.clo[month - 1]
	};
	struct comfort_point p[2 * OUTLINE];
	size_t n = comfort_zone(&in, OUTLINE, p), i;

	for (i = 0; i < n && query_more(q); i++) {
		char key[POINT_ID_MAX + 24];

		(void)snprintf(key, sizeof(key), "%.200s/%zu", z->id, i);
		if (!query_row(q, span_of(key)))
			continue;
		table_str(q->table, z->id);
		table_double(q->table, round(p[i].air * 100) / 100);
		table_double(q->table, p[i].humidity);
		table_double(q->table, round(p[i].ratio * 1e5) / 1e5);
		table_double(q->table, in.met);
		table_double(q->table, in.clo);
		table_double(q->table, in.speed);
	}
}

void
query_comfort_zone(struct query *q)
{
	static const char *const columns[] = { "zone_id", "air", "humidity", "ratio", "met",
		"clo", "air_speed" };
	int month = when_civil(q->trend.zone, q->now, NULL).month;
	struct rows *r = db_rows(
	    q->site, SQL_USER_ZONE_ROWS, "tt", q->building.customer, q->building.building);
	struct buf why = BUF(QUERY_TEXT_MAX);
	struct span id, data;
	struct userzone *z;
	json_value root;

	QUERY_TABLE(q, columns);
	while (rows_next(r, "tt", &id, &data)) {
		buf_clear(&why);
		z = json_parse_copy(query_parser(q), data, &root) ? userzone_parse(root, &why)
								  : NULL;
		if (z != NULL)
			put_outline(q, z, month);
		else
			diag("zone %.*s: not used: %s", SPAN_ARG(id), buf_text(&why));
		userzone_free(z);
	}
	rows_end(r);
	(void)table_end(q->table);
	buf_free(&why);
}

/* ---- zones, and how they are ---- */

static double
number_of(json_value status, const char *name)
{
	double v = NAN;

	(void)json_number(json_get(status, name), &v);
	return v;
}

static void
cell_word(struct query *q, json_value status, const char *name)
{
	struct span s = { 0 };

	(void)json_text(json_get(status, name), &s);
	query_text(q, s);
}

/* Its status as it was last worked out; none: not yet. */
static void
put_status(struct query *q, struct span status)
{
	json_value root = { NULL, 0 };

	if (status.p == NULL || !json_parse_copy(query_parser(q), status, &root))
		root = (json_value){ NULL, 0 };
	cell_word(q, root, "comfort");
	cell_word(q, root, "occupancy");
	cell_word(q, root, "equipment");
	table_double(q->table, number_of(root, "temperature"));
	table_double(q->table, number_of(root, "humidity"));
	table_double(q->table, number_of(root, "pmv"));
}

void
query_zones(struct query *q)
{
	static const char *const columns[] = { "zone_id", "name", "state", "occupancy",
		"equipment", "temperature", "humidity", "pmv", "at", "status", "zone" };
	struct rows *r = db_rows(
	    q->site, SQL_USER_ZONE_LIST, "tt", q->building.customer, q->building.building);
	struct span id, data, status, name;
	json_value root;
	when_t at;

	QUERY_TABLE(q, columns);
	while (query_more(q) && rows_next(r, "tttw", &id, &data, &status, &at)) {
		if (!query_row(q, id))
			continue;
		name = (struct span){ 0 };
		if (json_parse_copy(query_parser(q), data, &root))
			(void)json_text(json_get(root, "name"), &name);
		table_text(q->table, id);
		query_text(q, name);
		put_status(q, status);
		query_when(q, at);
		query_json(q, status);
		table_json(q->table, data);
	}
	rows_end(r);
	(void)table_end(q->table);
}
