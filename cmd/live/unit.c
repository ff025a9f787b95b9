/* Composites that a session subscribes to: its rules (bms/composite.h) over members' values. */
#include "base/diag.h"
#include "db/reference.h"
#include "live/points.h"

#include <math.h>
#include <stdlib.h>

struct attribute {
	const struct composite_rule *rule;
	struct wanted *in[COMPOSITE_ROLES]; /* in the rule's order; NULL: the unit has none */
	bool told;
};

struct unit {
	char *id;
	struct heard *of;
	struct attribute *all;
	size_t n;
	struct unit *next;
};

/* Read when the first is asked for, and kept: they change as seldom as programs do. */
struct units {
	struct composite_rules rules;
	struct unit *first;
};

static struct units *
units_of(struct live *s)
{
	struct reference *ref;

	if (s->units == NULL) {
		s->units = xcalloc(1, sizeof(*s->units));
		ref = reference_load(s->job->site);
		reference_composite_rules(ref, &s->units->rules);
		reference_free(ref);
	}
	return s->units;
}

static struct unit **
find_unit(struct live *s, const char *building, struct span id)
{
	struct unit **u;

	for (u = &units_of(s)->first; *u != NULL; u = &(*u)->next)
		if (span_is(id, (*u)->id) && strcmp((*u)->of->building, building) == 0)
			break;
	return u;
}

static void
free_unit(struct unit **at)
{
	struct unit *u = *at;
	size_t i, k;

	*at = u->next;
	for (i = 0; i < u->n; i++)
		for (k = 0; k < COMPOSITE_ROLES; k++)
			if (u->all[i].in[k] != NULL)
				u->all[i].in[k]->units--;
	free(u->all);
	free(u->id);
	free(u);
}

void
units_free(struct live *s)
{
	if (s->units == NULL)
		return;
	while (s->units->first != NULL)
		free_unit(&s->units->first);
	composite_rules_free(&s->units->rules);
	free(s->units);
	s->units = NULL;
}

/* ---- the request ---- */

static struct attribute *
attribute_of(struct unit *u, const struct composite_rule *rule)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		if (u->all[i].rule == rule)
			return &u->all[i];
	u->all = xrealloc(u->all, (u->n + 1) * sizeof(*u->all));
	u->all[u->n] = (struct attribute){ .rule = rule };
	return &u->all[u->n++];
}

/* A member in one role, for the rules that look at it. Minutes that a unit ran are of a period
 * that is over: of the history alone. False: too many points. */
static bool
add_member(struct live *s, struct chosen *c, struct unit *u, struct span class,
    struct span role, struct span thing, struct span point, struct opt_list *members)
{
	const struct composite_rules *rules = &units_of(s)->rules;
	struct wanted *w;
	size_t i, k;

	for (i = 0; i < rules->n; i++) {
		const struct composite_rule *rule = &rules->rules[i];

		for (k = 0; k < rule->n; k++) {
			if (rule->how == COMPOSITE_MINUTES || !span_is(class, rule->class) ||
			    !span_is(role, rule->roles[k]))
				continue;
			if ((w = points_want(s, c, thing, point)) == NULL)
				return false;
			attribute_of(u, rule)->in[k] = w;
			w->units++;
			if (w->at == WHEN_NONE)
				opt_list_add(members, w->point_id);
			u->of = w->of;
		}
	}
	return true;
}

const char *
unit_want(struct live *s, struct chosen *c, struct span id, struct opt_list *members)
{
	struct span customer, building, thing, class, number, schedule, role, point, of, type;
	struct buf kind = BUF(256);
	struct unit *u;
	struct rows *r;
	bool fits = true;

	must(building_key_parse(span_of(c->building), &customer, &building));
	if (!db_one(s->job->site, SQL_COMPOSITE_ROW, "ttt", "tttt", customer, building, id,
		&thing, &class, &number, &schedule) ||
	    (c->thing.n > 0 && !span_eq(thing, c->thing)))
		return "unknown-point";
	if (*find_unit(s, c->building, id) != NULL)
		return NULL;
	buf_put(&kind, class);
	u = xcalloc(1, sizeof(*u));
	u->id = xstrndup(id.p, id.n);
	r = db_rows(
	    s->job->site, SQL_MEMBERS_OF_COMPOSITE, "ttt", customer, building, span_of(u->id));
	while (fits && rows_next(r, "tt", &role, &point))
		fits = !control_point(s->job->site, customer, building, point, &of, &type) ||
		       add_member(s, c, u, buf_span(&kind), role, of, point, members);
	rows_end(r);
	buf_free(&kind);
	u->next = s->units->first;
	s->units->first = u;
	if (fits && u->n > 0)
		return NULL;
	free_unit(&s->units->first);
	return fits ? "unknown-point" : "too-many-points";
}

size_t
units_unwant(struct live *s, const struct chosen *c, json_value list, unit_named_fn *named)
{
	struct unit **u;
	size_t n = 0;

	if (s->units == NULL)
		return 0;
	for (u = &s->units->first; *u != NULL;) {
		if (strcmp((*u)->of->building, c->building) != 0 ||
		    (c->thing.n > 0 && !span_is(c->thing, (*u)->of->thing)) ||
		    !named(list, (*u)->id)) {
			u = &(*u)->next;
			continue;
		}
		free_unit(u);
		n++;
	}
	return n;
}

/* ---- values ---- */

static void
tell(struct live *s, const struct unit *u, struct attribute *a, bool snapshot)
{
	double in[COMPOSITE_ROLES], v;
	char number[JSON_NUMBER_MAX];
	bool due = !a->told;
	when_t t = WHEN_NONE;
	size_t k;

	for (k = 0; k < a->rule->n; k++) {
		const struct wanted *w = a->in[k];

		in[k] = w != NULL ? w->value : (double)NAN;
		if (w == NULL || w->at == WHEN_NONE)
			continue;
		due = due || w->fresh;
		t = t == WHEN_NONE || w->at > t ? w->at : t;
	}
	v = composite_value(a->rule->how, in, a->rule->n, 0);
	if (!due || isnan(v))
		return;
	a->told = true;
	points_say(s, u->of, u->id, span_of(a->rule->attr), t,
	    (struct span){ number, json_format_number(v, number) }, snapshot);
}

void
units_tell(struct live *s, bool snapshot)
{
	struct unit *u;
	size_t i, k;

	for (u = s->units != NULL ? s->units->first : NULL; u != NULL; u = u->next)
		for (i = 0; i < u->n; i++)
			tell(s, u, &u->all[i], snapshot);
	for (u = s->units != NULL ? s->units->first : NULL; u != NULL; u = u->next)
		for (i = 0; i < u->n; i++)
			for (k = 0; k < COMPOSITE_ROLES; k++)
				if (u->all[i].in[k] != NULL)
					u->all[i].in[k]->fresh = false;
}
