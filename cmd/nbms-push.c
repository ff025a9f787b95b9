/* nbms-push: tells people: alarms and notices to telephones, mail and programs. */
#include "push/job.h"
#include "base/diag.h"
#include "base/prog.h"
#include "db/site.h"

#include <stdlib.h>

static const char *const usage_lines[] = { "[-d DIR] [--channels FILE] [--follow]",
	"endpoint add --customer C ENDPOINT ... | list | remove --customer C ENDPOINT ... | "
	"import "
	"[FILE ...]",
	"notice --customer C [--building B] --title TEXT --text TEXT [--id ID]",
	"log [--customer C] [--from TIME]", "resend ID ... | resend --unknown",
	"prune --older TIME", NULL };

char *
job_path(const struct push_job *job, const char *name)
{
	return xasprintf("%s/%s", opt_state_dir(job->dir), name);
}

void
job_open_site(struct push_job *job, enum db_mode mode)
{
	job->site = site_open(opt_state_dir(job->dir), mode);
}

int
main(int argc, char *argv[])
{
	struct push_job job = { .retry = 10,
		.give_up = 86400,
		.max_age = 86400,
		.linger = 30,
		.on_doubt = "leave" };
	const struct opt opts[] = {
		STATE_OPTION(&job.dir),
		{ 'c', "channels", "FILE", OPT_TEXT, &job.channels_path,
		    "how services are reached (DIR/push.ndjson)" },
		{ 'f', "follow", NULL, OPT_FLAG, &job.follow,
		    "go on after the end of input, for what nbms-alarm leaves" },
		{ '\0', "linger", "TIME", OPT_DURATION, &job.linger,
		    "after the end of input, wait for what is due within (30s)" },
		{ '\0', "retry", "TIME", OPT_DURATION, &job.retry,
		    "the first wait before another try (10s)" },
		{ '\0', "give-up", "TIME", OPT_DURATION, &job.give_up,
		    "how long a delivery is tried (1d)" },
		{ '\0', "max-age", "TIME", OPT_DURATION, &job.max_age,
		    "of what lies further back nobody is told (1d)" },
		{ '\0', "on-doubt", "WORD", OPT_TEXT, &job.on_doubt,
		    "what may have arrived: leave or resend (leave)" },
		{ '\0', "customer", "C", OPT_TEXT, &job.customer, "whose" },
		{ 'b', "building", "B", OPT_TEXT, &job.building, "notice: of one building" },
		{ '\0', "title", "TEXT", OPT_TEXT, &job.title, "notice: its title" },
		{ '\0', "text", "TEXT", OPT_TEXT, &job.text, "notice: its text" },
		{ '\0', "id", "ID", OPT_TEXT, &job.id, "notice: the same id is told once" },
		{ '\0', "from", "TIME", OPT_TEXT, &job.from, "log: begin (now-7d)" },
		{ '\0', "unknown", NULL, OPT_FLAG, &job.unknown,
		    "resend: all that may not have come" },
		{ '\0', "older", "TIME", OPT_DURATION, &job.older,
		    "prune: what was settled longer ago than this" },
		TABLE_OPTIONS(&job.form),
		RECORDS_OPTIONS(&job.records),
		OPT_END,
	};
	const struct opt_spec spec = { usage_lines,
		"Tells people of alarms and notices, and keeps a ledger of who was told what.",
		opts, NULL };
	static const char *const names[] = { "endpoint", "notice", "log", "resend", "prune",
		NULL };
	static int (*const run[])(struct push_job *, int, char *[]) = { verb_endpoint,
		verb_notice, verb_log, verb_resend, verb_prune };
	int verb, first, status;

	prog_begin("nbms-push");
	verb = opt_verb_or_none(&spec, names, argc, argv);
	first =
	    verb < 0 ? opt_parse(&spec, argc, argv) : opt_parse(&spec, argc - 1, argv + 1) + 1;
	if (strcmp(job.on_doubt, "leave") != 0 && strcmp(job.on_doubt, "resend") != 0)
		opt_wrong("--on-doubt: leave or resend");
	status = (verb < 0 ? verb_run : run[verb])(&job, argc - first, argv + first);
	db_close(job.site);
	return prog_end(status);
}
