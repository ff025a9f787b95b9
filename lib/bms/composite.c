#include "bms/composite.h"
#include "base/diag.h"

#include <math.h>
#include <stdlib.h>

static const char *const how_names[] = { "first", "mean", "max", "on", "minutes" };

/* The words that deployed gateways use for the roles of a unit. */
static const char *const defaults[] = {
	"{\"class\":\"AHU\",\"attr\":\"Run\",\"how\":\"on\",\"roles\":[\"SupplyFan\",\"Fan\","
	"\"Run\"]}",
	"{\"class\":\"AHU\",\"attr\":\"Mode\",\"how\":\"first\",\"roles\":[\"Mode\"]}",
	"{\"class\":\"AHU\",\"attr\":\"Temp\",\"how\":\"first\","
	"\"roles\":[\"ReturnAirTemp\",\"RoomTemp\",\"SupplyAirTemp\"]}",
	"{\"class\":\"AHU\",\"attr\":\"SetTemp\",\"how\":\"first\","
	"\"roles\":[\"ReturnAirTempSet\",\"SetTemp\",\"SupplyAirTempSet\"]}",
	"{\"class\":\"AHU\",\"attr\":\"RunMinutes\",\"how\":\"minutes\",\"roles\":["
	"\"SupplyFan\",\"Fan\",\"Run\"]}",
	"{\"class\":\"FCU\",\"attr\":\"Run\",\"how\":\"on\",\"roles\":[\"Run\",\"Fan\"]}",
	"{\"class\":\"FCU\",\"attr\":\"Mode\",\"how\":\"first\",\"roles\":[\"Mode\"]}",
	"{\"class\":\"FCU\",\"attr\":\"Temp\",\"how\":\"first\",\"roles\":[\"RoomTemp\","
	"\"Temp\"]}",
	"{\"class\":\"FCU\",\"attr\":\"SetTemp\",\"how\":\"first\",\"roles\":[\"SetTemp\","
	"\"RoomTempSet\"]}",
	"{\"class\":\"FCU\",\"attr\":\"RunMinutes\",\"how\":\"minutes\",\"roles\":[\"Run\","
	"\"Fan\"]}",
	"{\"class\":\"PAC\",\"attr\":\"Run\",\"how\":\"on\",\"roles\":[\"Run\",\"Compressor\"]"
	"}",
	"{\"class\":\"PAC\",\"attr\":\"Mode\",\"how\":\"first\",\"roles\":[\"Mode\"]}",
	"{\"class\":\"PAC\",\"attr\":\"Temp\",\"how\":\"first\",\"roles\":[\"RoomTemp\","
	"\"Temp\"]}",
	"{\"class\":\"PAC\",\"attr\":\"SetTemp\",\"how\":\"first\",\"roles\":[\"SetTemp\","
	"\"RoomTempSet\"]}",
	"{\"class\":\"PAC\",\"attr\":\"RunMinutes\",\"how\":\"minutes\",\"roles\":[\"Run\","
	"\"Compressor\"]}",
	"{\"class\":\"VAV\",\"attr\":\"Run\",\"how\":\"on\",\"roles\":[\"Run\",\"AirFlow\"]}",
	"{\"class\":\"VAV\",\"attr\":\"Mode\",\"how\":\"first\",\"roles\":[\"Mode\"]}",
	"{\"class\":\"VAV\",\"attr\":\"Temp\",\"how\":\"first\",\"roles\":[\"ZoneTemp\","
	"\"RoomTemp\"]}",
	"{\"class\":\"VAV\",\"attr\":\"SetTemp\",\"how\":\"first\",\"roles\":[\"ZoneTempSet\","
	"\"SetTemp\"]}",
	"{\"class\":\"VAV\",\"attr\":\"RunMinutes\",\"how\":\"minutes\",\"roles\":[\"Run\","
	"\"AirFlow\"]}",
};

void
composite_rules_default(struct composite_rules *r)
{
	struct json *j = json_new();
	const char *why;
	json_value rule;
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		must(json_parse_copy(j, span_of(defaults[i]), &rule));
		must(composite_rules_add(r, rule, &why));
	}
	json_free(j);
}

static bool
find_how(struct span name, enum composite_how *how)
{
	size_t i;

	for (i = 0; i < sizeof(how_names) / sizeof(how_names[0]); i++) {
		if (!span_is(name, how_names[i]))
			continue;
		*how = (enum composite_how)i;
		return true;
	}
	return false;
}

static void
rule_free(struct composite_rule *rule)
{
	size_t i;

	for (i = 0; i < rule->n; i++)
		free(rule->roles[i]);
	free(rule->class);
	free(rule->attr);
}

bool
composite_rules_add(struct composite_rules *r, json_value rule, const char **why)
{
	struct composite_rule made = { 0 };
	struct span class, attr, how, role;
	json_value v;

	*why = "a rule needs class, attr, how and roles";
	if (!json_text(json_get(rule, "class"), &class) || !composite_class(class) ||
	    !json_text(json_get(rule, "attr"), &attr) || attr.n == 0 ||
	    attr.n > POINT_ATTR_MAX || !json_text(json_get(rule, "how"), &how) ||
	    !find_how(how, &made.how))
		return false;
	made.class = xstrndup(class.p, class.n);
	made.attr = xstrndup(attr.p, attr.n);
	*why = "roles is a list of 1 to 8 names";
	for (v = json_first(json_get(rule, "roles")); v.at != 0; v = json_next(v)) {
		if (!json_text(v, &role) || made.n == COMPOSITE_ROLES)
			break;
		made.roles[made.n++] = xstrndup(role.p, role.n);
	}
	if (v.at != 0 || made.n == 0) {
		rule_free(&made);
		return false;
	}
	r->rules = xrealloc(r->rules, (r->n + 1) * sizeof(*r->rules));
	r->rules[r->n++] = made;
	return true;
}

static bool
has_class(const struct composite_rules *r, const char *class)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->rules[i].class, class) == 0)
			return true;
	return false;
}

static struct composite_rule
rule_copy(const struct composite_rule *rule)
{
	struct composite_rule made = *rule;
	size_t i;

	made.class = xstrdup(rule->class);
	made.attr = xstrdup(rule->attr);
	for (i = 0; i < rule->n; i++)
		made.roles[i] = xstrdup(rule->roles[i]);
	return made;
}

void
composite_rules_replace(struct composite_rules *r, const struct composite_rules *by)
{
	size_t i, kept = 0;

	for (i = 0; i < r->n; i++) {
		if (has_class(by, r->rules[i].class))
			rule_free(&r->rules[i]);
		else
			r->rules[kept++] = r->rules[i];
	}
	r->n = kept;
	if (by->n == 0)
		return;
	r->rules = xrealloc(r->rules, (r->n + by->n) * sizeof(*r->rules));
	for (i = 0; i < by->n; i++)
		r->rules[r->n++] = rule_copy(&by->rules[i]);
}

void
composite_rules_free(struct composite_rules *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		rule_free(&r->rules[i]);
	free(r->rules);
	*r = (struct composite_rules){ 0 };
}

bool composite_class(struct span class)
{
	return span_is(class, "AHU") || span_is(class, "FCU") || span_is(class, "PAC") ||
	       span_is(class, "VAV");
}

void
composite_id(struct buf *to, struct span class, struct span unit)
{
	buf_puts(to, "ComP_U_");
	buf_put(to, class);
	buf_putc(to, '_');
	buf_put(to, unit);
}

static double
first_of(const double in[], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isnan(in[i]))
			return in[i];
	return NAN;
}

double
composite_value(enum composite_how how, const double in[], size_t n, int64_t period)
{
	double v = first_of(in, n), sum = 0;
	size_t i, count = 0;

	if (isnan(v))
		return NAN;
	switch (how) {
	case COMPOSITE_FIRST:
		return v;
	case COMPOSITE_ON:
		return v > 0;
	case COMPOSITE_MINUTES:
		return v > 0 ? (double)period : 0;
	case COMPOSITE_MAX:
	case COMPOSITE_MEAN:
		break;
	}
	for (i = 0; i < n; i++) {
		if (isnan(in[i]))
			continue;
		v = in[i] > v ? in[i] : v;
		sum += in[i];
		count++;
	}
	return how == COMPOSITE_MAX ? v : sum / (double)count;
}
