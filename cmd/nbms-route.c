/* nbms-route: each record to the commands that its kind, or a rule, names. See nbms-route(1).
 */
#include "base/diag.h"
#include "base/prog.h"
#include "base/records.h"
#include "io/router.h"

#include <stdlib.h>
#include <unistd.h>

struct job {
	struct records records;
	char *table;           /* -r */
	const char *by;        /* -k */
	struct opt_list rules; /* -e NAME=RULE */
	struct opt_list parts; /* -p NAME=N */
	struct router *router;
};

/* NAME=TEXT; both borrowed from the argument. */
struct pair {
	struct span name;
	const char *text;
};

static struct pair
pair_of(const char *arg, const char *what)
{
	const char *equals = strchr(arg, '=');

	if (equals == NULL || equals == arg || equals[1] == '\0')
		opt_wrong("not %s: %s", what, arg);
	return (struct pair){ { arg, (size_t)(equals - arg) }, equals + 1 };
}

/* Returns the index of the first route in argv. */
static int
options(int argc, char *argv[], struct job *job)
{
	static const char *const usage[] = {
		"[-r FILE] [-e NAME=RULE] [-p NAME=N] [-k KEY] NAME=COMMAND ...", NULL
	};
	const struct opt opts[] = {
		{ 'r', "table", "FILE", OPT_TEXT, (void *)&job->table,
		    "change which kind goes where (NDJSON)" },
		{ 'e', "rule", "NAME=RULE", OPT_LIST, &job->rules,
		    "to NAME a copy of what this jq rule matches" },
		{ 'p', "parts", "NAME=N", OPT_LIST, &job->parts,
		    "start N copies of NAME's command" },
		{ 'k', "key", "KEY", OPT_TEXT, &job->by,
		    "kept in one copy: customer, building (default) or thing" },
		RECORDS_OPTIONS(&job->records),
		OPT_END,
	};
	const struct opt_spec spec = { usage,
		"Gives each record on stdin to the commands that its kind, or a rule, names, "
		"and merges\n"
		"what they write.",
		opts, NULL };

	return opt_parse(&spec, argc, argv);
}

static void
add_routes(struct job *job, int n, char *args[])
{
	if (n == 0)
		opt_wrong("no route (NAME=COMMAND)");
	for (int i = 0; i < n; i++) {
		struct pair route = pair_of(args[i], "a route (NAME=COMMAND)");
		const char *wrong;

		args[i][route.name.n] = '\0';
		wrong = router_add(job->router, args[i], route.text);
		if (wrong != NULL)
			opt_wrong("route %s: %s", args[i], wrong);
	}
}

static void
add_parts(struct job *job)
{
	for (size_t i = 0; i < job->parts.n; i++) {
		struct pair part = pair_of(job->parts.items[i], "a number of copies (NAME=N)");
		char *end;
		long n = strtol(part.text, &end, 10);
		const char *wrong = router_copies(
		    job->router, part.name, *end == '\0' && n > 0 ? (size_t)n : 0);

		if (wrong != NULL)
			opt_wrong("--parts %s: %s", job->parts.items[i], wrong);
	}
}

static void
add_rules(struct job *job)
{
	for (size_t i = 0; i < job->rules.n; i++) {
		struct pair rule = pair_of(job->rules.items[i], "a rule (NAME=RULE)");
		const char *wrong = router_rule(job->router, rule.name, rule.text);

		if (wrong != NULL)
			opt_wrong("--rule %s: %s", job->rules.items[i], wrong);
	}
	if (!router_compile(job->router))
		die(EX_USAGE, "a rule does not compile");
}

static bool
table_line(void *ctx, struct record *r)
{
	struct job *job = ctx;
	const char *wrong = router_table(job->router, r->root);

	if (wrong != NULL)
		record_reject(r, "bad-table", "%s", wrong);
	return true;
}

static void
read_table(struct job *job)
{
	struct records lines = { 0 };
	char *const names[] = { job->table };

	if (job->table == NULL)
		return;
	records_begin(&lines);
	if (records_files(&lines, 1, names, table_line, job) != 0)
		diag_exit(EX_NOINPUT);
	if (prog_counts()->rejected > 0)
		die(EX_CONFIG, "%s: not a table of routes", job->table);
	records_end(&lines);
	*prog_counts() = (struct prog_counts){ 0 }; /* they count what is on stdin */
}

int
main(int argc, char *argv[])
{
	struct job job = { .by = "building" };
	enum dispatch_by key;
	int first, ended, status;

	prog_begin(argv[0]);
	first = options(argc, argv, &job);
	if (!dispatch_by(job.by, &key))
		opt_wrong("--key: not customer, building or thing: %s", job.by);
	job.router = router_new(key);
	add_routes(&job, argc - first, argv + first);
	add_parts(&job);
	add_rules(&job);
	read_table(&job);
	records_begin(&job.records);
	if (!router_start(job.router, (size_t)job.records.line_max, job.records.ledger))
		diag_exit(EX_OSERR);
	ended = router_run(job.router, &job.records, STDIN_FILENO, "<stdin>");
	records_end(&job.records);
	router_free(job.router);
	opt_list_free(&job.rules);
	opt_list_free(&job.parts);
	/* what a sink rejected was not understood either */
	status = prog_end(ended > EX_REJECTED ? ended : 0);
	return status != 0 ? status : ended;
}
