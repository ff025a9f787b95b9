#include "base/reject.h"
#include "base/jsonw.h"
#include "base/json.h"
#include "base/out.h"
#include "base/prog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define CUT_AT ((size_t)64 << 10)
#define ENTRY_MAX ((size_t)128 << 20) /* a 16 MiB record with every byte escaped */

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
	r->entry = BUF(ENTRY_MAX);
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
		die(EX_IOERR, "%s: cannot write the reject ledger: %s", r->path, strerror(errno));
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

static void
put_entry(struct buf *to, const struct rejection *what)
{
	struct jw w = jw_begin(to);
	struct buf at = BUF(4096);
	struct span record = what->record;

	if (what->bytes > 0 && record.n > CUT_AT)
		record.n = CUT_AT;
	buf_puts(&at, what->at.source != NULL ? what->at.source : "-");
	if (what->at.line > 0)
		buf_printf(&at, ":%" PRIu64, what->at.line);
	jw_object(&w);
	jw_member_str(&w, "rejected", what->code);
	jw_member_str(&w, "why", what->why);
	jw_member_text(&w, "where", buf_span(&at));
	jw_member_str(&w, "by", diag_program());
	if (what->received.n > 0)
		jw_member_text(&w, "received", what->received);
	if (what->bytes > 0)
		jw_member_int(&w, "bytes", (int64_t)what->bytes);
	if (json_is_utf8(record)) {
		jw_member_text(&w, "record", record);
	} else {
		struct buf coded = BUF(ENTRY_MAX);

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
	diag_at(&what->at, "%s: %s", what->code, what->why);
	if (r->fd < 0)
		return;
	buf_clear(&r->entry);
	put_entry(&r->entry, what);
	r->unsynced = true;
	if (!out_write_all(r->fd, buf_span(&r->entry)))
		die(EX_IOERR, "%s: cannot write the reject ledger: %s", r->path,
		    strerror(errno));
}
