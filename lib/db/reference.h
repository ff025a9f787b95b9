/*
 * reference: the shared data that rules work from, kept as rows of `category` and used as what
 * they mean: tariffs (nbms-tariff(5)), calendars of holidays (nbms-schedule(5)) and the rules
 * of composites (bms/composite.h).
 *
 *   category        record types                      subclass
 *   Charge_Rate     hours, prices, demand, levies     <type>/<tariff or
 * for>/<region>/<valid_from> Holiday         calendar, holiday                 <calendar>,
 * <calendar>/<date>/<kind> Composite_Rule  composite_rule                    <class>/<attr>
 *
 * Registered composite rules replace the built-in ones of their class.
 */
#ifndef NBMS_DB_REFERENCE_H
#define NBMS_DB_REFERENCE_H

#include "base/records.h"
#include "bms/composite.h"
#include "bms/tariff.h"
#include "db/registry.h"

struct reference;

/* Is it a record type of the table above? */
bool reference_type(struct span type);

/* Checks and stores one such record, or rejects it. A transaction must be open. */
void reference_put(struct db *site, struct record *r);

/* Everything stored. Rows that a newer program wrote and this one cannot read are said and
 * passed over. */
struct reference *reference_load(struct db *site);
void reference_free(struct reference *ref);

const struct tariffs *reference_tariffs(const struct reference *ref);

/*
 * The calendar of a building's holidays: one named like the building (C000003_B001) where there
 * is one, otherwise that of its country in lower case ("kr"); NULL: none.
 */
const struct holiday_calendar *reference_calendar(
    const struct reference *ref, const struct building *b);

/* The building's tariff account, which lives no longer than ref; NULL: it has chosen none, or
 * there is none of that name (which is said). */
struct tariff_account *reference_account(
    struct reference *ref, const struct building *b, const struct zone *zone);

/* Rules to make composites by: the registered ones, and the built-in ones of classes without
 * any. */
void reference_composite_rules(const struct reference *ref, struct composite_rules *rules);

#endif
