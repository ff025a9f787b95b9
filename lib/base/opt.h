/*
 * opt: options, declared once as a table that is both the parser and the --help text.
 *
 * Every program has --help (stdout, status 0) and --version; a wrong call is said in one line
 * and ends with EX_USAGE. Long options may be shortened to what is unambiguous and take
 * `--name=value` or `--name value` (getopt_long). Secrets are never option values: an option
 * names a file that holds one. --metrics FILE (base/metrics.h) is every program's too, and
 * --completion[=SHELL], not shown, which prints the table for bash or zsh (base/completion.h).
 */
#ifndef NBMS_BASE_OPT_H
#define NBMS_BASE_OPT_H

#include "base/span.h"

#include <stdint.h>

enum opt_kind {
	OPT_FLAG,     /* bool *: set true */
	OPT_TEXT,     /* const char **: the argument */
	OPT_COUNT,    /* int64_t *: a whole number, 0 and up */
	OPT_NUMBER,   /* double *: a finite number */
	OPT_DURATION, /* int64_t *: seconds from 90, 90s, 15m, 6h, 7d */
	OPT_BYTES,    /* int64_t *: 4096, 64k, 16M, 2G (powers of 1024) */
	OPT_LIST      /* struct opt_list *: the argument is appended */
};

struct opt_list {
	const char **items; /* borrowed texts; the array is freed by opt_list_free */
	size_t n;
};

struct opt {
	char letter; /* '\0': none */
	const char *name;
	const char *arg; /* what --help calls the argument; NULL for OPT_FLAG */
	enum opt_kind kind;
	void *to;
	const char *help;
};

#define OPT_END                                        \
	{                                              \
		'\0', NULL, NULL, OPT_FLAG, NULL, NULL \
	}

/* Of every program that has a state directory (see opt_state_dir). */
#define STATE_OPTION(to)                                                                     \
	{                                                                                    \
		'd', "dir", "DIR", OPT_TEXT, to, "state directory ($NBMS_DIR, ./nbms-state)" \
	}

struct opt_spec {
	const char *const
	    *usage; /* NULL-ended lines after the program's name: "[-d DIR] [FILE ...]" */
	const char *about;      /* a sentence or two */
	const struct opt *opts; /* ended by OPT_END */
	const char *more;       /* text after the options, or NULL */
};

/* Returns the index of the first operand in argv. */
int opt_parse(const struct opt_spec *spec, int argc, char *argv[]);

/*
 * The verb of a program with subcommands (`nbms-query history ...`): the index of argv[1] in
 * verbs, which is NULL-ended. A leading --help or --version is answered from spec; a missing or
 * unknown verb is a usage error that names the verbs.
 */
int opt_verb(const struct opt_spec *spec, const char *const verbs[], int argc, char *argv[]);

/* The same of a program that is a filter without one: -1, and argv is as it was. */
int opt_verb_or_none(
    const struct opt_spec *spec, const char *const verbs[], int argc, char *argv[]);

/* Says what is wrong with the call and ends with EX_USAGE. */
__attribute__((noreturn, format(printf, 1, 2))) void opt_wrong(const char *fmt, ...);

void opt_list_add(struct opt_list *list, const char *item);
void opt_list_free(struct opt_list *list);

/* The state directory: `given`, or $NBMS_DIR, or ./nbms-state. */
const char *opt_state_dir(const char *given);

#endif
