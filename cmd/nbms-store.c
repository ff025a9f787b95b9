/* nbms-store: a gateway's points and logs into the registry and the building's month files. */
#include "base/prog.h"
#include "store/job.h"

static const struct {
	const char *name, *usage;
	int (*run)(struct store_job *job, int argc, char *argv[]);
} verbs[] = {
	{ "month", "month [-d DIR]", verb_month },
	{ "retain", "retain [-d DIR] --months N [--dry-run]", verb_retain },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int
run(struct store_job *job, int argc, char *argv[])
{
	const struct opt opts[] = {
		{ 'd', "dir", "DIR", OPT_TEXT, &job->dir,
		    "state directory ($NBMS_DIR, ./nbms-state)" },
		{ '\0', "auto-register", "ZONE", OPT_TEXT, &job->ingest.auto_zone,
		    "register unknown things, in this time zone" },
		{ '\0', "future", "DURATION", OPT_DURATION, &job->ingest.future,
		    "reject stamps further ahead than this (1h)" },
		{ '\0', "gap-window", "DURATION", OPT_DURATION, &job->ingest.gap_window,
		    "how far back timestamp_last looks for gaps (7d)" },
		{ '\0', "months", "N", OPT_COUNT, &job->months, "retain: full months to keep" },
		{ 'n', "dry-run", NULL, OPT_FLAG, &job->dry_run,
		    "retain: say what would go, remove nothing" },
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
