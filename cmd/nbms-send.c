/* nbms-send: records to the broker, each confirmed once the broker has it. */
#include "base/diag.h"
#include "base/prog.h"
#include "send/job.h"

#include <unistd.h>

static int
run(struct send_job *job, int argc, char *argv[])
{
	static const char *const usage[] = {
		"--host HOST [--cafile FILE --cert FILE --key FILE] "
		"[--queue FILE]",
		"--dry-run", NULL
	};
	const struct opt opts[] = {
		{ '\0', "host", "HOST", OPT_TEXT, &job->mqtt.host,
		    "the broker; a,b,c: a cluster's nodes" },
		{ 'p', "port", "PORT", OPT_COUNT, &job->mqtt.port,
		    "its port (8883; 1883 without TLS)" },
		{ '\0', "cafile", "FILE", OPT_TEXT, &job->mqtt.cafile,
		    "whom to believe it is the broker" },
		{ '\0', "cert", "FILE", OPT_TEXT, &job->mqtt.cert, "our certificate" },
		{ '\0', "key", "FILE", OPT_TEXT, &job->mqtt.key, "its key" },
		{ '\0', "key-password", "FILE", OPT_TEXT, &job->mqtt.key_password,
		    "whose first line opens the key" },
		{ 'i', "id", "ID", OPT_TEXT, &job->mqtt.id,
		    "client id: another for each that runs at a time (nbms-send)" },
		{ '\0', "keepalive", "DURATION", OPT_DURATION, &job->mqtt.keepalive, "(60s)" },
		{ 'q', "queue", "FILE", OPT_TEXT, &job->queue,
		    "keep what is not confirmed there, over restarts" },
		{ 'w', "wait", "DURATION", OPT_DURATION, &job->wait,
		    "give up when nothing is confirmed for so long (never)" },
		{ 'n', "dry-run", NULL, OPT_FLAG, &job->dry_run, "say what would be sent" },
		RECORDS_OPTIONS(&job->records),
		OPT_END,
	};
	const struct opt_spec spec = { usage,
		"Sends {\"topic\":..,\"payload\":..,\"qos\":..,\"id\":..} records from stdin "
		"to an MQTT broker and\n"
		"prints a line for each id once the broker has acknowledged it.",
		opts, NULL };
	int first = opt_parse(&spec, argc, argv), status;

	if (first < argc)
		opt_wrong("takes no operand: %s", argv[first]);
	if (job->mqtt.host == NULL && !job->dry_run)
		opt_wrong("--host: which broker?");
	records_begin(&job->records);
	job->lines = lines_open(STDIN_FILENO, "<stdin>", (size_t)job->records.line_max);
	job->box = outbox_open(job->dry_run ? NULL : job->queue);
	status = job->dry_run ? run_dry(job) : run_live(job);
	outbox_close(job->box);
	lines_free(job->lines);
	records_end(&job->records);
	return status;
}

int
main(int argc, char *argv[])
{
	struct send_job job = {
		.mqtt = { .id = "nbms-send" }, .confirmation = BUF(1 << 20), .more = true
	};
	int status;

	job.mqtt.topics = &job.no_topics;
	prog_begin("nbms-send");
	status = run(&job, argc, argv);
	buf_free(&job.confirmation);
	return prog_end(status);
}
