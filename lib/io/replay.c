#include "io/replay.h"
#include "base/clock.h"
#include "base/prog.h"
#include "base/progress.h"
#include "io/source.h"

#include <time.h>

#define MARK_RECORDS 256
#define BATCH_BYTES ((size_t)1 << 20)
#define SECOND INT64_C(1000000000)

struct replay {
	struct intake *in;
	double speed;
	uint64_t unmarked;       /* records since the last mark */
	int64_t began, began_ms; /* of the pace: clock_monotonic, and the records' time then */
};

static void
commit(struct replay *r)
{
	reject_sync(r->in->ledger);
	stream_commit(r->in->out);
}

static void
mark(struct replay *r, int64_t at_ms)
{
	stream_mark(r->in->out, at_ms);
	r->unmarked = 0;
}

/* Sleeps until the time of the record in hand has come. */
static void
keep_pace(struct replay *r, int64_t ms)
{
	int64_t now = clock_monotonic(), due, left;

	if (r->began_ms == WHEN_NONE) {
		r->began_ms = ms;
		r->began = now;
	}
	due = r->began + (int64_t)((double)(ms - r->began_ms) * 1e6 / r->speed);
	for (; (left = due - now) > 0 && !prog_stopping(); now = clock_monotonic()) {
		int64_t nap = left < SECOND ? left : SECOND;
		struct timespec ts = { nap / SECOND, nap % SECOND };

		if (r->in->latest_ms != WHEN_NONE)
			mark(r, ms - (int64_t)((double)left * r->speed / 1e6));
		(void)nanosleep(&ts, NULL);
	}
}

static void
added(struct replay *r)
{
	if (r->speed > 0 && r->in->last_ms != WHEN_NONE)
		keep_pace(r, r->in->last_ms);
	if (r->speed > 0 || stream_uncommitted(r->in->out) >= BATCH_BYTES)
		commit(r);
	if (++r->unmarked < MARK_RECORDS)
		return;
	commit(r);
	mark(r, r->in->latest_ms);
}

static int
replay_file(struct replay *r, struct capture *capture, const char *name)
{
	struct source *from = source_open(name, r->in->max);
	enum capture_result result = CAPTURE_END;
	struct progress bar;
	struct captured c;

	if (from == NULL)
		return EX_NOINPUT;
	progress_begin(&bar, name, source_size(from));
	while (!prog_stopping()) {
		result = capture_next(capture, source_lines(from), r->in->max, &c);
		if (result == CAPTURE_END || result == CAPTURE_ERROR)
			break;
		if (result != CAPTURE_PASS && intake_captured(r->in, result, &c))
			added(r);
		progress_at(&bar, source_position(from), prog_counts()->in);
		prog_tick();
	}
	progress_end(&bar);
	source_close(from);
	return result == CAPTURE_ERROR ? EX_IOERR : 0;
}

int
replay_files(struct intake *in, size_t n, const char *const names[], double speed)
{
	struct replay r = { .in = in, .speed = speed, .began_ms = WHEN_NONE };
	struct capture *capture = capture_new();
	int status = 0;
	size_t i;

	for (i = 0; i < n && status == 0 && !prog_stopping(); i++)
		status = replay_file(&r, capture, names[i]);
	commit(&r);
	mark(&r, in->latest_ms);
	capture_free(capture);
	return status;
}
