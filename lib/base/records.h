/*
 * records: the one input loop of every filter: NDJSON in, a function called for each record.
 *
 * Blank lines are passed over. A line that is over-long, not UTF-8, not JSON, not an object, or
 * the last one and without its LF, is rejected here; whatever the function finds wrong it
 * rejects with record_reject, once, and returns. Each record is counted: in, and then rejected,
 * duplicate (record_duplicate) or out (whatever is neither).
 */
#ifndef NBMS_BASE_RECORDS_H
#define NBMS_BASE_RECORDS_H

#include "base/json.h"
#include "base/lines.h"
#include "base/opt.h"
#include "base/reject.h"

struct records {
	const char *reject_path; /* --reject FILE */
	bool count;              /* --count */
	bool strict;             /* --strict */
	int64_t line_max;        /* --max-line BYTES; 0: LINES_MAX */
	void (*idle)(
	    void *ctx); /* called when no input comes for 50 ms, before waiting; or NULL */
	struct reject *ledger;
	struct json *json;
};

/* The rows these options take in a program's table. */
#define RECORDS_OPTIONS(r)                                                \
	{ '\0', "reject", "FILE", OPT_TEXT, &(r)->reject_path,            \
		"append rejected records to FILE" },                      \
	    { '\0', "strict", NULL, OPT_FLAG, &(r)->strict,               \
		    "exit 65 instead of 1 when any is rejected" },        \
	    { '\0', "count", NULL, OPT_FLAG, &(r)->count,                 \
		    "print in = out + rejected + duplicate at the end" }, \
	{                                                                 \
		'\0', "max-line", "BYTES", OPT_BYTES, &(r)->line_max,     \
		    "longest line taken (16M)"                            \
	}

struct record {
	struct records *in;
	struct where at;
	struct span line; /* as it came, BUF_PAD readable bytes behind it */
	json_value root;  /* an object */
	bool settled;     /* rejected or a duplicate: not to be counted as done */
};

/* False ends the loop early. */
typedef bool record_fn(void *ctx, struct record *r);

void records_begin(struct records *in);
void records_end(struct records *in);

/* Every record of one descriptor. Returns 0, or a status of sysexits(3) when reading failed
 * (reported). */
int records_each(struct records *in, int fd, const char *name, record_fn *fn, void *ctx);

/* Of the named files in turn, "-" being stdin; of stdin when there are none. A file that cannot
 * be opened: EX_NOINPUT. */
int records_files(struct records *in, int n, char *const names[], record_fn *fn, void *ctx);

/*
 * The two halves of the loop, for a caller that has its own: record_begin counts what
 * lines_next or lines_try gave and rejects what is no whole line; true: the record is the
 * caller's, not yet parsed, and record_end counts it as done unless it was settled otherwise.
 */
bool record_begin(struct record *r, struct records *in, const struct lines *lines,
    enum lines_kind kind, struct span line);
void record_end(struct record *r);

void record_reject(struct record *r, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void record_duplicate(struct record *r);

#endif
