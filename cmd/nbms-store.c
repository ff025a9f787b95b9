/* nbms-store: a gateway's points and logs into the registry and the building's month files. */
#include "base/prog.h"
#include "store/job.h"

static const struct {
	const char *name, *usage;
	int (*run)(struct store_job *job, int argc, char *argv[]);
} verbs[] = {
	{ "month", "month [-d DIR]", verb_month },
	{ "sums", "sums [-d DIR]", verb_sums },
	{ "retain", "retain [-d DIR] --months N [--dry-run]", verb_retain },
	{ "backup", "backup [-d DIR] [--since OLDER] [--secrets] FOLDER|-", verb_backup },
	{ "restore", "restore [-d DIR] FOLDER|-", verb_restore },
	{ "copy", "copy --from DIR|URL --to URL|DIR", verb_copy },
	{ "rebuild", "rebuild [-d DIR] [--building KEY] [--month YYYY-MM] [--keep] [--dry-run]",
	    verb_rebuild },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int
run(struct store_job *job, int argc, char *argv[])
{
	const struct opt opts[] = {
		STATE_OPTION(&job->dir),
		{ '\0', "auto-register", "ZONE", OPT_TEXT, &job->ingest.auto_zone,
		    "register unknown things, in this time zone" },
		{ '\0', "future", "DURATION", OPT_DURATION, &job->ingest.future,
		    "reject stamps further ahead than this (1h)" },
		{ '\0', "gap-window", "DURATION", OPT_DURATION, &job->ingest.gap_window,
		    "how far back timestamp_last looks for gaps (7d)" },
		{ '\0', "months", "N", OPT_COUNT, &job->months, "retain: full months to keep" },
		{ 'n', "dry-run", NULL, OPT_FLAG, &job->dry_run,
		    "retain, rebuild: say what would be done" },
		{ '\0', "since", "OLDER", OPT_TEXT, &job->since,
		    "backup: share month files with this one where unchanged" },
		{ '\0', "secrets", NULL, OPT_FLAG, &job->secrets,
		    "backup: keys and what else only the owner reads, too" },
		{ '\0', "from", "PLACE", OPT_TEXT, &job->from,
		    "copy: the site as it is, a state directory or a postgresql:// URL" },
		{ '\0', "to", "PLACE", OPT_TEXT, &job->to, "copy: where it goes" },
		{ '\0', "building", "KEY", OPT_TEXT, &job->building,
		    "rebuild: of this building: C000003_B001" },
		{ '\0', "month", "YYYY-MM", OPT_TEXT, &job->month,
		    "rebuild: this month, whatever its file is like" },
		{ '\0', "keep", NULL, OPT_FLAG, &job->keep,
		    "rebuild: add to the month's file what the spool has" },
		TABLE_OPTIONS(&job->form),
		RECORDS_OPTIONS(&job->records),
		OPT_END,
	};
	const char *usage[VERBS + 2] = {
		"[-d DIR] [--auto-register ZONE] [--reject FILE] [FILE ...]"
	};
	const char *names[VERBS + 1] = { NULL };
	const struct opt_spec spec = { usage,
		"Stores init, delete, periodic_log and timestamp_last records; the verbs keep "
		"its files.",
		opts, NULL };
	int verb, first;
	size_t i;

	for (i = 0; i < VERBS; i++) {
		usage[i + 1] = verbs[i].usage;
		names[i] = verbs[i].name;
	}
	verb = opt_verb_or_none(&spec, names, argc, argv);
	first =
	    verb < 0 ? opt_parse(&spec, argc, argv) : opt_parse(&spec, argc - 1, argv + 1) + 1;
	job->dir = opt_state_dir(job->dir);
	return (verb < 0 ? verb_store : verbs[verb].run)(job, argc - first, argv + first);
}

int
main(int argc, char *argv[])
{
	struct store_job job = { .ingest = { .future = 3600, .gap_window = 7 * 86400 } };
	int status;

	prog_begin("nbms-store");
	status = run(&job, argc, argv);
	job_close(&job);
	return prog_end(status);
}
