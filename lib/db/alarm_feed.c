#include "db/alarm_feed.h"
#include "base/clock.h"
#include "bms/alarm_item.h"
#include "db/registry.h"

#include <stdlib.h>

#define KNOWN 256 /* gateways remembered as registered */

struct alarm_feed {
	struct db *site;
	struct alarm_book *book;
	struct watch *watch;
	struct alarm_feed_options options;
	when_t now;
	bool marked; /* time comes from marks */
	uint64_t known[KNOWN];
	struct buf id;
	struct alarm_item *items; /* of the message at hand */
	size_t items_room;
};

struct alarm_feed *
alarm_feed_open(struct db *site, struct alarm_book *book, struct watch *watch,
    const struct alarm_feed_options *options)
{
	struct alarm_feed *f = xcalloc(1, sizeof(*f));

	f->site = site;
	f->book = book;
	f->watch = watch;
	f->options = *options;
	f->now = WHEN_NONE;
	f->id = BUF(1 << 12);
	return f;
}

void
alarm_feed_free(struct alarm_feed *f)
{
	if (f == NULL)
		return;
	buf_free(&f->id);
	free(f->items);
	free(f);
}

static void
come_to(struct alarm_feed *f, when_t t)
{
	if (f->now != WHEN_NONE && t <= f->now)
		return;
	f->now = t;
	watch_advance(f->watch, t);
	alarm_book_advance(f->book, t);
}

void
alarm_feed_mark(struct alarm_feed *f, when_t at)
{
	f->marked = true;
	if (at != WHEN_NONE)
		come_to(f, at);
}

static bool
is_known(struct alarm_feed *f, const struct thing *thing)
{
	uint64_t hash = alarm_hash(ALARM_HASH, thing->name);

	if (f->options.any_thing || f->known[hash % KNOWN] == hash)
		return true;
	if (!thing_is_known(f->site, thing->name))
		return false;
	f->known[hash % KNOWN] = hash;
	return true;
}

/* Its gateway and its time; false: rejected. */
static bool
check(struct alarm_feed *f, struct record *r, const struct message *m, when_t *t)
{
	const struct zone *zone;
	char text[WHEN_TEXT];

	if (!is_known(f, &m->thing)) {
		record_reject(
		    r, "unknown-thing", "%.*s is not registered", SPAN_ARG(m->thing.name));
		return false;
	}
	zone = alarm_book_zone(f->book, m->thing.customer, m->thing.building);
	if (!message_time(m, zone, t)) {
		record_reject(r, "bad-time", "`time` is no time in %s",
		    zone != NULL ? zone_name(zone) : "UTC");
		return false;
	}
	if (*t > (m->received != WHEN_NONE ? m->received : clock_now()) + f->options.future) {
		record_reject(r, "future", "%s lies ahead of when it was received",
		    when_format(text, zone, *t));
		return false;
	}
	return true;
}

/* As many as the message says; false: rejected. */
static bool
count_items(struct record *r, const struct message *m, const char *stem, size_t *n)
{
	const char *why, *code = message_check_items(m->body, stem, n, &why);

	if (code != NULL)
		record_reject(r, code, "%s", why);
	return code == NULL;
}

typedef bool item_fn(json_value item, struct alarm_item *it, const char **why);

/* All of them into f->items; false: rejected. */
static bool
read_items(struct alarm_feed *f, struct record *r, const struct message *m, const char *stem,
    item_fn *read, size_t *n)
{
	const char *why;
	json_value item;
	size_t i;

	if (!count_items(r, m, stem, n))
		return false;
	if (*n > f->items_room) {
		f->items_room = *n;
		f->items = xrealloc(f->items, *n * sizeof(*f->items));
	}
	item = message_first_item(m->body, stem);
	for (i = 0; i < *n; i++, item = message_next_item(item, stem)) {
		if (read(item, &f->items[i], &why))
			continue;
		record_reject(r, "bad-alarm", "%.*s: %s", SPAN_ARG(json_name(item)), why);
		return false;
	}
	return true;
}

static void
put(struct alarm_feed *f, const struct message *m, const struct alarm_item *it, when_t t)
{
	bool lost = m->kind == MESSAGE_DISCONNECT;
	struct alarm_happening h = { .in = { .at = t,
					 .event = it->event,
					 .level = it->level,
					 .priority = it->priority,
					 .until = WHEN_NONE },
		.thing = m->thing.name,
		.source = lost ? SPAN("disconnect") : SPAN("gateway"),
		.detail = it->detail };
	struct alarm_key key = { m->thing.customer, m->thing.building, it->id };

	if (lost) {
		buf_clear(&f->id);
		buf_printf(&f->id, ALARM_OF_DEVICE "%.*s/%.*s", SPAN_ARG(m->thing.name),
		    SPAN_ARG(it->id));
		key.alarm_point_id = buf_span(&f->id);
	}
	if (it->event == ALARM_ACK)
		h.by = SPAN("gateway");
	(void)alarm_book_put(f->book, &key, &h);
}

static void
put_items(struct alarm_feed *f, struct record *r, const struct message *m, const char *stem,
    item_fn *read, when_t t)
{
	size_t n, i;

	if (!read_items(f, r, m, stem, read, &n))
		return;
	if (!f->marked)
		come_to(f, t);
	for (i = 0; i < n; i++)
		put(f, m, &f->items[i], t);
	watch_seen(f->watch, &m->thing, t, 0);
}

static void
put_point(struct alarm_feed *f, const struct message *m, json_value item, when_t t)
{
	struct span point_id, attr;
	json_value v;

	if (!json_text(json_get(item, "point_id"), &point_id))
		return; /* nbms-store rejects such a record */
	for (v = json_first(json_get(item, "msg")); v.at != 0; v = json_next(v))
		if (json_text(json_get(v, "attr_name"), &attr))
			watch_value(
			    f->watch, &m->thing, point_id, attr, t, json_get(v, "data"));
}

static void
put_values(struct alarm_feed *f, struct record *r, const struct message *m, when_t t)
{
	json_value item;
	int64_t minutes = 0;
	size_t n;

	if (!count_items(r, m, "point", &n))
		return;
	if (!f->marked)
		come_to(f, t);
	item = message_first_item(m->body, "point");
	if (!json_int(json_get(item, "period"), &minutes) || minutes < 0 || minutes > 44640)
		minutes = 0;
	for (; watch_has_rules(f->watch) && item.at != 0;
	     item = message_next_item(item, "point"))
		put_point(f, m, item, t);
	watch_seen(f->watch, &m->thing, t, minutes * 60);
}

void
alarm_feed_message(struct alarm_feed *f, struct record *r, const struct message *m)
{
	when_t t;

	if (!check(f, r, m, &t))
		return;
	switch (m->kind) {
	case MESSAGE_ALARM:
		put_items(f, r, m, "alarm", alarm_item_read, t);
		break;
	case MESSAGE_DISCONNECT:
		put_items(f, r, m, "device", disconnect_item_read, t);
		break;
	case MESSAGE_PERIODIC_LOG:
	case MESSAGE_REALTIME:
		put_values(f, r, m, t);
		break;
	default: /* a sign of life */
		if (!f->marked)
			come_to(f, t);
		watch_seen(f->watch, &m->thing, t, 0);
	}
}

bool
alarm_feed_is_history(json_value root)
{
	return json_get(root, "point_id").at != 0 && json_get(root, "message").at == 0;
}

void
alarm_feed_history(struct alarm_feed *f, struct record *r)
{
	struct span name = SPAN("dry_run_0"), text, point_id, attr = SPAN("M_Value");
	struct thing thing;
	when_t t;

	(void)json_text(json_get(r->root, "thing"), &name);
	(void)json_text(json_get(r->root, "attr"), &attr);
	if (!json_text(json_get(r->root, "time"), &text) ||
	    !when_parse_rfc3339(text, &t, NULL) ||
	    !json_text(json_get(r->root, "point_id"), &point_id) ||
	    json_get(r->root, "value").at == 0 || !thing_parse(name, &thing)) {
		record_reject(r, "bad-value",
		    "a row of history has time with an offset, point_id and value");
		return;
	}
	come_to(f, t);
	watch_value(f->watch, &thing, point_id, attr, t, json_get(r->root, "value"));
}
