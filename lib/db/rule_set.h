/*
 * rule_set: the alarm rules of a file, one JSON object a line (bms/alarm_rule.h), and the jq
 * expressions among them.
 */
#ifndef NBMS_DB_RULE_SET_H
#define NBMS_DB_RULE_SET_H

#include "bms/alarm_rule.h"
#include "bms/thing.h"

struct rule_set;

/* path NULL: an empty set. NULL: something is wrong with the file, said with its line. Starts a
 * process for the jq rules: before descriptors are opened that others wait to see closed. */
struct rule_set *rule_set_read(const char *path);
void rule_set_free(struct rule_set *set);

size_t rule_set_count(const struct rule_set *set);
const struct alarm_rule *rule_set_get(const struct rule_set *set, size_t i);
const struct alarm_rule *rule_set_find(const struct rule_set *set, struct span name);

/* Does a jq rule's expression hold? It is asked of
 * {"thing":T,"point_id":P,"attr":A,"time":RFC 3339 in UTC,"value":data}. */
bool rule_set_holds(struct rule_set *set, const struct alarm_rule *rule,
    const struct thing *thing, struct span point_id, struct span attr, when_t t,
    json_value data);

#endif
