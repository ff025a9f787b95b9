#include "base/rule.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/out.h"
#include "base/proc.h"
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jq.h>

extern char **environ;

#define RECORD_MAX (RULE_MEMORY / 16)
#define WHY_MAX 300 /* bytes of a rule's complaint that are passed on */

struct rule {
	const char *name;
	const char *program;
};

struct rules {
	struct rule rule[RULE_MAX];
	unsigned n;
	pid_t pid; /* of the process that runs them; 0: none */
	int fd;    /* to it and from it; -1: none */
};

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_FAILED };

/* A question: the record follows. Answered by one reply for each wanted rule, in order. */
struct question {
	uint64_t wanted;
	uint64_t n;
};

struct reply {
	uint8_t answer; /* enum answer */
	char why[WHY_MAX];
};

/* ---- the process that runs the rules ---- */

static bool
read_all(int fd, void *to, size_t n)
{
	char *p = to;

	while (n > 0) {
		ssize_t k = read(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

/* Keeps the first complaint, of any kind of value; frees it. */
static void
note(struct reply *reply, jv message)
{
	if (jv_get_kind(message) == JV_KIND_OBJECT || jv_get_kind(message) == JV_KIND_ARRAY)
		message = jv_dump_string(message, 0);
	if (reply->why[0] == '\0' && jv_get_kind(message) == JV_KIND_STRING)
		(void)snprintf(reply->why, sizeof(reply->why), "%s", jv_string_value(message));
	for (char *c = reply->why; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	jv_free(message);
}

static void
on_complaint(void *reply, jv message)
{
	note(reply, message);
}

/* jq 1.6 calls these without looking whether they are there. */
static void
on_debug(void *unused, jv message)
{
	(void)unused;
	jv_free(message);
}

static jv
on_input(jq_state *jq, void *unused)
{
	(void)jq;
	(void)unused;
	return jv_invalid_with_msg(jv_string("a rule has no other input"));
}

static jq_state *
compile(const struct rule *rule, struct reply *reply)
{
	jq_state *jq = jq_init();

	if (jq == NULL)
		_exit(EX_OSERR);
	jq_set_error_cb(jq, on_complaint, reply);
	jq_set_debug_cb(jq, on_debug, NULL);
	jq_set_input_cb(jq, on_input, NULL);
	jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
	jq_set_attr(jq, jv_string("JQ_ORIGIN"), jv_string("/"));
	jq_set_attr(jq, jv_string("PROGRAM_ORIGIN"), jv_string("/"));
	reply->answer = jq_compile(jq, rule->program) ? ANSWER_YES : ANSWER_FAILED;
	return jq;
}

/* Runs one rule on one record; record is the caller's. */
static void
run(jq_state *jq, jv record, struct reply *reply)
{
	jv_kind kind;
	jv got;

	jq_start(jq, jv_copy(record), 0);
	got = jq_next(jq);
	kind = jv_get_kind(got);
	reply->answer = kind == JV_KIND_FALSE || kind == JV_KIND_NULL ? ANSWER_NO : ANSWER_YES;
	if (kind == JV_KIND_INVALID) {
		bool failed = jv_invalid_has_msg(jv_copy(got)) || jq_halted(jq);

		reply->answer = failed ? ANSWER_FAILED : ANSWER_NO;
		note(reply, jv_invalid_get_msg(jv_copy(got)));
		if (failed)
			note(reply, jv_string("halted, or failed without a word"));
	}
	jv_free(got);
}

static void
answer(int fd, jq_state *const jq[], unsigned n, const struct question *q, const char *text)
{
	jv record = jv_parse_sized(text, (int)q->n);

	for (unsigned i = 0; i < n; i++) {
		struct reply reply = { 0 };

		if ((q->wanted >> i & 1) == 0)
			continue;
		if (jv_is_valid(record)) {
			run(jq[i], record, &reply);
		} else {
			reply.answer = ANSWER_FAILED;
			note(&reply, jv_invalid_get_msg(jv_copy(record)));
		}
		if (!out_write_all(fd, (struct span){ (char *)&reply, sizeof(reply) }))
			_exit(0);
	}
	jv_free(record);
}

/* Nothing of ours but the way to the parent: no environment, no descriptors, a bound on memory.
 */
static void
confine(int *fd)
{
	static char *nothing[1];
	int null = open("/dev/null", O_RDWR);

	(void)signal(SIGINT, SIG_IGN); /* it ends when its parent does */
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGABRT, SIG_DFL);
	environ = nothing;
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0 || dup2(*fd, STDERR_FILENO + 1) < 0)
		_exit(EX_OSERR);
	*fd = STDERR_FILENO + 1;
	(void)close_range(STDERR_FILENO + 2, ~0U, 0);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
	(void)setrlimit(RLIMIT_AS, &(struct rlimit){ RULE_MEMORY, RULE_MEMORY });
#endif
	sandbox_enter(SANDBOX_ALONE, NULL);
}

DIAG_NORETURN static void
serve(const struct rules *r, int fd)
{
	jq_state *jq[RULE_MAX];
	struct question q;
	char *text = NULL;

	confine(&fd);
	for (unsigned i = 0; i < r->n; i++) {
		struct reply reply = { 0 };

		jq[i] = compile(&r->rule[i], &reply);
		if (!out_write_all(fd, (struct span){ (char *)&reply, sizeof(reply) }))
			_exit(0);
	}
	while (read_all(fd, &q, sizeof(q))) {
		text = xrealloc(text, q.n);
		if (!read_all(fd, text, q.n))
			break;
		answer(fd, jq, r->n, &q, text);
	}
	_exit(0);
}

/* ---- our side ---- */

struct rules *
rules_new(void)
{
	struct rules *r = xcalloc(1, sizeof(*r));

	r->fd = -1;
	return r;
}

/* Ends the process that runs the rules; returns its status. */
static int
stop(struct rules *r, bool kill_it)
{
	int status = 0;

	proc_close(&r->fd);
	if (r->pid == 0)
		return 0;
	if (kill_it)
		(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	r->pid = 0;
	return status;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	(void)stop(r, false);
	free(r);
}

unsigned
rules_add(struct rules *r, const char *name, const char *program)
{
	must(r->n < RULE_MAX && r->pid == 0);
	r->rule[r->n] = (struct rule){ name, program };
	return r->n++;
}

static void
start(struct rules *r)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
		die(EX_OSERR, "cannot run rules: %s", strerror(errno));
	r->pid = fork();
	if (r->pid < 0)
		die(EX_OSERR, "cannot run rules: %s", strerror(errno));
	if (r->pid == 0)
		serve(r, fd[1]);
	proc_close(&fd[1]);
	r->fd = fd[0];
}

/* One reply within the time; false: there is none to come. */
static bool
hear(struct rules *r, struct reply *reply, bool *late)
{
	int64_t until = clock_monotonic() + RULE_SECONDS * INT64_C(1000000000);
	char *p = (char *)reply;
	size_t n = sizeof(*reply);

	*late = false;
	while (n > 0) {
		struct pollfd ready = { .fd = r->fd, .events = POLLIN };
		int64_t left = (until - clock_monotonic()) / 1000000;
		ssize_t k;

		if (left < 0 || poll(&ready, 1, (int)left) == 0) {
			*late = true;
			return false;
		}
		k = recv(r->fd, p, n, MSG_DONTWAIT);
		if (k < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	reply->why[WHY_MAX - 1] = '\0';
	return true;
}

/* Why there was no reply, once the process has been ended. */
static void
explain(struct rules *r, bool late, struct reply *reply)
{
	char text[PROC_TEXT];
	int status = stop(r, late);

	reply->answer = ANSWER_FAILED;
	if (late)
		(void)snprintf(
		    reply->why, sizeof(reply->why), "no answer in %d s", RULE_SECONDS);
	else
		(void)snprintf(reply->why, sizeof(reply->why), "jq was ended by it: %s",
		    proc_describe(status, text));
}

bool
rules_start(struct rules *r)
{
	bool fine = true;

	start(r);
	for (unsigned i = 0; i < r->n && r->fd >= 0; i++) {
		struct reply reply = { 0 };
		bool late;

		if (!hear(r, &reply, &late))
			explain(r, late, &reply);
		if (reply.answer == ANSWER_YES)
			continue;
		diag("rule %s: %s: %s", r->rule[i].name, r->rule[i].program, reply.why);
		fine = false;
	}
	return fine;
}

/* After a death: the same rules, compiled again. */
static void
restart(struct rules *r)
{
	start(r);
	for (unsigned i = 0; i < r->n; i++) {
		struct reply reply;
		bool late;

		if (!hear(r, &reply, &late))
			die(EX_SOFTWARE, "rule %s: does not compile a second time",
			    r->rule[i].name);
	}
}

uint64_t
rules_ask(struct rules *r, struct span record, const struct where *at, uint64_t wanted)
{
	struct question q = { wanted, record.n };
	uint64_t yes = 0;

	if (wanted == 0)
		return 0;
	if (record.n > RECORD_MAX) {
		diag_at(at, "rules: a record of %zu bytes is too long for them", record.n);
		return 0;
	}
	if (r->fd < 0)
		restart(r);
	/* a process that has ended shows as a reply that does not come */
	if ((!out_write_all(r->fd, (struct span){ (char *)&q, sizeof(q) }) ||
		!out_write_all(r->fd, record)) &&
	    errno != EPIPE && errno != ECONNRESET)
		die(EX_OSERR, "rules: cannot ask the process that runs them: %s",
		    strerror(errno));
	for (unsigned i = 0; i < r->n; i++) {
		struct reply reply = { 0 };
		bool late = false;

		if ((wanted >> i & 1) == 0)
			continue;
		if (!hear(r, &reply, &late))
			explain(r, late, &reply);
		if (reply.answer == ANSWER_FAILED)
			diag_at(at, "rule %s: %s", r->rule[i].name, reply.why);
		if (reply.answer == ANSWER_YES)
			yes |= UINT64_C(1) << i;
		if (r->fd < 0) /* the rules after the one that ended it are asked anew */
			return yes | rules_ask(r, record, at,
					 i < 63 ? wanted >> (i + 1) << (i + 1) : 0);
	}
	return yes;
}
