/* Calendars and schedules in. */
#include "base/diag.h"
#include "bms/dated.h"
#include "db/timetable_own.h"

#include <stdlib.h>

#define WHY_MAX 1024
#define TEXT_MAX 65536
#define CHECK_DAYS 400 /* how far ahead clashes of exceptions are looked for */

struct writing {
	struct db *site;
	const struct reference *ref;
	struct record *r;
	struct building building;
	struct buf text; /* holds the building's texts */
	when_t now;
};

static void
say(void *ctx, const char *text)
{
	diag_at(&((struct writing *)ctx)->r->at, "%s", text);
}

static void
check(struct writing *w, const struct schedule *s)
{
	struct calendars *cs = timetable_calendars(
	    w->site, &w->building, reference_calendar(w->ref, &w->building));
	struct schedule_context c = { .calendars = cs };
	int64_t today = civil_day_number(when_civil(schedule_zone(s), w->now, NULL));

	(void)schedule_check(s, &c, today, today + CHECK_DAYS, say, w);
	calendars_free(cs);
}

/* Checks one schedule and stores it; thing NULL: an operator's. False: rejected. */
static bool
put_schedule(struct writing *w, const char *thing, json_value object)
{
	struct buf why = BUF(WHY_MAX);
	struct schedule *s = schedule_parse(object, zone_find(w->building.timezone), &why);

	if (s == NULL) {
		record_reject(w->r, "bad-schedule", "%s", buf_text(&why));
		buf_free(&why);
		return false;
	}
	check(w, s);
	db_do(w->site, SQL_SCHEDULE_PUT, "ttsssti", w->building.customer, w->building.building,
	    schedule_id(s), schedule_point(s), thing, json_raw(object), (int64_t)w->now);
	schedule_free(s);
	buf_free(&why);
	return true;
}

static bool
is_removal(json_value object)
{
	bool yes = false;

	return json_bool(json_get(object, "remove"), &yes) && yes;
}

/* Takes a row away by its key; false: rejected. */
static bool
remove_row(struct writing *w, enum sql_name statement, json_value object, const char *key)
{
	struct span id;

	if (!json_text(json_get(object, key), &id)) {
		record_reject(w->r, "bad-record", "%s: not a name", key);
		return false;
	}
	db_do(w->site, statement, "ttt", w->building.customer, w->building.building, id);
	return true;
}

/* The building, or the record is rejected. */
static bool
find_building(struct writing *w, struct span customer, struct span building)
{
	w->text = BUF(TEXT_MAX);
	if (building_get(w->site, customer, building, &w->text, &w->building) &&
	    zone_find(w->building.timezone) != NULL)
		return true;
	record_reject(w->r, "unknown-building", "%.*s_%.*s is not registered",
	    SPAN_ARG(customer), SPAN_ARG(building));
	return false;
}

/* Would every schedule of the message be taken? Otherwise the first that would not is why it is
 * rejected. */
static bool
all_parse(struct writing *w, const struct message *m)
{
	const struct zone *zone = zone_find(w->building.timezone);
	struct buf why = BUF(WHY_MAX);
	struct schedule *s;
	json_value item;
	bool ok = true;

	for (item = message_first_item(m->body, "schedule"); ok && item.at != 0;
	     item = message_next_item(item, "schedule")) {
		if (is_removal(item))
			continue;
		s = schedule_parse(item, zone, &why);
		ok = s != NULL;
		if (!ok)
			record_reject(w->r, "bad-schedule", "%.*s: %s",
			    SPAN_ARG(json_name(item)), buf_text(&why));
		schedule_free(s);
	}
	buf_free(&why);
	return ok;
}

static void
put_all(struct writing *w, const struct message *m)
{
	char *thing = xstrndup(m->thing.name.p, m->thing.name.n);
	json_value item;

	for (item = message_first_item(m->body, "schedule"); item.at != 0;
	     item = message_next_item(item, "schedule")) {
		bool ok = is_removal(item)
			      ? remove_row(w, SQL_SCHEDULE_DELETE, item, "schedule_id")
			      : put_schedule(w, thing, item);

		if (!ok)
			break;
	}
	free(thing);
}

void
timetable_message(struct db *site, const struct reference *ref, struct record *r,
    const struct message *m, when_t now)
{
	struct writing w = { .site = site, .ref = ref, .r = r, .now = now };
	const char *why, *code;
	size_t n;

	if (!thing_is_known(site, m->thing.name)) {
		record_reject(
		    r, "unknown-thing", "%.*s is not registered", SPAN_ARG(m->thing.name));
		return;
	}
	code = message_check_items(m->body, "schedule", &n, &why);
	if (code != NULL)
		record_reject(r, code, "%s", why);
	else if (find_building(&w, m->thing.customer, m->thing.building) && all_parse(&w, m))
		put_all(&w, m);
	buf_free(&w.text);
}

/* ---- a person's rows ---- */

static void
row_schedule(struct writing *w)
{
	json_value object = json_get(w->r->root, "schedule");

	if (is_removal(w->r->root))
		(void)remove_row(w, SQL_SCHEDULE_DELETE, w->r->root, "schedule_id");
	else if (json_kind_of(object) != JSON_OBJECT)
		record_reject(w->r, "bad-schedule", "schedule: not an object");
	else
		(void)put_schedule(w, NULL, object);
}

static void
row_calendar(struct writing *w)
{
	json_value object = json_get(w->r->root, "calendar"), dates = json_get(object, "dates");
	struct calendars *cs;
	struct buf why = BUF(WHY_MAX);
	struct dates *d;
	struct span id;

	if (is_removal(w->r->root)) {
		(void)remove_row(w, SQL_CALENDAR_DELETE, w->r->root, "calendar_id");
		return;
	}
	if (!json_text(json_get(object, "calendar_id"), &id) || id.n == 0)
		buf_puts(&why, "calendar_id: not a name");
	if (why.n > 0 || (d = dates_parse(dates, &why)) == NULL) {
		record_reject(w->r, "bad-calendar", "%s", buf_text(&why));
		buf_free(&why);
		return;
	}
	db_do(w->site, SQL_CALENDAR_PUT, "tttti", w->building.customer, w->building.building,
	    id, json_raw(object), (int64_t)w->now);
	cs = timetable_calendars(
	    w->site, &w->building, reference_calendar(w->ref, &w->building));
	(void)dates_check(d, cs, say, w);
	calendars_free(cs);
	dates_free(d);
	buf_free(&why);
}

static bool
time_member(const struct writing *w, const char *name, when_t *t)
{
	struct span text;

	return json_text(json_get(w->r->root, name), &text) &&
	       when_parse_human(text, zone_find(w->building.timezone), w->now, t);
}

static void
row_manual(struct writing *w)
{
	json_value value = json_get(w->r->root, "value");
	enum json_kind kind = json_kind_of(value);
	struct span id, name = { 0 };
	when_t from, to;

	if (!json_text(json_get(w->r->root, "schedule_id"), &id)) {
		record_reject(w->r, "bad-manual", "schedule_id: not a name");
	} else if (!time_member(w, "from", &from) || !time_member(w, "to", &to) || from >= to) {
		record_reject(
		    w->r, "bad-manual", "from, to: not two times, one after the other");
	} else if (is_removal(w->r->root)) {
		db_do(w->site, SQL_MANUAL_DELETE, "tttii", w->building.customer,
		    w->building.building, id, (int64_t)from, (int64_t)to);
	} else if (kind != JSON_NUMBER && kind != JSON_STRING && kind != JSON_BOOL) {
		record_reject(w->r, "bad-manual", "value: not a number, text or boolean");
	} else {
		(void)json_text(json_get(w->r->root, "name"), &name);
		db_do(w->site, SQL_MANUAL_PUT, "tttiitti", w->building.customer,
		    w->building.building, id, (int64_t)from, (int64_t)to, json_raw(value), name,
		    (int64_t)w->now);
	}
}

static void
row_composite(struct writing *w)
{
	json_value schedule = json_get(w->r->root, "schedule");
	bool none = json_kind_of(schedule) == JSON_NULL;
	struct span id, text, data = { NULL, 0 };

	if (!none)
		data = json_raw(schedule);
	if (!json_text(json_get(w->r->root, "composite_id"), &id))
		record_reject(w->r, "bad-record", "composite_id: not a name");
	else if (!none && (!json_text(json_get(schedule, "schedule_id"), &text) ||
			      !json_text(json_get(schedule, "role"), &text)))
		record_reject(w->r, "bad-record",
		    "schedule: not {\"schedule_id\":..,\"role\":..} or null");
	else if (db_run(w->site, SQL_COMPOSITE_SCHEDULE_SET, "tttt", w->building.customer,
		     w->building.building, id, data) == 0)
		record_reject(
		    w->r, "unknown-composite", "%.*s: no such composite", SPAN_ARG(id));
}

void
timetable_row(struct db *site, const struct reference *ref, struct record *r, when_t now)
{
	static const struct {
		const char *type;
		void (*put)(struct writing *);
	} types[] = { { "schedule", row_schedule }, { "calendar", row_calendar },
		{ "manual", row_manual }, { "composite", row_composite } };
	struct writing w = { .site = site, .ref = ref, .r = r, .now = now };
	struct span type, customer, building;
	size_t i = 0;

	if (!json_text(json_get(r->root, "type"), &type))
		type = SPAN("");
	while (i < sizeof(types) / sizeof(types[0]) && !span_is(type, types[i].type))
		i++;
	if (i == sizeof(types) / sizeof(types[0]))
		record_reject(
		    r, "bad-record", "type: not schedule, calendar, manual or composite");
	else if (!json_text(json_get(r->root, "customer"), &customer) ||
		 !json_text(json_get(r->root, "building"), &building))
		record_reject(r, "bad-record", "customer, building: not names");
	else if (find_building(&w, customer, building))
		types[i].put(&w);
	buf_free(&w.text);
}
