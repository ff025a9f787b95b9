#include "db/zones.h"
#include "base/diag.h"

#include <math.h>
#include <stdlib.h>

#define WHY_MAX 1024
#define STATUS_MAX 4096
#define LOOK_BACK 96 /* frames looked through for a member's last value */
#define AHEAD 3600   /* a gateway's clock may be so far ahead of ours */

/* Which gateway reports a point or a composite; false: it is not known. */
static bool
thing_of(struct db *site, const struct building *b, const char *point, struct span *thing)
{
	return db_one(site, SQL_THING_OF_POINT, "tts", "t", b->customer, b->building, point,
		   thing) ||
	       db_one(site, SQL_THING_OF_COMPOSITE, "tts", "t", b->customer, b->building, point,
		   thing);
}

static void
say_unknown(
    struct db *site, const struct building *b, const struct userzone *z, const struct where *at)
{
	struct span thing;
	size_t i;

	for (i = 0; i < z->n; i++)
		if (!thing_of(site, b, z->members[i].point_id, &thing))
			diag_at(at, "zone %s: %s: no such point yet", z->id,
			    z->members[i].point_id);
}

void
zones_row(struct db *site, struct record *r, when_t now)
{
	struct buf text = BUF(65536), why = BUF(WHY_MAX);
	struct span customer, building, id;
	struct userzone *z = NULL;
	struct building b;
	bool remove = false;

	(void)json_bool(json_get(r->root, "remove"), &remove);
	if (!json_text(json_get(r->root, "customer"), &customer) ||
	    !json_text(json_get(r->root, "building"), &building)) {
		record_reject(r, "bad-record", "customer, building: not names");
	} else if (!building_get(site, customer, building, &text, &b)) {
		record_reject(r, "unknown-building", "%.*s_%.*s is not registered",
		    SPAN_ARG(customer), SPAN_ARG(building));
	} else if (remove && json_text(json_get(r->root, "zone_id"), &id)) {
		db_do(site, SQL_USER_ZONE_DELETE, "ttt", customer, building, id);
	} else if ((z = userzone_parse(r->root, &why)) == NULL) {
		record_reject(r, "bad-zone", "%s", buf_text(&why));
	} else {
		say_unknown(site, &b, z, &r->at);
		db_do(site, SQL_USER_ZONE_PUT, "ttsti", customer, building, z->id,
		    json_raw(r->root), (int64_t)now);
	}
	userzone_free(z);
	buf_free(&text);
	buf_free(&why);
}

/* ---- statuses ---- */

/* The last value before `before` in one month; false: none in the last frames. */
static bool
last_in(struct month *m, struct span thing, const struct userzone_member *k, when_t before,
    struct userzone_reading *to)
{
	struct series *s =
	    month_series(m, thing, span_of(k->point_id), span_of(k->attr), false);
	int64_t period;
	int i;

	for (i = 0; s != NULL && i < LOOK_BACK; i++, before = to->at) {
		if (!month_frame_before(m, thing, before, &to->at, &period))
			break;
		if (month_get_sample(m, to->at, s, &to->value))
			return true;
	}
	*to = (struct userzone_reading){ NAN, WHEN_NONE };
	return false;
}

static struct userzone_reading
read_member(struct db *site, struct history *h, const struct place *place,
    const struct userzone_member *k, when_t at)
{
	struct userzone_reading reading = { NAN, WHEN_NONE };
	struct span thing;
	struct month *m;
	char *name;
	when_t begin;

	if (!thing_of(site, &place->building, k->point_id, &thing))
		return reading;
	name = xstrndup(thing.p, thing.n);
	begin = when_month(place->zone, at, 0);
	m = history_month_there(h, place->key, place->zone, at);
	if (m == NULL || !last_in(m, span_of(name), k, at + AHEAD, &reading)) {
		m = history_month_there(h, place->key, place->zone, begin - 1);
		if (m != NULL)
			(void)last_in(m, span_of(name), k, at + AHEAD, &reading);
	}
	free(name);
	return reading;
}

struct stored {
	char *id, *data;
};

/* The rows first: their statements cannot be used while they are stepped through. */
static size_t
load(struct db *site, const struct place *place, struct stored **all)
{
	struct rows *r = db_rows(
	    site, SQL_USER_ZONE_ROWS, "tt", place->building.customer, place->building.building);
	struct span id, data;
	size_t n = 0, room = 0;

	while (rows_next(r, "tt", &id, &data)) {
		if (n == room) {
			room = room > 0 ? room * 2 : 16;
			*all = xrealloc(*all, room * sizeof(**all));
		}
		(*all)[n++] = (struct stored){ xstrndup(id.p, id.n), xstrndup(data.p, data.n) };
	}
	rows_end(r);
	return n;
}

static void
work_out(struct db *site, struct history *h, const struct place *place,
    const struct userzone *z, when_t at, struct buf *status)
{
	struct userzone_reading *readings = xcalloc(z->n, sizeof(*readings));
	struct userzone_status s;
	char text[WHEN_TEXT];
	struct jw w;
	size_t i;

	for (i = 0; i < z->n; i++)
		readings[i] = read_member(site, h, place, &z->members[i], at);
	s = userzone_status(z, readings, at, when_civil(place->zone, at, NULL).month);
	free(readings);
	buf_clear(status);
	w = jw_begin(status);
	jw_object(&w);
	jw_member_str(&w, "at", when_format(text, place->zone, at));
	userzone_print(&w, &s);
	jw_end(&w);
	must(jw_finish(&w));
}

size_t
zones_update(struct db *site, struct history *h, const struct place *place, when_t at,
    zones_fn *fn, void *ctx)
{
	struct stored *all = NULL;
	size_t n = load(site, place, &all), i;
	struct buf status = BUF(STATUS_MAX), why = BUF(WHY_MAX);
	struct json *j = json_new();
	struct userzone *z;
	json_value root;

	for (i = 0; i < n; i++) {
		buf_clear(&why);
		z = json_parse_copy(j, span_of(all[i].data), &root) ? userzone_parse(root, &why)
								    : NULL;
		if (z == NULL) {
			diag("zone %s: not used: %s", all[i].id, buf_text(&why));
		} else {
			work_out(site, h, place, z, at, &status);
			db_do(site, SQL_USER_ZONE_STATUS, "ttsti", place->building.customer,
			    place->building.building, all[i].id, buf_span(&status),
			    (int64_t)at);
			fn(ctx, place, all[i].id, buf_span(&status));
		}
		userzone_free(z);
		free(all[i].id);
		free(all[i].data);
	}
	free(all);
	json_free(j);
	buf_free(&status);
	buf_free(&why);
	return n;
}
