/* Who may look and act, who is told, and who holds what. */
#include "db/query_own.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEN_MAX ((size_t)1 << 20) /* bytes of what stood, in the audit */

/* The rows of one user, or endpoint, are one for each building: they become one row. */
struct gathering {
	struct buf key;       /* of the one in hand; empty: none */
	struct buf buildings; /* JSON */
	struct jw w;
};

static struct gathering
gathering(void)
{
	return (
	    struct gathering){ .key = BUF(QUERY_TEXT_MAX), .buildings = BUF(QUERY_TEXT_MAX) };
}

static void
gathering_free(struct gathering *g)
{
	buf_free(&g->key);
	buf_free(&g->buildings);
}

/* Ends the list; the buildings as JSON. */
static struct span
gathered(struct gathering *g)
{
	jw_end(&g->w);
	must(jw_finish(&g->w));
	return buf_span(&g->buildings);
}

static void
gather(struct gathering *g, struct span building)
{
	if (building.p != NULL)
		jw_text(&g->w, building);
}

static void
begin(struct gathering *g, struct span key)
{
	buf_clear(&g->key);
	buf_put(&g->key, key);
	buf_clear(&g->buildings);
	g->w = jw_begin(&g->buildings);
	jw_array(&g->w);
}

#define COPY(to, s) \
	((void)snprintf((to), sizeof(to), "%.*s", SPAN_ARG((s).p != NULL ? (s) : SPAN(""))))

/* A user, and a token of theirs, if they have any. */
struct user_row {
	struct span user, customer, name, mail, role, token;
	when_t since, created, expires, revoked, used;
};

static void
put_buildings(struct query *q, struct span user)
{
	struct gathering g = gathering();
	struct span building;
	struct rows *r = db_rows(q->site, SQL_WEB_USER_BUILDING_LIST, "t", user);

	begin(&g, user);
	while (rows_next(r, "t", &building))
		gather(&g, building);
	rows_end(r);
	table_json(q->table, gathered(&g));
	gathering_free(&g);
}

static void
put_user(struct query *q, const struct user_row *u)
{
	const char *state = u->token.p == NULL                                ? NULL
			    : u->revoked != WHEN_NONE                         ? "revoked"
			    : u->expires != WHEN_NONE && u->expires <= q->now ? "expired"
									      : "good";

	table_text(q->table, u->user);
	table_text(q->table, u->customer);
	query_text(q, u->name);
	query_text(q, u->mail);
	table_text(q->table, u->role);
	put_buildings(q, u->user);
	query_when(q, u->since);
	query_text(q, u->token);
	table_str(q->table, state);
	query_when(q, u->created);
	query_when(q, u->expires);
	query_when(q, u->revoked);
	query_when(q, u->used);
}

void
query_users(struct query *q)
{
	static const char *const columns[] = { "user", "customer", "name", "mail", "role",
		"buildings", "since", "token", "state", "created", "expires", "revoked",
		"used" };
	struct rows *r = db_rows(q->site, SQL_WEB_USER_ROWS, "s", query_customer(q));
	char key[2 * TOKEN_TEXT];
	struct user_row u;

	QUERY_TABLE(q, columns);
	while (query_more(q) &&
	       rows_next(r, "tttttwtwwww", &u.user, &u.customer, &u.name, &u.mail, &u.role,
		   &u.since, &u.token, &u.created, &u.expires, &u.revoked, &u.used)) {
		(void)snprintf(key, sizeof(key), "%.*s/%.*s", SPAN_ARG(u.user),
		    SPAN_ARG(u.token.p != NULL ? u.token : SPAN("")));
		if (query_row(q, span_of(key)))
			put_user(q, &u);
	}
	rows_end(r);
	(void)table_end(q->table);
}

struct endpoint_row {
	char customer[THING_PART_MAX + 1], user[TOKEN_TEXT], dead[TOKEN_TEXT];
	bool has_user;
	int64_t alarm, notice, level, escalate, remind;
	when_t created;
};

static void
put_endpoint(struct query *q, struct gathering *g, const struct endpoint_row *e)
{
	struct span buildings = gathered(g), arn = buf_span(&g->key);

	arn.p += strlen(e->customer) + 1;
	arn.n -= strlen(e->customer) + 1;
	if (!query_more(q) || !query_row(q, buf_span(&g->key)))
		return;
	table_str(q->table, e->customer);
	table_text(q->table, arn);
	table_str(q->table, e->has_user ? e->user : NULL);
	table_bool(q->table, e->alarm != 0);
	table_bool(q->table, e->notice != 0);
	table_int(q->table, e->level);
	table_int(q->table, e->escalate);
	table_int(q->table, e->remind);
	table_json(q->table, buildings);
	query_when(q, e->created);
	table_str(q->table, e->dead[0] != '\0' ? e->dead : NULL);
}

void
query_endpoints(struct query *q)
{
	static const char *const columns[] = { "customer", "arn", "user_id", "alarm", "notice",
		"level", "escalate", "remind", "buildings", "created", "dead" };
	struct rows *r = db_rows(q->site, SQL_ENDPOINT_ROWS, "s", query_customer(q));
	struct span customer, arn, user, dead, building;
	struct gathering g = gathering();
	struct buf key = BUF(QUERY_TEXT_MAX);
	struct endpoint_row e = { 0 }, next;

	QUERY_TABLE(q, columns);
	while (rows_next(r, "tttiiiiiwtt", &customer, &arn, &user, &next.alarm, &next.notice,
	    &next.level, &next.escalate, &next.remind, &next.created, &dead, &building)) {
		buf_clear(&key);
		buf_printf(&key, "%.*s/%.*s", SPAN_ARG(customer), SPAN_ARG(arn));
		if (g.key.n == 0 || !span_eq(buf_span(&g.key), buf_span(&key))) {
			if (g.key.n > 0)
				put_endpoint(q, &g, &e);
			COPY(next.customer, customer);
			COPY(next.user, user);
			COPY(next.dead, dead);
			next.has_user = user.p != NULL;
			e = next;
			begin(&g, buf_span(&key));
		}
		gather(&g, building);
	}
	rows_end(r);
	if (g.key.n > 0)
		put_endpoint(q, &g, &e);
	(void)table_end(q->table);
	gathering_free(&g);
	buf_free(&key);
}

struct mine {
	struct jw w;
	const char *customer;
};

static void
add_building(void *ctx, struct span building, struct span name, struct span timezone)
{
	struct mine *m = ctx;
	struct jw *w = &m->w;
	char *key = xasprintf("%s_%.*s", m->customer, SPAN_ARG(building));

	jw_object(w);
	jw_member_str(w, "building", key);
	jw_member_text(w, "name", name.p != NULL ? name : building);
	jw_member_text(w, "timezone", timezone);
	jw_end(w);
	free(key);
}

void
query_me(struct query *q)
{
	static const char *const columns[] = { "user", "customer", "name", "mail", "role",
		"expires", "buildings" };
	const struct token_user *u = q->o->user;
	struct buf buildings = BUF(QUERY_JSON_MAX);
	struct mine m = { .w = jw_begin(&buildings) };

	if (u == NULL)
		opt_wrong("me: whoever sits at the shell sees all: --user NAME");
	m.customer = u->customer;
	jw_array(&m.w);
	token_buildings(q->site, u, add_building, &m);
	jw_end(&m.w);
	must(jw_finish(&m.w));
	QUERY_TABLE(q, columns);
	table_str(q->table, u->user);
	table_str(q->table, u->customer);
	table_str(q->table, u->name[0] != '\0' ? u->name : NULL);
	table_str(q->table, u->mail[0] != '\0' ? u->mail : NULL);
	table_str(q->table, token_role_name(u->role));
	query_when(q, u->expires);
	table_json(q->table, buf_span(&buildings));
	(void)table_end(q->table);
	buf_free(&buildings);
}

/* ---- what is commanded, and what was changed ---- */

/* A row of SQL_HELD_LIST. */
struct held_row {
	struct span request, customer, building, thing, point, value, state, user, before,
	    after, reason;
	int64_t priority, winner;
	when_t asked, expires;
};

static void
put_held(struct query *q, const struct held_row *h)
{
	query_key(q, h->customer, h->building);
	table_text(q->table, h->point);
	table_json(q->table, h->value);
	table_int(q->table, h->priority);
	table_text(q->table, h->state);
	table_text(q->table, h->user);
	query_when(q, h->asked);
	query_when(q, h->expires);
	query_int(q, h->winner, 0);
	query_json(q, h->before);
	query_json(q, h->after);
	query_text(q, h->reason);
	table_text(q->table, h->thing);
	table_text(q->table, h->request);
}

void
query_held(struct query *q)
{
	static const char *const columns[] = { "building", "point_id", "value", "priority",
		"state", "by", "asked", "expires", "winner", "value_before", "value_after",
		"reason", "thing", "request_id" };
	struct rows *r = db_rows(q->site, SQL_HELD_LIST, "tti", q->building.customer,
	    q->building.building, (int64_t)q->now);
	struct held_row h;

	QUERY_TABLE(q, columns);
	while (query_more(q) &&
	       rows_next(r, "ttttttittwwittt", &h.request, &h.customer, &h.building, &h.thing,
		   &h.point, &h.value, &h.priority, &h.state, &h.user, &h.asked, &h.expires,
		   &h.winner, &h.before, &h.after, &h.reason)) {
		if (!query_sees(q, h.customer, h.building) || !query_row(q, h.request))
			continue;
		query_zone(q, h.customer, h.building);
		put_held(q, &h);
	}
	rows_end(r);
	(void)table_end(q->table);
}

/* A row of SQL_AUDIT_LIST. */
struct audit_row {
	struct span user, customer, building, remote, action, request, before, after, message;
	int64_t id, status;
	when_t at;
};

/* A member of what stood: an instant in the building's time, all else as it is. */
static void
put_seen_member(struct query *q, struct jw *w, const struct json_member *m)
{
	static const char *const instants[] = { "acked_at", "shelved_until", "changed",
		"begins", "ends" };
	char text[WHEN_TEXT];
	bool instant = false;
	size_t i;
	when_t t;

	for (i = 0; i < sizeof(instants) / sizeof(instants[0]); i++)
		instant = instant || span_is(m->name, instants[i]);
	jw_key_span(w, m->name);
	if (instant && json_int(m->value, &t))
		jw_str(w, when_format(text, q->time_zone, t));
	else
		jw_raw(w, json_raw(m->value));
}

/* What stood before or after, a list of objects (db/audit.h). */
static void
put_seen(struct query *q, struct span seen)
{
	struct buf text = BUF(2 * SEEN_MAX);
	struct jw w = jw_begin(&text);
	struct json_member m;
	json_value root, each;
	bool more;

	if (seen.p == NULL || !json_parse_copy(query_parser(q), seen, &root)) {
		query_json(q, seen);
		return;
	}
	jw_array(&w);
	for (each = json_first(root); each.at != 0; each = json_next(each)) {
		jw_object(&w);
		for (more = json_first_member(each, &m); more; more = json_next_member(&m))
			put_seen_member(q, &w, &m);
		jw_end(&w);
	}
	jw_end(&w);
	query_json(q, jw_finish(&w) ? buf_span(&text) : seen);
	buf_free(&text);
}

static void
put_audit(struct query *q, const struct audit_row *a)
{
	query_when(q, a->at);
	table_text(q->table, a->user);
	query_text(q, a->remote);
	table_text(q->table, a->action);
	if (a->building.p != NULL)
		query_key(q, a->customer, a->building);
	else
		table_null(q->table);
	query_json(q, a->request);
	put_seen(q, a->before);
	put_seen(q, a->after);
	query_int(q, a->status, -1);
	query_text(q, a->message);
}

void
query_audit(struct query *q)
{
	static const char *const columns[] = { "time", "by", "from", "action", "building",
		"request", "before", "after", "status", "message" };
	struct audit_row a;
	struct rows *r;

	query_recently(q, 7 * 86400);
	r = db_rows(q->site, SQL_AUDIT_LIST, "stii",
	    q->o->user != NULL ? q->o->user->customer : NULL, q->building.building,
	    (int64_t)q->trend.from, (int64_t)q->trend.to);
	QUERY_TABLE(q, columns);
	while (query_more(q) && rows_next(r, "iwttttttttit", &a.id, &a.at, &a.user, &a.customer,
				    &a.building, &a.remote, &a.action, &a.request, &a.before,
				    &a.after, &a.status, &a.message)) {
		if (a.building.p != NULL && !query_sees(q, a.customer, a.building))
			continue;
		if (!query_row_at(q, a.at))
			continue;
		if (a.building.p != NULL)
			query_zone(q, a.customer, a.building);
		put_audit(q, &a);
	}
	rows_end(r);
	(void)table_end(q->table);
}
