#include "bms/schedule.h"
#include "bms/dated.h"
#include "bms/schedule_parse.h"

#include <stdlib.h>

#define DAY 86400

const char *
schedule_source_name(enum schedule_source s)
{
	static const char *const names[] = { "none", "outside", "manual", "exception", "event",
		"weekly", "default" };

	return names[s];
}

const char *
schedule_fate_name(enum schedule_fate f)
{
	static const char *const names[] = { "wins", "outranked", "ended by null",
		"not yet today", "not today" };

	return names[f];
}

/* ---- a window on a schedule ---- */

struct occurrence {
	size_t event;
	when_t start, end;
};

struct view {
	const struct schedule *s;
	const struct schedule_context *c;
	struct occurrence *occurrences;
	size_t n, room;
	size_t event; /* whose occurrences are being collected */
	bool whole;
	/* the civil day last looked at */
	int64_t day;
	int weekday; /* 0 Monday */
	when_t start, end;
	bool plain; /* 24 hours without a change of offset */
	bool in_effect;
	bool *active; /* by exception: does it have this day? */
};

static const struct schedule_context no_context = { 0 };

static void
collect(void *ctx, when_t start, when_t end)
{
	struct view *v = ctx;

	if (v->n == v->room) {
		v->room = v->room > 0 ? v->room * 2 : 16;
		v->occurrences = xrealloc(v->occurrences, v->room * sizeof(*v->occurrences));
	}
	v->occurrences[v->n++] = (struct occurrence){ v->event, start, end };
}

/*
 * Days are taken from first midnight to first midnight: where clocks went back over midnight
 * (Newfoundland until 2011), the hour before it that comes again belongs to the new day
 * already.
 */
static void
look_at_day(struct view *v, when_t t)
{
	const struct schedule *s = v->s;
	struct civil c = when_civil(s->zone, t, NULL);
	when_t change;
	size_t i;

	v->start = when_day(s->zone, t, 0);
	v->end = when_day(s->zone, t, 1);
	if (t >= v->end) {
		v->start = v->end;
		v->end = when_day(s->zone, t, 2);
		c = civil_of_day(civil_day_number(c) + 1);
	}
	v->day = civil_day_number(c);
	v->weekday = civil_weekday(c) - 1;
	change = when_next_change(s->zone, v->start - 1);
	v->plain = change == WHEN_NONE || change >= v->end;
	v->in_effect = v->day >= s->from && v->day <= s->to;
	for (i = 0; i < s->n_exceptions; i++)
		v->active[i] = dates_match(s->exceptions[i].dates, v->c->calendars, v->day);
}

static struct view
view_open(const struct schedule *s, const struct schedule_context *c, when_t from, when_t to)
{
	struct view v = { .s = s, .c = c != NULL ? c : &no_context, .whole = true };

	if (s->n_exceptions > 0)
		v.active = xcalloc(s->n_exceptions, sizeof(*v.active));
	for (v.event = 0; v.event < s->n_events; v.event++)
		if (!recurrence_between(s->events[v.event].when, from, to, collect, &v))
			v.whole = false;
	look_at_day(&v, from);
	return v;
}

static void
view_close(struct view *v)
{
	free(v->occurrences);
	free(v->active);
}

/* When a time of a list takes effect on the day in view. */
static when_t
instant(const struct view *v, int second)
{
	struct civil c;
	enum when_fit fit;
	when_t t;

	if (v->plain)
		return v->start + second;
	c = civil_of_day(v->day);
	c.hour = second / 3600;
	c.minute = second / 60 % 60;
	c.second = second % 60;
	t = when_of(v->s->zone, c, &fit, NULL);
	if (fit == WHEN_SKIPPED)
		t = when_next_change(v->s->zone, t - DAY);
	return t < v->start ? v->start : t;
}

/* The entry of a list that stands at t; NULL: it has not begun. */
static const struct schedule_entry *
standing(const struct view *v, const struct schedule_list *list, when_t t)
{
	const struct schedule_entry *found = NULL;
	size_t i;

	for (i = 0; i < list->n && instant(v, list->e[i].second) <= t; i++)
		found = &list->e[i];
	return found;
}

/* ---- who could rule, best first ---- */

enum { MANUALS, EFFECT, RANKED, WEEKLY, DEFAULT, END };

struct walk {
	int stage;
	size_t i;
};

static void
of_list(const struct view *v, const struct schedule_list *list, when_t t,
    struct schedule_candidate *k)
{
	const struct schedule_entry *e = standing(v, list, t);

	k->value = e != NULL ? e->value : NULL;
	k->fate = e == NULL          ? SCHEDULE_NOT_YET
		  : e->value == NULL ? SCHEDULE_ENDED
				     : SCHEDULE_WINS;
}

static void
of_manual(const struct view *v, size_t i, when_t t, struct schedule_candidate *k)
{
	const struct schedule_manual *m = &v->c->manual[i];
	bool now = t >= m->from && t < m->to;

	*k = (struct schedule_candidate){ .source = SCHEDULE_MANUAL,
		.index = i,
		.name = m->name,
		.value = m->value,
		.fate = !now       ? SCHEDULE_NOT_TODAY
			: m->value ? SCHEDULE_WINS
				   : SCHEDULE_ENDED };
}

static void
of_event(const struct view *v, size_t event, when_t t, struct schedule_candidate *k)
{
	size_t i;

	k->fate = SCHEDULE_NOT_TODAY;
	for (i = 0; i < v->n; i++)
		if (v->occurrences[i].event == event && t >= v->occurrences[i].start &&
		    t < v->occurrences[i].end) {
			k->value = v->s->events[event].value;
			k->fate = k->value != NULL ? SCHEDULE_WINS : SCHEDULE_ENDED;
		}
}

static void
of_rank(
    const struct view *v, const struct schedule_rank *r, when_t t, struct schedule_candidate *k)
{
	*k = (struct schedule_candidate){
		.source = r->source, .index = r->index, .priority = r->priority
	};
	if (r->source == SCHEDULE_EVENT) {
		k->name = v->s->events[r->index].name;
		of_event(v, r->index, t, k);
		return;
	}
	k->name = v->s->exceptions[r->index].name;
	if (v->active[r->index])
		of_list(v, &v->s->exceptions[r->index].list, t, k);
	else
		k->fate = SCHEDULE_NOT_TODAY;
}

/* The next candidate; SCHEDULE_WINS is the fate of every one that has a value. False: no more.
 */
static bool
next_candidate(const struct view *v, struct walk *w, when_t t, struct schedule_candidate *k)
{
	for (;;) {
		switch (w->stage) {
		case MANUALS:
			if (w->i < v->c->manuals) {
				of_manual(v, v->c->manuals - 1 - w->i++, t, k);
				return true;
			}
			*w = (struct walk){ EFFECT, 0 };
			break;
		case EFFECT:
			w->stage = RANKED;
			if (v->in_effect)
				break;
			*k = (struct schedule_candidate){ .source = SCHEDULE_OUTSIDE,
				.fate = SCHEDULE_WINS };
			return true;
		case RANKED:
			if (w->i < v->s->n_ranks) {
				of_rank(v, &v->s->ranks[w->i++], t, k);
				return true;
			}
			*w = (struct walk){ WEEKLY, 0 };
			break;
		case WEEKLY:
			w->stage = DEFAULT;
			*k = (struct schedule_candidate){ .source = SCHEDULE_WEEKLY,
				.index = (size_t)v->weekday };
			of_list(v, &v->s->weekly[v->weekday], t, k);
			return true;
		case DEFAULT:
			w->stage = END;
			*k = (struct schedule_candidate){ .source = SCHEDULE_DEFAULT,
				.value = v->s->fallback,
				.fate =
				    v->s->fallback != NULL ? SCHEDULE_WINS : SCHEDULE_ENDED };
			return true;
		default:
			return false;
		}
	}
}

static struct schedule_span
ruling(const struct view *v, when_t t)
{
	struct schedule_candidate k;
	struct walk w = { 0 };

	while (next_candidate(v, &w, t, &k))
		if (k.fate == SCHEDULE_WINS)
			return (struct schedule_span){ t, t, k.source, k.index, k.value };
	return (struct schedule_span){ .from = t, .to = t, .source = SCHEDULE_NONE };
}

struct schedule_span
schedule_at(const struct schedule *s, const struct schedule_context *c, when_t t)
{
	struct view v = view_open(s, c, t, t + 1);
	struct schedule_span span = ruling(&v, t);

	view_close(&v);
	return span;
}

void
schedule_explain(const struct schedule *s, const struct schedule_context *c, when_t t,
    schedule_explain_fn *fn, void *ctx)
{
	struct view v = view_open(s, c, t, t + 1);
	struct schedule_candidate k;
	struct walk w = { 0 };
	bool won = false;

	while (next_candidate(&v, &w, t, &k)) {
		if (k.fate == SCHEDULE_WINS && won)
			k.fate = SCHEDULE_OUTRANKED;
		if (k.fate == SCHEDULE_WINS)
			won = true;
		fn(ctx, &k);
	}
	view_close(&v);
}

/* ---- over a span ---- */

struct times {
	when_t *t;
	size_t n, room;
};

static void
put(struct times *b, when_t t, when_t from, when_t to)
{
	if (t < from || t >= to)
		return;
	if (b->n == b->room) {
		b->room = b->room > 0 ? b->room * 2 : 32;
		b->t = xrealloc(b->t, b->room * sizeof(*b->t));
	}
	b->t[b->n++] = t;
}

static void
put_list(struct times *b, const struct view *v, const struct schedule_list *list, when_t from,
    when_t to)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		put(b, instant(v, list->e[i].second), from, to);
}

/* Every instant of the day in view, within [from, to), at which something may change. */
static void
boundaries(struct times *b, const struct view *v, when_t from, when_t to)
{
	size_t i;

	b->n = 0;
	put(b, from, from, to);
	put_list(b, v, &v->s->weekly[v->weekday], from, to);
	for (i = 0; i < v->s->n_exceptions; i++)
		if (v->active[i])
			put_list(b, v, &v->s->exceptions[i].list, from, to);
	for (i = 0; i < v->n; i++) {
		put(b, v->occurrences[i].start, from, to);
		put(b, v->occurrences[i].end, from, to);
	}
	for (i = 0; i < v->c->manuals; i++) {
		put(b, v->c->manual[i].from, from, to);
		put(b, v->c->manual[i].to, from, to);
	}
}

static int
by_time(const void *a, const void *b)
{
	when_t x = *(const when_t *)a, y = *(const when_t *)b;

	return (x > y) - (x < y);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* As far as whoever acts on it can tell. */
static bool
same_value(const struct schedule_span *a, const struct schedule_span *b)
{
	return same_text(a->value, b->value) &&
	       (a->source == SCHEDULE_OUTSIDE) == (b->source == SCHEDULE_OUTSIDE);
}

static bool
same_span(const struct schedule_span *a, const struct schedule_span *b)
{
	return a->source == b->source && a->index == b->index && same_text(a->value, b->value);
}

bool
schedule_expand(const struct schedule *s, const struct schedule_context *c, when_t from,
    when_t to, schedule_fn *fn, void *ctx)
{
	struct view v = view_open(s, c, from, to);
	struct schedule_span held = { .from = from, .to = from }, now;
	struct times b = { 0 };
	when_t t;
	size_t i;

	for (t = from; t < to; t = v.end) {
		if (t != from)
			look_at_day(&v, t);
		boundaries(&b, &v, t, v.end < to ? v.end : to);
		if (b.n > 0)
			qsort(b.t, b.n, sizeof(*b.t), by_time);
		for (i = 0; i < b.n; i++) {
			now = ruling(&v, b.t[i]);
			if (b.t[i] != from && same_span(&now, &held))
				continue;
			held.to = b.t[i];
			if (held.to > held.from)
				fn(ctx, &held);
			held = now;
		}
	}
	held.to = to;
	if (held.to > held.from)
		fn(ctx, &held);
	free(b.t);
	view_close(&v);
	return v.whole;
}

struct spans {
	struct schedule_span *a;
	size_t n, room;
};

static void
keep(void *ctx, const struct schedule_span *span)
{
	struct spans *all = ctx;

	if (all->n == all->room) {
		all->room = all->room > 0 ? all->room * 2 : 32;
		all->a = xrealloc(all->a, all->room * sizeof(*all->a));
	}
	all->a[all->n++] = *span;
}

when_t
schedule_next(const struct schedule *s, const struct schedule_context *c, when_t t,
    when_t limit, struct schedule_span *then)
{
	struct schedule_span now = schedule_at(s, c, t);
	when_t found = WHEN_NONE, end;
	struct spans all = { 0 };
	int days = 1;
	size_t i;

	for (; t < limit && found == WHEN_NONE; t = end) {
		end = t + (when_t)days * DAY < limit ? t + (when_t)days * DAY : limit;
		days = days < 32 ? days * 2 : days;
		all.n = 0;
		(void)schedule_expand(s, c, t, end, keep, &all);
		for (i = 0; i < all.n && same_value(&all.a[i], &now); i++)
			;
		if (i < all.n) {
			found = all.a[i].from;
			*then = all.a[i];
		}
	}
	free(all.a);
	return found;
}

void
schedule_diff(const struct schedule *a, const struct schedule *b,
    const struct schedule_context *c, when_t from, when_t to, schedule_diff_fn *fn, void *ctx)
{
	struct spans left = { 0 }, right = { 0 };
	struct schedule_span x, y;
	size_t i = 0, j = 0;
	when_t t;

	(void)schedule_expand(a, c, from, to, keep, &left);
	(void)schedule_expand(b, c, from, to, keep, &right);
	for (t = from; t < to && i < left.n && j < right.n; t = x.to) {
		x = left.a[i];
		y = right.a[j];
		x.from = y.from = t;
		x.to = y.to = x.to < y.to ? x.to : y.to;
		if (!same_value(&x, &y))
			fn(ctx, &x, &y);
		i += left.a[i].to == x.to;
		j += right.a[j].to == x.to;
	}
	free(left.a);
	free(right.a);
}

/* ---- what is hardly meant ---- */

struct saying {
	calendars_say *say;
	void *ctx;
	size_t n;
};

static void
say(struct saying *y, char *text)
{
	y->say(y->ctx, text);
	y->n++;
	free(text);
}

static void
clashes(const struct view *v, struct saying *y)
{
	const struct schedule_rank *r = v->s->ranks, *last = NULL;
	char date[DATED_TEXT];
	size_t i;

	for (i = 0; i < v->s->n_ranks; i++) {
		if (r[i].source != SCHEDULE_EXCEPTION || !v->active[r[i].index])
			continue;
		if (last != NULL && last->priority == r[i].priority)
			say(y, xasprintf("exceptions %zu and %zu have priority %d on %s; the "
					 "first rules",
				   last->index, r[i].index, last->priority,
				   dated_format(date, v->day)));
		last = &r[i];
	}
}

static bool
is_empty(const struct schedule *s)
{
	size_t i;

	for (i = 0; i < 7; i++)
		if (s->weekly[i].n > 0)
			return false;
	return s->n_ranks == 0 && s->fallback == NULL;
}

size_t
schedule_check(const struct schedule *s, const struct schedule_context *c, int64_t from,
    int64_t to, calendars_say *fn, void *ctx)
{
	struct saying y = { fn, ctx, 0 };
	struct civil day = civil_of_day(from);
	when_t t = when_of(s->zone, day, NULL, NULL);
	struct view v = view_open(s, c, t, t + 1);
	size_t i;

	if (is_empty(s))
		say(&y, xasprintf("schedule %s: empty: it never has a value", s->id));
	for (i = 0; i < s->n_exceptions; i++)
		y.n += dates_check(s->exceptions[i].dates, v.c->calendars, fn, ctx);
	for (; v.day <= to && s->n_exceptions > 1; look_at_day(&v, v.end))
		clashes(&v, &y);
	view_close(&v);
	return y.n;
}
