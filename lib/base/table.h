/*
 * table: rows of named cells to stdout, in the form the reader wants: NDJSON in a pipe, aligned
 * columns on a terminal, CSV (RFC 4180) when asked. One description of the columns serves all
 * three.
 *
 * The aligned form measures its columns on the first rows (TABLE_LOOKAHEAD) and streams the
 * rest, so memory stays flat; wide characters count two cells. Control bytes in text are shown
 * as `?` there.
 */
#ifndef NBMS_BASE_TABLE_H
#define NBMS_BASE_TABLE_H

#include "base/opt.h"
#include "base/span.h"

#define TABLE_COLUMNS 32
#define TABLE_LOOKAHEAD 500

enum table_form { TABLE_NDJSON, TABLE_CSV, TABLE_ALIGNED, TABLE_ARRAY /* one JSON text */ };

/* The options --json, --csv and --table of a program that prints rows; array, which is no
 * option, is for those who answer requests. */
struct table_options {
	bool json, csv, aligned, array;
};

#define TABLE_OPTIONS(t)                                                                \
	{ '\0', "json", NULL, OPT_FLAG, &(t)->json, "NDJSON (the default in a pipe)" }, \
	    { '\0', "csv", NULL, OPT_FLAG, &(t)->csv, "comma-separated values" },       \
	{                                                                               \
		'\0', "table", NULL, OPT_FLAG, &(t)->aligned,                           \
		    "aligned columns (the default on a terminal)"                       \
	}

enum table_form table_form(const struct table_options *o);

/* Are its rows objects? */
bool table_is_json(enum table_form form);

struct table;

/* names: n column names, borrowed, also the members' names in NDJSON. */
struct table *table_begin(enum table_form form, const char *const names[], size_t n);

/* The cells of a row in order; the row ends with the last. A number keeps the shortest text
 * that reads back. */
void table_text(struct table *t, struct span s);
void table_str(struct table *t, const char *s); /* NULL: null */
void table_int(struct table *t, int64_t v);
void table_double(struct table *t, double v); /* not finite: null */
void table_bool(struct table *t, bool v);
void table_null(struct table *t);
void table_json(struct table *t, struct span json); /* JSON text as it is */

/* Flushes the rows held back; returns how many there were. */
uint64_t table_end(struct table *t);

#endif
