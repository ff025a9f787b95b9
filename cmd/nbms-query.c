/* nbms-query: points, trends, gaps and energy read back. */
#include "base/buf.h"
#include "base/opt.h"
#include "base/prog.h"
#include "db/query.h"

/* Which options a question takes beside -d and the form. */
enum takes {
	BUILDING = 1,
	POINT = 2,
	ATTR = 4,
	THING = 8,
	SPAN_OF_TIME = 16,
	LIMIT = 32,
	BY = 64,
	ALL = 128,
	SAMPLES = BUILDING | POINT | ATTR | THING | SPAN_OF_TIME | LIMIT
};

static const struct verb {
	const char *name, *help;
	void (*answer)(struct query *q);
	unsigned takes;
} verbs[] = {
	{ "history", "samples in order of time", query_history, SAMPLES },
	{ "latest", "the newest sample of each point and attribute", query_latest, SAMPLES },
	{ "energy", "usage, peak demand and charge of each meter, by hour, day or month",
	    query_energy, (SAMPLES & ~(unsigned)ATTR) | BY },
	{ "points", "the points as the gateways announced them", query_points,
	    BUILDING | POINT | THING | LIMIT | ALL },
	{ "composites", "units of equipment and the points they are made of", query_composites,
	    BUILDING | POINT | THING | LIMIT | ALL },
	{ "gaps", "periods that should have been reported and were not", query_gaps,
	    BUILDING | THING | SPAN_OF_TIME | LIMIT },
	{ "count", "samples by month, point and attribute", query_count, SAMPLES },
	{ "months", "the building's month files", query_months, BUILDING | LIMIT },
	{ "comfort-zone", "each user zone's outline of comfort on the psychrometric chart",
	    query_comfort_zone, BUILDING | LIMIT },
	{ "buildings", "the buildings", query_buildings, 0 },
	{ "things", "the gateways", query_things, 0 },
	{ "tables", "what nbms.db holds, and how much", query_tables, 0 },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* An option that a question does not take is a mistake, not something to overlook. */
static void
check_options(const struct verb *v, const struct query_options *o)
{
	const struct {
		const char *name;
		bool given;
		unsigned takes;
	} options[] = {
		{ "--building", o->building != NULL, BUILDING },
		{ "--point", o->points.n > 0, POINT },
		{ "--attr", o->attr != NULL, ATTR },
		{ "--thing", o->thing != NULL, THING },
		{ "--from", o->from != NULL, SPAN_OF_TIME },
		{ "--to", o->to != NULL, SPAN_OF_TIME },
		{ "--limit", o->limit >= 0, LIMIT },
		{ "--by", o->by != NULL, BY },
		{ "--all", o->all, ALL },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].given && (v->takes & options[i].takes) == 0)
			opt_wrong("%s takes no %s", v->name, options[i].name);
}

static const struct verb *
choose(const struct opt_spec *spec, int argc, char *argv[])
{
	const char *names[VERBS + 1] = { 0 };
	size_t i;

	for (i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	return &verbs[opt_verb(spec, names, argc, argv)];
}

/* The questions as lines of the help text. */
static const char *
questions(struct buf *to)
{
	size_t i;

	buf_puts(to, "QUESTION is one of\n");
	for (i = 0; i < VERBS; i++)
		buf_printf(to, "  %-12s %s%s", verbs[i].name, verbs[i].help,
		    i + 1 < VERBS ? "\n" : "");
	return buf_text(to);
}

int
main(int argc, char *argv[])
{
	struct query_options o = { .limit = -1 };
	const struct opt opts[] = {
		{ 'd', "dir", "DIR", OPT_TEXT, &o.dir,
		    "state directory ($NBMS_DIR, ./nbms-state)" },
		{ 'b', "building", "KEY", OPT_TEXT, &o.building,
		    "customer and building: C000003_B001 (the only one)" },
		{ 'p', "point", "ID", OPT_LIST, &o.points,
		    "a point, or a pattern: '*MainMeter*'; again for more" },
		{ 'a', "attr", "NAME", OPT_TEXT, &o.attr, "one attribute: M_Value" },
		{ '\0', "thing", "THING", OPT_TEXT, &o.thing, "one gateway" },
		{ '\0', "from", "TIME", OPT_TEXT, &o.from,
		    "2022-10, 2022-10-04, 2022-10-04T09:45, now-7d, RFC 3339" },
		{ '\0', "to", "TIME", OPT_TEXT, &o.to, "the same; not included" },
		{ '\0', "by", "UNIT", OPT_TEXT, &o.by, "energy: hour, day (default), month" },
		{ 'n', "limit", "N", OPT_COUNT, &o.limit, "at most N rows" },
		{ '\0', "all", NULL, OPT_FLAG, &o.all, "points, composites: every column" },
		TABLE_OPTIONS(&o.form),
		OPT_END,
	};
	static const char *const usage_lines[] = {
		"QUESTION [-d DIR] [-b KEY] [-p ID ...] [--from TIME] [--to TIME] [...]", NULL
	};
	struct buf text = BUF(4096);
	const struct opt_spec spec = { usage_lines, "Reads the site's state back.", opts,
		questions(&text) };
	const struct verb *v;
	struct query *q;
	int first;

	prog_begin("nbms-query");
	v = choose(&spec, argc, argv);
	first = opt_parse(&spec, argc - 1, argv + 1) + 1;
	if (first < argc)
		opt_wrong("%s takes no operand: %s", v->name, argv[first]);
	check_options(v, &o);
	q = query_open(&o, (v->takes & BUILDING) != 0);
	v->answer(q);
	query_close(q);
	opt_list_free(&o.points);
	buf_free(&text);
	return prog_end(0);
}
