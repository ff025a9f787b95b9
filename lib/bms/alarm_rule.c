#include "bms/alarm_rule.h"
#include "base/diag.h"
#include "bms/thing.h"

#include <math.h>
#include <stdlib.h>

static const char *const kind_names[] = { "high", "low", "state", "rate", "stale", "jq" };

static bool
known_member(struct span name)
{
	static const char *const names[] = { "rule", "kind", "limit", "deadband", "per",
		"after", "on_delay", "off_delay", "values", "expression", "building", "thing",
		"point", "class", "role", "attr", "level", "priority", "name", "text" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

static bool
take_text(json_value object, const char *name, char **to)
{
	json_value v = json_get(object, name);
	struct span s;

	if (v.at == 0)
		return true;
	if (!json_text(v, &s) || s.n == 0 || s.n > 4096)
		return false;
	*to = xstrndup(s.p, s.n);
	return true;
}

static bool
take_number(json_value object, const char *name, double *to)
{
	json_value v = json_get(object, name);

	return v.at == 0 || json_number(v, to);
}

static bool
take_values(json_value object, struct alarm_rule *rule)
{
	json_value list = json_get(object, "values"), v;

	if (list.at == 0)
		return true;
	for (v = json_first(list); v.at != 0; v = json_next(v)) {
		enum json_kind kind = json_kind_of(v);
		struct span raw = json_raw(v);

		if (rule->values_n == ALARM_RULE_VALUES || kind == JSON_ARRAY ||
		    kind == JSON_OBJECT)
			return false;
		rule->values[rule->values_n++] = xstrndup(raw.p, raw.n);
	}
	return rule->values_n > 0;
}

static const char *
read_kind(json_value object, struct alarm_rule *rule)
{
	struct span kind;
	size_t i;

	if (!json_text(json_get(object, "kind"), &kind))
		return "kind: missing";
	for (i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (!span_is(kind, kind_names[i]))
			continue;
		rule->kind = (enum alarm_rule_kind)i;
		return NULL;
	}
	return "kind: not high, low, state, rate, stale or jq";
}

/* What each kind cannot do without. */
static const char *
check_kind(const struct alarm_rule *rule)
{
	switch (rule->kind) {
	case RULE_HIGH:
	case RULE_LOW:
		return isnan(rule->limit) ? "limit: missing" : NULL;
	case RULE_RATE:
		if (isnan(rule->limit) || rule->limit < 0)
			return "limit: missing, or below 0";
		return rule->per < 1 ? "per: missing" : NULL;
	case RULE_STATE:
		return rule->values_n == 0 ? "values: missing" : NULL;
	case RULE_STALE:
		return rule->after < 1 ? "after: missing" : NULL;
	case RULE_JQ:
		return rule->expression == NULL ? "expression: missing" : NULL;
	}
	return NULL;
}

static const char *
read_level(json_value object, struct alarm_rule *rule)
{
	json_value level = json_get(object, "level"), priority = json_get(object, "priority");
	int64_t v = 0;

	if (!json_int(level, &v) || v < 1 || v > ALARM_LEVELS)
		return "level: not 1 to 4";
	rule->level = (int)v;
	if (priority.at != 0 && (!json_int(priority, &rule->priority) || rule->priority < 0))
		return "priority: not a whole number from 0";
	return NULL;
}

static const char *
read_rest(json_value object, struct alarm_rule *rule)
{
	if (!take_number(object, "limit", &rule->limit) ||
	    !take_number(object, "deadband", &rule->deadband) || !(rule->deadband >= 0))
		return "limit or deadband: not a number, or deadband below 0";
	if (!when_json_duration(json_get(object, "per"), &rule->per) ||
	    !when_json_duration(json_get(object, "after"), &rule->after) ||
	    !when_json_duration(json_get(object, "on_delay"), &rule->on_delay) ||
	    !when_json_duration(json_get(object, "off_delay"), &rule->off_delay))
		return "per, after, on_delay or off_delay: not a duration like 5m";
	if (!take_values(object, rule))
		return "values: not a list of 1 to 16 values";
	if (!take_text(object, "expression", &rule->expression) ||
	    !take_text(object, "building", &rule->building) ||
	    !take_text(object, "thing", &rule->thing) ||
	    !take_text(object, "point", &rule->point) ||
	    !take_text(object, "class", &rule->class) ||
	    !take_text(object, "role", &rule->role) ||
	    !take_text(object, "attr", &rule->attr) ||
	    !take_text(object, "name", &rule->title) || !take_text(object, "text", &rule->text))
		return "a member that has to be text is not";
	return read_level(object, rule);
}

static uint64_t
version_of(const struct alarm_rule *r)
{
	uint64_t hash = alarm_hash_number(ALARM_HASH, r->kind);
	union {
		double d;
		int64_t i;
	} bits[2] = { { .d = r->limit }, { .d = r->deadband } };
	size_t i;

	hash = alarm_hash_number(alarm_hash_number(hash, bits[0].i), bits[1].i);
	hash = alarm_hash_number(alarm_hash_number(hash, r->per), r->after);
	hash = alarm_hash_number(alarm_hash_number(hash, r->on_delay), r->off_delay);
	for (i = 0; i < r->values_n; i++)
		hash = alarm_hash(hash, span_of(r->values[i]));
	return alarm_hash(hash, span_of(r->expression));
}

const char *
alarm_rule_read(json_value object, struct alarm_rule *rule)
{
	const char *wrong;
	json_value v;

	*rule = (struct alarm_rule){ .limit = NAN, .priority = -1 };
	if (json_kind_of(object) != JSON_OBJECT)
		return "not an object";
	if (json_repeated(object).at != 0)
		return "a member is there twice";
	for (v = json_first(object); v.at != 0; v = json_next(v))
		if (!known_member(json_name(v)))
			return "a member that no rule has";
	if (!take_text(object, "rule", &rule->name) || rule->name == NULL ||
	    strlen(rule->name) > ALARM_RULE_NAME_MAX || strchr(rule->name, ':') != NULL)
		return "rule: not a name of 1 to 64 bytes without a colon";
	if ((wrong = read_kind(object, rule)) != NULL)
		return wrong;
	if ((wrong = read_rest(object, rule)) != NULL)
		return wrong;
	if ((wrong = check_kind(rule)) != NULL)
		return wrong;
	if (rule->attr == NULL)
		rule->attr = xstrdup("M_Value");
	rule->version = version_of(rule);
	return NULL;
}

void
alarm_rule_free(struct alarm_rule *rule)
{
	char *const texts[] = { rule->name, rule->expression, rule->building, rule->thing,
		rule->point, rule->class, rule->role, rule->attr, rule->title, rule->text };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	for (i = 0; i < rule->values_n; i++)
		free(rule->values[i]);
}

/* * stands for any text. Goes back to the last star only: linear in practice, never
 * exponential. */
static bool
matches(const char *pattern, struct span s)
{
	const char *star = NULL;
	size_t i = 0, resume = 0;

	while (i < s.n) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = i;
		} else if (*pattern == s.p[i]) {
			pattern++;
			i++;
		} else if (star != NULL) {
			pattern = star;
			i = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool
alarm_rule_selects(const struct alarm_rule *rule, struct span building_key, struct span thing,
    struct span point_id, struct span attr)
{
	struct point_parts parts;

	if (!span_is(attr, rule->attr) ||
	    (rule->building != NULL && !span_is(building_key, rule->building)) ||
	    (rule->thing != NULL && !span_is(thing, rule->thing)) ||
	    (rule->point != NULL && !matches(rule->point, point_id)))
		return false;
	if (rule->class == NULL && rule->role == NULL)
		return true;
	parts = point_parts(point_id);
	return (rule->class == NULL || span_is(parts.class, rule->class)) &&
	       (rule->role == NULL || span_is(parts.role, rule->role));
}

struct alarm_watch
alarm_watch_fresh(void)
{
	return (struct alarm_watch){ .last = WHEN_NONE, .value = NAN, .since = WHEN_NONE };
}

static bool
same_value(const char *want, json_value data)
{
	struct span raw = json_raw(data);
	char *end;
	double number, wanted;

	if (span_is(raw, want))
		return true;
	if (!json_number(data, &number))
		return false;
	wanted = strtod(want, &end);
	return *end == '\0' && wanted == number;
}

/* What a limit is judged on; false: nothing that could be. */
static bool
number_of(json_value data, double *v)
{
	bool b;

	if (json_bool(data, &b)) {
		*v = b ? 1 : 0;
		return true;
	}
	return json_number(data, v);
}

/* Does the condition hold at this value? Between limit and deadband it stays as it is. */
static bool
holds_for(const struct alarm_watch *w, const struct alarm_rule *rule, when_t t, double v)
{
	double back = w->active ? rule->deadband : 0, rate;

	switch (rule->kind) {
	case RULE_HIGH:
		return w->active ? v >= rule->limit - back && (back > 0 || v > rule->limit)
				 : v > rule->limit;
	case RULE_LOW:
		return w->active ? v <= rule->limit + back && (back > 0 || v < rule->limit)
				 : v < rule->limit;
	default:
		if (isnan(w->value) || w->last == WHEN_NONE)
			return false;
		rate = fabs(v - w->value) / (double)(t - w->last) * (double)rule->per;
		return rate > rule->limit - back;
	}
}

static int64_t
delay(const struct alarm_watch *w, const struct alarm_rule *rule)
{
	if (rule->kind == RULE_STALE)
		return w->active ? 0 : rule->after;
	return w->active ? rule->off_delay : rule->on_delay;
}

when_t
alarm_watch_due(const struct alarm_watch *w, const struct alarm_rule *rule)
{
	return w->pending ? w->since + delay(w, rule) : WHEN_NONE;
}

struct alarm_verdict
alarm_watch_time(struct alarm_watch *w, const struct alarm_rule *rule)
{
	struct alarm_verdict v = { w->active ? ALARM_CLEAR : ALARM_RAISE,
		alarm_watch_due(w, rule) };

	w->active = !w->active;
	w->pending = false;
	return v;
}

/* The condition is as `holds` says from t on. */
static size_t
decide(struct alarm_watch *w, const struct alarm_rule *rule, when_t t, bool holds,
    struct alarm_verdict *verdict)
{
	if (holds == w->active) {
		w->pending = false;
		return 0;
	}
	if (!w->pending) {
		w->pending = true;
		w->since = t;
	}
	if (w->since + delay(w, rule) > t)
		return 0;
	*verdict = alarm_watch_time(w, rule);
	return 1;
}

static bool
condition(const struct alarm_watch *w, const struct alarm_rule *rule, when_t t, json_value data,
    bool holds, bool *known)
{
	double v;
	size_t i;

	*known = true;
	if (rule->kind == RULE_JQ)
		return holds;
	if (rule->kind == RULE_STALE)
		return false;
	if (rule->kind == RULE_STATE) {
		for (i = 0; i < rule->values_n; i++)
			if (same_value(rule->values[i], data))
				return true;
		return false;
	}
	*known = number_of(data, &v);
	return *known && holds_for(w, rule, t, v);
}

size_t
alarm_watch_value(struct alarm_watch *w, const struct alarm_rule *rule, when_t t,
    json_value data, bool holds, struct alarm_verdict verdicts[3])
{
	size_t n = 0;
	bool known;

	if (w->last != WHEN_NONE && t <= w->last)
		return 0;
	/* what would have been decided before this value came */
	if (w->pending && alarm_watch_due(w, rule) < t)
		verdicts[n++] = alarm_watch_time(w, rule);
	holds = condition(w, rule, t, data, holds, &known);
	if (known) {
		n += decide(w, rule, t, holds, &verdicts[n]);
		w->last = t;
		if (!number_of(data, &w->value))
			w->value = NAN;
	}
	if (rule->kind == RULE_STALE) { /* the wait begins anew */
		w->pending = true;
		w->since = t;
	}
	return n;
}

void
alarm_rule_describe(const struct alarm_rule *rule, struct buf *to)
{
	size_t i;

	switch (rule->kind) {
	case RULE_HIGH:
		buf_printf(to, "above %g", rule->limit);
		break;
	case RULE_LOW:
		buf_printf(to, "below %g", rule->limit);
		break;
	case RULE_RATE:
		buf_printf(
		    to, "changes by more than %g in %lld s", rule->limit, (long long)rule->per);
		break;
	case RULE_STALE:
		buf_printf(to, "no value for %lld s", (long long)rule->after);
		break;
	case RULE_JQ:
		buf_puts(to, rule->expression);
		break;
	case RULE_STATE:
		buf_puts(to, "is ");
		for (i = 0; i < rule->values_n; i++)
			buf_printf(to, "%s%s", i > 0 ? " or " : "", rule->values[i]);
	}
	if (rule->on_delay > 0)
		buf_printf(to, " for %lld s", (long long)rule->on_delay);
}
