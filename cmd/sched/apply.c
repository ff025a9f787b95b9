/* Schedules and calendars in, and out to the gateways that ask for them. */
#include "base/clock.h"
#include "base/out.h"
#include "sched/job.h"

#include <stdlib.h>

/* The thing's building, or false. */
static bool
place_of(struct sched_job *job, const struct thing *t, struct buildings *bs)
{
	char *customer = xstrndup(t->customer.p, t->customer.n);
	char *building = xstrndup(t->building.p, t->building.n);
	bool there = thing_is_known(job->site, t->name) &&
		     buildings_load(bs, job->site, customer, building) && bs->n == 1;

	free(customer);
	free(building);
	return there;
}

/* id tells the request the answer is to. */
static bool
answer(struct sched_job *job, const struct thing *t, bool schedules, const char *id)
{
	struct buildings bs = { 0 };
	struct timetable tt;
	bool there = place_of(job, t, &bs);

	if (there && schedules) {
		timetable_load(&tt, job->site, job->ref, &bs.all[0], job->now);
		(void)timetable_send_schedules(
		    &tt, t, id, job->now, bs.all[0].zone, &job->down);
		timetable_free(&tt);
	} else if (there) {
		(void)timetable_send_calendars(job->site, &bs.all[0],
		    reference_calendar(job->ref, &bs.all[0].building), t, id, job->now,
		    &job->down);
	}
	buildings_free(&bs);
	return there;
}

static void
answer_request(struct sched_job *job, struct record *r, const struct message *m)
{
	bool schedules = m->kind == MESSAGE_REQUEST_SCHEDULE;
	const char *what = schedules ? "schedule" : "calendar";
	char *id =
	    m->seq > 0
		? xasprintf("%s-%.*s-%lld", what, SPAN_ARG(m->thing.name), (long long)m->seq)
		: xasprintf("%s-%.*s-%lld", what, SPAN_ARG(m->thing.name),
		      (long long)(m->received != WHEN_NONE ? m->received : job->now));

	if (!answer(job, &m->thing, schedules, id))
		record_reject(
		    r, "unknown-thing", "%.*s is not registered", SPAN_ARG(m->thing.name));
	free(id);
}

static void
handle(struct sched_job *job, struct record *r, const struct message *m)
{
	switch (m->kind) {
	case MESSAGE_SCHEDULE:
		timetable_message(consumer_site(&job->consumer), job->ref, r, m, job->now);
		break;
	case MESSAGE_REQUEST_SCHEDULE:
	case MESSAGE_REQUEST_CALENDAR:
		answer_request(job, r, m);
		break;
	default:
		record_reject(
		    r, "wrong-kind", "%s is not for this program", message_kind_name(m->kind));
	}
}

static bool
apply_record(void *ctx, struct record *r)
{
	struct sched_job *job = ctx;
	struct message m;
	const char *code, *why;

	job->now = clock_now();
	if (json_get(r->root, "type").at != 0 && json_get(r->root, "thing").at == 0) {
		timetable_row(consumer_site(&job->consumer), job->ref, r, job->now);
		return true;
	}
	code = message_parse(r->root, &m, &why);
	if (code != NULL) {
		record_reject(r, code, "%s", why);
		return true;
	}
	if (m.kind == MESSAGE_MARK)
		out_need_reader();
	if (!consumer_takes(&job->consumer, r, &m))
		return true;
	handle(job, r, &m);
	consumer_did(&job->consumer, &m);
	return true;
}

static void
commit(void *ctx)
{
	struct sched_job *job = ctx;

	out_put(buf_span(&job->down));
	out_flush();
	buf_clear(&job->down);
}

static void
idle(void *ctx)
{
	consumer_commit(&((struct sched_job *)ctx)->consumer);
}

int
verb_apply(struct sched_job *job, int argc, char *argv[])
{
	int status;

	job_open(job, DB_WRITE);
	job->records.idle = idle;
	records_begin(&job->records);
	consumer_begin(&job->consumer, job->site, "sched", commit, job);
	status = records_files(&job->records, argc, argv, apply_record, job);
	consumer_end(&job->consumer);
	records_end(&job->records);
	return status;
}

int
verb_send(struct sched_job *job, int argc, char *argv[])
{
	struct thing t;
	char *id;
	bool known;

	if (argc != 1 || (strcmp(argv[0], "schedule") != 0 && strcmp(argv[0], "calendar") != 0))
		opt_wrong("send schedule or send calendar");
	if (job->thing == NULL || !thing_parse(span_of(job->thing), &t))
		opt_wrong("--thing: to which gateway?");
	job_open(job, DB_READ);
	id = xasprintf("%s-%s-%lld", argv[0], job->thing, (long long)job->now);
	known = answer(job, &t, *argv[0] == 's', id);
	free(id);
	if (!known)
		die(EX_NOINPUT, "%s: no such thing is registered", job->thing);
	job_send(job);
	return 0;
}
