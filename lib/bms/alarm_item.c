#include "bms/alarm_item.h"
#include "bms/thing.h"

#define DEVICE_LEVEL 2

/* A text that may be absent or null. */
static bool
text_of(json_value object, const char *name, struct span *to)
{
	json_value v = json_get(object, name);
	enum json_kind kind = json_kind_of(v);

	*to = (struct span){ 0 };
	return kind == JSON_NONE || kind == JSON_NULL ||
	       (json_text(v, to) && to->n <= ALARM_TEXT_MAX);
}

static bool
read_event(json_value item, struct alarm_item *it, const char **why)
{
	struct span event;

	*why = "event: not raise, update, clear or ack";
	return json_text(json_get(item, "event"), &event) &&
	       alarm_event_find(event, &it->event) && it->event <= ALARM_ACK;
}

static bool
read_level(json_value item, struct alarm_item *it, const char **why)
{
	json_value level = json_get(item, "level"), priority = json_get(item, "priority");
	enum json_kind kind = json_kind_of(level);
	int64_t v = 0;

	*why = "level: not 1 to 4";
	if (kind != JSON_NONE && kind != JSON_NULL &&
	    (!json_int(level, &v) || v < 1 || v > ALARM_LEVELS))
		return false;
	if (v == 0 && it->event == ALARM_RAISE)
		return false;
	it->level = (int)v;
	kind = json_kind_of(priority);
	*why = "priority: not a whole number from 0";
	return kind == JSON_NONE || kind == JSON_NULL ||
	       (json_int(priority, &it->priority) && it->priority >= 0);
}

static bool
read_value(json_value item, struct alarm_item *it, const char **why)
{
	json_value v = json_get(item, "value");

	*why = "value: not a number, text, true, false or null, or too long";
	if (json_kind_of(v) == JSON_ARRAY || json_kind_of(v) == JSON_OBJECT)
		return false;
	if (json_kind_of(v) != JSON_NONE)
		it->detail.value = json_raw(v);
	return it->detail.value.n <= ALARM_TEXT_MAX;
}

bool
alarm_item_read(json_value item, struct alarm_item *it, const char **why)
{
	*it = (struct alarm_item){ .priority = -1 };
	*why = "alarm_point_id: not 1 to 256 bytes of text";
	if (!json_text(json_get(item, "alarm_point_id"), &it->id) || !point_id_is_valid(it->id))
		return false;
	*why = "alarm_point_id: begins as only our own do";
	if (span_starts(it->id, ALARM_OF_RULE) || span_starts(it->id, ALARM_OF_DEVICE) ||
	    span_starts(it->id, ALARM_OF_SILENCE))
		return false;
	if (!read_event(item, it, why) || !read_level(item, it, why) ||
	    !read_value(item, it, why))
		return false;
	*why = "alarm_name, point_id or text: not text, or too long";
	return text_of(item, "alarm_name", &it->detail.name) &&
	       text_of(item, "point_id", &it->detail.point_id) &&
	       text_of(item, "text", &it->detail.text);
}

bool
disconnect_item_read(json_value item, struct alarm_item *it, const char **why)
{
	*it = (struct alarm_item){ .priority = -1 };
	*why = "device_id: not 1 to 128 bytes of text";
	if (!json_text(json_get(item, "device_id"), &it->id) || !point_id_is_valid(it->id) ||
	    it->id.n > POINT_ID_MAX / 2)
		return false;
	if (!read_event(item, it, why))
		return false;
	*why = "name or text: not text, or too long";
	if (!text_of(item, "name", &it->detail.name) ||
	    !text_of(item, "text", &it->detail.text))
		return false;
	it->detail.point_id = it->id;
	if (it->event == ALARM_RAISE)
		it->level = DEVICE_LEVEL;
	return true;
}
