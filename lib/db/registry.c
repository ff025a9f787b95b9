#include "db/registry.h"
#include "base/diag.h"

#include <math.h>

void
customer_put(struct db *site, struct span customer, struct span name)
{
	db_do(site, SQL_CUSTOMER_PUT, "tt", customer, name);
}

void
region_put(struct db *site, struct span customer, struct span region, struct span name)
{
	customer_put(site, customer, (struct span){ 0 });
	db_do(site, SQL_REGION_PUT, "ttt", customer, region, name);
}

/* Absent text is a null that keeps what is stored. */
static struct span
or_null(struct span s)
{
	return s.n > 0 ? s : (struct span){ 0 };
}

bool
building_put(struct db *site, const struct building *b)
{
	int64_t there;

	if (b->timezone.n == 0 &&
	    !db_one(site, SQL_BUILDING_HAS, "tt", "i", b->customer, b->building, &there))
		return false;
	customer_put(site, b->customer, (struct span){ 0 });
	return db_run(site, SQL_BUILDING_PUT, "tttttddtdt", b->customer, b->building,
		   or_null(b->name), or_null(b->region), or_null(b->timezone), b->latitude,
		   b->longitude, or_null(b->tariff), b->contract_kw, or_null(b->country)) >= 0;
}

bool
building_get(struct db *site, struct span customer, struct span building, struct buf *text,
    struct building *b)
{
	struct span *texts[] = { &b->customer, &b->building, &b->name, &b->region, &b->timezone,
		&b->tariff, &b->country };
	size_t at[sizeof(texts) / sizeof(texts[0])], i;

	*b = (struct building){ .customer = customer, .building = building };
	if (!db_one(site, SQL_BUILDING_GET, "tt", "tttddtdt", customer, building, &b->name,
		&b->region, &b->timezone, &b->latitude, &b->longitude, &b->tariff,
		&b->contract_kw, &b->country))
		return false;
	buf_clear(text);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		at[i] = text->n;
		buf_put(text, *texts[i]);
	}
	must(!text->full);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		texts[i]->p = texts[i]->p != NULL ? text->p + at[i] : NULL;
	return true;
}

void
category_put(struct db *site, struct span category, struct span subclass, struct span data)
{
	db_do(site, SQL_CATEGORY_PUT, "ttt", category, subclass, data);
}

bool
thing_put(struct db *site, const struct thing *t, struct span device_name, when_t created)
{
	return db_run(site, SQL_THING_PUT, "tttti", t->name, t->customer, t->building,
		   or_null(device_name), (int64_t)created) >= 0;
}

bool
thing_is_known(struct db *site, struct span name)
{
	int64_t there;

	return db_one(site, SQL_THING_HAS, "t", "i", name, &there);
}

void
thing_seen(struct db *site, struct span name, when_t at)
{
	db_do(site, SQL_THING_SEEN, "ti", name, (int64_t)at);
}
