/* What an operator's session does with a building: its alarms, its controls and who holds what.
 * All of it stands in nbms.db, whichever program writes it there, and is told from there. */
#include "base/clock.h"
#include "base/diag.h"
#include "bms/command.h"
#include "bms/thing.h"
#include "live/session.h"

#include <stdio.h>
#include <stdlib.h>

#define PACE_CONTROL 30 /* milliseconds between looks while a gateway's answer is due */
#define PACE_WATCH 250  /* while anything is watched */
#define PACE_IDLE 1000
#define CONTROLS 1000 /* watched at a time, the newest */

/* ---- alarms ---- */

static void
say_alarm(void *ctx, const struct transition *t, bool first)
{
	struct live *s = ctx;
	struct buf text = BUF((size_t)1 << 20);
	struct jw w = live_event(s, "alarm");

	transition_write(&text, t);
	jw_member_bool(&w, "snapshot", first);
	/* the transition's own members follow */
	buf_putc(&s->line, ',');
	buf_put(&s->line, (struct span){ text.p + 1, text.n - 2 });
	live_say(s, &w, (struct span){ 0 });
	buf_free(&text);
}

void
request_alarms(struct live *s)
{
	struct span customer, building;
	char key[THING_MAX];
	struct jw w;
	size_t i;

	if (!request_building(s, key))
		return;
	must(building_key_parse(span_of(key), &customer, &building));
	for (i = 0; i < s->alarms_n; i++)
		if (span_eq(standing_building(s->alarms[i]), building)) {
			standing_free(s->alarms[i]); /* asked again: told again */
			break;
		}
	if (i == SESSION_ALARMS) {
		reply_error(s, "too-many-buildings", "alarms of %d at most", SESSION_ALARMS);
		return;
	}
	s->alarms_n += i == s->alarms_n;
	s->alarms[i] = standing_new(customer, building, job_zone(s->job, span_of(key)));
	w = reply_begin(s);
	jw_member_str(&w, "building", key);
	reply_end(s, &w);
	standing_look(s->alarms[i], s->job->site, say_alarm, s);
}

/* ---- controls ---- */

static struct watched *
watched_find(struct live *s, struct span request_id)
{
	struct watched *c = s->controls;

	while (c != NULL && !span_is(request_id, c->request_id))
		c = c->next;
	return c;
}

static struct watched *
watch(struct live *s, const struct control *c, bool own)
{
	struct watched *n = xcalloc(1, sizeof(*n)), **at;
	size_t count = 0;

	(void)snprintf(n->request_id, sizeof(n->request_id), "%.*s", SPAN_ARG(c->request_id));
	(void)snprintf(n->state, sizeof(n->state), "%.*s", SPAN_ARG(c->state));
	n->deadline = own ? c->deadline : 0;
	n->next = s->controls;
	s->controls = n;
	for (at = &s->controls; *at != NULL && count < CONTROLS; count++)
		at = &(*at)->next;
	while (*at != NULL) {
		struct watched *old = *at;

		*at = old->next;
		free(old);
	}
	return n;
}

static const struct zone *
zone_of(struct live *s, const struct control *c)
{
	char key[THING_MAX];

	(void)snprintf(
	    key, sizeof(key), "%.*s_%.*s", SPAN_ARG(c->customer), SPAN_ARG(c->building));
	return job_zone(s->job, span_of(key));
}

/* Tells a control if it is not as it was told last. */
static void
say_control(void *ctx, const struct control *c)
{
	struct live *s = ctx;
	struct watched *n = watched_find(s, c->request_id);
	struct jw w;

	if (n != NULL && span_is(c->state, n->state))
		return;
	if (n == NULL)
		n = watch(s, c, false);
	(void)snprintf(n->state, sizeof(n->state), "%.*s", SPAN_ARG(c->state));
	w = live_event(s, "control");
	steer_write(&w, c, zone_of(s, c));
	live_say(s, &w, (struct span){ 0 });
}

static void
steer_request(struct live *s, json_value value)
{
	struct steer how = { .value = value,
		.priority = COMMAND_OPERATOR,
		.minutes = STEER_MINUTES,
		.user = s->user.user };
	struct buf text = BUF((size_t)128 << 10);
	char key[THING_MAX];
	struct control c;
	const char *code, *why;
	json_value v;
	struct jw w;

	if (!request_building(s, key))
		return;
	how.building_key = span_of(key);
	(void)json_text(json_get(s->request, "point_id"), &how.point_id);
	if ((v = json_get(s->request, "priority")).at != 0 && !json_int(v, &how.priority))
		how.priority = 0;
	if ((v = json_get(s->request, "minutes")).at != 0 && !json_int(v, &how.minutes))
		how.minutes = 0;
	if (!link_connected(s->link)) {
		reply_error(s, "unavailable", "the broker cannot be reached");
		return;
	}
	code = steer(s->link, s->job, &how, &text, &c, &why);
	if (code != NULL) {
		reply_error(s, code, "%s", why);
	} else {
		(void)watch(s, &c, true);
		w = reply_begin(s);
		steer_write(&w, &c, zone_of(s, &c));
		reply_end(s, &w);
	}
	buf_free(&text);
}

void
request_control(struct live *s)
{
	json_value value = json_get(s->request, "value");

	if (value.at == 0)
		reply_error(s, "bad-value", "value: not there");
	else
		steer_request(s, value);
}

void
request_relinquish(struct live *s)
{
	struct json *j = json_new();
	json_value null;

	must(json_parse_copy(j, SPAN("null"), &null));
	steer_request(s, null);
	json_free(j);
}

static void
put_held(void *ctx, const struct control *c)
{
	struct live *s = ((void **)ctx)[0];
	struct jw *w = ((void **)ctx)[1];
	struct watched *n = watched_find(s, c->request_id);

	if (n == NULL)
		n = watch(s, c, false);
	(void)snprintf(n->state, sizeof(n->state), "%.*s", SPAN_ARG(c->state));
	jw_object(w);
	steer_write(w, c, zone_of(s, c));
	jw_end(w);
}

void
request_held(struct live *s)
{
	struct span customer, building;
	char key[THING_MAX];
	void *both[2];
	struct jw w;
	size_t i;

	if (!request_building(s, key))
		return;
	for (i = 0; i < s->held_n && strcmp(s->held[i], key) != 0; i++)
		;
	if (i == s->held_n && i < SESSION_ALARMS)
		s->held[s->held_n++] = xstrdup(key);
	must(building_key_parse(span_of(key), &customer, &building));
	w = reply_begin(s);
	jw_member_str(&w, "building", key);
	jw_key(&w, "held");
	jw_array(&w);
	both[0] = s;
	both[1] = &w;
	control_held(s->job->site, customer, building, put_held, both);
	jw_end(&w);
	reply_end(s, &w);
}

/* ---- looking ---- */

/* A gateway that has not answered in time: whoever asked says so. */
static bool
any_late(struct live *s)
{
	when_t now = clock_now();
	const struct watched *c;
	int64_t n = 0;

	for (c = s->controls; c != NULL; c = c->next)
		if (c->deadline != 0 && strcmp(c->state, "sent") == 0 && c->deadline <= now)
			break;
	if (c == NULL)
		return false;
	db_begin(s->job->site);
	n = control_late(s->job->site, now);
	db_commit(s->job->site);
	return n > 0;
}

static void
look_at_controls(struct live *s)
{
	struct span customer, building;
	struct watched *c, *next;
	when_t from = s->looked - 5; /* what was being written when we looked last */
	struct control row;

	s->looked = clock_now();
	for (c = s->controls; c != NULL; c = next) {
		next = c->next;
		if (c->deadline != 0 && control_get(s->job->site, span_of(c->request_id), &row))
			say_control(s, &row);
	}
	for (size_t i = 0; i < s->held_n; i++)
		if (building_key_parse(span_of(s->held[i]), &customer, &building))
			control_since(s->job->site, customer, building, from, say_control, s);
}

void
desk_look(struct live *s, bool changed)
{
	if (any_late(s) || changed)
		look_at_controls(s);
	for (size_t i = 0; changed && i < s->alarms_n; i++)
		standing_look(s->alarms[i], s->job->site, say_alarm, s);
}

bool
desk_is_seen(struct live *s)
{
	size_t i;

	for (i = 0; i < s->alarms_n; i++)
		if (!token_sees(s->job->site, &s->user, standing_building(s->alarms[i])))
			return false;
	for (i = 0; i < s->held_n; i++)
		if (!token_sees_key(s->job->site, &s->user, span_of(s->held[i])))
			return false;
	return true;
}

int
desk_pace(const struct live *s)
{
	const struct watched *c;

	for (c = s->controls; c != NULL; c = c->next)
		if (c->deadline != 0 && strcmp(c->state, "sent") == 0)
			return PACE_CONTROL;
	return s->alarms_n > 0 || s->held_n > 0 || s->tasks != NULL ? PACE_WATCH : PACE_IDLE;
}

void
desk_free(struct live *s)
{
	for (size_t i = 0; i < s->alarms_n; i++)
		standing_free(s->alarms[i]);
	for (size_t i = 0; i < s->held_n; i++)
		free(s->held[i]);
	while (s->controls != NULL) {
		struct watched *c = s->controls;

		s->controls = c->next;
		free(c);
	}
	s->alarms_n = s->held_n = 0;
}
