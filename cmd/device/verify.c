#include "device/job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct check {
	struct device_job *job;
	struct table *t;
};

static void
problem(struct check *c, const char *what, struct span name, const char *why)
{
	table_str(c->t, what);
	table_text(c->t, name);
	table_str(c->t, why);
}

/* The key: there, nobody else's to read, and this certificate's. */
static const char *
key_problem(const char *path, struct span pem, bool own_key)
{
	struct buf key = BUF(PKI_PEM_MAX);
	const char *why = NULL;
	struct stat st;

	if (stat(path, &st) != 0)
		why = own_key ? NULL : "its private key is not there";
	else if ((st.st_mode & 077) != 0)
		why = "its private key can be read by others";
	else if (!file_read(path, &key) || !pki_key_fits(buf_span(&key), pem))
		why = "its private key is another's";
	buf_wipe(&key);
	return why;
}

static const char *
files_problem(struct check *c, const struct device_certificate *row, const char *dir)
{
	char *pem_path = xasprintf("%s/certificate.pem", dir);
	char *key_path = xasprintf("%s/private.key", dir);
	struct buf pem = BUF(PKI_PEM_MAX);
	struct certificate says;
	const char *why;

	if (!file_read(pem_path, &pem))
		why = "its bundle is not there";
	else if (!pki_read(buf_span(&pem), &says))
		why = "its certificate is no certificate";
	else if (!span_is(row->serial, says.serial) ||
		 !span_is(row->fingerprint, says.fingerprint))
		why = "its certificate is not the one in the registry";
	else if ((why = pki_check(c->job->pki, buf_span(&pem), row->thing, clock_now())) ==
		 NULL)
		why = key_problem(key_path, buf_span(&pem), row->own_key);
	buf_free(&pem);
	free(pem_path);
	free(key_path);
	return why;
}

static void
check_certificate(void *ctx, const struct device_certificate *row, bool current)
{
	struct check *c = ctx;
	char *things = job_thing_path(c->job, row->thing);
	char *dir = xasprintf("%s/%.*s", things, SPAN_ARG(row->serial));
	char serial[PKI_SERIAL_TEXT];
	const char *why = files_problem(c, row, dir);

	(void)snprintf(serial, sizeof(serial), "%.*s", SPAN_ARG(row->serial));
	if (why == NULL && pki_crl_has(c->job->pki, serial))
		why = "on the revocation list, and not revoked";
	if (why != NULL)
		problem(c, current ? "certificate" : "superseded", row->thing, why);
	free(things);
	free(dir);
}

static void
check_revoked(void *ctx, const char *serial, when_t at, const char *reason)
{
	struct check *c = ctx;

	(void)at;
	(void)reason;
	if (!pki_crl_has(c->job->pki, serial))
		problem(c, "revocation-list", span_of(serial), "revoked, and not on the list");
}

static void
check_crl(struct check *c)
{
	struct crl crl;
	const char *why;

	if (!pki_crl_read(c->job->pki, &crl, &why))
		problem(c, "revocation-list", SPAN("crl.pem"), why);
	else if (crl.next_update <= clock_now())
		problem(c, "revocation-list", SPAN("crl.pem"),
		    "past its date: every client is refused until it is renewed");
	device_revoked(c->job->site, clock_now(), check_revoked, c);
}

/* Files of things and certificates that the registry does not have. */
static void
check_strays(struct check *c)
{
	char *path = job_path(c->job, "pki/things");
	DIR *things = opendir(path);
	struct dirent *t, *e;

	while (things != NULL && (t = readdir(things)) != NULL) {
		char *below = xasprintf("%s/%s", path, t->d_name);
		DIR *d = t->d_name[0] != '.' ? opendir(below) : NULL;

		while (d != NULL && (e = readdir(d)) != NULL) {
			struct span serial = { e->d_name, strcspn(e->d_name, ".") };

			if (serial.n > 0 &&
			    !device_has(c->job->site, serial, span_of(t->d_name)))
				problem(c, "stray", span_of(t->d_name), e->d_name);
		}
		if (d != NULL)
			(void)closedir(d);
		free(below);
	}
	if (things != NULL)
		(void)closedir(things);
	free(path);
}

static void
check_shard(void *ctx, int64_t shard)
{
	char name[32];
	int n = snprintf(name, sizeof(name), "shard/%lld", (long long)shard);

	problem(ctx, "broker", (struct span){ name, (size_t)n },
	    "several sessions have it: messages under way to one may be lost");
}

static void
check_node(void *ctx, const char *node, const char *why)
{
	problem(ctx, "node", span_of(node), why);
}

static void
check_broker(struct check *c)
{
	struct broker_material m;

	if (!job_broker(c->job))
		return;
	m = job_material(c->job, false);
	if (broker_differs(&c->job->broker, &m))
		problem(c, "broker", span_of(c->job->broker.out),
		    "its files are not the registry's: run nbms-device broker");
	else if (!broker_runs(&c->job->broker))
		problem(c, "broker", span_of(c->job->broker.out), "does not run");
	else {
		broker_unwell(&c->job->broker, check_node, c);
		broker_crowded(&c->job->broker, check_shard, c);
	}
	broker_material_free(&m);
}

int
verb_verify(struct device_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "what", "name", "problem" };
	struct check c = { .job = job };

	job_no_operands(argc, argv);
	job_open_site(job, DB_READ);
	job_open_pki(job, false);
	c.t = table_begin(table_form(&job->form), columns, 3);
	if (pki_issuer(job->pki)->not_after <= clock_now())
		problem(&c, "authority", SPAN("ca"), "expired");
	check_crl(&c);
	device_certificates(job->site, check_certificate, &c);
	check_strays(&c);
	check_broker(&c);
	return table_end(c.t) > 0 ? EX_REJECTED : 0;
}
