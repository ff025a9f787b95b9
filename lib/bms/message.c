#include "bms/message.h"
#include "base/diag.h"

#include <stdlib.h>

#define FAR_FUTURE ((when_t)1 << 50)
#define CLOCK_SKEW 60 /* seconds that a gateway's clock may be ahead */
#define DELIVERY 120  /* seconds that a message is on its way unless something held it up */

static const char *const kind_names[] = {
	[MESSAGE_MARK] = "mark",
	[MESSAGE_INIT] = "init",
	[MESSAGE_DELETE] = "delete",
	[MESSAGE_PERIODIC_LOG] = "periodic_log",
	[MESSAGE_REALTIME] = "realtime",
	[MESSAGE_TIMESTAMP_LAST] = "timestamp_last",
	[MESSAGE_ALARM] = "alarm",
	[MESSAGE_DISCONNECT] = "disconnect",
	[MESSAGE_SCHEDULE] = "schedule",
	[MESSAGE_REQUEST_SCHEDULE] = "request_schedule",
	[MESSAGE_REQUEST_CALENDAR] = "request_calendar",
	[MESSAGE_CONTROL_RESULT] = "control_result",
};

const char *
message_kind_name(enum message_kind kind)
{
	return kind_names[kind];
}

bool
message_kind_find(struct span name, enum message_kind *kind)
{
	size_t i;

	for (i = MESSAGE_INIT; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (!span_is(name, kind_names[i]))
			continue;
		*kind = (enum message_kind)i;
		return true;
	}
	return false;
}

static const char *
parse_mark(json_value root, struct message *m, const char **why)
{
	json_value mark = json_get(root, "mark");
	struct span at;

	m->kind = MESSAGE_MARK;
	*why = "a mark needs a number or null, and a time or null as `at`";
	if (json_kind_of(mark) != JSON_NULL && (!json_int(mark, &m->seq) || m->seq < 0))
		return "bad-envelope";
	if (json_kind_of(json_get(root, "at")) == JSON_NULL)
		return NULL;
	if (!json_text(json_get(root, "at"), &at) ||
	    !when_parse_rfc3339(at, &m->received, NULL))
		return "bad-envelope";
	return NULL;
}

const char *
message_parse(json_value root, struct message *m, const char **why)
{
	struct span thing, kind, received;
	json_value seq = json_get(root, "seq");

	*m = (struct message){ .received = WHEN_NONE };
	/* a gateway may send a member of that name: what has a kind is no mark of ours */
	if (json_kind_of(json_get(root, "mark")) != JSON_NONE &&
	    json_kind_of(json_get(root, "point")) == JSON_NONE)
		return parse_mark(root, m, why);
	*why = "`seq` is not a whole number above 0";
	if (json_kind_of(seq) != JSON_NONE && (!json_int(seq, &m->seq) || m->seq < 1))
		return "bad-envelope";
	*why = "`received` is not a time with an offset";
	if (json_kind_of(json_get(root, "received")) != JSON_NONE &&
	    (!json_text(json_get(root, "received"), &received) ||
		!when_parse_rfc3339(received, &m->received, NULL)))
		return "bad-envelope";
	(void)json_text(json_get(root, "topic"), &m->topic);
	*why = "`thing` is not a name like C000003_B001_01";
	if (!json_text(json_get(root, "thing"), &thing) || !thing_parse(thing, &m->thing))
		return "bad-thing";
	*why = "`point` names no kind of message";
	if (!json_text(json_get(root, "point"), &kind) || !message_kind_find(kind, &m->kind))
		return "unknown-kind";
	*why = "`message` is not an object";
	m->body = json_get(root, "message");
	return json_kind_of(m->body) == JSON_OBJECT ? NULL : "bad-envelope";
}

/* The number in STEM_<number>: digits without a leading zero, as printed. */
static bool
item_number(struct span name, struct span stem, size_t *number)
{
	size_t i;

	if (name.n < stem.n + 2 || memcmp(name.p, stem.p, stem.n) != 0 ||
	    name.p[stem.n] != '_' || name.n > stem.n + 9)
		return false;
	for (*number = 0, i = stem.n + 1; i < name.n; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return false;
		*number = *number * 10 + (size_t)(name.p[i] - '0');
	}
	return name.n == stem.n + 2 || name.p[stem.n + 1] != '0';
}

/* Numbers in another order than printed: is each of 0 ... n-1 there once? */
static bool
each_once(json_value body, struct span stem, size_t n)
{
	bool *seen = xcalloc(n, sizeof(*seen)), fine = true;
	json_value v;
	size_t number;

	for (v = json_first(body); fine && v.at != 0; v = json_next(v)) {
		if (!item_number(json_name(v), stem, &number))
			continue;
		fine = number < n && !seen[number];
		if (fine)
			seen[number] = true;
	}
	free(seen);
	return fine;
}

const char *
message_check_items(json_value body, const char *stem, size_t *n, const char **why)
{
	struct span s = span_of(stem);
	bool in_order = true, more;
	int64_t count = -1;
	struct json_member m;
	size_t number;

	*n = 0;
	for (more = json_first_member(body, &m); more; more = json_next_member(&m)) {
		if (item_number(m.name, s, &number)) {
			in_order = in_order && number == *n;
			(*n)++;
		} else if (m.name.n == s.n + 6 && memcmp(m.name.p, stem, s.n) == 0 &&
			   memcmp(m.name.p + s.n, "_count", 6) == 0 &&
			   !json_int(m.value, &count)) {
			count = -1;
		}
	}
	*why = "as many numbered members as the count says, each once, are not there";
	if (count < 0 || (uint64_t)count != *n || (!in_order && !each_once(body, s, *n)))
		return "count-mismatch";
	return NULL;
}

json_value
message_first_item(json_value body, const char *stem)
{
	json_value v = json_first(body);
	size_t number;

	if (v.at != 0 && !item_number(json_name(v), span_of(stem), &number))
		return message_next_item(v, stem);
	return v;
}

json_value
message_next_item(json_value item, const char *stem)
{
	struct json_member m = { .value = item };
	struct span s = span_of(stem);
	size_t number;

	while (json_next_member(&m))
		if (item_number(m.name, s, &number))
			return m.value;
	return (json_value){ NULL, 0 };
}

bool
message_time(const struct message *m, const struct zone *zone, when_t *t)
{
	struct span stamp;

	return json_text(json_get(m->body, "time"), &stamp) &&
	       when_parse_stamp(stamp, zone, m->received, t);
}

bool
message_times(const struct message *m, const struct zone *zone, when_t *first, when_t *later)
{
	struct span stamp;

	return json_text(json_get(m->body, "time"), &stamp) &&
	       when_parse_stamp(stamp, zone, WHEN_NONE, first) &&
	       when_parse_stamp(stamp, zone, FAR_FUTURE, later);
}

/* Did a message arrive as fast as messages do that are sent when their time comes? */
static bool
prompt(when_t received, when_t sent)
{
	return received >= sent - CLOCK_SKEW && received <= sent + DELIVERY;
}

static bool
near(when_t t, const struct message_repeat *r)
{
	return r->expected != WHEN_NONE && llabs(t - r->expected) <= (r->later - r->first) / 2;
}

when_t
message_which(const struct message_repeat *r)
{
	if (r->received != WHEN_NONE) {
		if (prompt(r->received, r->later))
			return r->later;
		if (prompt(r->received, r->first) || r->received < r->later - CLOCK_SKEW)
			return r->first;
	}
	if (near(r->first, r))
		return r->first;
	if (near(r->later, r) || (r->first_taken && !r->later_taken))
		return r->later;
	return r->first;
}
