/* query_own: what the files of query share. */
#ifndef NBMS_DB_QUERY_OWN_H
#define NBMS_DB_QUERY_OWN_H

#include "base/diag.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/prog.h"
#include "db/query.h"
#include "db/registry.h"
#include "db/trend.h"

#define QUERY_TEXT_MAX ((size_t)64 << 10)
#define QUERY_JSON_MAX ((size_t)4 << 20)

struct query {
	const struct query_options *o;
	const char *dir;
	struct db *site;
	bool site_is_ours;
	when_t now;
	struct history *history;
	struct building building; /* customer.p NULL: none was named */
	struct buf text, key;     /* the building's, and its key */
	struct trend trend;
	struct table *table;
	int64_t rows;
	struct json *json;
	struct { /* times whose text is known */
		const struct zone *zone;
		when_t at;
		char text[WHEN_TEXT];
	} times[4];
	const struct zone *time_zone; /* that they are shown in */
	struct buf zone_of; /* the building whose that is, where rows are of several */
	/* paging */
	bool skipping;   /* rows up to o->after */
	struct buf mark; /* of the last row */
	when_t mark_ts;  /* or of its time, and its place among the rows of that */
	int64_t mark_n;
	bool cut;
};

#define QUERY_TABLE(q, names)      \
	((q)->table = table_begin( \
	     table_form(&(q)->o->form), names, sizeof(names) / sizeof((names)[0])))

/* May another row be printed? */
bool query_more(struct query *q);

/*
 * Comes before a row: is it one of this page? Rows are told by a key, which no two of them
 * share, or by a time, in the order of which they come. A walk that can begin anywhere begins
 * with query_resume, the time of the last row (WHEN_NONE: at its own beginning).
 */
bool query_row(struct query *q, struct span key);
bool query_row_at(struct query *q, when_t ts);
when_t query_resume(const struct query *q);

/* Of rows by time: from so many seconds ago up to now, unless told otherwise; resumed. */
void query_recently(struct query *q, int64_t back);

/* May the user asking see that building, and was it asked for? */
bool query_sees(struct query *q, struct span customer, struct span building);

/* Shows the times that follow in that building's zone. */
void query_zone(struct query *q, struct span customer, struct span building);

/* Whose rows alone may be seen; NULL: everybody's. */
const char *query_customer(const struct query *q);

/* "--from": an instant in the building's zone; `otherwise` where not given. */
when_t query_time(
    const struct query *q, const char *option, const char *text, when_t otherwise);

/* The building's points, or gateways, as the options choose them. */
bool query_chooses(const struct query *q, struct span point_id, struct span thing);

/* Cells. A text or JSON that is not there is null. */
void query_text(struct query *q, struct span s);
void query_json(struct query *q, struct span json);
void query_int(
    struct query *q, int64_t v, int64_t null); /* null: the value that stands for it */
void query_key(struct query *q, struct span customer, struct span building);
void query_when(struct query *q, when_t t); /* in the building's time, or UTC */
void query_round(struct query *q, double v, int decimals);

/* A sample's value of any kind; a string loses its quotes where the form is not JSON. */
void query_value(struct query *q, double number, struct span json);

/* History of at most o->max_points rows for each point, the least and the greatest of as many
 * spans of time: what is drawn of them looks like all of it. */
void query_drawn(struct query *q, const char *const columns[], size_t n);

/* The building's main meters, which measure what its other meters do; where there are none, all
 * of its meters. The list's items are the caller's: query_free_list. */
void query_main_meters(
    struct query *q, struct span customer, struct span building, struct opt_list *to);
void query_free_list(struct opt_list *list);

/* A parser to be used by one caller at a time. */
struct json *query_parser(struct query *q);

#endif
