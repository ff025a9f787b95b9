/*
 * consumer: doing each spooled record once.
 *
 * A consumer's effects and its checkpoint are committed together; what was done before a
 * restart is recognised by its seq and passed over as a duplicate. Records without a seq (a
 * plain replay) are always done: effects are idempotent by their own keys. Copies that share
 * the work by key (nbms-route -p, which sets $NBMS_PART to "i/N") have a checkpoint each; when
 * their number changes, the new ones begin at the lowest of the old.
 *
 * A stream in shards, each with a spool and workers of its own, sets $NBMS_SHARD: the
 * consumer's name ends in @SHARD then, and one process at a time has it. Another waits, and
 * goes on where the checkpoint stands when that one is no more. A process that has lost its
 * lease without knowing cannot commit: EX_TEMPFAIL, and nothing of the batch is kept.
 *
 * Commits come when a mark says so, when the input has to be waited for, and every
 * CONSUMER_BATCH records. Files other than nbms.db are committed first, by `commit`: a crash
 * between the two repeats work, it never loses any. With PostgreSQL it is all one transaction.
 */
#ifndef NBMS_DB_CONSUMER_H
#define NBMS_DB_CONSUMER_H

#include "base/records.h"
#include "bms/message.h"
#include "db/engine.h"

#define CONSUMER_BATCH 256 /* unless consumer.batch says otherwise: small records want more */

struct consumer {
	struct db *site;
	char *name;
	int64_t part, parts;
	int64_t epoch;             /* of the lease; 0: there is none */
	int64_t done;              /* the checkpoint as committed */
	int64_t seen;              /* all up to here has been handled, not yet committed */
	int64_t pending;           /* records handled since the last commit */
	int64_t batch;             /* records a commit at most; consumer_begin sets it */
	void (*commit)(void *ctx); /* commits what is not in nbms.db; may be NULL */
	void *ctx;
};

/* name is copied; ctx is handed to commit. $NBMS_PART that is not i/N and $NBMS_SHARD that is
 * no name end the program with EX_USAGE. */
void consumer_begin(struct consumer *c, struct db *site, const char *name,
    void (*commit)(void *ctx), void *ctx);
void consumer_end(struct consumer *c); /* commits */

/* nbms.db with a transaction open, for effects; it is committed with the checkpoint. */
struct db *consumer_site(struct consumer *c);

/*
 * Until the next commit no other process handles what these names stand for; they are in an
 * order that all who claim several have in common. Where another has one of them, what was done
 * so far is committed first, so that who waits holds nothing.
 */
void consumer_claim(struct consumer *c, const char *const names[], size_t n);

/* Should this message be handled? A duplicate is counted here; a mark is handled here, and is
 * neither. */
bool consumer_takes(struct consumer *c, struct record *r, const struct message *m);

/* After the record was handled (done or rejected). */
void consumer_did(struct consumer *c, const struct message *m);

void consumer_commit(struct consumer *c);

/* The lowest checkpoint of all consumers, those of $NBMS_SHARD where it is set: where a spool
 * has to be read from. False: there is none yet. */
bool checkpoint_lowest(struct db *site, int64_t *seq);

/* The highest: no new record may have a number at or below it, it would pass for done. 0: there
 * is none. */
int64_t checkpoint_highest(struct db *site);

#endif
