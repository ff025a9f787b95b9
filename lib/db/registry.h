/*
 * registry: customers, regions, buildings, categories and things. Writing is idempotent: the
 * same row twice is one row, and a member that is not given (empty span, NAN) keeps what is
 * stored.
 */
#ifndef NBMS_DB_REGISTRY_H
#define NBMS_DB_REGISTRY_H

#include "base/buf.h"
#include "base/when.h"
#include "bms/thing.h"
#include "db/engine.h"

struct building {
	struct span customer, building; /* C000003, B001 */
	struct span name, region;
	struct span timezone;       /* IANA; required for a new building */
	double latitude, longitude; /* degrees north and east; NAN: not known */
	struct span tariff;         /* a Charge_Rate subclass; empty: none */
	double contract_kw;         /* NAN: not known */
	struct span country;        /* ISO 3166-1 alpha-2; whose public holidays */
};

void customer_put(struct db *site, struct span customer, struct span name);
void region_put(struct db *site, struct span customer, struct span region, struct span name);

/* The customer's row is made if need be. False: a new building without a timezone. */
bool building_put(struct db *site, const struct building *b);

/* Texts are kept in `text` and live as long as it does, unchanged. False: no such building. */
bool building_get(struct db *site, struct span customer, struct span building, struct buf *text,
    struct building *b);

/* data is JSON text. */
void category_put(
    struct db *site, struct span category, struct span subclass, struct span data);

/* Its building must be there (otherwise false). */
bool thing_put(struct db *site, const struct thing *t, struct span device_name, when_t created);
bool thing_is_known(struct db *site, struct span name);
void thing_seen(struct db *site, struct span name, when_t at); /* never moves back */

#endif
