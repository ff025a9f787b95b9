#include "db/claim.h"

#include <stdio.h>

#define NAME_MAX_BYTES (THING_MAX + 16)

bool
claim_is_wider(const struct message *m)
{
	return m->kind == MESSAGE_INIT || m->kind == MESSAGE_DELETE;
}

/* The widest first: the order that all have in common. */
void
claim_message(struct consumer *c, const struct message *m, bool known)
{
	char building[NAME_MAX_BYTES], thing[NAME_MAX_BYTES];
	const char *names[3];
	size_t n = 0;

	(void)snprintf(
	    building, sizeof(building), "building %.*s", SPAN_ARG(m->thing.building_key));
	(void)snprintf(thing, sizeof(thing), "thing %.*s", SPAN_ARG(m->thing.name));
	if (!known)
		names[n++] = "registry";
	if (!known || claim_is_wider(m))
		names[n++] = building;
	names[n++] = thing;
	consumer_claim(c, names, n);
}
