/* nbms-sched: calendars, schedules, zones and prices: everything that goes by the clock. */
#include "base/clock.h"
#include "base/prog.h"
#include "sched/job.h"

#define HOURS 24
#define KEEP (31 * 86400)
#define MARGIN (90 * 86400)

static const struct {
	const char *name, *usage;
	int (*run)(struct sched_job *job, int argc, char *argv[]);
} verbs[] = {
	{ "apply", "apply [FILE ...]", verb_apply },
	{ "send", "send schedule|calendar --thing THING", verb_send },
	{ "expand", "expand [--customer C --building B] [--hours N] [--apply]", verb_expand },
	{ "manual",
	    "manual --customer C --building B --period FROM/TO [--schedule S --value V | "
	    "--remove]",
	    verb_manual },
	{ "explain", "explain --customer C --building B [--schedule S] [--at T]",
	    verb_explain },
	{ "next", "next --customer C --building B [--schedule S] [--at T]", verb_next },
	{ "diff", "diff --customer C --building B --from T --to T A B", verb_diff },
	{ "price", "price [--customer C --building B] --period FROM/TO", verb_price },
	{ "bill", "bill --customer C --building B --month YYYY-MM [--tariff KEY ...]",
	    verb_bill },
	{ "zone", "zone [FILE ...]", verb_zone },
	{ "zones", "zones [--customer C --building B] [--at T]", verb_zones },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int
run(struct sched_job *job, int argc, char *argv[])
{
	const struct opt opts[] = {
		STATE_OPTION(&job->dir),
		{ '\0', "customer", "C", OPT_TEXT, &job->customer,
		    "buildings of this customer" },
		{ '\0', "building", "B", OPT_TEXT, &job->building, "this building of it" },
		{ '\0', "thing", "THING", OPT_TEXT, &job->thing, "send: to this gateway" },
		{ '\0', "schedule", "S", OPT_TEXT, &job->schedule, "this schedule" },
		{ '\0', "point", "P", OPT_TEXT, &job->point,
		    "explain, next: schedules of this point; bill: this meter" },
		{ '\0', "at", "TIME", OPT_TEXT, &job->at, "as of then (now)" },
		{ '\0', "from", "TIME", OPT_TEXT, &job->from, "beginning with (now)" },
		{ '\0', "to", "TIME", OPT_TEXT, &job->to, "up to, not including" },
		{ '\0', "period", "FROM/TO", OPT_TEXT, &job->period, "both" },
		{ '\0', "hours", "N", OPT_COUNT, &job->hours,
		    "so many from the beginning (24)" },
		{ '\0', "keep", "DURATION", OPT_DURATION, &job->keep,
		    "expand: how long what has ended is kept (31d)" },
		{ '\0', "margin", "DURATION", OPT_DURATION, &job->margin,
		    "expand: warn so long before a holiday list ends (90d)" },
		{ '\0', "apply", NULL, OPT_FLAG, &job->apply,
		    "expand: print controls for what rules now" },
		{ '\0', "value", "JSON", OPT_TEXT, &job->value, "manual: the value to hold" },
		{ '\0', "name", "TEXT", OPT_TEXT, &job->name, "manual: who, or why" },
		{ '\0', "remove", NULL, OPT_FLAG, &job->remove,
		    "manual: take away what lies in the period" },
		{ '\0', "month", "YYYY-MM", OPT_TEXT, &job->month,
		    "bill: of this month (the last)" },
		{ '\0', "tariff", "KEY", OPT_LIST, &job->tariffs,
		    "bill: by this tariff; again for more (the building's own)" },
		TABLE_OPTIONS(&job->form),
		RECORDS_OPTIONS(&job->records),
		OPT_END,
	};
	const char *usage[VERBS + 1] = { NULL }, *names[VERBS + 1] = { NULL };
	const struct opt_spec spec = { usage,
		"Keeps calendars, schedules and user zones, works out the coming hours of "
		"them,\n"
		"and the prices of energy.",
		opts, NULL };
	int verb, first;
	size_t i;

	for (i = 0; i < VERBS; i++) {
		usage[i] = verbs[i].usage;
		names[i] = verbs[i].name;
	}
	verb = opt_verb(&spec, names, argc, argv);
	first = opt_parse(&spec, argc - 1, argv + 1) + 1;
	if (job->hours < 1 || job->hours > 24 * 366)
		opt_wrong("--hours: 1 to %d", 24 * 366);
	job->dir = opt_state_dir(job->dir);
	job->now = clock_now();
	return verbs[verb].run(job, argc - first, argv + first);
}

int
main(int argc, char *argv[])
{
	struct sched_job job = {
		.hours = HOURS, .keep = KEEP, .margin = MARGIN, .down = BUF(DOWN_MAX)
	};
	int status;

	prog_begin("nbms-sched");
	status = run(&job, argc, argv);
	reference_free(job.ref);
	db_close(job.site);
	opt_list_free(&job.tariffs);
	buf_free(&job.down);
	return prog_end(status);
}
