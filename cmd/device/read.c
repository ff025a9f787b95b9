#include "device/job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/jsonw.h"
#include "base/out.h"

#include <stdlib.h>

#define EXPIRING_DAYS 30

static bool
register_row(void *ctx, struct record *r)
{
	struct device_job *job = ctx;

	directory_put(job->site, r);
	return true;
}

int
verb_register(struct device_job *job, int argc, char *argv[])
{
	job_open_site(job, DB_WRITE);
	return job_rows(job, argc, argv, true, register_row);
}

int
verb_list(struct device_job *job, int argc, char *argv[])
{
	job_no_operands(argc, argv);
	job_open_site(job, DB_READ);
	if (!directory_list(job->site, job->type, table_form(&job->form)))
		opt_wrong("--type: %s: not " DIRECTORY_TYPES, job->type);
	return 0;
}

int
verb_show(struct device_job *job, int argc, char *argv[])
{
	struct buf text = BUF(RESULTS_MAX);
	int i, missing = 0;

	if (argc == 0)
		opt_wrong("show: of which thing?");
	job_open_site(job, DB_READ);
	for (i = 0; i < argc; i++) {
		buf_clear(&text);
		if (device_show(job->site, span_of(argv[i]), &text))
			out_line(buf_span(&text));
		else
			diag("%s: no such thing", argv[i]), missing++;
	}
	buf_free(&text);
	return missing > 0 ? EX_REJECTED : 0;
}

/* A list is signed anew long before its end, which is never far: it is told of once half of its
 * time is over, and of one that cannot be read. */
static when_t
list_end(struct device_job *job, when_t until)
{
	struct crl crl = { 0 };
	const char *why;

	if (!pki_crl_read(job->pki, &crl, &why))
		diag("revocation list: %s", why);
	if (clock_now() < crl.this_update + (crl.next_update - crl.this_update) / 2)
		return until;
	return crl.next_update;
}

/* Authority, list and the broker's own certificates, which no row of the registry tells of. */
static void
expiring_files(struct device_job *job, when_t until, struct table *t)
{
	struct {
		const char *what;
		when_t at;
	} ends[4];
	struct certificate c;
	char text[WHEN_TEXT];
	static const char *const own[] = { "pki/server/server.pem", "pki/site/site.pem" };
	size_t i, n = 0;

	ends[n].what = "authority";
	ends[n++].at = pki_issuer(job->pki)->not_after;
	ends[n].what = "revocation-list";
	ends[n++].at = list_end(job, until);
	for (i = 0; i < 2; i++) {
		struct buf pem = BUF(PKI_PEM_MAX);
		char *path = job_path(job, own[i]);

		if (file_read(path, &pem) && pki_read(buf_span(&pem), &c)) {
			ends[n].what = i == 0 ? "broker" : "site-programs";
			ends[n++].at = c.not_after;
		}
		buf_free(&pem);
		free(path);
	}
	for (i = 0; i < n; i++)
		if (ends[i].at < until) {
			table_null(t);
			table_str(t, ends[i].what);
			table_null(t);
			table_str(t, when_format(text, NULL, ends[i].at));
		}
}

int
verb_expiring(struct device_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "thing", "what", "certificate", "expires" };
	when_t until =
	    clock_now() + (job->days != DAYS_DEFAULT ? job->days : EXPIRING_DAYS) * DAY;
	struct table *t;

	job_no_operands(argc, argv);
	job_open_site(job, DB_READ);
	job_open_pki(job, false);
	t = table_begin(table_form(&job->form), columns, 4);
	expiring_files(job, until, t);
	device_expiring(job->site, until, t);
	return table_end(t) > 0 ? EX_REJECTED : 0;
}

/* The bundle again, elsewhere, with what the broker is called now. */
static bool export(struct device_job *job, const char *thing)
{
	struct buf pem = BUF(PKI_PEM_MAX), key = BUF(PKI_PEM_MAX);
	struct bundle b = job_bundle(job, span_of(thing));
	char *things = job_thing_path(job, span_of(thing)), *from, *to;
	struct span serial;
	bool own_key, fine;

	if (!device_current(job->site, span_of(thing), &serial, &own_key)) {
		diag("%s: has no certificate", thing);
		free(things);
		return false;
	}
	from = xasprintf("%s/%.*s", things, SPAN_ARG(serial));
	to = xasprintf("%s/%s%s", job->out, thing, job->tar ? ".tar" : "");
	fine = bundle_read(from, &pem, &key, &b) && dir_make(job->out, 0700) &&
	       (job->tar ? bundle_write_tar(to, &b) : bundle_write_dir(to, &b));
	if (fine)
		buf_printf(&job->results, "%s\n", to);
	buf_free(&pem);
	buf_wipe(&key);
	free(things);
	free(from);
	free(to);
	return fine;
}

int
verb_bundle(struct device_job *job, int argc, char *argv[])
{
	int i, failed = 0;

	if (argc == 0 || job->out == NULL)
		opt_wrong("bundle: --out DIR and the things are needed");
	job_open_site(job, DB_READ);
	job_open_pki(job, false);
	(void)job_broker(job);
	for (i = 0; i < argc; i++)
		failed += !export(job, argv[i]);
	if (job->results.n > 0)
		job_on_disk(file_sync_all(job->out));
	out_put(buf_span(&job->results));
	return failed > 0 ? EX_REJECTED : 0;
}
