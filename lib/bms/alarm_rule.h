/*
 * alarm_rule: limits of our own beside the gateway's alarms, on the values points report.
 *
 * A rule is a JSON object (nbms-alarm(1)):
 *
 *   {"rule":"supply-hot","kind":"high","limit":28,"deadband":1,"on_delay":"5m","off_delay":"1m",
 *    "class":"AHU","role":"SupplyAirTemp","level":2,"text":"supply air too warm"}
 *
 * kinds: high, low (ASHRAE 135 OUT_OF_RANGE: over the limit for on_delay raises; back within
 * the limit by the deadband for off_delay clears), state (one of `values`), rate (a change of
 * more than `limit` per `per`), stale (no value for `after`), jq (an expression that holds).
 *
 * Time is the values' own. A delay that has passed counts from when its condition began, so
 * that a raise has the same time however often somebody looked.
 */
#ifndef NBMS_BMS_ALARM_RULE_H
#define NBMS_BMS_ALARM_RULE_H

#include "base/json.h"
#include "base/when.h"
#include "bms/alarm.h"

#define ALARM_RULE_NAME_MAX 64
#define ALARM_RULE_VALUES 16

enum alarm_rule_kind { RULE_HIGH, RULE_LOW, RULE_STATE, RULE_RATE, RULE_STALE, RULE_JQ };

/* Owns its texts. */
struct alarm_rule {
	char *name;
	enum alarm_rule_kind kind;
	double limit, deadband;          /* in the point's unit */
	int64_t per, after;              /* seconds */
	int64_t on_delay, off_delay;     /* seconds */
	char *values[ALARM_RULE_VALUES]; /* JSON texts */
	size_t values_n;
	char *expression;           /* jq */
	unsigned expression_number; /* for the caller's use */
	/* which points; NULL: any */
	char *building, *thing, *point, *class, *role;
	char *attr; /* M_Value */
	int level;
	int64_t priority;
	char *title, *text; /* NULL: made */
	uint64_t version;   /* of all that decides when it raises and clears */
};

/* Reads a rule. NULL, or what is wrong with it (static text). alarm_rule_free in either case.
 */
const char *alarm_rule_read(json_value object, struct alarm_rule *rule);
void alarm_rule_free(struct alarm_rule *rule);

/* Is the point meant? customer_building like C000003_B001. `point` of a rule is a point id in
 * which * stands for any text. */
bool alarm_rule_selects(const struct alarm_rule *rule, struct span building_key,
    struct span thing, struct span point_id, struct span attr);

/* Of one rule on one point. */
struct alarm_watch {
	when_t last;  /* of the newest value; WHEN_NONE: none yet */
	double value; /* the newest number; NAN: none */
	bool active;  /* raised */
	bool pending; /* is about to change */
	when_t since; /* since when */
};

struct alarm_watch alarm_watch_fresh(void);

/* What a rule says: raise or clear, at a time. */
struct alarm_verdict {
	enum alarm_event event;
	when_t at;
};

/*
 * A value at t, later than the one before (an earlier one is passed over: 0). holds: what the
 * jq expression said. Gives up to three verdicts, in order of time; returns how many.
 */
size_t alarm_watch_value(struct alarm_watch *w, const struct alarm_rule *rule, when_t t,
    json_value data, bool holds, struct alarm_verdict verdicts[3]);

/* When time alone decides next; WHEN_NONE: only a value does. */
when_t alarm_watch_due(const struct alarm_watch *w, const struct alarm_rule *rule);

/* That time has come. */
struct alarm_verdict alarm_watch_time(struct alarm_watch *w, const struct alarm_rule *rule);

/* Why: `> 28 for 300 s`, for people. */
void alarm_rule_describe(const struct alarm_rule *rule, struct buf *to);

#endif
