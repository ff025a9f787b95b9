/*
 * history: the month files of a site's buildings,
 * DIR/history/<customer>_<building>/<YYYY-MM>.db.
 *
 * A month is a civil month in the building's zone; a file stands alone (its own dictionary of
 * series, its zone in `meta`, a readable view `history`). A sample is a number by (ts, series);
 * what a double cannot hold stands as JSON beside it.
 *
 * Writing collects in one transaction a file until history_commit. Some are kept open
 * (db_open_most); a program that goes back and forth over many months is slower, never wrong.
 */
#ifndef NBMS_DB_HISTORY_H
#define NBMS_DB_HISTORY_H

#include "base/when.h"
#include "bms/thing.h"
#include "db/engine.h"

struct history;
struct month;

/* One attribute of one point, as one gateway reports it, in one month. Owned by its month, like
 * the texts. */
struct series {
	int64_t id;
	struct span thing, point_id, attr;
	bool texts;     /* may have rows in sample_text */
	int64_t period; /* minutes from one report to the next, as last told; 0: derived */
};

/* dir is copied. */
struct history *history_open(const char *dir, enum db_mode mode);
void history_close(struct history *h); /* commits */
void history_commit(struct history *h);

/*
 * The month file of an instant; made when the mode is DB_WRITE, otherwise NULL where there is
 * none. Borrowed until the next call for another month. building_key is C000003_B001.
 */
struct month *history_month(
    struct history *h, struct span building_key, const struct zone *zone, when_t ts);

/* The same, but NULL in every mode where there is no such file yet. */
struct month *history_month_there(
    struct history *h, struct span building_key, const struct zone *zone, when_t ts);

/* The path of that month's file, as in the description above; the caller frees it. */
char *history_path(
    const char *dir, struct span building_key, const struct zone *zone, when_t ts);

/*
 * The building's month files in order: the first instant of the first one that begins after
 * `after`, of the last one that begins before `before` (WHEN_NONE: of the first, of the last of
 * all). WHEN_NONE: there is none.
 */
when_t history_next_month(
    struct history *h, struct span building_key, const struct zone *zone, when_t after);
when_t history_previous_month(
    struct history *h, struct span building_key, const struct zone *zone, when_t before);

/* [from, to) of the month in instants, and its database for statements of the month family. */
when_t month_from(const struct month *m);
when_t month_to(const struct month *m);
struct db *month_db(const struct month *m);

/* A number that changes whenever the series of this month object are new: what a caller cached
 * of them is void then. */
uint64_t month_generation(const struct month *m);

/* Finds, and when add is true makes, a series. NULL: not there. */
struct series *month_series(
    struct month *m, struct span thing, struct span point_id, struct span attr, bool add);

void month_set_period(struct month *m, struct series *s, int64_t period);

/* Notes that a gateway reported at ts; once, the first words stand, and the shortest period. */
struct frame {
	when_t ts;
	struct span thing, stamp; /* the stamp as the gateway wrote it */
	int64_t period;           /* minutes */
	when_t received;          /* WHEN_NONE: not told */
};

void month_put_frame(struct month *m, const struct zone *zone, const struct frame *f);

/* n samples at ts, NAN standing for null. */
void month_put_samples(
    struct month *m, when_t ts, const int64_t id[], const double value[], size_t n);

/* The JSON that stands for the sample where a number does not say it all; {NULL, 0} takes it
 * away. */
void month_put_text(struct month *m, when_t ts, struct series *s, struct span json);

/* Takes a sample away. */
void month_drop_sample(struct month *m, when_t ts, struct series *s);

/* False: no such sample. *value is NAN for a null and for text. */
bool month_get_sample(struct month *m, when_t ts, const struct series *s, double *value);

/* Those of n series: rows of "id", in any order. The ids are borrowed until rows_end. */
struct rows *month_samples(struct month *m, when_t ts, const int64_t id[], size_t n);

/* The JSON beside it, borrowed until the next call; false: the number says it all. */
bool month_get_text(struct month *m, when_t ts, const struct series *s, struct span *json);

bool month_has_frame(struct month *m, struct span thing, when_t ts);

/* The newest frame of a thing in all of a building's months; WHEN_NONE: none. */
when_t history_newest(
    struct history *h, struct span building_key, const struct zone *zone, struct span thing);

/* The nearest frame of that thing before or after ts within the month, with its period; false:
 * none. */
bool month_frame_before(
    struct month *m, struct span thing, when_t ts, when_t *found, int64_t *period);
bool month_frame_after(
    struct month *m, struct span thing, when_t ts, when_t *found, int64_t *period);

#endif
