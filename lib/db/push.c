#include "db/push.h"
#include "base/diag.h"
#include "bms/notice.h"
#include "bms/thing.h"

#define TEXT_MAX ((size_t)64 << 10)

/* A value out of DynamoDB's typing, {"S":"B001"}, or as it is. */
static json_value
untyped(json_value v)
{
	static const char *const types[] = { "S", "N", "BOOL", "L", "SS" };
	json_value inner;
	size_t i;

	for (i = 0; json_kind_of(v) == JSON_OBJECT && i < sizeof(types) / sizeof(types[0]); i++)
		if ((inner = json_get(v, types[i])).at != 0)
			return inner;
	return v;
}

static json_value
member(json_value row, const char *ours, const char *theirs)
{
	json_value v = json_get(row, ours);

	return untyped(v.at != 0 ? v : json_get(row, theirs));
}

static bool
flag(json_value row, const char *ours, const char *theirs, bool otherwise, bool *to)
{
	json_value v = member(row, ours, theirs);

	*to = otherwise;
	return v.at == 0 || json_bool(v, to);
}

static bool
buildings_are_valid(json_value list)
{
	json_value v;
	struct span s;

	if (list.at != 0 && json_kind_of(list) != JSON_ARRAY)
		return false;
	for (v = json_first(list); v.at != 0; v = json_next(v))
		if (!json_text(untyped(v), &s) || (!thing_part_is_valid(s) && !span_is(s, "*")))
			return false;
	return true;
}

const char *
endpoint_read(json_value row, struct endpoint *e)
{
	json_value level = json_get(row, "level");

	*e = (struct endpoint){ .level = 4 };
	row = json_get(row, "Item").at != 0 ? json_get(row, "Item") : row;
	if (!json_text(member(row, "customer", "CustomerNumber"), &e->customer) ||
	    !thing_part_is_valid(e->customer))
		return "CustomerNumber: not a customer";
	if (!json_text(member(row, "arn", "Arn"), &e->arn))
		return "Arn: missing";
	(void)json_text(member(row, "user_id", "UserID"), &e->user_id);
	if (!flag(row, "alarm", "Alarm", true, &e->alarm) ||
	    !flag(row, "notice", "Notice", true, &e->notice))
		return "Alarm or Notice: not true or false";
	e->buildings = member(row, "buildings", "BuildingNumber");
	if (!buildings_are_valid(e->buildings))
		return "BuildingNumber: not a list of buildings";
	if (level.at != 0 && (!json_int(level, &e->level) || e->level < 1 || e->level > 4))
		return "level: not 1 to 4";
	e->escalate = e->remind = 0;
	if (!when_json_duration(json_get(row, "escalate"), &e->escalate) ||
	    !when_json_duration(json_get(row, "remind"), &e->remind))
		return "escalate or remind: not a duration like 15m";
	return NULL;
}

void
endpoint_put(struct db *site, const struct endpoint *e, when_t now)
{
	json_value v;
	struct span s;

	db_do(site, SQL_ENDPOINT_PUT, "tttiiiiii", e->customer, e->arn,
	    e->user_id.n > 0 ? e->user_id : (struct span){ 0 }, (int64_t)e->alarm,
	    (int64_t)e->notice, e->level, e->escalate, e->remind, now);
	db_do(site, SQL_ENDPOINT_BUILDING_DROP, "tt", e->customer, e->arn);
	if (e->buildings.at == 0)
		db_do(site, SQL_ENDPOINT_BUILDING_ADD, "tts", e->customer, e->arn, "*");
	for (v = json_first(e->buildings); v.at != 0; v = json_next(v))
		if (json_text(untyped(v), &s))
			db_do(site, SQL_ENDPOINT_BUILDING_ADD, "ttt", e->customer, e->arn, s);
}

bool
endpoint_drop(struct db *site, struct span customer, struct span arn)
{
	return db_run(site, SQL_ENDPOINT_DROP, "tt", customer, arn) > 0;
}

void
endpoint_is_dead(struct db *site, struct span customer, struct span arn, const char *why)
{
	db_do(site, SQL_ENDPOINT_DEAD, "tts", customer, arn, why);
}

static void
cell(struct table *t, struct span s)
{
	if (s.p != NULL)
		table_text(t, s);
	else
		table_null(t);
}

void
endpoint_list(struct db *site, enum table_form form, struct span customer)
{
	static const char *const names[] = { "customer", "arn", "user_id", "alarm", "notice",
		"level", "escalate", "remind", "buildings", "dead" };
	struct table *t = table_begin(form, names, sizeof(names) / sizeof(names[0]));
	struct rows *r = db_rows(site, SQL_ENDPOINT_LIST, "t", customer);
	struct span of, arn, user, dead, buildings;
	int64_t alarm, notice, level, escalate, remind;

	while (rows_next(r, "tttiiiiitt", &of, &arn, &user, &alarm, &notice, &level, &escalate,
	    &remind, &dead, &buildings)) {
		table_text(t, of);
		table_text(t, arn);
		cell(t, user);
		table_bool(t, alarm != 0);
		table_bool(t, notice != 0);
		table_int(t, level);
		table_int(t, escalate);
		table_int(t, remind);
		table_json(t, buildings);
		cell(t, dead);
	}
	rows_end(r);
	(void)table_end(t);
}

bool
push_wanted(struct db *site)
{
	int64_t one;

	return db_one(site, SQL_ENDPOINT_FOR_ALARMS, "", "i", &one);
}

void
push_leave(struct db *site, struct span transition)
{
	db_do(site, SQL_OUTBOX_ADD, "t", transition);
}

bool
push_left(struct db *site, int64_t *id, struct span *transition)
{
	return db_one(site, SQL_OUTBOX_NEXT, "", "it", id, transition);
}

void
push_left_done(struct db *site, int64_t id)
{
	db_do(site, SQL_OUTBOX_DROP, "i", id);
}

/* No more reminders of an episode, and nobody further is called. */
static void
quiet(struct db *site, const struct transition_notice *n, when_t now)
{
	db_do(site, SQL_DELIVERY_CANCEL, "tit", n->episode, now, n->what);
	db_do(site, SQL_DELIVERY_QUIET, "ttti", n->id, n->customer, n->episode, now);
}

static void
tell(struct db *site, const struct transition_notice *n, when_t now)
{
	struct buf title = BUF(TEXT_MAX), text = BUF(TEXT_MAX), data = BUF(TEXT_MAX);

	notice_title(&title, n);
	notice_text(&text, n);
	notice_data(&data, n);
	if (span_is(n->what, "clear")) {
		db_do(site, SQL_DELIVERY_ADD_CLEAR, "tttttti", n->id, n->what, n->episode,
		    buf_span(&title), buf_span(&text), buf_span(&data), now);
	} else {
		db_do(site, SQL_DELIVERY_LOUD, "t", n->episode);
		db_do(site, SQL_DELIVERY_ADD_ALARM, "ttttttitti", n->id, n->what, n->episode,
		    buf_span(&title), buf_span(&text), buf_span(&data), now, n->customer,
		    n->building, n->level > 0 ? n->level : 1);
	}
	buf_free(&title);
	buf_free(&text);
	buf_free(&data);
}

const char *
push_take(struct db *site, json_value transition, when_t now, int64_t max_age, bool *old)
{
	struct buf id = BUF(512);
	struct transition_notice n;
	const char *wrong = transition_read(transition, &id, &n);

	*old = false;
	if (wrong == NULL && id.full)
		wrong = "episode: too long";
	if (wrong == NULL) {
		*old = n.at < now - max_age;
		if (n.withdrawn || !n.tell || span_is(n.what, "clear"))
			quiet(site, &n, now);
		if (n.tell && !n.withdrawn && !*old)
			tell(site, &n, now);
	}
	buf_free(&id);
	return wrong;
}

int64_t
push_notice(struct db *site, struct span id, struct span customer, struct span building,
    struct span title, struct span text, when_t now)
{
	struct buf event = BUF(512);
	uint64_t hash;
	int64_t n;

	buf_puts(&event, "notice/");
	if (id.n > 0) {
		buf_put(&event, id);
	} else {
		hash = alarm_hash(alarm_hash(ALARM_HASH, customer), building);
		hash = alarm_hash(alarm_hash(hash, title), text);
		buf_printf(&event, "%016llx/%lld", (unsigned long long)hash, (long long)now);
	}
	n = db_run(site, SQL_DELIVERY_ADD_NOTICE, "ttttitt", buf_span(&event), title, text,
	    SPAN("{\"notice\":\"true\"}"), now, customer, building);
	buf_free(&event);
	return n;
}

bool
push_due(struct db *site, when_t now, struct delivery *d)
{
	return db_one(site, SQL_DELIVERY_DUE_NEXT, "iii", "ittttttttiii", now, d->due, d->id,
	    &d->id, &d->event, &d->kind, &d->customer, &d->arn, &d->episode, &d->title,
	    &d->text, &d->data, &d->attempts, &d->created, &d->due);
}

when_t
push_next(struct db *site)
{
	when_t due = WHEN_NONE;

	(void)db_one(site, SQL_DELIVERY_WHEN_NEXT, "", "w", &due);
	return due;
}

void
push_started(struct db *site, int64_t id)
{
	db_do(site, SQL_DELIVERY_START, "i", id);
}

void
push_again(struct db *site, int64_t id, when_t due, const char *why)
{
	db_do(site, SQL_DELIVERY_AGAIN, "iis", id, due, why);
}

void
push_settled(struct db *site, int64_t id, const char *state, const char *service_id,
    const char *why, when_t now)
{
	db_do(site, SQL_DELIVERY_SETTLE, "isiss", id, state, now, service_id, why);
	if (strcmp(state, "failed") != 0)
		db_do(site, SQL_DELIVERY_ADD_REMINDER, "iisi", id, now,
		    "Reminder: not acknowledged", (int64_t)PUSH_REMINDERS);
}

bool
push_of(struct db *site, int64_t id, struct span *customer, struct span *arn, int64_t *attempts,
    when_t *created)
{
	struct span kind;

	return db_one(
	    site, SQL_DELIVERY_OF, "i", "tttii", id, customer, arn, &kind, attempts, created);
}

bool
push_resend(struct db *site, int64_t id, when_t now)
{
	return db_run(site, SQL_DELIVERY_RESEND, "ii", id, (int64_t)now) > 0;
}

bool
push_doubtful(struct db *site, int64_t *id)
{
	return db_one(site, SQL_DELIVERY_DOUBTFUL, "i", "i", *id, id);
}

int64_t
push_prune(struct db *site, when_t before)
{
	return db_run(site, SQL_DELIVERY_PRUNE, "i", (int64_t)before);
}

bool
push_cut_off(struct db *site, int64_t *id, struct span *arn)
{
	return db_one(site, SQL_DELIVERY_CUT_OFF, "", "it", id, arn);
}

void
push_log(struct db *site, enum table_form form, struct span customer, when_t from)
{
	static const char *const names[] = { "id", "created", "state", "settled", "customer",
		"arn", "kind", "title", "attempts", "service_id", "error", "episode" };
	struct table *t = table_begin(form, names, sizeof(names) / sizeof(names[0]));
	struct rows *r = db_rows(site, SQL_DELIVERY_LOG, "ti", customer, from);
	struct span of, arn, kind, episode, title, state, service, error;
	int64_t id, attempts, nth;
	when_t created, settled;
	char text[WHEN_TEXT];

	while (rows_next(r, "iitttitttiwtt", &id, &created, &of, &arn, &kind, &nth, &episode,
	    &title, &state, &attempts, &settled, &service, &error)) {
		table_int(t, id);
		table_str(t, when_format(text, NULL, created));
		table_text(t, state);
		table_str(t, settled != WHEN_NONE ? when_format(text, NULL, settled) : NULL);
		table_text(t, of);
		table_text(t, arn);
		table_text(t, kind);
		table_text(t, title);
		table_int(t, attempts);
		cell(t, service);
		cell(t, error);
		cell(t, episode);
	}
	rows_end(r);
	(void)table_end(t);
}
