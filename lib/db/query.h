/*
 * query: a site's state read back, one function for each question, rows to stdout.
 *
 * Nothing is written, and nothing needs to be writable. Trouble with the question ends the
 * program: EX_USAGE for what cannot be asked, EX_NOINPUT for a state directory, building, point
 * or gateway that is not there.
 */
#ifndef NBMS_DB_QUERY_H
#define NBMS_DB_QUERY_H

#include "base/table.h"

/* As given; NULL, none or (limit) -1 where not. */
struct query_options {
	const char *dir;
	const char *building;   /* C000003_B001; NULL: the only one there is */
	struct opt_list points; /* ids or shell patterns */
	const char *attr, *thing;
	const char *from, *to; /* when_parse_human in the building's zone; to is not included */
	const char *by;        /* hour, day or month */
	int64_t limit;         /* rows */
	bool all;              /* every column */
	struct table_options form;
};

struct query;

/* Opens what the question needs: the registry, and where `of_building` the building. */
struct query *query_open(const struct query_options *o, bool of_building);
void query_close(struct query *q);

/* Of the site. */
void query_buildings(struct query *q);
void query_things(struct query *q);
void query_tables(struct query *q);

/* Of a building. */
void query_points(struct query *q);
void query_composites(struct query *q);
void query_history(struct query *q);
void query_latest(struct query *q);
void query_count(struct query *q);
void query_gaps(struct query *q);
void query_months(struct query *q);
void query_energy(struct query *q);

/* The outline of comfort of each user zone (bms/comfort.h), by its rule and this month's
 * clothing. */
void query_comfort_zone(struct query *q);

#endif
