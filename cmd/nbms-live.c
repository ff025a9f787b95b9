/* nbms-live: one realtime session on stdin and stdout, and what sessions need around them. */
#include "live/job.h"
#include "base/diag.h"
#include "base/prog.h"
#include "bms/command.h"
#include "bms/thing.h"
#include "db/registry.h"

#include <stdlib.h>

static const struct {
	const char *name;
	int (*run)(struct live_job *job, int argc, char *argv[]);
} verbs[] = {
	{ "token", verb_token },
	{ "feed", verb_feed },
	{ "sweep", verb_sweep },
	{ "control", verb_control },
	{ "relinquish", verb_relinquish },
};

static const char *const usage_lines[] = {
	"[-d DIR] [--token-file FILE] [--host HOST --cafile FILE --cert FILE --key FILE]",
	"token add --customer C [--building B ...] [--role ROLE] [--out FILE | --mail ADDRESS] "
	"USER",
	"token list [--customer C] | token revoke [--customer C] USER|TOKEN ...",
	"control --building C_B --point P --value V --by USER",
	"relinquish --building C_B --point P --by USER", "sweep [-d DIR]",
	"feed [-d DIR] [FILE ...]", NULL
};

const struct zone *
job_zone(struct live_job *job, struct span building_key)
{
	struct buf text = BUF((size_t)16 << 10);
	const struct zone *zone = NULL;
	struct span customer, number;
	struct building b;

	if (building_key_parse(building_key, &customer, &number) &&
	    building_get(job->site, customer, number, &text, &b))
		zone = zone_find(b.timezone);
	buf_free(&text);
	return zone;
}

static int
run(struct live_job *job, int argc, char *argv[])
{
	const struct opt opts[] = {
		STATE_OPTION(&job->dir),
		{ 'h', "host", "HOST", OPT_TEXT, &job->mqtt.host,
		    "the broker (the one of nbms-device broker)" },
		{ 'p', "port", "PORT", OPT_COUNT, &job->mqtt.port,
		    "its port (8883; 1883 without TLS)" },
		{ '\0', "cafile", "FILE", OPT_TEXT, &job->mqtt.cafile,
		    "whom to believe it is the broker" },
		{ '\0', "cert", "FILE", OPT_TEXT, &job->mqtt.cert, "our certificate" },
		{ '\0', "key", "FILE", OPT_TEXT, &job->mqtt.key, "its key" },
		{ 't', "token-file", "FILE", OPT_TEXT, &job->token_file,
		    "connect with the token in its first line" },
		{ '\0', "learn", "COMMAND", OPT_TEXT, &job->learn,
		    "runs tasks (nbms-learn run), here or elsewhere" },
		{ '\0', "stall", "TIME", OPT_DURATION, &job->stall,
		    "a reader that takes nothing so long is given up (30s)" },
		{ 'b', "building", "B", OPT_LIST, &job->buildings,
		    "token: sees this one (all); control: C000003_B001" },
		{ '\0', "point", "P", OPT_TEXT, &job->point, "control: which" },
		{ '\0', "value", "JSON", OPT_TEXT, &job->value, "control: what is written" },
		{ '\0', "priority", "N", OPT_COUNT, &job->priority, "control: 1 to 16 (8)" },
		{ '\0', "minutes", "N", OPT_COUNT, &job->minutes,
		    "control: holds it so long (60)" },
		{ 'w', "wait", "TIME", OPT_DURATION, &job->wait,
		    "how long a gateway may take to answer (30s)" },
		{ '\0', "by", "USER", OPT_TEXT, &job->by, "control: who does it" },
		{ '\0', "customer", "C", OPT_TEXT, &job->customer, "token: whose user" },
		{ '\0', "role", "ROLE", OPT_TEXT, &job->role,
		    "token: viewer, operator or admin (viewer)" },
		{ '\0', "name", "TEXT", OPT_TEXT, &job->name, "token: the user's full name" },
		{ '\0', "mail", "ADDRESS", OPT_TEXT, &job->mail,
		    "token: send it there instead of stdout" },
		{ '\0', "expires", "TIME", OPT_TEXT, &job->expires,
		    "token: no longer good from then (never)" },
		{ 'o', "out", "FILE", OPT_TEXT, &job->out,
		    "token: write it there (0600) instead of stdout" },
		{ 'c', "channels", "FILE", OPT_TEXT, &job->channels,
		    "token: how mail is sent (DIR/push.ndjson)" },
		{ '\0', "fresh", "TIME", OPT_DURATION, &job->fresh,
		    "feed: what was received longer ago is not passed on (60s)" },
		TABLE_OPTIONS(&job->form),
		RECORDS_OPTIONS(&job->records),
		OPT_END,
	};
	const struct opt_spec spec = { usage_lines,
		"A session: requests on stdin, answers, values and alarms on stdout, a JSON "
		"object a line.",
		opts, NULL };
	int (*verb)(struct live_job *, int, char *[]) = verb_session;
	int first, shift = 0;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc > 1 && strcmp(argv[1], verbs[i].name) == 0) {
			verb = verbs[i].run;
			shift = 1;
		}
	first = opt_parse(&spec, argc - shift, argv + shift) + shift;
	job->building = job->buildings.n > 0 ? job->buildings.items[0] : NULL;
	return verb(job, argc - first, argv + first);
}

int
main(int argc, char *argv[])
{
	struct live_job job = { .learn = "nbms-learn run",
		.priority = COMMAND_OPERATOR,
		.minutes = STEER_MINUTES,
		.stall = 30,
		.fresh = 60 };
	int status;

	prog_begin("nbms-live");
	status = run(&job, argc, argv);
	opt_list_free(&job.buildings);
	opt_list_free(&job.topics);
	return prog_end(status);
}
