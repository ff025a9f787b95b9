#include "bms/userzone.h"
#include "base/diag.h"

#include <math.h>
#include <stdlib.h>

static const char *const role_names[] = { "temperature", "radiant", "humidity", "air_speed",
	"occupancy", "equipment" };

/* ---- reading ---- */

static bool
parse_member(json_value v, struct userzone_member *m, struct buf *why)
{
	struct span point, attr = SPAN("M_Value"), role;
	size_t r;

	if (!json_text(json_get(v, "point_id"), &point) || point.n == 0)
		return buf_puts(why, "members: point_id: not a point"), false;
	(void)json_text(json_get(v, "attr"), &attr);
	if (!json_text(json_get(v, "role"), &role))
		return buf_puts(why, "members: role: not there"), false;
	for (r = 0; r < USERZONE_ROLES && !span_is(role, role_names[r]); r++)
		;
	if (r == USERZONE_ROLES)
		return buf_printf(why, "members: role: %.*s is not one", SPAN_ARG(role)), false;
	*m = (struct userzone_member){ .point_id = xstrndup(point.p, point.n),
		.attr = xstrndup(attr.p, attr.n),
		.role = (enum userzone_role)r };
	return true;
}

static bool
parse_members(struct userzone *z, json_value list, struct buf *why)
{
	size_t n = json_count(list);
	json_value v;

	if (json_kind_of(list) != JSON_ARRAY || n == 0 || n > USERZONE_MEMBERS)
		return buf_puts(why, "members: not a list of points"), false;
	z->members = xcalloc(n, sizeof(*z->members));
	for (v = json_first(list); v.at != 0; v = json_next(v))
		if (!parse_member(v, &z->members[z->n++], why))
			return false;
	return true;
}

/* A number within limits; absent or null keeps what is there. */
static bool
parse_number(
    json_value rule, const char *name, double low, double high, double *to, struct buf *why)
{
	json_value v = json_get(rule, name);
	double d;

	if (v.at == 0 || json_kind_of(v) == JSON_NULL)
		return true;
	if (!json_number(v, &d) || d < low || d > high)
		return buf_printf(why, "rule: %s: not %g to %g", name, low, high), false;
	*to = d;
	return true;
}

static bool
parse_clo(json_value v, double clo[12], struct buf *why)
{
	json_value month = json_first(v);
	bool list = json_kind_of(v) == JSON_ARRAY;
	int m;

	if (v.at == 0)
		return true;
	for (m = 0; m < 12; m++) {
		if (!json_number(list ? month : v, &clo[m]) || clo[m] < 0 || clo[m] > 1.5)
			return buf_puts(why, "rule: clo: not 0 to 1.5, or twelve of that"),
			       false;
		month = json_next(month);
	}
	return true;
}

static bool
parse_limits(json_value v, struct userzone_rule *r, struct buf *why)
{
	json_value low = json_first(v);

	if (v.at == 0)
		return true;
	if (json_count(v) == 2 && json_number(low, &r->pmv_low) &&
	    json_number(json_next(low), &r->pmv_high) && r->pmv_low < r->pmv_high)
		return true;
	buf_puts(why, "rule: pmv: not [low, high]");
	return false;
}

static bool
parse_rule(struct userzone_rule *r, json_value rule, struct buf *why)
{
	struct span text;
	json_value v;

	if (rule.at != 0 && json_kind_of(rule) != JSON_OBJECT)
		return buf_puts(why, "rule: not an object"), false;
	if ((v = json_get(rule, "stale")).at != 0 &&
	    (!json_text(v, &text) || !when_parse_duration(text, &r->stale) || r->stale <= 0))
		return buf_puts(why, "rule: stale: not a duration like 45m"), false;
	if ((v = json_get(rule, "occupied")).at != 0) {
		if (!json_text(v, &text) || (!span_is(text, "any") && !span_is(text, "all")))
			return buf_puts(why, "rule: occupied: not any or all"), false;
		r->all_occupied = span_is(text, "all");
	}
	return parse_number(rule, "met", 1, 4, &r->met, why) &&
	       parse_number(rule, "air_speed", 0, 2, &r->air_speed, why) &&
	       parse_number(rule, "humidity", 0, 100, &r->humidity, why) &&
	       parse_number(rule, "humidity_max", 0, 100, &r->humidity_max, why) &&
	       parse_number(rule, "ratio_max", 0, 1, &r->ratio_max, why) &&
	       parse_clo(json_get(rule, "clo"), r->clo, why) &&
	       parse_limits(json_get(rule, "pmv"), r, why);
}

struct userzone *
userzone_parse(json_value object, struct buf *why)
{
	static const struct userzone_rule usual = { .stale = 45 * 60,
		.met = 1.2,
		.clo = { 1.0, 1.0, 0.7, 0.7, 0.7, 0.5, 0.5, 0.5, 0.7, 0.7, 1.0, 1.0 },
		.air_speed = 0.1,
		.humidity = NAN,
		.pmv_low = -COMFORT_PMV_LIMIT,
		.pmv_high = COMFORT_PMV_LIMIT,
		.humidity_max = 100,
		.ratio_max = 0.012 };
	struct userzone *z = xcalloc(1, sizeof(*z));
	struct span id, name;

	z->rule = usual;
	if (!json_text(json_get(object, "zone_id"), &id) || id.n == 0 || id.n > 128) {
		buf_puts(why, "zone_id: not a name");
		userzone_free(z);
		return NULL;
	}
	z->id = xstrndup(id.p, id.n);
	if (json_text(json_get(object, "name"), &name))
		z->name = xstrndup(name.p, name.n);
	if (parse_members(z, json_get(object, "members"), why) &&
	    parse_rule(&z->rule, json_get(object, "rule"), why))
		return z;
	userzone_free(z);
	return NULL;
}

void
userzone_free(struct userzone *z)
{
	size_t i;

	if (z == NULL)
		return;
	for (i = 0; i < z->n; i++) {
		free(z->members[i].point_id);
		free(z->members[i].attr);
	}
	free(z->members);
	free(z->name);
	free(z->id);
	free(z);
}

/* ---- status ---- */

/* What the fresh members of one role come to. */
struct tally {
	size_t members, fresh, on;
	double sum;
};

static enum userzone_state
state(const struct tally *t, bool all)
{
	if (t->fresh == 0 || (all && t->fresh < t->members))
		return USERZONE_UNKNOWN;
	return (all ? t->on == t->fresh : t->on > 0) ? USERZONE_YES : USERZONE_NO;
}

static struct comfort
no_comfort(const char *why)
{
	return (struct comfort){ .pmv = NAN, .ppd = NAN, .cooling_effect = NAN, .why = why };
}

static void
feel(
    struct userzone_status *s, const struct userzone_rule *r, const struct tally t[], int month)
{
	const double *mean = s->mean;
	bool measured = t[USERZONE_HUMIDITY].members > 0;

	s->comfort = no_comfort("no fresh temperature");
	if (isnan(mean[USERZONE_TEMPERATURE]))
		return;
	s->comfort = no_comfort("no fresh humidity");
	if (measured ? isnan(mean[USERZONE_HUMIDITY]) : isnan(r->humidity))
		return;
	s->input = (struct comfort_input){ .air = mean[USERZONE_TEMPERATURE],
		.radiant = isnan(mean[USERZONE_RADIANT]) ? mean[USERZONE_TEMPERATURE]
							 : mean[USERZONE_RADIANT],
		.speed =
		    isnan(mean[USERZONE_AIR_SPEED]) ? r->air_speed : mean[USERZONE_AIR_SPEED],
		.humidity = measured ? mean[USERZONE_HUMIDITY] : r->humidity,
		.met = r->met,
		.clo = r->clo[month - 1] };
	s->comfort = comfort_of(&s->input);
	if (s->comfort.why != NULL)
		return;
	s->feel = USERZONE_COMFORTABLE;
	if (s->comfort.pmv >= r->pmv_high)
		s->feel = USERZONE_TOO_WARM;
	else if (s->comfort.pmv <= r->pmv_low)
		s->feel = USERZONE_TOO_COLD;
	else if (measured &&
		 (s->input.humidity > r->humidity_max ||
		     comfort_humidity_ratio(s->input.air, s->input.humidity) > r->ratio_max))
		s->feel = USERZONE_TOO_HUMID;
}

struct userzone_status
userzone_status(
    const struct userzone *z, const struct userzone_reading readings[], when_t now, int month)
{
	struct userzone_status s = { .feel = USERZONE_FEEL_UNKNOWN };
	struct tally t[USERZONE_ROLES] = { { 0 } };
	size_t i;

	for (i = 0; i < z->n; i++) {
		struct tally *to = &t[z->members[i].role];

		to->members++;
		if (readings[i].at == WHEN_NONE || isnan(readings[i].value) ||
		    now - readings[i].at > z->rule.stale) {
			s.stale++;
			continue;
		}
		s.fresh++;
		to->fresh++;
		to->sum += readings[i].value;
		to->on += fabs(readings[i].value) > 0;
	}
	for (i = 0; i < USERZONE_ROLES; i++)
		s.mean[i] = t[i].fresh > 0 ? t[i].sum / (double)t[i].fresh : NAN;
	s.occupied = state(&t[USERZONE_OCCUPANCY], z->rule.all_occupied);
	s.running = state(&t[USERZONE_EQUIPMENT], false);
	feel(&s, &z->rule, t, month);
	return s;
}

/* To `places`, so that a status reads well and does not change with the last bit. */
static void
put_number(struct jw *w, const char *name, double v, double places)
{
	if (isnan(v))
		jw_member_null(w, name);
	else
		jw_member_double(w, name, round(v * places) / places);
}

void
userzone_print(struct jw *w, const struct userzone_status *s)
{
	static const char *const occupancy[] = { "unknown", "unoccupied", "occupied" };
	static const char *const equipment[] = { "unknown", "off", "on" };
	static const char *const feels[] = { "unknown", "comfortable", "too_warm", "too_cold",
		"too_humid" };

	jw_member_str(w, "occupancy", occupancy[s->occupied]);
	jw_member_str(w, "comfort", feels[s->feel]);
	jw_member_str(w, "equipment", equipment[s->running]);
	jw_member_bool(w, "stale", s->fresh == 0);
	put_number(w, "temperature", s->mean[USERZONE_TEMPERATURE], 100);
	put_number(w, "humidity", s->mean[USERZONE_HUMIDITY], 100);
	put_number(w, "pmv", s->comfort.pmv, 100);
	put_number(w, "ppd", s->comfort.ppd, 10);
	jw_member_int(w, "fresh", (int64_t)s->fresh);
	jw_member_int(w, "stale_members", (int64_t)s->stale);
	if (s->comfort.why != NULL) {
		jw_member_str(w, "why", s->comfort.why);
		return;
	}
	jw_key(w, "inputs");
	jw_object(w);
	put_number(w, "air", s->input.air, 100);
	put_number(w, "radiant", s->input.radiant, 100);
	put_number(w, "air_speed", s->input.speed, 1000);
	put_number(w, "humidity", s->input.humidity, 100);
	put_number(w, "met", s->input.met, 100);
	put_number(w, "clo", s->input.clo, 100);
	jw_end(w);
}
