#include "db/ingest.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "db/claim.h"
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
#define PERIOD 15 /* minutes, where a point does not tell its own */
#define PERIOD_MAX 1440

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
		uint64_t point; /* a digest of its id: the registry has that one */
		struct series *series;
		int input; /* of the derivation, or -1 */
	} * at;
	size_t n, known, room; /* of the first n the series is that of the month; of the first
				  known, any month's: the point alone counts */
};

struct gateway {
	char *name;
	struct thing thing; /* spans of name */
	const struct premises *premises;
	struct derivation *derivation;
	struct track track;
	when_t newest;   /* of its frames; WHEN_NONE: none */
	when_t previous; /* the frame before in this run; WHEN_NONE: none */
	when_t seen;     /* when it was last heard, not yet written */
	uint64_t turn;   /* the transaction in which it was claimed */
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
	uint64_t turn;   /* the number of the transaction */
	uint64_t looked; /* in which what other programs changed was looked at */
};

struct ingest *
ingest_new(struct consumer *c, struct history *h, const struct ingest_options *options)
{
	struct ingest *in = xcalloc(1, sizeof(*in));

	in->consumer = c;
	in->history = h;
	in->options = *options;
	in->turn = 1;
	(void)db_changed_elsewhere(c->site); /* from here on */
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
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash is done with it */
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
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash is done with it */
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
	in->turn++;
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
	g->turn = in->turn;
	g->name = xstrndup(t->name.p, t->name.n);
	must(thing_parse(span_of(g->name), &g->thing));
	g->premises = premises_of(in, &g->thing);
	must(g->premises != NULL); /* a thing's building is a foreign key */
	g->derivation = derive_load(in->consumer->site, &g->thing, g->premises, &in->rules);
	g->newest =
	    history_newest(in->history, g->premises->key, g->premises->zone, g->thing.name);
	g->previous = g->seen = WHEN_NONE;
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

/* Minutes from a point's report to its next. */
static int64_t
period_of(json_value v)
{
	int64_t period;

	return json_int(v, &period) && period >= 1 && period <= PERIOD_MAX ? period : PERIOD;
}

static bool
is_taken(struct ingest *in, const struct gateway *g, when_t ts)
{
	struct month *m =
	    history_month_there(in->history, g->premises->key, g->premises->zone, ts);

	return m != NULL && month_has_frame(m, g->thing.name, ts);
}

/* A stamp that the building's clocks showed twice. */
static when_t
which_instant(struct ingest *in, const struct message *m, const struct gateway *g, when_t first,
    when_t later)
{
	struct message_repeat repeat = { .first = first,
		.later = later,
		.received = m->received,
		.expected = g->previous != WHEN_NONE ? g->previous : g->newest,
		.first_taken = is_taken(in, g, first),
		.later_taken = is_taken(in, g, later) };

	if (m->kind == MESSAGE_PERIODIC_LOG && repeat.expected != WHEN_NONE)
		repeat.expected +=
		    period_of(json_get(message_first_item(m->body, "point"), "period")) * 60;
	return message_which(&repeat);
}

/* The message's time; false: rejected. */
static bool
message_instant(struct ingest *in, struct record *r, const struct message *m,
    const struct gateway *g, when_t *ts)
{
	char text[WHEN_TEXT];
	when_t now = m->received != WHEN_NONE ? m->received : clock_now(), later;

	if (!message_times(m, g->premises->zone, ts, &later)) {
		record_reject(
		    r, "bad-time", "`time` is no time in %s", zone_name(g->premises->zone));
		return false;
	}
	if (later != *ts)
		*ts = which_instant(in, m, g, *ts, later);
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

/* Have all points of an init or a delete an id? */
static bool
check_points(struct record *r, const struct message *m)
{
	json_value item;
	struct span id;

	for (item = message_first_item(m->body, "point"); item.at != 0;
	     item = message_next_item(item, "point")) {
		if (item_point(item, &id))
			continue;
		record_reject(
		    r, "bad-point", "%.*s: no usable point_id", SPAN_ARG(json_name(item)));
		return false;
	}
	return true;
}

static void
ingest_init(struct ingest *in, const struct message *m, struct gateway *g, when_t ts)
{
	struct db *site = consumer_site(in->consumer);
	struct point p;
	json_value item;

	for (item = message_first_item(m->body, "point"); item.at != 0;
	     item = message_next_item(item, "point")) {
		(void)item_point(item, &p.id);
		p.info = json_get(item, "point_info");
		p.location = json_get(item, "point_location");
		point_put(site, &g->thing, &p, ts);
	}
	composites_tidy(site, &g->thing);
	points_changed(in, g);
}

static void
ingest_delete(struct ingest *in, const struct message *m, struct gateway *g, when_t ts)
{
	struct db *site = consumer_site(in->consumer);
	json_value item;
	struct span id;

	for (item = message_first_item(m->body, "point"); item.at != 0;
	     item = message_next_item(item, "point")) {
		(void)item_point(item, &id);
		(void)point_delete(site, &g->thing, id, ts);
	}
	composites_tidy(site, &g->thing);
	points_changed(in, g);
}

/* A log on its way into a month file. */
struct log {
	struct ingest *in;
	struct gateway *g;
	struct month *month;
	when_t ts;
	size_t n;       /* values taken */
	int64_t period; /* the shortest of its points' */
	bool found;     /* there was a point that had not been announced */
	struct point_set
	    *known; /* of a gateway's first log; NULL: each is asked for by itself */
};

/* What a point of a log says of itself. */
struct logged {
	struct span id;
	int64_t period;
};

/* The series of the next value in a log, looked for because another one stood there the last
 * time, or the same in another month: `known` is the digest of its point then, or 0. */
static struct tracked
find_series(struct log *log, struct span point_id, struct span attr, uint64_t known)
{
	const struct thing *t = &log->g->thing;
	struct tracked found = { .point = span_hash(SPAN_HASH, point_id), .input = -1 };

	found.series = month_series(log->month, t->name, point_id, attr, true);
	if (span_is(attr, "M_Value"))
		found.input = derive_input(log->g->derivation, point_id);
	if (found.point != known && !point_set_has(log->known, point_id) &&
	    point_found(consumer_site(log->in->consumer), t, point_id, log->ts))
		log->found = true;
	return found;
}

/* NULL: its point's id is none that may be used. */
static const struct tracked *
track_series(struct log *log, const struct logged *p, struct span attr)
{
	struct track *t = &log->g->track;
	struct tracked *to;

	must(log->n <= t->n);
	if (log->n == t->room) {
		t->room = t->room > 0 ? t->room * 2 : 1024;
		t->at = xrealloc(t->at, t->room * sizeof(*t->at));
	}
	to = &t->at[log->n];
	if (log->n == t->n || !span_eq(to->series->point_id, p->id) ||
	    !span_eq(to->series->attr, attr)) {
		if (!point_id_is_valid(p->id))
			return NULL;
		*to = find_series(log, p->id, attr, log->n < t->known ? to->point : 0);
	}
	if (log->n++ == t->n)
		t->n++;
	if (t->known < t->n)
		t->known = t->n;
	if (to->series->period != p->period)
		month_set_period(log->month, to->series, p->period);
	if (p->period < log->period)
		log->period = p->period;
	return to;
}

/* A value as the history keeps it. */
struct value {
	double number;    /* NAN: none */
	struct span json; /* p NULL: the number says it all */
};

/* False: not a scalar, or no finite number. */
static bool
read_value(json_value data, struct value *v)
{
	bool b;

	*v = (struct value){ .number = NAN };
	switch (json_kind_of(data)) {
	case JSON_NUMBER:
		if (!json_number(data, &v->number))
			return false;
		if (fabs(v->number) >= 9007199254740992.0)
			v->json = json_raw(data);
		return true;
	case JSON_BOOL:
		(void)json_bool(data, &b);
		v->number = b ? 1 : 0;
		v->json = json_raw(data);
		return true;
	case JSON_STRING:
		v->json = json_raw(data);
		return true;
	default:
		return json_kind_of(data) == JSON_NULL;
	}
}

/* {"attr_name":A,"data":D} into the batch; false: it is not that. */
static bool
take_attribute(struct log *log, const struct logged *p, json_value each)
{
	struct batch *batch = &log->in->batch;
	json_value data = { NULL, 0 };
	struct span attr = { NULL, 0 };
	const struct tracked *t;
	struct json_member m;
	struct value v;
	bool more;

	for (more = json_first_member(each, &m); more; more = json_next_member(&m)) {
		if (span_is(m.name, "data"))
			data = m.value;
		else if (span_is(m.name, "attr_name"))
			(void)json_text(m.value, &attr);
	}
	if (attr.n == 0 || attr.n > POINT_ATTR_MAX || !read_value(data, &v) ||
	    (t = track_series(log, p, attr)) == NULL)
		return false;
	if (t->input >= 0)
		derive_set(log->g->derivation, t->input, v.number, p->period);
	if (v.json.p == NULL)
		batch_add(batch, t->series, v.number);
	else
		batch_add_json(batch, t->series, v.number, v.json);
	return true;
}

/* One point of a log; false: something in it is not as it should be (the rest of it is taken).
 */
static bool
take_point(struct log *log, json_value item)
{
	struct logged p = { .id = { NULL, 0 }, .period = PERIOD };
	json_value msg = { NULL, 0 }, each;
	struct json_member m;
	bool fine = true, more;

	for (more = json_first_member(item, &m); more; more = json_next_member(&m)) {
		if (span_is(m.name, "msg"))
			msg = m.value;
		else if (span_is(m.name, "period"))
			p.period = period_of(m.value);
		else if (span_is(m.name, "point_id"))
			(void)json_text(m.value, &p.id);
	}
	if (p.id.n == 0 || json_kind_of(msg) != JSON_ARRAY)
		return false;
	for (each = json_first(msg); each.at != 0; each = json_next(each))
		fine = take_attribute(log, &p, each) && fine;
	return fine;
}

/* All of its points into the batch. Those that nobody announced are in the registry then, and
 * may have a part in what is derived: the log is taken again with them. */
static void
take_points(struct log *log, struct record *r, json_value body)
{
	json_value item;

	do {
		log->n = 0;
		log->period = PERIOD_MAX;
		log->found = false;
		batch_clear(&log->in->batch);
		derive_begin(log->g->derivation);
		for (item = message_first_item(body, "point"); item.at != 0;
		     item = message_next_item(item, "point"))
			if (!take_point(log, item) && !r->settled)
				record_reject(r, "bad-point",
				    "%.*s: no usable point_id, attribute or value",
				    SPAN_ARG(json_name(item)));
		if (log->found)
			points_changed(log->in, log->g);
	} while (log->found);
}

static void
ingest_log(
    struct ingest *in, struct record *r, const struct message *m, struct gateway *g, when_t ts)
{
	const struct premises *where = g->premises;
	struct log log = { .in = in,
		.g = g,
		.month = history_month(in->history, where->key, where->zone, ts),
		.ts = ts };
	struct derive_at at = { .ts = ts,
		.again = month_has_frame(log.month, g->thing.name, ts),
		.newest = g->newest == WHEN_NONE || ts > g->newest ? ts : g->newest };
	struct frame frame = { .ts = ts, .thing = g->thing.name, .received = m->received };

	if (g->track.generation != month_generation(log.month)) {
		g->track.generation = month_generation(log.month);
		g->track.n = 0;
	}
	if (g->track.known == 0)
		log.known = point_set_load(in->consumer->site, &g->thing);
	take_points(&log, r, m->body);
	point_set_free(log.known);
	if (log.n == 0 && r->settled) /* nothing in it was a report */
		return;
	derive_frame(g->derivation, in->history, &at, &in->batch);
	must(history_month(in->history, where->key, where->zone, ts) == log.month);
	frame.period = log.n > 0 ? log.period : PERIOD;
	(void)json_text(json_get(m->body, "time"), &frame.stamp);
	month_put_frame(log.month, where->zone, &frame);
	batch_write(&in->batch, log.month, ts);
	if (ts < at.newest)
		derive_next(g->derivation, in->history, &at, &in->batch);
	g->newest = at.newest;
	g->previous = ts;
}

static void
ingest_timestamp_last(struct ingest *in, const struct message *m, const struct gateway *g,
    when_t ts, struct buf *down)
{
	struct gaps gaps = { .zone = g->premises->zone,
		.building_key = g->premises->key,
		.thing = g->thing.name,
		.from = ts - in->options.gap_window,
		.to = ts };

	gaps_request(in->history, consumer_site(in->consumer), &gaps,
	    m->received != WHEN_NONE ? m->received : ts, down);
}

static bool
is_ours(const struct message *m)
{
	return m->kind == MESSAGE_INIT || m->kind == MESSAGE_DELETE ||
	       m->kind == MESSAGE_PERIODIC_LOG || m->kind == MESSAGE_TIMESTAMP_LAST;
}

static void
heard(struct gateway *g, when_t at)
{
	if (g->seen == WHEN_NONE || at > g->seen)
		g->seen = at;
}

/* Once a transaction and gateway; what changes a building's points claims that, too. */
static void
claim(struct ingest *in, const struct message *m)
{
	bool known;
	struct gateway *g;

	HASH_FIND(hh, in->gateways, m->thing.name.p, m->thing.name.n, g);
	if (g != NULL && g->turn == in->turn && !claim_is_wider(m))
		return;
	known = g != NULL || thing_is_known(in->consumer->site, m->thing.name);
	if (known || in->options.auto_zone != NULL)
		claim_message(in->consumer, m, known);
}

/* Claimed in this transaction: what others wrote before is there now. */
static void
see_others(struct ingest *in, struct gateway *g)
{
	if (g->turn != in->turn)
		g->newest = history_newest(
		    in->history, g->premises->key, g->premises->zone, g->thing.name);
	g->turn = in->turn;
}

/* Once a transaction, before its first message: what another program changed in the registry is
 * read again. */
static void
look_around(struct ingest *in)
{
	if (in->looked != in->turn && db_changed_elsewhere(in->consumer->site))
		refresh(in);
	in->looked = in->turn;
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
	claim(in, m);
	look_around(in);
	g = gateway_of(in, &m->thing);
	if (g == NULL) {
		record_reject(
		    r, "unknown-thing", "%.*s is not registered", SPAN_ARG(m->thing.name));
		return;
	}
	see_others(in, g);
	if (!message_instant(in, r, m, g, &ts))
		return;
	if (m->kind != MESSAGE_TIMESTAMP_LAST && !check_items(r, m))
		return;
	if ((m->kind == MESSAGE_INIT || m->kind == MESSAGE_DELETE) && !check_points(r, m))
		return;
	heard(g, m->received != WHEN_NONE ? m->received : ts);
	switch (m->kind) {
	case MESSAGE_INIT:
		ingest_init(in, m, g, ts);
		break;
	case MESSAGE_DELETE:
		ingest_delete(in, m, g, ts);
		break;
	case MESSAGE_PERIODIC_LOG:
		ingest_log(in, r, m, g, ts);
		break;
	default:
		ingest_timestamp_last(in, m, g, ts, down);
	}
}
