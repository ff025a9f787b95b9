/*
 * health: is all well? For operators, cron and load balancers: nothing is changed, and no check
 * waits for anybody.
 */
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/out.h"
#include "db/health.h"
#include "db/site.h"
#include "io/certificate.h"
#include "io/spool.h"
#include "query/job.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MINUTE 60
#define DAY 86400
#define LAG_LOOK (2 * MINUTE)
#define LAG_BROKEN (15 * MINUTE)
#define PERIODS_SILENT 3 /* as nbms-alarm calls a gateway lost */
#define FREE_LOOK 0.10   /* of the disk */
#define FREE_BROKEN 0.03
#define BYTES_BROKEN ((double)(256 << 20))
#define ENDS_LOOK (30 * DAY) /* of certificates */
#define LATE_LOOK (5 * MINUTE)
#define PEM_MAX ((size_t)64 << 10)
#define WAITING_BROKEN 32 /* connections that the broker has not taken */

enum level { WELL, LOOK, BROKEN };

struct health {
	const char *dir;
	struct db *site;
	struct table *table; /* NULL: only the worst is asked for */
	bool problems;       /* rows that are well are left out */
	enum level worst;
	when_t now;
	uint64_t last;      /* record of the spool */
	size_t reach, gone; /* gateways */
};

__attribute__((format(printf, 6, 7))) static void
add(struct health *h, enum level level, const char *check, struct span what, double value,
    const char *fmt, ...)
{
	static const char *const names[] = { "well", "look", "broken" };
	char text[256];
	va_list ap;

	if (level > h->worst)
		h->worst = level;
	if (h->table == NULL || (h->problems && level == WELL))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_str(h->table, check);
	if (what.n > 0)
		table_text(h->table, what);
	else
		table_null(h->table);
	table_str(h->table, names[level]);
	table_double(h->table, value);
	table_str(h->table, text);
}

/* ---- the spool and those who read it ---- */

static void
note_last(void *ctx, const struct spool_segment *s)
{
	((struct health *)ctx)->last = s->first; /* of the last segment, in the end */
}

/* The first record from seq on: when it was received. */
static when_t
received_of(const struct health *h, uint64_t seq)
{
	struct spool_reader *r = spool_read(h->dir, seq);
	struct json *json = json_new();
	when_t t = WHEN_NONE;
	struct span line, text;
	json_value root;
	int ms;

	if (r != NULL && spool_reader_next(r, UINT64_MAX, &line, &seq) &&
	    json_parse_copy(json, line, &root) &&
	    json_text(json_get(root, "received"), &text) && !when_parse_rfc3339(text, &t, &ms))
		t = WHEN_NONE;
	json_free(json);
	spool_reader_free(r);
	return t;
}

static void
find_last(struct health *h)
{
	struct spool_reader *r;
	struct span line;
	uint64_t seq;

	spool_each(h->dir, note_last, h);
	r = h->last > 0 ? spool_read(h->dir, h->last) : NULL;
	if (r != NULL)
		h->last--;
	while (r != NULL && spool_reader_next(r, UINT64_MAX, &line, &seq))
		h->last = seq;
	spool_reader_free(r);
}

static void
check_consumer(void *ctx, const struct health_consumer *c)
{
	struct health *h = ctx;
	uint64_t behind = h->last > (uint64_t)c->seq ? h->last - (uint64_t)c->seq : 0;
	when_t since = behind > 0 ? received_of(h, (uint64_t)c->seq + 1) : WHEN_NONE;
	int64_t lag = since != WHEN_NONE ? h->now - since : 0;
	char name[128];

	if (c->parts > 1)
		(void)snprintf(name, sizeof(name), "%.*s %" PRId64 "/%" PRId64,
		    SPAN_ARG(c->name), c->part, c->parts);
	else
		(void)snprintf(name, sizeof(name), "%.*s", SPAN_ARG(c->name));
	add(h,
	    lag >= LAG_BROKEN ? BROKEN
	    : lag >= LAG_LOOK ? LOOK
			      : WELL,
	    "consumer", span_of(name), (double)lag, "%" PRIu64 " records, %" PRId64 " s behind",
	    behind, lag);
}

static void
check_pipeline(struct health *h)
{
	char *folder = spool_folder(h->dir);
	bool there = access(folder, F_OK) == 0;

	if (!there)
		add(h, LOOK, "pipeline", SPAN(""), NAN, "nothing has ever been received");
	else if (spool_is_written(h->dir))
		add(h, WELL, "pipeline", SPAN(""), NAN, "a receiver is running");
	else
		add(h, BROKEN, "pipeline", SPAN(""), NAN, "no receiver is running");
	free(folder);
	if (!there)
		return;
	find_last(h);
	health_consumers(h->site, check_consumer, h);
}

/* ---- gateways ---- */

static void
check_gateway(void *ctx, const struct health_gateway *g)
{
	struct health *h = ctx;
	int64_t age = g->seen != WHEN_NONE ? h->now - g->seen : 0;
	char text[WHEN_TEXT];

	h->reach++;
	if (g->seen == WHEN_NONE) {
		h->gone++;
		add(h, LOOK, "gateway", g->thing, NAN, "has never reported");
	} else if (g->silent || age > PERIODS_SILENT * g->period) {
		h->gone++;
		add(h, LOOK, "gateway", g->thing, (double)age, "silent since %s",
		    when_format(text, NULL, g->seen));
	} else {
		add(h, WELL, "gateway", g->thing, (double)age, "seen %s",
		    when_format(text, NULL, g->seen));
	}
}

/* One that is silent is its building's trouble; most of them, ours. */
static void
check_gateways(struct health *h)
{
	health_gateways(h->site, check_gateway, h);
	if (h->reach > 1 && h->gone * 2 > h->reach)
		add(h, BROKEN, "gateways", SPAN(""), (double)h->gone, "%zu of %zu are silent",
		    h->gone, h->reach);
	else if (h->reach > 1)
		add(h, WELL, "gateways", SPAN(""), (double)h->gone, "%zu of %zu are silent",
		    h->gone, h->reach);
}

/* ---- what it all stands on ---- */

static void
check_disk(struct health *h)
{
	struct statvfs fs;
	double share, bytes;
	enum level level = WELL;

	if (statvfs(h->dir, &fs) != 0) {
		add(h, BROKEN, "disk", SPAN(""), NAN, "%s", strerror(errno));
		return;
	}
	bytes = (double)fs.f_bavail * (double)fs.f_frsize;
	share = fs.f_blocks > 0 ? (double)fs.f_bavail / (double)fs.f_blocks : 1;
	if (share < FREE_BROKEN || bytes < BYTES_BROKEN)
		level = BROKEN;
	else if (share < FREE_LOOK)
		level = LOOK;
	add(h, level, "disk", SPAN(""), bytes, "%.0f MB, %.0f %% are free", bytes / 1e6,
	    share * 100);
}

/* "listener 8884 127.0.0.1": its port; 0: another line. */
static int
listener_port(struct span line)
{
	static const char word[] = "listener ", here[] = " 127.0.0.1";
	char *end;
	long port;

	if (!span_starts(line, word))
		return 0;
	port = strtol(line.p + sizeof(word) - 1, &end, 10);
	if (port < 1 || port > 65535 || strncmp(end, here, sizeof(here) - 1) != 0)
		return 0;
	return (int)port;
}

/* The port of the site's own programs, as nbms-device broker wrote it down; 0: there is none.
 */
static int
site_port(const struct health *h)
{
	char *path = xasprintf("%s/broker/mosquitto.conf", h->dir);
	struct buf text = BUF(1 << 20);
	const char *p;
	int port = 0;

	if (access(path, R_OK) == 0 && file_read(path, &text))
		for (p = buf_text(&text); port == 0 && *p != '\0';
		     p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n'))
			port = listener_port((struct span){ p, strcspn(p, "\n") });
	buf_free(&text);
	free(path);
	return port;
}

/*
 * How many connections wait to be taken at that port of the loopback address; -1: nobody
 * listens there. False: the kernel doesn't say. Asked of the kernel, whose table has those who
 * listen first: a connection made to see would stand in the broker's log as one that failed.
 * Its lines (proc(5)) have fixed places: "   0: 0100007F:22B4 00000000:0000 0A
 * 00000000:00000000 ...", after the colon whose it is, the other end, the state, and the queues
 * to send and of what has come.
 */
static bool
find_listener(int port, long *waiting)
{
	char wanted[16], line[512];
	FILE *f = fopen("/proc/net/tcp", "re");
	const char *p;
	bool more;

	if (f == NULL)
		return false;
	more = fgets(line, sizeof(line), f) != NULL; /* the head */
	*waiting = -1;
	(void)snprintf(
	    wanted, sizeof(wanted), "%08X:%04X ", htonl(INADDR_LOOPBACK), (unsigned)port);
	while (more && *waiting < 0 && fgets(line, sizeof(line), f) != NULL) {
		p = strstr(line, ": ");
		more = p != NULL && strlen(p) > 50 && strtol(p + 30, NULL, 16) == TCP_LISTEN;
		if (more && strncmp(p + 2, wanted, strlen(wanted)) == 0)
			*waiting = strtol(p + 42, NULL, 16);
	}
	(void)fclose(f);
	return true;
}

static void
check_broker(struct health *h)
{
	int port = site_port(h);
	long waiting;

	if (port == 0)
		return; /* none of this machine */
	if (!find_listener(port, &waiting))
		add(h, LOOK, "broker", SPAN(""), NAN,
		    "port %d: /proc/net/tcp cannot be read: %s", port, strerror(errno));
	else if (waiting < 0)
		add(h, BROKEN, "broker", SPAN(""), NAN, "port %d: nobody listens", port);
	else if (waiting >= WAITING_BROKEN)
		add(h, BROKEN, "broker", SPAN(""), (double)waiting,
		    "port %d: takes no connections, %ld wait", port, waiting);
	else
		add(h, WELL, "broker", SPAN(""), (double)waiting, "port %d: listens", port);
}

static void
check_end(struct health *h, struct span what, when_t ends)
{
	double left = (double)(ends - h->now);
	char text[WHEN_TEXT];

	add(h,
	    left <= 0          ? BROKEN
	    : left < ENDS_LOOK ? LOOK
			       : WELL,
	    "certificate", what, left, "ends %s", when_format(text, NULL, ends));
}

static void
check_certificates(struct health *h)
{
	static const char *const own[] = { "pki/server/server.pem", "pki/site/site.pem" };
	struct span thing;
	when_t ends;
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		char *path = xasprintf("%s/%s", h->dir, own[i]);
		struct buf pem = BUF(PEM_MAX);

		if (access(path, R_OK) == 0 && file_read(path, &pem) &&
		    certificate_ends(buf_span(&pem), &ends))
			check_end(h, i == 0 ? SPAN("broker") : SPAN("site"), ends);
		buf_free(&pem);
		free(path);
	}
	if (health_certificate(h->site, &thing, &ends))
		check_end(h, thing, ends);
}

/* Controls that stand longer than they were meant to: is nbms-live sweep being run? */
static void
check_sweep(struct health *h)
{
	when_t oldest;
	int64_t n = health_controls_late(h->site, h->now - LATE_LOOK, &oldest);

	if (n > 0)
		add(h, LOOK, "sweep", SPAN(""), (double)(h->now - oldest),
		    "%" PRId64 " controls stand past their time", n);
	else
		add(h, WELL, "sweep", SPAN(""), 0, "no control stands past its time");
}

int
health_check(const struct query_options *o, bool brief)
{
	static const char *const columns[] = { "check", "what", "level", "value", "text" };
	static const char *const words[] = { "ok", "degraded", "degraded" };
	struct health h = { .dir = opt_state_dir(o->dir), .now = clock_now() };

	h.problems = o->problems;
	if (!brief)
		h.table = table_begin(table_form(&o->form), columns, 5);
	h.site = site_open(h.dir, DB_READ);
	check_pipeline(&h);
	check_gateways(&h);
	check_disk(&h);
	check_broker(&h);
	check_certificates(&h);
	check_sweep(&h);
	db_close(h.site);
	if (h.table != NULL)
		(void)table_end(h.table);
	else
		out_printf("{\"health\":\"%s\"}\n", words[h.worst]);
	return (int)h.worst;
}
