/* nbms-learn: learning, optimising and tender tasks: made, run, and their results taken in. */
#include "base/clock.h"
#include "learn/job.h"

#include <math.h>

static const struct {
	const char *name, *usage;
	int (*run)(struct learn_job *job, int argc, char *argv[]);
} verbs[] = {
	{ "task",
	    "task learning|optimizing [--customer C --building B] [--period FROM/TO]\n"
	    "       nbms-learn task tender-learning|tender-predict --target FILE [--input "
	    "NOTICE]\n"
	    "       nbms-learn task [FILE ...]",
	    verb_task },
	{ "run", "run [FILE ...]", verb_run },
	{ "callback", "callback [FILE ...] | --retry", verb_callback },
	{ "schedules", "schedules [--all] [FILE ...]", verb_schedules },
	{ "backtest", "backtest [--customer C --building B] [--period FROM/TO]",
	    verb_backtest },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int
run(struct learn_job *job, int argc, char *argv[])
{
	const char **f = job->field;
	const struct opt opts[] = {
		STATE_OPTION(&job->dir),
		{ '\0', "customer", "C", OPT_TEXT, &f[FIELD_CUSTOMER],
		    "buildings of this customer" },
		{ '\0', "building", "B", OPT_TEXT, &f[FIELD_BUILDING], "this building of it" },
		{ '\0', "period", "FROM/TO", OPT_TEXT, &f[FIELD_PERIOD],
		    "learn from this; known is what was before TO (760 days to now)" },
		{ '\0', "basic-data", "FILE", OPT_TEXT, &f[FIELD_BASIC_DATA],
		    "hourly CSV time,load,temperature instead of the history" },
		{ '\0', "point", "P", OPT_TEXT, &job->meter,
		    "this Energy point (the main meters)" },
		{ '\0', "outdoor", "P", OPT_TEXT, &job->outdoor,
		    "the outdoor temperature (*OutdoorTemp*)" },
		{ '\0', "level", "LEVEL", OPT_TEXT, &job->level,
		    "fast, standard or accurate (with boosting)" },
		{ '\0', "accurate", NULL, OPT_FLAG, &job->accurate,
		    "the same as --level accurate" },
		{ '\0', "zeros", NULL, OPT_FLAG, &job->zeros,
		    "a load of 0 is a load, not a missing one" },
		{ '\0', "operation-mode", "MODE", OPT_TEXT, &f[FIELD_MODE],
		    "auto, heat or cool" },
		{ '\0', "value-type", "VALUE", OPT_TEXT, &f[FIELD_VALUE],
		    "cost, energy, comfort or co2" },
		{ '\0', "ref-learning", "ID", OPT_TEXT, &f[FIELD_LEARNING],
		    "optimise by this learning result" },
		{ '\0', "schedule-mode", "MODE", OPT_TEXT, &f[FIELD_AI_MODE],
		    "advise or apply" },
		{ '\0', "method", "METHOD", OPT_TEXT, &f[FIELD_METHOD],
		    "optimal or startstop; tender: auto, equal or split" },
		{ '\0', "occupied", "HOURS", OPT_TEXT, &job->occupied,
		    "when people come on workdays (08:00-18:00)" },
		{ '\0', "band", "KELVIN", OPT_NUMBER, &job->band,
		    "comfort on either side of the setpoint (1.5)" },
		{ '\0', "carbon", "KG", OPT_NUMBER, &job->carbon,
		    "CO2 per kWh, for --value-type co2" },
		{ '\0', "comfort-price", "MONEY", OPT_NUMBER, &job->comfort,
		    "of a K h outside the band (8 h of the largest unit)" },
		{ '\0', "target", "FILE", OPT_TEXT, &f[FIELD_TARGET], "openings as CSV" },
		{ '\0', "input", "NOTICE", OPT_TEXT, &f[FIELD_INPUT],
		    "tender-predict: JSON, or a file of it" },
		{ '\0', "predict-method", "METHOD", OPT_TEXT, &f[FIELD_PREDICT_METHOD],
		    "auto, equal or split" },
		{ '\0', "reserve-range", "LOW,HIGH", OPT_TEXT, &f[FIELD_RANGE],
		    "percent off the base amount (-2,2)" },
		{ '\0', "companies", "A,B", OPT_TEXT, &f[FIELD_COMPANIES],
		    "told apart; tender-predict: they will bid" },
		{ '\0', "building-mode", "MODE", OPT_TEXT, &f[FIELD_BUILDING_MODE],
		    "tender: works-local or works-national" },
		{ '\0', "lat", "DEGREES", OPT_TEXT, &f[FIELD_LAT],
		    "degrees north, for the sun (the building's)" },
		{ '\0', "lon", "DEGREES", OPT_TEXT, &f[FIELD_LON],
		    "degrees east (the building's)" },
		{ '\0', "result-dir", "DIR", OPT_TEXT, &f[FIELD_RESULT_DIR],
		    "where below results/ it is kept" },
		{ '\0', "connection", "ID", OPT_TEXT, &f[FIELD_CONNECTION],
		    "the session that waits for it" },
		{ '\0', "callback", "URL", OPT_TEXT, &f[FIELD_CALLBACK],
		    "gets the result by POST" },
		{ '\0', "id", "ID", OPT_TEXT, &job->id, "the task's own name" },
		{ '\0', "retry", NULL, OPT_FLAG, &job->retry,
		    "callback: only those that failed before" },
		{ '\0', "timeout", "DURATION", OPT_DURATION, &job->timeout,
		    "callback: of one call (20s)" },
		{ '\0', "cafile", "FILE", OPT_TEXT, &job->cafile,
		    "callback: certificate authority of the URL" },
		{ '\0', "all", NULL, OPT_FLAG, &job->all,
		    "schedules: also of results that only advise" },
		{ '\0', "train-days", "N", OPT_COUNT, &job->days,
		    "backtest: a model learns from (365)" },
		{ '\0', "test-days", "N", OPT_COUNT, &job->test_days,
		    "backtest: and is judged on (365)" },
		TABLE_OPTIONS(&job->form),
		RECORDS_OPTIONS(&job->records),
		OPT_END,
	};
	const char *usage[VERBS + 1] = { NULL }, *names[VERBS + 1] = { NULL };
	const struct opt_spec spec = { usage,
		"Makes learning, optimising and tender tasks with all that they need, runs "
		"them\n"
		"anywhere, and takes their results in.",
		opts, NULL };
	int verb, first;
	size_t i;

	for (i = 0; i < VERBS; i++) {
		usage[i] = verbs[i].usage;
		names[i] = verbs[i].name;
	}
	verb = opt_verb(&spec, names, argc, argv);
	first = opt_parse(&spec, argc - 1, argv + 1) + 1;
	if (job->accurate)
		job->level = "accurate";
	if (strcmp(job->level, "fast") != 0 && strcmp(job->level, "standard") != 0 &&
	    strcmp(job->level, "accurate") != 0)
		opt_wrong("--level: fast, standard or accurate: %s", job->level);
	if (!(job->band >= 0.1 && job->band <= 10) || job->comfort < 0 || job->timeout < 1)
		opt_wrong(
		    "--band: 0.1 to 10; --comfort-price: not negative; --timeout: at least 1s");
	if (f[FIELD_BUILDING] != NULL && f[FIELD_CUSTOMER] == NULL)
		opt_wrong("--building needs --customer");
	job->dir = opt_state_dir(job->dir);
	job->now = clock_now();
	return verbs[verb].run(job, argc - first, argv + first);
}

int
main(int argc, char *argv[])
{
	struct learn_job job = { .level = "standard",
		.occupied = "08:00-18:00",
		.band = 1.5,
		.carbon = NAN,
		.comfort = NAN,
		.timeout = 20,
		.days = 365,
		.test_days = 365 };

	prog_begin("nbms-learn");
	return prog_end(run(&job, argc, argv));
}
