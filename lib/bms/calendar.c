#include "bms/calendar.h"
#include "bms/dated.h"

#include <stdlib.h>

#define ANY 0
#define ODD 10001 /* past any year */
#define EVEN 10002
#define LAST 10003
#define DEPTH 16 /* references to references: deeper than anybody means */

enum kind { DATE, RANGE, WEEKNDAY, REFERENCE, HOLIDAYS };

struct entry {
	enum kind kind;
	int year, month, day; /* DATE */
	int week, weekday;    /* WEEKNDAY, with month */
	int64_t from, to;     /* RANGE */
	char *calendar;       /* REFERENCE */
	enum holiday_view view;
};

struct dates {
	struct entry *entries;
	size_t n;
};

struct calendar {
	char *id;
	struct dates *dates;
};

struct calendars {
	struct calendar *all;
	size_t n, room;
	const struct holiday_calendar *holidays;
};

/* ---- reading ---- */

static bool
take_field(struct span *s, int digits, int *v)
{
	static const struct {
		const char *word;
		int value;
	} words[] = { { "*", ANY }, { "odd", ODD }, { "even", EVEN }, { "last", LAST } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_starts(*s, words[i].word)) {
			size_t n = strlen(words[i].word);

			*v = words[i].value;
			*s = (struct span){ s->p + n, s->n - n };
			return true;
		}
	if (s->n < (size_t)digits)
		return false;
	for (*v = 0; digits > 0; digits--) {
		if (*s->p < '0' || *s->p > '9')
			return false;
		*v = *v * 10 + (*s->p - '0');
		*s = (struct span){ s->p + 1, s->n - 1 };
	}
	return *v > 0;
}

static bool
take_dash(struct span *s)
{
	if (s->n == 0 || *s->p != '-')
		return false;
	*s = (struct span){ s->p + 1, s->n - 1 };
	return true;
}

/* Could any day match? A whole date must exist; 30 February never comes. */
static bool
is_possible(const struct entry *e)
{
	int year = e->year != ANY ? e->year : 2024, month;

	if (e->year >= ODD || e->month == LAST || (e->month > 12 && e->month < ODD))
		return false;
	if (e->day == ANY || e->day >= ODD)
		return true;
	for (month = 1; month <= 12; month++)
		if ((e->month == ANY || e->month == month ||
			(e->month == ODD && month % 2 == 1) ||
			(e->month == EVEN && month % 2 == 0)) &&
		    e->day <= civil_days_in_month(year, month))
			return true;
	return false;
}

static bool
parse_date(struct span text, struct entry *e, struct buf *why)
{
	struct span s = text;

	*e = (struct entry){ .kind = DATE };
	if (take_field(&s, 4, &e->year) && take_dash(&s) && take_field(&s, 2, &e->month) &&
	    take_dash(&s) && take_field(&s, 2, &e->day) && s.n == 0 && is_possible(e))
		return true;
	buf_printf(why, "%.*s: not a date", SPAN_ARG(text));
	return false;
}

static bool
parse_range(json_value v, struct entry *e, struct buf *why)
{
	*e = (struct entry){ .kind = RANGE };
	if (!dated_of_json(json_get(v, "from"), DATED_EVER, &e->from) ||
	    !dated_of_json(json_get(v, "to"), DATED_FOREVER, &e->to))
		return buf_puts(why, "from, to: not dates"), false;
	if (e->from > e->to)
		return buf_puts(why, "to is before from"), false;
	return true;
}

static bool
parse_month(json_value v, int *month)
{
	struct span text;
	int64_t n;

	*month = ANY;
	if (v.at == 0 || json_kind_of(v) == JSON_NULL)
		return true;
	if (json_text(v, &text)) {
		*month = span_is(text, "odd") ? ODD : EVEN;
		return span_is(text, "odd") || span_is(text, "even");
	}
	if (!json_int(v, &n) || n < 1 || n > 14)
		return false;
	*month = n == 13 ? ODD : n == 14 ? EVEN : (int)n;
	return true;
}

static bool
parse_week(json_value v, int *week)
{
	struct span text;
	int64_t n;

	*week = ANY;
	if (v.at == 0 || json_kind_of(v) == JSON_NULL)
		return true;
	if (json_text(v, &text)) {
		*week = LAST;
		return span_is(text, "last");
	}
	if (!json_int(v, &n) || n < 1 || n > 6)
		return false;
	*week = n == 6 ? LAST : (int)n;
	return true;
}

static bool
parse_weekday(json_value v, int *weekday)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	struct span text;

	*weekday = ANY;
	if (v.at == 0 || json_kind_of(v) == JSON_NULL)
		return true;
	if (!json_text(v, &text))
		return false;
	for (*weekday = 1; *weekday <= 7 && !span_is(text, names[*weekday - 1]); (*weekday)++)
		;
	return *weekday <= 7;
}

static bool
parse_weeknday(json_value v, struct entry *e, struct buf *why)
{
	*e = (struct entry){ .kind = WEEKNDAY };
	if (!parse_month(json_get(v, "month"), &e->month))
		return buf_puts(why, "month: not 1 to 14, odd or even"), false;
	if (!parse_week(json_get(v, "week"), &e->week))
		return buf_puts(why, "week: not 1 to 6 or last"), false;
	if (!parse_weekday(json_get(v, "weekday"), &e->weekday))
		return buf_puts(why, "weekday: not mon to sun"), false;
	return true;
}

static bool
parse_holidays(struct span view, struct entry *e, struct buf *why)
{
	*e = (struct entry){ .kind = HOLIDAYS, .view = HOLIDAY_FOR_OCCUPANCY };
	if (span_is(view, "tariff"))
		e->view = HOLIDAY_FOR_TARIFF;
	else if (!span_is(view, "occupancy"))
		return buf_puts(why, "holidays: not occupancy or tariff"), false;
	return true;
}

static bool
parse_entry(json_value v, struct entry *e, struct buf *why)
{
	struct span text;

	if (json_text(v, &text))
		return parse_date(text, e, why);
	if (json_text(json_get(v, "calendar"), &text)) {
		*e = (struct entry){ .kind = REFERENCE, .calendar = xstrndup(text.p, text.n) };
		return true;
	}
	if (json_text(json_get(v, "holidays"), &text))
		return parse_holidays(text, e, why);
	if (json_get(v, "from").at != 0 || json_get(v, "to").at != 0)
		return parse_range(v, e, why);
	if (json_get(v, "month").at != 0 || json_get(v, "week").at != 0 ||
	    json_get(v, "weekday").at != 0)
		return parse_weeknday(v, e, why);
	buf_puts(why, "dates: not a date, a range, a weekNDay, a calendar or holidays");
	return false;
}

struct dates *
dates_parse(json_value v, struct buf *why)
{
	bool list = json_kind_of(v) == JSON_ARRAY;
	size_t n = list ? json_count(v) : 1;
	struct dates *d = xcalloc(1, sizeof(*d));
	json_value e = list ? json_first(v) : v;

	if (n > CALENDAR_ENTRIES) {
		buf_puts(why, "dates: too many");
		dates_free(d);
		return NULL;
	}
	d->entries = xcalloc(n > 0 ? n : 1, sizeof(*d->entries));
	for (; d->n < n; e = list ? json_next(e) : e)
		if (!parse_entry(e, &d->entries[d->n++], why)) {
			dates_free(d);
			return NULL;
		}
	return d;
}

void
dates_free(struct dates *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->n; i++)
		free(d->entries[i].calendar);
	free(d->entries);
	free(d);
}

/* ---- calendars ---- */

struct calendars *
calendars_new(const struct holiday_calendar *holidays)
{
	struct calendars *cs = xcalloc(1, sizeof(*cs));

	cs->holidays = holidays;
	return cs;
}

void
calendars_free(struct calendars *cs)
{
	size_t i;

	if (cs == NULL)
		return;
	for (i = 0; i < cs->n; i++) {
		free(cs->all[i].id);
		dates_free(cs->all[i].dates);
	}
	free(cs->all);
	free(cs);
}

static struct calendar *
find(const struct calendars *cs, struct span id)
{
	size_t i;

	for (i = 0; cs != NULL && i < cs->n; i++)
		if (span_is(id, cs->all[i].id))
			return &cs->all[i];
	return NULL;
}

bool
calendars_add(struct calendars *cs, json_value calendar, struct buf *why)
{
	struct calendar *c;
	struct dates *d;
	struct span id;

	if (!json_text(json_get(calendar, "calendar_id"), &id) || id.n == 0)
		return buf_puts(why, "calendar_id: not a name"), false;
	if ((d = dates_parse(json_get(calendar, "dates"), why)) == NULL)
		return false;
	if ((c = find(cs, id)) != NULL) {
		dates_free(c->dates);
		c->dates = d;
		return true;
	}
	if (cs->n == cs->room) {
		cs->room = cs->room > 0 ? cs->room * 2 : 8;
		cs->all = xrealloc(cs->all, cs->room * sizeof(*cs->all));
	}
	cs->all[cs->n++] = (struct calendar){ .id = xstrndup(id.p, id.n), .dates = d };
	return true;
}

/* ---- matching ---- */

static bool
fits(int wanted, int v, int last)
{
	switch (wanted) {
	case ANY:
		return true;
	case ODD:
		return v % 2 == 1;
	case EVEN:
		return v % 2 == 0;
	case LAST:
		return v == last;
	default:
		return v == wanted;
	}
}

static bool
week_fits(int week, struct civil c)
{
	if (week == LAST)
		return c.day > civil_days_in_month(c.year, c.month) - 7;
	return week == ANY || (c.day - 1) / 7 + 1 == week;
}

static bool match(const struct dates *d, const struct calendars *cs, int64_t day, int depth);

static bool
entry_matches(const struct entry *e, const struct calendars *cs, int64_t day, int depth)
{
	struct civil c = civil_of_day(day);
	const struct calendar *other;

	switch (e->kind) {
	case DATE:
		return fits(e->year, c.year, 0) && fits(e->month, c.month, 0) &&
		       fits(e->day, c.day, civil_days_in_month(c.year, c.month));
	case RANGE:
		return day >= e->from && day <= e->to;
	case WEEKNDAY:
		return fits(e->month, c.month, 0) && week_fits(e->week, c) &&
		       fits(e->weekday, civil_weekday(c), 0);
	case HOLIDAYS:
		return cs != NULL && holidays_find(cs->holidays, day, e->view) != NULL;
	case REFERENCE:
		other = depth < DEPTH ? find(cs, span_of(e->calendar)) : NULL;
		return other != NULL && match(other->dates, cs, day, depth + 1);
	}
	return false;
}

static bool
match(const struct dates *d, const struct calendars *cs, int64_t day, int depth)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (entry_matches(&d->entries[i], cs, day, depth))
			return true;
	return false;
}

bool
dates_match(const struct dates *d, const struct calendars *cs, int64_t day)
{
	return match(d, cs, day, 0);
}

bool
calendars_match(const struct calendars *cs, struct span id, int64_t day)
{
	const struct calendar *c = find(cs, id);

	return c != NULL && match(c->dates, cs, day, 0);
}

/* ---- checking ---- */

struct trail {
	const struct calendar *seen[DEPTH];
	int depth;
	calendars_say *say;
	void *ctx;
	size_t found;
};

static void
say(struct trail *t, const char *what, const char *id)
{
	char *text = xasprintf("calendar %s: %s", id, what);

	t->say(t->ctx, text);
	t->found++;
	free(text);
}

static void
follow(struct trail *t, const struct dates *d, const struct calendars *cs)
{
	const struct calendar *c;
	size_t i;
	int k;

	for (i = 0; i < d->n; i++) {
		if (d->entries[i].kind == HOLIDAYS && (cs == NULL || cs->holidays == NULL))
			say(t, "there is no holiday list", "holidays");
		if (d->entries[i].kind != REFERENCE)
			continue;
		c = find(cs, span_of(d->entries[i].calendar));
		for (k = 0; k < t->depth && t->seen[k] != c; k++)
			;
		if (c == NULL) {
			say(t, "there is none", d->entries[i].calendar);
		} else if (k < t->depth) {
			say(t, "refers to itself", c->id);
		} else if (t->depth == DEPTH) {
			say(t, "too many references deep", c->id);
		} else {
			t->seen[t->depth++] = c;
			follow(t, c->dates, cs);
			t->depth--;
		}
	}
}

size_t
dates_check(const struct dates *d, const struct calendars *cs, calendars_say *fn, void *ctx)
{
	struct trail t = { .say = fn, .ctx = ctx };

	follow(&t, d, cs);
	return t.found;
}
