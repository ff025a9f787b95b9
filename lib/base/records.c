#include "base/records.h"
#include "base/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define IDLE_MS \
	50 /* a producer a little slower than its consumer must not cost a commit a record */

void
records_begin(struct records *in)
{
	in->ledger = reject_open(in->reject_path);
	in->json = json_new();
	if (in->count)
		prog_print_counts_at_end();
	if (in->strict)
		prog_strict();
}

void
records_end(struct records *in)
{
	reject_close(in->ledger);
	json_free(in->json);
	in->ledger = NULL;
	in->json = NULL;
}

static struct span
received_of(const struct record *r)
{
	struct span received = { "", 0 };

	(void)json_text(json_get(r->root, "received"), &received);
	return received;
}

void
record_reject(struct record *r, const char *code, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	must(!r->settled);
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	r->settled = true;
	reject_write(r->in->ledger, &(struct rejection){ .code = code,
					.why = why,
					.at = r->at,
					.received = received_of(r),
					.record = r->line });
}

void
record_duplicate(struct record *r)
{
	must(!r->settled);
	r->settled = true;
	prog_counts()->duplicate++;
}

static void
reject_long(struct record *r, uint64_t length)
{
	char why[80];

	(void)snprintf(why, sizeof(why), "a line of %" PRIu64 " bytes", length);
	r->settled = true;
	reject_write(r->in->ledger, &(struct rejection){ .code = "too-long",
					.why = why,
					.at = r->at,
					.record = r->line,
					.bytes = length });
}

bool
record_begin(struct record *r, struct records *in, const struct lines *lines,
    enum lines_kind kind, struct span line)
{
	*r = (struct record){ .in = in, .at = *lines_where(lines), .line = line };
	if (kind == LINES_LINE && span_trim(line).n == 0)
		return false;
	prog_counts()->in++;
	if (kind == LINES_LONG)
		reject_long(r, lines_length(lines));
	else if (kind == LINES_CUT)
		record_reject(r, "truncated", "the last line has no end");
	return !r->settled;
}

void
record_end(struct record *r)
{
	if (!r->settled)
		prog_counts()->out++;
	prog_tick();
}

static bool
one(struct record *r, record_fn *fn, void *ctx)
{
	struct json *json = r->in->json;
	bool more = true;

	if (!json_parse(json, r->line, &r->root))
		record_reject(r, json_error_code(json), "%s", json_error(json));
	else if (json_kind_of(r->root) != JSON_OBJECT)
		record_reject(r, "bad-json", "not an object");
	else
		more = fn(ctx, r);
	record_end(r);
	return more;
}

int
records_each(struct records *in, int fd, const char *name, record_fn *fn, void *ctx)
{
	struct lines *lines = lines_open(fd, name, (size_t)in->line_max);
	enum lines_kind kind = LINES_END;
	struct span line;
	bool more = true;

	while (more) {
		struct record r;

		if (in->idle != NULL && lines_would_wait(lines, IDLE_MS))
			in->idle(ctx);
		kind = lines_next(lines, &line);
		if (kind == LINES_END || kind == LINES_ERROR)
			break;
		if (record_begin(&r, in, lines, kind, line))
			more = one(&r, fn, ctx);
	}
	lines_free(lines);
	return more && kind == LINES_ERROR ? EX_IOERR : 0;
}

int
records_files(struct records *in, int n, char *const names[], record_fn *fn, void *ctx)
{
	int i, fd, status = 0;

	if (n == 0)
		return records_each(in, STDIN_FILENO, "<stdin>", fn, ctx);
	for (i = 0; i < n && status == 0 && !prog_stopping(); i++) {
		if (strcmp(names[i], "-") == 0) {
			status = records_each(in, STDIN_FILENO, "<stdin>", fn, ctx);
			continue;
		}
		fd = open(names[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == EINTR && prog_stopping()) /* a FIFO nobody writes to */
			break;
		if (fd < 0) {
			diag("%s: cannot open: %s", names[i], strerror(errno));
			return EX_NOINPUT;
		}
		status = records_each(in, fd, names[i], fn, ctx);
		(void)close(fd);
	}
	return status;
}
