/*
 * alarm_desk: what operators do with alarms: look, acknowledge, shelve, count. A command
 * changes nbms.db itself, also under a running nbms-alarm, and prints the transitions it made.
 */
#ifndef NBMS_DB_ALARM_DESK_H
#define NBMS_DB_ALARM_DESK_H

#include "base/opt.h"
#include "base/table.h"
#include "db/alarm.h"

#define DESK_SHELVE_MAX (7 * 86400) /* seconds: a shelved alarm always comes back */

struct desk {
	const char *building, *from, *to, *reason, *by;
	int64_t shelve_for; /* seconds; 0: an hour */
	bool once, all;
	struct table_options form;
};

#define DESK_OPTIONS(d)                                                                     \
	{ 'b', "building", "C_B", OPT_TEXT, &(d)->building, "one building: C000003_B001" }, \
	    { '\0', "from", "TIME", OPT_TEXT, &(d)->from, "history, kpi: begin (now-1d)" }, \
	    { '\0', "to", "TIME", OPT_TEXT, &(d)->to, "history, kpi: end (now)" },          \
	    { 'a', "all", NULL, OPT_FLAG, &(d)->all, "list: also what is normal" },         \
	    { '\0', "for", "TIME", OPT_DURATION, &(d)->shelve_for,                          \
		    "shelve: how long, at most 7d (1h)" },                                  \
	    { '\0', "once", NULL, OPT_FLAG, &(d)->once,                                     \
		    "shelve: until it clears, at most 7d" },                                \
	    { '\0', "reason", "TEXT", OPT_TEXT, &(d)->reason, "why, for the history" },     \
	    { '\0', "by", "NAME", OPT_TEXT, &(d)->by, "who ($USER)" },                      \
	    TABLE_OPTIONS(&(d)->form)

bool desk_is_verb(const char *word);

/* Runs a verb with its operands; an exit status. */
int desk_run(const struct desk *d, const char *verb, const char *dir,
    const struct alarm_book_options *options, int n, char *operands[]);

/* nbms.db of a state directory (NULL: as opt_state_dir says). */
struct db *desk_open(const char *dir, enum db_mode mode);

#endif
