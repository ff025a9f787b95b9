#include "base/clock.h"
#include "db/query_own.h"
#include "db/site.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct seen {
	struct buf *key;
	struct span customer;
	size_t n;
};

static void
take_seen(void *ctx, struct span building, struct span name, struct span timezone)
{
	struct seen *s = ctx;

	(void)name;
	(void)timezone;
	if (s->n++ == 0)
		buf_printf(s->key, "%.*s_%.*s", SPAN_ARG(s->customer), SPAN_ARG(building));
}

static size_t
first_building(struct query *q)
{
	struct seen seen = { .key = &q->key };
	struct span customer, building;
	struct rows *r;

	if (q->o->user != NULL) {
		seen.customer = span_of(q->o->user->customer);
		token_buildings(q->site, q->o->user, take_seen, &seen);
		return seen.n;
	}
	r = db_rows(q->site, SQL_BUILDING_KEYS, "");
	while (rows_next(r, "tt", &customer, &building)) {
		seen.customer = customer;
		take_seen(&seen, building, building, building);
	}
	rows_end(r);
	return seen.n;
}

/* The key of the only building there is. */
static void
find_only_building(struct query *q)
{
	size_t n = first_building(q);

	if (n == 0)
		die(EX_NOINPUT, "%s: no building is registered there", db_path(q->site));
	if (n > 1)
		opt_wrong(
		    "which of the buildings? --building KEY, such as %s", buf_text(&q->key));
}

static void
find_building(struct query *q)
{
	struct span customer, building;

	if (q->o->building != NULL)
		buf_puts(&q->key, q->o->building);
	else
		find_only_building(q);
	if (!building_key_parse(buf_span(&q->key), &customer, &building))
		opt_wrong("--building: not a building, as C000003_B001: %s", q->o->building);
	if ((q->o->user != NULL && !token_sees_key(q->site, q->o->user, buf_span(&q->key))) ||
	    !building_get(q->site, customer, building, &q->text, &q->building))
		die(EX_NOINPUT, "no such building: %s", buf_text(&q->key));
	q->trend.building_key = buf_span(&q->key);
	q->trend.zone = zone_find(q->building.timezone);
	if (q->trend.zone == NULL)
		die(EX_CONFIG, "building %s: unknown time zone %.*s", buf_text(&q->key),
		    SPAN_ARG(q->building.timezone));
	q->time_zone = q->trend.zone;
}

when_t
query_time(const struct query *q, const char *option, const char *text, when_t otherwise)
{
	when_t t;

	if (text == NULL)
		return otherwise;
	if (!when_parse_human(span_of(text), q->trend.zone, q->now, &t))
		opt_wrong("%s: not a time: %s", option, text);
	return t;
}

static void
find_span(struct query *q)
{
	q->trend.from = query_time(q, "--from", q->o->from, WHEN_NONE);
	q->trend.to = query_time(q, "--to", q->o->to, WHEN_NONE);
	if (q->trend.from != WHEN_NONE && q->trend.to != WHEN_NONE &&
	    q->trend.from >= q->trend.to)
		opt_wrong("--from %s is not before --to %s", q->o->from, q->o->to);
}

/* Without what derives a point of it: P of P#Usage. */
static char *
underived(const char *item)
{
	const char *mark = strrchr(item, '#');

	return mark != NULL ? xstrndup(item, (size_t)(mark - item)) : xstrdup(item);
}

static bool
registry_knows(struct query *q, const char *item)
{
	struct rows *r =
	    db_rows(q->site, SQL_POINT_IDS, "tt", q->building.customer, q->building.building);
	char *source = underived(item);
	struct span id;
	bool known = false;

	while (!known && rows_next(r, "t", &id))
		known = trend_item_matches(item, id) || trend_item_matches(source, id);
	rows_end(r);
	free(source);
	return known;
}

/* A name that nothing has ever had is a mistake, not an empty answer. */
static void
check_names(struct query *q)
{
	const struct query_options *o = q->o;
	struct thing thing;
	size_t i;

	for (i = 0; i < o->points.n; i++)
		if (!registry_knows(q, o->points.items[i]) &&
		    !trend_knows(q->history, &q->trend, o->points.items[i]))
			die(EX_NOINPUT, "%s: no such point: %s", buf_text(&q->key),
			    o->points.items[i]);
	if (o->thing == NULL)
		return;
	if (!thing_parse(span_of(o->thing), &thing) ||
	    !span_eq(thing.building_key, buf_span(&q->key)) ||
	    !thing_is_known(q->site, thing.name))
		die(EX_NOINPUT, "%s: no such gateway: %s", buf_text(&q->key), o->thing);
}

struct query *
query_open(const struct query_options *o, enum query_about about, struct db *site)
{
	struct query *q = xcalloc(1, sizeof(*q));
	size_t i;

	q->o = o;
	q->dir = opt_state_dir(o->dir);
	q->now = clock_now();
	q->text = BUF(QUERY_TEXT_MAX);
	q->key = BUF(QUERY_TEXT_MAX);
	q->mark = BUF(QUERY_TEXT_MAX);
	q->zone_of = BUF(QUERY_TEXT_MAX);
	q->mark_ts = WHEN_NONE;
	q->skipping = o->after != NULL;
	for (i = 0; i < sizeof(q->times) / sizeof(q->times[0]); i++)
		q->times[i].at = WHEN_NONE;
	q->site_is_ours = site == NULL;
	q->site = site != NULL ? site : site_open(q->dir, DB_READ);
	if (about == QUERY_SITE || (about == QUERY_WITHIN && o->building == NULL)) {
		find_span(q);
		return q;
	}
	q->history = history_open(q->dir, DB_READ);
	q->trend.points = &o->points;
	q->trend.attr = o->attr;
	q->trend.thing = o->thing;
	find_building(q);
	find_span(q);
	check_names(q);
	return q;
}

void
query_close(struct query *q)
{
	if (q->skipping && !prog_stopping())
		opt_wrong(
		    "--after: that row is not there (any more): begin again: %s", q->o->after);
	history_close(q->history);
	if (q->site_is_ours)
		db_close(q->site);
	buf_free(&q->text);
	buf_free(&q->key);
	buf_free(&q->mark);
	buf_free(&q->zone_of);
	json_free(q->json);
	free(q);
}

bool
query_more(struct query *q)
{
	q->cut = q->o->limit >= 0 && q->rows >= q->o->limit;
	return !q->cut && !prog_stopping();
}

const char *
query_next(struct query *q)
{
	if (!q->cut || q->rows == 0)
		return NULL;
	if (q->mark_ts != WHEN_NONE) {
		buf_clear(&q->mark);
		buf_printf(&q->mark, "%" PRId64 ".%" PRId64, (int64_t)q->mark_ts, q->mark_n);
	}
	return buf_text(&q->mark);
}

bool
query_row(struct query *q, struct span key)
{
	if (q->skipping) {
		q->skipping = !span_is(key, q->o->after);
		return false;
	}
	buf_clear(&q->mark);
	buf_put(&q->mark, key);
	q->rows++;
	return true;
}

/* TIME.PLACE */
static bool
parse_mark(const char *after, when_t *ts, int64_t *n)
{
	char *end;

	errno = 0;
	*ts = strtoll(after, &end, 10);
	if (end == after || *end != '.' || errno != 0)
		return false;
	after = end + 1;
	*n = strtoll(after, &end, 10);
	return end != after && *end == '\0' && errno == 0;
}

when_t
query_resume(const struct query *q)
{
	when_t ts;
	int64_t n;

	if (q->o->after == NULL)
		return WHEN_NONE;
	if (!parse_mark(q->o->after, &ts, &n))
		opt_wrong("--after: not a mark of such a row: %s", q->o->after);
	return ts;
}

void
query_recently(struct query *q, int64_t back)
{
	when_t resume = query_resume(q);

	if (q->trend.from == WHEN_NONE)
		q->trend.from = q->now - back;
	if (q->trend.to == WHEN_NONE)
		q->trend.to = q->now + 1;
	if (resume != WHEN_NONE && resume > q->trend.from)
		q->trend.from = resume;
}

bool
query_row_at(struct query *q, when_t ts)
{
	when_t last;
	int64_t n;

	q->mark_n = ts == q->mark_ts ? q->mark_n + 1 : 1;
	q->mark_ts = ts;
	if (q->skipping) {
		if (!parse_mark(q->o->after, &last, &n))
			opt_wrong("--after: not a mark of such a row: %s", q->o->after);
		q->skipping = ts < last || (ts == last && q->mark_n < n);
		if (ts < last || (ts == last && q->mark_n <= n))
			return false;
	}
	q->rows++;
	return true;
}

bool
query_sees(struct query *q, struct span customer, struct span building)
{
	if (q->building.customer.p != NULL)
		return span_eq(customer, q->building.customer) &&
		       span_eq(building, q->building.building);
	return q->o->user == NULL || (span_is(customer, q->o->user->customer) &&
					 token_sees(q->site, q->o->user, building));
}

void
query_zone(struct query *q, struct span customer, struct span building)
{
	struct buf text = BUF(QUERY_TEXT_MAX), key = BUF(QUERY_TEXT_MAX);
	struct building b;

	if (q->building.customer.p != NULL)
		return;
	buf_printf(&key, "%.*s_%.*s", SPAN_ARG(customer), SPAN_ARG(building));
	if (!span_eq(buf_span(&key), buf_span(&q->zone_of))) {
		buf_clear(&q->zone_of);
		buf_put(&q->zone_of, buf_span(&key));
		q->time_zone = building_get(q->site, customer, building, &text, &b)
				   ? zone_find(b.timezone)
				   : NULL;
	}
	buf_free(&text);
	buf_free(&key);
}

const char *
query_customer(const struct query *q)
{
	return q->o->user != NULL ? q->o->user->customer : NULL;
}

bool
query_chooses(const struct query *q, struct span point_id, struct span thing)
{
	const struct query_options *o = q->o;
	size_t i;

	if (o->thing != NULL && !span_is(thing, o->thing))
		return false;
	for (i = 0; i < o->points.n; i++)
		if (trend_item_matches(o->points.items[i], point_id))
			return true;
	return o->points.n == 0;
}

void
query_text(struct query *q, struct span s)
{
	if (s.p == NULL)
		table_null(q->table);
	else
		table_text(q->table, s);
}

void
query_json(struct query *q, struct span json)
{
	if (json.p == NULL)
		table_null(q->table);
	else
		table_json(q->table, json);
}

void
query_int(struct query *q, int64_t v, int64_t null)
{
	if (v == null)
		table_null(q->table);
	else
		table_int(q->table, v);
}

void
query_key(struct query *q, struct span customer, struct span building)
{
	char key[2 * THING_PART_MAX + 2];
	size_t n = customer.n + 1 + building.n;

	must(n < sizeof(key));
	memcpy(key, customer.p, customer.n);
	key[customer.n] = '_';
	memcpy(key + customer.n + 1, building.p, building.n);
	table_text(q->table, (struct span){ key, n });
}

/* A row has few times, and the next row often the same ones. */
void
query_when(struct query *q, when_t t)
{
	size_t i = (size_t)((uint64_t)t * 0x9E3779B97F4A7C15U >> 62);

	if (t == WHEN_NONE) {
		table_null(q->table);
		return;
	}
	if (t != q->times[i].at || q->time_zone != q->times[i].zone)
		(void)when_format(q->times[i].text, q->time_zone, t);
	q->times[i].at = t;
	q->times[i].zone = q->time_zone;
	table_str(q->table, q->times[i].text);
}

void
query_round(struct query *q, double v, int decimals)
{
	double unit = pow(10, decimals);

	table_double(q->table, fabs(v) < 1e15 ? round(v * unit) / unit : v);
}

struct json *
query_parser(struct query *q)
{
	if (q->json == NULL)
		q->json = json_new();
	return q->json;
}

void
query_value(struct query *q, double number, struct span json)
{
	struct span text;
	json_value v;

	if (json.p == NULL) {
		table_double(q->table, number);
		return;
	}
	if (!table_is_json(table_form(&q->o->form)) && json.n > 0 && json.p[0] == '"' &&
	    json_parse_copy(query_parser(q), json, &v) && json_text(v, &text)) {
		table_text(q->table, text);
		return;
	}
	table_json(q->table, json);
}
