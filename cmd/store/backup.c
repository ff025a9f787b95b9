/* A backup made while the pipeline runs: see backup.h for its order and why. */
#include "store/backup.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/jsonw.h"
#include "base/proc.h"
#include "base/prog.h"
#include "db/copy.h"
#include "db/engine_backup.h"
#include "db/site.h"
#include "io/spool.h"
#include "store/job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_MAX ((size_t)256 << 20)

struct backup {
	const char *dir, *to;
	bool secrets;
	struct backup_list since; /* an older backup whose files are taken where unchanged */
	const char *since_dir;    /* NULL: none */
	struct buf list;
	int64_t files, bytes, linked;
	uint64_t from; /* the first record of the spool that has to come along */
	uint64_t last; /* of the spool, in the backup */
	struct held {
		uint64_t first;
		int fd;
	} * held; /* segments */
	size_t n_held;
	bool damaged;
};

static void
add(struct backup *b, const char *path, const char *source)
{
	char *at = xasprintf("%s/%s", b->to, path);
	char sha256[SIGN_HEX];
	int64_t bytes;
	struct jw w;

	if (!backup_digest(at, sha256, &bytes))
		diag_exit(EX_IOERR);
	w = jw_begin(&b->list);
	jw_object(&w);
	jw_member_str(&w, "path", path);
	jw_member_int(&w, "bytes", bytes);
	jw_member_str(&w, "sha256", sha256);
	if (source != NULL)
		jw_member_str(&w, "source", source);
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(&b->list, '\n');
	b->files++;
	b->bytes += bytes;
	free(at);
}

static void
make_folders(const struct backup *b, const char *path)
{
	if (!dirs_mirror(b->dir, b->to, path))
		diag_exit(EX_CANTCREAT);
}

/* ---- databases ---- */

/* What changes when somebody writes to the database: length and time of the file and its log.
 */
static char *
state_of(const char *path)
{
	char *wal = xasprintf("%s-wal", path), *text;
	struct stat a = { 0 }, b = { 0 };

	(void)stat(path, &a);
	(void)stat(wal, &b);
	text = xasprintf("%lld %lld.%09ld %lld %lld.%09ld", (long long)a.st_size,
	    (long long)a.st_mtim.tv_sec, a.st_mtim.tv_nsec, (long long)b.st_size,
	    (long long)b.st_mtim.tv_sec, b.st_mtim.tv_nsec);
	free(wal);
	return text;
}

/* The older backup's copy, where the original is as it was then. */
static bool
link_older(struct backup *b, const char *path, const char *state, const char *to)
{
	const struct backup_file *f =
	    b->since_dir != NULL ? backup_list_find(&b->since, path) : NULL;
	char *older;
	bool linked;

	if (f == NULL || f->source == NULL || strcmp(f->source, state) != 0)
		return false;
	older = xasprintf("%s/%s", b->since_dir, path);
	linked = link(older, to) == 0;
	if (!linked)
		diag("%s: cannot be taken over: %s", older, strerror(errno));
	free(older);
	b->linked += linked;
	return linked;
}

static void
copy_file(struct backup *b, const char *path)
{
	char *from = xasprintf("%s/%s", b->dir, path), *to = xasprintf("%s/%s", b->to, path);
	char *state = state_of(from);

	make_folders(b, path);
	if (link_older(b, path, state, to) || db_copy_file(from, to))
		add(b, path, state);
	else
		b->damaged = true; /* said; the others are worth having */
	free(state);
	free(from);
	free(to);
}

static void
copy_months(struct backup *b, const char *building)
{
	char *folder = xasprintf("%s/history/%s", b->dir, building);
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL && !prog_stopping()) {
		size_t n = strlen(e->d_name);
		char *path;

		if (n != 10 || strcmp(e->d_name + 7, ".db") != 0)
			continue;
		path = xasprintf("history/%s/%s", building, e->d_name);
		copy_file(b, path);
		free(path);
	}
	if (d != NULL)
		(void)closedir(d);
	free(folder);
}

static void
copy_history(struct backup *b)
{
	char *folder = xasprintf("%s/history", b->dir);
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			copy_months(b, e->d_name);
	if (d != NULL)
		(void)closedir(d);
	free(folder);
}

/* ---- a server's ---- */

static char *
digest_text(const struct tables_digest *d)
{
	return xasprintf("%lld rows %016llx", (long long)d->rows, (unsigned long long)d->sum);
}

/* What is read of a server, into files: as good for a server as for another machine without. */
static void
save_database(struct backup *b, struct db *from, const char *path, enum db_family family)
{
	char *to = xasprintf("%s/%s", b->to, path), *folder = xstrdup(to), *digest;
	struct tables_digest what = { 0 };
	struct db *file;

	*strrchr(folder, '/') = '\0';
	if (!dir_make(folder, 0700))
		diag_exit(EX_CANTCREAT);
	if (b->since_dir != NULL && backup_list_find(&b->since, path) != NULL)
		what = copy_digest(from);
	digest = digest_text(&what);
	if (!link_older(b, path, digest, to)) {
		file = db_open(to, family, DB_WRITE);
		(void)copy_database(from, file, false, &what);
		db_close(file);
		free(digest);
		digest = digest_text(&what);
	}
	add(b, path, digest);
	free(digest);
	free(folder);
	free(to);
}

static void
save_building(struct backup *b, const char *key)
{
	char **months;
	size_t n = db_months(b->dir, span_of(key), &months), i;

	for (i = 0; i < n; i++) {
		char *path = xasprintf("history/%s/%s.db", key, months[i]),
		     *from_path = db_month_path(b->dir, span_of(key), months[i]);
		struct db *from =
		    prog_stopping() ? NULL : db_open(from_path, DB_MONTH, DB_READ);

		if (from != NULL)
			save_database(b, from, path, DB_MONTH);
		db_close(from);
		free(from_path);
		free(path);
		free(months[i]);
	}
	free(months);
}

/* All of it as of one moment. */
static void
save_server(struct backup *b)
{
	struct db *site = site_open(b->dir, DB_READ);
	size_t n, i;
	char **keys;

	db_hold_moment(site);
	save_database(b, site, "nbms.db", DB_SITE);
	n = site_building_keys(site, &keys);
	for (i = 0; i < n; i++) {
		save_building(b, keys[i]);
		free(keys[i]);
	}
	free(keys);
	db_close(site);
}

/* ---- the spool ---- */

/* Whole lines alone: one that is being written is not the backup's. */
static void
cut_torn(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	char c = '\n';

	while (end > 0 && pread(fd, &c, 1, end - 1) == 1 && c != '\n')
		end--;
	if (fd < 0 || end < 0 || ftruncate(fd, end) != 0)
		die(EX_IOERR, "%s: cannot cut: %s", path, strerror(errno));
	(void)close(fd);
}

/* A segment that is open may be trimmed meanwhile: its bytes stay. */
static void
hold_segment(void *ctx, const struct spool_segment *s)
{
	struct backup *b = ctx;
	char *path;
	int fd;

	if (s->last < b->from || (b->n_held > 0 && s->first <= b->held[b->n_held - 1].first))
		return;
	path = spool_path(b->dir, s->first);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(EX_IOERR, "%s: cannot open: %s", path, strerror(errno));
	b->held = xrealloc(b->held, (b->n_held + 1) * sizeof(*b->held));
	b->held[b->n_held++] = (struct held){ s->first, fd };
	free(path);
}

static void
copy_segment(struct backup *b, const struct held *h)
{
	char *to = spool_path(b->to, h->first), *from = xasprintf("/proc/self/fd/%d", h->fd);
	const char *path = to + strlen(b->to) + 1;

	make_folders(b, path);
	if (!file_copy(from, to))
		diag_exit(EX_IOERR);
	(void)close(h->fd);
	cut_torn(to);
	add(b, path, NULL);
	free(from);
	free(to);
}

/* Those that were held, and those begun since. */
static void
copy_spool(struct backup *b)
{
	struct spool_reader *reader;
	struct span line;
	size_t i;

	spool_each(b->dir, hold_segment, b);
	for (i = 0; i < b->n_held; i++)
		copy_segment(b, &b->held[i]);
	if (b->n_held == 0)
		return;
	reader = spool_read(b->to, b->held[b->n_held - 1].first);
	while (reader != NULL && spool_reader_next(reader, UINT64_MAX, &line, &b->last))
		;
	spool_reader_free(reader);
}

/* ---- the rest ---- */

/* What is made anew, or copied in its own way. */
static bool
is_passed_over(const char *name, bool top)
{
	static const char *const names[] = { "nbms.db", "history", "spool", "lock", "metrics",
		"recv.pid" };
	const char *end = name + strlen(name);
	size_t i;

	if (end - name > 4 && (strcmp(end - 4, "-wal") == 0 || strcmp(end - 4, "-shm") == 0 ||
				  strcmp(end - 4, ".tmp") == 0))
		return true;
	for (i = 0; top && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void
copy_rest(struct backup *b, const char *under)
{
	char *folder = xasprintf("%s/%s", b->dir, under);
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *path, *from, *to;
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    is_passed_over(e->d_name, under[0] == '\0') ||
		    (strcmp(e->d_name, "pki") == 0 && under[0] == '\0' && !b->secrets))
			continue;
		path = xasprintf("%s%s%s", under, under[0] != '\0' ? "/" : "", e->d_name);
		from = xasprintf("%s/%s", b->dir, path);
		to = xasprintf("%s/%s", b->to, path);
		if (lstat(from, &st) == 0 && S_ISDIR(st.st_mode)) {
			copy_rest(b, path);
		} else if (S_ISREG(st.st_mode) && (b->secrets || (st.st_mode & 0077) != 0 ||
						      strncmp(path, "outbox", 6) == 0)) {
			make_folders(b, path);
			if (!file_copy(from, to))
				diag_exit(EX_IOERR);
			add(b, path, NULL);
		}
		free(path);
		free(from);
		free(to);
	}
	if (d != NULL)
		(void)closedir(d);
	free(folder);
}

/* ---- all of it ---- */

static int64_t
checkpoint_of(struct db *site)
{
	int64_t seq = 0;

	(void)checkpoint_lowest(site, &seq);
	db_close(site);
	return seq;
}

/* How far the backup's nbms.db stands. */
static int64_t
done_of(const struct backup *b)
{
	char *path = xasprintf("%s/nbms.db", b->to);
	struct db *site = db_open(path, DB_SITE, DB_READ);
	int64_t seq = site != NULL ? checkpoint_of(site) : 0;

	free(path);
	return seq;
}

static void
write_list(struct backup *b)
{
	char *path = xasprintf("%s/%s", b->to, BACKUP_LIST);
	char at[WHEN_TEXT];
	struct buf head = BUF(LIST_MAX);
	struct jw w = jw_begin(&head);

	jw_object(&w);
	jw_member_int(&w, "backup", BACKUP_FORM);
	jw_member_str(&w, "by", NBMS_VERSION);
	jw_member_str(&w, "at", when_format_ms(at, clock_now_ms()));
	jw_member_int(&w, "site_schema", db_schema(DB_SITE));
	jw_member_int(&w, "month_schema", db_schema(DB_MONTH));
	jw_member_int(&w, "done", done_of(b));
	jw_member_int(&w, "spool", (int64_t)b->last);
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(&head, '\n');
	buf_put(&head, buf_span(&b->list));
	must(!head.full);
	if (!file_sync_all(b->to) || !file_replace(path, 0600, buf_span(&head)))
		diag_exit(EX_IOERR);
	buf_free(&head);
	free(path);
}

static bool
is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	if (d == NULL)
		return errno == ENOENT;
	while ((e = readdir(d)) != NULL)
		empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
	(void)closedir(d);
	return empty;
}

static void
tell(const struct backup *b, const struct table_options *form)
{
	static const char *const columns[] = { "files", "bytes", "unchanged", "done", "spool" };
	struct table *t = table_begin(table_form(form), columns, 5);

	table_int(t, b->files);
	table_int(t, b->bytes);
	table_int(t, b->linked);
	table_int(t, done_of(b));
	table_int(t, (int64_t)b->last);
	(void)table_end(t);
}

static int
make(struct backup *b)
{
	if (!is_empty(b->to))
		die(EX_CANTCREAT, "%s: is not empty: a backup is a folder of its own", b->to);
	if (!dir_make(b->to, 0700) || chmod(b->to, 0700) != 0)
		diag_exit(EX_CANTCREAT);
	if (b->since_dir != NULL && !backup_list_read(&b->since, b->since_dir))
		return EX_NOINPUT;
	b->from = (uint64_t)checkpoint_of(site_open(b->dir, DB_READ)) + 1;
	spool_each(b->dir, hold_segment, b);
	if (site_in_server(b->dir)) {
		save_server(b);
	} else {
		copy_file(b, "nbms.db");
		copy_history(b);
	}
	copy_spool(b);
	copy_rest(b, "");
	if (prog_stopping())
		return EX_TEMPFAIL;
	write_list(b);
	return b->damaged ? EX_REJECTED : 0;
}

/* To stdout as a tar file, by way of a folder in the state directory. */
static int
make_stream(struct backup *b)
{
	char *folder = xasprintf("%s/backup-%ld.tmp", b->dir, (long)getpid());
	char *argv[] = { (char[]){ "tar" }, (char[]){ "-C" }, folder, (char[]){ "-cf" },
		(char[]){ "-" }, (char[]){ "." }, NULL };
	int status;

	b->to = folder;
	status = make(b);
	if (status <= EX_REJECTED && !proc_run(argv))
		status = EX_IOERR;
	if (!dir_remove(folder) && status == 0)
		status = EX_IOERR;
	free(folder);
	return status;
}

int
verb_backup(struct store_job *job, int argc, char *argv[])
{
	struct backup b = { .dir = job->dir,
		.secrets = job->secrets,
		.since_dir = job->since,
		.list = BUF(LIST_MAX) };
	int status;

	if (argc != 1)
		opt_wrong("backup needs one folder to write to, or - for a tar file on stdout");
	if (strcmp(argv[0], "-") == 0) {
		status = make_stream(&b);
	} else {
		b.to = argv[0];
		status = make(&b);
		if (status <= EX_REJECTED)
			tell(&b, &job->form);
	}
	backup_list_free(&b.since);
	buf_free(&b.list);
	free(b.held);
	return status;
}
