#include "db/batch.h"
#include "base/diag.h"

#include <stdlib.h>

#define JSON_MAX ((size_t)64 << 20)

void
batch_init(struct batch *b)
{
	*b = (struct batch){ .json = BUF(JSON_MAX) };
}

void
batch_free(struct batch *b)
{
	free(b->id);
	free(b->value);
	free(b->series);
	free(b->texts);
	buf_free(&b->json);
}

void
batch_clear(struct batch *b)
{
	b->n = b->texts_n = 0;
	b->texts_seen = false;
	buf_clear(&b->json);
}

void
batch_add(struct batch *b, struct series *s, double value)
{
	if (b->n == b->room) {
		b->room = b->room > 0 ? b->room * 2 : 1024;
		b->id = xrealloc(b->id, b->room * sizeof(*b->id));
		b->value = xrealloc(b->value, b->room * sizeof(*b->value));
		b->series = xrealloc(b->series, b->room * sizeof(struct series *));
	}
	b->id[b->n] = s->id;
	b->value[b->n] = value;
	b->series[b->n++] = s;
	b->texts_seen = b->texts_seen || s->texts;
}

void
batch_add_json(struct batch *b, struct series *s, double value, struct span json)
{
	if (b->texts_n == b->texts_room) {
		b->texts_room = b->texts_room > 0 ? b->texts_room * 2 : 16;
		b->texts = xrealloc(b->texts, b->texts_room * sizeof(*b->texts));
	}
	b->texts[b->texts_n++] =
	    (struct batch_text){ .sample = b->n, .off = b->json.n, .n = json.n };
	buf_put(&b->json, json);
	must(!b->json.full);
	batch_add(b, s, value);
	b->texts_seen = true;
}

void
batch_write(struct batch *b, struct month *m, when_t ts)
{
	size_t i, t = 0;

	month_put_samples(m, ts, b->id, b->value, b->n);
	for (i = 0; b->texts_seen && i < b->n; i++) {
		struct span json = { 0 };

		if (t < b->texts_n && b->texts[t].sample == i) {
			json = (struct span){ b->json.p + b->texts[t].off, b->texts[t].n };
			t++;
		}
		if (json.p != NULL || b->series[i]->texts)
			month_put_text(m, ts, b->series[i], json);
	}
}
