#include "bms/thing.h"

bool
thing_part_is_valid(struct span part)
{
	size_t i;

	for (i = 0; i < part.n; i++) {
		char c = part.p[i];
		bool fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			    (c >= '0' && c <= '9') || c == '-';

		if (!fine)
			return false;
	}
	return part.n > 0 && part.n <= THING_PART_MAX;
}

/* Takes the text up to `sep` (or all that is left) off `s`. */
static struct span
cut(struct span *s, char sep)
{
	const char *at = s->n > 0 ? memchr(s->p, sep, s->n) : NULL;
	struct span head = { s->p, at != NULL ? (size_t)(at - s->p) : s->n };
	size_t used = at != NULL ? head.n + 1 : head.n;

	if (used > 0)
		s->p += used;
	s->n -= used;
	return head;
}

bool
thing_parse(struct span name, struct thing *t)
{
	struct span rest = name;

	t->name = name;
	t->customer = cut(&rest, '_');
	t->building = cut(&rest, '_');
	t->mw = rest;
	t->building_key = (struct span){ name.p, t->customer.n + 1 + t->building.n };
	return thing_part_is_valid(t->customer) && thing_part_is_valid(t->building) &&
	       thing_part_is_valid(t->mw);
}

bool
building_key_parse(struct span key, struct span *customer, struct span *building)
{
	*customer = cut(&key, '_');
	*building = key;
	return thing_part_is_valid(*customer) && thing_part_is_valid(*building);
}

/* shard/17/ -> 9; 0: it does not begin so. */
static size_t
shard_prefix(struct span topic)
{
	size_t n = strlen("shard/"), digits = 0;

	if (!span_starts(topic, "shard/"))
		return 0;
	for (; n < topic.n && topic.p[n] >= '0' && topic.p[n] <= '9'; n++)
		digits++;
	return digits > 0 && n < topic.n && topic.p[n] == '/' ? n + 1 : 0;
}

bool
thing_of_topic(struct span topic, struct span *name)
{
	static const char *const prefixes[] = { "$aws/rules/Rule_", "nbms/up/" };
	struct thing t;
	size_t i, n = shard_prefix(topic);

	if (n > 0) {
		*name = (struct span){ topic.p + n, topic.n - n };
		if (span_starts(*name, "Rule_"))
			*name = (struct span){ name->p + 5, name->n - 5 };
		return thing_parse(*name, &t);
	}
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!span_starts(topic, prefixes[i]))
			continue;
		n = strlen(prefixes[i]);
		*name = (struct span){ topic.p + n, topic.n - n };
		return thing_parse(*name, &t);
	}
	return false;
}

bool
point_id_is_valid(struct span id)
{
	size_t i;

	for (i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7F)
			return false;
	return id.n > 0 && id.n <= POINT_ID_MAX;
}

/* AHUReturnFan -> AHU, ReturnFan. */
static void
split_class(struct span text, struct point_parts *parts)
{
	static const char *const classes[] = { "AHU", "FCU", "PAC", "VAV", "Energy" };
	size_t i, n;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!span_starts(text, classes[i]))
			continue;
		n = strlen(classes[i]);
		parts->class = (struct span){ text.p, n };
		parts->role = (struct span){ text.p + n, text.n - n };
		return;
	}
}

struct point_parts
point_parts(struct span id)
{
	struct point_parts parts = { 0 };
	struct span rest = id, head, name;
	const char *last;

	head = cut(&rest, '_');
	parts.name = rest;
	if (rest.n == 0) /* no underscore: nothing of it parses */
		return parts;
	parts.network = cut(&head, '.');
	parts.device = cut(&head, ':');
	parts.instance = head;
	name = parts.name;
	last = memrchr(name.p, '_', name.n);
	if (last != NULL) {
		parts.unit = (struct span){ last + 1, (size_t)(name.p + name.n - last - 1) };
		name.n = (size_t)(last - name.p);
	}
	split_class(name, &parts);
	return parts;
}
