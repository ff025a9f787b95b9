#include "bms/dispatch.h"
#include "base/diag.h"
#include "bms/message.h"

#include <stdlib.h>

struct dispatch {
	const char *const *routes;
	size_t n_routes;
	struct dispatch_kind *kind;
	size_t n;
};

static uint32_t
route_bit(const struct dispatch *d, struct span name)
{
	for (size_t i = 0; i < d->n_routes; i++)
		if (span_is(name, d->routes[i]))
			return UINT32_C(1) << i;
	return 0;
}

struct dispatch_kind *
dispatch_nth(const struct dispatch *d, size_t i)
{
	return i < d->n ? &d->kind[i] : NULL;
}

struct dispatch_kind *
dispatch_find(const struct dispatch *d, struct span kind)
{
	for (size_t i = 0; i < d->n; i++)
		if (span_is(kind, d->kind[i].name))
			return &d->kind[i];
	return NULL;
}

static struct dispatch_kind *
add(struct dispatch *d, struct span name)
{
	struct dispatch_kind *k = dispatch_find(d, name);

	if (k != NULL)
		return k;
	d->kind = xrealloc(d->kind, (d->n + 1) * sizeof(*d->kind));
	k = &d->kind[d->n++];
	*k = (struct dispatch_kind){ .name = xstrndup(name.p, name.n) };
	return k;
}

struct dispatch *
dispatch_new(const char *const routes[], size_t n)
{
	static const struct {
		enum message_kind kind;
		const char *route, *also;
	} usual[] = {
		{ MESSAGE_PERIODIC_LOG, "store", "live" },
		{ MESSAGE_INIT, "store", NULL },
		{ MESSAGE_DELETE, "store", NULL },
		{ MESSAGE_TIMESTAMP_LAST, "store", NULL },
		{ MESSAGE_ALARM, "alarm", NULL },
		{ MESSAGE_DISCONNECT, "alarm", NULL },
		{ MESSAGE_SCHEDULE, "sched", NULL },
		{ MESSAGE_REQUEST_SCHEDULE, "sched", NULL },
		{ MESSAGE_REQUEST_CALENDAR, "sched", NULL },
		{ MESSAGE_REALTIME, "live", NULL },
		{ MESSAGE_CONTROL_RESULT, "live", NULL },
	};
	struct dispatch *d = xcalloc(1, sizeof(*d));

	must(n <= DISPATCH_ROUTES);
	d->routes = routes;
	d->n_routes = n;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		add(d, span_of(message_kind_name(usual[i].kind)))->routes =
		    route_bit(d, span_of(usual[i].route)) |
		    route_bit(d, span_of(usual[i].also));
	return d;
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		free(d->kind[i].name);
	free(d->kind);
	free(d);
}

const char *
dispatch_change(struct dispatch *d, json_value line)
{
	json_value to = json_get(line, "to"), v;
	struct span kind, route;
	uint32_t routes = 0;

	if (!json_text(json_get(line, "point"), &kind) || kind.n == 0)
		return "\"point\" is not the name of a kind";
	if (json_kind_of(to) != JSON_ARRAY)
		return "\"to\" is not a list of routes";
	for (v = json_first(to); json_kind_of(v) != JSON_NONE; v = json_next(v)) {
		if (!json_text(v, &route))
			return "\"to\" has something that is not the name of a route";
		routes |= route_bit(d, route);
	}
	add(d, kind)->routes = routes;
	return NULL;
}

bool
dispatch_by(const char *word, enum dispatch_by *by)
{
	static const char *const words[] = { "customer", "building", "thing" };

	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0) {
			*by = (enum dispatch_by)i;
			return true;
		}
	return false;
}

struct span
dispatch_key(struct span thing, enum dispatch_by by)
{
	int names = (int)by + 1;

	for (size_t i = 0; i < thing.n; i++)
		if (thing.p[i] == '_' && --names == 0)
			return (struct span){ thing.p, i };
	return thing;
}

size_t
dispatch_part(struct span key, size_t parts)
{
	return (size_t)(span_hash(SPAN_HASH, key) % parts);
}
