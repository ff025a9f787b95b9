#include "base/diag.h"
#include "db/alarm_own.h"

#include <stdlib.h>

#define WOKEN 1000000 /* the place of what time brings */
#define CHUNK 256     /* history rows read at once */
#define CHUNK_MAX ((size_t)1 << 20)

/* What an event says of the alarm becomes what the alarm says. */
static void
take_detail(struct entry *e, const struct row *r, enum alarm_event transition)
{
	const struct span said[] = { r->detail.name, r->detail.point_id, r->detail.value,
		r->detail.text };
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (transition == ALARM_RAISE || said[i].p != NULL)
			alarm_entry_keep(e, (enum kept)(NAME + (int)i), said[i]);
}

static void
take_reason(struct entry *e, const struct row *r)
{
	const struct alarm_state *s = &e->state;

	switch (r->in.event) {
	case ALARM_SHELVE:
	case ALARM_SUPPRESS:
	case ALARM_OUT_OF_SERVICE:
		alarm_entry_keep(e, REASON, r->reason);
		break;
	default:
		if (s->shelf == ALARM_NOT_SHELVED && !s->suppressed && !s->out_of_service)
			alarm_entry_keep(e, REASON, (struct span){ 0 });
	}
}

static struct transition
transition_of(struct alarm_book *b, const struct entry *e, const struct row *r,
    const struct alarm_state *state)
{
	struct transition t = { .what = (enum alarm_event)r->transition,
		.customer = e->customer,
		.building = e->building,
		.alarm_point_id = e->alarm_point_id,
		.thing = e->kept[THING],
		.source = e->kept[SOURCE],
		.at = r->in.at,
		.zone = alarm_book_zone(b, e->customer, e->building),
		.state = *state,
		.detail = { e->kept[NAME], e->kept[POINT_ID], e->kept[VALUE], e->kept[TEXT] },
		.by = r->by,
		.reason = r->reason,
		.tell = r->told != 0 };

	if (r->episode != WHEN_NONE)
		(void)alarm_episode_id(
		    t.episode, e->customer, e->building, e->alarm_point_id, r->episode);
	return t;
}

/* The texts of a transition are moved to memory of its own. */
static void
change_add(struct alarm_book *b, const struct transition *t)
{
	struct change *c;
	struct span *texts[9];
	size_t i, at[9];

	b->changes = xrealloc(b->changes, (b->changes_n + 1) * sizeof(*b->changes));
	c = &b->changes[b->changes_n++];
	*c = (struct change){ .t = *t, .text = BUF(ALARM_BOOK_TEXT) };
	texts[0] = &c->t.thing;
	texts[1] = &c->t.source;
	texts[2] = &c->t.by;
	texts[3] = &c->t.reason;
	texts[4] = &c->t.detail.name;
	texts[5] = &c->t.detail.point_id;
	texts[6] = &c->t.detail.value;
	texts[7] = &c->t.detail.text;
	texts[8] = &c->t.alarm_point_id;
	for (i = 0; i < 9; i++) {
		at[i] = c->text.n;
		buf_put(&c->text, *texts[i]);
		buf_putc(&c->text, '\0');
	}
	for (i = 0; i < 9; i++)
		if (texts[i]->p != NULL)
			texts[i]->p = c->text.p + at[i];
}

/* People who were told of a raise that has turned out to be an earlier one are not told again.
 */
static void
changes_tell(struct alarm_book *b)
{
	size_t i, was = 0;

	for (i = 0; i < b->changes_n; i++)
		if (b->changes[i].t.withdrawn && b->changes[i].t.tell)
			was++;
	for (i = 0; i < b->changes_n; i++) {
		struct transition *t = &b->changes[i].t;

		if (!t->withdrawn && t->tell && was > 0) {
			t->tell = false;
			was--;
		} else if (t->withdrawn) {
			t->tell = false;
		}
		b->told(b->ctx, t);
		buf_free(&b->changes[i].text);
	}
	b->changes_n = 0;
}

static void
group_reserve(struct alarm_book *b, size_t n)
{
	if (n <= b->group_room)
		return;
	b->group_room = n + 16;
	b->inputs = xrealloc(b->inputs, b->group_room * sizeof(*b->inputs));
	b->effects = xrealloc(b->effects, b->group_room * sizeof(*b->effects));
	b->states = xrealloc(b->states, b->group_room * sizeof(*b->states));
}

static struct row *
row_of(struct row rows[], size_t n, const struct alarm_input *in)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (rows[i].in.event == in->event && rows[i].in.digest == in->digest)
			return &rows[i];
	diag_bug(__FILE__, __LINE__, "an event that was applied");
}

/* Writes what a row did, and says so where that is news. */
static void
row_settle(struct alarm_book *b, struct entry *e, struct row *r, const struct row *now,
    const struct alarm_state *state, bool late)
{
	bool news = r->is_new || r->transition != now->transition ||
		    (now->transition != 0 && r->episode != now->episode);
	struct transition t;

	if (!r->is_new && news && r->transition != 0) {
		t = transition_of(b, e, r, state);
		t.withdrawn = t.late = true;
		change_add(b, &t);
	}
	if (r->is_new && late)
		(void)alarm_history_insert(b, e, now);
	else if (r->is_new)
		alarm_history_add(b, e, now);
	else if (news || r->place != now->place || r->told != now->told ||
		 r->episode != now->episode || r->flags != now->flags ||
		 r->shelved_until != now->shelved_until)
		alarm_history_update(b, e, now);
	if (!news || now->transition == 0)
		return;
	t = transition_of(b, e, now, state);
	t.late = late;
	if (late)
		change_add(b, &t);
	else
		b->told(b->ctx, &t);
}

/* Applies the events of one instant to the entry's state and texts. */
static void
apply_rows(struct alarm_book *b, struct entry *e, struct row rows[], size_t n, int64_t place,
    bool late)
{
	size_t i;

	group_reserve(b, n);
	for (i = 0; i < n; i++)
		b->inputs[i] = rows[i].in;
	alarm_apply(&e->state, b->inputs, n, e->limits, b->effects, b->states);
	alarm_entry_touch(b, e);
	for (i = 0; i < n; i++) {
		struct row *r = row_of(rows, n, &b->inputs[i]), now = *r;
		const struct alarm_effect *did = &b->effects[i];

		now.place = place + (int64_t)i;
		now.transition = did->changed ? (int64_t)did->transition : 0;
		now.told = did->tell;
		now.episode = did->episode;
		now.flags = alarm_flags(&b->states[i]);
		now.shelved_until = b->states[i].shelved_until;
		if (did->changed) {
			if (did->transition <= ALARM_CLEAR)
				take_detail(e, r, did->transition);
			take_reason(e, r);
		}
		row_settle(b, e, r, &now, &b->states[i], late);
		r->is_new = false;
	}
	if (rows[0].in.at > e->last)
		e->last = rows[0].in.at;
}

/* What time itself does before `until` (or at it). */
static void
wake_entry(struct alarm_book *b, struct entry *e, when_t until, bool at_it, bool late)
{
	struct row r = { .is_new = true };

	while (alarm_wakes(&e->state, e->limits, &r.in) &&
	       (r.in.at < until || (at_it && r.in.at == until))) {
		r.is_new = true;
		/* after whatever else happened in that instant */
		apply_rows(b, e, &r, 1, WOKEN + (int64_t)r.in.event, late);
	}
}

/* History rows from a time on; the texts are copied. *more: there are further ones. */
static size_t
rows_read(struct alarm_book *b, int64_t id, when_t from, size_t limit, bool *more)
{
	struct rows *cursor =
	    db_rows(b->site, SQL_ALARM_HISTORY_FROM, "iii", id, from, (int64_t)limit);
	struct row r;
	int64_t event, level, once, digest;
	size_t n = 0, i;
	struct span texts[6];

	buf_clear(&b->text);
	if (limit > b->rows_room) {
		b->rows_room = limit;
		b->rows = xrealloc(b->rows, limit * sizeof(*b->rows));
	}
	while (n < limit &&
	       rows_next(cursor, "iiiiiiwiwiiwitttttt", &r.in.at, &event, &digest, &r.place,
		   &r.transition, &r.told, &r.episode, &r.flags, &r.shelved_until, &level,
		   &r.in.priority, &r.in.until, &once, &texts[0], &texts[1], &texts[2],
		   &texts[3], &texts[4], &texts[5])) {
		r.in.event = (enum alarm_event)event;
		r.in.digest = (uint64_t)digest;
		r.in.level = (int)level;
		r.in.once = once != 0;
		r.is_new = false;
		for (i = 0; i < 6; i++) {
			/* places first: the buffer may move while it grows */
			size_t at = b->text.n;

			buf_put(&b->text, texts[i]);
			buf_putc(&b->text, '\0');
			if (texts[i].p != NULL)
				texts[i].p = (const char *)(uintptr_t)(at + 1);
		}
		r.detail = (struct alarm_detail){ texts[0], texts[1], texts[2], texts[3] };
		r.by = texts[4];
		r.reason = texts[5];
		b->rows[n++] = r;
	}
	rows_end(cursor);
	must(!b->text.full);
	*more = n == limit;
	return n;
}

static void
place_text(struct alarm_book *b, struct span *s)
{
	if (s->p != NULL)
		s->p = b->text.p + (uintptr_t)s->p - 1;
}

static uint64_t
says_of(const struct alarm_input *in, const struct alarm_detail *d)
{
	uint64_t hash = alarm_hash_number(ALARM_HASH, in->level);

	hash = alarm_hash_number(hash, in->priority);
	hash = alarm_hash(hash, d->name);
	hash = alarm_hash(hash, d->point_id);
	hash = alarm_hash(hash, d->value);
	return alarm_hash(hash, d->text);
}

static void
rows_place(struct alarm_book *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct row *r = &b->rows[i];

		place_text(b, &r->detail.name);
		place_text(b, &r->detail.point_id);
		place_text(b, &r->detail.value);
		place_text(b, &r->detail.text);
		place_text(b, &r->by);
		place_text(b, &r->reason);
		r->in.says = says_of(&r->in, &r->detail);
	}
}

/* The state and texts before the last episode that began before t; the time to go on from. */
static when_t
go_back(struct alarm_book *b, struct entry *e, when_t t)
{
	when_t raises[ALARM_EARLIER + 2];
	size_t n = alarm_raises_before(b, e->id, t, raises, ALARM_EARLIER + 2), i;
	int64_t flags;
	when_t until, episode;

	e->state = alarm_fresh();
	for (i = NAME; i <= TEXT; i++)
		alarm_entry_keep(e, (enum kept)i, (struct span){ 0 });
	if (n == 0)
		return WHEN_NONE + 1;
	if (db_one(b->site, SQL_ALARM_HISTORY_BEFORE, "ii", "iww", e->id, raises[0], &flags,
		&until, &episode)) {
		alarm_set_flags(&e->state, flags);
		e->state.shelved_until = until;
	}
	if (n > 1)
		e->state.episode = e->state.cleared = raises[1];
	for (i = 2; i < n; i++)
		e->state.earlier[i - 2] = raises[i];
	return raises[0];
}

/* Judges the history again from the episode that t falls into. */
static void
refold(struct alarm_book *b, struct entry *e, when_t t)
{
	when_t from = go_back(b, e, t);
	size_t n, i, end, limit = CHUNK;
	bool more = true;

	while (more) {
		n = rows_read(b, e->id, from, limit, &more);
		rows_place(b, n);
		for (i = 0; i < n; i = end) {
			for (end = i + 1; end < n && b->rows[end].in.at == b->rows[i].in.at;)
				end++;
			if (more && end == n)
				break; /* this instant may go on in the next chunk */
			wake_entry(b, e, b->rows[i].in.at, false, true);
			apply_rows(b, e, &b->rows[i], end - i, 0, true);
		}
		if (!more)
			break;
		must(limit < CHUNK_MAX);
		limit = i == 0 ? limit * 2 : CHUNK;
		from = b->rows[i].in.at;
	}
	wake_entry(b, e, e->last, true, true);
	changes_tell(b);
}

static void
digest(struct alarm_happening *h)
{
	uint64_t hash;

	h->in.says = says_of(&h->in, &h->detail);
	hash = alarm_hash_number(h->in.says, h->in.until);
	hash = alarm_hash_number(hash, h->in.once);
	hash = alarm_hash(hash, h->by);
	h->in.digest = alarm_hash(hash, h->reason);
}

static bool
put(struct alarm_book *b, struct entry *e, struct alarm_happening *h)
{
	struct row r = { .is_new = true };

	digest(h);
	r.in = h->in;
	r.detail = h->detail;
	r.by = h->by;
	r.reason = h->reason;
	r.episode = r.shelved_until = WHEN_NONE;
	if (h->thing.p != NULL)
		alarm_entry_keep(e, THING, h->thing);
	if (h->source.n > 0)
		alarm_entry_keep(e, SOURCE, h->source);
	alarm_entry_touch(b, e);
	if (h->in.at > e->last) {
		wake_entry(b, e, h->in.at, false, false);
		apply_rows(b, e, &r, 1, 0, false);
		wake_entry(b, e, h->in.at, true, false);
		return true;
	}
	alarm_history_write(b, e);
	if (!alarm_history_insert(b, e, &r))
		return false;
	refold(b, e, h->in.at);
	return true;
}

bool
alarm_book_put(
    struct alarm_book *b, const struct alarm_key *key, struct alarm_happening *happening)
{
	return put(b, alarm_entry_find(b, key, true), happening);
}

bool
alarm_book_get(
    struct alarm_book *b, const struct alarm_key *key, struct alarm_state *state, when_t *last)
{
	struct entry *e = alarm_entry_find(b, key, false);

	if (e == NULL)
		return false;
	*state = e->state;
	*last = e->last;
	return true;
}

bool
alarm_book_command(struct alarm_book *b, const struct alarm_key *key,
    struct alarm_happening *happening, when_t now)
{
	struct entry *e = alarm_entry_find(b, key, false);

	if (e == NULL)
		return false;
	happening->in.at = now > e->last ? now : e->last + 1;
	(void)put(b, e, happening);
	db_do(b->site, SQL_ALARM_COMMAND_DONE, "");
	return true;
}

bool
alarm_book_find(
    struct alarm_book *b, struct span episode_id, struct alarm_key *key, when_t *episode)
{
	return db_one(b->site, SQL_ALARM_OF_EPISODE, "t", "tttw", episode_id, &key->customer,
	    &key->building, &key->alarm_point_id, episode);
}

/* The first time an alarm in the table wakes; INT64_MAX: none does. */
static when_t
first_wake(struct alarm_book *b)
{
	when_t at = WHEN_NONE;

	(void)db_one(b->site, SQL_ALARM_WAKE_FIRST, "", "w", &at);
	return at == WHEN_NONE ? INT64_MAX : at;
}

void
alarm_book_advance(struct alarm_book *b, when_t now)
{
	struct alarm_key key;

	if (now < b->wake)
		return;
	alarm_book_flush(b);
	while (db_one(b->site, SQL_ALARM_WAKING, "i", "ttt", now, &key.customer, &key.building,
	    &key.alarm_point_id)) {
		struct entry *e = alarm_entry_find(b, &key, false);

		wake_entry(b, e, now, true, false);
		alarm_book_flush(b);
	}
	b->wake = first_wake(b);
}
