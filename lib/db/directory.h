/*
 * directory: the registry as rows of NDJSON, in and out. What `list` gives, `register` takes.
 *
 *   {"type":"customer","customer":C,"name":..}
 *   {"type":"region","customer":C,"region":R,"name":..}
 *   {"type":"building","customer":C,"building":B,"name":..,"region":R,"timezone":IANA,
 *    "latitude":degrees north,"longitude":degrees
 * east,"tariff":..,"contract_kw":kW,"country":"KR"}
 *   {"type":"category","category":..,"subclass":..,"data":any JSON}
 *   {"type":"thing","thing":C_B_01,"device_name":..}
 *   tariffs, holidays and composite rules (db/reference.h), which are kept as categories
 *
 * (created, last_seen and certificate of a listed thing are read over.)
 * Members that are absent or null keep what is stored. A member of no meaning here is an error,
 * so that a misspelt one is not lost in silence.
 */
#ifndef NBMS_DB_DIRECTORY_H
#define NBMS_DB_DIRECTORY_H

#include "base/records.h"
#include "base/table.h"
#include "db/registry.h"

/* Rejects the record, in all, where any of it is wrong. A transaction must be open. */
void directory_put(struct db *site, struct record *r);

/*
 * A gateway to be made: {"thing":C_B_01,"device_name":..,"csr":PEM} and, for a building that is
 * not there yet, its members as above (timezone is the one it needs).
 */
struct directory_device {
	struct thing thing;
	struct span device_name, csr;
	struct building building; /* named after the thing */
};

/* All checked; false: the record was rejected. */
bool directory_device(struct record *r, struct directory_device *d);

/* Writes building and thing; false: rejected, the building is new and has no timezone. */
bool directory_put_device(struct db *site, struct record *r, const struct directory_device *d);

/* Rows of one type to stdout; false: there is no such type. */
bool directory_list(struct db *site, const char *type, enum table_form form);

/* The names directory_list knows, for a usage line. */
#define DIRECTORY_TYPES "customer, region, building, category or thing"

#endif
