#include "io/capture.h"
#include "base/prog.h"
#include "bms/message.h"

#include <stdlib.h>

#define SCAN_DEPTH 64 /* deeper is left to the parser to refuse */

/* How far a scan of brackets and strings has come in a text that is read line by line. */
struct scan {
	unsigned depth;
	uint64_t arrays; /* bit d: is the container at depth d an array? */
	char last;       /* the last byte that was not white space */
	bool in_string;  /* the line ended inside a string */
	bool closed;     /* the outermost container has ended */
};

struct capture {
	struct json *docs[CAPTURE_NESTING + 1];
	struct buf joined;    /* a record of several lines */
	bool again;           /* the line read last has still to be used */
	enum lines_kind kind; /* of that line */
	struct span line;
};

struct capture *
capture_new(void)
{
	struct capture *c = xcalloc(1, sizeof(*c));
	size_t i;

	for (i = 0; i <= CAPTURE_NESTING; i++)
		c->docs[i] = json_new();
	return c;
}

void
capture_free(struct capture *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i <= CAPTURE_NESTING; i++)
		json_free(c->docs[i]);
	buf_free(&c->joined);
	free(c);
}

static enum capture_result
bad(struct captured *r, const char *code, const char *why)
{
	r->code = code;
	r->why = why;
	return CAPTURE_BAD;
}

/* RFC 3339, also as mosquitto_sub 2.0.11 has it (09:45:01.123456Z+0900), or whole seconds from
 * older clients. */
static int64_t
time_of(json_value v)
{
	struct span text;
	char plain[WHEN_TEXT];
	int64_t t;
	int ms = 0;

	if (json_text(v, &text) && text.n > 6 && text.n < sizeof(plain) &&
	    text.p[text.n - 6] == 'Z') {
		memcpy(plain, text.p, text.n - 6);
		memcpy(plain + text.n - 6, text.p + text.n - 5, 5);
		text = (struct span){ plain, text.n - 1 };
		return when_parse_rfc3339(text, &t, &ms) ? t * 1000 + ms : WHEN_NONE;
	}
	if (json_text(v, &text) && when_parse_rfc3339(text, &t, &ms))
		return t * 1000 + ms;
	return json_int(v, &t) && t > 0 && t < (int64_t)1 << 36 ? t * 1000 : WHEN_NONE;
}

static bool
has(json_value root, const char *name)
{
	return json_kind_of(json_get(root, name)) != JSON_NONE;
}

static enum capture_result parse_at(
    struct capture *c, size_t level, struct span text, struct captured *r);

/* What another record holds: an object as it is, or text of one. */
static enum capture_result
inner(struct capture *c, size_t level, json_value v, struct captured *r)
{
	struct span text;

	if (json_kind_of(v) == JSON_OBJECT) {
		/* once more, by itself: of the outer one so much was not kept */
		must(json_parse_outline(
		    c->docs[level + 1], json_raw(v), MESSAGE_LEVELS, &r->root));
		return CAPTURE_RECORD;
	}
	if (!json_text(v, &text))
		return bad(r, "bad-json", "no object inside");
	return parse_at(c, level + 1, text, r);
}

static enum capture_result
client(struct capture *c, size_t level, json_value root, struct captured *r)
{
	int64_t ms;

	if (has(root, "partition")) {
		if (json_int(json_get(root, "ts"), &ms) && ms > 0 && ms < (int64_t)1 << 46)
			r->received_ms = ms;
	} else {
		if (!json_text(json_get(root, "topic"), &r->topic))
			return bad(r, "bad-envelope", "`topic` is not text");
		r->mqtt = true;
		r->received_ms = time_of(json_get(root, "tst"));
	}
	return inner(c, level, json_get(root, "payload"), r);
}

static enum capture_result
ledger(struct capture *c, size_t level, json_value root, struct captured *r)
{
	int64_t received = time_of(json_get(root, "received"));
	enum capture_result result;

	if (has(root, "bytes"))
		return bad(r, "too-long", "the ledger holds only its beginning");
	if (has(root, "record_base64"))
		return bad(r, "bad-utf8", "the ledger holds bytes that are not UTF-8");
	result = inner(c, level, json_get(root, "record"), r);
	if (r->received_ms == WHEN_NONE)
		r->received_ms = received;
	return result;
}

static enum capture_result
object(struct capture *c, size_t level, json_value root, struct captured *r)
{
	if (!r->mqtt && has(root, "payload") && has(root, "topic"))
		return client(c, level, root, r);
	if (!r->mqtt && has(root, "rejected"))
		return ledger(c, level, root, r);
	r->root = root;
	/* what a payload says of itself does not make it an envelope */
	if (r->mqtt)
		return CAPTURE_RECORD;
	if (has(root, "mark"))
		return CAPTURE_PASS;
	r->enveloped = has(root, "received") || has(root, "seq") || has(root, "topic");
	if (has(root, "received"))
		r->received_ms = time_of(json_get(root, "received"));
	r->mqtt = json_text(json_get(root, "topic"), &r->topic);
	return CAPTURE_RECORD;
}

/* The topic before a payload that begins with a bracket, as mosquitto_sub -v prints it. */
static bool
split_topic(struct span *text, struct span *topic)
{
	const char *p =
	    text->n > 0 && text->p[0] != '{' ? memmem(text->p, text->n, " {", 2) : NULL;

	if (p == NULL || p == text->p || span_trim(*text).p == p + 1)
		return false;
	*topic = (struct span){ text->p, (size_t)(p - text->p) };
	*text = (struct span){ p + 1, text->n - topic->n - 1 };
	return true;
}

static enum capture_result
parse_at(struct capture *c, size_t level, struct span text, struct captured *r)
{
	json_value root;
	struct json *doc;

	if (level >= CAPTURE_NESTING)
		return bad(r, "too-deep", "records inside records");
	doc = c->docs[level];
	if (!r->mqtt && split_topic(&text, &r->topic)) {
		r->mqtt = true;
		if (!json_is_utf8(r->topic))
			return bad(r, "bad-utf8", "the topic is not UTF-8");
	}
	if (!json_parse_outline(doc, text, MESSAGE_LEVELS, &root))
		return bad(r, json_error_code(doc), json_error(doc));
	if (json_kind_of(root) != JSON_OBJECT)
		return bad(r, "bad-json", "not an object");
	return object(c, level, root, r);
}

enum capture_result
capture_parse(struct capture *c, struct span text, struct captured *r)
{
	struct where at = r->at;

	*r = (struct captured){ .at = at, .text = text, .received_ms = WHEN_NONE };
	return parse_at(c, 0, text, r);
}

/* One byte outside strings. */
static void
scan_byte(struct scan *s, char b)
{
	switch (b) {
	case '{':
	case '[':
		if (++s->depth >= SCAN_DEPTH)
			break;
		s->arrays &= ~((uint64_t)1 << s->depth);
		s->arrays |= (uint64_t)(b == '[') << s->depth;
		break;
	case '}':
	case ']':
		s->depth -= s->depth > 0;
		s->closed = s->depth == 0;
		break;
	case '"':
		s->in_string = true;
		break;
	default:
		break;
	}
	if (b != ' ' && b != '\t' && b != '\r')
		s->last = b;
}

static void
scan_line(struct scan *s, struct span line)
{
	size_t i;

	for (i = 0; i < line.n; i++) {
		if (!s->in_string)
			scan_byte(s, line.p[i]);
		else if (line.p[i] == '\\')
			i++;
		else if (line.p[i] == '"')
			s->in_string = false;
	}
}

/* Is it a record that has begun and goes on in the next line? */
static bool
goes_on(struct scan *s, struct span line)
{
	struct span topic;

	*s = (struct scan){ 0 };
	(void)split_topic(&line, &topic);
	line = span_trim(line);
	if (line.n == 0 || line.p[0] != '{')
		return false;
	scan_line(s, line);
	return !s->closed && !s->in_string && s->depth < SCAN_DEPTH;
}

/* Does the line begin a new record rather than go on with the one that s has come to? */
static bool
begins_anew(const struct scan *s, struct span line)
{
	/* deeper than is remembered is deeper than a record may be: it only has to end */
	bool in_array = s->depth < SCAN_DEPTH && (s->arrays >> s->depth & 1) != 0;
	struct scan alone = { 0 };

	if (line.p[0] == '{') {
		if (s->last != ':' && !(in_array && (s->last == '[' || s->last == ',')))
			return true;
		/* JSON would allow it, but printers put no whole object at the first column */
		scan_line(&alone, line);
		return line.n > 1 && line.p[1] == '"' && alone.closed && alone.last == '}';
	}
	return strchr(" \t\r\"}],:[-0123456789", line.p[0]) == NULL &&
	       !span_starts(line, "true") && !span_starts(line, "false") &&
	       !span_starts(line, "null");
}

static enum lines_kind
take_line(struct capture *c, struct lines *in)
{
	if (!c->again)
		c->kind = lines_next(in, &c->line);
	c->again = false;
	return c->kind;
}

/* The lines up to the record's end are put together in c->joined; *length gets their bytes. */
static enum capture_result
join(struct capture *c, struct lines *in, size_t max, struct scan *s, struct captured *r)
{
	enum lines_kind kind;

	while (!s->closed) {
		kind = take_line(c, in);
		if (kind == LINES_END && prog_stopping())
			return CAPTURE_END;
		if (kind == LINES_ERROR)
			return CAPTURE_ERROR;
		if (kind == LINES_END)
			return bad(r, "truncated", "the input ends inside a record");
		if (span_trim(c->line).n == 0)
			continue;
		if (begins_anew(s, c->line)) {
			c->again = true;
			return bad(r, "truncated", "a new record begins before its end");
		}
		scan_line(s, c->line);
		r->bytes += lines_length(in) + 1;
		if (r->bytes <= max) {
			buf_put(&c->joined, c->line);
			buf_putc(&c->joined, '\n');
		}
		if (kind == LINES_CUT)
			return bad(r, "truncated", "the last line has no end");
		if (kind == LINES_LONG)
			break;
		if (s->in_string)
			return bad(r, "bad-json", "a line ends inside a string");
	}
	return r->bytes <= max ? CAPTURE_RECORD : bad(r, "too-long", "a record of many lines");
}

static enum capture_result
next_joined(struct capture *c, struct lines *in, size_t max, struct scan *s, struct captured *r)
{
	enum capture_result result;
	uint64_t bytes;

	max = max > 0 ? max : LINES_MAX;
	c->joined.max = max + 1;
	buf_clear(&c->joined);
	buf_put(&c->joined, c->line);
	buf_putc(&c->joined, '\n');
	r->bytes = c->joined.n;
	result = join(c, in, max, s, r);
	bytes = r->bytes;
	if (result == CAPTURE_RECORD)
		return capture_parse(c, buf_span(&c->joined), r);
	r->text = buf_span(&c->joined);
	r->bytes = bytes > r->text.n ? bytes : 0;
	return result;
}

enum capture_result
capture_next(struct capture *c, struct lines *in, size_t max, struct captured *r)
{
	enum capture_result result;
	struct scan scan;

	*r = (struct captured){ .received_ms = WHEN_NONE };
	do {
		take_line(c, in);
	} while (c->kind == LINES_LINE && span_trim(c->line).n == 0);
	r->at = *lines_where(in);
	r->text = c->line;
	switch (c->kind) {
	case LINES_END:
		return CAPTURE_END;
	case LINES_ERROR:
		return CAPTURE_ERROR;
	case LINES_LONG:
		r->bytes = lines_length(in);
		return bad(r, "too-long", "a line past the bound");
	case LINES_CUT:
		return bad(r, "truncated", "the last line has no end");
	case LINES_LINE:
		break;
	}
	result = capture_parse(c, c->line, r);
	if (result != CAPTURE_BAD || !goes_on(&scan, c->line))
		return result;
	return next_joined(c, in, max, &scan, r);
}
