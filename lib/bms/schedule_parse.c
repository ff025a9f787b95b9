#include "bms/schedule_parse.h"
#include "bms/dated.h"

#include <stdlib.h>

static const char *const day_names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

#define WORST 16

static char *
text_of(json_value v)
{
	struct span text;

	return json_text(v, &text) ? xstrndup(text.p, text.n) : NULL;
}

static bool
parse_value(json_value v, char **value)
{
	enum json_kind kind = json_kind_of(v);
	struct span raw = json_raw(v);

	*value = NULL;
	if (kind == JSON_NULL)
		return true;
	if (kind != JSON_NUMBER && kind != JSON_STRING && kind != JSON_BOOL)
		return false;
	*value = xstrndup(raw.p, raw.n);
	return true;
}

/* HH:MM or HH:MM:SS, 00:00 to 23:59:59. */
static bool
parse_clock(json_value v, int *second)
{
	struct civil c = { .year = 2000, .month = 1, .day = 1 };
	int *const parts[] = { &c.hour, &c.minute, &c.second };
	struct span s;
	size_t i;

	if (!json_text(v, &s) || (s.n != 5 && s.n != 8))
		return false;
	for (i = 0; i < s.n; i++) {
		if (i % 3 == 2 ? s.p[i] != ':' : s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (i % 3 != 2)
			*parts[i / 3] = *parts[i / 3] * 10 + (s.p[i] - '0');
	}
	*second = (c.hour * 60 + c.minute) * 60 + c.second;
	return civil_is_valid(c);
}

static int
by_second(const void *a, const void *b)
{
	const struct schedule_entry *x = a, *y = b;

	return (x->second > y->second) - (x->second < y->second);
}

static bool
parse_list(json_value v, struct schedule_list *list, const char *what, struct buf *why)
{
	json_value e;
	size_t n = json_count(v), i;

	if (json_kind_of(v) != JSON_ARRAY || n > SCHEDULE_ENTRIES)
		return buf_printf(why, "%s: not a list of [time, value]", what), false;
	list->e = xcalloc(n > 0 ? n : 1, sizeof(*list->e));
	for (e = json_first(v); e.at != 0; e = json_next(e)) {
		struct schedule_entry *to = &list->e[list->n];
		json_value time = json_first(e);

		if (json_kind_of(e) != JSON_ARRAY || json_count(e) != 2)
			return buf_printf(why, "%s: not a list of [time, value]", what), false;
		if (!parse_clock(time, &to->second))
			return buf_printf(why, "%s: %.*s: not a time of day, 00:00 to 23:59",
				   what, SPAN_ARG(json_raw(time))),
			       false;
		if (!parse_value(json_next(time), &to->value))
			return buf_printf(
				   why, "%s: a value is a number, text, boolean or null", what),
			       false;
		list->n++;
	}
	qsort(list->e, list->n, sizeof(*list->e), by_second);
	for (i = 1; i < list->n; i++)
		if (list->e[i].second == list->e[i - 1].second)
			return buf_printf(why, "%s: %02d:%02d is there twice", what,
				   list->e[i].second / 3600, list->e[i].second / 60 % 60),
			       false;
	return true;
}

static bool
parse_weekly(struct schedule *s, json_value weekly, struct buf *why)
{
	json_value day;
	size_t d;

	if (weekly.at != 0 && json_kind_of(weekly) != JSON_OBJECT)
		return buf_puts(why, "weekly: not an object of mon to sun"), false;
	for (day = json_first(weekly); day.at != 0; day = json_next(day)) {
		for (d = 0; d < 7 && !span_is(json_name(day), day_names[d]); d++)
			;
		if (d == 7)
			return buf_printf(why, "weekly: %.*s is not one of mon to sun",
				   SPAN_ARG(json_name(day))),
			       false;
		if (s->weekly[d].e != NULL)
			return buf_printf(why, "weekly: %s is there twice", day_names[d]),
			       false;
		if (!parse_list(day, &s->weekly[d], day_names[d], why))
			return false;
	}
	return true;
}

static bool
parse_priority(json_value v, int *priority, struct buf *why)
{
	int64_t n = WORST;

	if (v.at != 0 && (!json_int(v, &n) || n < 1 || n > WORST))
		return buf_puts(why, "priority: not 1 to 16"), false;
	*priority = (int)n;
	return true;
}

static bool
parse_exception(struct schedule *s, json_value v, struct buf *why)
{
	struct schedule_exception *e = &s->exceptions[s->n_exceptions];
	struct schedule_rank *rank = &s->ranks[s->n_ranks];

	e->name = text_of(json_get(v, "name"));
	*rank =
	    (struct schedule_rank){ .source = SCHEDULE_EXCEPTION, .index = s->n_exceptions };
	s->n_exceptions++;
	s->n_ranks++;
	if (!parse_priority(json_get(v, "priority"), &rank->priority, why))
		return false;
	e->dates = dates_parse(json_get(v, "dates"), why);
	return e->dates != NULL && parse_list(json_get(v, "values"), &e->list, "values", why);
}

static bool
parse_event(struct schedule *s, json_value v, struct buf *why)
{
	struct schedule_event *e = &s->events[s->n_events];
	struct schedule_rank *rank = &s->ranks[s->n_ranks];

	e->name = text_of(json_get(v, "name"));
	*rank = (struct schedule_rank){ .source = SCHEDULE_EVENT, .index = s->n_events };
	s->n_events++;
	s->n_ranks++;
	if (!parse_priority(json_get(v, "priority"), &rank->priority, why))
		return false;
	if (!parse_value(json_get(v, "value"), &e->value))
		return buf_puts(why, "value: not a number, text, boolean or null"), false;
	e->when = recurrence_parse(v, s->zone, why);
	return e->when != NULL;
}

static int
by_rank(const void *a, const void *b)
{
	const struct schedule_rank *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority - y->priority;
	if (x->source != y->source)
		return x->source == SCHEDULE_EXCEPTION ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Each of a list by fn; what it says is put behind where it is. */
static bool
parse_each(struct schedule *s, json_value list, const char *what,
    bool (*fn)(struct schedule *, json_value, struct buf *), struct buf *why)
{
	struct buf inner = BUF(1024);
	json_value v;
	size_t i = 0;
	bool ok = true;

	for (v = json_first(list); ok && v.at != 0; v = json_next(v), i++) {
		ok = fn(s, v, &inner);
		if (!ok)
			buf_printf(why, "%s %zu: %s", what, i, buf_text(&inner));
	}
	buf_free(&inner);
	return ok;
}

static bool
parse_ranked(struct schedule *s, json_value object, struct buf *why)
{
	json_value exceptions = json_get(object, "exceptions"),
		   events = json_get(object, "events");
	size_t a = json_count(exceptions), b = json_count(events);

	if ((exceptions.at != 0 && json_kind_of(exceptions) != JSON_ARRAY) ||
	    (events.at != 0 && json_kind_of(events) != JSON_ARRAY))
		return buf_puts(why, "exceptions, events: not lists"), false;
	if (a + b > SCHEDULE_EXCEPTIONS)
		return buf_puts(why, "exceptions, events: too many"), false;
	s->exceptions = xcalloc(a + 1, sizeof(*s->exceptions));
	s->events = xcalloc(b + 1, sizeof(*s->events));
	s->ranks = xcalloc(a + b + 1, sizeof(*s->ranks));
	if (!parse_each(s, exceptions, "exceptions", parse_exception, why) ||
	    !parse_each(s, events, "events", parse_event, why))
		return false;
	qsort(s->ranks, s->n_ranks, sizeof(*s->ranks), by_rank);
	return true;
}

static bool
parse_effective(struct schedule *s, json_value v, struct buf *why)
{
	json_value from = json_first(v);

	s->from = DATED_EVER;
	s->to = DATED_FOREVER;
	if (v.at == 0 || json_kind_of(v) == JSON_NULL)
		return true;
	if (json_kind_of(v) != JSON_ARRAY || json_count(v) != 2 ||
	    !dated_of_json(from, DATED_EVER, &s->from) ||
	    !dated_of_json(json_next(from), DATED_FOREVER, &s->to))
		return buf_puts(why, "effective: not [from, to], dates or null"), false;
	if (s->from > s->to)
		return buf_puts(why, "effective: ends before it begins"), false;
	return true;
}

static bool
parse(struct schedule *s, json_value object, struct buf *why)
{
	json_value fallback = json_get(object, "default");
	struct span zone;

	if ((s->id = text_of(json_get(object, "schedule_id"))) == NULL || *s->id == '\0')
		return buf_puts(why, "schedule_id: not a name"), false;
	s->point = text_of(json_get(object, "point_id"));
	if (json_text(json_get(object, "zone"), &zone) && (s->zone = zone_find(zone)) == NULL)
		return buf_printf(why, "zone: %.*s: no such time zone", SPAN_ARG(zone)), false;
	if (!parse_priority(json_get(object, "write_priority"), &s->write_priority, why))
		return false;
	if (fallback.at != 0 && !parse_value(fallback, &s->fallback))
		return buf_puts(why, "default: not a number, text, boolean or null"), false;
	return parse_effective(s, json_get(object, "effective"), why) &&
	       parse_weekly(s, json_get(object, "weekly"), why) && parse_ranked(s, object, why);
}

struct schedule *
schedule_parse(json_value object, const struct zone *zone, struct buf *why)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	s->zone = zone;
	if (parse(s, object, why))
		return s;
	schedule_free(s);
	return NULL;
}

static void
list_free(struct schedule_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->e[i].value);
	free(list->e);
}

void
schedule_free(struct schedule *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < 7; i++)
		list_free(&s->weekly[i]);
	for (i = 0; i < s->n_exceptions; i++) {
		free(s->exceptions[i].name);
		dates_free(s->exceptions[i].dates);
		list_free(&s->exceptions[i].list);
	}
	for (i = 0; i < s->n_events; i++) {
		free(s->events[i].name);
		recurrence_free(s->events[i].when);
		free(s->events[i].value);
	}
	free(s->exceptions);
	free(s->events);
	free(s->ranks);
	free(s->fallback);
	free(s->point);
	free(s->id);
	free(s);
}

const char *
schedule_id(const struct schedule *s)
{
	return s->id;
}

const char *
schedule_point(const struct schedule *s)
{
	return s->point;
}

const struct zone *
schedule_zone(const struct schedule *s)
{
	return s->zone;
}

int
schedule_write_priority(const struct schedule *s)
{
	return s->write_priority;
}
