#include "io/router.h"
#include "base/proc.h"
#include "base/prog.h"
#include "base/rule.h"
#include "base/sink.h"

#include <inttypes.h>
#include <stdlib.h>

struct route {
	const char *command;
	size_t first; /* its first sink; its copies are neighbours */
	size_t copies;
};

struct router {
	enum dispatch_by key;
	bool keyed; /* some route has several copies */
	const char *name[DISPATCH_ROUTES];
	struct route route[DISPATCH_ROUTES];
	size_t n;
	size_t rule_route[RULE_MAX]; /* where a rule's copies go */
	unsigned n_rules;
	struct dispatch *dispatch; /* made once all routes are known */
	struct rules *rules;
	struct sinks *sinks;
};

struct router *
router_new(enum dispatch_by key)
{
	struct router *r = xcalloc(1, sizeof(*r));

	r->key = key;
	r->rules = rules_new();
	return r;
}

void
router_free(struct router *r)
{
	if (r == NULL)
		return;
	rules_free(r->rules);
	sinks_free(r->sinks);
	dispatch_free(r->dispatch);
	free(r);
}

static struct route *
route_named(struct router *r, struct span name)
{
	for (size_t i = 0; i < r->n; i++)
		if (span_is(name, r->name[i]))
			return &r->route[i];
	return NULL;
}

const char *
router_add(struct router *r, const char *name, const char *command)
{
	if (route_named(r, span_of(name)) != NULL)
		return "named twice";
	if (r->n == DISPATCH_ROUTES)
		return "too many routes";
	r->name[r->n] = name;
	r->route[r->n++] = (struct route){ .command = command, .copies = 1 };
	return NULL;
}

const char *
router_copies(struct router *r, struct span name, size_t copies)
{
	struct route *route = route_named(r, name);
	size_t all = 0;

	if (route == NULL)
		return "no such route in this call";
	route->copies = copies;
	for (size_t i = 0; i < r->n; i++)
		all += r->route[i].copies;
	r->keyed = all > r->n;
	return copies < 1 || copies > SINKS_MAX || all > SINKS_MAX
		   ? "not a number of copies that can be had"
		   : NULL;
}

const char *
router_rule(struct router *r, struct span name, const char *program)
{
	const struct route *route = route_named(r, name);
	size_t i;

	if (route == NULL)
		return "no such route in this call";
	if (r->n_rules == RULE_MAX)
		return "too many rules";
	i = (size_t)(route - r->route);
	r->rule_route[rules_add(r->rules, r->name[i], program)] = i;
	r->n_rules++;
	return NULL;
}

bool
router_compile(struct router *r)
{
	r->dispatch = dispatch_new(r->name, r->n);
	return r->n_rules == 0 || rules_start(r->rules);
}

const char *
router_table(struct router *r, json_value line)
{
	return dispatch_change(r->dispatch, line);
}

bool
router_start(struct router *r, size_t line_max, struct reject *ledger)
{
	r->sinks = sinks_new(line_max, ledger);
	for (size_t i = 0; i < r->n; i++) {
		struct route *route = &r->route[i];

		for (size_t part = 0; part < route->copies; part++) {
			size_t sink = sinks_add(
			    r->sinks, r->name[i], route->command, part, route->copies);

			if (part == 0)
				route->first = sink;
		}
	}
	return sinks_start(r->sinks);
}

/* The content of a string's raw text; false: no string. */
static bool
content(struct json *json, struct span raw, struct span *text)
{
	json_value v;

	if (raw.n < 2 || raw.p[0] != '"')
		return false;
	*text = (struct span){ raw.p + 1, raw.n - 2 };
	if (memchr(raw.p, '\\', raw.n) == NULL)
		return true;
	return json_parse_copy(json, raw, &v) && json_text(v, text);
}

/* Which routes rules add to those that the kind has. */
static uint32_t
ask_rules(struct router *to, const struct record *r, uint32_t routes)
{
	uint64_t wanted = 0, yes;

	for (unsigned i = 0; i < to->n_rules; i++)
		if ((routes >> to->rule_route[i] & 1) == 0)
			wanted |= UINT64_C(1) << i;
	yes = rules_ask(to->rules, r->line, &r->at, wanted);
	for (unsigned i = 0; i < to->n_rules; i++)
		if (yes >> i & 1)
			routes |= UINT32_C(1) << to->rule_route[i];
	return routes;
}

/* To each of these routes: the copy that has the key. False: a sink broke. */
static bool
give(struct router *to, uint32_t routes, struct span thing, struct span line)
{
	struct span key = dispatch_key(thing, to->key);

	line.n++; /* its LF */
	for (size_t i = 0; i < to->n; i++) {
		const struct route *route = &to->route[i];
		size_t part = route->copies > 1 ? dispatch_part(key, route->copies) : 0;

		if ((routes >> i & 1) != 0 && !sinks_give(to->sinks, route->first + part, line))
			return false;
	}
	return true;
}

static bool
give_all(struct router *to, struct span line)
{
	line.n++;
	for (size_t i = 0; i < to->n; i++)
		for (size_t part = 0; part < to->route[i].copies; part++)
			if (!sinks_give(to->sinks, to->route[i].first + part, line))
				return false;
	return true;
}

static void
pass_over(struct dispatch_kind *kind, const struct record *r)
{
	if (kind->passed++ == 0)
		diag_at(&r->at,
		    "%s: no route in this call takes this kind: passed over, and counted",
		    kind->name);
}

/* What has no kind: a mark, which is for all, or nothing we know. */
static bool
without_kind(struct router *to, struct record *r)
{
	static const char *const names[] = { "mark" };
	struct span raw[1];

	if (json_peek(r->in->json, r->line, names, raw, 1) && raw[0].p != NULL)
		return give_all(to, r->line);
	record_reject(r, "bad-envelope", "neither a point nor a mark");
	return true;
}

/* False: a sink broke. */
static bool
route_record(struct router *to, struct record *r)
{
	static const char *const names[] = { "point", "thing" };
	struct json *json = r->in->json;
	struct span raw[2] = { { 0 } }, text, thing = SPAN("");
	struct dispatch_kind *kind;
	uint32_t routes;

	if (!json_peek(json, r->line, names, raw, to->keyed ? 2 : 1)) {
		record_reject(r, json_error_code(json), "%s", json_error(json));
		return true;
	}
	if (raw[0].p == NULL)
		return without_kind(to, r);
	if (!content(json, raw[0], &text)) {
		record_reject(r, "bad-envelope", "point: not text");
		return true;
	}
	kind = dispatch_find(to->dispatch, text);
	routes = kind != NULL ? kind->routes : 0;
	if (to->n_rules > 0)
		routes = ask_rules(to, r, routes);
	if (routes == 0 && kind == NULL)
		record_reject(r, "unknown-kind", "%.*s", SPAN_ARG(text));
	else if (routes == 0)
		pass_over(kind, r);
	else if (to->keyed && !content(json, raw[1], &thing))
		record_reject(r, "bad-envelope", "thing: not text");
	else
		return give(to, routes, thing, r->line);
	return true;
}

/* What one read brought; the texts stand until the next. Returns false at the end of input, or
 * when a sink broke. */
static bool
batch(struct router *to, struct records *records, struct lines *in, int *status)
{
	bool again = false, more = true;

	do {
		struct record r;
		struct span line;
		enum lines_kind kind = lines_try(in, &line, &again);

		if (kind == LINES_ERROR)
			*status = EX_IOERR;
		if (kind == LINES_ERROR || kind == LINES_END) {
			more = again;
			break;
		}
		if (!record_begin(&r, records, in, kind, line))
			continue;
		more = route_record(to, &r);
		record_end(&r);
	} while (more && lines_ready(in));
	return sinks_settle(to->sinks) && more;
}

static void
say_passed(const struct dispatch *d)
{
	const struct dispatch_kind *k;

	for (size_t i = 0; (k = dispatch_nth(d, i)) != NULL; i++)
		if (k->passed > 0)
			diag("passed over: %" PRIu64 " of kind %s", k->passed, k->name);
}

int
router_run(struct router *to, struct records *records, int fd, const char *name)
{
	struct lines *in = lines_open(fd, name, (size_t)records->line_max);
	int status = 0, ended;

	proc_enlarge(fd);
	while (sinks_wait(to->sinks, fd) && batch(to, records, in, &status))
		;
	ended = sinks_end(to->sinks);
	say_passed(to->dispatch);
	lines_free(in);
	return ended >= EX__BASE || status == 0 ? ended : status;
}
