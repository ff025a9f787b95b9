#include "db/standing.h"
#include "base/diag.h"

#include <stdio.h>
#include <stdlib.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

/* An alarm as it was seen last. */
struct seen {
	int64_t id;
	uint64_t digest; /* of all that is told of it */
	when_t last;
	UT_hash_handle hh;
};

struct standing {
	char *customer, *building;
	const struct zone *zone;
	struct seen *seen;
	bool looked;
};

struct standing *
standing_new(struct span customer, struct span building, const struct zone *zone)
{
	struct standing *s = xcalloc(1, sizeof(*s));

	s->customer = xstrndup(customer.p, customer.n);
	s->building = xstrndup(building.p, building.n);
	s->zone = zone;
	return s;
}

void
standing_free(struct standing *s)
{
	struct seen *e, *next;

	if (s == NULL)
		return;
	HASH_ITER(hh, s->seen, e, next)
	{
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash is done with it */
		HASH_DEL(s->seen, e);
		free(e);
	}
	free(s->customer);
	free(s->building);
	free(s);
}

struct span
standing_customer(const struct standing *s)
{
	return span_of(s->customer);
}

struct span
standing_building(const struct standing *s)
{
	return span_of(s->building);
}

/* One alarm's row, as a transition that lacks what happened. */
struct alarm_row {
	int64_t id;
	when_t last;
	struct transition t;
};

static bool
next_alarm(struct rows *r, struct alarm_row *a)
{
	struct transition *t = &a->t;
	struct span episode_id;
	int64_t flags, level;

	if (!rows_next(r, "itttiwtwwwiitttttw", &a->id, &t->alarm_point_id, &t->thing,
		&t->source, &flags, &t->state.episode, &episode_id, &t->state.cleared,
		&t->state.acked_at, &t->state.shelved_until, &level, &t->state.priority,
		&t->detail.name, &t->detail.point_id, &t->detail.value, &t->detail.text,
		&t->reason, &a->last))
		return false;
	alarm_set_flags(&t->state, flags);
	t->state.level = (int)level;
	(void)snprintf(t->episode, sizeof(t->episode), "%.*s",
	    episode_id.p != NULL ? (int)episode_id.n : 0,
	    episode_id.p != NULL ? episode_id.p : "");
	return true;
}

static uint64_t
digest_of(const struct alarm_row *a)
{
	const struct alarm_state *s = &a->t.state;
	uint64_t h = alarm_hash_number(ALARM_HASH, a->last);

	h = alarm_hash_number(h, alarm_flags(s));
	h = alarm_hash_number(h, s->episode);
	h = alarm_hash_number(h, s->acked_at);
	h = alarm_hash_number(h, s->shelved_until);
	h = alarm_hash_number(h, s->level);
	h = alarm_hash(h, a->t.detail.value);
	return alarm_hash(h, a->t.detail.text);
}

static struct seen *
seen_of(struct standing *s, int64_t id, bool *is_new)
{
	struct seen *e;

	HASH_FIND(hh, s->seen, &id, sizeof(id), e);
	*is_new = e == NULL;
	if (e == NULL) {
		e = xcalloc(1, sizeof(*e));
		e->id = id;
		e->last = WHEN_NONE;
		HASH_ADD(hh, s->seen, id, sizeof(e->id), e);
	}
	return e;
}

/* The transition with what its row of the history says; false: no more. */
static bool
next_event(struct rows *r, struct transition *t)
{
	int64_t what, told, flags;

	if (!rows_next(r, "wiiwiwt", &t->at, &what, &told, &t->state.episode, &flags,
		&t->state.shelved_until, &t->by))
		return false;
	t->what = (enum alarm_event)what;
	t->tell = told != 0;
	alarm_set_flags(&t->state, flags);
	return true;
}

/* Those after `since`, or the newest where there is none. */
static void
tell_events(struct db *site, const struct alarm_row *a, when_t since, standing_fn *fn,
    void *ctx, bool first)
{
	struct transition t = a->t;
	struct rows *r;
	bool any = false;

	r = first ? NULL : db_rows(site, SQL_ALARM_HISTORY_AFTER, "iw", a->id, since);
	while (r != NULL && next_event(r, &t)) {
		fn(ctx, &t, false);
		any = true;
	}
	if (r != NULL)
		rows_end(r);
	if (any)
		return;
	t = a->t;
	r = db_rows(site, SQL_ALARM_HISTORY_LAST, "i", a->id);
	if (next_event(r, &t))
		fn(ctx, &t, first);
	rows_end(r);
}

static void
look_at(struct standing *s, struct db *site, struct alarm_row *a, standing_fn *fn, void *ctx)
{
	uint64_t digest = digest_of(a);
	struct seen *e;
	when_t since;
	bool is_new;

	e = seen_of(s, a->id, &is_new);
	if (!is_new && e->digest == digest)
		return;
	since = e->last != WHEN_NONE ? e->last : WHEN_NONE + 1;
	e->digest = digest;
	e->last = a->last;
	a->t.customer = span_of(s->customer);
	a->t.building = span_of(s->building);
	a->t.zone = s->zone;
	if (s->looked || strcmp(alarm_state_name(&a->t.state), "normal") != 0)
		tell_events(site, a, since, fn, ctx, !s->looked);
}

void
standing_look(struct standing *s, struct db *site, standing_fn *fn, void *ctx)
{
	struct rows *r = db_rows(site, SQL_ALARM_OF_BUILDING, "ss", s->customer, s->building);
	struct alarm_row a = { .t = { .state = alarm_fresh() } };

	while (next_alarm(r, &a))
		look_at(s, site, &a, fn, ctx);
	rows_end(r);
	s->looked = true;
}
