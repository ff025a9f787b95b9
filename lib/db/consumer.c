#include "db/consumer.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/prog.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHARD_MAX 32
#define LEASE_POLL_MS 200

static void
read_part(struct consumer *c)
{
	const char *text = getenv("NBMS_PART");
	long long part = 0, parts = 1;
	char *slash = NULL, *end = NULL;

	if (text != NULL) {
		part = strtoll(text, &slash, 10);
		if (slash != text && *slash == '/')
			parts = strtoll(slash + 1, &end, 10);
	}
	if (text != NULL && (end == NULL || *end != '\0' || part < 0 || part >= parts))
		die(EX_USAGE, "NBMS_PART: not i/N with i below N: %s", text);
	c->part = part;
	c->parts = parts;
}

/* NULL: the stream is not in shards. The name stands in file names and patterns. */
static const char *
shard(void)
{
	const char *name = getenv("NBMS_SHARD");
	size_t n;

	if (name == NULL || name[0] == '\0')
		return NULL;
	n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
	if (n > SHARD_MAX || name[n] != '\0')
		die(EX_USAGE, "NBMS_SHARD: letters, digits, . and -, %d at most: %s", SHARD_MAX,
		    name);
	return name;
}

/* Until it is this process's. */
static void
wait_for_lease(const struct consumer *c)
{
	const struct timespec pause = { .tv_nsec = LEASE_POLL_MS * 1000000 };
	char *lease =
	    xasprintf("%s-%lld-%lld", c->name, (long long)c->part, (long long)c->parts);
	bool waiting = false;

	while (!db_lease(c->site, lease)) {
		if (!waiting)
			diag("%s is worked by another process: waiting for it to end", c->name);
		waiting = true;
		(void)nanosleep(&pause, NULL);
		if (prog_stopping())
			diag_exit(0);
	}
	if (waiting)
		diag("%s is taken over", c->name);
	free(lease);
}

/* From here on what an earlier holder of the lease would commit is refused. */
static void
take_over(struct consumer *c)
{
	struct span name = span_of(c->name);

	must(db_run(c->site, SQL_CHECKPOINT_TAKE, "tii", name, c->part, c->parts) == 1);
	must(db_one(c->site, SQL_CHECKPOINT_EPOCH, "tii", "ii", name, c->part, c->parts,
	    &c->done, &c->epoch));
}

/* Makes the rows of this layout, all of its parts at once, and drops those of another. */
static void
lay_out(struct consumer *c)
{
	int64_t part, lowest = 0;
	struct span name = span_of(c->name);

	if (db_one(c->site, SQL_CHECKPOINT_GET, "tii", "i", name, c->part, c->parts, &c->done))
		return;
	db_begin(c->site);
	if (!db_one(
		c->site, SQL_CHECKPOINT_GET, "tii", "i", name, c->part, c->parts, &c->done)) {
		(void)db_one(c->site, SQL_CHECKPOINT_LOWEST_OF, "t", "i", name, &lowest);
		for (part = 0; part < c->parts; part++)
			db_do(c->site, SQL_CHECKPOINT_ADD, "tiiii", name, part, c->parts,
			    lowest, clock_now());
		db_do(c->site, SQL_CHECKPOINT_DROP_OTHER_PARTS, "ti", name, c->parts);
		c->done = lowest;
	}
	db_commit(c->site);
}

void
consumer_begin(
    struct consumer *c, struct db *site, const char *name, void (*commit)(void *ctx), void *ctx)
{
	const char *where = shard();

	*c = (struct consumer){ .site = site,
		.name = where != NULL ? xasprintf("%s@%s", name, where) : xstrdup(name),
		.commit = commit,
		.ctx = ctx,
		.batch = CONSUMER_BATCH };
	read_part(c);
	if (where != NULL)
		wait_for_lease(c);
	lay_out(c);
	if (where != NULL)
		take_over(c);
	db_lead(site);
	c->seen = c->done;
}

void
consumer_end(struct consumer *c)
{
	consumer_commit(c);
	free(c->name);
	c->name = NULL;
}

struct db *
consumer_site(struct consumer *c)
{
	if (!db_in_transaction(c->site))
		db_begin(c->site);
	return c->site;
}

/* Also where the checkpoint stays: it tells whether the lease is still this process's. */
static void
put_leased(struct consumer *c)
{
	if (!db_in_transaction(c->site) && c->seen == c->done)
		return;
	if (db_run(consumer_site(c), SQL_CHECKPOINT_PUT_LEASED, "tiiiii", span_of(c->name),
		c->part, c->parts, c->seen, clock_now(), c->epoch) != 1)
		die(EX_TEMPFAIL,
		    "%s: another process has taken it over: nothing more is written here",
		    c->name);
	c->done = c->seen;
}

void
consumer_commit(struct consumer *c)
{
	int64_t began = clock_monotonic(), records = c->pending;
	bool any = c->pending > 0 || c->seen > c->done;

	if (c->commit != NULL)
		c->commit(c->ctx);
	if (c->epoch > 0)
		put_leased(c);
	else if (c->seen > c->done) {
		db_do(consumer_site(c), SQL_CHECKPOINT_PUT, "tiiii", span_of(c->name), c->part,
		    c->parts, c->seen, clock_now());
		c->done = c->seen;
	}
	if (db_in_transaction(c->site))
		db_commit(c->site);
	c->pending = 0;
	if (any)
		metrics_observe_since(METRIC_COMMIT, began);
	if (records > 0)
		metrics_observe(METRIC_BATCH, (double)records);
}

void
consumer_claim(struct consumer *c, const char *const names[], size_t n)
{
	size_t i;

	for (i = 0; i < n && db_claim(c->site, names[i], false); i++)
		;
	if (i == n)
		return;
	consumer_commit(c);
	for (i = 0; i < n; i++)
		(void)db_claim(c->site, names[i], true);
}

bool
consumer_takes(struct consumer *c, struct record *r, const struct message *m)
{
	if (m->kind == MESSAGE_MARK) {
		if (m->seq > c->seen)
			c->seen = m->seq;
		/* a mark is no record: it is not counted */
		r->settled = true;
		prog_counts()->in--;
		consumer_commit(c);
		metrics_lag(m->received);
		return false;
	}
	if (m->seq != 0 && m->seq <= c->done) {
		record_duplicate(r);
		return false;
	}
	return true;
}

void
consumer_did(struct consumer *c, const struct message *m)
{
	if (m->seq > c->seen)
		c->seen = m->seq;
	metrics_lag(m->received);
	if (++c->pending >= c->batch)
		consumer_commit(c);
}

bool
checkpoint_lowest(struct db *site, int64_t *seq)
{
	int64_t n = 0;

	return db_one(site, SQL_CHECKPOINT_LOWEST, "s", "ii", shard(), &n, seq) && n > 0;
}

int64_t
checkpoint_highest(struct db *site)
{
	int64_t seq = 0;

	(void)db_one(site, SQL_CHECKPOINT_HIGHEST, "s", "i", shard(), &seq);
	return seq;
}
