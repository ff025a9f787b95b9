/*
 * gaps: periods that a gateway should have reported and that are not in the history.
 */
#ifndef NBMS_DB_GAPS_H
#define NBMS_DB_GAPS_H

#include "base/buf.h"
#include "db/history.h"

/* What to look at. */
struct gaps {
	const struct zone *zone;
	struct span building_key;
	struct span thing;
	when_t from, to; /* both included; what lies before the first frame is no gap */
};

/* One gap: `count` periods, the first and the last of them, each `period` minutes. */
struct gap {
	when_t first, last;
	int64_t count, period;
};

typedef void gap_fn(void *ctx, const struct gap *gap);

/*
 * Calls fn for each gap in order. Between two frames the earlier one's period tells what was
 * expected; after the newest frame, up to `to`, its own. Returns how many there were.
 */
size_t gaps_each(struct history *h, const struct gaps *where, gap_fn *fn, void *ctx);

/*
 * The same as downlink records for nbms-send: a request_log for each gap, one a line appended
 * to `down`. The id tells the gap, so that the same gap asked for twice is one request. What
 * was asked is kept in nbms.db (a transaction is open): a gap is asked for again when it has
 * grown or an hour has gone by, and GAPS_ASK_TIMES times with the same end. now: the time that
 * counts for that.
 */
#define GAPS_ASK_TIMES 5
#define GAPS_ASK_AGAIN 3600 /* seconds */

void gaps_request(
    struct history *h, struct db *site, const struct gaps *where, when_t now, struct buf *down);

#endif
