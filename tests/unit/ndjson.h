/* ndjson: test data read line by line, the way the programs do. For unit tests alone. */
#ifndef NBMS_TEST_NDJSON_H
#define NBMS_TEST_NDJSON_H

#include "base/json.h"
#include "base/lines.h"

#include <fcntl.h>
#include <unistd.h>

typedef bool ndjson_fn(void *ctx, json_value record, const struct where *at, struct buf *why);

/* Calls fn for each record of a file; a record it refuses fails the test. Returns how many
 * there were. */
static inline size_t
ndjson_file(const char *path, ndjson_fn *fn, void *ctx)
{
	int fd = open(path, O_RDONLY);
	struct lines *in = lines_open(fd, path, 0);
	struct json *j = json_new();
	struct buf why = BUF(4096);
	struct span line;
	json_value root;
	size_t n = 0;

	assert_true(fd >= 0);
	while (lines_next(in, &line) == LINES_LINE) {
		assert_true(json_parse(j, line, &root));
		if (!fn(ctx, root, lines_where(in), &why))
			fail_msg("%s:%d: %s", path, (int)lines_where(in)->line, buf_text(&why));
		n++;
	}
	buf_free(&why);
	json_free(j);
	lines_free(in);
	close(fd);
	return n;
}

/* One record from text, given to fn: its answer, and its reason in `why`. */
static inline bool
ndjson_text(const char *text, int line, ndjson_fn *fn, void *ctx, struct buf *why)
{
	struct where at = { "test", (uint64_t)line };
	struct json *j = json_new();
	json_value root;
	bool ok;

	buf_clear(why);
	assert_true(json_parse_copy(j, span_of(text), &root));
	ok = fn(ctx, root, &at, why);
	json_free(j);
	return ok;
}

#endif
