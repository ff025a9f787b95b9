/*
 * job: what the verbs of nbms-device share: the options, the registry, the authority, and the
 * batch of rows in work.
 *
 * A batch ends in this order: its files are on the disk, then the rows that make them count,
 * then the revocation list, the broker and the files to be removed; only then are its results
 * printed. A run that is cut off anywhere is put right by the same run again.
 */
#ifndef NBMS_DEVICE_JOB_H
#define NBMS_DEVICE_JOB_H

#include "base/opt.h"
#include "base/records.h"
#include "base/table.h"
#include "db/device.h"
#include "db/directory.h"
#include "io/broker.h"
#include "io/bundle.h"
#include "io/pki.h"

#define DAY 86400
#define DAYS_DEFAULT (-1) /* --days was not given: what it means is the verb's */
#define DAYS_MAX 36500
#define BROKER_NOT_SAID (-1) /* of a port where 0 has a meaning */
#define RESULTS_MAX ((size_t)16 << 20)

struct device_job {
	/* options */
	struct records records;
	struct table_options form;
	const char *dir, *type, *timezone, *device_name, *csr, *ca, *ca_key, *host, *out;
	int64_t port, period, days, crl_days;
	bool dry_run, rsa, purge, force, settle, seen, tar, diff;
	struct broker broker; /* the broker's; as read from the registry after job_broker */
	/* state */
	record_fn *verb; /* what is done to each row */
	struct db *site;
	struct pki *pki;
	int64_t pending;        /* rows in the open transaction */
	bool files, revoked;    /* since the last commit: written; to be put on the list */
	struct buf results;     /* told once they are on the disk */
	struct buf dropped;     /* paths to remove then, each with an LF */
	struct buf purged;      /* buildings whose months go then, the same way */
	struct buf broker_text; /* holds the texts of broker */
};

/* Each gets the operands and returns an exit status. */
int verb_register(struct device_job *job, int argc, char *argv[]);
int verb_create(struct device_job *job, int argc, char *argv[]);
int verb_delete(struct device_job *job, int argc, char *argv[]);
int verb_rotate(struct device_job *job, int argc, char *argv[]);
int verb_list(struct device_job *job, int argc, char *argv[]);
int verb_show(struct device_job *job, int argc, char *argv[]);
int verb_bundle(struct device_job *job, int argc, char *argv[]);
int verb_expiring(struct device_job *job, int argc, char *argv[]);
int verb_renew_crl(struct device_job *job, int argc, char *argv[]);
int verb_verify(struct device_job *job, int argc, char *argv[]);
int verb_broker(struct device_job *job, int argc, char *argv[]);

/* A path in the state directory; the caller frees. */
char *job_path(const struct device_job *job, const char *name);
char *job_thing_path(const struct device_job *job, struct span thing);

void job_open_site(struct device_job *job, enum db_mode mode);
/* The authority; made on first use where the verb may, otherwise it must be there. */
void job_open_pki(struct device_job *job, bool make);
void job_no_operands(int argc, char *argv[]);

/* Ends the program with EX_IOERR where a write failed, which has been said. */
void job_on_disk(bool fine);

/* Each operand as a row {"thing":..}, with what the options say of it; without operands each
 * row of stdin, or of the files where `files` says that operands are. The site is open. */
int job_rows(struct device_job *job, int argc, char *argv[], bool files, record_fn *verb);
void job_commit(void *job);

/* How the broker was last configured, into job->broker; false: never. */
bool job_broker(struct device_job *job);
struct broker_material job_material(struct device_job *job, bool anew);
void job_refresh_broker(struct device_job *job);
void job_write_crl(struct device_job *job);

/* The bundle of a thing but for its certificate and key. */
struct bundle job_bundle(struct device_job *job, struct span thing);

void job_end(struct device_job *job);

#endif
