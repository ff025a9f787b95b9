#include "bms/recurrence.h"
#include "base/diag.h"
#include "bms/recurrence_lib.h"

#include <stdlib.h>

#define DAY 86400
#define DATES 10000 /* of rdate or exdate */
#define LONGEST         \
	((int64_t)366 * \
	    DAY) /* an event that lasts more than a year is a default, not an event */

struct instants {
	when_t *t;
	size_t n, room;
};

struct recurrence {
	const struct zone *zone;
	struct civil first; /* dtstart as its clock shows it */
	when_t start;       /* dtstart */
	int days;           /* nominal part of the duration */
	int64_t seconds;    /* exact part */
	bool repeats;
	struct icalrecurrencetype rule; /* without its UNTIL and COUNT, which need zones */
	int count;                      /* 0: none */
	when_t until;                   /* WHEN_NONE: none */
	struct instants extra, without; /* sorted */
};

static void
put(struct instants *list, when_t t)
{
	if (list->n == list->room) {
		list->room = list->room > 0 ? list->room * 2 : 16;
		list->t = xrealloc(list->t, list->room * sizeof(*list->t));
	}
	list->t[list->n++] = t;
}

static int
by_time(const void *a, const void *b)
{
	when_t x = *(const when_t *)a, y = *(const when_t *)b;

	return (x > y) - (x < y);
}

static void
sort(struct instants *list)
{
	size_t i, n = 0;

	if (list->n == 0)
		return;
	qsort(list->t, list->n, sizeof(*list->t), by_time);
	for (i = 0; i < list->n; i++)
		if (n == 0 || list->t[n - 1] != list->t[i])
			list->t[n++] = list->t[i];
	list->n = n;
}

/* ---- reading ---- */

/* Local text in the zone, or RFC 3339; c may be NULL. */
static bool
parse_time(json_value v, const struct zone *zone, when_t *t, struct civil *c)
{
	struct civil local;
	struct span text;

	if (!json_text(v, &text) || text.n < 10 || text.p[0] < '0' || text.p[0] > '9')
		return false;
	if (when_parse_rfc3339(text, t, NULL)) {
		local = when_civil(zone, *t, NULL);
	} else {
		if (!when_parse_human(text, NULL, 0, t))
			return false;
		local = when_civil(NULL, *t, NULL);
		*t = when_of(zone, local, NULL, NULL);
	}
	if (c != NULL)
		*c = local;
	return *t != WHEN_NONE;
}

static bool
parse_times(json_value list, const struct zone *zone, struct instants *to)
{
	json_value v;
	when_t t;

	if (json_count(list) > DATES)
		return false;
	for (v = json_first(list); v.at != 0; v = json_next(v)) {
		if (!parse_time(v, zone, &t, NULL))
			return false;
		put(to, t);
	}
	sort(to);
	return list.at == 0 || json_kind_of(list) == JSON_ARRAY;
}

static bool
parse_duration(struct recurrence *r, json_value v)
{
	struct icaldurationtype d;
	struct span text;
	char *s;

	if (!json_text(v, &text))
		return false;
	s = xstrndup(text.p, text.n);
	d = icaldurationtype_from_string(s);
	free(s);
	if (icaldurationtype_is_bad_duration(d) || d.is_neg || d.weeks > 52 || d.days > 366 ||
	    d.hours > 9000 || d.minutes > 600000 || d.seconds > 40000000)
		return false;
	r->days = (int)(d.days + d.weeks * 7);
	r->seconds = ((int64_t)d.hours * 60 + d.minutes) * 60 + d.seconds;
	return r->days * (int64_t)DAY + r->seconds > 0 &&
	       r->days * (int64_t)DAY + r->seconds <= LONGEST;
}

static struct civil
civil_from(struct icaltimetype t)
{
	return (struct civil){ t.year, t.month, t.day, t.hour, t.minute, t.second };
}

static bool
take_until(struct recurrence *r)
{
	struct icaltimetype u = r->rule.until;
	struct civil c = civil_from(u);

	r->until = WHEN_NONE;
	if (icaltime_is_null_time(u))
		return true;
	if (u.is_date) {
		c.hour = 23;
		c.minute = c.second = 59;
	}
	r->until = when_of(icaltime_is_utc(u) ? NULL : r->zone, c, NULL, NULL);
	r->rule.until = icaltime_null_time();
	return r->until != WHEN_NONE;
}

static bool
parse_rule(struct recurrence *r, json_value v, struct buf *why)
{
	struct span text;
	char *s;

	if (v.at == 0)
		return true;
	if (!json_text(v, &text) || memchr(text.p, '\n', text.n) != NULL)
		return buf_puts(why, "rrule: not a text"), false;
	s = xstrndup(text.p, text.n);
	icalerror_set_errors_are_fatal(0);
	icalerror_clear_errno();
	r->rule = icalrecurrencetype_from_string(s);
	free(s);
	if (r->rule.freq == ICAL_NO_RECURRENCE || icalerrno != ICAL_NO_ERROR)
		return buf_printf(why, "rrule: %.*s: not a rule of RFC 5545", SPAN_ARG(text)),
		       false;
	if (r->rule.freq == ICAL_SECONDLY_RECURRENCE)
		return buf_puts(why, "rrule: FREQ=SECONDLY is not for schedules"), false;
	if (r->rule.count < 0 || !take_until(r))
		return buf_puts(why, "rrule: UNTIL or COUNT is wrong"), false;
	r->count = r->rule.count;
	r->rule.count = 0;
	r->repeats = true;
	return true;
}

void
recurrence_free(struct recurrence *r)
{
	if (r == NULL)
		return;
	free(r->extra.t);
	free(r->without.t);
	free(r);
}

/* ---- instances ---- */

static when_t
end_of(const struct recurrence *r, when_t start)
{
	struct civil c, day;

	if (r->days == 0)
		return start + r->seconds;
	c = when_civil(r->zone, start, NULL);
	day = civil_of_day(civil_day_number(c) + r->days);
	day.hour = c.hour;
	day.minute = c.minute;
	day.second = c.second;
	return when_of(r->zone, day, NULL, NULL) + r->seconds;
}

static struct icaltimetype
ical_time(struct civil c)
{
	struct icaltimetype t = icaltime_null_time();

	t.year = c.year;
	t.month = c.month;
	t.day = c.day;
	t.hour = c.hour;
	t.minute = c.minute;
	t.second = c.second;
	return t;
}

/* dtstart moved by whole intervals of an hourly or minutely rule to shortly before `from`, on
 * the local clock. */
static struct civil
stepped(const struct recurrence *r, when_t from)
{
	int64_t unit = r->rule.freq == ICAL_HOURLY_RECURRENCE ? 3600 : 60;
	int64_t step = unit * (r->rule.interval > 0 ? r->rule.interval : 1);
	when_t first = when_of(NULL, r->first, NULL, NULL);

	return when_civil(NULL, first + (from - 2 * DAY - r->start) / step * step, NULL);
}

/* Begins at dtstart, or shortly before `from` where no count needs the instances before it. */
static icalrecur_iterator *
begin(const struct recurrence *r, when_t from)
{
	bool far = r->count == 0 && from - 2 * DAY > r->start;
	icalrecur_iterator *it;

	/* libical 3 loses step when it moves the start of an hourly rule */
	if (far && r->rule.freq < ICAL_DAILY_RECURRENCE)
		return icalrecur_iterator_new(r->rule, ical_time(stepped(r, from)));
	it = icalrecur_iterator_new(r->rule, ical_time(r->first));
	if (it != NULL && far)
		(void)icalrecur_iterator_set_start(
		    it, ical_time(when_civil(r->zone, from - 2 * DAY, NULL)));
	return it;
}

/* The rule's instances from dtstart on that begin before `to`; those before `from` may be left
 * out. */
static bool
rule_instances(const struct recurrence *r, when_t from, when_t to, struct instants *list)
{
	icalrecur_iterator *it = begin(r, from);
	struct icaltimetype next;
	enum when_fit fit;
	int counted = 1, steps;
	bool whole = it == NULL;
	when_t t;

	for (steps = 0; it != NULL && steps < RECURRENCE_STEPS; steps++) {
		next = icalrecur_iterator_next(it);
		whole = icaltime_is_null_time(next) || next.year > 9998;
		if (whole)
			break;
		t = when_of(r->zone, civil_from(next), &fit, NULL);
		if (t == WHEN_NONE || t <= r->start || fit == WHEN_SKIPPED)
			continue;
		whole = t >= to || (r->until != WHEN_NONE && t > r->until) ||
			(r->count > 0 && counted++ >= r->count);
		if (whole)
			break;
		if (t >= from)
			put(list, t);
	}
	if (it != NULL)
		icalrecur_iterator_free(it);
	return whole;
}

/*
 * Where the COUNT ends, found once: from then on the rule ends at an instant, and a window far
 * from its beginning does not have to be counted up to.
 */
static bool
count_out(struct recurrence *r, struct buf *why)
{
	struct instants all = { 0 };
	bool whole = true;

	if (r->count > 0) {
		whole = rule_instances(r, r->start, INT64_MAX, &all);
		r->until = all.n > 0 ? all.t[all.n - 1] : r->start;
		r->count = 0;
	}
	if (!whole)
		buf_puts(why, "rrule: COUNT: too many instances");
	free(all.t);
	return whole;
}

struct recurrence *
recurrence_parse(json_value event, const struct zone *zone, struct buf *why)
{
	struct recurrence *r = xcalloc(1, sizeof(*r));
	bool ok = false;

	recurrence_lib_load();
	r->zone = zone;
	r->until = WHEN_NONE;
	if (!parse_time(json_get(event, "dtstart"), zone, &r->start, &r->first))
		buf_puts(why, "dtstart: not a time");
	else if (r->first.year < 1970)
		buf_puts(why, "dtstart: before 1970"); /* centuries take long to come through */
	else if (!parse_duration(r, json_get(event, "duration")))
		buf_puts(why, "duration: not a duration like PT8H, up to a year");
	else if (!parse_times(json_get(event, "rdate"), zone, &r->extra))
		buf_puts(why, "rdate: not a list of times");
	else if (!parse_times(json_get(event, "exdate"), zone, &r->without))
		buf_puts(why, "exdate: not a list of times");
	else
		ok = parse_rule(r, json_get(event, "rrule"), why) && count_out(r, why);
	if (!ok) {
		recurrence_free(r);
		return NULL;
	}
	return r;
}

static bool
is_left_out(const struct recurrence *r, when_t t)
{
	return r->without.n > 0 &&
	       bsearch(&t, r->without.t, r->without.n, sizeof(t), by_time) != NULL;
}

bool
recurrence_between(
    const struct recurrence *r, when_t from, when_t to, recurrence_fn *fn, void *ctx)
{
	when_t earliest = from - (r->days + 1) * (int64_t)DAY - r->seconds, end;
	struct instants list = { 0 };
	bool whole = true;
	size_t i;

	if (r->start < to)
		put(&list, r->start);
	for (i = 0; i < r->extra.n; i++)
		if (r->extra.t[i] >= earliest && r->extra.t[i] < to)
			put(&list, r->extra.t[i]);
	if (r->repeats && r->start < to)
		whole = rule_instances(r, earliest, to, &list);
	sort(&list);
	for (i = 0; i < list.n; i++) {
		end = end_of(r, list.t[i]);
		if (end > from && list.t[i] < to && !is_left_out(r, list.t[i]))
			fn(ctx, list.t[i], end);
	}
	free(list.t);
	return whole;
}
