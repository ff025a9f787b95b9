#include "bms/envelope.h"
#include "base/jsonw.h"

/* The members that have a place of their own; the first FORBIDDEN are not for outsiders. */
static const char *const places[] = { "seq", "received", "topic", "mark", "thing", "point",
	"message" };
enum { SEQ, RECEIVED, TOPIC, MARK, THING, POINT, MESSAGE, PLACES, FORBIDDEN = THING };

static size_t
place_of(struct span name)
{
	size_t i;

	for (i = 0; i < PLACES && !span_is(name, places[i]); i++)
		;
	return i;
}

static const char *
check_members(json_value root, bool ours, const char **why)
{
	bool seen[PLACES] = { false };
	json_value v;
	size_t i;

	for (v = json_first(root); v.at != 0; v = json_next(v)) {
		i = place_of(json_name(v));
		if (i == PLACES)
			continue;
		*why = "an envelope member is there twice";
		if (seen[i])
			return "duplicate-member";
		seen[i] = true;
		*why = "`seq`, `received`, `topic` and `mark` are not a gateway's to write";
		if (!ours && i < FORBIDDEN)
			return "reserved-member";
	}
	return NULL;
}

const char *
envelope_check(const struct envelope *e, json_value root, struct message *m, const char **why)
{
	struct span owner = { "", 0 };
	const char *code;
	bool bound;

	*why = "not an object";
	if (json_kind_of(root) != JSON_OBJECT)
		return "bad-envelope";
	if ((code = check_members(root, e->ours, why)) != NULL)
		return code;
	if ((code = message_parse(root, m, why)) != NULL)
		return code;
	bound = thing_of_topic(e->topic, &owner);
	*why = "the topic names no thing";
	if (e->mqtt && !bound)
		return "bad-topic";
	*why = "`thing` is not the topic's thing";
	if (bound && !span_eq(owner, m->thing.name))
		return "spoofed";
	return NULL;
}

/* ,"name":value; false: it does not fit. */
static bool
put_member(struct buf *to, json_value member)
{
	buf_putc(to, ',');
	buf_put(to, json_name_raw(member));
	buf_putc(to, ':');
	if (!json_is_minified(member))
		return json_minify(json_raw(member), to);
	buf_put(to, json_raw(member));
	return true;
}

bool
envelope_write(const struct envelope *e, json_value root, uint64_t seq, struct buf *to)
{
	char at[WHEN_TEXT];
	json_value v;
	bool fits = true;

	buf_putc(to, '{');
	if (seq > 0)
		buf_puts(to, "\"seq\":"), buf_putu(to, seq), buf_putc(to, ',');
	if (e->received_ms != WHEN_NONE)
		buf_printf(to, "\"received\":\"%s\",", when_format_ms(at, e->received_ms));
	if (e->topic.n > 0) {
		buf_puts(to, "\"topic\":");
		fits = jw_quote(to, e->topic);
		buf_putc(to, ',');
	}
	buf_puts(to, "\"thing\":");
	buf_put(to, json_raw(json_get(root, "thing")));
	buf_puts(to, ",\"point\":");
	buf_put(to, json_raw(json_get(root, "point")));
	for (v = json_first(root); v.at != 0; v = json_next(v)) {
		if (place_of(json_name(v)) >= MESSAGE)
			fits = put_member(to, v) && fits;
	}
	buf_putc(to, '}');
	return fits && !to->full;
}

void
envelope_write_mark(uint64_t seq, int64_t at_ms, struct buf *to)
{
	char at[WHEN_TEXT];

	buf_puts(to, "{\"mark\":");
	if (seq > 0)
		buf_putu(to, seq);
	else
		buf_puts(to, "null");
	if (at_ms != WHEN_NONE)
		buf_printf(to, ",\"at\":\"%s\"}", when_format_ms(at, at_ms));
	else
		buf_puts(to, ",\"at\":null}");
}
