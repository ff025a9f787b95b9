/* nbms-recv: MQTT, captured logs or the spool in; checked envelopes out. */
#include "base/clock.h"
#include "base/out.h"
#include "base/prog.h"
#include "base/records.h"
#include "db/consumer.h"
#include "io/replay.h"
#include "recv/job.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* The lowest and the highest checkpoint of those who read the spool; 0: there is none. */
static void
checkpoints(const char *dir, uint64_t *lowest, uint64_t *highest)
{
	char *path = db_site_path(dir);
	struct db *site = db_open(path, DB_SITE, DB_READ);
	int64_t seq = 0;

	*lowest = *highest = 0;
	if (site != NULL && checkpoint_lowest(site, &seq))
		*lowest = (uint64_t)seq;
	if (site != NULL)
		*highest = (uint64_t)checkpoint_highest(site);
	db_close(site);
	free(path);
}

static struct stream *
open_stream(const struct recv_job *job, bool writing)
{
	struct spool *writer = NULL;
	struct spool_reader *reader;
	uint64_t from = (uint64_t)job->from, lowest, highest;

	if (!job->spool)
		return stream_open();
	checkpoints(job->dir, &lowest, &highest);
	if (writing)
		writer = spool_open(job->dir, job->segment, highest);
	if (from == 0 && lowest > 0)
		from = lowest + 1;
	reader = spool_read(job->dir, from);
	if (reader == NULL)
		diag_exit(EX_NOINPUT);
	return stream_open_spool(writer, reader);
}

static int
read_spool(const struct recv_job *job)
{
	struct stream *out = job->intake.out;
	struct pollfd p;

	while (job->follow && !prog_stopping()) {
		(void)stream_serve(out, clock_now_ms());
		p = stream_poll(out);
		(void)poll(&p, 1, TURN_MS);
		if ((p.revents & POLLERR) != 0)
			diag_exit(EX_IOERR);
	}
	if (!job->follow)
		stream_mark(out, WHEN_NONE);
	return 0;
}

static void
tell_removed(void *ctx, const struct spool_segment *s)
{
	(void)ctx;
	out_printf("{\"removed\":\"%016" PRIu64 ".ndjson\",\"first\":%" PRIu64
		   ",\"last\":%" PRIu64 ",\"bytes\":%" PRId64 "}\n",
	    s->first, s->first, s->last, s->bytes);
}

static int
trim(struct recv_job *job)
{
	uint64_t highest;

	checkpoints(job->dir, &job->limits.done, &highest);
	if (job->limits.done == 0)
		diag("%s/nbms.db: no checkpoint, so nothing may go", job->dir);
	spool_trim(job->dir, &job->limits, tell_removed, NULL);
	return 0;
}

static const char *const usage[] = {
	"--replay FILE [--speed N] [--zone ZONE] [--spool] [FILE ...]",
	"--host HOST [--cafile F] [--cert F --key F] [--topic T] [--spool]",
	"--spool [--from SEQ] [--follow]",
	"--trim [--max-age TIME] [--max-size BYTES]",
	NULL,
};

static void
parse(struct recv_job *job, int argc, char *argv[])
{
	struct mqtt_options *q = &job->mqtt;
	const struct opt opts[] = {
		{ '\0', "replay", "FILE", OPT_LIST, &job->replay,
		    "read a captured log, - for stdin" },
		{ '\0', "speed", "N", OPT_TEXT, &job->speed_text,
		    "keep its pace, N times as fast (60x)" },
		{ '\0', "zone", "ZONE", OPT_TEXT, &job->zone,
		    "of the stamps of records that tell no other time" },
		{ '\0', "host", "HOST", OPT_TEXT, &q->host,
		    "receive from this MQTT broker; a,b,c: a cluster's nodes" },
		{ '\0', "port", "PORT", OPT_COUNT, &q->port, "8883 with TLS, 1883 without" },
		{ '\0', "cafile", "FILE", OPT_TEXT, &q->cafile,
		    "PEM: who may sign the broker's certificate" },
		{ '\0', "cert", "FILE", OPT_TEXT, &q->cert, "PEM: our certificate" },
		{ '\0', "key", "FILE", OPT_TEXT, &q->key, "PEM: our private key" },
		{ '\0', "key-password", "FILE", OPT_TEXT, &q->key_password,
		    "whose first line opens the key" },
		{ '\0', "id", "ID", OPT_TEXT, &q->id, "client id (nbms-recv-<host name>)" },
		{ '\0', "keepalive", "TIME", OPT_DURATION, &q->keepalive,
		    "between signs of life (60s)" },
		{ '\0', "topic", "TOPIC", OPT_LIST, &job->topics,
		    "to subscribe to (what gateways publish on)" },
		{ '\0', "lease", "NAME", OPT_TEXT, &job->lease,
		    "receive only while no other process of the site has NAME" },
		{ '\0', "idle", "TIME", OPT_DURATION, &job->idle,
		    "stop when nothing has come for so long" },
		STATE_OPTION(&job->dir),
		{ '\0', "spool", NULL, OPT_FLAG, &job->spool,
		    "keep records in DIR/spool and print from there" },
		{ '\0', "segment", "BYTES", OPT_BYTES, &job->segment,
		    "length of the spool's files (64M)" },
		{ '\0', "from", "SEQ", OPT_COUNT, &job->from,
		    "print from this record (lowest checkpoint)" },
		{ '\0', "follow", NULL, OPT_FLAG, &job->follow, "go on as the spool grows" },
		{ '\0', "trim", NULL, OPT_FLAG, &job->trim,
		    "remove spool files all have done with" },
		{ '\0', "max-age", "TIME", OPT_DURATION, &job->limits.max_age,
		    "that are older" },
		{ '\0', "max-size", "BYTES", OPT_BYTES, &job->limits.max_bytes,
		    "or make the spool larger" },
		RECORDS_OPTIONS(&job->in),
		OPT_END,
	};
	const struct opt_spec spec = { usage,
		"Receives what gateways send and prints checked envelopes.", opts, NULL };
	int i;

	for (i = opt_parse(&spec, argc, argv); i < argc; i++)
		opt_list_add(&job->replay, argv[i]);
}

static double
factor(const char *text)
{
	char *end;
	double d = strtod(text, &end);

	if (!(d > 0) || !isfinite(d) || (*end != '\0' && strcmp(end, "x") != 0))
		opt_wrong("--speed: not a factor like 60x: %s", text);
	return d;
}

static void
check(struct recv_job *job)
{
	int sources = (job->replay.n > 0) + (job->mqtt.host != NULL) + job->trim;

	if (sources > 1)
		opt_wrong("--replay, --host and --trim do not go together");
	if (sources == 0 && !job->spool)
		opt_wrong("nothing to receive from: give --replay, --host or --spool");
	if (job->trim && job->limits.max_age < 0 && job->limits.max_bytes < 0)
		opt_wrong("--trim needs --max-age or --max-size");
	if (job->speed_text != NULL)
		job->speed = factor(job->speed_text);
	if (job->zone != NULL && (job->intake.zone = zone_find(span_of(job->zone))) == NULL)
		opt_wrong("--zone: no such zone: %s", job->zone);
	if (job->lease != NULL && (job->mqtt.host == NULL || !job->spool || job->idle > 0))
		opt_wrong("--lease goes with --host and --spool, and not with --idle");
	if (job->mqtt.port > 65535)
		opt_wrong("--port: not a port");
}

/* What was not given: topics, the client id, and where rejected messages go that no one will
 * send again. */
static void
defaults(struct recv_job *job, char **id, char **ledger)
{
	char host[128] = "";

	if (job->topics.n == 0) {
		opt_list_add(&job->topics, "$aws/rules/+");
		opt_list_add(&job->topics, "nbms/up/+");
	}
	(void)gethostname(host, sizeof(host) - 1);
	*id = xasprintf("nbms-recv-%s", host);
	if (job->mqtt.id == NULL)
		job->mqtt.id = *id;
	job->dir = opt_state_dir(job->dir);
	*ledger = xasprintf("%s/rejected.ndjson", job->dir);
	if (job->spool && job->mqtt.host != NULL && job->in.reject_path == NULL)
		job->in.reject_path = *ledger;
}

int
main(int argc, char *argv[])
{
	struct recv_job job = { .limits = { .max_age = -1, .max_bytes = -1 } };
	char *id, *ledger;
	int status;

	job.mqtt.topics = &job.topics;
	prog_begin(argv[0]);
	parse(&job, argc, argv);
	check(&job);
	defaults(&job, &id, &ledger);
	job.intake.out =
	    job.trim ? NULL : open_stream(&job, job.replay.n > 0 || job.mqtt.host != NULL);
	records_begin(&job.in);
	job.intake.ledger = job.in.ledger;
	job.intake.max = (size_t)job.in.line_max;
	intake_begin(&job.intake);
	if (job.trim)
		status = trim(&job);
	else if (job.mqtt.host != NULL)
		status = recv_live(&job);
	else if (job.replay.n > 0)
		status = replay_files(&job.intake, job.replay.n, job.replay.items, job.speed);
	else
		status = read_spool(&job);
	stream_close(job.intake.out);
	intake_end(&job.intake);
	records_end(&job.in);
	opt_list_free(&job.replay);
	opt_list_free(&job.topics);
	free(id);
	free(ledger);
	return prog_end(status);
}
