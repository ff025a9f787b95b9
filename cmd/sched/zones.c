/* User zones: drawn by people, worked out by the clock. */
#include "base/out.h"
#include "sched/job.h"
#include "db/zones.h"

static bool
zone_row(void *ctx, struct record *r)
{
	struct sched_job *job = ctx;

	zones_row(job->site, r, job->now);
	return true;
}

int
verb_zone(struct sched_job *job, int argc, char *argv[])
{
	int status;

	job_open(job, DB_WRITE);
	records_begin(&job->records);
	db_begin(job->site);
	status = records_files(&job->records, argc, argv, zone_row, job);
	db_commit(job->site);
	records_end(&job->records);
	return status;
}

static void
print_zone(void *ctx, const struct place *place, const char *zone_id, struct span status)
{
	struct buf *down = ctx;
	struct jw w = jw_begin(down);

	/* the status object with the zone's names in front */
	jw_object(&w);
	jw_member_text(&w, "customer", place->building.customer);
	jw_member_text(&w, "building", place->building.building);
	jw_member_str(&w, "zone_id", zone_id);
	jw_end(&w);
	if (!jw_finish(&w))
		return;
	down->n--; /* its brace */
	buf_putc(down, ',');
	buf_put(down, (struct span){ status.p + 1, status.n - 1 });
	buf_putc(down, '\n');
}

int
verb_zones(struct sched_job *job, int argc, char *argv[])
{
	struct history *h;
	struct buildings bs;
	size_t i;

	job_no_operands(argc, argv);
	job_open(job, DB_WRITE);
	job_buildings(job, &bs);
	h = history_open(job->dir, DB_READ);
	for (i = 0; i < bs.n && !prog_stopping(); i++) {
		db_begin(job->site);
		(void)zones_update(job->site, h, &bs.all[i], job_at(job, bs.all[i].zone),
		    print_zone, &job->down);
		job_send(job);
	}
	history_close(h);
	buildings_free(&bs);
	return 0;
}
