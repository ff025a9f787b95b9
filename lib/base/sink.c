#include "base/sink.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/lines.h"
#include "base/metrics.h"
#include "base/out.h"
#include "base/proc.h"
#include "base/prog.h"
#include "base/reject.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define GIVEN_MAX 128              /* pieces of one batch; neighbours become one piece */
#define HELD_ALL ((size_t)8 << 20) /* bytes that all buffers together may hold */
#define HELD_ONE ((size_t)1 << 20) /* and one of them */

struct sink {
	const char *command;
	char *label;          /* "store", "store 0/4" */
	char environment[48]; /* NBMS_PART=0/4, or empty */
	struct proc proc;
	struct span given[GIVEN_MAX]; /* borrowed, not yet written */
	size_t n;
	struct buf held;      /* what it was given before that */
	size_t sent;          /* bytes at the start of held that are written */
	struct lines *output; /* NULL once it has ended */
	bool broken;
};

struct sinks {
	struct sink *sink;
	size_t n;
	size_t line_max;
	struct reject *ledger;
	bool broken; /* one of them is */
	bool ending; /* their inputs are being closed */
};

struct sinks *
sinks_new(size_t line_max, struct reject *ledger)
{
	struct sinks *s = xcalloc(1, sizeof(*s));

	s->line_max = line_max;
	s->ledger = ledger;
	return s;
}

void
sinks_free(struct sinks *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->sink[i].label);
		buf_free(&s->sink[i].held);
		lines_free(s->sink[i].output);
		proc_close(&s->sink[i].proc.in);
		proc_close(&s->sink[i].proc.out);
	}
	free(s->sink);
	free(s);
}

size_t
sinks_add(struct sinks *s, const char *name, const char *command, size_t part, size_t parts)
{
	struct sink *k;

	must(s->n < SINKS_MAX);
	s->sink = xrealloc(s->sink, (s->n + 1) * sizeof(*s->sink));
	k = &s->sink[s->n];
	*k = (struct sink){ .command = command, .proc = { .in = -1, .out = -1 } };
	if (parts > 1) {
		k->label = xasprintf("%s %zu/%zu", name, part, parts);
		(void)snprintf(
		    k->environment, sizeof(k->environment), "NBMS_PART=%zu/%zu", part, parts);
	} else {
		k->label = xstrdup(name);
	}
	return s->n++;
}

bool
sinks_start(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sink *k = &s->sink[i];
		char *env[] = { k->environment, NULL };
		size_t share = HELD_ALL / s->n;

		k->held = BUF(share < HELD_ONE ? share : HELD_ONE);
		if (!proc_start(&k->proc, k->command, k->environment[0] != '\0' ? env : NULL))
			return false;
		k->output = lines_open(k->proc.out, k->label, s->line_max);
		lines_ignore_stop(k->output);
	}
	return true;
}

static size_t
pending(const struct sink *k)
{
	size_t n = k->held.n - k->sent;

	for (size_t i = 0; i < k->n; i++)
		n += k->given[i].n;
	return n;
}

/* It takes no more; what that means is said once its status is known. */
static void
break_off(struct sinks *s, struct sink *k)
{
	if (k->broken)
		return;
	k->broken = true;
	s->broken = true;
	k->n = 0;
	k->sent = 0;
	buf_clear(&k->held);
	proc_close(&k->proc.in);
}

/* n bytes of what is pending are written. */
static void
advance(struct sink *k, size_t n)
{
	size_t i = 0, from_held = k->held.n - k->sent;

	if (from_held > n)
		from_held = n;
	k->sent += from_held;
	n -= from_held;
	if (k->sent == k->held.n) {
		buf_clear(&k->held);
		k->sent = 0;
	}
	while (i < k->n && n >= k->given[i].n)
		n -= k->given[i++].n;
	k->n -= i;
	memmove(k->given, k->given + i, k->n * sizeof(k->given[0]));
	if (n > 0) {
		k->given[0].p += n;
		k->given[0].n -= n;
	}
}

/* Writes as much as its pipe takes now. */
static void
push(struct sinks *s, struct sink *k)
{
	while (!k->broken && pending(k) > 0) {
		struct iovec v[GIVEN_MAX + 1];
		int n = 0;
		ssize_t done;

		if (k->held.n > k->sent)
			v[n++] = (struct iovec){ k->held.p + k->sent, k->held.n - k->sent };
		for (size_t i = 0; i < k->n; i++)
			v[n++] =
			    (struct iovec){ (void *)(uintptr_t)k->given[i].p, k->given[i].n };
		done = writev(k->proc.in, v, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN)
			return;
		if (done < 0)
			break_off(s, k);
		else
			advance(k, (size_t)done);
	}
}

/* Copies what was given behind what is held; false if there is no room. */
static bool
hold(struct sink *k)
{
	size_t n = pending(k);

	if (n > k->held.max)
		return false;
	buf_drop(&k->held, k->sent);
	k->sent = 0;
	for (size_t i = 0; i < k->n; i++)
		buf_put(&k->held, k->given[i]);
	must(!k->held.full);
	k->n = 0;
	return true;
}

/* Passes on a line of a sink's own. */
static void
pass(struct sinks *s, struct sink *k, enum lines_kind kind, struct span line)
{
	struct where at = *lines_where(k->output);

	if (kind == LINES_LONG) {
		char why[80];

		(void)snprintf(why, sizeof(why), "its own line of %" PRIu64 " bytes",
		    lines_length(k->output));
		prog_counts()->in++;
		reject_write(s->ledger, &(struct rejection){ .code = "too-long",
					    .why = why,
					    .at = at,
					    .record = line,
					    .bytes = lines_length(k->output) });
		return;
	}
	if (kind == LINES_CUT)
		diag_at(&at, "its last line has no end");
	out_line(line);
}

/* One read of a sink's output. */
static void
merge(struct sinks *s, struct sink *k)
{
	enum lines_kind kind;
	struct span line;
	bool again;

	do {
		kind = lines_try(k->output, &line, &again);
		if (kind != LINES_END && kind != LINES_ERROR)
			pass(s, k, kind, line);
	} while (lines_ready(k->output));
	if (again || (kind != LINES_END && kind != LINES_ERROR))
		return;
	lines_free(k->output);
	k->output = NULL;
	proc_close(&k->proc.out);
}

static void
measure(const struct sinks *s)
{
	size_t bytes = 0;

	for (size_t i = 0; i < s->n; i++)
		bytes += pending(&s->sink[i]);
	metrics_set(METRIC_QUEUE_BYTES, (double)bytes);
}

/*
 * Waits for something to happen and does what can be done then: fd (-1: none) turns readable, a
 * pipe takes more, a sink writes or ends. True: fd can be read. Who waits for input also
 * notices that the reader of stdout has gone, and does not find out by what is lost on it.
 */
static bool
turn(struct sinks *s, int fd)
{
	struct pollfd ready[2 * SINKS_MAX + 2];
	size_t i, n = 0;

	measure(s);
	for (i = 0; i < s->n; i++) {
		struct sink *k = &s->sink[i];

		ready[n++] =
		    (struct pollfd){ .fd = k->proc.in, .events = pending(k) > 0 ? POLLOUT : 0 };
		ready[n++] = (struct pollfd){ .fd = k->proc.out, .events = POLLIN };
	}
	ready[n++] = (struct pollfd){ .fd = fd >= 0 ? STDOUT_FILENO : -1 };
	ready[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	(void)proc_poll(ready, n, metrics_timeout(-1));
	for (i = 0; i < s->n; i++) {
		struct sink *k = &s->sink[i];

		if (ready[2 * i].revents & POLLERR) /* nobody reads it any more */
			break_off(s, k);
		else if (ready[2 * i].revents != 0)
			push(s, k);
		if (ready[2 * i + 1].revents != 0)
			merge(s, k);
		if (proc_ended(&k->proc) && k->proc.in >= 0)
			break_off(s, k);
	}
	if (ready[n - 2].revents & POLLERR) {
		errno = EPIPE;
		out_failed();
	}
	out_flush();
	prog_tick();
	return ready[n - 1].revents != 0;
}

static void
settle_one(struct sinks *s, struct sink *k)
{
	push(s, k);
	while (!k->broken && k->n > 0 && !hold(k) && (!s->broken || s->ending))
		(void)turn(s, -1);
}

bool
sinks_give(struct sinks *s, size_t sink, struct span lines)
{
	struct sink *k = &s->sink[sink];
	struct span *last = k->n > 0 ? &k->given[k->n - 1] : NULL;

	if (s->broken)
		return false;
	if (last != NULL && last->p + last->n == lines.p) {
		last->n += lines.n;
		return true;
	}
	if (k->n == GIVEN_MAX)
		settle_one(s, k);
	if (s->broken)
		return false;
	k->given[k->n++] = lines;
	return true;
}

bool
sinks_settle(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		settle_one(s, &s->sink[i]);
	return !s->broken;
}

bool
sinks_wait(struct sinks *s, int fd)
{
	bool ready = false;

	while (!ready && !s->broken && !prog_stopping())
		ready = turn(s, fd);
	return !s->broken && !prog_stopping();
}

/* What a sink's end means for ours; says it if it is trouble. */
static int
judge(const struct sink *k)
{
	char text[PROC_TEXT];
	int status = WIFEXITED(k->proc.status) ? WEXITSTATUS(k->proc.status) : -1;
	bool early = k->broken && !(status == 0 && prog_stopping());

	if (!early && (status == 0 || status == EX_REJECTED))
		return status;
	diag("%s: ended with %s%s: %s", k->label, proc_describe(k->proc.status, text),
	    early ? " before its input did" : "", k->command);
	return status >= EX__BASE && status <= EX__MAX ? status : EX_UNAVAILABLE;
}

int
sinks_end(struct sinks *s)
{
	int worst = 0;
	bool busy = true;

	s->ending = true;
	(void)sinks_settle(s);
	while (busy) {
		busy = false;
		for (size_t i = 0; i < s->n; i++) {
			struct sink *k = &s->sink[i];

			if (pending(k) == 0)
				proc_close(&k->proc.in);
			busy = busy || k->proc.in >= 0 || k->output != NULL;
		}
		if (busy)
			(void)turn(s, -1);
	}
	for (size_t i = 0; i < s->n; i++) {
		int status;

		proc_wait(&s->sink[i].proc);
		status = judge(&s->sink[i]);
		if (worst < EX__BASE && status > worst)
			worst = status;
	}
	return worst;
}
