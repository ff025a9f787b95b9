#include "base/opt.h"
#include "base/completion.h"
#include "base/diag.h"
#include "base/metrics.h"
#include "base/out.h"
#include "base/when.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define OPTS_MAX 64
#define HELP_COLUMN 26
#define LONG_ONLY 256 /* getopt codes from here on stand for table rows */

enum { CODE_HELP = 1000, CODE_VERSION, CODE_METRICS, CODE_COMPLETION };

/* The options of every program; --completion is for those who package, and not shown. */
static const struct option common[] = { { "help", 0, NULL, CODE_HELP },
	{ "version", 0, NULL, CODE_VERSION }, { "metrics", 1, NULL, CODE_METRICS },
	{ "completion", optional_argument, NULL, CODE_COMPLETION } };

#define COMMON (sizeof(common) / sizeof(common[0]))

void
opt_wrong(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	die(EX_USAGE, "%s (see %s --help)", text, diag_program());
}

void
opt_list_add(struct opt_list *list, const char *item)
{
	list->items = xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
	list->items[list->n++] = item;
}

void
opt_list_free(struct opt_list *list)
{
	free(list->items);
	*list = (struct opt_list){ 0 };
}

const char *
opt_state_dir(const char *given)
{
	const char *env = getenv("NBMS_DIR");

	if (given != NULL)
		return given;
	return env != NULL && env[0] != '\0' ? env : "nbms-state";
}

static void
help_row(char letter, const char *name, const char *arg, const char *help)
{
	char left[80];

	if (letter != '\0')
		(void)snprintf(left, sizeof(left), "  -%c, --%s%s%s", letter, name,
		    arg != NULL ? " " : "", arg != NULL ? arg : "");
	else
		(void)snprintf(left, sizeof(left), "      --%s%s%s", name,
		    arg != NULL ? " " : "", arg != NULL ? arg : "");
	if (strlen(left) >= HELP_COLUMN)
		out_printf("%s\n%*s%s\n", left, HELP_COLUMN, "", help);
	else
		out_printf("%-*s%s\n", HELP_COLUMN, left, help);
}

static void
help(const struct opt_spec *spec)
{
	const struct opt *o;
	size_t i;

	for (i = 0; spec->usage[i] != NULL; i++)
		out_printf(
		    "%s %s %s\n", i == 0 ? "usage:" : "      ", diag_program(), spec->usage[i]);
	out_printf("\n%s\n\n", spec->about);
	for (o = spec->opts; o->name != NULL; o++)
		help_row(o->letter, o->name, o->arg, o->help);
	help_row('\0', "metrics", "FILE", "keep its figures there, for Prometheus");
	help_row('h', "help", NULL, "print this and stop");
	help_row('\0', "version", NULL, "print the version and stop");
	if (spec->more != NULL)
		out_printf("\n%s\n", spec->more);
}

static void
version(void)
{
	out_printf("%s %s\n", diag_program(), NBMS_VERSION);
}

static bool
parse_bytes(const char *text, int64_t *bytes)
{
	static const char units[] = "kMGT";
	char *end;
	long long v;
	const char *u;
	int64_t unit = 1;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || errno != 0 || v < 0)
		return false;
	if (*end == 'K')
		unit = 1024;
	else if (*end != '\0') {
		u = strchr(units, *end);
		if (u == NULL)
			return false;
		unit = (int64_t)1 << (10 * (u - units + 1));
	}
	if (*end != '\0' && end[1] != '\0')
		return false;
	if (v > INT64_MAX / unit)
		return false;
	*bytes = (int64_t)v * unit;
	return true;
}

static bool
parse_count(const char *text, int64_t *count)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	*count = v;
	return end != text && *end == '\0' && errno == 0 && v >= 0;
}

static bool
parse_number(const char *text, double *number)
{
	char *end;

	*number = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*number);
}

static void
store(const struct opt *o, const char *arg)
{
	bool fine = true;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->to = true;
		break;
	case OPT_TEXT:
		*(const char **)o->to = arg;
		break;
	case OPT_COUNT:
		fine = parse_count(arg, o->to);
		break;
	case OPT_NUMBER:
		fine = parse_number(arg, o->to);
		break;
	case OPT_DURATION:
		fine = when_parse_duration(span_of(arg), o->to);
		break;
	case OPT_BYTES:
		fine = parse_bytes(arg, o->to);
		break;
	case OPT_LIST:
		opt_list_add(o->to, arg);
		break;
	}
	if (!fine)
		opt_wrong("--%s: not a %s: %s", o->name, o->arg, arg);
}

static void
answer(const struct opt_spec *spec, const char *const verbs[], int code, const char *arg)
{
	if (code == CODE_HELP)
		help(spec);
	else if (code == CODE_VERSION)
		version();
	else if (!completion_print(spec, verbs, arg))
		opt_wrong("--completion: no such shell: %s", arg);
	out_close();
	diag_exit(0);
}

int
opt_parse(const struct opt_spec *spec, int argc, char *argv[])
{
	struct option longs[OPTS_MAX + COMMON + 1] = { 0 };
	char letters[2 * OPTS_MAX + 4] = ":h";
	size_t n, at = strlen(letters);
	const char *metrics = NULL;
	int code;

	for (n = 0; spec->opts[n].name != NULL; n++) {
		const struct opt *o = &spec->opts[n];

		must(n < OPTS_MAX);
		longs[n] =
		    (struct option){ o->name, o->kind != OPT_FLAG, NULL, LONG_ONLY + (int)n };
		if (o->letter != '\0')
			letters[at++] = o->letter;
		if (o->letter != '\0' && o->kind != OPT_FLAG)
			letters[at++] = ':';
	}
	memcpy(longs + n, common, sizeof(common));
	opterr = 0;
	optind = 1;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const char *shown = optind > 0 && optind <= argc ? argv[optind - 1] : "";
		const struct opt *o = spec->opts;

		if (code == '?' && optopt > 0 && optopt < LONG_ONLY)
			opt_wrong("unknown option -%c", optopt);
		if (code == '?')
			opt_wrong("unknown, ambiguous or wrongly used option %s", shown);
		if (code == ':')
			opt_wrong("option %s needs an argument", shown);
		if (code == CODE_METRICS)
			metrics = optarg;
		else if (code == 'h' || code >= CODE_HELP)
			answer(spec, NULL, code == 'h' ? CODE_HELP : code, optarg);
		if (code == CODE_METRICS)
			continue;
		if (code >= LONG_ONLY)
			o += code - LONG_ONLY;
		else
			while (o->letter != code)
				o++;
		store(o, optarg);
	}
	if (metrics != NULL)
		metrics_to(metrics);
	return optind;
}

int
opt_verb_or_none(const struct opt_spec *spec, const char *const verbs[], int argc, char *argv[])
{
	static const char completion[] = "--completion";
	int i;

	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		answer(spec, verbs, CODE_HELP, NULL);
	if (argc >= 2 && strcmp(argv[1], "--version") == 0)
		answer(spec, verbs, CODE_VERSION, NULL);
	if (argc >= 2 && strncmp(argv[1], completion, sizeof(completion) - 1) == 0)
		answer(spec, verbs, CODE_COMPLETION,
		    argv[1][sizeof(completion) - 1] == '=' ? argv[1] + sizeof(completion)
							   : NULL);
	for (i = 0; verbs[i] != NULL; i++)
		if (argc >= 2 && strcmp(argv[1], verbs[i]) == 0)
			return i;
	return -1;
}

int
opt_verb(const struct opt_spec *spec, const char *const verbs[], int argc, char *argv[])
{
	int verb = opt_verb_or_none(spec, verbs, argc, argv), i;
	char names[1024] = "";
	size_t at = 0;

	if (verb >= 0)
		return verb;
	for (i = 0; verbs[i] != NULL; i++) {
		at += (size_t)snprintf(
		    names + at, sizeof(names) - at, "%s%s", i > 0 ? ", " : "", verbs[i]);
		if (at >= sizeof(names))
			at = sizeof(names) - 1;
	}
	if (argc < 2)
		opt_wrong("what to do? One of: %s", names);
	opt_wrong("no such command: %s; one of: %s", argv[1], names);
}
