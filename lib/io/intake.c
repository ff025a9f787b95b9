#include "io/intake.h"
#include "base/prog.h"

#include <inttypes.h>
#include <stdio.h>

#define SHOWN ((size_t)64 << 10)   /* bytes kept of a payload past the bound */
#define TEXT_MAX ((size_t)1 << 29) /* more than MQTT's longest packet */

void
intake_begin(struct intake *in)
{
	in->json = json_new();
	in->text = BUF(TEXT_MAX);
	in->last_ms = in->latest_ms = WHEN_NONE;
	if (in->max == 0)
		in->max = LINES_MAX;
}

void
intake_end(struct intake *in)
{
	json_free(in->json);
	buf_free(&in->text);
}

static void
reject(struct intake *in, const struct captured *c, const char *code, const char *why)
{
	char at[WHEN_TEXT];
	struct span received = { "", 0 };

	if (c->received_ms != WHEN_NONE)
		received = span_of(when_format_ms(at, c->received_ms));
	reject_write(in->ledger, &(struct rejection){ .code = code,
				     .why = why,
				     .at = c->at,
				     .received = received,
				     .record = c->text,
				     .bytes = c->bytes });
}

static int64_t
stamp_ms(const struct message *m, const struct zone *zone)
{
	when_t t;

	return message_time(m, zone, &t) ? t * 1000 : WHEN_NONE;
}

/* Adds a record that is JSON. NULL, or the code of what is wrong with it. */
static const char *
add(struct intake *in, const struct captured *c, const char **why)
{
	struct envelope e = { .topic = c->topic,
		.received_ms = c->received_ms,
		.ours = c->enveloped,
		.mqtt = c->mqtt };
	const char *code;
	struct message m;

	if ((code = envelope_check(&e, c->root, &m, why)) != NULL)
		return code;
	in->last_ms = e.received_ms != WHEN_NONE ? e.received_ms : stamp_ms(&m, in->zone);
	if (in->zone != NULL)
		e.received_ms = in->last_ms;
	*why = "its envelope is longer than a line may be";
	if (!stream_add(in->out, &e, c->root))
		return "too-long";
	if (e.received_ms > in->latest_ms)
		in->latest_ms = e.received_ms;
	prog_counts()->out++;
	return NULL;
}

bool
intake_captured(struct intake *in, enum capture_result result, const struct captured *c)
{
	const char *code = c->code, *why = c->why;

	prog_counts()->in++;
	if (result == CAPTURE_RECORD && (code = add(in, c, &why)) == NULL)
		return true;
	reject(in, c, code, why);
	return false;
}

static const char *
add_message(
    struct intake *in, const struct mqtt_message *m, struct captured *c, const char **why)
{
	*why = "a message past the bound";
	if (m->payload.n > in->max)
		return "too-long";
	if (!json_parse_outline(in->json, m->payload, MESSAGE_LEVELS, &c->root)) {
		*why = json_error(in->json);
		return json_error_code(in->json);
	}
	return add(in, c, why);
}

void
intake_message(struct intake *in, const struct mqtt_message *m, int64_t received_ms)
{
	struct captured c = { .at = { m->topic, 0 },
		.topic = span_of(m->topic),
		.received_ms = received_ms,
		.mqtt = true };
	struct span shown = m->payload;
	const char *code, *why;

	prog_counts()->in++;
	if ((code = add_message(in, m, &c, &why)) == NULL)
		return;
	if (shown.n > in->max) {
		c.bytes = c.topic.n + 1 + shown.n;
		shown.n = SHOWN < in->max ? SHOWN : in->max;
	}
	buf_clear(&in->text);
	buf_put(&in->text, c.topic);
	buf_putc(&in->text, ' ');
	buf_put(&in->text, shown);
	c.text = buf_span(&in->text);
	reject(in, &c, code, why);
}
