#include "db/ingest.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "db/derive.h"
#include "db/gaps.h"
#include "db/point.h"
#include "db/reference.h"
#include "db/registry.h"

#include <math.h>
#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

#define TEXT_MAX 4096
#define PERIOD_MAX 1440 /* minutes */

/* A building, as far as its gateways' messages need it. */
struct place {
	char *key; /* C000003_B001 */
	struct premises premises;
	UT_hash_handle hh;
};

/* The series a gateway's log had the last time, in its order: the next log mostly has the same.
 */
struct track {
	uint64_t generation; /* of the month it belongs to */
	struct tracked {
		struct series *series;
		int input; /* of the derivation, or -1 */
	} * at;
	size_t n, room;
};

struct gateway {
	char *name;
	struct thing thing; /* spans of name */
	const struct premises *premises;
	struct derivation *derivation;
	struct track track;
	when_t newest; /* of its frames; WHEN_NONE: none */
	when_t seen;   /* when it was last heard, not yet written */
	UT_hash_handle hh;
};

struct ingest {
	struct consumer *consumer;
	struct history *history;
	struct ingest_options options;
	struct reference *reference;
	struct composite_rules rules;
	struct place *places;
	struct gateway *gateways;
	struct batch batch;
};

struct ingest *
ingest_new(struct consumer *c, struct history *h, const struct ingest_options *options)
{
	struct ingest *in = xcalloc(1, sizeof(*in));

	in->consumer = c;
	in->history = h;
	in->options = *options;
	in->reference = reference_load(c->site);
	reference_composite_rules(in->reference, &in->rules);
	batch_init(&in->batch);
	return in;
}

static void
gateway_free(struct gateway *g)
{
	derive_free(g->derivation);
	free(g->track.at);
	free(g->name);
	free(g);
}

/* Writes down when gateways were last heard. */
static void
put_seen(struct ingest *in)
{
	struct gateway *g;

	for (g = in->gateways; g != NULL; g = g->hh.next) {
		if (g->seen == WHEN_NONE)
			continue;
		thing_seen(consumer_site(in->consumer), g->thing.name, g->seen);
		g->seen = WHEN_NONE;
	}
}

static void
forget_gateways(struct ingest *in)
{
	struct gateway *g, *next;

	HASH_ITER(hh, in->gateways, g, next)
	{
		HASH_DEL(in->gateways, g);
		gateway_free(g);
	}
}

static void
forget_places(struct ingest *in)
{
	struct place *p, *next;

	HASH_ITER(hh, in->places, p, next)
	{
		HASH_DEL(in->places, p);
		tariff_account_close(p->premises.account);
		free(p->key);
		free(p);
	}
}

void
ingest_free(struct ingest *in)
{
	if (in == NULL)
		return;
	forget_gateways(in);
	forget_places(in);
	composite_rules_free(&in->rules);
	reference_free(in->reference);
	batch_free(&in->batch);
	free(in);
}

/* Another program changed the registry: what was read of it is read again. */
static void
refresh(struct ingest *in)
{
	forget_gateways(in);
	forget_places(in);
	composite_rules_free(&in->rules);
	reference_free(in->reference);
	in->reference = reference_load(in->consumer->site);
	reference_composite_rules(in->reference, &in->rules);
}

void
ingest_commit(struct ingest *in)
{
	history_commit(in->history);
	put_seen(in);
	if (!db_in_transaction(in->consumer->site) && db_changed_elsewhere(in->consumer->site))
		refresh(in);
}

/* NULL: no such building. */
static const struct premises *
premises_of(struct ingest *in, const struct thing *t)
{
	struct buf text = BUF(TEXT_MAX);
	struct building b;
	struct place *p;

	HASH_FIND(hh, in->places, t->building_key.p, t->building_key.n, p);
	if (p != NULL)
		return &p->premises;
	if (!building_get(in->consumer->site, t->customer, t->building, &text, &b)) {
		buf_free(&text);
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->key = xstrndup(t->building_key.p, t->building_key.n);
	p->premises =
	    (struct premises){ .key = span_of(p->key), .zone = zone_find(b.timezone) };
	if (p->premises.zone == NULL)
		die(EX_CONFIG, "building %s: unknown time zone %.*s", p->key,
		    SPAN_ARG(b.timezone));
	p->premises.account = reference_account(in->reference, &b, p->premises.zone);
	HASH_ADD_KEYPTR(hh, in->places, p->key, strlen(p->key), p);
	buf_free(&text);
	return &p->premises;
}

static bool
register_thing(struct ingest *in, const struct thing *t)
{
	struct building b = { .customer = t->customer,
		.building = t->building,
		.latitude = NAN,
		.longitude = NAN,
		.contract_kw = NAN };
	struct buf text = BUF(TEXT_MAX);
	struct db *site;
	bool there;

	if (in->options.auto_zone == NULL)
		return false;
	site = consumer_site(in->consumer);
	there = building_get(site, t->customer, t->building, &text, &(struct building){ 0 });
	buf_free(&text);
	b.timezone = span_of(in->options.auto_zone);
	if (!there && !building_put(site, &b))
		return false;
	return thing_put(site, t, (struct span){ 0 }, clock_now());
}

/* NULL: the thing is not registered. */
static struct gateway *
gateway_of(struct ingest *in, const struct thing *t)
{
	struct gateway *g;

	HASH_FIND(hh, in->gateways, t->name.p, t->name.n, g);
	if (g != NULL)
		return g;
	if (!thing_is_known(in->consumer->site, t->name) && !register_thing(in, t))
		return NULL;
	g = xcalloc(1, sizeof(*g));
	g->name = xstrndup(t->name.p, t->name.n);
	must(thing_parse(span_of(g->name), &g->thing));
	g->premises = premises_of(in, &g->thing);
	must(g->premises != NULL); /* a thing's building is a foreign key */
	g->derivation = derive_load(in->consumer->site, &g->thing, g->premises, &in->rules);
	g->newest =
	    history_newest(in->history, g->premises->key, g->premises->zone, g->thing.name);
	g->seen = WHEN_NONE;
	HASH_ADD_KEYPTR(hh, in->gateways, g->name, strlen(g->name), g);
	return g;
}

/* Its points have changed: what is made of them is made anew. */
static void
points_changed(struct ingest *in, struct gateway *g)
{
	derive_free(g->derivation);
	g->derivation = derive_load(in->consumer->site, &g->thing, g->premises, &in->rules);
	g->track.n = 0;
}

/* The message's time; false: rejected. */
static bool
message_instant(struct ingest *in, struct record *r, const struct message *m,
    const struct gateway *g, when_t *ts)
{
	char text[WHEN_TEXT];
	when_t now = m->received != WHEN_NONE ? m->received : clock_now();

	if (!message_time(m, g->premises->zone, ts)) {
		record_reject(
		    r, "bad-time", "`time` is no time in %s", zone_name(g->premises->zone));
		return false;
	}
	if (*ts > now + in->options.future) {
		record_reject(r, "future", "%s lies ahead of when it was received",
		    when_format(text, g->premises->zone, *ts));
		return false;
	}
	return true;
}

static bool
check_items(struct record *r, const struct message *m)
{
	const char *why, *code;
	size_t n;

	code = message_check_items(m->body, "point", &n, &why);
	if (code != NULL)
		record_reject(r, code, "%s", why);
	return code == NULL;
}

/* Its id, checked; false: there is none that may be used. */
static bool
item_point(json_value item, struct span *id)
{
	return json_text(json_get(item, "point_id"), id) && point_id_is_valid(*id);
}

static void
ingest_init(
    struct ingest *in, struct record *r, const struct message *m, struct gateway *g, when_t ts)
{
	struct db *site;
	struct point p;
	json_value item;

	for (item = message_first_item(m->body, "point"); item.at != 0;
	     item = message_next_item(item, "point")) {
		if (item_point(item, &p.id))
			continue;
		record_reject(
		    r, "bad-point", "%.*s: no usable point_id", SPAN_ARG(json_name(item)));
		return;
	}
	site = consumer_site(in->consumer);
	for (item = message_first_item(m->body, "point"); item.at != 0;
	     item = message_next_item(item, "point")) {
		(void)item_point(item, &p.id);
		p.info = json_get(item, "point_info");
		p.location = json_get(item, "point_location");
		point_put(site, &g->thing, &p, ts);
	}
	points_changed(in, g);
}

static void
ingest_delete(
    struct ingest *in, struct record *r, const struct message *m, struct gateway *g, when_t ts)
{
	json_value item;
	struct span id;

	for (item = message_first_item(m->body, "point"); item.at != 0;
	     item = message_next_item(item, "point")) {
		if (item_point(item, &id)) {
			(void)point_delete(consumer_site(in->consumer), &g->thing, id, ts);
		} else if (!r->settled) {
			record_reject(r, "bad-point", "%.*s: no usable point_id",
			    SPAN_ARG(json_name(item)));
		}
	}
	points_changed(in, g);
}

/* The series of the next value in a log, mostly the one that stood there the last time. */
static struct tracked *
track_series(struct ingest *in, struct gateway *g, struct month *m, size_t at,
    struct span point_id, struct span attr)
{
	struct track *t = &g->track;
	bool fresh;

	if (at < t->n && span_eq(t->at[at].series->point_id, point_id) &&
	    span_eq(t->at[at].series->attr, attr))
		return &t->at[at];
	if (at >= t->room) {
		t->room = t->room > 0 ? t->room * 2 : 1024;
		t->at = xrealloc(t->at, t->room * sizeof(*t->at));
	}
	must(at <= t->n);
	if (at == t->n)
		t->n++;
	fresh = month_series(m, g->thing.name, point_id, attr, false) == NULL;
	t->at[at].series = month_series(m, g->thing.name, point_id, attr, true);
	t->at[at].input = span_is(attr, "M_Value") ? derive_input(g->derivation, point_id) : -1;
	if (fresh)
		point_found(consumer_site(in->consumer), &g->thing, point_id, clock_now());
	return &t->at[at];
}

/* One attribute's value into the batch; false: not a scalar. */
static bool
take_value(struct ingest *in, struct gateway *g, const struct tracked *t, json_value data)
{
	double d = NAN;
	bool b;

	switch (json_kind_of(data)) {
	case JSON_NUMBER:
		if (!json_number(data, &d))
			return false;
		if (t->input >= 0)
			derive_set(g->derivation, t->input, d);
		if (fabs(d) < 9007199254740992.0)
			batch_add(&in->batch, t->series, d);
		else
			batch_add_json(&in->batch, t->series, d, json_raw(data));
		return true;
	case JSON_BOOL:
		(void)json_bool(data, &b);
		if (t->input >= 0)
			derive_set(g->derivation, t->input, b ? 1 : 0);
		batch_add_json(&in->batch, t->series, b ? 1 : 0, json_raw(data));
		return true;
	case JSON_STRING:
		batch_add_json(&in->batch, t->series, NAN, json_raw(data));
		return true;
	case JSON_NULL:
		batch_add(&in->batch, t->series, NAN);
		return true;
	default:
		return false;
	}
}

/* One point of a log; false: something in it is not as it should be (the rest of it is taken).
 */
static bool
take_point(struct ingest *in, struct gateway *g, struct month *m, json_value item, size_t *at)
{
	json_value msg = json_get(item, "msg"), each;
	struct span id, attr;
	bool fine = true;

	if (!item_point(item, &id) || json_kind_of(msg) != JSON_ARRAY)
		return false;
	for (each = json_first(msg); each.at != 0; each = json_next(each)) {
		json_value data = json_get(each, "data");
		enum json_kind kind = json_kind_of(data);

		if (!json_text(json_get(each, "attr_name"), &attr) || attr.n == 0 ||
		    attr.n > POINT_ATTR_MAX || kind == JSON_NONE || kind == JSON_ARRAY ||
		    kind == JSON_OBJECT) {
			fine = false;
			continue;
		}
		fine = take_value(in, g, track_series(in, g, m, *at, id, attr), data) && fine;
		(*at)++;
	}
	return fine;
}

/* The period a log's first point gives, 15 minutes where it gives none that can be. */
static int64_t
log_period(json_value body)
{
	int64_t period;

	if (json_int(json_get(message_first_item(body, "point"), "period"), &period) &&
	    period >= 1 && period <= PERIOD_MAX)
		return period;
	return 15;
}

static void
ingest_log(
    struct ingest *in, struct record *r, const struct message *m, struct gateway *g, when_t ts)
{
	struct derive_at at = { .ts = ts, .period = log_period(m->body) };
	struct month *month =
	    history_month(in->history, g->premises->key, g->premises->zone, ts);
	struct frame frame = {
		.ts = ts, .thing = g->thing.name, .period = at.period, .received = m->received
	};
	json_value item;
	size_t n = 0;

	if (g->track.generation != month_generation(month)) {
		g->track.generation = month_generation(month);
		g->track.n = 0;
	}
	(void)json_text(json_get(m->body, "time"), &frame.stamp);
	at.again = month_has_frame(month, g->thing.name, ts);
	at.newest = g->newest == WHEN_NONE || ts > g->newest ? ts : g->newest;
	batch_clear(&in->batch);
	derive_begin(g->derivation);
	for (item = message_first_item(m->body, "point"); item.at != 0;
	     item = message_next_item(item, "point"))
		if (!take_point(in, g, month, item, &n) && !r->settled)
			record_reject(r, "bad-point",
			    "%.*s: no usable point_id, attribute or value",
			    SPAN_ARG(json_name(item)));
	derive_frame(g->derivation, in->history, &at, &in->batch);
	month = history_month(in->history, g->premises->key, g->premises->zone, ts);
	month_put_frame(month, g->premises->zone, &frame);
	batch_write(&in->batch, month, ts);
	if (ts < at.newest)
		derive_next(g->derivation, in->history, &at, &in->batch);
	g->newest = at.newest;
}

static void
ingest_timestamp_last(struct ingest *in, const struct gateway *g, when_t ts, struct buf *down)
{
	struct gaps gaps = { .zone = g->premises->zone,
		.building_key = g->premises->key,
		.thing = g->thing.name,
		.from = ts - in->options.gap_window,
		.to = ts };

	gaps_request(in->history, &gaps, down);
}

static bool
is_ours(const struct message *m)
{
	return m->kind == MESSAGE_INIT || m->kind == MESSAGE_DELETE ||
	       m->kind == MESSAGE_PERIODIC_LOG || m->kind == MESSAGE_TIMESTAMP_LAST;
}

void
ingest_message(struct ingest *in, struct record *r, const struct message *m, struct buf *down)
{
	struct gateway *g;
	when_t ts;

	if (!is_ours(m)) {
		record_reject(
		    r, "wrong-kind", "%s is not for the store", message_kind_name(m->kind));
		return;
	}
	g = gateway_of(in, &m->thing);
	if (g == NULL) {
		record_reject(
		    r, "unknown-thing", "%.*s is not registered", SPAN_ARG(m->thing.name));
		return;
	}
	if (!message_instant(in, r, m, g, &ts))
		return;
	if (m->kind != MESSAGE_TIMESTAMP_LAST && !check_items(r, m))
		return;
	g->seen = m->received != WHEN_NONE ? m->received : ts;
	switch (m->kind) {
	case MESSAGE_INIT:
		ingest_init(in, r, m, g, ts);
		break;
	case MESSAGE_DELETE:
		ingest_delete(in, r, m, g, ts);
		break;
	case MESSAGE_PERIODIC_LOG:
		ingest_log(in, r, m, g, ts);
		break;
	default:
		ingest_timestamp_last(in, g, ts, down);
	}
}
