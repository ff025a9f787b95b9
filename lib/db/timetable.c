/* Calendars and schedules as loaded, and the coming hours worked out from them. */
#include "base/diag.h"
#include "base/jsonw.h"
#include "db/timetable_own.h"

#include <stdlib.h>

#define WHY_MAX 1024

struct calendars *
timetable_calendars(
    struct db *site, const struct building *b, const struct holiday_calendar *holidays)
{
	struct rows *r = db_rows(site, SQL_CALENDAR_ROWS, "tt", b->customer, b->building);
	struct calendars *cs = calendars_new(holidays);
	struct json *j = json_new();
	struct buf why = BUF(WHY_MAX);
	struct span id, data;
	json_value root;

	while (rows_next(r, "tt", &id, &data)) {
		buf_clear(&why);
		if (!json_parse_copy(j, data, &root) || !calendars_add(cs, root, &why))
			diag("calendar %.*s: not used: %s", SPAN_ARG(id), buf_text(&why));
	}
	rows_end(r);
	json_free(j);
	buf_free(&why);
	return cs;
}

/* ---- loading ---- */

static void
load_schedules(struct timetable *t, struct db *site, const struct place *place)
{
	struct rows *r = db_rows(
	    site, SQL_SCHEDULE_ROWS, "tt", place->building.customer, place->building.building);
	struct json *j = json_new();
	struct buf why = BUF(WHY_MAX);
	struct span id, thing, data;
	struct schedule *s;
	json_value root;
	size_t room = 0;

	while (rows_next(r, "ttt", &id, &thing, &data)) {
		buf_clear(&why);
		if (!json_parse_copy(j, data, &root) ||
		    (s = schedule_parse(root, place->zone, &why)) == NULL) {
			diag("schedule %.*s: not used: %s", SPAN_ARG(id), buf_text(&why));
			continue;
		}
		if (t->n == room) {
			room = room > 0 ? room * 2 : 16;
			t->all = xrealloc(t->all, room * sizeof(*t->all));
		}
		t->all[t->n++] = (struct timetable_schedule){ .schedule = s,
			.data = xstrndup(data.p, data.n),
			.thing = thing.p != NULL ? xstrndup(thing.p, thing.n) : NULL };
	}
	rows_end(r);
	json_free(j);
	buf_free(&why);
}

static struct timetable_schedule *
find(const struct timetable *t, struct span id)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (span_is(id, schedule_id(t->all[i].schedule)))
			return &t->all[i];
	return NULL;
}

const struct timetable_schedule *
timetable_find(const struct timetable *t, struct span id)
{
	return find(t, id);
}

static void
load_manual(struct timetable *t, struct db *site, const struct place *place, when_t from)
{
	struct rows *r = db_rows(site, SQL_MANUAL_ROWS, "tti", place->building.customer,
	    place->building.building, (int64_t)from);
	struct span id, value, name;
	struct timetable_schedule *s;
	int64_t begins, ends;

	while (rows_next(r, "tiitt", &id, &begins, &ends, &value, &name)) {
		if ((s = find(t, id)) == NULL)
			continue;
		s->manual = xrealloc(s->manual, (s->manuals + 1) * sizeof(*s->manual));
		s->manual[s->manuals++] = (struct schedule_manual){ .from = begins,
			.to = ends,
			.value = xstrndup(value.p, value.n),
			.name = name.p != NULL ? xstrndup(name.p, name.n) : NULL };
	}
	rows_end(r);
}

void
timetable_load(struct timetable *t, struct db *site, const struct reference *ref,
    const struct place *place, when_t from)
{
	size_t i;

	*t = (struct timetable){ .calendars = timetable_calendars(site, &place->building,
				     reference_calendar(ref, &place->building)) };
	load_schedules(t, site, place);
	load_manual(t, site, place, from);
	for (i = 0; i < t->n; i++)
		t->all[i].context = (struct schedule_context){ .calendars = t->calendars,
			.manual = t->all[i].manual,
			.manuals = t->all[i].manuals };
}

void
timetable_free(struct timetable *t)
{
	size_t i, k;

	for (i = 0; i < t->n; i++) {
		schedule_free(t->all[i].schedule);
		free(t->all[i].data);
		free(t->all[i].thing);
		for (k = 0; k < t->all[i].manuals; k++) {
			free((void *)(uintptr_t)t->all[i].manual[k].value);
			free((void *)(uintptr_t)t->all[i].manual[k].name);
		}
		free(t->all[i].manual);
	}
	free(t->all);
	calendars_free(t->calendars);
	*t = (struct timetable){ 0 };
}

/* ---- expanding ---- */

/* One point to be commanded by one schedule. */
struct target {
	const struct timetable_schedule *schedule;
	char *point_id, *composite_id, *role; /* the last two NULL: no composite */
};

struct targets {
	struct target *all;
	size_t n, room;
};

static char *
copy(struct span s)
{
	return s.p != NULL ? xstrndup(s.p, s.n) : NULL;
}

static void
add_target(struct targets *ts, const struct timetable_schedule *s, struct span point,
    struct span composite, struct span role)
{
	if (ts->n == ts->room) {
		ts->room = ts->room > 0 ? ts->room * 2 : 16;
		ts->all = xrealloc(ts->all, ts->room * sizeof(*ts->all));
	}
	ts->all[ts->n++] = (struct target){ s, copy(point), copy(composite), copy(role) };
}

/* Composites whose schedule information names a schedule and the role of the member it
 * commands. */
static void
composite_targets(
    struct targets *ts, struct db *site, const struct place *place, const struct timetable *t)
{
	struct rows *r = db_rows(site, SQL_COMPOSITE_SCHEDULES, "tt", place->building.customer,
	    place->building.building);
	struct span composite, information, role, point, id, wanted;
	const struct timetable_schedule *s;
	struct json *j = json_new();
	json_value root;

	while (rows_next(r, "tttt", &composite, &information, &role, &point)) {
		if (!json_parse_copy(j, information, &root) ||
		    !json_text(json_get(root, "role"), &wanted) || !span_eq(wanted, role) ||
		    !json_text(json_get(root, "schedule_id"), &id))
			continue;
		if ((s = find(t, id)) == NULL)
			diag("%.*s %.*s: its schedule %.*s is not there", SPAN_ARG(place->key),
			    SPAN_ARG(composite), SPAN_ARG(id));
		else
			add_target(ts, s, point, composite, role);
	}
	rows_end(r);
	json_free(j);
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* Schedules that name the point they command, unless a composite's information has taken it. */
static void
point_targets(
    struct targets *ts, struct db *site, const struct place *place, const struct timetable *t)
{
	size_t taken = ts->n, i, k;

	for (i = 0; i < t->n; i++) {
		const char *point = schedule_point(t->all[i].schedule);
		struct span composite = { 0 }, role = { 0 };

		if (point == NULL)
			continue;
		for (k = 0; k < taken && !same(ts->all[k].point_id, point); k++)
			;
		if (k < taken)
			continue;
		if (!db_one(site, SQL_TARGET_OF_POINT, "tts", "tt", place->building.customer,
			place->building.building, point, &composite, &role))
			composite = role = (struct span){ 0 };
		add_target(ts, &t->all[i], span_of(point), composite, role);
	}
}

static void
targets_free(struct targets *ts)
{
	size_t i;

	for (i = 0; i < ts->n; i++) {
		free(ts->all[i].point_id);
		free(ts->all[i].composite_id);
		free(ts->all[i].role);
	}
	free(ts->all);
}

struct expansion {
	struct db *site;
	const struct building *building;
	const struct target *target;
	const struct timetable_window *window;
	size_t rows;
};

static void
put_span(void *ctx, const struct schedule_span *s)
{
	struct expansion *x = ctx;

	db_do(x->site, SQL_USER_SCHEDULE_PUT, "ttsiisssssi", x->building->customer,
	    x->building->building, x->target->point_id, (int64_t)s->from, (int64_t)s->to,
	    schedule_id(x->target->schedule->schedule), x->target->composite_id,
	    x->target->role, schedule_source_name(s->source), s->value,
	    (int64_t)x->window->now);
	x->rows++;
}

static void
run_at(const struct expansion *x, enum sql_name statement, when_t t)
{
	db_do(x->site, statement, "tti", x->building->customer, x->building->building,
	    (int64_t)t);
}

size_t
timetable_expand(struct db *site, const struct place *place, const struct timetable *t,
    const struct timetable_window *w)
{
	struct expansion x = { .site = site, .building = &place->building, .window = w };
	struct targets ts = { 0 };
	size_t i;

	composite_targets(&ts, site, place, t);
	point_targets(&ts, site, place, t);
	/* of all points: those that no schedule commands any more lose what was worked out */
	run_at(&x, SQL_USER_SCHEDULE_CLEAR, w->from);
	run_at(&x, SQL_USER_SCHEDULE_CUT, w->from);
	for (i = 0; i < ts.n; i++) {
		const struct timetable_schedule *s = ts.all[i].schedule;

		x.target = &ts.all[i];
		if (!schedule_expand(s->schedule, &s->context, w->from, w->to, put_span, &x))
			diag("schedule %s: a recurrence has too many instances; the rest is "
			     "left out",
			    schedule_id(s->schedule));
	}
	run_at(&x, SQL_USER_SCHEDULE_FORGET, w->from - w->keep);
	targets_free(&ts);
	return x.rows;
}
