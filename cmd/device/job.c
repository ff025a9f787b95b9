#include "device/job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/jsonw.h"
#include "base/out.h"
#include "base/sandbox.h"
#include "db/months.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define BATCH 1000 /* rows a transaction */

char *
job_path(const struct device_job *job, const char *name)
{
	return xasprintf("%s/%s", opt_state_dir(job->dir), name);
}

char *
job_thing_path(const struct device_job *job, struct span thing)
{
	return xasprintf("%s/pki/things/%.*s", opt_state_dir(job->dir), SPAN_ARG(thing));
}

/* What the disk refused has been said; nothing has been promised yet. */
void
job_on_disk(bool fine)
{
	if (!fine)
		diag_exit(EX_IOERR);
}

/* A dry run must not make a registry that is not there. */
void
job_open_site(struct device_job *job, enum db_mode mode)
{
	char *path = db_site_path(opt_state_dir(job->dir));

	if (job->dry_run && !db_exists(path, DB_SITE))
		mode = DB_MEMORY;
	job->site = db_open(path, DB_SITE, mode);
	if (job->site == NULL)
		die(EX_NOINPUT, "%s: no registry there", path);
	free(path);
}

void
job_open_pki(struct device_job *job, bool make)
{
	char *path = job_path(job, "pki");
	char *ca = job_path(job, "pki/ca");

	if (!make && access(ca, F_OK) != 0)
		die(EX_NOINPUT, "%s: no authority there: nbms-device create makes it", ca);
	if ((job->ca == NULL) != (job->ca_key == NULL))
		opt_wrong("--ca and --ca-key go together");
	sandbox_keep_secrets();
	job->pki = pki_open(path, job->rsa ? PKI_RSA_2048 : PKI_EC_P256, job->ca, job->ca_key);
	if (job->pki == NULL)
		diag_exit(EX_CONFIG);
	free(path);
	free(ca);
}

/* --- the broker's configuration --- */

static void
add_revoked(void *ctx, const char *serial, when_t at, const char *reason)
{
	pki_crl_add(ctx, serial, at, reason);
}

/* A certificate stays on the list until its own end, and a list's life beyond (RFC 5280 3.3).
 */
void
job_write_crl(struct device_job *job)
{
	struct pki_crl *crl = pki_crl_begin();

	device_revoked(job->site, clock_now() - job->crl_days * DAY, add_revoked, crl);
	job_on_disk(pki_crl_end(job->pki, crl, job->crl_days));
	job->revoked = false;
}

struct granting {
	const struct broker *broker;
	struct broker_material *m;
};

static void
grant(void *ctx, struct span thing, struct span serial)
{
	const struct granting *g = ctx;

	broker_grant(g->broker, g->m, thing, serial);
}

struct broker_material
job_material(struct device_job *job, bool anew)
{
	struct broker_material m;
	struct granting g = { &job->broker, &m };
	char *pki = job_path(job, "pki");

	job_on_disk(broker_material(&job->broker, job->pki, pki, anew, &m));
	device_granted(job->site, grant, &g);
	free(pki);
	return m;
}

bool
job_broker(struct device_job *job)
{
	struct span value;

	if (!setting_get(job->site, "broker", &value))
		return false;
	opt_list_free(&job->broker.names);
	opt_list_free(&job->broker.nodes);
	buf_clear(&job->broker_text);
	buf_put(&job->broker_text, value);
	return broker_load(&job->broker, &job->broker_text);
}

/* After a change of grants or revocations: the broker, where there is one, is told. */
void
job_refresh_broker(struct device_job *job)
{
	bool changed = false;

	if (job_broker(job)) {
		struct broker_material m = job_material(job, false);

		job_on_disk(broker_apply(&job->broker, &m, &changed));
		if (changed)
			(void)broker_reload(&job->broker);
		broker_material_free(&m);
	}
}

/* The next of the lines kept for later, without its LF; NULL: there are no more. The caller
 * frees it. */
static char *
next_line(struct span *rest)
{
	size_t n;
	char *line;

	if (rest->n == 0)
		return NULL;
	n = (size_t)((const char *)memchr(rest->p, '\n', rest->n) - rest->p);
	line = xstrndup(rest->p, n);
	*rest = (struct span){ rest->p + n + 1, rest->n - n - 1 };
	return line;
}

static void
remove_dropped(struct device_job *job)
{
	struct span paths = buf_span(&job->dropped), keys = buf_span(&job->purged);
	char *line, *folder;

	for (; (line = next_line(&paths)) != NULL; free(line))
		job_on_disk(dir_remove(line));
	for (; (line = next_line(&keys)) != NULL; free(line)) {
		folder = xasprintf("%s/history/%s", opt_state_dir(job->dir), line);
		job_on_disk(
		    months_drop(opt_state_dir(job->dir), span_of(line)) && dir_remove(folder));
		free(folder);
	}
	buf_clear(&job->dropped);
	buf_clear(&job->purged);
}

/* Files first, then the rows that make them count, then the broker; only then is it told. */
void
job_commit(void *ctx)
{
	struct device_job *job = ctx;
	char *pki = job_path(job, "pki");

	if (!job->dry_run && db_in_transaction(job->site)) {
		if (job->files)
			job_on_disk(file_sync_all(pki));
		db_commit(job->site);
		if (job->revoked)
			job_write_crl(job);
		if (job->pki != NULL)
			job_refresh_broker(job);
		remove_dropped(job);
		job->pending = 0;
		job->files = false;
	}
	free(pki);
	must(!job->results.full);
	out_put(buf_span(&job->results));
	out_flush();
	buf_clear(&job->results);
}

static bool
each_row(void *ctx, struct record *r)
{
	struct device_job *job = ctx;

	if (!db_in_transaction(job->site))
		db_begin(job->site);
	(void)job->verb(job, r);
	if (++job->pending >= BATCH)
		job_commit(job);
	return true;
}

/* Operands are rows too: one object each, with what the options say. */
static int
operands(struct device_job *job, int n, char *things[])
{
	int fd = memfd_create("operands", MFD_CLOEXEC), i, status;
	struct buf text = BUF((size_t)64 << 20), csr = BUF(PKI_PEM_MAX);

	if (job->csr != NULL && (n != 1 || !file_read(job->csr, &csr)))
		die(EX_NOINPUT, "--csr %s: %s", job->csr,
		    n == 1 ? "cannot read" : "one thing only");
	for (i = 0; i < n; i++) {
		struct jw w = jw_begin(&text);

		jw_object(&w);
		jw_member_str(&w, "thing", things[i]);
		if (job->timezone != NULL)
			jw_member_str(&w, "timezone", job->timezone);
		if (job->device_name != NULL)
			jw_member_str(&w, "device_name", job->device_name);
		if (job->csr != NULL)
			jw_member_text(&w, "csr", buf_span(&csr));
		jw_end(&w);
		if (!jw_finish(&w))
			die(EX_DATAERR, "operand %d: not UTF-8", i + 1);
		buf_putc(&text, '\n');
	}
	if (fd < 0 || !out_write_all(fd, buf_span(&text)) || lseek(fd, 0, SEEK_SET) != 0)
		die(EX_OSERR, "cannot hold the operands");
	status = records_each(&job->records, fd, "operand", each_row, job);
	(void)close(fd);
	buf_free(&text);
	buf_free(&csr);
	return status;
}

int
job_rows(struct device_job *job, int argc, char *argv[], bool files, record_fn *verb)
{
	int status;

	job->verb = verb;
	job->records.idle = job_commit;
	records_begin(&job->records);
	if (argc > 0 && !files)
		status = operands(job, argc, argv);
	else
		status = records_files(&job->records, argc, argv, each_row, job);
	job_commit(job);
	records_end(&job->records);
	return status;
}

/* Bundles name the host the broker was configured with, unless told otherwise. */
struct bundle
job_bundle(struct device_job *job, struct span thing)
{
	static char self[256];

	if (job->host == NULL && job->broker.names.n > 0)
		job->host = job->broker.names.items[0];
	if (job->host == NULL && gethostname(self, sizeof(self) - 1) == 0)
		job->host = self;
	return (struct bundle){ .thing = thing,
		.root = pki_root(job->pki),
		.host = job->host,
		.port = job->port != 0          ? job->port
			: job->broker.port != 0 ? job->broker.port
						: BROKER_PORT,
		.period = job->period,
		.made = clock_now() };
}

void
job_no_operands(int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("no operand is taken: %s", argv[0]);
}

void
job_end(struct device_job *job)
{
	db_close(job->site);
	pki_close(job->pki);
	buf_free(&job->results);
	buf_free(&job->dropped);
	buf_free(&job->purged);
	buf_free(&job->broker_text);
	opt_list_free(&job->broker.names);
	opt_list_free(&job->broker.nodes);
}
