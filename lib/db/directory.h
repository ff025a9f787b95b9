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
 * The members of a building that `object` carries, checked; customer and building are the
 * caller's. False: the record was rejected.
 */
bool directory_building(struct record *r, struct building *b);

/* Rows of one type to stdout; false: there is no such type. */
bool directory_list(struct db *site, const char *type, enum table_form form);

/* The names directory_list knows, for a usage line. */
#define DIRECTORY_TYPES "customer, region, building, category or thing"

#endif
