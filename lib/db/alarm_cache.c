#include "base/diag.h"
#include "bms/alarm_item.h"
#include "db/alarm_own.h"
#include "db/registry.h"

#include <stdlib.h>

struct alarm_book *
alarm_book_open(
    struct db *site, const struct alarm_book_options *options, alarm_told_fn *told, void *ctx)
{
	struct alarm_book *b = xcalloc(1, sizeof(*b));

	b->site = site;
	b->options = *options;
	b->told = told;
	b->ctx = ctx;
	b->wake = WHEN_NONE;
	b->text = BUF(ALARM_BOOK_TEXT);
	b->found = BUF(1 << 16);
	return b;
}

static void
entry_free(struct entry *e)
{
	size_t i;

	for (i = 0; i < KEPT; i++)
		free((void *)(uintptr_t)e->kept[i].p);
	free(e->key);
	free(e);
}

static void
forget(struct alarm_book *b)
{
	struct entry *e, *next;
	size_t i;

	for (i = 0; b->n > 0 && i < SLOTS; i++) {
		for (e = b->slots[i]; e != NULL; e = next) {
			next = e->next;
			entry_free(e);
			b->n--;
		}
		b->slots[i] = NULL;
	}
}

void
alarm_book_free(struct alarm_book *b)
{
	size_t i;

	if (b == NULL)
		return;
	forget(b);
	for (i = 0; i < b->zones_n; i++) {
		free(b->zones[i].customer);
		free(b->zones[i].building);
	}
	free(b->zones);
	free(b->rows);
	free(b->waiting_room);
	free(b->changes);
	free(b->inputs);
	free(b->effects);
	free(b->states);
	buf_free(&b->text);
	buf_free(&b->found);
	free(b);
}

const struct zone *
alarm_book_zone(struct alarm_book *b, struct span customer, struct span building)
{
	struct buf text = BUF(1 << 16);
	struct building of;
	struct zone_of *z;
	size_t i;

	for (i = 0; i < b->zones_n; i++)
		if (span_is(customer, b->zones[i].customer) &&
		    span_is(building, b->zones[i].building))
			return b->zones[i].zone;
	b->zones = xrealloc(b->zones, (b->zones_n + 1) * sizeof(*b->zones));
	z = &b->zones[b->zones_n++];
	*z = (struct zone_of){ xstrndup(customer.p, customer.n),
		xstrndup(building.p, building.n), b->options.zone };
	if (building_get(b->site, customer, building, &text, &of) &&
	    zone_find(of.timezone) != NULL)
		z->zone = zone_find(of.timezone);
	buf_free(&text);
	return z->zone;
}

void
alarm_entry_keep(struct entry *e, enum kept which, struct span s)
{
	struct span *mine = &e->kept[which];

	if ((mine->p == NULL) == (s.p == NULL) && span_eq(*mine, s))
		return;
	free((void *)(uintptr_t)mine->p);
	mine->p = s.p != NULL ? xstrndup(s.p, s.n) : NULL;
	mine->n = s.n;
}

static struct entry *
entry_new(const struct alarm_book *b, const struct alarm_key *key, uint64_t hash)
{
	size_t n = key->customer.n + key->building.n + key->alarm_point_id.n;
	struct entry *e = xcalloc(1, sizeof(*e));

	e->key = xmalloc(n + 1);
	memcpy(e->key, key->customer.p, key->customer.n);
	memcpy(e->key + key->customer.n, key->building.p, key->building.n);
	memcpy(
	    e->key + n - key->alarm_point_id.n, key->alarm_point_id.p, key->alarm_point_id.n);
	e->customer = (struct span){ e->key, key->customer.n };
	e->building = (struct span){ e->key + key->customer.n, key->building.n };
	e->alarm_point_id =
	    (struct span){ e->key + n - key->alarm_point_id.n, key->alarm_point_id.n };
	e->limits = span_starts(key->alarm_point_id, ALARM_OF_SILENCE) ||
			    span_starts(key->alarm_point_id, ALARM_OF_DEVICE)
			? &b->options.flapping
			: &b->options.chattering;
	e->hash = hash;
	e->state = alarm_fresh();
	e->last = WHEN_NONE;
	return e;
}

/* The raise times of the episodes that began before t, newest first. */
size_t
alarm_raises_before(struct alarm_book *b, int64_t id, when_t t, when_t times[], size_t room)
{
	struct rows *r =
	    db_rows(b->site, SQL_ALARM_HISTORY_RAISES_BEFORE, "iii", id, t, (int64_t)room);
	size_t n = 0;

	while (n < room && rows_next(r, "i", &times[n]))
		n++;
	rows_end(r);
	return n;
}

/* False: not in the table. */
static bool
entry_load(struct alarm_book *b, struct entry *e)
{
	struct span texts[KEPT];
	struct alarm_state *s = &e->state;
	int64_t flags, level, says;
	size_t i;

	if (!db_one(b->site, SQL_ALARM_GET, "ttt", "ittiwwwwiitttttii", e->customer,
		e->building, e->alarm_point_id, &e->id, &texts[THING], &texts[SOURCE], &flags,
		&s->episode, &s->cleared, &s->acked_at, &s->shelved_until, &level, &s->priority,
		&texts[NAME], &texts[POINT_ID], &texts[VALUE], &texts[TEXT], &texts[REASON],
		&says, &e->last))
		return false;
	alarm_set_flags(s, flags);
	s->level = (int)level;
	s->says = (uint64_t)says;
	for (i = 0; i < KEPT; i++)
		alarm_entry_keep(e, (enum kept)i, texts[i]);
	if (s->episode != WHEN_NONE)
		(void)alarm_raises_before(b, e->id, s->episode, s->earlier, ALARM_EARLIER);
	return true;
}

struct entry *
alarm_entry_find(struct alarm_book *b, const struct alarm_key *key, bool make)
{
	uint64_t hash =
	    alarm_hash(alarm_hash(alarm_hash(ALARM_HASH, key->customer), key->building),
		key->alarm_point_id);
	struct entry *e;

	for (e = b->slots[hash % SLOTS]; e != NULL; e = e->next)
		if (e->hash == hash && span_eq(e->alarm_point_id, key->alarm_point_id) &&
		    span_eq(e->building, key->building) && span_eq(e->customer, key->customer))
			return e;
	if (b->n >= ALARM_CACHE) {
		alarm_book_flush(b);
		forget(b);
	}
	e = entry_new(b, key, hash);
	if (!entry_load(b, e)) {
		if (!make) {
			entry_free(e);
			return NULL;
		}
		db_do(b->site, SQL_ALARM_ADD, "ttttti", key->customer, key->building,
		    key->alarm_point_id, (struct span){ 0 }, SPAN("gateway"), e->last);
		e->id = db_last_id(b->site);
	}
	e->next = b->slots[hash % SLOTS];
	b->slots[hash % SLOTS] = e;
	b->n++;
	return e;
}

static void
entry_flush(struct alarm_book *b, struct entry *e)
{
	const struct alarm_state *s = &e->state;
	char id[ALARM_ID_TEXT] = "";
	struct alarm_input wake;

	(void)alarm_wakes(s, e->limits, &wake);
	if (s->episode != WHEN_NONE)
		(void)alarm_episode_id(
		    id, e->customer, e->building, e->alarm_point_id, s->episode);
	db_do(b->site, SQL_ALARM_PUT, "ittsiwtwwwiitttttiiw", e->id, e->kept[THING],
	    e->kept[SOURCE], alarm_state_name(s), alarm_flags(s), s->episode,
	    id[0] != '\0' ? span_of(id) : (struct span){ 0 }, s->cleared, s->acked_at,
	    s->shelved_until, (int64_t)s->level, s->priority, e->kept[NAME], e->kept[POINT_ID],
	    e->kept[VALUE], e->kept[TEXT], e->kept[REASON], (int64_t)s->says, e->last, wake.at);
	e->dirty = false;
}

void
alarm_entry_touch(struct alarm_book *b, struct entry *e)
{
	struct alarm_input wake;

	if (alarm_wakes(&e->state, e->limits, &wake) && wake.at < b->wake)
		b->wake = wake.at;
	if (e->dirty)
		return;
	e->dirty = true;
	e->next_dirty = b->dirty;
	b->dirty = e;
}

void
alarm_book_flush(struct alarm_book *b)
{
	struct entry *e;

	alarm_history_flush(b);
	for (; (e = b->dirty) != NULL; b->dirty = e->next_dirty)
		entry_flush(b, e);
}

void
alarm_book_refresh(struct alarm_book *b)
{
	int64_t count = 0;

	(void)db_one(b->site, SQL_ALARM_COMMAND_COUNT, "", "i", &count);
	if (count == b->commands)
		return;
	forget(b);
	b->commands = count;
	b->wake = WHEN_NONE;
}
