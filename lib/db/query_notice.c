/* Alarms as they stand and as they came, and who was told what. */
#include "bms/alarm.h"
#include "db/query_own.h"

/* A row of SQL_ALARM_LIST. */
struct alarm_row {
	struct span customer, building, id, state, episode_id, source, name, point, value, text,
	    reason;
	when_t episode, cleared, acked, shelved;
	int64_t level, priority;
};

static void
put_alarm(struct query *q, const struct alarm_row *a)
{
	table_text(q->table, a->state);
	query_int(q, a->level, 0);
	query_key(q, a->customer, a->building);
	table_text(q->table, a->id);
	query_text(q, a->name);
	query_text(q, a->point);
	query_json(q, a->value);
	query_text(q, a->text);
	query_when(q, a->episode);
	query_when(q, a->cleared);
	query_when(q, a->acked);
	query_when(q, a->shelved);
	query_text(q, a->reason);
	query_text(q, a->source);
	query_text(q, a->episode_id);
}

static bool
is_state(const struct query *q, struct span state)
{
	return q->o->state == NULL || span_is(state, q->o->state);
}

void
query_alarms(struct query *q)
{
	static const char *const columns[] = { "state", "level", "building", "alarm_point_id",
		"alarm_name", "point_id", "value", "text", "since", "cleared", "acked_at",
		"shelved_until", "reason", "source", "episode" };
	struct rows *r = db_rows(q->site, SQL_ALARM_LIST, "tti", q->building.customer,
	    q->building.building, (int64_t)q->o->all);
	struct buf key = BUF(QUERY_TEXT_MAX);
	struct alarm_row a;

	QUERY_TABLE(q, columns);
	while (query_more(q) &&
	       rows_next(r, "ttttiiwwwwttttttt", &a.customer, &a.building, &a.id, &a.state,
		   &a.level, &a.priority, &a.episode, &a.cleared, &a.acked, &a.shelved,
		   &a.episode_id, &a.source, &a.name, &a.point, &a.value, &a.text, &a.reason)) {
		buf_clear(&key);
		buf_printf(&key, "%.*s_%.*s/%.*s", SPAN_ARG(a.customer), SPAN_ARG(a.building),
		    SPAN_ARG(a.id));
		if (!is_state(q, a.state) || !query_sees(q, a.customer, a.building) ||
		    !query_row(q, buf_span(&key)))
			continue;
		query_zone(q, a.customer, a.building);
		put_alarm(q, &a);
	}
	rows_end(r);
	(void)table_end(q->table);
	buf_free(&key);
}

/* A row of SQL_ALARM_HISTORY_LIST. */
struct event_row {
	struct span customer, building, id, name, point, value, text, by, reason;
	int64_t what, told, flags, level;
	when_t at, episode;
};

static void
put_event(struct query *q, const struct event_row *e)
{
	struct alarm_state state = alarm_fresh();
	char id[ALARM_ID_TEXT];

	alarm_set_flags(&state, e->flags);
	query_when(q, e->at);
	table_str(q->table, alarm_event_name((enum alarm_event)e->what));
	table_str(q->table, alarm_state_name(&state));
	query_key(q, e->customer, e->building);
	table_text(q->table, e->id);
	query_int(q, e->level, 0);
	query_text(q, e->name);
	query_text(q, e->point);
	query_json(q, e->value);
	query_text(q, e->text);
	query_text(q, e->by);
	query_text(q, e->reason);
	table_bool(q->table, e->told != 0);
	table_str(q->table, e->episode != WHEN_NONE ? alarm_episode_id(id, e->customer,
							  e->building, e->id, e->episode)
						    : NULL);
}

void
query_alarm_history(struct query *q)
{
	static const char *const columns[] = { "time", "transition", "state", "building",
		"alarm_point_id", "level", "alarm_name", "point_id", "value", "text", "by",
		"reason", "told", "episode" };
	struct event_row e;
	struct rows *r;

	query_recently(q, 86400);
	r = db_rows(q->site, SQL_ALARM_HISTORY_LIST, "ttsii", q->building.customer,
	    q->building.building, q->o->alarm, (int64_t)q->trend.from, (int64_t)q->trend.to);
	QUERY_TABLE(q, columns);
	while (query_more(q) && rows_next(r, "tttiiiwiitttttt", &e.customer, &e.building, &e.id,
				    &e.at, &e.what, &e.told, &e.episode, &e.flags, &e.level,
				    &e.name, &e.point, &e.value, &e.text, &e.by, &e.reason)) {
		if (!query_sees(q, e.customer, e.building) || !query_row_at(q, e.at))
			continue;
		query_zone(q, e.customer, e.building);
		put_event(q, &e);
	}
	rows_end(r);
	(void)table_end(q->table);
}

/* Where somebody is told is theirs, and those' who mind it. */
static void
put_address(struct query *q, struct span arn)
{
	const char *colon = memchr(arn.p, ':', arn.n);

	if (q->o->user == NULL || q->o->user->role == TOKEN_ADMIN || colon == NULL)
		table_text(q->table, arn);
	else
		table_text(q->table, (struct span){ arn.p, (size_t)(colon - arn.p) + 1 });
}

/* What tells of a building is for those who see it. */
static bool
is_of_building(struct query *q, struct span customer, struct span data)
{
	struct span building = { 0 };
	json_value root;

	if (json_parse_copy(query_parser(q), data, &root))
		(void)json_text(json_get(root, "building"), &building);
	return building.n > 0
		   ? query_sees(q, customer, building)
		   : q->building.customer.p == NULL || span_eq(customer, q->building.customer);
}

void
query_notices(struct query *q)
{
	static const char *const columns[] = { "time", "kind", "title", "text", "endpoint",
		"state", "attempts", "settled", "error", "episode" };
	struct span customer, arn, kind, episode, title, text, data, state, error;
	int64_t id, nth, attempts;
	when_t created, settled;
	struct rows *r;

	query_recently(q, 7 * 86400);
	r = db_rows(q->site, SQL_DELIVERY_LIST, "sii", query_customer(q),
	    (int64_t)q->trend.from, (int64_t)q->trend.to);
	QUERY_TABLE(q, columns);
	while (query_more(q) &&
	       rows_next(r, "iwtttitttttiwt", &id, &created, &customer, &arn, &kind, &nth,
		   &episode, &title, &text, &data, &state, &attempts, &settled, &error)) {
		if (!is_of_building(q, customer, data) || !query_row_at(q, created))
			continue;
		query_when(q, created);
		table_text(q->table, kind);
		table_text(q->table, title);
		table_text(q->table, text);
		put_address(q, arn);
		table_text(q->table, state);
		table_int(q->table, attempts);
		query_when(q, settled);
		query_text(q, error);
		query_text(q, episode);
	}
	rows_end(r);
	(void)table_end(q->table);
}
