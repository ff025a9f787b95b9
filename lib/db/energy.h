/*
 * energy: what a building's meters have used, by hour, day or month of its zone, summed from
 * the derived points that nbms-store keeps (db/derive.h).
 *
 * A stored interval ends at its time: what ends at midnight belongs to the day before. An
 * interval that spans missing readings counts where it ends, and is counted as marked; of a
 * meter's first reading alone there is no sum. Energy and money are summed exactly.
 */
#ifndef NBMS_DB_ENERGY_H
#define NBMS_DB_ENERGY_H

#include "bms/money.h"
#include "db/trend.h"

enum energy_by { ENERGY_BY_HOUR, ENERGY_BY_DAY, ENERGY_BY_MONTH };

/* False: not hour, day or month. */
bool energy_by_parse(const char *text, enum energy_by *by);

struct energy_sum {
	when_t from, to;      /* [from, to) */
	struct span point_id; /* the meter */
	double usage;         /* kWh; NAN: none known */
	double demand;        /* kW, the highest mean over one period; NAN: none known */
	when_t demand_at;     /* the end of that period */
	double charge;        /* for the energy alone, in the tariff's money; NAN: none known */
	int64_t intervals;    /* stored */
	int64_t marked;       /* of these: first, span or reset */
	int64_t uncharged;    /* of these: energy without a charge */
};

typedef bool energy_fn(void *ctx, const struct energy_sum *s);

/*
 * Calls fn by time, then in order of point. t chooses the meters (its points are meters' ids or
 * patterns of them, its attr is not used) and the time: intervals that lie in [from, to).
 */
void energy_each(
    struct history *h, const struct trend *t, enum energy_by by, energy_fn *fn, void *ctx);

/*
 * A day's sums, from the samples of the frames in [from, to), to be kept in its month's file
 * (db/days.h): energy_each reads them instead of the samples.
 */
struct energy_day;
struct energy_day *energy_day_read(struct history *h, struct span building_key,
    const struct zone *zone, when_t from, when_t to);
void energy_day_free(struct energy_day *d);

/* In place of those that are kept of the day; within a transaction. */
void energy_day_keep(struct db *db, when_t day, const struct energy_day *d);

#endif
