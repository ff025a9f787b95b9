/* What goes down to gateways: schedules, calendars, controls. */
#include "base/diag.h"
#include "base/jsonw.h"
#include "bms/dated.h"
#include "db/timetable_own.h"

#include <stdlib.h>

#define ROOM 1024   /* what an envelope takes of a record */
#define PRIORITY 16 /* of a schedule that says none: it cannot be read any more */

/* ---- schedules and calendars ---- */

/* A message in work: items STEM_0, STEM_1, ... until a record would be too long. */
struct message_out {
	const struct thing *to;
	const char *kind, *type, *stem, *id;
	const struct zone *zone;
	when_t now;
	struct buf *down;
	struct buf items;
	size_t n, records;
};

static void
finish(struct message_out *m)
{
	char stamp[WHEN_TEXT];
	struct jw w = jw_begin(m->down);
	char *id = xasprintf("%s-%zu", m->id, m->records),
	     *count = xasprintf("%s_count", m->stem);

	jw_object(&w);
	jw_member_text(&w, "topic", m->to->name);
	jw_key(&w, "payload");
	jw_object(&w);
	jw_member_text(&w, "thing", m->to->name);
	jw_member_str(&w, "point", m->kind);
	jw_key(&w, "message");
	jw_object(&w);
	jw_member_str(&w, "msg_type", m->type);
	for (size_t i = 0, at = 0; i < m->n; i++) {
		struct span item = { m->items.p + at, strlen(m->items.p + at) };
		char *name = xasprintf("%s_%zu", m->stem, i);

		jw_member_raw(&w, name, item);
		at += item.n + 1;
		free(name);
	}
	jw_member_int(&w, count, (int64_t)m->n);
	jw_member_str(&w, "time", when_format_stamp(stamp, m->zone, m->now));
	jw_end(&w);
	jw_end(&w);
	jw_member_int(&w, "qos", 1);
	jw_member_str(&w, "id", id);
	jw_end(&w);
	if (!jw_finish(&w))
		diag("%s for %.*s: too long", m->kind, SPAN_ARG(m->to->name));
	buf_putc(m->down, '\n');
	free(count);
	free(id);
	buf_clear(&m->items);
	m->n = 0;
	m->records++;
}

/* item is JSON text. */
static void
add(struct message_out *m, struct span item)
{
	if (m->n > 0 && m->items.n + item.n + 32 * (m->n + 1) + ROOM > TIMETABLE_RECORD_MAX)
		finish(m);
	buf_put(&m->items, item);
	buf_putc(&m->items, '\0');
	m->n++;
}

/* Copies a value; {"holidays":VIEW} becomes a reference to the calendar that is sent for it. */
static void
copy(struct jw *w, json_value v)
{
	json_value member;
	struct span view;

	switch (json_kind_of(v)) {
	case JSON_OBJECT:
		jw_object(w);
		if (json_text(json_get(v, "holidays"), &view)) {
			char *id = xasprintf("holidays-%.*s", SPAN_ARG(view));

			jw_member_str(w, "calendar", id);
			free(id);
		} else {
			for (member = json_first(v); member.at != 0;
			     member = json_next(member)) {
				jw_key_span(w, json_name(member));
				copy(w, member);
			}
		}
		jw_end(w);
		break;
	case JSON_ARRAY:
		jw_array(w);
		for (member = json_first(v); member.at != 0; member = json_next(member))
			copy(w, member);
		jw_end(w);
		break;
	default:
		jw_raw(w, json_raw(v));
	}
}

static void
add_copy(struct message_out *m, struct json *j, struct span data)
{
	struct buf text = BUF(TIMETABLE_RECORD_MAX * 8);
	json_value root;
	struct jw w;

	if (json_parse_copy(j, data, &root)) {
		w = jw_begin(&text);
		copy(&w, root);
		if (jw_finish(&w))
			add(m, buf_span(&text));
	}
	buf_free(&text);
}

size_t
timetable_send_schedules(const struct timetable *t, const struct thing *to, const char *id,
    when_t now, const struct zone *zone, struct buf *down)
{
	struct message_out m = { .to = to,
		.kind = "schedule",
		.type = "Schedule",
		.stem = "schedule",
		.id = id,
		.zone = zone,
		.now = now,
		.down = down,
		.items = BUF(TIMETABLE_RECORD_MAX * 8) };
	struct json *j = json_new();
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->all[i].thing == NULL || span_is(to->name, t->all[i].thing))
			add_copy(&m, j, span_of(t->all[i].data));
	if (m.n > 0 || m.records == 0)
		finish(&m);
	json_free(j);
	buf_free(&m.items);
	return m.records;
}

/* One view of the holiday list as a calendar of dates, from a year back. */
static void
add_holidays(struct message_out *m, const struct holiday_calendar *h, enum holiday_view view,
    const char *id)
{
	int64_t day = civil_day_number(when_civil(m->zone, m->now, NULL)) - 366, last;
	struct buf text = BUF(TIMETABLE_RECORD_MAX);
	struct jw w = jw_begin(&text);
	char date[DATED_TEXT];

	last = holidays_valid_through(h) < day + 3660 ? holidays_valid_through(h) : day + 3660;
	jw_object(&w);
	jw_member_str(&w, "calendar_id", id);
	jw_key(&w, "dates");
	jw_array(&w);
	for (; day <= last; day++)
		if (holidays_find(h, day, view) != NULL)
			jw_str(&w, dated_format(date, day));
	jw_end(&w);
	jw_end(&w);
	if (jw_finish(&w))
		add(m, buf_span(&text));
	buf_free(&text);
}

size_t
timetable_send_calendars(struct db *site, const struct place *place,
    const struct holiday_calendar *holidays, const struct thing *to, const char *id, when_t now,
    struct buf *down)
{
	struct message_out m = { .to = to,
		.kind = "calendar",
		.type = "Calendar",
		.stem = "calendar",
		.id = id,
		.zone = place->zone,
		.now = now,
		.down = down,
		.items = BUF(TIMETABLE_RECORD_MAX * 8) };
	struct rows *r = db_rows(
	    site, SQL_CALENDAR_ROWS, "tt", place->building.customer, place->building.building);
	struct json *j = json_new();
	struct span name, data;

	while (rows_next(r, "tt", &name, &data))
		add_copy(&m, j, data);
	rows_end(r);
	if (holidays != NULL) {
		add_holidays(&m, holidays, HOLIDAY_FOR_OCCUPANCY, "holidays-occupancy");
		add_holidays(&m, holidays, HOLIDAY_FOR_TARIFF, "holidays-tariff");
	}
	if (m.n > 0 || m.records == 0)
		finish(&m);
	json_free(j);
	buf_free(&m.items);
	return m.records;
}

/* ---- controls ---- */

struct due {
	char *point, *value, *thing; /* value NULL: relinquish */
	int64_t ends, priority;
};

static int64_t
write_priority(struct json *j, struct span data)
{
	json_value root;
	int64_t p = PRIORITY;

	if (json_parse_copy(j, data, &root))
		(void)json_int(json_get(root, "write_priority"), &p);
	return p;
}

static size_t
find_due(struct db *site, const struct building *b, when_t now, struct due **all)
{
	struct rows *r =
	    db_rows(site, SQL_USER_SCHEDULE_DUE, "tti", b->customer, b->building, (int64_t)now);
	struct span point, id, value, data, thing;
	struct json *j = json_new();
	int64_t begins, ends;
	size_t n = 0, room = 0;

	while (rows_next(r, "tiitttt", &point, &begins, &ends, &id, &value, &data, &thing)) {
		if (n == room) {
			room = room > 0 ? room * 2 : 16;
			*all = xrealloc(*all, room * sizeof(**all));
		}
		(*all)[n++] = (struct due){ xstrndup(point.p, point.n),
			value.p != NULL ? xstrndup(value.p, value.n) : NULL,
			xstrndup(thing.p, thing.n), ends, write_priority(j, data) };
	}
	rows_end(r);
	json_free(j);
	return n;
}

static void
put_control(const struct place *place, const struct due *d, when_t now, struct buf *down)
{
	char stamp[WHEN_TEXT], expires[WHEN_TEXT];
	char *id = xasprintf("sched-%s-%lld", d->point, (long long)now);
	struct jw w = jw_begin(down);

	jw_object(&w);
	jw_member_str(&w, "topic", d->thing);
	jw_key(&w, "payload");
	jw_object(&w);
	jw_member_str(&w, "thing", d->thing);
	jw_member_str(&w, "point", "control");
	jw_key(&w, "message");
	jw_object(&w);
	jw_member_str(&w, "msg_type", "Control");
	jw_member_str(&w, "request_id", id);
	jw_key(&w, "point_0");
	jw_object(&w);
	jw_member_str(&w, "point_id", d->point);
	jw_key(&w, "value");
	jw_raw(&w, d->value != NULL ? span_of(d->value) : SPAN("null"));
	jw_member_int(&w, "priority", d->priority);
	jw_member_str(&w, "expires", when_format_stamp(expires, place->zone, d->ends));
	jw_end(&w);
	jw_member_int(&w, "point_count", 1);
	jw_member_str(&w, "time", when_format_stamp(stamp, place->zone, now));
	jw_end(&w);
	jw_end(&w);
	jw_member_int(&w, "qos", 1);
	jw_member_str(&w, "id", id);
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(down, '\n');
	free(id);
}

size_t
timetable_controls(struct db *site, const struct place *place, when_t now, struct buf *down)
{
	const struct building *b = &place->building;
	struct due *all = NULL;
	size_t n = find_due(site, b, now, &all), i;

	for (i = 0; i < n; i++) {
		put_control(place, &all[i], now, down);
		db_do(site, SQL_USER_APPLIED_PUT, "ttssii", b->customer, b->building,
		    all[i].point, all[i].value, all[i].ends, (int64_t)now);
		free(all[i].point);
		free(all[i].value);
		free(all[i].thing);
	}
	free(all);
	return n;
}
