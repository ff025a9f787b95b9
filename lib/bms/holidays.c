#include "bms/holidays.h"
#include "bms/dated.h"

#include <inttypes.h>
#include <stdlib.h>

struct holiday_calendar {
	char *name;
	int64_t valid_from, valid_through;
	struct holiday *days; /* by day, then kind */
	size_t n, room;
	const struct holiday_calendar *parent;
	struct holiday_calendar *next;
};

struct holidays {
	struct holiday_calendar *calendars;
};

static const char *const kind_names[] = { "statutory", "substitute", "election", "temporary",
	"site" };

#define KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

const char *
holiday_kind_name(enum holiday_kind kind)
{
	return kind_names[kind];
}

struct holidays *
holidays_new(void)
{
	return xcalloc(1, sizeof(struct holidays));
}

static void
calendar_free(struct holiday_calendar *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->days[i].name);
	free(c->days);
	free(c->name);
	free(c);
}

void
holidays_free(struct holidays *h)
{
	struct holiday_calendar *c, *next;

	if (h == NULL)
		return;
	for (c = h->calendars; c != NULL; c = next) {
		next = c->next;
		calendar_free(c);
	}
	free(h);
}

static struct holiday_calendar *
find(const struct holidays *h, struct span name)
{
	struct holiday_calendar *c = h->calendars;

	while (c != NULL && !span_is(name, c->name))
		c = c->next;
	return c;
}

const struct holiday_calendar *
holidays_calendar(const struct holidays *h, struct span name)
{
	return find(h, name);
}

static bool
add_calendar(struct holidays *h, json_value record, struct span name, struct buf *why)
{
	const struct holiday_calendar *parent = NULL;
	struct holiday_calendar *c;
	struct span extends;
	int64_t from, through;

	if (find(h, name) != NULL)
		return buf_printf(why, "calendar %.*s: there is one already", SPAN_ARG(name)),
		       false;
	if (json_text(json_get(record, "extends"), &extends) &&
	    (parent = find(h, extends)) == NULL)
		return buf_printf(why, "extends: no calendar %.*s yet", SPAN_ARG(extends)),
		       false;
	if (!dated_validity(record, &from, &through, why))
		return false;
	if (parent == NULL && through == DATED_FOREVER)
		return buf_puts(why, "valid_through: not there, but a list of holidays ends"),
		       false;
	c = xcalloc(1, sizeof(*c));
	*c = (struct holiday_calendar){ .name = xstrndup(name.p, name.n),
		.valid_from = from,
		.valid_through = through,
		.parent = parent,
		.next = h->calendars };
	h->calendars = c;
	return true;
}

/* Where a day of that kind belongs. */
static size_t
place(const struct holiday_calendar *c, int64_t day, enum holiday_kind kind)
{
	size_t low = 0, high = c->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (c->days[mid].day < day ||
		    (c->days[mid].day == day && c->days[mid].kind < kind))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
insert(struct holiday_calendar *c, struct holiday day)
{
	size_t at = place(c, day.day, day.kind), i;

	if (c->n == c->room) {
		c->room = c->room > 0 ? c->room * 2 : 32;
		c->days = xrealloc(c->days, c->room * sizeof(*c->days));
	}
	for (i = c->n++; i > at; i--)
		c->days[i] = c->days[i - 1];
	c->days[at] = day;
}

static bool
is_repeated(const struct holiday_calendar *c, const struct holiday *day, struct buf *why)
{
	size_t i;

	for (i = place(c, day->day, day->kind);
	     i < c->n && c->days[i].day == day->day && c->days[i].kind == day->kind; i++)
		if (strcmp(c->days[i].name, day->name) == 0) {
			buf_printf(why, "the same day is on line %" PRIu64, c->days[i].line);
			return true;
		}
	return false;
}

static bool
kind_of(json_value v, enum holiday_kind *kind)
{
	struct span text;
	size_t k;

	if (!json_text(v, &text))
		return false;
	for (k = 0; k < KINDS && !span_is(text, kind_names[k]); k++)
		;
	*kind = (enum holiday_kind)k;
	return k < KINDS;
}

static bool
add_day(struct holidays *h, json_value record, struct span calendar, const struct where *at,
    struct buf *why)
{
	struct holiday_calendar *c = find(h, calendar);
	struct holiday day = { .verified = true, .line = at->line };
	struct span name = SPAN("");

	if (c == NULL)
		return buf_printf(why, "calendar: no %.*s yet", SPAN_ARG(calendar)), false;
	if (!dated_of_json(json_get(record, "date"), INT64_MIN, &day.day) ||
	    day.day == INT64_MIN)
		return buf_puts(why, "date: not a day that exists"), false;
	if (!kind_of(json_get(record, "kind"), &day.kind))
		return buf_puts(
			   why, "kind: not statutory, substitute, election, temporary or site"),
		       false;
	if (day.day < c->valid_from || day.day > c->valid_through)
		return buf_puts(
			   why, "date: outside the calendar's valid_from and valid_through"),
		       false;
	(void)json_bool(json_get(record, "verified"), &day.verified);
	(void)json_text(json_get(record, "name"), &name);
	day.name = xstrndup(name.p, name.n);
	if (is_repeated(c, &day, why)) {
		free(day.name);
		return false;
	}
	insert(c, day);
	return true;
}

bool
holidays_add(struct holidays *h, json_value record, const struct where *at, struct buf *why)
{
	struct span type, calendar;

	if (!json_text(json_get(record, "calendar"), &calendar) || calendar.n == 0)
		return buf_puts(why, "calendar: not a name"), false;
	if (!json_text(json_get(record, "type"), &type))
		return buf_puts(why, "type: not there"), false;
	if (span_is(type, "calendar"))
		return add_calendar(h, record, calendar, why);
	if (span_is(type, "holiday"))
		return add_day(h, record, calendar, at, why);
	return buf_puts(why, "type: not calendar or holiday"), false;
}

static bool
is_seen(enum holiday_kind kind, enum holiday_view view)
{
	return view == HOLIDAY_FOR_OCCUPANCY ||
	       (kind != HOLIDAY_TEMPORARY && kind != HOLIDAY_SITE);
}

const struct holiday *
holidays_find(const struct holiday_calendar *c, int64_t day, enum holiday_view view)
{
	size_t i;

	for (; c != NULL; c = c->parent) {
		i = place(c, day, HOLIDAY_STATUTORY);
		if (i < c->n && c->days[i].day == day && is_seen(c->days[i].kind, view))
			return &c->days[i];
	}
	return NULL;
}

bool
holidays_cover(const struct holiday_calendar *c, int64_t day)
{
	if (c == NULL)
		return false;
	for (; c != NULL; c = c->parent)
		if (day < c->valid_from || day > c->valid_through)
			return false;
	return true;
}

int64_t
holidays_valid_through(const struct holiday_calendar *c)
{
	int64_t last = DATED_FOREVER;

	for (; c != NULL; c = c->parent)
		if (c->valid_through < last)
			last = c->valid_through;
	return last;
}

bool
holidays_warning(
    const struct holiday_calendar *c, int64_t today, int64_t margin, struct buf *text)
{
	int64_t last = holidays_valid_through(c);
	char date[DATED_TEXT];

	if (c == NULL || last - today >= margin)
		return false;
	if (last < today)
		buf_printf(text, "holidays of %s: none known after %s", c->name,
		    dated_format(date, last));
	else
		buf_printf(text,
		    "holidays of %s: known through %s only, %" PRId64 " days from now", c->name,
		    dated_format(date, last), last - today);
	return true;
}
