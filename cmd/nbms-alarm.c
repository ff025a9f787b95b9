/* nbms-alarm: alarms and lost gateways: records in, transitions out; and what operators do. */
#include "base/opt.h"
#include "base/out.h"
#include "base/prog.h"
#include "base/records.h"
#include "db/alarm_desk.h"
#include "db/alarm_feed.h"
#include "db/consumer.h"
#include "db/push.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH 32768    /* records a commit: each is a few hundred bytes */
#define CACHE_KIB 8192 /* a late event goes anywhere into the history */
#define LINE_MAX_BYTES ((size_t)1 << 20)

struct alarm_job {
	const char *dir, *zone_name, *rules_path, *chatter, *flap;
	struct records records;
	struct alarm_book_options book_options;
	struct watch_options watch_options;
	struct alarm_feed_options feed_options;
	bool no_silence, dry_run;
	struct desk desk;
	struct db *site;
	struct consumer consumer;
	struct alarm_book *book;
	struct watch *watch;
	struct alarm_feed *feed;
	struct buf line;
	bool push; /* does anybody want to be told? */
};

static const char *const usage_lines[] = { "[-d DIR] [--rules FILE] [--reject FILE] [FILE ...]",
	"--rules FILE --dry-run [FILE ...]",
	"list | presence | history | kpi [-d DIR] [--building C_B] [--from TIME] [--to TIME]",
	"ack EPISODE ...",
	"shelve --building C_B [--for TIME | --once] [--reason TEXT] ALARM ...",
	"unshelve | suppress | unsuppress | out-of-service | in-service --building C_B ALARM "
	"...",
	NULL };

static void
tell(void *ctx, const struct transition *t)
{
	struct alarm_job *job = ctx;

	buf_clear(&job->line);
	transition_write(&job->line, t);
	out_line(buf_span(&job->line));
	if (job->push)
		push_leave(job->site, buf_span(&job->line));
}

/* A transaction, knowing what operators have done since the last. */
static void
begin(struct alarm_job *job)
{
	if (db_in_transaction(job->site))
		return;
	(void)consumer_site(&job->consumer);
	alarm_book_refresh(job->book);
	job->push = push_wanted(job->site);
}

/* Told before it is committed: after a crash it is told again rather than never. */
static void
commit(void *ctx)
{
	struct alarm_job *job = ctx;

	if (db_in_transaction(job->site)) {
		watch_save(job->watch);
		alarm_book_flush(job->book);
	}
	out_flush();
}

static void
idle(void *ctx)
{
	consumer_commit(&((struct alarm_job *)ctx)->consumer);
}

static bool
take(void *ctx, struct record *r)
{
	struct alarm_job *job = ctx;
	const char *code, *why;
	struct message m;

	begin(job);
	if (job->dry_run && alarm_feed_is_history(r->root)) {
		alarm_feed_history(job->feed, r);
		return true;
	}
	code = message_parse(r->root, &m, &why);
	if (code != NULL) {
		record_reject(r, code, "%s", why);
		return true;
	}
	if (m.kind == MESSAGE_MARK) {
		out_need_reader();
		alarm_feed_mark(job->feed, m.received);
	}
	if (!consumer_takes(&job->consumer, r, &m))
		return true;
	alarm_feed_message(job->feed, r, &m);
	consumer_did(&job->consumer, &m);
	return true;
}

static int
run_filter(struct alarm_job *job, int n, char *files[])
{
	struct rule_set *rules;
	int status;

	if (getenv("NBMS_PART") != NULL)
		opt_wrong("one copy does all of a site's alarms: it cannot be partitioned");
	rules = rule_set_read(job->rules_path);
	if (rules == NULL)
		return EX_CONFIG;
	job->site = desk_open(job->dir, job->dry_run ? DB_MEMORY : DB_WRITE);
	db_set_cache(job->site, CACHE_KIB);
	job->book = alarm_book_open(job->site, &job->book_options, tell, job);
	job->watch = watch_open(job->site, job->book, rules, &job->watch_options);
	job->feed = alarm_feed_open(job->site, job->book, job->watch, &job->feed_options);
	consumer_begin(&job->consumer, job->site, "alarm", commit, job);
	job->consumer.batch = BATCH;
	job->records.idle = idle;
	records_begin(&job->records);
	status = records_files(&job->records, n, files, take, job);
	consumer_end(&job->consumer);
	records_end(&job->records);
	alarm_feed_free(job->feed);
	watch_free(job->watch);
	alarm_book_free(job->book);
	db_close(job->site);
	rule_set_free(rules);
	return status;
}

/* 3/1m: three within a minute. */
static void
read_limit(const char *option, const char *text, struct alarm_limits *to)
{
	char *end;
	long long raises = strtoll(text, &end, 10);

	if (end == text || *end != '/' || raises < 0 || raises > ALARM_EARLIER + 1 ||
	    raises == 1 || !when_parse_duration(span_of(end + 1), &to->window))
		opt_wrong("%s: not a limit like 3/1m: %s", option, text);
	to->raises = raises;
}

static void
settle_options(struct alarm_job *job)
{
	read_limit("--chatter", job->chatter, &job->book_options.chattering);
	read_limit("--flap", job->flap, &job->book_options.flapping);
	if (job->zone_name != NULL &&
	    (job->book_options.zone = zone_find(span_of(job->zone_name))) == NULL)
		opt_wrong("--zone: no such time zone: %s", job->zone_name);
	job->watch_options.silence = !job->no_silence && !job->dry_run;
	job->feed_options.any_thing = job->dry_run;
	if (job->watch_options.presence.late > job->watch_options.presence.down)
		opt_wrong("--late: longer than --down");
}

int
main(int argc, char *argv[])
{
	struct alarm_job job = { .chatter = "3/1m",
		.flap = "3/30m",
		.watch_options = { .presence = { 1.5, 3 }, .lateness = 30 },
		.feed_options = { .future = 3600 },
		.line = BUF(LINE_MAX_BYTES) };
	const struct opt opts[] = {
		STATE_OPTION(&job.dir),
		{ '\0', "rules", "FILE", OPT_TEXT, &job.rules_path,
		    "limits of our own, a JSON object a line" },
		{ 'n', "dry-run", NULL, OPT_FLAG, &job.dry_run,
		    "keep nothing; rows of nbms-query history are taken, too" },
		{ '\0', "zone", "ZONE", OPT_TEXT, &job.zone_name,
		    "of buildings the registry tells none of (UTC)" },
		{ '\0', "chatter", "N/TIME", OPT_TEXT, &job.chatter,
		    "hold back the Nth raise within TIME (3/1m; 0/1s: never)" },
		{ '\0', "flap", "N/TIME", OPT_TEXT, &job.flap,
		    "the same for lost gateways and devices (3/30m)" },
		{ '\0', "late", "N", OPT_NUMBER, &job.watch_options.presence.late,
		    "periods after which a gateway is late (1.5)" },
		{ '\0', "down", "N", OPT_NUMBER, &job.watch_options.presence.down,
		    "periods after which it is silent (3)" },
		{ '\0', "no-silence", NULL, OPT_FLAG, &job.no_silence,
		    "do not judge whether gateways are silent" },
		{ '\0', "lateness", "TIME", OPT_DURATION, &job.watch_options.lateness,
		    "how long a value may be under way (30s)" },
		{ '\0', "future", "TIME", OPT_DURATION, &job.feed_options.future,
		    "how far a stamp may lie ahead (1h)" },
		DESK_OPTIONS(&job.desk),
		RECORDS_OPTIONS(&job.records),
		OPT_END,
	};
	const struct opt_spec spec = { usage_lines,
		"Keeps alarms as ISA-18.2 describes them: gateways' records in, transitions "
		"out.",
		opts, NULL };
	bool verb = argc > 1 && desk_is_verb(argv[1]);
	int first, status;

	prog_begin("nbms-alarm");
	first = opt_parse(&spec, argc - verb, argv + verb) + verb;
	settle_options(&job);
	if (verb)
		status = desk_run(
		    &job.desk, argv[1], job.dir, &job.book_options, argc - first, argv + first);
	else
		status = run_filter(&job, argc - first, argv + first);
	buf_free(&job.line);
	return prog_end(status);
}
