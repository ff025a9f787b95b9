/* nbms-query: everything that is kept, read back: on the command line, and as CGI. */
#include "base/diag.h"
#include "base/out.h"
#include "base/prog.h"
#include "db/site.h"
#include "query/job.h"

#include <stdlib.h>

#define COMMANDS_MAX 64
#define OPTIONS_MAX (PARAMS + 8)

/* The endpoints that are commands. */
static size_t
commands(const struct endpoint *of[COMMANDS_MAX], const char *names[COMMANDS_MAX + 1])
{
	const struct endpoint *e;
	size_t n = 0;

	for (e = endpoints; e->name != NULL; e++)
		if (e->command != NULL && n < COMMANDS_MAX) {
			names[n] = e->command;
			of[n++] = e;
		}
	names[n] = NULL;
	return n;
}

/* The options of every question, and a few of the program's own. */
static void
make_options(struct query_options *o, const char **user, struct opt opts[OPTIONS_MAX])
{
	const struct opt own[] = {
		STATE_OPTION(&o->dir),
		{ '\0', "user", "NAME", OPT_TEXT, user, "as that user would be answered" },
		{ '\0', "html", NULL, OPT_FLAG, &o->html, "daily, monthly: a page to print" },
		TABLE_OPTIONS(&o->form),
		OPT_END,
	};
	size_t i, n = 0;

	opts[n++] = own[0];
	for (i = 0; i < PARAMS; i++)
		opts[n++] = (struct opt){ params[i].letter, params[i].name, params[i].arg,
			params[i].kind, (char *)o + params[i].offset, params[i].help };
	for (i = 1; i < sizeof(own) / sizeof(own[0]); i++)
		opts[n++] = own[i];
}

/* The questions as lines of the help text. */
static const char *
questions(struct buf *to)
{
	const struct endpoint *e;

	buf_puts(to, "QUESTION is one of\n");
	for (e = endpoints; e->name != NULL; e++)
		if (e->command != NULL)
			buf_printf(to, "  %-14s %s\n", e->command, e->help);
	buf_puts(
	    to, "\nnbms-query --endpoints prints the paths of requests (CGI), one a line.");
	return buf_text(to);
}

static int
print_endpoints(void)
{
	const struct endpoint *e;
	char path[64];

	for (e = endpoints; e->name != NULL; e++)
		out_line(span_of(endpoint_path(e, path)));
	return prog_end(0);
}

static int
run(const struct endpoint *e, struct query_options *o, const char *user)
{
	const char *wrong = endpoint_not_taken(e, o);
	struct db *site = NULL;
	struct token_user u;
	struct query *q;

	if (wrong != NULL)
		opt_wrong("%s takes no --%s", e->command, wrong);
	if (e->check != NULL)
		return prog_end(e->check(o, false));
	if (o->html && !e->html)
		opt_wrong("%s takes no --html", e->command);
	if (e->shape == SHAPE_TEXT) {
		e->answer(NULL);
		return prog_end(0);
	}
	if (user != NULL) {
		site = site_open(opt_state_dir(o->dir), DB_READ);
		if (!token_user_get(site, span_of(user), &u))
			die(EX_NOINPUT, "no such user: %s", user);
		if (u.role < e->role)
			die(EX_NOPERM, "that is for %ss", token_role_name(e->role));
		o->user = &u;
	}
	q = query_open(o, e->about, site);
	e->answer(q);
	query_close(q);
	o->user = NULL;
	if (site != NULL)
		db_close(site);
	return prog_end(0);
}

int
main(int argc, char *argv[])
{
	static const char *const usage_lines[] = {
		"QUESTION [-d DIR] [-b KEY] [-p ID ...] [--from TIME] [--to TIME] [...]",
		"--endpoints", NULL
	};
	struct query_options o = { .limit = -1, .max_points = -1 };
	const struct endpoint *of[COMMANDS_MAX];
	const char *names[COMMANDS_MAX + 1];
	struct opt opts[OPTIONS_MAX];
	struct buf text = BUF(16384);
	struct opt_spec spec = { usage_lines, "Reads the site's state back.", opts, NULL };
	const struct endpoint *e;
	const char *user = NULL;
	int first, status;

	prog_begin("nbms-query");
	if (getenv("GATEWAY_INTERFACE") != NULL) {
		buf_free(&text);
		return cgi_run();
	}
	if (argc == 2 && strcmp(argv[1], "--endpoints") == 0) {
		buf_free(&text);
		return print_endpoints();
	}
	spec.more = questions(&text);
	(void)commands(of, names);
	make_options(&o, &user, opts);
	e = of[opt_verb(&spec, names, argc, argv)];
	first = opt_parse(&spec, argc - 1, argv + 1) + 1;
	if (first < argc)
		opt_wrong("%s takes no operand: %s", e->command, argv[first]);
	status = run(e, &o, user);
	opt_list_free(&o.points);
	buf_free(&text);
	return status;
}
