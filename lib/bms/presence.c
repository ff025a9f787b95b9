#include "bms/presence.h"

static when_t
after(const struct presence_of *p, double periods)
{
	when_t from = p->last != WHEN_NONE ? p->last : p->known;

	return from + (when_t)(periods * (double)p->period);
}

when_t
presence_down_at(const struct presence_of *p, const struct presence_limits *limits)
{
	return after(p, limits->down);
}

enum presence
presence_judge(const struct presence_of *p, const struct presence_limits *limits, when_t now)
{
	if (now < after(p, limits->late))
		return p->last != WHEN_NONE ? PRESENCE_UP : PRESENCE_LATE;
	if (now < presence_down_at(p, limits))
		return PRESENCE_LATE;
	return p->last != WHEN_NONE ? PRESENCE_DOWN : PRESENCE_NEVER_SEEN;
}

const char *
presence_name(enum presence p)
{
	static const char *const names[] = { "up", "late", "down", "never-seen" };

	return names[p];
}
