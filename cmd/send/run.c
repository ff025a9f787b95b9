/* Records in, posts to the broker, confirmations out. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/jsonw.h"
#include "base/metrics.h"
#include "base/out.h"
#include "base/prog.h"
#include "base/sandbox.h"
#include "send/job.h"

#include <unistd.h>

#define WAITING_MAX 1024             /* posts held before reading waits */
#define BYTES_MAX ((size_t)64 << 20) /* of their payloads */
#define FIRST_MS 20                  /* a turn while something is under way */

static void
confirm(struct send_job *job, const struct post *p, const char *how)
{
	char at[WHEN_TEXT];
	struct jw w;

	if (p->id == NULL && !job->dry_run)
		return;
	buf_clear(&job->confirmation);
	w = jw_begin(&job->confirmation);
	jw_object(&w);
	jw_key(&w, how);
	if (p->id != NULL)
		jw_raw(&w, span_of(p->id));
	else
		jw_null(&w);
	jw_member_str(&w, "topic", p->topic);
	jw_member_int(&w, "bytes", (int64_t)p->length);
	jw_member_str(&w, "at", when_format_ms(at, clock_now_ms()));
	jw_end(&w);
	must(jw_finish(&w));
	out_line(buf_span(&job->confirmation));
}

static void
sent(void *ctx, int token)
{
	struct send_job *job = ctx;
	struct post *p = outbox_sent(job->box, token);

	if (p == NULL)
		return; /* a second acknowledgement of the same */
	confirm(job, p, "confirmed");
	out_flush(); /* first said, then forgotten: a crash in between repeats it */
	outbox_done(job->box, p);
	job->progress = clock_monotonic();
}

/* Nobody subscribes here: a broker that sends something all the same is not listened to. */
static void
ignore(void *ctx, const struct mqtt_message *m)
{
	(void)ctx, (void)m;
}

static void
take(struct send_job *job, struct record *r)
{
	struct buf why = BUF(512);
	struct post *p;

	if (!json_parse(job->records.json, r->line, &r->root))
		record_reject(
		    r, json_error_code(job->records.json), "%s", json_error(job->records.json));
	else if (json_kind_of(r->root) != JSON_OBJECT)
		record_reject(r, "bad-json", "not an object");
	else if (json_get(r->root, "mark").at != 0)
		; /* a sign of time, nothing to send */
	else if ((p = post_parse(r->root, &why)) == NULL)
		record_reject(r, "bad-record", "%s", buf_text(&why));
	else if (job->dry_run)
		confirm(job, p, "would_send"), post_free(p);
	else
		outbox_put(job->box, p, r->line);
	record_end(r);
	buf_free(&why);
}

static bool
has_room(const struct send_job *job)
{
	return outbox_count(job->box) < WAITING_MAX && outbox_bytes(job->box) < BYTES_MAX;
}

/* Whole lines that are there, as far as there is room. */
static void
read_input(struct send_job *job)
{
	enum lines_kind kind;
	struct record r;
	struct span line;
	bool again = false;

	while (job->more && has_room(job)) {
		kind = lines_try(job->lines, &line, &again);
		if (kind == LINES_END && again)
			break;
		if (kind == LINES_ERROR)
			job->status = EX_IOERR;
		if (kind == LINES_END || kind == LINES_ERROR)
			job->more = false;
		else if (record_begin(&r, &job->records, job->lines, kind, line))
			take(job, &r);
		if (!lines_ready(job->lines))
			break; /* the next call might wait */
	}
	outbox_sync(job->box);
}

/* Waits for input, where it may be taken, and for the broker. True: there is input (poll(2)
 * knows nothing of held lines). */
static bool
wait_for(struct send_job *job, struct mqtt *m)
{
	struct pollfd p[2] = { mqtt_poll(m), { .fd = -1, .events = POLLIN } };
	int timeout = mqtt_timeout(m);

	if (job->more && has_room(job) && !prog_stopping()) {
		if (lines_ready(job->lines))
			return true;
		p[1].fd = STDIN_FILENO;
	}
	if (outbox_count(job->box) > 0 && !mqtt_connected(m) && timeout > FIRST_MS * 10)
		timeout = FIRST_MS * 10;
	if (mqtt_connected(m) && outbox_next(job->box) != NULL)
		timeout = 0; /* the one before it in its topic is out: nothing will wake us */
	(void)poll(p, 2, metrics_timeout(timeout));
	prog_tick();
	return p[1].fd >= 0 && p[1].revents != 0;
}

static bool
gives_up(const struct send_job *job)
{
	int64_t limit = prog_stopping() ? 5 : job->wait;

	return limit > 0 && clock_monotonic() - job->progress > limit * INT64_C(1000000000);
}

/* What is there already: an input that is empty needs no broker. */
static void
read_first(struct send_job *job)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	if (poll(&p, 1, 0) == 1)
		read_input(job);
}

/* From here on bytes come from the broker. */
static void
enter_sandbox(const struct send_job *job)
{
	const char *places[3] = { NULL };
	size_t n = 0;

	if (job->queue != NULL)
		places[n++] = job->queue;
	if (job->records.reject_path != NULL)
		places[n++] = job->records.reject_path;
	sandbox_enter(SANDBOX_CLIENT, places);
}

int
run_live(struct send_job *job)
{
	struct mqtt *m = mqtt_new(&job->mqtt, ignore, job);
	size_t left;

	enter_sandbox(job);
	mqtt_on_sent(m, sent);
	job->progress = clock_monotonic();
	read_first(job);
	while ((job->more && !prog_stopping()) || outbox_count(job->box) > 0) {
		if (outbox_count(job->box) == 0)
			job->progress = clock_monotonic();
		if (gives_up(job))
			break;
		if (wait_for(job, m))
			read_input(job);
		(void)mqtt_read(m, 0);
		outbox_publish(job->box, m);
		mqtt_write(m);
	}
	left = outbox_count(job->box);
	mqtt_free(m);
	if (left == 0)
		return job->status;
	diag(
	    "%zu not confirmed%s", left, job->queue != NULL ? ": kept for the next start" : "");
	return EX_TEMPFAIL;
}

int
run_dry(struct send_job *job)
{
	enum lines_kind kind;
	struct record r;
	struct span line;

	while ((kind = lines_next(job->lines, &line)) != LINES_END && kind != LINES_ERROR)
		if (record_begin(&r, &job->records, job->lines, kind, line))
			take(job, &r);
	return kind == LINES_ERROR ? EX_IOERR : 0;
}
