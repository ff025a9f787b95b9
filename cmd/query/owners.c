/* Which program owns which change, and how it is called. */
#include "base/diag.h"
#include "db/audit.h"
#include "query/act.h"

#include <stdlib.h>

#define BUILDING                                                                     \
	{                                                                            \
		"building", MEMBER_TEXT, true, "customer and building: C000003_B001" \
	}
#define REASON                                                       \
	{                                                            \
		"reason", MEMBER_TEXT, false, "why, for the history" \
	}
#define END                                   \
	{                                     \
		NULL, MEMBER_ANY, false, NULL \
	}

/* nbms-X -d DIR VERB; where a program takes --by, who it is. */
static void
call(struct act *a, const char *program, const char *verb)
{
	act_arg(a, "%s", program);
	act_arg(a, "%s", verb);
	act_arg(a, "--dir=%s", a->dir);
}

/* ---- nbms-alarm ---- */

const struct member ack_members[] = { BUILDING,
	{ "episode", MEMBER_TEXT, true, "as notice/alarms has it" }, REASON, END };

void
act_ack(struct act *a)
{
	struct span customer, building, alarm, episode = act_text(a, "episode");
	when_t raised;

	if (!db_one(a->site, SQL_ALARM_OF_EPISODE, "t", "tttw", episode, &customer, &building,
		&alarm, &raised) ||
	    !span_eq(customer, a->customer) || !span_eq(building, a->building))
		die(EX_NOINPUT, "no such episode: %.*s", SPAN_ARG(episode));
	buf_put(&a->id_text, alarm);
	a->id = buf_span(&a->id_text);
	a->of = AUDIT_ALARM;
	call(a, "nbms-alarm", "ack");
	act_arg(a, "--by=%s", a->user->user);
	act_option(a, "reason", "reason");
	act_arg(a, "--");
	act_arg(a, "%.*s", SPAN_ARG(episode));
}

static void
alarm_command(struct act *a, const char *verb)
{
	a->id = act_text(a, "alarm");
	a->of = AUDIT_ALARM;
	call(a, "nbms-alarm", verb);
	act_option(a, "building", "building");
	act_arg(a, "--by=%s", a->user->user);
	act_option(a, "reason", "reason");
}

const struct member shelve_members[] = { BUILDING,
	{ "alarm", MEMBER_TEXT, true, "its alarm_point_id" },
	{ "minutes", MEMBER_COUNT, false, "how long, at most seven days (an hour)" },
	{ "once", MEMBER_BOOL, false, "until it clears" }, REASON, END };

void
act_shelve(struct act *a)
{
	int64_t minutes;
	bool once = false;

	alarm_command(a, "shelve");
	if (json_bool(json_get(a->body, "once"), &once) && once)
		act_arg(a, "--once");
	else if (json_int(json_get(a->body, "minutes"), &minutes))
		act_arg(a, "--for=%lldm", (long long)minutes);
	act_arg(a, "--");
	act_arg(a, "%.*s", SPAN_ARG(a->id));
}

const struct member unshelve_members[] = { BUILDING,
	{ "alarm", MEMBER_TEXT, true, "its alarm_point_id" }, REASON, END };

void
act_unshelve(struct act *a)
{
	alarm_command(a, "unshelve");
	act_arg(a, "--");
	act_arg(a, "%.*s", SPAN_ARG(a->id));
}

/* ---- nbms-push ---- */

/* Those that do not see all of their customer's buildings cannot reach them all either. */
static bool
sees_all(const struct act *a)
{
	int64_t one;

	return db_one(a->site, SQL_WEB_USER_SEES_ALL, "s", "i", a->user->user, &one);
}

const struct member send_members[] = { { "building", MEMBER_TEXT, false,
					   "to those who mind this building; to all" },
	{ "title", MEMBER_TEXT, true, "a line" }, { "text", MEMBER_TEXT, true, "what is told" },
	{ "id", MEMBER_TEXT, false, "the same id is told once" }, END };

void
act_send(struct act *a)
{
	if (a->building.p == NULL && !sees_all(a))
		die(EX_USAGE, "building: which?");
	call(a, "nbms-push", "notice");
	act_arg(a, "--customer=%s", a->user->customer);
	if (a->building.p != NULL)
		act_arg(a, "--building=%.*s", SPAN_ARG(a->building));
	act_option(a, "title", "title");
	act_option(a, "text", "text");
	act_option(a, "id", "id");
}

/* The member "buildings": only such as the user sees; NULL: all. */
static void
check_buildings(const struct act *a)
{
	json_value list = json_get(a->body, "buildings"), each;
	struct span building;

	if (list.at == 0 && !sees_all(a))
		die(EX_USAGE, "buildings: which?");
	for (each = json_first(list); each.at != 0; each = json_next(each))
		if (json_text(each, &building) &&
		    (!thing_part_is_valid(building) || !token_sees(a->site, a->user, building)))
			die(EX_NOINPUT, "no such building: %.*s", SPAN_ARG(building));
}

const struct member endpoint_members[] = {
	{ "arn", MEMBER_TEXT, true, "fcm:... arn:aws:sns:... mailto:... https://..." },
	{ "user_id", MEMBER_TEXT, false, "whose it is" },
	{ "alarm", MEMBER_BOOL, false, "is told of alarms (true)" },
	{ "notice", MEMBER_BOOL, false, "is told of notices (true)" },
	{ "level", MEMBER_COUNT, false, "of alarms of this level and worse (4)" },
	{ "escalate", MEMBER_TEXT, false, "an alarm must stand so long first: 15m" },
	{ "remind", MEMBER_TEXT, false, "and again each: 1h" },
	{ "buildings", MEMBER_TEXTS, false, "their numbers: B001 (all)" },
	{ "remove", MEMBER_BOOL, false, "take it away" }, END
};

static void
put_customer(struct act *a, struct jw *w)
{
	*w = jw_begin(&a->input);
	jw_object(w);
	jw_member_str(w, "customer", a->user->customer);
}

static void
end_record(struct act *a, struct jw *w)
{
	jw_end(w);
	if (!jw_finish(w))
		die(EX_USAGE, "the body is too long");
	buf_putc(&a->input, '\n');
}

/* Members of the body as they are, without white space; those named in `but` are left out. */
static void
put_members(struct jw *w, json_value object, const char *const but[])
{
	struct json_member m;
	struct buf raw = BUF(2 * CGI_BODY_MAX);
	bool more;
	size_t i;

	for (more = json_first_member(object, &m); more; more = json_next_member(&m)) {
		for (i = 0; but[i] != NULL && !span_is(m.name, but[i]); i++)
			;
		if (but[i] != NULL)
			continue;
		buf_clear(&raw);
		must(json_minify(json_raw(m.value), &raw));
		jw_key_span(w, m.name);
		jw_raw(w, buf_span(&raw));
	}
	buf_free(&raw);
}

void
act_endpoint(struct act *a)
{
	static const char *const but[] = { "remove", NULL };
	bool remove = false;
	struct jw w;

	a->id = act_text(a, "arn");
	a->of = AUDIT_ENDPOINT;
	check_buildings(a);
	(void)json_bool(json_get(a->body, "remove"), &remove);
	call(a, "nbms-push", "endpoint");
	act_arg(a, "--customer=%s", a->user->customer);
	act_arg(a, remove ? "remove" : "import");
	if (remove) {
		act_arg(a, "--");
		act_arg(a, "%.*s", SPAN_ARG(a->id));
		return;
	}
	put_customer(a, &w);
	put_members(&w, a->body, but);
	end_record(a, &w);
}

/* ---- nbms-sched ---- */

const struct member schedule_members[] = { BUILDING,
	{ "schedule", MEMBER_ANY, false, "a schedule, as nbms-schedule(5) has it" },
	{ "calendar", MEMBER_ANY, false, "or a calendar" },
	{ "manual", MEMBER_ANY, false,
	    "or a period that a person sets: schedule_id, from, to, value, name or remove" },
	{ "composite", MEMBER_ANY, false,
	    "or a unit's schedule information: composite_id, schedule" },
	{ "remove_schedule", MEMBER_TEXT, false, "or the schedule_id of one to go" },
	{ "remove_calendar", MEMBER_TEXT, false, "or the calendar_id of one to go" }, END };

static struct span
text_in(json_value object, const char *name)
{
	struct span s = { 0 };

	(void)json_text(json_get(object, name), &s);
	return s;
}

static void
put_building(struct act *a, struct jw *w, const char *type)
{
	*w = jw_begin(&a->input);
	jw_object(w);
	if (type != NULL)
		jw_member_str(w, "type", type);
	jw_member_text(w, "customer", a->customer);
	jw_member_text(w, "building", a->building);
}

/* The one of them that is there. */
static json_value
only_member(const struct act *a, const char *const names[], size_t n, size_t *which)
{
	json_value found = { NULL, 0 };
	size_t i, there = 0;

	for (i = 0; i < n; i++)
		if (json_get(a->body, names[i]).at != 0) {
			found = json_get(a->body, names[i]);
			*which = i;
			there++;
		}
	if (there != 1)
		die(EX_USAGE, "one of schedule, calendar, manual, composite, remove_schedule "
			      "and remove_calendar");
	return found;
}

void
act_schedule(struct act *a)
{
	static const char *const but[] = { "type", "customer", "building", NULL };
	static const struct {
		const char *member, *type, *id;
		enum audit_of of;
		enum { WHOLE, MEMBERS, REMOVE } how;
	} ways[] = {
		{ "schedule", "schedule", "schedule_id", AUDIT_SCHEDULE, WHOLE },
		{ "calendar", "calendar", "calendar_id", AUDIT_CALENDAR, WHOLE },
		{ "manual", "manual", "schedule_id", AUDIT_MANUAL, MEMBERS },
		{ "composite", "composite", "composite_id", AUDIT_COMPOSITE, MEMBERS },
		{ "remove_schedule", "schedule", "schedule_id", AUDIT_SCHEDULE, REMOVE },
		{ "remove_calendar", "calendar", "calendar_id", AUDIT_CALENDAR, REMOVE },
	};
	const char *names[sizeof(ways) / sizeof(ways[0])];
	struct buf raw = BUF(2 * CGI_BODY_MAX);
	size_t i, which = 0;
	json_value given;
	struct jw w;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		names[i] = ways[i].member;
	given = only_member(a, names, i, &which);
	if (ways[which].how != REMOVE && json_kind_of(given) != JSON_OBJECT)
		die(EX_USAGE, "%s: not an object", ways[which].member);
	a->of = (int)ways[which].of;
	a->id = ways[which].how == REMOVE ? act_text(a, ways[which].member)
					  : text_in(given, ways[which].id);
	put_building(a, &w, ways[which].type);
	if (ways[which].how == WHOLE) {
		must(json_minify(json_raw(given), &raw));
		jw_member_raw(&w, ways[which].member, buf_span(&raw));
	} else if (ways[which].how == MEMBERS) {
		put_members(&w, given, but);
	} else {
		jw_member_text(&w, ways[which].id, a->id);
		jw_member_bool(&w, "remove", true);
	}
	end_record(a, &w);
	buf_free(&raw);
	call(a, "nbms-sched", "apply");
}

const struct member zone_members[] = { BUILDING,
	{ "zone", MEMBER_ANY, false, "a user zone, as nbms-schedule(5) has it" },
	{ "remove", MEMBER_TEXT, false, "or the zone_id of one to go" }, END };

void
act_zone(struct act *a)
{
	static const char *const but[] = { "customer", "building", NULL };
	json_value zone = json_get(a->body, "zone");
	struct span gone = act_text(a, "remove");
	struct jw w;

	if ((json_kind_of(zone) == JSON_OBJECT) == (gone.p != NULL))
		die(EX_USAGE, "either zone, an object, or remove");
	a->of = AUDIT_ZONE;
	a->id = gone.p != NULL ? gone : text_in(zone, "zone_id");
	put_building(a, &w, NULL);
	if (gone.p != NULL) {
		jw_member_text(&w, "zone_id", gone);
		jw_member_bool(&w, "remove", true);
	} else {
		put_members(&w, zone, but);
	}
	end_record(a, &w);
	call(a, "nbms-sched", "zone");
}

/* ---- nbms-live ---- */

const struct member user_members[] = { { "user", MEMBER_TEXT, true,
					   "1 to 64 letters, digits and . _ @ + -" },
	{ "name", MEMBER_TEXT, false, "in full" },
	{ "mail", MEMBER_TEXT, false, "the token is sent there instead of being answered" },
	{ "role", MEMBER_TEXT, false, "viewer (otherwise), operator or admin" },
	{ "buildings", MEMBER_TEXTS, false, "their numbers: B001 (all)" },
	{ "expires", MEMBER_TEXT, false, "until when the token is good (for ever)" }, END };

void
act_user(struct act *a)
{
	json_value each;
	struct span building;

	check_buildings(a);
	a->of = AUDIT_USER;
	a->id = act_text(a, "user");
	a->prints = "token";
	call(a, "nbms-live", "token");
	act_arg(a, "--customer=%s", a->user->customer);
	act_option(a, "name", "name");
	act_option(a, "mail", "mail");
	act_option(a, "role", "role");
	act_option(a, "expires", "expires");
	for (each = json_first(json_get(a->body, "buildings")); each.at != 0;
	     each = json_next(each))
		if (json_text(each, &building))
			act_arg(a, "--building=%.*s", SPAN_ARG(building));
	act_arg(a, "add");
	act_arg(a, "--");
	act_arg(a, "%.*s", SPAN_ARG(a->id));
}

const struct member revoke_members[] = { { "user", MEMBER_TEXT, false,
					     "all of a user's tokens" },
	{ "token", MEMBER_TEXT, false, "or one, as manage/users names it" }, END };

void
act_revoke(struct act *a)
{
	struct span user = act_text(a, "user"), token = act_text(a, "token");

	if ((user.p != NULL) == (token.p != NULL))
		die(EX_USAGE, "either user or token");
	a->of = AUDIT_USER;
	a->id = user.p != NULL ? user : token;
	call(a, "nbms-live", "token");
	act_arg(a, "--customer=%s", a->user->customer);
	act_arg(a, "revoke");
	act_arg(a, "--");
	act_arg(a, "%.*s", SPAN_ARG(a->id));
}

static void
control(struct act *a, const char *verb)
{
	a->of = AUDIT_CONTROL;
	a->id = act_text(a, "point_id");
	call(a, "nbms-live", verb);
	act_option(a, "building", "building");
	act_option(a, "point", "point_id");
	act_arg(a, "--by=%s", a->user->user);
	act_arg(a, "--wait=%ds", ACT_WAIT);
}

const struct member control_members[] = { BUILDING,
	{ "point_id", MEMBER_TEXT, true, "what is commanded" },
	{ "value", MEMBER_ANY, true, "a number, true, false or a string" },
	{ "priority", MEMBER_COUNT, false, "1 to 16 (8, the operator's)" },
	{ "minutes", MEMBER_COUNT, false, "how long it is held (60)" }, END };

void
act_control(struct act *a)
{
	int64_t n;

	control(a, "control");
	act_arg(a, "--value=%.*s", SPAN_ARG(json_raw(json_get(a->body, "value"))));
	if (json_int(json_get(a->body, "priority"), &n))
		act_arg(a, "--priority=%lld", (long long)n);
	if (json_int(json_get(a->body, "minutes"), &n))
		act_arg(a, "--minutes=%lld", (long long)n);
}

const struct member relinquish_members[] = { BUILDING,
	{ "point_id", MEMBER_TEXT, true, "what is let go of" }, END };

void
act_relinquish(struct act *a)
{
	control(a, "relinquish");
}
