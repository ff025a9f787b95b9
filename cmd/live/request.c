/* Requests: a line in, an answer out. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/prog.h"
#include "bms/thing.h"
#include "live/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ID_MAX 256 /* bytes of a request's id */

static struct jw
begin(struct live *s, bool ok)
{
	struct jw w;

	buf_clear(&s->line);
	w = jw_begin(&s->line);
	jw_object(&w);
	jw_member_str(&w, "reply", s->name);
	if (s->id.p != NULL)
		jw_member_raw(&w, "id", s->id);
	jw_member_bool(&w, "ok", ok);
	return w;
}

struct jw
reply_begin(struct live *s)
{
	return begin(s, true);
}

void
reply_end(struct live *s, struct jw *w)
{
	live_say(s, w, (struct span){ 0 });
}

void
reply_error(struct live *s, const char *code, const char *fmt, ...)
{
	char why[512];
	va_list ap;
	struct jw w;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!json_is_utf8(span_of(why)))
		diag_mask(why, strlen(why));
	w = begin(s, false);
	jw_member_str(&w, "error", code);
	jw_member_str(&w, "message", why);
	live_say(s, &w, (struct span){ 0 });
	/* an audit of what was tried, in the service's log */
	diag_kind(NULL, code, "%s: %s: %s: %s", s->user.user[0] != '\0' ? s->user.user : "-",
	    s->name[0] != '\0' ? s->name : "request", code, why);
}

bool
request_building(struct live *s, char to[THING_MAX])
{
	struct span given = { 0 }, customer, number;

	(void)json_text(json_get(s->request, "building"), &given);
	if (given.n + strlen(s->user.customer) + 2 > THING_MAX)
		given.n = 0;
	if (building_key_parse(given, &customer, &number))
		(void)snprintf(to, THING_MAX, "%.*s", SPAN_ARG(given));
	else
		(void)snprintf(to, THING_MAX, "%s_%.*s", s->user.customer, SPAN_ARG(given));
	/* another customer's building and one that is not there are answered alike */
	if (given.n > 0 && token_sees_key(s->job->site, &s->user, span_of(to)))
		return true;
	reply_error(s, "unknown-building", "no building of that name among yours");
	return false;
}

/* ---- connect ---- */

static void
put_building(void *ctx, struct span building, struct span name, struct span timezone)
{
	struct jw *w = ((void **)ctx)[0];
	const struct live *s = ((void **)ctx)[1];
	char key[THING_MAX];

	(void)snprintf(key, sizeof(key), "%s_%.*s", s->user.customer, SPAN_ARG(building));
	jw_object(w);
	jw_member_str(w, "building", key);
	if (name.p != NULL)
		jw_member_text(w, "name", name);
	jw_member_text(w, "timezone", timezone);
	jw_end(w);
}

static void
on_message(void *ctx, const struct mqtt_message *m)
{
	points_message(ctx, m);
}

void
live_connect(struct live *s, struct span token)
{
	when_t now = clock_now();
	const char *wrong = "unknown-token";
	void *both[2];
	struct jw w;

	if (s->link != NULL) {
		reply_error(s, "connected", "this session is connected already");
		return;
	}
	if (sign_token_digest(s->digest, token))
		wrong = token_check(s->job->site, s->digest, now, &s->user);
	if (wrong != NULL) {
		reply_error(s, wrong, "not a token that opens a session");
		live_end(s, wrong);
		s->status = EX_NOPERM;
		return;
	}
	db_begin(s->job->site);
	token_used(s->job->site, s->digest, now);
	db_commit(s->job->site);
	s->link = link_open(s->job, s->user.user, s->user.customer, on_message, s);
	s->looked = s->since = now;
	(void)db_written_elsewhere(s->job->site);
	w = reply_begin(s);
	jw_member_str(&w, "connection_id", link_id(s->link));
	jw_member_str(&w, "user", s->user.user);
	jw_member_str(&w, "role", token_role_name(s->user.role));
	jw_member_str(&w, "customer", s->user.customer);
	jw_key(&w, "buildings");
	jw_array(&w);
	both[0] = &w;
	both[1] = s;
	token_buildings(s->job->site, &s->user, put_building, both);
	jw_end(&w);
	reply_end(s, &w);
	diag("%s connects as %s", s->user.user, link_id(s->link));
}

static void
request_connect(struct live *s)
{
	struct span token = { 0 };

	(void)json_text(json_get(s->request, "token"), &token);
	live_connect(s, token);
}

static void
request_ping(struct live *s)
{
	char at[WHEN_TEXT];
	struct jw w = reply_begin(s);

	jw_member_str(&w, "time", when_format_ms(at, clock_now_ms()));
	jw_member_bool(&w, "broker", s->link != NULL && link_connected(s->link));
	reply_end(s, &w);
}

/* ---- the table ---- */

static const struct {
	const char *name;
	void (*run)(struct live *s);
	bool before; /* also before connect */
	enum token_role role;
} requests[] = {
	{ "connect", request_connect, true, TOKEN_VIEWER },
	{ "ping", request_ping, true, TOKEN_VIEWER },
	{ "subscribe", request_subscribe, false, TOKEN_VIEWER },
	{ "unsubscribe", request_unsubscribe, false, TOKEN_VIEWER },
	{ "alarms", request_alarms, false, TOKEN_VIEWER },
	{ "held", request_held, false, TOKEN_VIEWER },
	{ "control", request_control, false, TOKEN_OPERATOR },
	{ "relinquish", request_relinquish, false, TOKEN_OPERATOR },
	{ "learning", request_task, false, TOKEN_OPERATOR },
	{ "optimizing", request_task, false, TOKEN_OPERATOR },
	{ "tender-learning", request_task, false, TOKEN_OPERATOR },
	{ "tender-predict", request_task, false, TOKEN_OPERATOR },
};

#define REQUESTS (sizeof(requests) / sizeof(requests[0]))

static void
dispatch(struct live *s, struct span name)
{
	size_t i;

	for (i = 0; i < REQUESTS && !span_is(name, requests[i].name); i++)
		;
	if (i == REQUESTS) {
		reply_error(s, "unknown-request", "no such request: %.*s",
		    name.n < 64 ? (int)name.n : 64, name.p != NULL ? name.p : "");
		return;
	}
	s->name = requests[i].name;
	if (s->link == NULL && !requests[i].before)
		reply_error(s, "not-connected", "the first request is connect");
	else if (s->link != NULL && s->user.role < requests[i].role)
		reply_error(
		    s, "forbidden", "%s may not do that", token_role_name(s->user.role));
	else
		requests[i].run(s);
}

void
live_request(struct live *s, struct span line)
{
	struct span name = { 0 };
	json_value id;

	if (!json_parse(s->json, line, &s->request)) {
		reply_error(s, json_error_code(s->json), "%s", json_error(s->json));
		return;
	}
	if (json_kind_of(s->request) != JSON_OBJECT) {
		reply_error(s, "bad-json", "not an object");
		return;
	}
	id = json_get(s->request, "id");
	if (json_kind_of(id) == JSON_STRING || json_kind_of(id) == JSON_NUMBER)
		s->id = json_raw(id);
	if (s->id.n > ID_MAX) {
		s->id = (struct span){ 0 };
		reply_error(s, "bad-request", "id: longer than %d bytes", ID_MAX);
		return;
	}
	(void)json_text(json_get(s->request, "request"), &name);
	dispatch(s, name);
}
