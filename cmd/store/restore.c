/* A backup put where there is nothing, or only a spool that outlived the rest. */
#include "base/files.h"
#include "base/proc.h"
#include "db/engine_backup.h"
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
			put(from, dir, &list->files[i]);
	if (!file_sync_all(dir))
		diag_exit(EX_IOERR);
	put(from, dir, site);
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
	job_in_files(job, "restore");
	check_place(job->dir);
	return strcmp(argv[0], "-") == 0 ? restore_stream(job) : restore(job, argv[0]);
}
