#include "io/spool.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/out.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_DIGITS 16
#define CHUNK ((size_t)256 << 10) /* bytes read at a time */
#define NAME_SIZE 32

struct spool {
	char *folder;
	int dir;              /* of the folder; locked */
	int fd;               /* of the last segment; -1: none yet */
	char name[NAME_SIZE]; /* its name */
	uint64_t first;       /* its first record's number */
	int64_t bytes;        /* its length, */
	int64_t synced;       /* of which so much is durable */
	int64_t segment_bytes;
	uint64_t next;    /* the next record's number */
	uint64_t durable; /* all below it are on the disk */
};

struct spool_reader {
	char *folder;
	char *path;     /* of the segment being read; NULL: none is */
	uint64_t first; /* its number */
	int fd;
	off_t at; /* bytes of it that have been read */
	uint64_t line;
	struct buf held; /* bytes read, */
	size_t used;     /* of which so many are done with */
	uint64_t next;
	struct spool_place from; /* where it goes on; segment 0: where it is */
};

char *
spool_folder(const char *dir)
{
	return xasprintf("%s/spool", dir);
}

static void
segment_name(char to[NAME_SIZE], uint64_t first)
{
	(void)snprintf(to, NAME_SIZE, "%016" PRIu64 ".ndjson", first);
}

static bool
segment_parse(const char *name, uint64_t *first)
{
	size_t i;

	for (*first = 0, i = 0; i < NAME_DIGITS && name[i] >= '0' && name[i] <= '9'; i++)
		*first = *first * 10 + (uint64_t)(name[i] - '0');
	return i == NAME_DIGITS && strcmp(name + i, ".ndjson") == 0 && *first > 0;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The first seqs of all segments in order; NULL where there are none or no folder. To be freed.
 */
static uint64_t *
segments(const char *folder, size_t *n)
{
	DIR *d = opendir(folder);
	uint64_t *firsts = NULL, first;
	struct dirent *e;

	*n = 0;
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!segment_parse(e->d_name, &first))
			continue;
		firsts = xrealloc(firsts, (*n + 1) * sizeof(*firsts));
		firsts[(*n)++] = first;
	}
	if (d != NULL)
		(void)closedir(d);
	if (*n > 1)
		qsort(firsts, *n, sizeof(*firsts), by_number);
	return firsts;
}

/* The number a line begins with, 0 where it has none. */
static uint64_t
seq_of(struct span line)
{
	uint64_t seq = 0;
	size_t i;

	if (!span_starts(line, "{\"seq\":"))
		return 0;
	for (i = 7; i < line.n && i < 7 + NAME_DIGITS && line.p[i] >= '0' && line.p[i] <= '9';
	     i++)
		seq = seq * 10 + (uint64_t)(line.p[i] - '0');
	return i < line.n && line.p[i] == ',' ? seq : 0;
}

DIAG_NORETURN static void
failed(const struct spool *s, const char *what)
{
	int status = errno == EACCES || errno == EPERM ? EX_NOPERM : EX_IOERR;

	die(status, "%s/%s: cannot %s: %s", s->folder, s->name, what, strerror(errno));
}

static void
make_folder(const char *folder)
{
	char *parent = xstrdup(folder), *slash = strrchr(parent, '/');

	if (mkdir(folder, 0777) != 0 && errno == ENOENT && slash != NULL && slash != parent) {
		*slash = '\0';
		make_folder(parent);
		(void)mkdir(folder, 0777);
	}
	free(parent);
}

static void
lock_folder(struct spool *s)
{
	make_folder(s->folder);
	s->dir = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		die(errno == EACCES ? EX_NOPERM : EX_CANTCREAT, "%s: cannot open the spool: %s",
		    s->folder, strerror(errno));
	if (flock(s->dir, LOCK_EX | LOCK_NB) != 0)
		die(EX_TEMPFAIL, "%s: another process writes this spool", s->folder);
}

/* Reads the last segment: where its good records end, and the number after them. */
static int64_t
check_segment(struct spool *s, uint64_t *damaged)
{
	struct lines *in = lines_open(s->fd, s->name, SPOOL_LINE_MAX);
	struct json *json = json_new();
	int64_t good = 0;
	enum lines_kind kind;
	struct span line;
	json_value root;

	*damaged = 0;
	while ((kind = lines_next(in, &line)) != LINES_END) {
		if (kind == LINES_ERROR)
			die(EX_IOERR, "%s: cannot read the spool", s->folder);
		if (kind == LINES_LINE && seq_of(line) >= s->next &&
		    json_parse(json, line, &root)) {
			s->next = seq_of(line) + 1;
			good = (int64_t)lines_offset(in);
			*damaged = 0;
		} else {
			(*damaged)++;
		}
	}
	json_free(json);
	lines_free(in);
	return good;
}

static void
open_segment(struct spool *s, int flags)
{
	s->first = s->next;
	segment_name(s->name, s->first);
	s->fd = openat(s->dir, s->name, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0666);
	if (s->fd < 0)
		failed(s, "open");
}

/* Goes to the end of what an earlier run left, and cuts off what it did not finish. */
static void
repair(struct spool *s)
{
	size_t n;
	uint64_t *firsts = segments(s->folder, &n), damaged;
	struct stat st;

	if (n == 0)
		return;
	s->next = firsts[n - 1];
	free(firsts);
	open_segment(s, 0);
	s->bytes = check_segment(s, &damaged);
	if (fstat(s->fd, &st) != 0)
		failed(s, "read");
	if (st.st_size > s->bytes) {
		diag("%s/%s: cut off a torn tail of %" PRId64 " bytes behind record %" PRIu64,
		    s->folder, s->name, (int64_t)st.st_size - s->bytes, s->next - 1);
		if (ftruncate(s->fd, s->bytes) != 0)
			failed(s, "cut off a torn tail");
	}
	/* lines the earlier run wrote and did not live to sync are as good as any once they are
	 * on the disk */
	if (fsync(s->fd) != 0)
		failed(s, "sync");
}

static void
go_on_above(struct spool *s, uint64_t done)
{
	diag("%s: ends before record %" PRIu64 ", which is done already: goes on behind it",
	    s->folder, done);
	s->next = done + 1;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1; /* a segment of its own */
}

struct spool *
spool_open(const char *dir, int64_t segment_bytes, uint64_t done)
{
	struct spool *s = xcalloc(1, sizeof(*s));

	s->folder = spool_folder(dir);
	s->segment_bytes = segment_bytes > 0 ? segment_bytes : SPOOL_SEGMENT;
	s->fd = -1;
	s->next = 1;
	(void)signal(SIGXFSZ,
	    SIG_IGN); /* a limit on file sizes is an error of write(2) like a full disk */
	lock_folder(s);
	repair(s);
	if (s->next <= done)
		go_on_above(s, done);
	s->durable = s->next;
	s->synced = s->bytes;
	return s;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	(void)close(s->dir);
	free(s->folder);
	free(s);
}

uint64_t
spool_next_seq(const struct spool *s)
{
	return s->next;
}

uint64_t
spool_durable(const struct spool *s)
{
	return s->durable;
}

struct spool_place
spool_place(const struct spool *s)
{
	return (struct spool_place){ s->next, s->fd >= 0 ? s->first : 0, s->bytes };
}

/* Begins a segment where there is none yet, or the last is long enough. */
static void
roll(struct spool *s)
{
	if (s->fd >= 0 && s->bytes < s->segment_bytes)
		return;
	if (s->fd >= 0 && s->bytes == 0)
		return;
	if (s->fd >= 0 && close(s->fd) != 0)
		failed(s, "close");
	open_segment(s, O_CREAT | O_EXCL);
	s->bytes = s->synced = 0;
	if (fsync(s->dir) != 0)
		failed(s, "sync the folder of");
}

/* The last batch is taken back, as far as that goes: what stays is cut off at the next start.
 */
DIAG_NORETURN static void
give_up(const struct spool *s)
{
	int error = errno;

	(void)!ftruncate(s->fd, s->synced);
	errno = error;
	failed(s, "write");
}

void
spool_write(struct spool *s, struct span lines, uint64_t n)
{
	if (n == 0)
		return;
	if (s->next == s->durable)
		roll(s);
	if (!out_write_all(s->fd, lines))
		give_up(s);
	/* the disk works while more is received; spool_sync has less to wait for */
	(void)sync_file_range(s->fd, s->bytes, (off_t)lines.n, SYNC_FILE_RANGE_WRITE);
	s->bytes += (int64_t)lines.n;
	s->next += n;
}

void
spool_sync(struct spool *s)
{
	int64_t began = clock_monotonic();

	if (s->next == s->durable)
		return;
	if (fdatasync(s->fd) != 0)
		give_up(s);
	metrics_observe_since(METRIC_FSYNC, began);
	metrics_observe(METRIC_BATCH, (double)(s->next - s->durable));
	s->durable = s->next;
	s->synced = s->bytes;
}

/* The segment that holds seq or, where it is gone, the next one; 0: none. */
static uint64_t
segment_of(const char *folder, uint64_t seq)
{
	size_t n, i;
	uint64_t *firsts = segments(folder, &n), found = 0;

	for (i = 0; i < n; i++)
		if (found == 0 || firsts[i] <= seq)
			found = firsts[i];
	free(firsts);
	return found;
}

struct spool_reader *
spool_read(const char *dir, uint64_t from)
{
	struct spool_reader *r = xcalloc(1, sizeof(*r));
	struct stat st;

	r->folder = spool_folder(dir);
	r->fd = -1;
	r->held = BUF(SPOOL_LINE_MAX + 2 * CHUNK);
	r->next = from > 0 ? from : segment_of(r->folder, 1);
	if (r->next == 0)
		r->next = 1;
	if (stat(r->folder, &st) == 0)
		return r;
	diag("%s: cannot open the spool: %s", r->folder, strerror(errno));
	spool_reader_free(r);
	return NULL;
}

static void
close_reading(struct spool_reader *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
	free(r->path);
	r->path = NULL;
	buf_clear(&r->held);
	r->used = 0;
}

void
spool_reader_free(struct spool_reader *r)
{
	if (r == NULL)
		return;
	close_reading(r);
	buf_free(&r->held);
	free(r->folder);
	free(r);
}

/* The segment after that one; 0: none. */
static uint64_t
segment_after(const char *folder, uint64_t first)
{
	size_t n, i;
	uint64_t *firsts = segments(folder, &n), found = 0;

	for (i = n; i > 0 && firsts[i - 1] > first; i--)
		found = firsts[i - 1];
	free(firsts);
	return found;
}

/* Opens the segment that has the next record in it, or the one behind the open one; false:
 * there is none. */
static bool
next_segment(struct spool_reader *r)
{
	uint64_t first = r->from.segment;
	off_t at = r->from.at;
	char name[NAME_SIZE];

	r->from = (struct spool_place){ 0 };
	if (first == 0)
		first = r->fd >= 0 ? segment_after(r->folder, r->first)
				   : segment_of(r->folder, r->next);

	if (first == 0)
		return false;
	close_reading(r);
	segment_name(name, first);
	r->path = xasprintf("%s/%s", r->folder, name);
	r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0)
		die(errno == EACCES ? EX_NOPERM : EX_IOERR, "%s: cannot open: %s", r->path,
		    strerror(errno));
	r->first = first;
	r->at = at;
	r->line = 0;
	return true;
}

/* The segment's next whole line; false: there is none yet. */
static bool
next_line(struct spool_reader *r, struct span *line)
{
	const char *start, *lf;
	size_t seen = 0;
	ssize_t k;

	for (;;) {
		start = r->held.p != NULL ? r->held.p + r->used : "";
		lf = memchr(start + seen, '\n', r->held.n - r->used - seen);
		if (lf != NULL)
			break;
		seen = r->held.n - r->used;
		buf_drop(&r->held, r->used);
		r->used = 0;
		if (!buf_reserve(&r->held, CHUNK))
			die(EX_DATAERR, "%s:%" PRIu64 ": no record is that long", r->path,
			    r->line + 1);
		do
			k = pread(r->fd, r->held.p + r->held.n, CHUNK, r->at);
		while (k < 0 && errno == EINTR);
		if (k < 0)
			die(EX_IOERR, "%s: cannot read: %s", r->path, strerror(errno));
		if (k == 0) {
			/* half a line may still change: it is read again */
			r->at -= (off_t)r->held.n;
			buf_clear(&r->held);
			return false;
		}
		r->held.n += (size_t)k;
		r->at += k;
	}
	*line = (struct span){ start, (size_t)(lf - start) };
	r->used += line->n + 1;
	r->line++;
	return true;
}

bool
spool_reader_next(struct spool_reader *r, uint64_t end, struct span *line, uint64_t *seq)
{
	while (r->next < end) {
		if (r->fd < 0 || !next_line(r, line)) {
			if (!next_segment(r))
				return false;
			continue;
		}
		*seq = seq_of(*line);
		if (*seq == 0)
			diag_at(&(struct where){ r->path, r->line },
			    "a damaged record is passed over");
		if (*seq < r->next)
			continue;
		if (*seq > r->next)
			diag("%s: records %" PRIu64 " to %" PRIu64 " are not there", r->folder,
			    r->next, *seq - 1);
		r->next = *seq + 1;
		return true;
	}
	return false;
}

uint64_t
spool_reader_position(const struct spool_reader *r)
{
	return r->next;
}

void
spool_reader_seek(struct spool_reader *r, const struct spool_place *to)
{
	close_reading(r);
	r->next = to->seq;
	r->from = *to;
}

static void
remove_segment(const char *folder, uint64_t first)
{
	char name[NAME_SIZE];
	char *path;

	segment_name(name, first);
	path = xasprintf("%s/%s", folder, name);
	if (unlink(path) != 0)
		die(errno == EACCES ? EX_NOPERM : EX_IOERR, "%s: cannot remove: %s", path,
		    strerror(errno));
	free(path);
}

/* What there is of the n segments; returns the bytes of all. */
static int64_t
measure(const char *folder, const uint64_t *firsts, size_t n, struct spool_segment *to)
{
	int64_t total = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		char name[NAME_SIZE];
		struct stat st = { 0 };
		char *path;

		segment_name(name, firsts[i]);
		path = xasprintf("%s/%s", folder, name);
		if (stat(path, &st) != 0)
			die(EX_IOERR, "%s: cannot look at: %s", path, strerror(errno));
		free(path);
		to[i] = (struct spool_segment){ .first = firsts[i],
			.last = i + 1 < n ? firsts[i + 1] - 1 : UINT64_MAX,
			.bytes = st.st_size,
			.written = st.st_mtime };
		total += to[i].bytes;
	}
	return total;
}

void
spool_trim(
    const char *dir, const struct spool_limits *limits, spool_segment_fn *removed, void *ctx)
{
	char *folder = spool_folder(dir);
	size_t n, i;
	uint64_t *firsts = segments(folder, &n);
	struct spool_segment *all = xcalloc(n, sizeof(*all));
	int64_t total = measure(folder, firsts, n, all);
	when_t now = clock_now();

	for (i = 0; i + 1 < n && all[i].last <= limits->done; i++) {
		bool old = limits->max_age >= 0 && now - all[i].written > limits->max_age;
		bool too_many = limits->max_bytes >= 0 && total > limits->max_bytes;

		if (!old && !too_many)
			break;
		remove_segment(folder, all[i].first);
		total -= all[i].bytes;
		removed(ctx, &all[i]);
	}
	free(all);
	free(firsts);
	free(folder);
}

void
spool_each(const char *dir, spool_segment_fn *segment, void *ctx)
{
	char *folder = spool_folder(dir);
	size_t n, i;
	uint64_t *firsts = segments(folder, &n);
	struct spool_segment *all = xcalloc(n + 1, sizeof(*all));

	(void)measure(folder, firsts, n, all);
	for (i = 0; i < n; i++)
		segment(ctx, &all[i]);
	free(all);
	free(firsts);
	free(folder);
}

char *
spool_path(const char *dir, uint64_t first)
{
	char name[NAME_SIZE];

	segment_name(name, first);
	return xasprintf("%s/spool/%s", dir, name);
}

bool
spool_is_written(const char *dir)
{
	char *folder = spool_folder(dir);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return locked;
}
