/* Points that a session subscribes to: what it wants, what it hears. */
#include "base/clock.h"
#include "base/diag.h"
#include "bms/message.h"
#include "db/trend.h"
#include "live/points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define POINTS_A_REQUEST 4096
#define KEPT_MAX 1024   /* bytes of a value that is kept for who asks later */
#define VALUE_MAX 65536 /* bytes; longer ones are none for people to look at */

static struct span
name_of(struct live *s, struct span thing, struct span point)
{
	buf_clear(&s->key);
	buf_put(&s->key, thing);
	buf_putc(&s->key, '\n');
	buf_put(&s->key, point);
	return buf_span(&s->key);
}

static struct wanted *
find_wanted(struct live *s, struct span thing, struct span point)
{
	struct span name = name_of(s, thing, point);
	struct wanted *w;

	HASH_FIND(hh, s->wanted, name.p, name.n, w);
	return w;
}

static struct heard *
hear(struct live *s, struct span thing)
{
	struct heard *h;
	struct thing t;

	HASH_FIND(hh, s->heard, thing.p, thing.n, h);
	if (h != NULL)
		return h;
	must(thing_parse(thing, &t));
	h = xcalloc(1, sizeof(*h));
	h->thing = xstrndup(thing.p, thing.n);
	h->topic = xasprintf("nbms/live/%s", h->thing);
	(void)snprintf(h->building, sizeof(h->building), "%.*s", SPAN_ARG(t.building_key));
	h->zone = job_zone(s->job, t.building_key);
	HASH_ADD_KEYPTR(hh, s->heard, h->thing, thing.n, h);
	link_listen(s->link, h->topic);
	return h;
}

static void
free_wanted(struct live *s, struct wanted *w)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash is done with it */
	HASH_DEL(s->wanted, w);
	w->of->points--;
	free(w->json);
	free(w->point_id);
	free(w->name);
	free(w);
}

static void
free_heard(struct live *s, struct heard *h)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash is done with it */
	HASH_DEL(s->heard, h);
	if (s->link != NULL)
		link_ignore(s->link, h->topic);
	free(h->thing);
	free(h->topic);
	free(h);
}

void
points_free(struct live *s)
{
	struct wanted *w, *next_w;
	struct heard *h, *next_h;

	units_free(s);
	HASH_ITER(hh, s->wanted, w, next_w)
	{
		free_wanted(s, w);
	}
	HASH_ITER(hh, s->heard, h, next_h)
	{
		free_heard(s, h);
	}
}

bool
points_are_seen(struct live *s)
{
	struct heard *h, *next;

	HASH_ITER(hh, s->heard, h, next)
	{
		if (!token_sees_key(s->job->site, &s->user, span_of(h->building)))
			return false;
	}
	return true;
}

/* ---- the request ---- */

static bool
chosen_place(struct live *s, struct chosen *c)
{
	struct thing t;

	if (!json_text(json_get(s->request, "thing"), &c->thing))
		return request_building(s, c->building);
	if (thing_parse(c->thing, &t) &&
	    token_sees_key(s->job->site, &s->user, t.building_key)) {
		(void)snprintf(
		    c->building, sizeof(c->building), "%.*s", SPAN_ARG(t.building_key));
		return true;
	}
	reply_error(s, "unknown-thing", "no gateway of that name in your buildings");
	return false;
}

/* The array of the request; false: answered with an error. */
static bool
chosen_list(struct live *s, json_value *list)
{
	*list = json_get(s->request, "points");
	if (json_kind_of(*list) == JSON_ARRAY && json_count(*list) > 0 &&
	    json_count(*list) <= POINTS_A_REQUEST)
		return true;
	reply_error(s, "bad-points", "points: a list of 1 to %d point ids", POINTS_A_REQUEST);
	return false;
}

static int
by_thing(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}

/* fn for each gateway's points together. */
typedef void some_fn(struct link *l, struct span thing, const struct span points[], size_t n);

static void
for_each_thing(struct live *s, struct chosen *c, some_fn *fn)
{
	struct span *points = xcalloc(c->n + 1, sizeof(*points));
	size_t from, k;

	if (c->n > 0)
		qsort(c->all, c->n, sizeof(*c->all), by_thing);
	for (from = 0; from < c->n; from += k) {
		for (k = 0;
		     from + k < c->n && span_eq(c->all[from].thing, c->all[from + k].thing);
		     k++)
			points[k] = c->all[from + k].point;
		fn(s->link, c->all[from].thing, points, k);
	}
	free(points);
}

static void
put_refused(struct buf *to, json_value point, const char *code)
{
	struct jw w;

	if (to->n > 0)
		buf_putc(to, ',');
	w = jw_begin(to);
	jw_object(&w);
	jw_member_raw(&w, "point_id", json_raw(point));
	jw_member_str(&w, "error", code);
	jw_end(&w);
	(void)jw_finish(&w);
}

static void
choose(struct chosen *c, const struct wanted *w)
{
	c->all = xrealloc(c->all, (c->n + 1) * sizeof(*c->all));
	c->all[c->n].thing = span_of(w->of->thing);
	c->all[c->n++].point = span_of(w->point_id);
}

struct wanted *
points_want(struct live *s, struct chosen *c, struct span thing, struct span point)
{
	struct wanted *w = find_wanted(s, thing, point);

	if (w != NULL || HASH_COUNT(s->wanted) >= SESSION_POINTS)
		return w;
	w = xcalloc(1, sizeof(*w));
	w->of = hear(s, thing);
	w->of->points++;
	w->value = NAN;
	w->at = WHEN_NONE;
	w->point_id = xstrndup(point.p, point.n);
	(void)name_of(s, thing, point);
	w->name = xstrndup(s->key.p, s->key.n);
	HASH_ADD_KEYPTR(hh, s->wanted, w->name, s->key.n, w);
	choose(c, w);
	return w;
}

/* NULL, and it is told from now on, its name or its members' among `points`; or why not. */
static const char *
want(struct live *s, struct chosen *c, json_value v, struct opt_list *points)
{
	struct span point, thing, type, customer, building;
	struct wanted *w;

	if (!json_text(v, &point) || !point_id_is_valid(point))
		return "bad-point";
	if (!building_key_parse(span_of(c->building), &customer, &building))
		return "unknown-point";
	if (!control_point(s->job->site, customer, building, point, &thing, &type))
		return unit_want(s, c, point, points);
	if (c->thing.n > 0 && !span_eq(thing, c->thing))
		return "unknown-point";
	if ((w = points_want(s, c, thing, point)) == NULL)
		return "too-many-points";
	w->asked = true;
	w->greet = w->json != NULL;
	opt_list_add(points, w->point_id);
	return NULL;
}

/* ---- values ---- */

void
points_say(struct live *s, const struct heard *of, const char *point_id, struct span attr,
    when_t t, struct span json, bool snapshot)
{
	char at[WHEN_TEXT];
	struct jw w = live_event(s, "value");

	jw_member_str(&w, "building", of->building);
	jw_member_str(&w, "thing", of->thing);
	jw_member_str(&w, "point_id", point_id);
	jw_member_text(&w, "attr", attr);
	jw_member_str(&w, "time", when_format(at, of->zone, t));
	jw_member_raw(&w, "value", json);
	jw_member_bool(&w, "snapshot", snapshot);
	(void)name_of(s, span_of(of->thing), span_of(point_id));
	buf_putc(&s->key, '\n');
	buf_put(&s->key, attr);
	live_say(s, &w, buf_span(&s->key));
}

/* The newest value of a point, for units that it is a member of, and for who asks for it. */
static void
keep_value(struct wanted *w, when_t t, struct span json, double value, bool reported)
{
	if (w->at != WHEN_NONE && t < w->at)
		return;
	w->at = t;
	w->value = value;
	w->fresh = true;
	free(w->json);
	w->json = reported && json.n <= KEPT_MAX ? xstrndup(json.p, json.n) : NULL;
}

static void
take_value(struct live *s, struct wanted *w, struct span attr, when_t t, struct span json,
    double value, bool snapshot)
{
	bool main = span_is(attr, "M_Value");

	if (snapshot && main && w->greet && t <= w->at)
		return; /* it is told what is newer */
	if (w->asked)
		points_say(s, w->of, w->point_id, attr, t, json, snapshot);
	if (main)
		keep_value(w, t, json, value, !snapshot);
}

/* What was wanted for a unit before is asked for now: the gateway has been told of it, and will
 * not report anew. */
static void
greet(struct live *s)
{
	struct wanted *w, *next;

	HASH_ITER(hh, s->wanted, w, next)
	{
		if (w->greet && w->json != NULL)
			points_say(s, w->of, w->point_id, SPAN("M_Value"), w->at,
			    span_of(w->json), true);
		w->greet = false;
	}
}

static bool
snapshot_value(void *ctx, const struct reading *r)
{
	struct live *s = ctx;
	struct wanted *w = find_wanted(s, r->series->thing, r->series->point_id);
	char number[JSON_NUMBER_MAX];
	struct span json = r->json;

	if (w == NULL)
		return true;
	if (json.p == NULL && isnan(r->value))
		json = SPAN("null");
	else if (json.p == NULL)
		json = (struct span){ number, json_format_number(r->value, number) };
	take_value(s, w, r->series->attr, r->ts, json, r->value, true);
	return true;
}

static void
snapshot(struct live *s, const struct chosen *c, const struct opt_list *points)
{
	struct history *h = history_open(opt_state_dir(s->job->dir), DB_READ);
	const struct trend t = { .building_key = span_of(c->building),
		.zone = job_zone(s->job, span_of(c->building)),
		.points = points,
		.from = WHEN_NONE,
		.to = WHEN_NONE };

	if (points->n > 0) /* none would be all */
		trend_latest(h, &t, snapshot_value, s);
	history_close(h);
	greet(s);
	units_tell(s, true);
}

void
request_subscribe(struct live *s)
{
	struct buf refused = BUF((size_t)8 << 20);
	struct chosen c = { 0 };
	struct opt_list points = { 0 };
	json_value list, v;
	int64_t n = 0;
	struct jw w;

	if (!chosen_place(s, &c) || !chosen_list(s, &list))
		return;
	for (v = json_first(list); v.at != 0; v = json_next(v)) {
		const char *wrong = want(s, &c, v, &points);

		if (wrong != NULL)
			put_refused(&refused, v, wrong);
		else
			n++;
	}
	if (n == 0) {
		reply_error(s, "unknown-point", "none of these points is one in use there");
	} else {
		w = reply_begin(s);
		jw_member_str(&w, "building", c.building);
		jw_member_int(&w, "points", n);
		jw_key(&w, "refused");
		jw_array(&w);
		if (refused.n > 0)
			jw_raw(&w, buf_span(&refused));
		jw_end(&w);
		reply_end(s, &w);
		/* the newest reports are passed on as soon as the points are held: by then
		 * what the history has is read, which may take its time, and the broker is
		 * listened to */
		snapshot(s, &c, &points);
		link_turn(s->link);
		for_each_thing(s, &c, link_hold);
	}
	opt_list_free(&points);
	free(c.all);
	buf_free(&refused);
}

/* Without a list, everything. */
static bool
is_named(json_value list, const char *id)
{
	json_value v;
	struct span p;

	for (v = json_first(list); v.at != 0; v = json_next(v))
		if (json_text(v, &p) && span_is(p, id))
			return true;
	return list.at == 0;
}

/* Returns how many points and units are told no more; in c, what the gateways are to stop. */
static size_t
unwanted(struct live *s, struct chosen *c, json_value list)
{
	struct wanted *w, *next;
	size_t n = units_unwant(s, c, list, is_named);

	HASH_ITER(hh, s->wanted, w, next)
	{
		if (strcmp(w->of->building, c->building) != 0)
			continue;
		if (w->asked && (c->thing.n == 0 || span_is(c->thing, w->of->thing)) &&
		    is_named(list, w->point_id)) {
			w->asked = false;
			n++;
		}
		if (!w->asked && w->units == 0)
			choose(c, w);
	}
	return n;
}

void
request_unsubscribe(struct live *s)
{
	struct chosen c = { 0 };
	json_value list = json_get(s->request, "points");
	struct heard *h, *next;
	struct jw w;
	size_t n;

	if (!chosen_place(s, &c) || (list.at != 0 && !chosen_list(s, &list)))
		return;
	n = unwanted(s, &c, list);
	for_each_thing(s, &c, link_leave);
	for (size_t i = 0; i < c.n; i++)
		free_wanted(s, find_wanted(s, c.all[i].thing, c.all[i].point));
	HASH_ITER(hh, s->heard, h, next)
	{
		if (h->points == 0)
			free_heard(s, h);
	}
	w = reply_begin(s);
	jw_member_str(&w, "building", c.building);
	jw_member_int(&w, "points", (int64_t)n);
	reply_end(s, &w);
	free(c.all);
}

/* ---- from the broker ---- */

static double
number_of(json_value data)
{
	double v;
	bool b;

	if (json_number(data, &v))
		return v;
	return json_bool(data, &b) ? (double)b : (double)NAN;
}

static void
say_point(struct live *s, const struct message *m, json_value item, when_t t)
{
	struct span point, attr;
	struct wanted *w;
	json_value one;

	if (!json_text(json_get(item, "point_id"), &point) ||
	    (w = find_wanted(s, m->thing.name, point)) == NULL)
		return;
	one = json_first(json_get(item, "msg"));
	for (; json_kind_of(one) == JSON_OBJECT; one = json_next(one)) {
		json_value data = json_get(one, "data");

		if (json_text(json_get(one, "attr_name"), &attr) && attr.n <= POINT_ATTR_MAX &&
		    data.at != 0 && json_raw(data).n <= VALUE_MAX)
			take_value(s, w, attr, t, json_raw(data), number_of(data), false);
	}
}

/* Values as nbms-live feed passes them on; whatever else is there is none of ours. */
void
points_message(struct live *s, const struct mqtt_message *got)
{
	const char *why;
	struct message m;
	struct heard *h;
	json_value root, item;
	when_t t;

	if (!json_parse_copy(s->message_json, got->payload, &root) ||
	    message_parse(root, &m, &why) != NULL ||
	    (m.kind != MESSAGE_REALTIME && m.kind != MESSAGE_PERIODIC_LOG))
		return;
	HASH_FIND(hh, s->heard, m.thing.name.p, m.thing.name.n, h);
	if (h == NULL || strcmp(got->topic, h->topic) != 0)
		return;
	if (m.received == WHEN_NONE)
		m.received = clock_now();
	if (!message_time(&m, h->zone, &t))
		t = m.received;
	item = message_first_item(m.body, "point");
	for (; json_kind_of(item) == JSON_OBJECT; item = message_next_item(item, "point"))
		say_point(s, &m, item, t);
	units_tell(s, false);
}
