#include "db/watch.h"
#include "bms/alarm_item.h"
#include "bms/alarm_rule.h"

#include <math.h>
#include <stdlib.h>

#define SILENCE_LEVEL 2
#define LOOK_FOR_NEW 60 /* seconds between looks for gateways registered since */

struct gateway {
	char *name;
	struct thing thing; /* inside name */
	struct presence_of is;
	bool silent, hushed, dirty;
};

/* One rule on one point. */
struct watched {
	const struct alarm_rule *rule;
	char *thing_name, *point_id, *attr;
	struct thing thing; /* inside thing_name */
	struct alarm_watch is;
	char *value;   /* JSON text of the newest */
	uint32_t next; /* of the same point, 0: none */
	bool dirty;
};

/* A point's place: which rules watch it. Points are told apart by a 64-bit hash. */
struct place {
	uint64_t hash;
	uint32_t first; /* 1 and up: the first of `watched`; 0: no rule does */
};

struct watch {
	struct db *site;
	struct alarm_book *book;
	struct watch_options options;
	struct rule_set *rules;
	struct gateway *gateways;
	size_t gateways_n;
	struct watched *watched; /* from 1 */
	uint32_t watched_n;
	struct place *places; /* open addressing */
	size_t places_n, places_room;
	when_t due; /* nothing is before it */
	when_t looked;
	uint32_t *dues; /* scratch of watch_advance */
	struct buf id, text;
};

bool
watch_has_rules(const struct watch *w)
{
	return rule_set_count(w->rules) > 0;
}

static void
due_at(struct watch *w, when_t t)
{
	if (t != WHEN_NONE && t < w->due)
		w->due = t;
}

/* The end of all that is decided by time: events into the book. */

static struct alarm_key
key_of(struct watch *w, const struct thing *thing)
{
	return (struct alarm_key){ thing->customer, thing->building, buf_span(&w->id) };
}

static void
silence_event(struct watch *w, struct gateway *g, enum alarm_event event, when_t at)
{
	bool never = g->is.last == WHEN_NONE;
	struct alarm_happening h = { .in = { .at = at,
					 .event = event,
					 .level = event == ALARM_RAISE ? SILENCE_LEVEL : 0,
					 .priority = -1,
					 .until = WHEN_NONE },
		.thing = g->thing.name,
		.source = SPAN("silence"),
		.detail = { .point_id = g->thing.name } };
	struct alarm_key key;

	buf_clear(&w->id);
	buf_printf(&w->id, ALARM_OF_SILENCE "%s", g->name);
	if (event == ALARM_RAISE) {
		h.detail.name = never ? SPAN("gateway never seen") : SPAN("gateway silent");
		buf_clear(&w->text);
		buf_printf(&w->text, "nothing heard for %lld s",
		    (long long)(at - (never ? g->is.known : g->is.last)));
		h.detail.text = buf_span(&w->text);
	}
	key = key_of(w, &g->thing);
	(void)alarm_book_put(w->book, &key, &h);
}

/* Suppresses, or not any more, the alarms that follow from a gateway's silence. */
static void
hush(struct watch *w, struct gateway *g, bool quiet, when_t at)
{
	enum sql_name which = quiet ? SQL_ALARM_TO_HUSH : SQL_ALARM_HUSHED;
	struct alarm_key key;
	int64_t id = 0;

	alarm_book_flush(w->book);
	while (db_one(w->site, which, "ti", "ittt", g->thing.name, id, &id, &key.customer,
	    &key.building, &key.alarm_point_id)) {
		struct alarm_happening h = { .in = { .at = at,
						 .event =
						     quiet ? ALARM_SUPPRESS : ALARM_UNSUPPRESS,
						 .priority = -1,
						 .until = WHEN_NONE },
			.reason = quiet ? SPAN("gateway silent") : SPAN("gateway back") };

		(void)alarm_book_put(w->book, &key, &h);
	}
	if (g->hushed != quiet)
		g->dirty = true;
	g->hushed = quiet;
}

static struct gateway *
gateway_of(struct watch *w, struct span name)
{
	size_t low = 0, high = w->gateways_n, middle;
	struct gateway *g;
	int by;

	while (low < high) {
		middle = (low + high) / 2;
		g = &w->gateways[middle];
		by = memcmp(
		    g->name, name.p, g->thing.name.n < name.n ? g->thing.name.n : name.n);
		if (by == 0)
			by = (g->thing.name.n > name.n) - (g->thing.name.n < name.n);
		if (by == 0)
			return g;
		if (by < 0)
			low = middle + 1;
		else
			high = middle;
	}
	w->gateways = xrealloc(w->gateways, (w->gateways_n + 1) * sizeof(*w->gateways));
	g = &w->gateways[low];
	memmove(g + 1, g, (w->gateways_n - low) * sizeof(*g));
	w->gateways_n++;
	*g = (struct gateway){ .name = xstrndup(name.p, name.n),
		.is = { .last = WHEN_NONE, .period = PRESENCE_PERIOD } };
	must(thing_parse(span_of(g->name), &g->thing));
	return g;
}

void
watch_seen(struct watch *w, const struct thing *thing, when_t t, int64_t period)
{
	struct gateway *g = gateway_of(w, thing->name);

	if (g->is.last == WHEN_NONE && !g->silent)
		g->is.known = t;
	if (period > 0 && period != g->is.period) {
		g->is.period = period;
		g->dirty = true;
	}
	if (g->is.last != WHEN_NONE && t <= g->is.last)
		return;
	if (g->silent) {
		when_t down = presence_down_at(&g->is, &w->options.presence);

		/* a record that was long under way: it is back when it is heard, not before */
		silence_event(w, g, ALARM_CLEAR, t > down ? t : down + 1);
		g->silent = false;
	}
	if (g->hushed)
		hush(w, g, false, t);
	g->is.last = t;
	g->dirty = true;
	due_at(w, presence_down_at(&g->is, &w->options.presence));
}

static void
fall_silent(struct watch *w, struct gateway *g, when_t at)
{
	silence_event(w, g, ALARM_RAISE, at);
	g->silent = g->dirty = true;
	hush(w, g, true, at);
}

static void
verdict_event(struct watch *w, struct watched *x, struct alarm_verdict v)
{
	const struct alarm_rule *rule = x->rule;
	bool stale = rule->kind == RULE_STALE;
	struct alarm_happening h = {
		.in = { .at = v.at, .event = v.event, .priority = -1, .until = WHEN_NONE },
		.thing = x->thing.name,
		.source = stale ? SPAN("stale") : SPAN("rule")
	};
	struct gateway *g;
	struct alarm_key key;

	buf_clear(&w->id);
	buf_printf(&w->id, ALARM_OF_RULE "%s:%s", rule->name, x->point_id);
	key = key_of(w, &x->thing);
	g = stale && w->options.silence ? gateway_of(w, x->thing.name) : NULL;
	if (g != NULL && v.event == ALARM_RAISE && g->is.last <= x->is.last) {
		/* nothing else came from there either: it follows from the gateway's silence */
		struct alarm_happening quiet = h;

		quiet.in.event = ALARM_SUPPRESS;
		quiet.reason = SPAN("gateway silent");
		(void)alarm_book_put(w->book, &key, &quiet);
		g->hushed = g->dirty = true;
	}
	if (v.event == ALARM_RAISE) {
		h.in.level = rule->level;
		h.in.priority = rule->priority;
		buf_clear(&w->text);
		if (rule->text != NULL)
			buf_puts(&w->text, rule->text);
		else
			alarm_rule_describe(rule, &w->text);
		h.detail = (struct alarm_detail){ span_of(rule->title), span_of(x->point_id),
			span_of(x->value), buf_span(&w->text) };
		if (h.detail.name.p == NULL)
			h.detail.name = span_of(rule->name);
	} else {
		h.detail.value = span_of(x->value);
	}
	(void)alarm_book_put(w->book, &key, &h);
}

/* Points and their rules. */

static uint64_t
hash_of(struct span thing, struct span point_id, struct span attr)
{
	return alarm_hash(alarm_hash(alarm_hash(ALARM_HASH, thing), point_id), attr);
}

static void
places_grow(struct watch *w)
{
	size_t room = w->places_room > 0 ? w->places_room * 2 : 1024, i, k;
	struct place *to;

	if (w->places_n * 4 < w->places_room * 3)
		return;
	to = xcalloc(room, sizeof(*to));
	for (i = 0; i < w->places_room; i++) {
		if (w->places[i].hash == 0)
			continue;
		for (k = w->places[i].hash % room; to[k].hash != 0; k = (k + 1) % room)
			;
		to[k] = w->places[i];
	}
	free(w->places);
	w->places = to;
	w->places_room = room;
}

/* *known: it has been looked for before. */
static struct place *
place_of(struct watch *w, uint64_t hash, bool *known)
{
	size_t k;

	places_grow(w);
	hash |= hash == 0; /* 0 marks what is free */
	for (k = hash % w->places_room; w->places[k].hash != 0; k = (k + 1) % w->places_room)
		if (w->places[k].hash == hash)
			break;
	*known = w->places[k].hash != 0;
	if (!*known) {
		w->places[k].hash = hash;
		w->places_n++;
	}
	return &w->places[k];
}

static struct watched *
watched_add(struct watch *w, const struct alarm_rule *rule, struct span thing,
    struct span point_id, struct span attr)
{
	struct watched *x;

	/* room grows in powers of two: no count of it need be kept */
	if ((w->watched_n & (w->watched_n + 1)) == 0)
		w->watched =
		    xrealloc(w->watched, ((size_t)w->watched_n * 2 + 2) * sizeof(*w->watched));
	x = &w->watched[++w->watched_n];
	*x = (struct watched){ .rule = rule,
		.thing_name = xstrndup(thing.p, thing.n),
		.point_id = xstrndup(point_id.p, point_id.n),
		.attr = xstrndup(attr.p, attr.n),
		.is = alarm_watch_fresh() };
	must(thing_parse(span_of(x->thing_name), &x->thing));
	return x;
}

/* Puts a watch into its point's chain. */
static void
chain(struct watch *w, struct place *p, uint32_t number)
{
	w->watched[number].next = p->first;
	p->first = number;
}

static void
find_rules(struct watch *w, struct place *p, const struct thing *thing, struct span point_id,
    struct span attr)
{
	size_t i;

	for (i = 0; i < rule_set_count(w->rules); i++) {
		const struct alarm_rule *rule = rule_set_get(w->rules, i);

		if (!alarm_rule_selects(rule, thing->building_key, thing->name, point_id, attr))
			continue;
		(void)watched_add(w, rule, thing->name, point_id, attr);
		chain(w, p, w->watched_n);
	}
}

static void
keep_value(struct watched *x, struct span raw)
{
	if (x->value != NULL && span_is(raw, x->value))
		return;
	free(x->value);
	/* no text of that size belongs into an alarm */
	x->value = raw.p == NULL            ? NULL
		   : raw.n < ALARM_TEXT_MAX ? xstrndup(raw.p, raw.n)
					    : xstrdup("null");
}

void
watch_value(struct watch *w, const struct thing *thing, struct span point_id, struct span attr,
    when_t t, json_value data)
{
	struct alarm_verdict verdicts[3];
	struct place *p;
	uint32_t number;
	size_t n, i;
	bool known, holds;

	if (!watch_has_rules(w))
		return;
	p = place_of(w, hash_of(thing->name, point_id, attr), &known);
	if (!known)
		find_rules(w, p, thing, point_id, attr);
	for (number = p->first; number != 0; number = w->watched[number].next) {
		struct watched *x = &w->watched[number];

		if (x->is.last != WHEN_NONE && t <= x->is.last)
			continue; /* late: the newest is what counts */
		holds = x->rule->kind == RULE_JQ &&
			rule_set_holds(w->rules, x->rule, thing, point_id, attr, t, data);
		n = alarm_watch_value(&x->is, x->rule, t, data, holds, verdicts);
		for (i = 0; i < n; i++) {
			if (verdicts[i].at == t)
				keep_value(x, json_raw(data));
			verdict_event(w, x, verdicts[i]);
		}
		keep_value(x, json_raw(data));
		x->dirty = true;
		due_at(w, alarm_watch_due(&x->is, x->rule));
	}
}

/* Time. */

/* What an earlier run left, for rules that are still there. */
static void
restore_watched(struct watch *w)
{
	struct rows *r = db_rows(w->site, SQL_RULE_WATCH_ALL, "");
	struct span rule, thing, point_id, attr, data;
	int64_t version, active, pending;
	struct alarm_watch is;
	struct thing of;
	uint32_t i;
	bool known;

	while (rows_next(r, "ttttiwdtiiw", &rule, &thing, &point_id, &attr, &version, &is.last,
	    &is.value, &data, &active, &pending, &is.since)) {
		const struct alarm_rule *found = rule_set_find(w->rules, rule);
		struct place *p;

		if (found == NULL || !thing_parse(thing, &of))
			continue;
		p = place_of(w, hash_of(thing, point_id, attr), &known);
		if (!known)
			find_rules(w, p, &of, point_id, attr);
		for (i = p->first; i != 0; i = w->watched[i].next) {
			struct watched *x = &w->watched[i];

			if (x->rule != found)
				continue;
			is.active = active != 0;
			/* a changed rule begins to wait anew */
			is.pending = pending != 0 && (uint64_t)version == found->version;
			x->is = is;
			keep_value(x, data);
			due_at(w, alarm_watch_due(&x->is, found));
		}
	}
	rows_end(r);
}

/* Does a rule of this run watch it? */
static bool
is_watched(struct watch *w, struct span rule, const struct thing *thing, struct span point_id,
    struct span attr)
{
	const struct alarm_rule *found = rule_set_find(w->rules, rule);

	return found != NULL &&
	       alarm_rule_selects(found, thing->building_key, thing->name, point_id, attr);
}

/* Rules that were taken away, or select other points now, leave no alarm standing. */
static void
drop_removed(struct watch *w, when_t now)
{
	struct alarm_happening h = {
		.in = { .at = now, .event = ALARM_CLEAR, .priority = -1, .until = WHEN_NONE },
		.reason = SPAN("rule removed")
	};
	struct span rule, thing, point_id, attr;
	int64_t place = 0, active;
	struct alarm_key key;
	struct thing of;

	while (db_one(w->site, SQL_RULE_WATCH_AFTER, "i", "itttti", place, &place, &rule,
	    &thing, &point_id, &attr, &active)) {
		if (!thing_parse(thing, &of) || is_watched(w, rule, &of, point_id, attr))
			continue;
		buf_clear(&w->id);
		buf_printf(
		    &w->id, ALARM_OF_RULE "%.*s:%.*s", SPAN_ARG(rule), SPAN_ARG(point_id));
		key = key_of(w, &of);
		if (active != 0)
			(void)alarm_book_put(w->book, &key, &h);
		db_do(w->site, SQL_RULE_WATCH_DROP, "tttt", rule, thing, point_id, attr);
	}
}

static void
restore_gateways(struct watch *w)
{
	struct rows *r = db_rows(w->site, SQL_PRESENCE_ALL, "");
	struct presence_of is;
	int64_t silent, hushed;
	struct span name;
	struct thing of;

	while (
	    rows_next(r, "twiiii", &name, &is.last, &is.known, &is.period, &silent, &hushed)) {
		struct gateway *g;

		if (!thing_parse(name, &of))
			continue;
		g = gateway_of(w, name);
		g->is = is;
		g->silent = silent != 0;
		g->hushed = hushed != 0;
		if (!g->silent)
			due_at(w, presence_down_at(&g->is, &w->options.presence));
	}
	rows_end(r);
}

/* Gateways that are registered and have not been heard of yet. */
static void
look_for_new(struct watch *w, when_t now)
{
	struct rows *r;
	struct span name;
	struct thing of;
	when_t created;

	if (w->looked != WHEN_NONE && now < w->looked + LOOK_FOR_NEW)
		return;
	w->looked = now;
	r = db_rows(w->site, SQL_PRESENCE_EXPECTED, "");
	while (rows_next(r, "tw", &name, &created)) {
		struct gateway *g;

		if (!thing_parse(name, &of))
			continue;
		g = gateway_of(w, name);
		if (g->is.last != WHEN_NONE || g->dirty)
			continue;
		g->is.known = created;
		g->dirty = true;
		due_at(w, presence_down_at(&g->is, &w->options.presence));
	}
	rows_end(r);
}

/* In the order of time, then of rule, thing and point: the same whatever the order they were
 * met in. */
static int
by_due(const void *left, const void *right, void *ctx)
{
	const struct watch *w = ctx;
	const struct watched *a = &w->watched[*(const uint32_t *)left];
	const struct watched *b = &w->watched[*(const uint32_t *)right];
	when_t x = alarm_watch_due(&a->is, a->rule), y = alarm_watch_due(&b->is, b->rule);
	int by = (x > y) - (x < y);

	if (by == 0)
		by = strcmp(a->rule->name, b->rule->name);
	if (by == 0)
		by = strcmp(a->thing_name, b->thing_name);
	return by != 0 ? by : strcmp(a->point_id, b->point_id);
}

static void
judge_watched(struct watch *w, when_t ripe)
{
	size_t n = 0, i;
	uint32_t number;

	w->dues = xrealloc(w->dues, (w->watched_n + 1) * sizeof(*w->dues));
	for (number = 1; number <= w->watched_n; number++) {
		struct watched *x = &w->watched[number];
		when_t due = alarm_watch_due(&x->is, x->rule);

		if (due != WHEN_NONE && due <= ripe)
			w->dues[n++] = number;
		else
			due_at(w, due);
	}
	qsort_r(w->dues, n, sizeof(*w->dues), by_due, w);
	for (i = 0; i < n; i++) {
		struct watched *x = &w->watched[w->dues[i]];

		verdict_event(w, x, alarm_watch_time(&x->is, x->rule));
		x->dirty = true;
	}
}

static void
judge_gateways(struct watch *w, when_t ripe)
{
	size_t i;

	for (i = 0; i < w->gateways_n; i++) {
		struct gateway *g = &w->gateways[i];
		when_t down = presence_down_at(&g->is, &w->options.presence);

		if (g->silent)
			continue;
		if (down <= ripe)
			fall_silent(w, g, down);
		else
			due_at(w, down);
	}
}

void
watch_advance(struct watch *w, when_t now)
{
	if (w->looked == WHEN_NONE && watch_has_rules(w))
		drop_removed(w, now);
	if (w->options.silence)
		look_for_new(w, now);
	w->looked = w->looked == WHEN_NONE ? now : w->looked;
	if (now - w->options.lateness < w->due)
		return;
	w->due = INT64_MAX;
	judge_watched(w, now - w->options.lateness);
	if (w->options.silence)
		judge_gateways(w, now - w->options.lateness);
}

void
watch_save(struct watch *w)
{
	uint32_t number;
	size_t i;

	for (i = 0; i < w->gateways_n; i++) {
		struct gateway *g = &w->gateways[i];

		if (!g->dirty)
			continue;
		db_do(w->site, SQL_PRESENCE_PUT, "twiiii", g->thing.name, g->is.last,
		    g->is.known, g->is.period, (int64_t)g->silent, (int64_t)g->hushed);
		g->dirty = false;
	}
	for (number = 1; number <= w->watched_n; number++) {
		struct watched *x = &w->watched[number];

		if (!x->dirty)
			continue;
		db_do(w->site, SQL_RULE_WATCH_PUT, "ssssiwdsiiw", x->rule->name, x->thing_name,
		    x->point_id, x->attr, (int64_t)x->rule->version, x->is.last, x->is.value,
		    x->value, (int64_t)x->is.active, (int64_t)x->is.pending, x->is.since);
		x->dirty = false;
	}
}

struct watch *
watch_open(struct db *site, struct alarm_book *book, struct rule_set *rules,
    const struct watch_options *options)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->site = site;
	w->book = book;
	w->options = *options;
	w->due = INT64_MAX;
	w->looked = WHEN_NONE;
	w->id = BUF(1 << 14);
	w->text = BUF(1 << 16);
	w->rules = rules;
	if (options->silence)
		restore_gateways(w);
	if (watch_has_rules(w))
		restore_watched(w);
	return w;
}

void
watch_free(struct watch *w)
{
	uint32_t number;
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->gateways_n; i++)
		free(w->gateways[i].name);
	for (number = 1; number <= w->watched_n; number++) {
		free(w->watched[number].thing_name);
		free(w->watched[number].point_id);
		free(w->watched[number].attr);
		free(w->watched[number].value);
	}
	free(w->gateways);
	free(w->watched);
	free(w->places);
	free(w->dues);
	buf_free(&w->id);
	buf_free(&w->text);
	free(w);
}
