/*
 * trend: samples read back, in order of time and by seeking.
 *
 * What is read is stepped through by the frames of the gateways that the chosen series belong
 * to, and for each frame the samples are sought by (ts, series); where most of a frame is
 * wanted it is read as one range. Days that have been worked out are read from their chunks
 * (db/chunks.h), to the same samples. A month is read as it stood at one moment, also while it
 * is written; months follow one another in order. Memory holds one month's dictionary of series
 * and the chunks of one day, whatever the span. A request to stop (base/prog.h) ends a walk.
 */
#ifndef NBMS_DB_TREND_H
#define NBMS_DB_TREND_H

#include "base/opt.h"
#include "db/history.h"

#define TREND_LOOK_BACK (7 * 86400) /* seconds before the newest frame, for trend_latest */

/* What to read. */
struct trend {
	struct span building_key;
	const struct zone *zone;
	const struct opt_list *points; /* ids or shell patterns; none in it: every point */
	const char *attr, *thing;      /* NULL: every one */
	when_t from, to;               /* [from, to); WHEN_NONE: open */
};

struct reading {
	when_t ts;
	const struct series *series;
	double value;     /* NAN: null, or not a number */
	struct span json; /* the value as it came where a number does not say it all; or none */
};

/* The reading is borrowed until the return; false ends the walk. */
typedef bool reading_fn(void *ctx, const struct reading *r);

/* Every sample in order of time, at one time in order of point, attribute and gateway. */
void trend_each(struct history *h, const struct trend *t, reading_fn *fn, void *ctx);

/*
 * The newest sample of each point and attribute before `to`, whichever gateway reported it, in
 * order of point and attribute. Without `from` nothing older than TREND_LOOK_BACK before the
 * newest frame is looked for.
 */
void trend_latest(struct history *h, const struct trend *t, reading_fn *fn, void *ctx);

/* The samples of a series in a month. */
struct tally {
	when_t month; /* its first instant */
	const struct series *series;
	int64_t samples;
	when_t first, last;
};

typedef bool tally_fn(void *ctx, const struct tally *t);

/* By month, then in order of point, attribute and gateway; series without samples are left out.
 */
void trend_count(struct history *h, const struct trend *t, tally_fn *fn, void *ctx);

/* Is the point one of those? A pattern matches as in fnmatch(3), with no escapes; what looks
 * like a pattern also matches as it stands. */
bool trend_item_matches(const char *item, struct span point_id);

/* Does any month file hold a series of a point that the item matches? */
bool trend_knows(struct history *h, const struct trend *t, const char *item);

#endif
