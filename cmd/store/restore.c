/* A backup put where there is nothing, or only a spool that outlived the rest. */
#include "base/files.h"
#include "base/proc.h"
#include "db/copy.h"
#include "db/engine_backup.h"
#include "db/site.h"
#include "io/spool.h"
#include "store/backup.h"
#include "store/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing is touched before every file of the backup has been found whole. */
static void
check(const struct backup_list *list, const char *from)
{
	char sha256[SIGN_HEX];
	bool fine = true;
	int64_t bytes;
	size_t i;

	if (list->site_schema > db_schema(DB_SITE) || list->month_schema > db_schema(DB_MONTH))
		die(EX_CONFIG, "%s: made by a newer nbms (schema %lld, this one knows %d)",
		    from, (long long)list->site_schema, db_schema(DB_SITE));
	for (i = 0; i < list->n; i++) {
		const struct backup_file *f = &list->files[i];
		char *path = xasprintf("%s/%s", from, f->path);

		if (!backup_digest(path, sha256, &bytes))
			fine = false;
		else if (bytes != f->bytes || strcmp(sha256, f->sha256) != 0)
			fine = false, diag("%s: is not what was backed up", path);
		free(path);
	}
	if (!fine)
		die(EX_DATAERR, "%s: the backup is not whole; nothing was restored", from);
}

static void
check_server(const char *dir)
{
	char *path = db_site_path(dir);
	struct db *site = db_open(path, DB_SITE, DB_READ);
	struct tables_digest there;

	if (site != NULL) {
		there = copy_digest(site);
		if (there.rows > there.own)
			die(EX_CANTCREAT,
			    "%s: a site is there: a backup is restored where nothing is", path);
	}
	db_close(site);
	free(path);
}

static void
check_place(const char *dir)
{
	static const char *const names[] = { "nbms.db", "history" };
	size_t i;

	for (i = 0; i < 2; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);
		bool there = access(path, F_OK) == 0;

		/* an empty folder is in nobody's way */
		if (there && i == 1 && rmdir(path) == 0)
			there = false;
		if (there)
			die(EX_CANTCREAT, "%s: is there: a backup is restored where nothing is",
			    path);
		free(path);
	}
	if (site_in_server(dir))
		check_server(dir);
	if (spool_is_written(dir))
		die(EX_TEMPFAIL, "%s/spool: is being written to: stop the pipeline first", dir);
}

/* A segment that outlived the rest is the backup's, or the same and longer. */
static bool
has_more(const char *path, int64_t bytes)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size >= bytes;
}

static void
put(const char *from, const char *dir, const struct backup_file *f)
{
	char *source = xasprintf("%s/%s", from, f->path);
	char *to = xasprintf("%s/%s", dir, f->path);
	char *tmp = xasprintf("%s.tmp", to);

	if (!dirs_mirror(from, dir, f->path))
		diag_exit(EX_CANTCREAT);
	if (strncmp(f->path, "spool/", 6) != 0 || !has_more(to, f->bytes)) {
		(void)unlink(tmp);
		if (!file_copy(source, tmp))
			diag_exit(EX_IOERR);
		if (rename(tmp, to) != 0)
			die(EX_IOERR, "%s: cannot rename to %s: %s", tmp, to, strerror(errno));
	}
	free(source);
	free(tmp);
	free(to);
}

/* Where a database of the backup goes in a server: the site or a building's month; NULL: it is
 * none. */
static char *
place_in_server(const char *dir, const char *path)
{
	const char *key = path + strlen("history/"), *slash;
	char *month, *place;

	if (strcmp(path, "nbms.db") == 0)
		return db_site_path(dir);
	slash = strncmp(path, "history/", 8) == 0 ? strchr(key, '/') : NULL;
	if (slash == NULL || strlen(slash) != strlen("/2022-10.db"))
		return NULL;
	month = xstrndup(slash + 1, strlen("2022-10"));
	place = db_month_path(dir, (struct span){ key, (size_t)(slash - key) }, month);
	free(month);
	return place;
}

/* By way of a copy of the file, for an older one is brought up to date first. */
static void
put_database(const char *from, const char *dir, const struct backup_file *f, const char *place)
{
	enum db_family family = strcmp(f->path, "nbms.db") == 0 ? DB_SITE : DB_MONTH;
	char *source = xasprintf("%s/%s", from, f->path);
	char *folder = xasprintf("%s/restoring-%ld.tmp", dir, (long)getpid());
	char *path = xasprintf("%s/copy.db", folder);
	struct tables_digest what;
	struct db *copy, *to;

	if (!dir_make(folder, 0700) || !file_copy(source, path))
		diag_exit(EX_IOERR);
	copy = db_open(path, family, DB_WRITE);
	to = db_open(place, family, DB_WRITE);
	if (copy_database(copy, to, false, &what) == COPIED_NOT)
		diag_exit(EX_CANTCREAT);
	db_close(to);
	db_close(copy);
	(void)dir_remove(folder);
	free(source);
	free(folder);
	free(path);
}

static void
put_either(const char *from, const char *dir, const struct backup_file *f)
{
	char *place = site_in_server(dir) ? place_in_server(dir, f->path) : NULL;

	if (place != NULL)
		put_database(from, dir, f, place);
	else
		put(from, dir, f);
	free(place);
}

/* nbms.db comes last: with it the state counts, and a run cut off before can be run again. */
static void
put_all(const struct backup_list *list, const char *from, const char *dir)
{
	const struct backup_file *site = backup_list_find(list, "nbms.db");
	size_t i;

	if (site == NULL)
		die(EX_DATAERR, "%s: there is no nbms.db in it", from);
	if (!dir_make(dir, 0755))
		diag_exit(EX_CANTCREAT);
	for (i = 0; i < list->n; i++)
		if (&list->files[i] != site)
			put_either(from, dir, &list->files[i]);
	if (!file_sync_all(dir))
		diag_exit(EX_IOERR);
	put_either(from, dir, site);
	if (!file_sync_all(dir))
		diag_exit(EX_IOERR);
}

static int
restore(const struct store_job *job, const char *from)
{
	static const char *const columns[] = { "files", "bytes", "done", "spool" };
	struct backup_list list;
	struct table *t;
	int64_t bytes = 0;
	size_t i;

	if (!backup_list_read(&list, from))
		return EX_NOINPUT;
	check(&list, from);
	put_all(&list, from, job->dir);
	for (i = 0; i < list.n; i++)
		bytes += list.files[i].bytes;
	t = table_begin(table_form(&job->form), columns, 4);
	table_int(t, (int64_t)list.n);
	table_int(t, bytes);
	table_int(t, list.done);
	table_int(t, list.spool);
	(void)table_end(t);
	backup_list_free(&list);
	return 0;
}

static int
restore_stream(const struct store_job *job)
{
	char *folder = xasprintf("%s/restore-%ld.tmp", job->dir, (long)getpid());
	char *argv[] = { (char[]){ "tar" }, (char[]){ "-C" }, folder, (char[]){ "-xpf" },
		(char[]){ "-" }, NULL };
	int status = EX_DATAERR;

	if (!dir_make(folder, 0700))
		diag_exit(EX_CANTCREAT);
	if (proc_run(argv))
		status = restore(job, folder);
	(void)dir_remove(folder);
	free(folder);
	return status;
}

int
verb_restore(struct store_job *job, int argc, char *argv[])
{
	if (argc != 1)
		opt_wrong("restore needs the backup's folder, or - for a tar file on stdin");
	check_place(job->dir);
	return strcmp(argv[0], "-") == 0 ? restore_stream(job) : restore(job, argv[0]);
}
