#include "base/reject.h"
#include "base/jsonw.h"
#include "base/metrics.h"
#include "base/json.h"
#include "base/out.h"
#include "base/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define CUT_AT ((size_t)64 << 10)
#define AROUND_MAX ((size_t)64 << 10) /* bytes of an entry that are not its record */

struct reject {
	int fd; /* -1: no ledger */
	const char *path;
	struct buf entry;
	bool unsynced;
};

struct reject *
reject_open(const char *path)
{
	struct reject *r = xcalloc(1, sizeof(*r));

	r->fd = -1;
	r->path = path;
	if (path == NULL)
		return r;
	r->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (r->fd < 0)
		die(EX_CANTCREAT, "%s: cannot open the reject ledger: %s", path,
		    strerror(errno));
	return r;
}

void
reject_sync(struct reject *r)
{
	/* a pipe or a terminal cannot be synced, and need not be */
	if (r->unsynced && fsync(r->fd) != 0 && errno != EINVAL && errno != EROFS)
		die(EX_IOERR, "%s: cannot write the reject ledger: %s", r->path,
		    strerror(errno));
	r->unsynced = false;
}

void
reject_close(struct reject *r)
{
	if (r == NULL)
		return;
	reject_sync(r);
	if (r->fd >= 0 && close(r->fd) != 0)
		die(EX_IOERR, "%s: cannot write the reject ledger: %s", r->path,
		    strerror(errno));
	buf_free(&r->entry);
	free(r);
}

/* RFC 4648 section 4. */
static void
put_base64(struct buf *to, struct span s)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	buf_putc(to, '"');
	for (i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16 |
			     (left > 1 ? (uint32_t)(unsigned char)s.p[i + 1] << 8 : 0) |
			     (left > 2 ? (uint32_t)(unsigned char)s.p[i + 2] : 0);

		buf_putc(to, digits[v >> 18]);
		buf_putc(to, digits[v >> 12 & 63]);
		buf_putc(to, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_putc(to, left > 2 ? digits[v & 63] : '=');
	}
	buf_putc(to, '"');
}

/* A text of a message or a file's name, which may be cut in the middle of a character, or be no
 * UTF-8. */
static void
member_shown(struct jw *w, const char *name, const char *text)
{
	char *copy = xstrdup(text);

	diag_mask(copy, strlen(copy));
	jw_member_str(w, name, copy);
	free(copy);
}

static void
put_entry(struct buf *to, const struct rejection *what)
{
	struct jw w = jw_begin(to);
	struct buf at = BUF(8192);
	struct span record = what->record;

	if (what->bytes > 0 && record.n > CUT_AT)
		record.n = CUT_AT;
	buf_puts(&at, what->at.source != NULL ? what->at.source : "-");
	if (what->at.line > 0)
		buf_printf(&at, ":%" PRIu64, what->at.line);
	jw_object(&w);
	jw_member_str(&w, "rejected", what->code);
	member_shown(&w, "why", what->why);
	member_shown(&w, "where", buf_text(&at));
	jw_member_str(&w, "by", diag_program());
	if (what->received.n > 0)
		jw_member_text(&w, "received", what->received);
	if (what->bytes > 0)
		jw_member_int(&w, "bytes", (int64_t)what->bytes);
	if (json_is_utf8(record)) {
		jw_member_text(&w, "record", record);
	} else {
		struct buf coded = BUF(to->max);

		put_base64(&coded, record);
		jw_member_raw(&w, "record_base64", buf_span(&coded));
		buf_free(&coded);
	}
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(to, '\n');
	buf_free(&at);
}

void
reject_write(struct reject *r, const struct rejection *what)
{
	prog_counts()->rejected++;
	metrics_rejected(what->code);
	diag_kind(&what->at, what->code, "%s: %s", what->code, what->why);
	if (r->fd < 0)
		return;
	buf_clear(&r->entry);
	r->entry.max = 6 * what->record.n + AROUND_MAX; /* every byte escaped */
	put_entry(&r->entry, what);
	r->unsynced = true;
	if (!out_write_all(r->fd, buf_span(&r->entry)))
		die(EX_IOERR, "%s: cannot write the reject ledger: %s", r->path,
		    strerror(errno));
}
