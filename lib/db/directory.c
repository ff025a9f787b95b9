#include "db/directory.h"
#include "db/reference.h"
#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define NAME_MAX_BYTES 256 /* of a name people read */
#define DATA_MAX_BYTES ((size_t)1 << 20)

enum need { OPTIONAL, REQUIRED };

static bool
has_control(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
			return true;
	return false;
}

/* A text of 1 to NAME_MAX_BYTES bytes; absent, null and "" give an empty span. */
static bool
text(struct record *r, const char *name, enum need need, struct span *to)
{
	json_value v = json_get(r->root, name);
	enum json_kind kind = json_kind_of(v);

	*to = (struct span){ 0 };
	if (kind != JSON_NONE && kind != JSON_NULL && !json_text(v, to))
		record_reject(r, "bad-member", "%s: not a string", name);
	else if (to->n > NAME_MAX_BYTES)
		record_reject(r, "bad-member", "%s: over %d bytes", name, NAME_MAX_BYTES);
	else if (has_control(*to))
		record_reject(r, "bad-member", "%s: has control characters", name);
	else if (to->n == 0 && need == REQUIRED)
		record_reject(r, "missing-member", "%s: missing", name);
	return !r->settled;
}

static bool
part(struct record *r, const char *name, struct span *to)
{
	if (!text(r, name, REQUIRED, to))
		return false;
	if (!thing_part_is_valid(*to))
		record_reject(r, "bad-name", "%s: %.*s: not 1 to %d of A-Z a-z 0-9 -", name,
		    SPAN_ARG(*to), THING_PART_MAX);
	return !r->settled;
}

/* Absent or null: NAN. */
static bool
number(struct record *r, const char *name, double low, double high, double *to)
{
	json_value v = json_get(r->root, name);
	enum json_kind kind = json_kind_of(v);

	*to = NAN;
	if (kind == JSON_NONE || kind == JSON_NULL)
		return true;
	if (!json_number(v, to))
		record_reject(r, "bad-member", "%s: not a number", name);
	else if (!(*to >= low && *to <= high))
		record_reject(
		    r, "bad-member", "%s: %g is not in %g to %g", name, *to, low, high);
	return !r->settled;
}

static bool
is_country(struct span s)
{
	return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

static bool
building_members(struct record *r, struct building *b)
{
	if (!text(r, "region", OPTIONAL, &b->region) ||
	    !text(r, "timezone", OPTIONAL, &b->timezone) ||
	    !number(r, "latitude", -90, 90, &b->latitude) ||
	    !number(r, "longitude", -180, 180, &b->longitude) ||
	    !text(r, "tariff", OPTIONAL, &b->tariff) ||
	    !number(r, "contract_kw", 0, 1e9, &b->contract_kw) ||
	    !text(r, "country", OPTIONAL, &b->country))
		return false;
	if (b->timezone.n > 0 && zone_find(b->timezone) == NULL)
		record_reject(r, "unknown-zone", "timezone: %.*s: no such IANA zone",
		    SPAN_ARG(b->timezone));
	else if (b->country.n > 0 && !is_country(b->country))
		record_reject(r, "bad-member", "country: %.*s: not two letters of ISO 3166-1",
		    SPAN_ARG(b->country));
	return !r->settled;
}

static void
put_customer(struct db *site, struct record *r)
{
	struct span customer, name;

	if (part(r, "customer", &customer) && text(r, "name", OPTIONAL, &name))
		customer_put(site, customer, name);
}

static void
put_region(struct db *site, struct record *r)
{
	struct span customer, region, name;

	if (part(r, "customer", &customer) && text(r, "region", REQUIRED, &region) &&
	    text(r, "name", OPTIONAL, &name))
		region_put(site, customer, region, name);
}

static void
put_building(struct db *site, struct record *r)
{
	struct building b = { 0 };

	if (!part(r, "customer", &b.customer) || !part(r, "building", &b.building) ||
	    !text(r, "name", OPTIONAL, &b.name) || !building_members(r, &b))
		return;
	if (!building_put(site, &b))
		record_reject(r, "missing-member", "timezone: a new building needs one");
	else if (b.region.n > 0)
		region_put(site, b.customer, b.region, (struct span){ 0 });
}

static void
put_category(struct db *site, struct record *r)
{
	struct span category, subclass;
	json_value data = json_get(r->root, "data");

	if (!text(r, "category", REQUIRED, &category) ||
	    !text(r, "subclass", REQUIRED, &subclass))
		return;
	if (json_kind_of(data) == JSON_NONE)
		record_reject(r, "missing-member", "data: missing");
	else if (json_raw(data).n > DATA_MAX_BYTES)
		record_reject(r, "bad-member", "data: over %zu bytes", DATA_MAX_BYTES);
	else
		category_put(site, category, subclass, json_raw(data));
}

static void
put_thing(struct db *site, struct record *r)
{
	struct span name, device_name;
	struct thing t;

	if (!text(r, "thing", REQUIRED, &name) ||
	    !text(r, "device_name", OPTIONAL, &device_name))
		return;
	if (!thing_parse(name, &t))
		record_reject(
		    r, "bad-name", "thing: %.*s: not CUSTOMER_BUILDING_NUMBER", SPAN_ARG(name));
	else if (!thing_put(site, &t, device_name, clock_now()))
		record_reject(r, "unknown-building",
		    "%.*s: its building %.*s is not registered", SPAN_ARG(name),
		    SPAN_ARG(t.building_key));
}

/* The row types: the members each may have, those of a listing that are not taken included. */
static const struct {
	const char *type;
	void (*put)(struct db *site, struct record *r);
	const char *members[12];
} types[] = {
	{ "customer", put_customer, { "type", "customer", "name" } },
	{ "region", put_region, { "type", "customer", "region", "name" } },
	{ "building", put_building,
	    { "type", "customer", "building", "name", "region", "timezone", "latitude",
		"longitude", "tariff", "contract_kw", "country" } },
	{ "category", put_category, { "type", "category", "subclass", "data" } },
	{ "thing", put_thing,
	    { "type", "thing", "device_name", "created", "last_seen", "certificate" } },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static bool
knows_members(struct record *r, const char *const members[])
{
	json_value m = json_repeated(r->root);
	size_t i;

	if (json_kind_of(m) != JSON_NONE) {
		record_reject(
		    r, "duplicate-member", "%.*s: there twice", SPAN_ARG(json_name(m)));
		return false;
	}
	for (m = json_first(r->root); json_kind_of(m) != JSON_NONE; m = json_next(m)) {
		for (i = 0; members[i] != NULL && !span_is(json_name(m), members[i]); i++)
			;
		if (members[i] == NULL) {
			record_reject(r, "unknown-member", "%.*s: no such member",
			    SPAN_ARG(json_name(m)));
			return false;
		}
	}
	return true;
}

void
directory_put(struct db *site, struct record *r)
{
	struct span type;
	size_t i;

	if (!text(r, "type", REQUIRED, &type))
		return;
	for (i = 0; i < TYPES; i++)
		if (span_is(type, types[i].type)) {
			if (knows_members(r, types[i].members))
				types[i].put(site, r);
			return;
		}
	if (reference_type(type))
		reference_put(site, r);
	else
		record_reject(
		    r, "unknown-type", "type: %.*s: not " DIRECTORY_TYPES, SPAN_ARG(type));
}

bool
directory_device(struct record *r, struct directory_device *d)
{
	static const char *const members[] = { "type", "thing", "device_name", "created",
		"last_seen", "certificate", "csr", "name", "region", "timezone", "latitude",
		"longitude", "tariff", "contract_kw", "country", NULL };
	struct span name;
	json_value csr = json_get(r->root, "csr");

	*d = (struct directory_device){ 0 };
	if (!knows_members(r, members) || !text(r, "thing", REQUIRED, &name) ||
	    !text(r, "device_name", OPTIONAL, &d->device_name) ||
	    !text(r, "name", OPTIONAL, &d->building.name) || !building_members(r, &d->building))
		return false;
	if (!thing_parse(name, &d->thing))
		record_reject(
		    r, "bad-name", "thing: %.*s: not CUSTOMER_BUILDING_NUMBER", SPAN_ARG(name));
	else if (json_kind_of(csr) != JSON_NONE && (!json_text(csr, &d->csr) || d->csr.n == 0))
		record_reject(r, "bad-member", "csr: not PEM text");
	d->building.customer = d->thing.customer;
	d->building.building = d->thing.building;
	return !r->settled;
}

bool
directory_put_device(struct db *site, struct record *r, const struct directory_device *d)
{
	if (!building_put(site, &d->building)) {
		record_reject(r, "unknown-building",
		    "%.*s: its building %.*s is new: timezone is missing",
		    SPAN_ARG(d->thing.name), SPAN_ARG(d->thing.building_key));
		return false;
	}
	if (d->building.region.n > 0)
		region_put(site, d->thing.customer, d->building.region, (struct span){ 0 });
	must(thing_put(site, &d->thing, d->device_name, clock_now()));
	return true;
}

static void
table_time(struct table *t, when_t at)
{
	char to[WHEN_TEXT];

	if (at == 0)
		table_null(t);
	else
		table_str(t, when_format(to, NULL, at));
}

static void
cell(struct table *t, struct span s)
{
	if (s.p == NULL)
		table_null(t);
	else
		table_text(t, s);
}

static void
list_customers(struct db *site, struct table *t)
{
	struct rows *rows = db_rows(site, SQL_CUSTOMER_LIST, "");
	struct span customer, name;

	while (rows_next(rows, "tt", &customer, &name)) {
		table_str(t, "customer");
		table_text(t, customer);
		cell(t, name);
	}
	rows_end(rows);
}

static void
list_regions(struct db *site, struct table *t)
{
	struct rows *rows = db_rows(site, SQL_REGION_LIST, "");
	struct span customer, region, name;

	while (rows_next(rows, "ttt", &customer, &region, &name)) {
		table_str(t, "region");
		table_text(t, customer);
		table_text(t, region);
		cell(t, name);
	}
	rows_end(rows);
}

static void
list_buildings(struct db *site, struct table *t)
{
	struct rows *rows = db_rows(site, SQL_BUILDING_LIST, "");
	struct building b;

	while (rows_next(rows, "tttttddtdt", &b.customer, &b.building, &b.name, &b.region,
	    &b.timezone, &b.latitude, &b.longitude, &b.tariff, &b.contract_kw, &b.country)) {
		table_str(t, "building");
		table_text(t, b.customer);
		table_text(t, b.building);
		cell(t, b.name);
		cell(t, b.region);
		cell(t, b.timezone);
		table_double(t, b.latitude);
		table_double(t, b.longitude);
		cell(t, b.tariff);
		table_double(t, b.contract_kw);
		cell(t, b.country);
	}
	rows_end(rows);
}

static void
list_categories(struct db *site, struct table *t)
{
	struct rows *rows = db_rows(site, SQL_CATEGORY_LIST, "");
	struct span category, subclass, data;

	while (rows_next(rows, "ttt", &category, &subclass, &data)) {
		table_str(t, "category");
		table_text(t, category);
		table_text(t, subclass);
		table_json(t, data);
	}
	rows_end(rows);
}

static void
list_things(struct db *site, struct table *t)
{
	struct rows *rows = db_rows(site, SQL_THING_LIST, "");
	struct span name, customer, building, device_name, certificate;
	int64_t created, seen;

	while (rows_next(rows, "tttttii", &name, &customer, &building, &device_name,
	    &certificate, &created, &seen)) {
		table_str(t, "thing");
		table_text(t, name);
		cell(t, device_name);
		table_time(t, created);
		table_time(t, seen);
		cell(t, certificate);
	}
	rows_end(rows);
}

bool
directory_list(struct db *site, const char *type, enum table_form form)
{
	static const struct {
		void (*rows)(struct db *site, struct table *t);
		const char *columns[12];
	} lists[TYPES] = {
		{ list_customers, { "type", "customer", "name" } },
		{ list_regions, { "type", "customer", "region", "name" } },
		{ list_buildings,
		    { "type", "customer", "building", "name", "region", "timezone", "latitude",
			"longitude", "tariff", "contract_kw", "country" } },
		{ list_categories, { "type", "category", "subclass", "data" } },
		{ list_things,
		    { "type", "thing", "device_name", "created", "last_seen", "certificate" } },
	};
	struct table *t;
	size_t i, n = 0;

	for (i = 0; i < TYPES && strcmp(types[i].type, type) != 0; i++)
		;
	if (i == TYPES)
		return false;
	while (lists[i].columns[n] != NULL)
		n++;
	t = table_begin(form, lists[i].columns, n);
	lists[i].rows(site, t);
	(void)table_end(t);
	return true;
}
