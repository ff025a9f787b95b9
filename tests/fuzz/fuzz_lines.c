/* lib/base/lines against splitting by hand, however the bytes come. The first two bytes: the
 * bound, and the size of reads. */
#include "base/lines.h"
#include "base/prog.h"

#include <stdint.h>
#include <stdlib.h>

struct source {
	const char *p;
	size_t n;
	size_t step;
};

static ssize_t
give(void *ctx, char *to, size_t n)
{
	struct source *s = ctx;

	n = n < s->step ? n : s->step;
	n = n < s->n ? n : s->n;
	if (n > 0)
		memcpy(to, s->p, n);
	s->p += n;
	s->n -= n;
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct source s = { 0 };
	struct span left, line;
	struct lines *in;
	size_t max;
	uint64_t offset = 0, number = 0;
	enum lines_kind kind;

	if (n < 2)
		return 0;
	max = (size_t)data[0] + 1;
	s = (struct source){ (const char *)data + 2, n - 2, (size_t)data[1] + 1 };
	left = (struct span){ s.p, s.n };
	in = lines_open_fn(give, &s, "fuzz", max);
	while ((kind = lines_next(in, &line)) != LINES_END) {
		const char *lf = memchr(left.p, '\n', left.n);
		size_t length = lf != NULL ? (size_t)(lf - left.p) : left.n;

		must(kind != LINES_ERROR && left.n > 0);
		must(kind == (length > max ? LINES_LONG : lf != NULL ? LINES_LINE : LINES_CUT));
		must(line.n == (length < max ? length : max) &&
		     memcmp(line.p, left.p, line.n) == 0);
		must(lines_length(in) == length && lines_where(in)->line == ++number);
		if (kind == LINES_LINE)
			must(line.p[line.n] == '\n');
		length += lf != NULL;
		offset += length;
		must(lines_offset(in) == offset);
		left.p += length;
		left.n -= length;
	}
	must(left.n == 0);
	lines_free(in);
	return 0;
}
