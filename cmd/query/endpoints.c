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
	    "energy: hour, day (default), month" },
	[PARAM_LIMIT] = { 'n', "limit", "N", OPT_COUNT, AT(limit), "at most N rows" },
	[PARAM_AFTER] = { '\0', "after", "MARK", OPT_TEXT, AT(after),
	    "go on after the row of that mark (a request's Link says it)" },
	[PARAM_ALL] = { '\0', "all", NULL, OPT_FLAG, AT(all),
	    "every column; also what has ended" },
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

const struct endpoint endpoints[] = {
	GET("individual", "history", "history", VIEWER, BUILDING, SAMPLES, query_history,
	    "samples in order of time"),
	GET("latest", "values", "latest", VIEWER, BUILDING, SAMPLES, query_latest,
	    "the newest sample of each point and attribute"),
	GET("analysis", "energy", "energy", VIEWER, BUILDING, (SAMPLES & ~T(ATTR)) | T(BY),
	    query_energy, "usage, peak demand and charge of each meter, by hour, day or month"),
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
	GET("userzone", "comfort", "comfort-zone", VIEWER, BUILDING, T(BUILDING) | PAGE,
	    query_comfort_zone,
	    "each user zone's outline of comfort on the psychrometric chart"),
	GET("manage", "buildings", "buildings", VIEWER, SITE, PAGE, query_buildings,
	    "the buildings"),
	GET("manage", "tables", "tables", ADMIN, SITE, PAGE, query_tables,
	    "what nbms.db holds, and how much"),
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
