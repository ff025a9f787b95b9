#include "base/metrics.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/out.h"
#include "base/prog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS_MAX 14
#define CODES_MAX 64 /* of rejections told apart; more are told together, as "other" */
#define TEXT_MAX ((size_t)256 << 10)
#define SECOND INT64_C(1000000000)

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const char *const kind_names[] = { "counter", "gauge", "histogram" };

static const double seconds[] = { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
	0.5, 1, 2.5, 10, INFINITY };
static const double records[] = { 1, 4, 16, 64, 256, 1024, 4096, 16384, INFINITY };

static const struct description {
	const char *name, *help;
	enum kind kind;
	const double *bounds; /* of a histogram's buckets, the last INFINITY */
} descriptions[METRICS] = {
	[METRIC_LAG] = { "nbms_lag_seconds",
	    "Age, when it was done, of the record or mark done last.", GAUGE, NULL },
	[METRIC_QUEUE] = { "nbms_queue_records", "Records taken and not yet passed on.", GAUGE,
	    NULL },
	[METRIC_QUEUE_BYTES] = { "nbms_queue_bytes", "Bytes taken and not yet passed on.",
	    GAUGE, NULL },
	[METRIC_CONNECTED] = { "nbms_broker_connected", "1 while the broker is connected.",
	    GAUGE, NULL },
	[METRIC_CONNECTS] = { "nbms_broker_connects_total", "Connections made to the broker.",
	    COUNTER, NULL },
	[METRIC_BATCH] = { "nbms_batch_records", "Records of one commit.", HISTOGRAM, records },
	[METRIC_COMMIT] = { "nbms_commit_seconds", "Time of one commit.", HISTOGRAM, seconds },
	[METRIC_FSYNC] = { "nbms_fsync_seconds", "Time of one sync to the disk.", HISTOGRAM,
	    seconds },
};

struct figure {
	bool set;
	double value; /* of a histogram, the sum */
	uint64_t in_bucket[BUCKETS_MAX];
};

static struct {
	char *path, *temporary;
	struct buf labels; /* program="nbms-store",name="store" */
	pid_t pid;
	int64_t began_ms, written; /* written: clock_monotonic */
	uint64_t seen;             /* records in, when last looked */
	int64_t last_record_ms;    /* 0: none yet */
	struct figure figures[METRICS];
	struct {
		const char *code;
		uint64_t n;
	} rejected[CODES_MAX];
	size_t codes;
	struct buf text;
} state;

bool
metrics_wanted(void)
{
	return state.path != NULL;
}

const char *
metrics_path(void)
{
	return state.path;
}

/* ---- what is counted ---- */

void
metrics_set(enum metric m, double value)
{
	must(descriptions[m].kind == GAUGE);
	state.figures[m].set = true;
	state.figures[m].value = value;
}

void
metrics_add(enum metric m, double value)
{
	must(descriptions[m].kind == COUNTER);
	state.figures[m].set = true;
	state.figures[m].value += value;
}

void
metrics_observe(enum metric m, double value)
{
	struct figure *f = &state.figures[m];
	const double *bounds = descriptions[m].bounds;
	size_t i = 0;

	must(descriptions[m].kind == HISTOGRAM);
	while (value > bounds[i])
		i++;
	f->set = true;
	f->value += value;
	f->in_bucket[i]++;
}

void
metrics_observe_since(enum metric m, int64_t began)
{
	metrics_observe(m, (double)(clock_monotonic() - began) / 1e9);
}

void
metrics_lag(int64_t received)
{
	if (state.path != NULL && received != WHEN_NONE)
		metrics_set(METRIC_LAG, (double)(clock_now() - received));
}

void
metrics_rejected(const char *code)
{
	size_t i = 0;

	while (i < state.codes && strcmp(state.rejected[i].code, code) != 0)
		i++;
	if (i == CODES_MAX)
		state.rejected[--i].code = "other";
	if (i == state.codes)
		state.rejected[state.codes++].code = code;
	state.rejected[i].n++;
}

/* ---- what is written ---- */

/* The text within the quotes of a label: backslash, quote and LF are escaped. */
static void
put_label(struct buf *to, const char *name, struct span value)
{
	size_t i;

	buf_printf(to, "%s%s=\"", to->n > 0 ? "," : "", name);
	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' || value.p[i] == '"')
			buf_putc(to, '\\');
		buf_putc(to, value.p[i] == '\n' ? ' ' : value.p[i]);
	}
	buf_putc(to, '"');
}

static void
head(const char *name, enum kind kind, const char *help)
{
	buf_printf(
	    &state.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind_names[kind]);
}

/* One sample; `more` is further labels, or empty. */
static void
sample(const char *name, const char *more, double value)
{
	buf_printf(&state.text, "%s{%s%s} %.15g\n", name, buf_text(&state.labels), more, value);
}

static void
put_one(const char *name, enum kind kind, const char *help, double value)
{
	head(name, kind, help);
	sample(name, "", value);
}

static void
put_histogram(const struct description *d, const struct figure *f)
{
	uint64_t below = 0;
	char name[64], more[32];
	size_t i = 0;

	(void)snprintf(name, sizeof(name), "%s_bucket", d->name);
	do {
		below += f->in_bucket[i];
		if (isinf(d->bounds[i]))
			(void)snprintf(more, sizeof(more), ",le=\"+Inf\"");
		else
			(void)snprintf(more, sizeof(more), ",le=\"%.15g\"", d->bounds[i]);
		sample(name, more, (double)below);
	} while (!isinf(d->bounds[i++]));
	(void)snprintf(name, sizeof(name), "%s_sum", d->name);
	sample(name, "", f->value);
	(void)snprintf(name, sizeof(name), "%s_count", d->name);
	sample(name, "", (double)below);
}

static void
put_figures(void)
{
	size_t i;

	for (i = 0; i < METRICS; i++) {
		const struct description *d = &descriptions[i];

		if (!state.figures[i].set)
			continue;
		head(d->name, d->kind, d->help);
		if (d->kind == HISTOGRAM)
			put_histogram(d, &state.figures[i]);
		else
			sample(d->name, "", state.figures[i].value);
	}
}

static void
put_records(void)
{
	const struct prog_counts *c = prog_counts();
	char more[96];
	size_t i;

	put_one("nbms_records_in_total", COUNTER, "Records read.", (double)c->in);
	put_one(
	    "nbms_records_out_total", COUNTER, "Records understood and done.", (double)c->out);
	put_one(
	    "nbms_records_rejected_total", COUNTER, "Records rejected.", (double)c->rejected);
	put_one("nbms_records_duplicate_total", COUNTER,
	    "Records passed over, done in an earlier run.", (double)c->duplicate);
	if (state.codes > 0)
		head("nbms_rejections_total", COUNTER, "Records rejected, by reason.");
	for (i = 0; i < state.codes; i++) {
		(void)snprintf(more, sizeof(more), ",code=\"%.60s\"", state.rejected[i].code);
		sample("nbms_rejections_total", more, (double)state.rejected[i].n);
	}
	if (state.last_record_ms != 0)
		put_one("nbms_last_record_timestamp_seconds", GAUGE,
		    "When a record was read last.", (double)state.last_record_ms / 1e3);
}

static int
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -3; /* itself, . and .. */

	if (d == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static void
put_process(void)
{
	struct rusage used;

	put_one("nbms_start_time_seconds", GAUGE, "When the program started.",
	    (double)state.began_ms / 1e3);
	if (getrusage(RUSAGE_SELF, &used) == 0) {
		put_one("nbms_cpu_seconds_total", COUNTER, "Processor time.",
		    (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
		put_one("nbms_resident_memory_max_bytes", GAUGE, "The most memory held so far.",
		    (double)used.ru_maxrss * 1024);
	}
	put_one("nbms_open_fds", GAUGE, "Open file descriptors.", open_descriptors());
}

static bool
write_file(void)
{
	int fd =
	    open(state.temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	/* read by a collector with a user of its own, whatever the umask is for the rest */
	bool fine =
	    fd >= 0 && fchmod(fd, 0644) == 0 && out_write_all(fd, buf_span(&state.text));

	if (fd >= 0 && close(fd) != 0)
		fine = false;
	return fine && rename(state.temporary, state.path) == 0;
}

/* running: 1, or 0 with the status it ended with. */
static void
write_all(bool running, int status)
{
	char version[64];

	buf_clear(&state.text);
	head("nbms_info", GAUGE, "The program and its version.");
	(void)snprintf(version, sizeof(version), ",version=\"%s\"", NBMS_VERSION);
	sample("nbms_info", version, 1);
	put_one("nbms_running", GAUGE, "1 while it runs, 0 once it has ended.", running);
	if (!running)
		put_one("nbms_exit_status", GAUGE, "What it ended with.", status);
	put_records();
	put_figures();
	put_process();
	must(!state.text.full);
	if (!write_file())
		diag("%s: cannot write the metrics: %s", state.path, strerror(errno));
	state.written = clock_monotonic();
}

static void
at_exit(int status, void *none)
{
	(void)none;
	if (getpid() == state.pid)
		write_all(false, status);
	free(state.path);
	free(state.temporary);
	buf_free(&state.labels);
	buf_free(&state.text);
	state.path = NULL;
}

/* FILE.prom, or FILE.PART.prom of one of several copies. */
static char *
path_of_part(const char *path)
{
	const char *part = getenv("NBMS_PART"), *slash = strrchr(path, '/');
	const char *dot = strrchr(slash != NULL ? slash : path, '.');
	size_t stem = dot != NULL ? (size_t)(dot - path) : strlen(path);

	if (part == NULL)
		return xstrdup(path);
	return xasprintf(
	    "%.*s.%.*s%s", (int)stem, path, (int)strcspn(part, "/"), part, path + stem);
}

void
metrics_to(const char *path)
{
	const char *name;
	struct span stem;

	must(state.path == NULL);
	state.path = path_of_part(path);
	state.temporary = xasprintf("%s.%ld.tmp", state.path, (long)getpid());
	state.pid = getpid();
	state.began_ms = clock_now_ms();
	state.labels = BUF(TEXT_MAX);
	state.text = BUF(TEXT_MAX);
	name = strrchr(state.path, '/');
	stem = span_of(name != NULL ? name + 1 : state.path);
	if (stem.n > 5 && strcmp(stem.p + stem.n - 5, ".prom") == 0)
		stem.n -= 5;
	put_label(&state.labels, "program", span_of(diag_program()));
	put_label(&state.labels, "name", stem);
	if (on_exit(at_exit, NULL) != 0)
		die(EX_OSERR, "cannot arrange for the metrics at the end");
	write_all(true, 0);
}

/* ---- when ---- */

void
metrics_tick(void)
{
	if (state.path == NULL)
		return;
	if (prog_counts()->in != state.seen) {
		state.seen = prog_counts()->in;
		state.last_record_ms = clock_now_ms();
	}
	if (clock_monotonic() - state.written >= METRICS_EVERY_S * SECOND)
		write_all(true, 0);
}

int
metrics_timeout(int ms)
{
	int64_t left;

	if (state.path == NULL)
		return ms;
	left = (state.written + METRICS_EVERY_S * SECOND - clock_monotonic()) / 1000000 + 1;
	if (left < 0)
		left = 0;
	return ms >= 0 && ms < left ? ms : (int)left;
}

void
metrics_wait(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	while (
	    state.path != NULL && !prog_stopping() && poll(&ready, 1, metrics_timeout(-1)) == 0)
		metrics_tick();
}
