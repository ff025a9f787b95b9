/* nbms-device: customers, buildings and their gateways: who there is, and what proves it. */
#include "base/diag.h"
#include "base/opt.h"
#include "base/prog.h"
#include "base/records.h"
#include "base/table.h"
#include "db/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH 1000 /* rows a transaction */

struct device_job {
	struct records records;
	struct table_options form;
	const char *dir;
	const char *type;
	bool dry_run;
	struct db *site;
	int64_t pending; /* rows in the open transaction */
};

static const char *const verbs[] = { "register", "list", NULL };
static const char *const usage_lines[] = { "register [-d DIR] [--dry-run] [FILE ...]",
	"list [-d DIR] [--type TYPE]", NULL };

static char *
site_path(const struct device_job *job)
{
	return xasprintf("%s/nbms.db", opt_state_dir(job->dir));
}

/* A dry run must not make a registry that is not there. */
static void
open_site(struct device_job *job, enum db_mode mode)
{
	char *path = site_path(job);

	if (job->dry_run && access(path, F_OK) != 0)
		mode = DB_MEMORY;
	job->site = db_open(path, DB_SITE, mode);
	if (job->site == NULL)
		die(EX_NOINPUT, "%s: no registry there", path);
	free(path);
}

static void
commit(void *ctx)
{
	struct device_job *job = ctx;

	if (job->dry_run || job->pending == 0)
		return;
	db_commit(job->site);
	job->pending = 0;
}

static bool
register_record(void *ctx, struct record *r)
{
	struct device_job *job = ctx;

	if (!db_in_transaction(job->site))
		db_begin(job->site);
	directory_put(job->site, r);
	if (++job->pending >= BATCH)
		commit(job);
	return true;
}

static int
run_register(struct device_job *job, int argc, char *argv[])
{
	int status;

	open_site(job, DB_WRITE);
	job->records.idle = commit;
	records_begin(&job->records);
	status = records_files(&job->records, argc, argv, register_record, job);
	commit(job);
	records_end(&job->records);
	return status;
}

static int
run_list(struct device_job *job, int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("list takes no operand: %s", argv[0]);
	open_site(job, DB_READ);
	if (!directory_list(job->site, job->type, table_form(&job->form)))
		opt_wrong("--type: %s: not " DIRECTORY_TYPES, job->type);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct device_job job = { .type = "thing" };
	const struct opt opts[] = {
		{ 'd', "dir", "DIR", OPT_TEXT, &job.dir,
		    "state directory ($NBMS_DIR, ./nbms-state)" },
		{ 'n', "dry-run", NULL, OPT_FLAG, &job.dry_run, "check, and change nothing" },
		{ '\0', "type", "TYPE", OPT_TEXT, &job.type, "list rows of TYPE (thing)" },
		TABLE_OPTIONS(&job.form),
		RECORDS_OPTIONS(&job.records),
		OPT_END,
	};
	const struct opt_spec spec = { usage_lines,
		"Keeps the registry of customers, buildings and gateways.", opts,
		"TYPE is " DIRECTORY_TYPES "." };
	static int (*const run[])(
	    struct device_job *, int, char *[]) = { run_register, run_list };
	int verb, first, status;

	prog_begin("nbms-device");
	verb = opt_verb(&spec, verbs, argc, argv);
	first = opt_parse(&spec, argc - 1, argv + 1) + 1;
	status = run[verb](&job, argc - first, argv + first);
	db_close(job.site);
	return prog_end(status);
}
