/*
 * lib/io/capture and lib/bms/envelope: whatever is captured, each record is an object, its text
 * lies in the input, and the envelope made of it is one line of JSON that is understood again,
 * the same.
 */
#include "base/prog.h"
#include "bms/envelope.h"
#include "io/capture.h"

#include <stdlib.h>

struct source {
	const char *p;
	size_t n;
};

static ssize_t
give(void *ctx, char *to, size_t n)
{
	struct source *s = ctx;

	n = n < s->n ? n : s->n;
	if (n > 0)
		memcpy(to, s->p, n);
	s->p += n;
	s->n -= n;
	return (ssize_t)n;
}

/* The envelope of a record, written and read once more. */
static void
check_envelope(struct json *j, const struct captured *r)
{
	struct envelope e = { r->topic, r->received_ms, r->enveloped, r->mqtt };
	struct buf line = BUF(1 << 20);
	struct message m, again;
	const char *why = NULL;
	json_value root;

	if (envelope_check(&e, r->root, &m, &why) == NULL &&
	    envelope_write(&e, r->root, 7, &line)) {
		must(memchr(line.p, '\n', line.n) == NULL);
		must(
		    json_parse(j, buf_span(&line), &root) && json_kind_of(root) == JSON_OBJECT);
		must(json_kind_of(json_repeated(root)) == JSON_NONE);
		must(message_parse(root, &again, &why) == NULL);
		must(again.kind == m.kind && again.seq == 7 &&
		     span_eq(again.thing.name, m.thing.name));
	} else if (why != NULL) {
		must(why[0] != '\0');
	}
	buf_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct source s = { (const char *)data, n };
	struct lines *in = lines_open_fn(give, &s, "fuzz", 4096);
	static struct capture *c; /* reused, as in a program */
	static struct json *j;
	enum capture_result result;
	struct captured r;
	size_t records = 0;

	if (c == NULL) {
		c = capture_new();
		j = json_new();
	}
	while ((result = capture_next(c, in, 4096, &r)) != CAPTURE_END) {
		must(result != CAPTURE_ERROR && ++records <= n);
		if (result == CAPTURE_BAD)
			must(r.code != NULL && r.code[0] != '\0' && r.why != NULL);
		if (result == CAPTURE_RECORD) {
			must(json_kind_of(r.root) == JSON_OBJECT);
			check_envelope(j, &r);
		}
	}
	lines_free(in);
	return 0;
}
