/*
 * reject: the ledger of records that could not be understood: NDJSON, one line a record,
 * appended whole:
 *
 *   {"rejected":CODE,"why":TEXT,"where":"<stdin>:17","by":"nbms-store","received":T,"record":"the
 * line"}
 *
 * `received` is there when the record had it. A record that is not UTF-8 stands as
 * "record_base64" instead; of a line too long to hold, the first 64 KiB stand, and "bytes" is
 * its length. `nbms-recv --replay` reads a ledger as it reads a capture, so that what was
 * rejected can be fed in again after a fix.
 */
#ifndef NBMS_BASE_REJECT_H
#define NBMS_BASE_REJECT_H

#include "base/diag.h"
#include "base/span.h"

struct reject;

/* path NULL: no ledger, rejections are only said and counted. Cannot be opened: ends with
 * EX_CANTCREAT. */
struct reject *reject_open(const char *path);

/* Flushes to the disk; a ledger that cannot be written ends the program: a rejected record is
 * not lost in silence. */
void reject_close(struct reject *r);

/* What was written is on the disk when it returns: before a message whose record was rejected
 * is acknowledged. */
void reject_sync(struct reject *r);

/* What is said of one rejected record. */
struct rejection {
	const char *code; /* a short constant: "unknown-thing" */
	const char *why;  /* for people */
	struct where at;
	struct span received; /* RFC 3339 text or empty */
	struct span record;   /* the line as it came */
	uint64_t bytes; /* its whole length where record is only its beginning, otherwise 0 */
};

/* Says it on stderr, writes the ledger's line, and counts it as rejected. */
void reject_write(struct reject *r, const struct rejection *what);

#endif
