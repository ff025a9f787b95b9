#include "device/job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/jsonw.h"
#include "base/out.h"

#include <stdio.h>
#include <stdlib.h>

#define CERTIFICATE_DAYS 730

static bool
is_kept(void *ctx, struct span thing, struct span serial)
{
	return device_has(ctx, serial, thing);
}

static bool
row_thing(struct record *r, struct thing *t)
{
	struct span name;

	if (!json_text(json_get(r->root, "thing"), &name)) {
		record_reject(r, "missing-member", "thing: missing or not a string");
		return false;
	}
	if (!thing_parse(name, t)) {
		record_reject(
		    r, "bad-name", "thing: %.*s: not CUSTOMER_BUILDING_NUMBER", SPAN_ARG(name));
		return false;
	}
	return true;
}

static void
result(struct device_job *job, struct span thing, const char *status, struct span serial,
    when_t expires)
{
	char text[WHEN_TEXT], *dir = job_thing_path(job, thing);
	struct jw w = jw_begin(&job->results);

	jw_object(&w);
	jw_member_text(&w, "thing", thing);
	jw_member_str(&w, "status", status);
	if (serial.n > 0) {
		char *path = xasprintf("%s/%.*s", dir, SPAN_ARG(serial));

		jw_member_text(&w, "certificate", serial);
		if (expires != 0)
			jw_member_str(&w, "expires", when_format(text, NULL, expires));
		jw_member_str(&w, "bundle", path);
		free(path);
	}
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(&job->results, '\n');
	free(dir);
}

static void
write_bundle(struct device_job *job, struct bundle *b, struct span serial)
{
	char *things = job_thing_path(job, b->thing);
	char *dir = xasprintf("%s/%.*s", things, SPAN_ARG(serial));
	char *tar = xasprintf("%s.tar", dir);

	job_on_disk(bundle_sweep(things, b->thing, is_kept, job->site) &&
		    dir_make(things, 0700) && bundle_write_dir(dir, b) &&
		    bundle_write_tar(tar, b));
	job->files = true;
	free(things);
	free(dir);
	free(tar);
}

/* A key, a certificate, a bundle, and the rows that make it the thing's current one; of a new
 * thing (otherwise NULL) its own row first. */
static void
issue(struct device_job *job, struct record *r, struct span thing, struct span csr,
    const struct directory_device *new)
{
	const struct pki_request req = { .role = PKI_CLIENT,
		.cn = thing,
		.key = job->rsa ? PKI_RSA_2048 : PKI_EC_P256,
		.csr = csr,
		.days = job->days != DAYS_DEFAULT ? job->days : CERTIFICATE_DAYS };
	struct buf pem = BUF(PKI_PEM_MAX), key = BUF(PKI_PEM_MAX);
	struct bundle b = job_bundle(job, thing);
	struct certificate c;
	const char *why;

	if (thing.n > PKI_CN_MAX) {
		record_reject(r, "bad-name",
		    "%.*s: over %d bytes, the most a certificate names", SPAN_ARG(thing),
		    PKI_CN_MAX);
	} else if (!pki_issue(job->pki, &req, &c, &pem, &key, &why)) {
		record_reject(r, "bad-csr", "%.*s: %s", SPAN_ARG(thing), why);
	} else if (new == NULL || directory_put_device(job->site, r, new)) {
		b.certificate = buf_span(&pem);
		b.key = buf_span(&key);
		write_bundle(job, &b, span_of(c.serial));
		device_certify(job->site,
		    &(struct device_certificate){ .serial = span_of(c.serial),
			.thing = thing,
			.fingerprint = span_of(c.fingerprint),
			.own_key = csr.n > 0,
			.not_before = c.not_before,
			.not_after = c.not_after },
		    clock_now());
		result(job, thing, new != NULL ? "created" : "rotated", span_of(c.serial),
		    c.not_after);
	}
	buf_free(&pem);
	buf_wipe(&key);
}

static bool
create_row(void *ctx, struct record *r)
{
	struct device_job *job = ctx;
	struct directory_device d;
	struct span serial;
	bool own_key;
	char *path;

	if (!directory_device(r, &d))
		return true;
	if (device_current(job->site, d.thing.name, &serial, &own_key)) {
		result(job, d.thing.name, "exists", serial, 0);
		record_duplicate(r);
		return true;
	}
	path = xasprintf(
	    "%s/history/%.*s", opt_state_dir(job->dir), SPAN_ARG(d.thing.building_key));
	issue(job, r, d.thing.name, d.csr, &d);
	if (!r->settled) {
		job_on_disk(dir_make(path, 0777));
		device_first_consumers(job->site, clock_now());
	}
	free(path);
	return true;
}

/* The months go with the last gateway of a building; until then they are the others' too. */
static void
purge(struct device_job *job, const struct thing *t)
{
	if (device_purge(job->site, t))
		buf_printf(&job->purged, "%.*s\n", SPAN_ARG(t->building_key));
	else
		diag("%.*s: other gateways report for %.*s: its months stay", SPAN_ARG(t->name),
		    SPAN_ARG(t->building_key));
}

static bool
delete_row(void *ctx, struct record *r)
{
	struct device_job *job = ctx;
	char *dir;
	struct thing t = { 0 };

	if (!row_thing(r, &t))
		return true;
	if (!device_drop(job->site, t.name, clock_now())) {
		record_reject(r, "unknown-thing", "%.*s: no such thing", SPAN_ARG(t.name));
		return true;
	}
	dir = job_thing_path(job, t.name);
	buf_printf(&job->dropped, "%s\n", dir);
	free(dir);
	if (job->purge)
		purge(job, &t);
	job->revoked = true;
	result(job, t.name, "deleted", (struct span){ 0 }, 0);
	return true;
}

static bool
rotate_row(void *ctx, struct record *r)
{
	struct device_job *job = ctx;
	struct span serial, csr = { 0 };
	struct thing t = { 0 };
	bool own_key;

	if (!row_thing(r, &t))
		return true;
	(void)json_text(json_get(r->root, "csr"), &csr);
	if (!device_current(job->site, t.name, &serial, &own_key)) {
		record_reject(
		    r, "no-certificate", "%.*s: has none to rotate", SPAN_ARG(t.name));
	} else if (job->seen) {
		(void)device_seen_current(job->site, t.name, clock_now());
		result(job, t.name, "seen", serial, 0);
	} else if (device_overlaps(job->site, t.name) && !job->force) {
		result(job, t.name, "rotating", serial, 0);
		record_duplicate(r);
	} else if (own_key && csr.n == 0) {
		record_reject(r, "needs-csr", "%.*s: its key is its own: give a new request",
		    SPAN_ARG(t.name));
	} else {
		issue(job, r, t.name, csr, NULL);
	}
	return true;
}

static int
things(struct device_job *job, int argc, char *argv[], record_fn *verb)
{
	if (job->days == 0)
		opt_wrong("--days: at least 1");
	job_open_site(job, DB_WRITE);
	job_open_pki(job, true);
	(void)job_broker(job);
	return job_rows(job, argc, argv, false, verb);
}

int
verb_create(struct device_job *job, int argc, char *argv[])
{
	return things(job, argc, argv, create_row);
}

int
verb_delete(struct device_job *job, int argc, char *argv[])
{
	return things(job, argc, argv, delete_row);
}

static void
seen(void *ctx, struct span serial, when_t at)
{
	device_seen(ctx, serial, at);
}

static void
settled(void *ctx, struct span thing, struct span old, struct span current)
{
	struct device_job *job = ctx;

	char *dir = job_thing_path(job, thing);

	buf_printf(
	    &job->dropped, "%s/%.*s\n%s/%.*s.tar\n", dir, SPAN_ARG(old), dir, SPAN_ARG(old));
	result(job, thing, "settled", current, 0);
	job->revoked = true;
	free(dir);
}

static void
sweep(void *ctx, const struct device_certificate *c, bool current)
{
	struct device_job *job = ctx;
	char *dir = job_thing_path(job, c->thing);

	(void)current;
	job_on_disk(bundle_sweep(dir, c->thing, is_kept, job->site));
	free(dir);
}

/* Ends the overlap of each rotation whose new certificate has been seen in use. */
static int
settle(struct device_job *job)
{
	job_open_site(job, DB_WRITE);
	job_open_pki(job, true);
	db_begin(job->site);
	if (job_broker(job))
		broker_seen(&job->broker, seen, job->site);
	(void)device_settle(job->site, clock_now(), settled, job);
	job->revoked = true; /* also what a run that was cut off left undone */
	job_commit(job);
	device_certificates(job->site, sweep, job);
	return 0;
}

int
verb_rotate(struct device_job *job, int argc, char *argv[])
{
	if (job->settle && argc > 0)
		opt_wrong("--settle takes no operand: %s", argv[0]);
	return job->settle ? settle(job) : things(job, argc, argv, rotate_row);
}
