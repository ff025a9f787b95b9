#include "db/days.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/prog.h"
#include "db/chunks.h"
#include "db/energy.h"

#include <stdlib.h>

struct days
days_kept(struct month *m, const struct zone *zone)
{
	struct days d = { 0 };
	struct rows *r;
	when_t day;

	if (db_is_old(month_db(m)))
		return d;
	r = db_rows(month_db(m), SQL_ENERGY_SUMMED_LIST, "ii",
	    (int64_t)when_day(zone, month_from(m) - 1, 0), (int64_t)month_to(m));
	while (rows_next(r, "i", &day)) {
		if (when_day(zone, day, 0) != day)
			continue; /* it was one in another zone */
		if ((d.n & (d.n - 1)) == 0)
			d.all = xrealloc(d.all, (d.n > 0 ? 2 * d.n : 1) * sizeof(*d.all));
		d.all[d.n++] = day;
	}
	rows_end(r);
	return d;
}

void
day_frames(const struct month *m, const struct zone *zone, when_t day, when_t *from, when_t *to)
{
	when_t end = when_day(zone, day, 1) + 1;

	*from = day + 1 > month_from(m) ? day + 1 : month_from(m);
	*to = end < month_to(m) ? end : month_to(m);
}

/* False: something of the day has come meanwhile. */
static bool
keep(struct db *db, when_t day, int64_t claim, const struct energy_day *energy,
    const struct chunks *chunks)
{
	bool ours;

	db_begin(db);
	ours = db_run(db, SQL_ENERGY_SUMMED_DONE, "ii", (int64_t)day, claim) == 1;
	if (ours) {
		energy_day_keep(db, day, energy);
		chunks_keep(db, day, chunks);
	}
	db_commit(db);
	return ours;
}

/*
 * A claim is put down, the samples are read, and what comes of them is kept if the claim is
 * still there: whoever writes a sample of the day takes it away (history.c).
 */
static bool
work_out(struct history *h, struct span building_key, const struct zone *zone, struct month *m,
    when_t day)
{
	int64_t claim = clock_monotonic() | 1;
	struct db *db = month_db(m);
	struct energy_day *energy;
	struct chunks *chunks;
	when_t from, to;
	bool kept;

	day_frames(m, zone, day, &from, &to);
	db_begin(db);
	(void)db_run(db, SQL_ENERGY_SUMMED_CLAIM, "ii", (int64_t)day, claim);
	db_commit(db);
	energy = energy_day_read(h, building_key, zone, from, to);
	chunks = chunks_read(m, day, from, to);
	kept = keep(db, day, claim, energy, chunks);
	energy_day_free(energy);
	chunks_free(chunks);
	return kept;
}

size_t
days_work_out(struct history *h, struct span building_key, const struct zone *zone,
    when_t month, when_t until)
{
	struct month *m = history_month_there(h, building_key, zone, month);
	when_t day;
	int64_t claim;
	size_t n = 0;

	if (m == NULL)
		return 0;
	for (day = when_day(zone, month_from(m) - 1, 0);
	     day < month_to(m) && when_day(zone, day, 1) < until && !prog_stopping();
	     day = when_day(zone, day, 1))
		if (!db_one(
			month_db(m), SQL_ENERGY_SUMMED_ANY, "i", "i", (int64_t)day, &claim) ||
		    claim != 0)
			n += work_out(h, building_key, zone, m, day);
	return n;
}
