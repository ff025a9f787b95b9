/* nbms-recv: MQTT or captured logs in, checked envelopes out. */
#include "base/clock.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/prog.h"
#include "base/progress.h"
#include "base/records.h"
#include "bms/envelope.h"
#include "io/capture.h"
#include "io/source.h"
#include "io/stream.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define MARK_EVERY 256                /* records of a replay between marks */
#define BATCH_BYTES ((size_t)4 << 20) /* of a replay between commits */
#define SECOND INT64_C(1000000000)

struct job {
	struct records in;
	struct opt_list replay;
	const char *speed_text, *zone_name;
	double speed; /* 0: as fast as it goes */
	const struct zone *zone;
	struct stream *out;
	uint64_t since_mark;     /* records */
	int64_t latest_ms;       /* the records' time, as far as it has come */
	int64_t began, began_ms; /* of pacing: clock_monotonic and the records' time */
};

static void
reject(struct job *job, const struct captured *c, const char *code, const char *why)
{
	char at[WHEN_TEXT];
	struct span received = { "", 0 };

	if (c->received_ms != WHEN_NONE)
		received = span_of(when_format_ms(at, c->received_ms));
	reject_write(job->in.ledger, &(struct rejection){ .code = code,
					 .why = why,
					 .at = c->at,
					 .received = received,
					 .record = c->text,
					 .bytes = c->bytes });
}

static void
mark(struct job *job, int64_t at_ms)
{
	stream_commit(job->out);
	stream_mark(job->out, at_ms);
	job->since_mark = 0;
}

/* Sleeps until the record's time has come, with a mark each second. */
static void
pace(struct job *job, int64_t ms)
{
	int64_t now = clock_monotonic(), due, left;

	if (job->began_ms == WHEN_NONE) {
		job->began_ms = ms;
		job->began = now;
	}
	due = job->began + (int64_t)((double)(ms - job->began_ms) * 1e6 / job->speed);
	while ((left = due - now) > 0 && !prog_stopping()) {
		struct timespec nap = { 0, 0 };

		if (left > SECOND)
			left = SECOND;
		nap.tv_sec = left / SECOND;
		nap.tv_nsec = left % SECOND;
		mark(job, job->latest_ms);
		(void)nanosleep(&nap, NULL);
		now = clock_monotonic();
	}
}

/* The instant of a record that came without one: its own stamp, read in --zone. */
static int64_t
stamp_ms(const struct job *job, const struct message *m)
{
	when_t t;

	return message_time(m, job->zone, &t) ? t * 1000 : WHEN_NONE;
}

static void
take(struct job *job, struct captured *c)
{
	struct envelope e = { .topic = c->topic,
		.received_ms = c->received_ms,
		.ours = c->enveloped,
		.mqtt = c->mqtt };
	struct message m;
	const char *code, *why;

	if ((code = envelope_check(&e, c->root, &m, &why)) != NULL) {
		reject(job, c, code, why);
		return;
	}
	if (e.received_ms == WHEN_NONE && job->zone != NULL)
		e.received_ms = stamp_ms(job, &m);
	if (job->speed > 0)
		pace(job, e.received_ms != WHEN_NONE ? e.received_ms : stamp_ms(job, &m));
	if (!stream_add(job->out, &e, c->root)) {
		reject(job, c, "too-long", "its envelope does not fit in a line");
		return;
	}
	prog_counts()->out++;
	if (e.received_ms > job->latest_ms)
		job->latest_ms = e.received_ms;
	if (++job->since_mark >= MARK_EVERY)
		mark(job, job->latest_ms);
	else if (stream_pending(job->out) >= BATCH_BYTES || job->speed > 0)
		stream_commit(job->out);
}

static int
replay_file(struct job *job, struct capture *capture, const char *name)
{
	struct source *from = source_open(name, (size_t)job->in.line_max);
	enum capture_result result = CAPTURE_END;
	struct progress bar;
	struct captured c;

	if (from == NULL)
		return EX_NOINPUT;
	progress_begin(&bar, name, source_size(from));
	while (!prog_stopping() &&
	       (result = capture_next(capture, source_lines(from), (size_t)job->in.line_max,
		    &c)) != CAPTURE_END &&
	       result != CAPTURE_ERROR) {
		progress_at(&bar, source_position(from), prog_counts()->in);
		prog_tick();
		if (result == CAPTURE_PASS)
			continue;
		prog_counts()->in++;
		if (result == CAPTURE_BAD)
			reject(job, &c, c.code, c.why);
		else
			take(job, &c);
	}
	progress_end(&bar);
	source_close(from);
	return result == CAPTURE_ERROR ? EX_IOERR : 0;
}

static int
replay(struct job *job)
{
	struct capture *capture = capture_new();
	int status = 0;
	size_t i;

	job->latest_ms = job->began_ms = WHEN_NONE;
	for (i = 0; i < job->replay.n && status == 0 && !prog_stopping(); i++)
		status = replay_file(job, capture, job->replay.items[i]);
	mark(job, job->latest_ms);
	capture_free(capture);
	return status;
}

static void
options(int argc, char *argv[], struct job *job)
{
	static const char *const usage[] = {
		"--replay FILE [--speed N] [--zone ZONE] [FILE ...]", NULL
	};
	const struct opt opts[] = {
		{ '\0', "replay", "FILE", OPT_LIST, &job->replay,
		    "read a captured log (- for stdin)" },
		{ '\0', "speed", "N", OPT_TEXT, &job->speed_text,
		    "keep the records' pace, N times as fast (60x)" },
		{ '\0', "zone", "ZONE", OPT_TEXT, &job->zone_name,
		    "of the stamps of records that tell no other time" },
		RECORDS_OPTIONS(&job->in),
		OPT_END,
	};
	const struct opt_spec spec = { usage,
		"Receives what gateways send and prints checked envelopes.", opts, NULL };
	char *end;
	int i;

	for (i = opt_parse(&spec, argc, argv); i < argc; i++)
		opt_list_add(&job->replay, argv[i]);
	if (job->replay.n == 0)
		opt_wrong("nothing to receive from: --replay is missing");
	if (job->speed_text != NULL) {
		job->speed = strtod(job->speed_text, &end);
		if (!(job->speed > 0) || !isfinite(job->speed) ||
		    (*end != '\0' && strcmp(end, "x") != 0))
			opt_wrong("--speed: not a factor like 60x: %s", job->speed_text);
	}
	if (job->zone_name != NULL && (job->zone = zone_find(span_of(job->zone_name))) == NULL)
		opt_wrong("--zone: no such zone: %s", job->zone_name);
}

int
main(int argc, char *argv[])
{
	struct job job = { 0 };
	int status;

	prog_begin(argv[0]);
	options(argc, argv, &job);
	records_begin(&job.in);
	job.out = stream_open();
	status = replay(&job);
	stream_close(job.out);
	records_end(&job.in);
	opt_list_free(&job.replay);
	return prog_end(status);
}
