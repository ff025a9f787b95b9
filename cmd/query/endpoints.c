/* The table of endpoints. A new one is a row here and a function in db/query.h. */
#include "query/job.h"

#include <stdio.h>

#define AT(member) offsetof(struct query_options, member)

const struct param params[PARAMS] = {
	[PARAM_BUILDING] = { 'b', "building", "KEY", OPT_TEXT, AT(building),
	    "customer and building: C000003_B001 (the only one)" },
	[PARAM_POINT] = { 'p', "point", "ID", OPT_LIST, AT(points),
	    "a point, or a pattern: '*MainMeter*'; again for more" },
	[PARAM_ATTR] = { 'a', "attr", "NAME", OPT_TEXT, AT(attr), "one attribute: M_Value" },
	[PARAM_THING] = { '\0', "thing", "THING", OPT_TEXT, AT(thing), "one gateway" },
	[PARAM_FROM] = { '\0', "from", "TIME", OPT_TEXT, AT(from),
	    "2022-10, 2022-10-04, 2022-10-04T09:45, now-7d, RFC 3339" },
	[PARAM_TO] = { '\0', "to", "TIME", OPT_TEXT, AT(to), "the same; not included" },
	[PARAM_BY] = { '\0', "by", "UNIT", OPT_TEXT, AT(by),
	    "15m, hour, day, week, month; energy: hour, day, month" },
	[PARAM_THAN] = { '\0', "than", "TIME", OPT_TEXT, AT(than),
	    "compare: where the other period begins" },
	[PARAM_AT] = { '\0', "at", "TIME", OPT_TEXT, AT(at),
	    "daily, monthly: of the day, or month, it lies in (the last whole one)" },
	[PARAM_SCHEDULE] = { '\0', "schedule", "ID", OPT_TEXT, AT(schedule), "one schedule" },
	[PARAM_TASK] = { '\0', "task", "ID", OPT_TEXT, AT(task),
	    "results: all that this one found" },
	[PARAM_STATE] = { '\0', "state", "WORD", OPT_TEXT, AT(state),
	    "alarms in this state: unacknowledged, shelved ..." },
	[PARAM_ALARM] = { '\0', "alarm", "ID", OPT_TEXT, AT(alarm), "one alarm_point_id" },
	[PARAM_MAX_POINTS] = { '\0', "max-points", "N", OPT_COUNT, AT(max_points),
	    "history: so many of each point at most, the outline of all" },
	[PARAM_LIMIT] = { 'n', "limit", "N", OPT_COUNT, AT(limit), "at most N rows" },
	[PARAM_AFTER] = { '\0', "after", "MARK", OPT_TEXT, AT(after),
	    "go on after the row of that mark (a request's Link says it)" },
	[PARAM_ALL] = { '\0', "all", NULL, OPT_FLAG, AT(all),
	    "every column; also what has ended" },
	[PARAM_PROBLEMS] = { '\0', "problems", NULL, OPT_FLAG, AT(problems),
	    "health: only what is not well" },
};

#define T(p) ((uint64_t)1 << PARAM_##p)
#define PAGE (T(LIMIT) | T(AFTER))
#define SPAN_OF_TIME (T(FROM) | T(TO))
#define SAMPLES (T(BUILDING) | T(POINT) | T(ATTR) | T(THING) | SPAN_OF_TIME | PAGE)

/* Group, name and command; shape, who may ask, what is opened; parameters; function; help. */
#define GET(g, n, c, r, a, t, f, h)                                           \
	{                                                                     \
		.group = (g), .name = (n), .command = (c), .role = TOKEN_##r, \
		.about = QUERY_##a, .takes = (t), .answer = (f), .help = (h)  \
	}

#define REPORT(n, f, h)                                                                      \
	{                                                                                    \
		.group = "report", .name = (n), .command = (n), .html = true,                \
		.about = QUERY_BUILDING, .takes = T(BUILDING) | T(AT) | PAGE, .answer = (f), \
		.help = (h)                                                                  \
	}

/* A POST: group, name, role, function, members, help. */
#define POST(g, n, r, f, m, h)                                                       \
	{                                                                            \
		.group = (g), .name = (n), .shape = SHAPE_OBJECT, .role = TOKEN_##r, \
		.act = (f), .members = (m), .help = (h)                              \
	}

const struct endpoint endpoints[] = {
	GET("main", "overview", "overview", VIEWER, SITE, PAGE, query_overview,
	    "how each building is: gateways, alarms, energy and cost today, what comes next"),
	{ .group = "individual",
	    .name = "about",
	    .command = "point",
	    .shape = SHAPE_OBJECT,
	    .about = QUERY_BUILDING,
	    .takes = T(BUILDING) | T(POINT),
	    .answer = query_point,
	    .help = "one point: what it is, its values, alarms, schedule" },
	GET("individual", "point", "history", VIEWER, BUILDING, SAMPLES | T(MAX_POINTS),
	    query_history, "samples in order of time"),
	GET("analysis", "points", "trend", VIEWER, BUILDING, SAMPLES | T(BY), query_trend,
	    "mean, least, greatest, sum and count of points by interval"),
	GET("latest", "values", "latest", VIEWER, BUILDING, SAMPLES, query_latest,
	    "the newest sample of each point and attribute"),
	GET("analysis", "energy", "energy", VIEWER, BUILDING, (SAMPLES & ~T(ATTR)) | T(BY),
	    query_energy, "usage, peak demand and charge of each meter, by hour, day or month"),
	GET("analysis", "peak", "peak", VIEWER, BUILDING, (SAMPLES & ~T(ATTR)) | T(BY),
	    query_peak,
	    "the highest demand of the main meters, and what share the mean is of it"),
	GET("analysis", "cost", "cost", VIEWER, BUILDING, (SAMPLES & ~T(ATTR)) | T(BY),
	    query_cost, "what the energy of the main meters cost, and a kWh of it"),
	GET("analysis", "compare", "compare", VIEWER, BUILDING,
	    (SAMPLES & ~T(ATTR)) | T(BY) | T(THAN), query_compare,
	    "two periods of the main meters beside one another"),
	GET("ai", "results", "results", VIEWER, BUILDING, T(BUILDING) | T(TASK) | T(ALL) | PAGE,
	    query_results, "what learning and optimising found, the newest first"),
	GET("ai", "forecast", "forecast", VIEWER, BUILDING, T(BUILDING) | PAGE, query_forecast,
	    "the coming hours' energy by the newest learning, and what came of it"),
	GET("ai", "optimising", "optimising", VIEWER, BUILDING, T(BUILDING), query_optimising,
	    "the newest plan, beside what stands"),
	GET("schedule", "list", "schedules", VIEWER, BUILDING, T(BUILDING) | T(SCHEDULE) | PAGE,
	    query_schedules, "the schedules, as they were written"),
	GET("schedule", "week", "week", VIEWER, BUILDING,
	    T(BUILDING) | T(SCHEDULE) | SPAN_OF_TIME | PAGE, query_week,
	    "what the schedules say, and why, from when to when (this week)"),
	GET("schedule", "calendar", "calendars", VIEWER, BUILDING, T(BUILDING) | PAGE,
	    query_calendars, "the calendars that schedules refer to"),
	GET("tender", "results", "tenders", VIEWER, SITE, PAGE, query_tenders,
	    "what tender tasks found, the newest first"),
	REPORT("daily", query_daily, "a day on a page: energy, peak, cost, alarms, comfort"),
	REPORT("monthly", query_monthly, "the same of a month"),
	GET("userzone", "zones", "zones", VIEWER, BUILDING, T(BUILDING) | PAGE, query_zones,
	    "user zones, and how they are"),
	GET("facility", "equipment", "equipment", VIEWER, BUILDING,
	    T(BUILDING) | T(POINT) | T(THING) | PAGE, query_equipment,
	    "units of equipment as they run"),
	GET("facility", "points", "points", VIEWER, BUILDING,
	    T(BUILDING) | T(POINT) | T(THING) | T(ALL) | PAGE, query_points,
	    "the points as the gateways announced them"),
	GET("facility", "composites", "composites", VIEWER, BUILDING,
	    T(BUILDING) | T(POINT) | T(THING) | T(ALL) | PAGE, query_composites,
	    "units of equipment and the points they are made of"),
	GET("facility", "things", "things", VIEWER, WITHIN, T(BUILDING) | PAGE, query_things,
	    "the gateways"),
	GET("facility", "gaps", "gaps", VIEWER, BUILDING,
	    T(BUILDING) | T(THING) | SPAN_OF_TIME | PAGE, query_gaps,
	    "periods that should have been reported and were not"),
	GET("facility", "count", "count", VIEWER, BUILDING, SAMPLES, query_count,
	    "samples by month, point and attribute"),
	GET("facility", "months", "months", ADMIN, BUILDING, T(BUILDING) | PAGE, query_months,
	    "the building's month files"),
	GET("notice", "alarms", "alarms", VIEWER, WITHIN,
	    T(BUILDING) | T(STATE) | T(ALL) | PAGE, query_alarms,
	    "alarms as they stand, the worst first"),
	GET("notice", "history", "alarm-history", VIEWER, WITHIN,
	    T(BUILDING) | T(ALARM) | SPAN_OF_TIME | PAGE, query_alarm_history,
	    "what became of alarms and who did it, in order of time (the last day)"),
	GET("notice", "notices", "notices", VIEWER, WITHIN, T(BUILDING) | SPAN_OF_TIME | PAGE,
	    query_notices, "who was told what (the last seven days)"),
	GET("control", "held", "held", VIEWER, WITHIN, T(BUILDING) | PAGE, query_held,
	    "what people have commanded, until when, and who"),
	GET("control", "audit", "audit", OPERATOR, WITHIN, T(BUILDING) | SPAN_OF_TIME | PAGE,
	    query_audit, "what people have changed from outside (the last seven days)"),
	GET("userzone", "comfort", "comfort-zone", VIEWER, BUILDING, T(BUILDING) | PAGE,
	    query_comfort_zone,
	    "each user zone's outline of comfort on the psychrometric chart"),
	GET("manage", "buildings", "buildings", VIEWER, SITE, PAGE, query_buildings,
	    "the buildings"),
	GET("manage", "users", "users", ADMIN, SITE, PAGE, query_users,
	    "who may look and act from outside"),
	GET("manage", "endpoints", "endpoints", ADMIN, SITE, PAGE, query_endpoints,
	    "where people are told of alarms and notices"),
	{ .group = "manage",
	    .name = "me",
	    .command = "me",
	    .shape = SHAPE_OBJECT,
	    .secret = true,
	    .answer = query_me,
	    .help = "who asks, and the buildings they see" },
	GET("manage", "tables", "tables", ADMIN, SITE, PAGE, query_tables,
	    "what nbms.db holds, and how much"),
	POST("notice", "ack", OPERATOR, act_ack, ack_members, "acknowledge an alarm's episode"),
	POST("notice", "shelve", OPERATOR, act_shelve, shelve_members,
	    "hush an alarm for a time"),
	POST("notice", "unshelve", OPERATOR, act_unshelve, unshelve_members,
	    "let it speak again"),
	POST("notice", "send", OPERATOR, act_send, send_members, "tell people something"),
	POST("schedule", "put", OPERATOR, act_schedule, schedule_members,
	    "a schedule, calendar or override as it is to be, or away with one"),
	POST("userzone", "put", OPERATOR, act_zone, zone_members,
	    "a user zone as it is to be, or away with one"),
	POST("control", "write", OPERATOR, act_control, control_members,
	    "command a point, for a time"),
	POST("control", "relinquish", OPERATOR, act_relinquish, relinquish_members,
	    "let go of a point"),
	POST("manage", "endpoint", ADMIN, act_endpoint, endpoint_members,
	    "where somebody is told of alarms and notices"),
	POST("manage", "user", ADMIN, act_user, user_members,
	    "a user as they are to be, and a token for them"),
	POST("manage", "revoke", ADMIN, act_revoke, revoke_members,
	    "a token, or all of a user's, is good no longer"),
	{ .group = "",
	    .name = "health",
	    .command = "health",
	    .shape = SHAPE_TEXT,
	    .open = true,
	    .takes = T(PROBLEMS),
	    .check = health_check,
	    .help = "is all well? (0 yes, 1 look, 2 broken)" },
	{ .group = "",
	    .name = "openapi.json",
	    .command = "openapi",
	    .shape = SHAPE_TEXT,
	    .open = true,
	    .answer = openapi_print,
	    .help = "this description of all requests (OpenAPI)" },
	{ 0 },
};

static bool
is_given(const struct param *p, const struct query_options *o)
{
	const char *at = (const char *)o + p->offset;

	switch (p->kind) {
	case OPT_FLAG:
		return *(const bool *)(const void *)at;
	case OPT_COUNT:
		return *(const int64_t *)(const void *)at >= 0;
	case OPT_LIST:
		return ((const struct opt_list *)(const void *)at)->n > 0;
	default:
		return *(const char *const *)(const void *)at != NULL;
	}
}

const char *
endpoint_not_taken(const struct endpoint *e, const struct query_options *o)
{
	size_t i;

	for (i = 0; i < PARAMS; i++)
		if ((e->takes & (uint64_t)1 << i) == 0 && is_given(&params[i], o))
			return params[i].name;
	return NULL;
}

char *
endpoint_path(const struct endpoint *e, char to[64])
{
	(void)snprintf(to, 64, "%s%s%s", e->group, e->group[0] != '\0' ? "/" : "", e->name);
	return to;
}

const struct endpoint *
endpoint_of_path(struct span path)
{
	const struct endpoint *e;
	char text[64];

	for (e = endpoints; e->name != NULL; e++)
		if (span_is(path, endpoint_path(e, text)))
			return e;
	return NULL;
}
