/* What the targets share: the input as JSON, or as lines of JSON. */
#ifndef NBMS_FUZZ_H
#define NBMS_FUZZ_H

#include "base/diag.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Parses a copy, which lives until the next call; false: no JSON. */
static inline bool
fuzz_json(struct span text, json_value *root)
{
	static struct json *json;

	if (json == NULL)
		json = json_new();
	return json_parse_copy(json, text, root);
}

/* Takes the next line off the front. */
static inline bool
fuzz_line(struct span *text, struct span *line)
{
	const char *lf = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;

	if (text->n == 0)
		return false;
	*line = (struct span){ text->p, lf != NULL ? (size_t)(lf - text->p) : text->n };
	text->p += line->n + (lf != NULL);
	text->n -= line->n + (lf != NULL);
	return true;
}

#endif
