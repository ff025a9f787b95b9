/*
 * run: transitions in, deliveries out. Reading never waits for delivering: what comes in goes
 * into the ledger at once, and the ledger is worked off beside it.
 */
#include "job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/prog.h"
#include "base/sandbox.h"

#include <stdlib.h>
#include <unistd.h>

#define TAKE 256       /* records a transaction */
#define LOOK_MS 500    /* between looks at the outbox */
#define PASS_OVER 256  /* deliveries whose channel has to wait, a look */
#define LATER_MAX 3600 /* seconds between two tries at most */

struct run {
	struct push_job *job;
	struct lines *lines; /* NULL: stdin has ended */
	bool delivers, stands_by;
	int status; /* EX_IOERR: the input could not be read to its end; otherwise 0 */
};

/* What an earlier run was cut off in: it may have arrived. */
static void
settle_cut_off(struct push_job *job)
{
	bool resend = strcmp(job->on_doubt, "resend") == 0;
	when_t now = clock_now();
	enum channel_kind kind;
	struct span arn;
	int64_t id;

	db_begin(job->site);
	while (push_cut_off(job->site, &id, &arn)) {
		if (channel_of(arn, &kind) && (resend || channel_recognises(kind)))
			push_again(job->site, id, now, "cut off in the middle");
		else
			push_settled(
			    job->site, id, "unknown", NULL, "cut off in the middle", now);
	}
	db_commit(job->site);
}

/* Only one delivers: two would tell everything twice. The others take what they are given, and
 * one of them delivers when that one is no more. */
static bool
delivers(struct run *run)
{
	if (run->delivers)
		return true;
	run->delivers = db_lease(run->job->site, "push");
	if (run->delivers)
		settle_cut_off(run->job);
	else if (!run->stands_by)
		diag("another nbms-push delivers: what comes in here is left to it");
	run->stands_by = true;
	return run->delivers;
}

static void
take_record(struct push_job *job, struct record *r)
{
	struct span customer = { 0 }, building = { 0 }, title = { 0 }, text = { 0 }, id = { 0 };
	json_value notice = json_get(r->root, "notice");
	const char *wrong;
	bool old;

	if (notice.at != 0) {
		(void)json_text(json_get(notice, "building"), &building);
		(void)json_text(json_get(notice, "id"), &id);
		if (!json_text(json_get(notice, "customer"), &customer) ||
		    !json_text(json_get(notice, "title"), &title) ||
		    !json_text(json_get(notice, "text"), &text))
			record_reject(r, "bad-notice", "customer, title and text are needed");
		else
			(void)push_notice(
			    job->site, id, customer, building, title, text, clock_now());
		return;
	}
	wrong = push_take(job->site, r->root, clock_now(), job->max_age, &old);
	if (wrong != NULL)
		record_reject(r, "bad-transition", "%s", wrong);
}

static void
take_line(struct push_job *job, enum lines_kind kind, struct span line, const struct where *at)
{
	struct record r = { .in = &job->records, .at = *at, .line = line };

	if (kind == LINES_LINE && span_trim(line).n == 0)
		return;
	prog_counts()->in++;
	if (kind == LINES_LONG)
		record_reject(&r, "too-long", "the line is too long");
	else if (kind == LINES_CUT)
		record_reject(&r, "truncated", "the last line has no end");
	else if (!json_parse(job->records.json, line, &r.root))
		record_reject(&r, json_error_code(job->records.json), "%s",
		    json_error(job->records.json));
	else
		take_record(job, &r);
	if (!r.settled)
		prog_counts()->out++;
}

/* Everything stdin has now. */
static void
take_input(struct run *run, bool readable)
{
	struct push_job *job = run->job;
	enum lines_kind kind;
	struct span line;
	bool again = false;
	int n = 0;

	while (run->lines != NULL && n < TAKE &&
	       (n == 0 ? readable || lines_ready(run->lines) : lines_ready(run->lines))) {
		kind = lines_try(run->lines, &line, &again);
		if (kind == LINES_END && again)
			break;
		if (kind == LINES_END || kind == LINES_ERROR) {
			run->status = kind == LINES_ERROR ? EX_IOERR : 0;
			lines_free(run->lines);
			run->lines = NULL;
			break;
		}
		if (!db_in_transaction(job->site))
			db_begin(job->site);
		take_line(job, kind, line, lines_where(run->lines));
		n++;
	}
	if (db_in_transaction(job->site))
		db_commit(job->site);
}

/* What nbms-alarm and operators' commands have left. */
static bool
take_outbox(struct push_job *job)
{
	struct span record;
	json_value root;
	int64_t id;
	bool old;
	int n = 0;

	if (!push_left(job->site, &id, &record))
		return false;
	db_begin(job->site);
	while (n++ < TAKE && push_left(job->site, &id, &record)) {
		const char *wrong = "not JSON";

		if (json_parse_copy(job->records.json, record, &root))
			wrong = push_take(job->site, root, clock_now(), job->max_age, &old);
		if (wrong != NULL)
			diag("outbox: %s", wrong);
		push_left_done(job->site, id);
	}
	db_commit(job->site);
	return true;
}

/* Doubling from --retry, with a fifth of jitter made of the id, so that what failed together
 * does not come back together. */
static int64_t
later(const struct push_job *job, int64_t id, int64_t attempts)
{
	int64_t wait = job->retry;

	for (; attempts > 1 && wait < LATER_MAX; attempts--)
		wait *= 2;
	if (wait > LATER_MAX)
		wait = LATER_MAX;
	return wait + wait / 5 * (id * 7 % 11) / 10;
}

static void
settle(struct push_job *job, const struct post_result *r)
{
	struct channel_outcome o;
	struct span customer, arn;
	enum channel_kind kind;
	int64_t attempts, wait;
	when_t now = clock_now(), created;

	if (r->tag < 0) {
		channel_took(job->channels, r, now);
		return;
	}
	must(push_of(job->site, r->tag, &customer, &arn, &attempts, &created) &&
	     channel_of(arn, &kind));
	channel_judge(job->channels, kind, r, &o);
	if (o.verdict == CHANNEL_DOUBT)
		o.verdict = channel_recognises(kind) || strcmp(job->on_doubt, "resend") == 0
				? CHANNEL_LATER
				: CHANNEL_DOUBT;
	if (o.verdict != CHANNEL_SENT)
		diag("%s: %.*s: %s", channel_name(kind), SPAN_ARG(customer), o.why);
	wait = o.after > 0 ? o.after : later(job, r->tag, attempts);
	db_begin(job->site);
	if (o.verdict == CHANNEL_SENT)
		push_settled(job->site, r->tag, "sent", o.id, NULL, now);
	else if (o.verdict == CHANNEL_DOUBT)
		push_settled(job->site, r->tag, "unknown", NULL, o.why, now);
	else if ((o.verdict == CHANNEL_LATER || o.verdict == CHANNEL_TROUBLE) &&
		 now + wait - created < job->give_up)
		push_again(job->site, r->tag, now + wait, o.why);
	else
		push_settled(job->site, r->tag, "failed", NULL, o.why, now);
	if (o.verdict == CHANNEL_DEAD)
		endpoint_is_dead(job->site, customer, arn, o.why);
	db_commit(job->site);
}

/* Starts what is due: written down as begun before the first byte goes out. */
static void
start_due(struct push_job *job)
{
	struct delivery d = { .due = WHEN_NONE + 1 };
	when_t now = clock_now();
	enum channel_kind kind;
	int passed = 0;

	while (passed < PASS_OVER && post_free_slots(job->post) > 0 &&
	       push_due(job->site, now, &d)) {
		enum channel_ready ready = CHANNEL_ABSENT;
		when_t again = WHEN_NONE;

		if (channel_of(d.arn, &kind))
			ready = channel_ready(job->channels, job->post, kind, now, &again);
		if (ready == CHANNEL_WAIT && again == WHEN_NONE) {
			passed++;
			continue;
		}
		if (post_free_slots(job->post) == 0)
			break;
		db_begin(job->site);
		if (ready == CHANNEL_ABSENT)
			push_settled(
			    job->site, d.id, "failed", NULL, "no such channel is set up", now);
		else if (ready == CHANNEL_WAIT)
			push_again(job->site, d.id, again, "no access token");
		else
			push_started(job->site, d.id);
		db_commit(job->site);
		if (ready == CHANNEL_READY)
			channel_start(job->channels, job->post, kind,
			    &(struct channel_message){
				d.id, d.event, d.arn, d.episode, d.title, d.text, d.data },
			    now);
	}
}

/* Is there nothing left that is worth waiting for? */
static bool
is_done(const struct run *run)
{
	when_t next;

	if (prog_stopping())
		return true;
	if (run->lines != NULL || run->job->follow ||
	    post_free_slots(run->job->post) < POST_MAX)
		return false;
	if (!run->delivers)
		return true;
	next = push_next(run->job->site);
	return next == WHEN_NONE || next > clock_now() + run->job->linger;
}

static void
work(struct run *run)
{
	struct push_job *job = run->job;
	struct post_result r;
	bool readable = false, more;

	(void)delivers(run);
	while (!is_done(run)) {
		take_input(run, readable);
		more = take_outbox(job);
		if (delivers(run))
			start_due(job);
		post_wait(job->post, run->lines != NULL ? STDIN_FILENO : -1,
		    more || (run->lines != NULL && lines_ready(run->lines)) ? 0 : LOOK_MS,
		    &readable);
		while (post_result(job->post, &r))
			settle(job, &r);
		prog_tick();
	}
}

int
verb_run(struct push_job *job, int argc, char *argv[])
{
	struct run run = { .job = job };
	char *path = job->channels_path != NULL ? xstrdup(job->channels_path)
						: job_path(job, "push.ndjson");

	if (argc > 0)
		opt_wrong("it reads stdin, and takes no operand: %s", argv[0]);
	job->channels = channels_read(path);
	free(path);
	if (job->channels == NULL)
		return EX_CONFIG;
	job_open_site(job, DB_WRITE);
	records_begin(&job->records);
	sandbox_enter(SANDBOX_CLIENT,
	    (const char *const[]){ opt_state_dir(job->dir), job->records.reject_path, NULL });
	job->post = post_open();
	run.lines = lines_open(STDIN_FILENO, "<stdin>", (size_t)job->records.line_max);
	work(&run);
	lines_free(run.lines);
	post_close(job->post);
	records_end(&job->records);
	channels_free(job->channels);
	return run.status;
}
