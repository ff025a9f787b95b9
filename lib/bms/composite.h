/*
 * composite: what a unit of equipment does, made of its points.
 *
 * The points of a unit (AHU, FCU, PAC, VAV and its number) are members of
 * ComP_U_<class>_<unit>, each in a role: the point AHUSupplyFan_01 is the role SupplyFan of
 * ComP_U_AHU_01. Rules say which attributes a composite gets from which roles. They are data,
 * NDJSON, and can be replaced without a new program (nbms-schema(5)):
 *
 *   {"class":"AHU","attr":"Temp","how":"first","roles":["ReturnAirTemp","SupplyAirTemp"]}
 *
 * how: first    the value of the first role in the list that the unit has
 *      mean     the mean of those it has
 *      max      the largest of those it has
 *      on       1 when that first value is above 0, otherwise 0
 *      minutes  the period's minutes when on, otherwise 0
 */
#ifndef NBMS_BMS_COMPOSITE_H
#define NBMS_BMS_COMPOSITE_H

#include "base/buf.h"
#include "base/json.h"
#include "bms/thing.h"

#define COMPOSITE_ROLES 8
#define COMPOSITE_ID_MAX 128

enum composite_how {
	COMPOSITE_FIRST,
	COMPOSITE_MEAN,
	COMPOSITE_MAX,
	COMPOSITE_ON,
	COMPOSITE_MINUTES
};

struct composite_rule {
	char *class, *attr;
	enum composite_how how;
	char *roles[COMPOSITE_ROLES];
	size_t n;
};

struct composite_rules {
	struct composite_rule *rules;
	size_t n;
};

/* The rules that hold where none are registered. */
void composite_rules_default(struct composite_rules *r);

/* Takes one rule; false: *why says what is wrong with it. */
bool composite_rules_add(struct composite_rules *r, json_value rule, const char **why);

/* Puts the rules of `by` in the place of those of the same classes. */
void composite_rules_replace(struct composite_rules *r, const struct composite_rules *by);
void composite_rules_free(struct composite_rules *r);

/* Do points of this class make composites? */
bool composite_class(struct span class);

/* ComP_U_AHU_01 */
void composite_id(struct buf *to, struct span class, struct span unit);

/*
 * One attribute from the values of a rule's roles, in the rule's order: in[i] is NAN where the
 * unit has no such role or the point gave no number. NAN: it cannot be told. period in minutes.
 */
double composite_value(enum composite_how how, const double in[], size_t n, int64_t period);

#endif
