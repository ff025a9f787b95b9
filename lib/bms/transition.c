#include "bms/transition.h"
#include "base/diag.h"
#include "base/jsonw.h"

static void
member_time(struct jw *w, const char *name, const struct zone *zone, when_t t)
{
	char text[WHEN_TEXT];

	if (t != WHEN_NONE)
		jw_member_str(w, name, when_format(text, zone, t));
}

static void
member(struct jw *w, const char *name, struct span s)
{
	if (s.p != NULL)
		jw_member_text(w, name, s);
}

static void
put_state(struct jw *w, const struct transition *t)
{
	const struct alarm_state *s = &t->state;

	jw_member_str(w, "state", alarm_state_name(s));
	jw_member_bool(w, "active", s->active);
	jw_member_bool(w, "acked", s->acked);
	if (s->shelf != ALARM_NOT_SHELVED) {
		member_time(w, "shelved_until", t->zone, s->shelved_until);
		jw_member_bool(w, "once", s->shelf == ALARM_SHELVED_ONCE);
	}
	if (s->suppressed)
		jw_member_bool(w, "suppressed", true);
	if (s->out_of_service)
		jw_member_bool(w, "out_of_service", true);
	if (s->held)
		jw_member_bool(w, "chattering", true);
	member_time(w, "since", t->zone, s->episode);
	if (s->level > 0)
		jw_member_int(w, "level", s->level);
	if (s->priority >= 0)
		jw_member_int(w, "priority", s->priority);
}

void
transition_write(struct buf *to, const struct transition *t)
{
	struct jw w = jw_begin(to);

	jw_object(&w);
	jw_member_str(&w, "transition", alarm_event_name(t->what));
	if (t->withdrawn)
		jw_member_bool(&w, "withdrawn", true);
	if (t->episode[0] != '\0')
		jw_member_str(&w, "episode", t->episode);
	jw_member_text(&w, "customer", t->customer);
	jw_member_text(&w, "building", t->building);
	member(&w, "thing", t->thing);
	jw_member_text(&w, "alarm_point_id", t->alarm_point_id);
	member_time(&w, "time", t->zone, t->at);
	member(&w, "source", t->source);
	put_state(&w, t);
	member(&w, "alarm_name", t->detail.name);
	member(&w, "point_id", t->detail.point_id);
	if (t->detail.value.p != NULL)
		jw_member_raw(&w, "value", t->detail.value);
	member(&w, "text", t->detail.text);
	member(&w, "by", t->by);
	member(&w, "reason", t->reason);
	if (t->late)
		jw_member_bool(&w, "late", true);
	jw_member_bool(&w, "tell", t->tell);
	jw_end(&w);
	must(jw_finish(&w));
}

const char *
transition_read(json_value root, struct buf *to, struct transition_notice *n)
{
	const struct {
		const char *name;
		struct span *to;
		bool must;
	} texts[] = {
		{ "transition", &n->what, true },
		{ "episode", &n->episode, false },
		{ "customer", &n->customer, true },
		{ "building", &n->building, true },
		{ "alarm_point_id", &n->alarm_point_id, true },
		{ "time", &n->time, true },
		{ "alarm_name", &n->name, false },
		{ "text", &n->text, false },
		{ "state", &n->state, false },
	};
	enum alarm_event event;
	size_t i;

	*n = (struct transition_notice){ .at = WHEN_NONE };
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!json_text(json_get(root, texts[i].name), texts[i].to) && texts[i].must)
			return "transition, customer, building, alarm_point_id and time are "
			       "needed";
	if (!alarm_event_find(n->what, &event))
		return "transition: not one";
	if (!when_parse_rfc3339(n->time, &n->at, NULL))
		return "time: not a time with an offset";
	(void)json_int(json_get(root, "level"), &n->level);
	(void)json_bool(json_get(root, "tell"), &n->tell);
	(void)json_bool(json_get(root, "withdrawn"), &n->withdrawn);
	buf_clear(to);
	buf_put(to, n->episode);
	buf_printf(to, "/%.*s/%lld", SPAN_ARG(n->what), (long long)n->at);
	n->id = buf_span(to);
	return NULL;
}
