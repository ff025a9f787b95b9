/*
 * query: a site's state read back, one function for each question, rows to stdout.
 *
 * Nothing is written, and nothing needs to be writable. Trouble with the question ends the
 * program: EX_USAGE for what cannot be asked, EX_NOINPUT for a state directory, building, point
 * or gateway that is not there, or that the user asking may not see: the two are told apart by
 * nobody.
 *
 * Rows come in an order that the question says, and in pages: `after` is the mark of the last
 * row of the page before, as query_next gave it.
 */
#ifndef NBMS_DB_QUERY_H
#define NBMS_DB_QUERY_H

#include "base/table.h"
#include "db/engine.h"
#include "db/token.h"

/* As given; NULL, none or (counts) -1 where not. */
struct query_options {
	const char *dir;
	const struct token_user *user; /* who asks; NULL: somebody at the shell, who sees all */
	const char *building;          /* C000003_B001; NULL: the only one there is, or all */
	struct opt_list points;        /* ids or shell patterns */
	const char *attr, *thing;
	const char *from, *to; /* when_parse_human in the building's zone; to is not included */
	const char *than;      /* compare: the beginning of the other period */
	const char *at;        /* an instant, a day or a month, as the question needs */
	const char *by;        /* an interval: 15m, hour, day, week, month */
	const char *schedule, *alarm, *task, *state, *tariff;
	const char *after;
	int64_t limit;      /* rows */
	int64_t max_points; /* of each series, to be drawn */
	bool html;          /* a page, of those that can */
	bool all;           /* every column, or also what has ended */
	bool problems;      /* only what is not well */
	struct table_options form;
};

struct query;

/* What of a building a question needs: its history and registry, the only one being meant where
 * none is named; or only to look at no other than the named one. */
enum query_about { QUERY_SITE, QUERY_BUILDING, QUERY_WITHIN };

/* site: open already (it stays the caller's), or NULL. */
struct query *query_open(
    const struct query_options *o, enum query_about about, struct db *site);
void query_close(struct query *q);

/* After a question: the mark of its last row where `limit` cut it short, otherwise NULL. */
const char *query_next(struct query *q);

/* Of the site. */
void query_buildings(struct query *q);
void query_things(struct query *q);
void query_tables(struct query *q);

void query_overview(struct query *q); /* how each building is */
void query_me(struct query *q);       /* whoever asks */
void query_users(struct query *q);
void query_endpoints(struct query *q); /* where people are told */

/* Of the site, or of a building where one is named. */
void query_alarms(struct query *q);
void query_alarm_history(struct query *q);
void query_notices(struct query *q);
void query_audit(struct query *q); /* what was changed from outside, and by whom */
void query_held(struct query *q);  /* what is commanded, by whom, until when */

/* Of a customer. */
void query_tenders(struct query *q);

/* Of a building. */
void query_point(struct query *q); /* one point, and everything about it */
void query_points(struct query *q);
void query_composites(struct query *q);
void query_history(struct query *q);
void query_latest(struct query *q);
void query_trend(struct query *q); /* by interval (bms/aggregate.h) */
void query_count(struct query *q);
void query_gaps(struct query *q);
void query_months(struct query *q);
void query_energy(struct query *q);
void query_peak(struct query *q);
void query_cost(struct query *q);
void query_compare(struct query *q); /* two periods beside one another */
void query_equipment(struct query *q);
void query_schedules(struct query *q);
void query_calendars(struct query *q);
void query_week(struct query *q); /* what schedules say in a week (bms/schedule.h) */
void query_results(struct query *q);
void query_forecast(struct query *q); /* the newest, and what came of it */
void query_optimising(struct query *q);
void query_daily(struct query *q);
void query_monthly(struct query *q);
void query_zones(struct query *q);

/* The outline of comfort of each user zone (bms/comfort.h), by its rule and this month's
 * clothing. */
void query_comfort_zone(struct query *q);

#endif
