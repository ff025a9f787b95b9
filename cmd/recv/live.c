#include "base/clock.h"
#include "base/diag.h"
#include "base/prog.h"
#include "base/sandbox.h"
#include "db/lease.h"
#include "recv/job.h"

#define GIVE_WAY INT64_C(5000000000) /* nanoseconds without a broker */

static void
on_message(void *ctx, const struct mqtt_message *m)
{
	struct recv_job *job = ctx;

	intake_message(&job->intake, m, clock_now_ms());
}

/* Milliseconds until nothing has come for --idle seconds, or until the next turn. */
static int
until_idle(
    const struct recv_job *job, const struct mqtt *mqtt, size_t got, int64_t *quiet_since)
{
	int64_t now = clock_monotonic(), left;

	if (got > 0 || !mqtt_connected(mqtt) || *quiet_since == 0)
		*quiet_since = now;
	left = (*quiet_since + job->idle * 1000000000 - now) / 1000000;
	return job->idle == 0 || left > TURN_MS ? TURN_MS : left > 0 ? (int)left : 0;
}

/* Makes what was received safe; returns the nanoseconds that took. */
static int64_t
commit(const struct recv_job *job)
{
	int64_t began = clock_monotonic();

	reject_sync(job->in.ledger);
	stream_commit(job->intake.out);
	return clock_monotonic() - began;
}

/* From here on bytes come from outside. */
static void
enter_sandbox(const struct recv_job *job)
{
	const char *places[3] = { NULL };
	size_t n = 0;

	if (job->spool)
		places[n++] = job->dir;
	if (job->in.reject_path != NULL)
		places[n++] = job->in.reject_path;
	sandbox_enter(SANDBOX_CLIENT, places);
}

/* One turn: what has come is made safe, then acknowledged, then shown. False: stdout's reader
 * is behind. */
static bool
turn(struct recv_job *job, struct mqtt *mqtt, int left, int64_t *patience, size_t *got)
{
	struct stream *out = job->intake.out;
	struct pollfd p[2] = { mqtt_poll(mqtt), stream_poll(out) };
	int wait = mqtt_timeout(mqtt);
	bool served;

	(void)poll(p, 2, wait < left ? wait : left);
	if ((p[1].revents & POLLERR) != 0)
		diag_exit(EX_IOERR); /* the reader of stdout has gone */
	*got = mqtt_read(mqtt, *patience);
	if (*got > 0)
		*patience = commit(job);
	mqtt_write(mqtt); /* only now: what was received is safe */
	served = stream_serve(out, clock_now_ms());
	prog_tick();
	return served;
}

/* Who has lost the broker, or does not find it, lets another try. */
static bool
gives_way(const struct recv_job *job, const struct mqtt *mqtt, int64_t *seen)
{
	int64_t now = clock_monotonic();

	if (job->lease == NULL)
		return false;
	if (mqtt_connected(mqtt))
		*seen = now;
	return now - *seen > GIVE_WAY;
}

/* True: another should try. */
static bool
receive(struct recv_job *job, const struct lease *lease)
{
	struct mqtt *mqtt = mqtt_new(&job->mqtt, on_message, job);
	int64_t quiet_since = 0, patience = 0, seen = clock_monotonic();
	bool served = true, way = false;
	size_t got = 0;
	int left;

	while (!prog_stopping() && !way &&
	       ((left = until_idle(job, mqtt, got, &quiet_since)) > 0 || !served)) {
		served = turn(job, mqtt, left, &patience, &got);
		way = gives_way(job, mqtt, &seen);
		lease_check(lease);
	}
	mqtt_free(mqtt);
	return way;
}

/* Waits for the lease. What this process received when it had it is shown meanwhile. */
static void
stand_by(struct recv_job *job, struct lease *lease)
{
	struct stream *out = job->intake.out;

	while (!prog_stopping() && !lease_take(lease)) {
		struct pollfd p = stream_poll(out);

		(void)poll(&p, 1, TURN_MS);
		if ((p.revents & POLLERR) != 0)
			diag_exit(EX_IOERR);
		(void)stream_serve(out, clock_now_ms());
		prog_tick();
	}
}

int
recv_live(struct recv_job *job)
{
	struct lease *lease = job->lease != NULL ? lease_open(job->dir, job->lease) : NULL;
	bool again = true;

	enter_sandbox(job);
	while (again && !prog_stopping()) {
		if (lease != NULL)
			stand_by(job, lease);
		again = !prog_stopping() && receive(job, lease);
		if (again)
			lease_leave(lease);
	}
	lease_close(lease);
	return 0;
}
