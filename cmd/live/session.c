/* The loop of one session: stdin, the broker, stdout, and what is looked at in nbms.db. */
#include "live/session.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/prog.h"
#include "base/sandbox.h"
#include "db/site.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define LINE_IN ((size_t)4 << 20)   /* of a request: thousands of points */
#define LINE_OUT ((size_t)24 << 20) /* a task's result goes into one */
#define OUT_MAX ((size_t)64 << 20)  /* lines that may not be dropped, waiting for the reader */
#define OUT_SLOW ((size_t)1 << 20)  /* with so much waiting no more requests are read */
#define CONNECT_TIME (10000 * MS)   /* to come in with a token */
#define BROKER_TIME (3000 * MS)     /* for the broker, before requests are read all the same */
#define LAST_WORDS (500 * MS)       /* for the reader to take what is left at the end */
#define TICK_MS 1000
#define BEAT 30     /* seconds between signs of life */
#define BURST 100   /* requests at once */
#define RATE 20     /* and a second */
#define FLOOD 50    /* requests past that until it is closed */
#define REQUESTS 16 /* handled a turn */

struct loop {
	struct live *s;
	struct lines *in;     /* NULL: it has ended */
	int64_t began, came;  /* when it came in with a token; 0: not yet */
	int64_t next_look;    /* at nbms.db, unless something is due earlier */
	int64_t looked, beat; /* when it was, and when a sign was given */
	int64_t written;      /* when the reader last took something */
	int64_t filled;       /* when the bucket was */
	double bucket;
	int refused;
};

void
live_end(struct live *s, const char *reason)
{
	if (s->closing == NULL)
		s->closing = reason;
}

struct jw
live_event(struct live *s, const char *name)
{
	struct jw w;

	buf_clear(&s->line);
	w = jw_begin(&s->line);
	jw_object(&w);
	jw_member_str(&w, "event", name);
	return w;
}

void
live_say(struct live *s, struct jw *w, struct span key)
{
	jw_end(w);
	if (!jw_finish(w))
		diag("a line that cannot be told: too long, or not UTF-8");
	else if (!conflate_put(s->out, key, buf_span(&s->line)))
		live_end(s, "too-slow");
}

/* ---- in ---- */

/* Is there a request's worth in the bucket? */
static bool
may_ask(struct loop *l)
{
	int64_t now = clock_monotonic();

	l->bucket += (double)(now - l->filled) / 1e9 * RATE;
	l->filled = now;
	if (l->bucket >= BURST) {
		l->bucket = BURST;
		l->refused = 0;
	}
	if (l->bucket >= 1) {
		l->bucket--;
		return true;
	}
	l->refused++;
	return false;
}

static void
take_line(struct loop *l, enum lines_kind kind, struct span line)
{
	struct live *s = l->s;

	s->name = "";
	s->id = (struct span){ 0 };
	if (kind == LINES_LINE && span_trim(line).n == 0)
		return;
	prog_counts()->in++;
	prog_counts()->out++;
	if (!may_ask(l)) {
		if (l->refused > FLOOD)
			live_end(s, "flood");
		else
			reply_error(s, "too-many-requests", "more than %d a second", RATE);
	} else if (kind == LINES_LONG) {
		reply_error(s, "too-long", "a request of more than %zu bytes", LINE_IN);
	} else if (kind == LINES_CUT) {
		reply_error(s, "truncated", "the last line has no end");
	} else {
		live_request(s, line);
	}
}

/* Not while the reader is behind, nor before the broker is there: what is asked for first would
 * be refused. */
static bool
reads(struct loop *l)
{
	const struct live *s = l->s;

	if (l->in == NULL || conflate_bytes(s->out) >= OUT_SLOW)
		return false;
	if (s->link == NULL || link_connected(s->link))
		return true;
	if (l->came == 0)
		l->came = clock_monotonic();
	return clock_monotonic() - l->came > BROKER_TIME;
}

static void
read_requests(struct loop *l, bool readable)
{
	enum lines_kind kind;
	struct span line;
	bool again = false;

	for (int n = 0; n < REQUESTS && l->in != NULL && l->s->closing == NULL; n++) {
		if ((!lines_ready(l->in) && (!readable || n > 0)) || (n > 0 && !reads(l)))
			break;
		kind = lines_try(l->in, &line, &again);
		if (kind == LINES_END && again)
			break;
		if (kind == LINES_END || kind == LINES_ERROR) {
			lines_free(l->in);
			l->in = NULL;
			l->s->status = kind == LINES_ERROR ? EX_IOERR : l->s->status;
			live_end(l->s, "end-of-input");
		} else {
			take_line(l, kind, line);
		}
	}
}

/* ---- time ---- */

/* Another program has written to nbms.db: is the user still welcome? */
static void
check_access(struct live *s)
{
	struct token_user now;
	const char *wrong = token_check(s->job->site, s->digest, clock_now(), &now);

	if (wrong != NULL) {
		live_end(s, wrong);
		return;
	}
	s->user = now;
	if (!points_are_seen(s) || !desk_is_seen(s))
		live_end(s, "access-changed");
}

static void
look(struct loop *l)
{
	struct live *s = l->s;
	int64_t now = clock_monotonic();
	bool changed;

	if (s->link == NULL) {
		if (now - l->began > CONNECT_TIME)
			live_end(s, "no-token");
		return;
	}
	if (now < l->next_look && now < l->looked + desk_pace(s) * MS)
		return;
	/* by chance: a value wakes all sessions, which should not all look then, before others
	 * have passed it on */
	l->next_look = now + desk_pace(s) * MS / 1000 * (500 + arc4random_uniform(500));
	l->looked = now;
	changed = db_written_elsewhere(s->job->site);
	if (changed || (s->user.expires != WHEN_NONE && s->user.expires <= clock_now()))
		check_access(s);
	desk_look(s, changed);
	ask_turn(s, changed);
	if (now - l->beat > BEAT * 1000 * MS) {
		l->beat = now;
		session_beat(s->job->site, link_id(s->link), clock_now());
	}
}

/* ---- out ---- */

static void
write_out(struct loop *l)
{
	struct live *s = l->s;
	int64_t now = clock_monotonic(), n;

	if (!conflate_waits(s->out)) {
		l->written = now;
		return;
	}
	n = conflate_write(s->out, STDOUT_FILENO);
	if (n < 0) {
		if (errno != EPIPE)
			diag("stdout: cannot write: %s", strerror(errno));
		s->status = errno == EPIPE ? s->status : EX_IOERR;
		live_end(s, "reader-gone");
	}
	if (n > 0)
		l->written = now;
	else if (now - l->written > s->job->stall * 1000 * MS)
		live_end(s, "too-slow");
}

/* Milliseconds. */
static int
until_look(const struct loop *l)
{
	int64_t next = l->looked + desk_pace(l->s) * MS, left;

	left = (l->next_look < next ? l->next_look : next) - clock_monotonic();
	return left > 0 ? (int)(left / MS) + 1 : 0;
}

/* Waits for whatever comes first. True: there is something on stdin. */
static bool
wait_for(struct loop *l)
{
	struct live *s = l->s;
	struct pollfd p[3] = { { .fd = -1 }, { .fd = -1, .events = POLLIN },
		{ .fd = -1, .events = POLLOUT } };
	int timeout = s->link != NULL ? until_look(l) : TICK_MS;
	bool open = reads(l);

	if (s->link != NULL) {
		p[0] = link_poll(s->link);
		if (link_timeout(s->link) < timeout)
			timeout = link_timeout(s->link);
	}
	if (open)
		p[1].fd = STDIN_FILENO;
	if (conflate_waits(s->out))
		p[2].fd = STDOUT_FILENO;
	else
		l->written = clock_monotonic();
	if (open && lines_ready(l->in))
		timeout = 0;
	(void)proc_poll(p, 3, timeout);
	return open && p[1].revents != 0;
}

static void
run_loop(struct loop *l)
{
	struct live *s = l->s;

	while (s->closing == NULL) {
		bool readable;

		if (prog_stopping()) {
			live_end(s, "stopping");
			break;
		}
		readable = wait_for(l);
		if (s->link != NULL)
			link_turn(s->link);
		write_out(l); /* what has come goes first */
		if (reads(l))
			read_requests(l, readable);
		look(l);
		write_out(l);
		prog_tick();
	}
}

/* The reason goes out if the reader takes it; then the gateways are told. */
static void
finish(struct live *s)
{
	int64_t until = clock_monotonic() + LAST_WORDS;
	struct jw w = live_event(s, "closing");

	jw_member_str(&w, "reason", s->closing);
	live_say(s, &w, (struct span){ 0 });
	while (conflate_waits(s->out) && clock_monotonic() < until &&
	       conflate_write(s->out, STDOUT_FILENO) >= 0) {
		struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

		if (conflate_waits(s->out))
			(void)poll(&p, 1, 50);
	}
	if (strcmp(s->closing, "end-of-input") != 0)
		diag("session of %s ends: %s", s->user.user[0] != '\0' ? s->user.user : "-",
		    s->closing);
}

static void
on_token_file(struct live *s)
{
	struct buf text = BUF(4096);
	struct span token;

	if (!file_read(s->job->token_file, &text))
		die(EX_NOINPUT, "%s: no token there", s->job->token_file);
	token = (struct span){ text.p, strcspn(buf_text(&text), "\r\n") };
	s->name = "connect";
	live_connect(s, token);
	buf_wipe(&text);
}

int
verb_session(struct live_job *job, int argc, char *argv[])
{
	struct live s = { .job = job,
		.line = BUF(LINE_OUT),
		.key = BUF(4096),
		.json = json_new(),
		.message_json = json_new(),
		.out = conflate_new(OUT_MAX) };
	struct loop l = { .s = &s, .bucket = BURST };

	if (argc > 0)
		opt_wrong("a session reads stdin and takes no operand: %s", argv[0]);
	job->site = site_open(opt_state_dir(job->dir), DB_WRITE);
	sandbox_enter(SANDBOX_SESSION, (const char *const[]){ opt_state_dir(job->dir), NULL });
	l.in = lines_open(STDIN_FILENO, "<stdin>", LINE_IN);
	l.began = l.filled = l.written = l.beat = clock_monotonic();
	if (job->token_file != NULL)
		on_token_file(&s);
	run_loop(&l);
	finish(&s);
	points_free(&s);
	desk_free(&s);
	ask_free(&s);
	link_close(s.link);
	lines_free(l.in);
	db_close(job->site);
	conflate_free(s.out);
	json_free(s.json);
	json_free(s.message_json);
	buf_free(&s.line);
	buf_free(&s.key);
	return s.status;
}
