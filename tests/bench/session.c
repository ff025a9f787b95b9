/*
 * How long a value takes from its publishing to the readers of N commands that print it: each
 * message carries the time it was made, and every command's lines are read here.
 *
 *   session N RATE SECONDS TOPIC POINT PORT CAFILE CERT KEY ID REQUESTS COMMAND
 *
 * REQUESTS is a file that each command gets on its stdin, which stays open. Prints {"p50":ms,
 * "p99":ms,"max":ms,"values":n,"pss":KiB a command}.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/proc.h"
#include "base/prog.h"
#include "bms/thing.h"
#include "io/mqtt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX 1000
#define SECOND INT64_C(1000000000)
#define WARM_UP (30 * SECOND)

struct reader {
	struct proc proc;
	char held[1 << 14]; /* the beginning of a line */
	size_t n;
	bool heard;
};

struct bench {
	int n;
	int64_t rate, seconds;
	const char *topic, *point;
	struct reader reader[MAX];
	struct mqtt *mqtt;
	double *ms; /* each value's latency */
	size_t values, room;
	bool measures;
	uint64_t sent;
	int64_t from; /* what was made before does not count */
};

static void
ignore(void *ctx, const struct mqtt_message *m)
{
	(void)ctx, (void)m;
}

static void
ignore_sent(void *ctx, int token)
{
	(void)ctx, (void)token;
}

static void
publish(struct bench *b)
{
	struct buf p = BUF(4096);
	struct thing t;
	struct span name;
	char stamp[WHEN_TEXT];
	int token;

	must(strrchr(b->topic, '/') != NULL);
	name = span_of(strrchr(b->topic, '/') + 1);
	must(thing_parse(name, &t));
	buf_printf(&p,
	    "{\"thing\":\"%.*s\",\"point\":\"realtime\",\"message\":{\"msg_type\":\"Real_"
	    "Time\","
	    "\"point_0\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":%lld}],\"point_id\":"
	    "\"%s\"},\"point_count\":1,\"time\":\"%s\"}}",
	    SPAN_ARG(name), (long long)clock_monotonic(), b->point,
	    when_format_stamp(stamp, NULL, clock_now()));
	must(mqtt_publish(b->mqtt, b->topic, buf_span(&p), strncmp(b->topic, "nbms/up", 7) == 0,
	    false, &token));
	b->sent++;
	buf_free(&p);
}

/* The time in a line, or 0. */
static int64_t
time_in(const char *line)
{
	const char *at = strstr(line, "\"value\":");

	at = at != NULL ? at + 8 : (at = strstr(line, "\"data\":")) != NULL ? at + 7 : NULL;
	return at != NULL && strspn(at, "0123456789") > 11 ? strtoll(at, NULL, 10) : 0;
}

static void
take(struct bench *b, struct reader *r, int64_t now)
{
	char *line = r->held, *end;

	r->held[r->n] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		int64_t made;

		*end = '\0';
		made = time_in(line);
		r->heard = r->heard || made != 0;
		if (b->measures && made >= b->from && b->values < b->room)
			b->ms[b->values++] = (double)(now - made) / 1e6;
		line = end + 1;
	}
	r->n -= (size_t)(line - r->held);
	memmove(r->held, line, r->n);
	if (r->n == sizeof(r->held) - 1)
		r->n = 0;
}

static void
turn(struct bench *b, int ms)
{
	struct pollfd p[MAX + 1];

	p[0] = mqtt_poll(b->mqtt);
	for (int i = 0; i < b->n; i++)
		p[i + 1] = (struct pollfd){ .fd = b->reader[i].proc.out, .events = POLLIN };
	if (mqtt_timeout(b->mqtt) < ms)
		ms = mqtt_timeout(b->mqtt);
	(void)proc_poll(p, (size_t)b->n + 1, ms);
	for (int i = 0; i < b->n; i++) {
		struct reader *r = &b->reader[i];
		ssize_t k;

		if (p[i + 1].revents == 0)
			continue;
		k = read(r->proc.out, r->held + r->n, sizeof(r->held) - 1 - r->n);
		if (k <= 0)
			die(EX_UNAVAILABLE, "a command has ended");
		r->n += (size_t)k;
		take(b, r, clock_monotonic());
	}
	(void)mqtt_read(b->mqtt, 0);
	mqtt_write(b->mqtt);
}

static void
run_for(struct bench *b, int64_t time, bool (*done)(struct bench *))
{
	int64_t began = clock_monotonic(), next = began, now;

	while ((now = clock_monotonic()) < began + time && !(done != NULL && done(b))) {
		if (now >= next && mqtt_connected(b->mqtt)) {
			publish(b);
			next += SECOND / b->rate;
		}
		turn(b, next > now ? (int)((next - now) / 1000000) : 0);
	}
}

static bool
all_hear(struct bench *b)
{
	for (int i = 0; i < b->n; i++)
		if (!b->reader[i].heard)
			return false;
	return true;
}

/* What the command keeps for itself, shared pages by share: of the shell's last child. */
static long
pss_of(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0)
			kib = strtol(line + 4, NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
start(struct bench *b, const char *command, struct span requests)
{
	for (int i = 0; i < b->n; i++) {
		struct proc *p = &b->reader[i].proc;

		must(proc_start(p, command, NULL));
		must(write(p->in, requests.p, requests.n) == (ssize_t)requests.n);
	}
}

int
main(int argc, char *argv[])
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct opt_list none = { 0 };
	struct mqtt_options o = { .host = "localhost", .brief = true, .topics = &none };
	struct buf requests = BUF(1 << 20);
	struct rlimit files = { 4096, 4096 };
	size_t expected;
	long pss = 0;

	prog_begin("session");
	if (argc != 13)
		die(EX_USAGE,
		    "N RATE SECONDS TOPIC POINT PORT CAFILE CERT KEY ID REQUESTS COMMAND");
	(void)setrlimit(RLIMIT_NOFILE, &files);
	b->n = (int)strtol(argv[1], NULL, 10);
	b->rate = strtol(argv[2], NULL, 10);
	b->seconds = strtol(argv[3], NULL, 10);
	b->topic = argv[4];
	b->point = argv[5];
	o.port = strtol(argv[6], NULL, 10);
	o.cafile = argv[7];
	o.cert = argv[8];
	o.key = argv[9];
	o.id = argv[10];
	must(b->n > 0 && b->n <= MAX && file_read(argv[11], &requests));
	b->room = (size_t)b->n * (size_t)b->rate * (size_t)b->seconds * 2;
	b->ms = xcalloc(b->room, sizeof(*b->ms));
	b->mqtt = mqtt_new(&o, ignore, b);
	mqtt_on_sent(b->mqtt, ignore_sent);
	start(b, argv[12], buf_span(&requests));
	run_for(b, WARM_UP, all_hear);
	if (!all_hear(b))
		die(EX_UNAVAILABLE, "not every command hears what is published");
	run_for(b, SECOND, NULL);
	b->measures = true;
	b->from = clock_monotonic();
	b->sent = 0;
	run_for(b, b->seconds * SECOND, NULL);
	for (int64_t until = clock_monotonic() + SECOND; clock_monotonic() < until;)
		turn(b, 100);
	for (int i = 0; i < b->n; i++)
		pss += pss_of(b->reader[i].proc.pid);
	/* a reader that was behind got a newer one in its place: that one counts as the slowest
	 */
	expected = (size_t)b->n * b->sent;
	if (b->values < expected - expected / 20)
		die(EX_UNAVAILABLE, "%zu values came of %zu", b->values, expected);
	qsort(b->ms, b->values, sizeof(*b->ms), by_size);
	(void)printf("{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"values\":%zu,\"pss\":%ld}\n",
	    b->ms[b->values / 2],
	    b->ms[expected * 99 / 100 < b->values ? expected * 99 / 100 : b->values - 1],
	    b->ms[b->values - 1], b->values, pss / b->n);
	(void)fflush(stdout);
	for (int i = 0; i < b->n; i++) {
		proc_close(&b->reader[i].proc.in);
		(void)kill(b->reader[i].proc.pid, SIGTERM);
	}
	for (int i = 0; i < b->n; i++)
		proc_wait(&b->reader[i].proc);
	mqtt_free(b->mqtt);
	return 0;
}
