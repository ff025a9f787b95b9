#include "bms/alarm.h"
#include "base/diag.h"

#include <stdlib.h>

static const char *const event_names[] = {
	[ALARM_RAISE] = "raise",
	[ALARM_UPDATE] = "update",
	[ALARM_CLEAR] = "clear",
	[ALARM_ACK] = "ack",
	[ALARM_SHELVE] = "shelve",
	[ALARM_UNSHELVE] = "unshelve",
	[ALARM_SUPPRESS] = "suppress",
	[ALARM_UNSUPPRESS] = "unsuppress",
	[ALARM_OUT_OF_SERVICE] = "out-of-service",
	[ALARM_IN_SERVICE] = "in-service",
	[ALARM_EXPIRE] = "expire",
	[ALARM_SETTLE] = "settle",
};

#define EVENTS (sizeof(event_names) / sizeof(event_names[0]))

const char *
alarm_event_name(enum alarm_event event)
{
	return (size_t)event < EVENTS ? event_names[event] : NULL;
}

bool
alarm_event_find(struct span name, enum alarm_event *event)
{
	size_t i;

	for (i = ALARM_RAISE; i < EVENTS; i++) {
		if (!span_is(name, event_names[i]))
			continue;
		*event = (enum alarm_event)i;
		return true;
	}
	return false;
}

struct alarm_state
alarm_fresh(void)
{
	struct alarm_state s = { .acked = true,
		.shelved_until = WHEN_NONE,
		.episode = WHEN_NONE,
		.cleared = WHEN_NONE,
		.acked_at = WHEN_NONE };
	size_t i;

	for (i = 0; i < ALARM_EARLIER; i++)
		s.earlier[i] = WHEN_NONE;
	return s;
}

bool
alarm_is_heard(const struct alarm_state *s)
{
	return s->shelf == ALARM_NOT_SHELVED && !s->suppressed && !s->out_of_service &&
	       !s->held;
}

const char *
alarm_state_name(const struct alarm_state *s)
{
	if (s->out_of_service)
		return "out-of-service";
	if (s->suppressed)
		return "suppressed";
	if (s->shelf != ALARM_NOT_SHELVED)
		return "shelved";
	if (s->active)
		return s->acked ? "acknowledged" : "unacknowledged";
	return s->acked ? "normal" : "returned";
}

bool
alarm_can_ack(const struct alarm_state *s, when_t episode)
{
	/* A late raise may have moved the beginning of the episode meant: any time inside it
	 * names it. */
	return s->episode != WHEN_NONE && !s->acked &&
	       (episode == WHEN_NONE ||
		   (episode >= s->episode && (s->active || episode <= s->cleared)));
}

static bool
chatters(const struct alarm_state *s, const struct alarm_limits *limits)
{
	when_t first;

	if (limits->raises < 2 || limits->raises > ALARM_EARLIER + 1)
		return false;
	first = s->earlier[limits->raises - 2];
	return first != WHEN_NONE && s->episode - first < limits->window;
}

static void
raise_new(struct alarm_state *s, const struct alarm_input *in,
    const struct alarm_limits *limits, struct alarm_effect *e)
{
	size_t i;

	for (i = ALARM_EARLIER - 1; i > 0; i--)
		s->earlier[i] = s->earlier[i - 1];
	s->earlier[0] = s->episode;
	s->episode = in->at;
	s->active = true;
	s->acked = false;
	s->acked_at = s->cleared = WHEN_NONE;
	s->level = in->level;
	s->priority = in->priority;
	s->says = in->says;
	s->held = chatters(s, limits);
	s->told = alarm_is_heard(s);
	e->changed = true;
	e->tell = s->told;
}

/* Worse than before: it has to be looked at again. */
static void
update(struct alarm_state *s, const struct alarm_input *in, struct alarm_effect *e)
{
	bool worse = in->level > 0 && s->level > 0 && in->level < s->level;

	e->transition = ALARM_UPDATE;
	if (in->says == s->says)
		return;
	e->changed = true;
	s->says = in->says;
	if (in->level > 0)
		s->level = in->level;
	if (in->priority >= 0)
		s->priority = in->priority;
	if (!worse)
		return;
	s->acked = false;
	s->acked_at = WHEN_NONE;
	e->tell = alarm_is_heard(s);
	s->told = s->told || e->tell;
}

static void
clear(struct alarm_state *s, const struct alarm_input *in, struct alarm_effect *e)
{
	e->changed = true;
	e->tell = s->told; /* raised and cleared come in pairs */
	s->active = false;
	s->cleared = in->at;
	s->held = false;
	if (s->shelf == ALARM_SHELVED_ONCE) {
		s->shelf = ALARM_NOT_SHELVED;
		s->shelved_until = WHEN_NONE;
	}
}

/* Something that kept it quiet has ended. */
static void
heard_again(struct alarm_state *s, bool again, struct alarm_effect *e)
{
	e->changed = true;
	e->tell = s->active && alarm_is_heard(s) && (again || !s->told);
	s->told = s->told || e->tell;
}

static void
set(bool *flag, bool to, struct alarm_effect *e)
{
	e->changed = *flag != to;
	*flag = to;
}

static void
unset(struct alarm_state *s, bool *flag, struct alarm_effect *e)
{
	if (!*flag)
		return;
	*flag = false;
	heard_again(s, false, e);
}

static void
unshelve(struct alarm_state *s, struct alarm_effect *e)
{
	s->shelf = ALARM_NOT_SHELVED;
	s->shelved_until = WHEN_NONE;
	heard_again(s, true, e);
}

static void
shelve(struct alarm_state *s, const struct alarm_input *in, struct alarm_effect *e)
{
	s->shelf = in->once ? ALARM_SHELVED_ONCE : ALARM_SHELVED_FOR_A_TIME;
	s->shelved_until = in->until;
	e->changed = true;
}

static void
acknowledge(struct alarm_state *s, const struct alarm_input *in, struct alarm_effect *e)
{
	if (!alarm_can_ack(s, in->until))
		return;
	s->acked = true;
	s->acked_at = in->at;
	e->changed = true;
}

static struct alarm_effect
apply(struct alarm_state *s, const struct alarm_input *in, const struct alarm_limits *limits)
{
	struct alarm_effect e = { .transition = in->event };

	switch (in->event) {
	case ALARM_RAISE:
		if (s->active)
			update(s, in, &e);
		else
			raise_new(s, in, limits, &e);
		break;
	case ALARM_UPDATE:
		if (s->active)
			update(s, in, &e);
		break;
	case ALARM_CLEAR:
		if (s->active)
			clear(s, in, &e);
		break;
	case ALARM_ACK:
		acknowledge(s, in, &e);
		break;
	case ALARM_SHELVE:
		shelve(s, in, &e);
		break;
	case ALARM_UNSHELVE:
		if (s->shelf != ALARM_NOT_SHELVED)
			unshelve(s, &e);
		break;
	case ALARM_EXPIRE:
		if (s->shelf != ALARM_NOT_SHELVED && s->shelved_until == in->until)
			unshelve(s, &e);
		break;
	case ALARM_SETTLE:
		if (s->episode == in->until)
			unset(s, &s->held, &e);
		break;
	case ALARM_SUPPRESS:
		set(&s->suppressed, true, &e);
		break;
	case ALARM_UNSUPPRESS:
		unset(s, &s->suppressed, &e);
		break;
	case ALARM_OUT_OF_SERVICE:
		set(&s->out_of_service, true, &e);
		break;
	case ALARM_IN_SERVICE:
		unset(s, &s->out_of_service, &e);
		break;
	}
	e.episode = s->episode;
	return e;
}

/*
 * The order within an instant. What makes an alarm quiet comes first and what lets it be heard
 * comes last, so that nobody is called for an alarm that is gone in the same instant.
 */
static int
rank(enum alarm_event event, bool active)
{
	static const int ranks[][2] = {
		[ALARM_OUT_OF_SERVICE] = { 0, 0 },
		[ALARM_SUPPRESS] = { 1, 1 },
		[ALARM_SHELVE] = { 2, 2 },
		[ALARM_RAISE] = { 3, 4 },
		[ALARM_UPDATE] = { 4, 5 },
		[ALARM_ACK] = { 5, 6 },
		[ALARM_CLEAR] = { 6, 3 },
		[ALARM_UNSHELVE] = { 7, 7 },
		[ALARM_UNSUPPRESS] = { 8, 8 },
		[ALARM_IN_SERVICE] = { 9, 9 },
		[ALARM_EXPIRE] = { 10, 10 },
		[ALARM_SETTLE] = { 11, 11 },
	};

	return ranks[event][active];
}

static int
in_order(const void *left, const void *right, void *active)
{
	const struct alarm_input *a = left, *b = right;
	int by = rank(a->event, *(bool *)active) - rank(b->event, *(bool *)active);

	if (by == 0)
		by = b->level - a->level; /* the worst last: it is what stays */
	return by != 0 ? by : (a->digest > b->digest) - (a->digest < b->digest);
}

void
alarm_apply(struct alarm_state *s, struct alarm_input events[], size_t n,
    const struct alarm_limits *limits, struct alarm_effect effects[],
    struct alarm_state states[])
{
	size_t i;

	if (n > 1)
		qsort_r(events, n, sizeof(*events), in_order, &(bool){ s->active });
	for (i = 0; i < n; i++) {
		must(events[i].at == events[0].at);
		effects[i] = apply(s, &events[i], limits);
		states[i] = *s;
	}
}

bool
alarm_wakes(
    const struct alarm_state *s, const struct alarm_limits *limits, struct alarm_input *in)
{
	*in = (struct alarm_input){ .at = WHEN_NONE, .priority = -1 };
	if (s->shelf != ALARM_NOT_SHELVED) {
		in->event = ALARM_EXPIRE;
		in->at = in->until = s->shelved_until;
	}
	if (s->active && s->held &&
	    (in->at == WHEN_NONE || s->episode + limits->window < in->at)) {
		in->event = ALARM_SETTLE;
		in->at = s->episode + limits->window;
		in->until = s->episode;
	}
	in->digest = (uint64_t)in->until;
	return in->at != WHEN_NONE;
}

int64_t
alarm_flags(const struct alarm_state *s)
{
	return (s->active ? 1 : 0) | (s->acked ? 2 : 0) | (s->suppressed ? 4 : 0) |
	       (s->out_of_service ? 8 : 0) | (s->told ? 16 : 0) | (s->held ? 32 : 0) |
	       (int64_t)s->shelf << 6;
}

void
alarm_set_flags(struct alarm_state *s, int64_t flags)
{
	s->active = (flags & 1) != 0;
	s->acked = (flags & 2) != 0;
	s->suppressed = (flags & 4) != 0;
	s->out_of_service = (flags & 8) != 0;
	s->told = (flags & 16) != 0;
	s->held = (flags & 32) != 0;
	s->shelf = (enum alarm_shelf)(flags >> 6 & 3);
}

uint64_t
alarm_hash_number(uint64_t hash, int64_t v)
{
	hash = (hash ^ (uint64_t)v) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

static uint64_t
word(const char *p, size_t n)
{
	uint64_t w = 0;
	size_t i;

	for (i = 0; i < n; i++)
		w |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return w;
}

uint64_t
alarm_hash(uint64_t hash, struct span s)
{
	size_t i;

	/* a text that is not there differs from an empty one */
	hash = alarm_hash_number(hash, s.p == NULL ? -1 : (int64_t)s.n);
	if (s.p == NULL)
		return hash;
	for (i = 0; i + 8 <= s.n; i += 8)
		hash = alarm_hash_number(hash, (int64_t)word(s.p + i, 8));
	return i < s.n ? alarm_hash_number(hash, (int64_t)word(s.p + i, s.n - i)) : hash;
}

char *
alarm_episode_id(char to[ALARM_ID_TEXT], struct span customer, struct span building,
    struct span alarm_point_id, when_t raised)
{
	uint64_t hash = alarm_hash(ALARM_HASH, customer);
	int i;

	hash = alarm_hash(hash, building);
	hash = alarm_hash(hash, alarm_point_id);
	hash = alarm_hash_number(hash, raised);
	/* the finaliser of MurmurHash3 */
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	hash ^= hash >> 33;
	for (i = 0; i < ALARM_ID_TEXT - 1; i++)
		to[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
	to[i] = '\0';
	return to;
}
