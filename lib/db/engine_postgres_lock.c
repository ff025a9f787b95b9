/*
 * All of them are advisory locks of the server's: an area's and a claim's end with the
 * transaction, a lease's with the session.
 *
 * A process that was stopped keeps its session. So who holds leases or claims has a thread that
 * writes down every second, on a connection of its own, that the process runs; and who wants
 * what another holds ends the session of one that has not done so in time. What that one had
 * not committed is undone by it, and what it asks next is refused.
 */
#include "base/clock.h"
#include "db/engine_postgres.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define NUMBER_TEXT 24
#define SECOND INT64_C(1000000000)
#define PATIENCE (10 * SECOND) /* for a claim */

struct beat {
	struct beat *next;
	struct link *own;
	char backend[NUMBER_TEXT]; /* of the session that holds the locks */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool ending;
	atomic_bool lost;
};

/* Those of this process: they are to end before it does. */
static struct beat *beats;

static bool
put_beat(struct beat *b)
{
	const char *const args[] = { b->backend };
	PGresult *res =
	    PQexecParams(b->own->c, sql_statements[SQL_HEARTBEAT_PUT].text[SQL_POSTGRESQL], 1,
		NULL, args, NULL, NULL, 0);
	bool fine =
	    PQresultStatus(res) == PGRES_COMMAND_OK && strcmp(PQcmdTuples(res), "1") == 0;

	PQclear(res);
	return fine;
}

/* Until it is to end, or the session that it speaks for was ended. */
static void *
beat_on(void *ctx)
{
	struct beat *b = ctx;
	struct timespec at;

	(void)pthread_mutex_lock(&b->mutex);
	while (!b->ending && !atomic_load(&b->lost)) {
		(void)clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec++;
		while (!b->ending && pthread_cond_timedwait(&b->wake, &b->mutex, &at) == 0)
			;
		if (b->ending)
			break;
		(void)pthread_mutex_unlock(&b->mutex);
		if (!put_beat(b))
			atomic_store(&b->lost, true);
		(void)pthread_mutex_lock(&b->mutex);
	}
	(void)pthread_mutex_unlock(&b->mutex);
	return NULL;
}

/* A question that the server is slow to answer holds nobody up. */
static void
stop_beat(struct beat *b)
{
	struct beat **at;

	for (at = &beats; *at != b; at = &(*at)->next)
		;
	*at = b->next;
	(void)pthread_mutex_lock(&b->mutex);
	b->ending = true;
	(void)pthread_cond_signal(&b->wake);
	(void)pthread_mutex_unlock(&b->mutex);
	(void)shutdown(PQsocket(b->own->c), SHUT_RDWR);
	(void)pthread_join(b->thread, NULL);
	link_put(b->own);
	(void)pthread_cond_destroy(&b->wake);
	(void)pthread_mutex_destroy(&b->mutex);
	free(b);
}

static void
stop_beats(void)
{
	while (beats != NULL)
		stop_beat(beats);
}

static void
start_thread(struct beat *b)
{
	static bool registered;
	pthread_condattr_t attr;
	sigset_t all, before;
	int code;

	must(pthread_mutex_init(&b->mutex, NULL) == 0);
	must(pthread_condattr_init(&attr) == 0 &&
	     pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
	     pthread_cond_init(&b->wake, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	/* signals are the main thread's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&b->thread, NULL, beat_on, b);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code != 0)
		die(EX_OSERR, "cannot start a thread: %s", strerror(code));
	b->next = beats;
	beats = b;
	if (!registered)
		(void)atexit(stop_beats);
	registered = true;
}

static void
ensure_beat(struct link *l)
{
	struct beat *b;
	const char *args[1];
	int64_t backend;

	if (l->beat != NULL || l->alone)
		return;
	b = xcalloc(1, sizeof(*b));
	must(link_ask_int(l, SQL_BACKEND, NULL, 0, &backend));
	(void)snprintf(b->backend, sizeof(b->backend), "%lld", (long long)backend);
	args[0] = b->backend;
	b->own = link_get(l->url, l->site, true);
	/* one that is lost costs nothing */
	link_do(b->own, "SET synchronous_commit = off");
	PQclear(link_ask(b->own, SQL_HEARTBEAT_BEGIN, args, 1));
	start_thread(b);
	l->beat = b;
}

void
lock_end(struct link *l)
{
	const char *args[1];

	if (l->beat == NULL)
		return;
	args[0] = l->beat->backend;
	if (PQstatus(l->c) == CONNECTION_OK && PQtransactionStatus(l->c) == PQTRANS_IDLE)
		PQclear(
		    PQexecParams(l->c, sql_statements[SQL_HEARTBEAT_END].text[SQL_POSTGRESQL],
			1, NULL, args, NULL, NULL, 0));
	stop_beat(l->beat);
	l->beat = NULL;
}

/* As the statements take it. */
struct key {
	char text[NUMBER_TEXT];
	const char *args[1];
};

static const char *const *
key_of(struct key *k, const struct link *l, const char *kind, const char *name)
{
	(void)snprintf(
	    k->text, sizeof(k->text), "%lld", (long long)link_lock_number(l, kind, name));
	k->args[0] = k->text;
	return k->args;
}

void
lock_area(struct link *l)
{
	struct key key = { 0 };

	PQclear(link_ask(l, SQL_AREA_LOCK, key_of(&key, l, "area", l->area), 1));
}

/* Whoever holds it and does not run any more loses it. */
static void
break_lock(struct link *l, const char *const args[])
{
	int64_t ended;

	(void)link_ask_int(l, SQL_LOCK_BREAK, args, 1, &ended);
	if (ended > 0)
		diag("a session that held what is asked for, and has been silent, was ended");
}

bool
lock_lease(struct link *l, const char *name)
{
	struct key key = { 0 };
	const char *const *args = key_of(&key, l, "lease", name);
	int64_t got;

	ensure_beat(l);
	(void)link_ask_int(l, SQL_LEASE_TRY, args, 1, &got);
	if (got == 0)
		break_lock(l, args);
	return got == 1;
}

bool
lock_leased(const struct link *l)
{
	return l->beat == NULL || !atomic_load(&l->beat->lost);
}

/* For a second. Who waits stands in a line with the others. */
static bool
wait_for(struct link *l, const char *const args[])
{
	PGresult *res;
	const char *code;
	bool got;

	link_do(l, "SAVEPOINT waiting; SET LOCAL lock_timeout = '1s'");
	res = PQexecParams(l->c, sql_statements[SQL_AREA_LOCK].text[SQL_POSTGRESQL], 1, NULL,
	    args, NULL, NULL, 0);
	got = PQresultStatus(res) == PGRES_TUPLES_OK;
	code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	if (!got && (code == NULL || strcmp(code, "55P03") != 0))
		link_refuse(l, res, "wait for a claim");
	PQclear(res);
	link_do(l, got ? "SET LOCAL lock_timeout = '10s'; RELEASE waiting"
		       : "ROLLBACK TO waiting; RELEASE waiting");
	return got;
}

bool
lock_claim(struct link *l, const char *name, bool wait)
{
	struct key key = { 0 };
	const char *const *args = key_of(&key, l, "claim", name);
	int64_t got, until = clock_monotonic() + PATIENCE;

	ensure_beat(l);
	(void)link_ask_int(l, SQL_CLAIM_TRY, args, 1, &got);
	while (got == 0 && wait && !(got = wait_for(l, args))) {
		if (clock_monotonic() > until)
			die(EX_TEMPFAIL, "%s: %s is being written by another", l->url, name);
		break_lock(l, args);
	}
	return got == 1;
}
