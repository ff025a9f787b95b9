/*
 * capture: reading back what was captured of a message stream, in whatever form it was
 * captured.
 *
 * The form is recognised record by record:
 *
 *   {"thing":..,"point":..,"message":..}                  bare
 *   nbms/up/C000003_B001_01 {"thing":..}                  mosquitto_sub -v
 *   {"tst":..,"topic":..,"payload":..}                    mosquitto_sub -F %j (payload a
 * string), %J (an object)
 *   {"topic":..,"partition":..,"offset":..,"payload":..}  kcat -J; the topic is Kafka's and is
 * not kept
 *   {"seq":..,"received":..,"thing":..}                   an envelope; marks are passed over
 *   {"rejected":..,"record":..}                           a reject ledger: its record is read
 * as if it stood there
 *
 * Any of them may be printed over several lines: it ends where its brackets close. A record
 * that was cut is given up, as far as it came, at the first line that cannot go on with it: one
 * that ends inside a string, or a new record at a line's first column. Blank lines are passed
 * over.
 *
 * Trust: none needed.
 */
#ifndef NBMS_IO_CAPTURE_H
#define NBMS_IO_CAPTURE_H

#include "base/json.h"
#include "base/lines.h"
#include "base/when.h"

#define CAPTURE_NESTING 4 /* a ledger of mosquitto_sub -F %j of an object takes 3 */

enum capture_result {
	CAPTURE_END,
	CAPTURE_RECORD,
	CAPTURE_PASS, /* nothing to do: a mark */
	CAPTURE_BAD,  /* code and why say what is wrong */
	CAPTURE_ERROR /* reading failed and was reported */
};

/* One record; everything is borrowed until the next call. */
struct captured {
	struct where at;   /* its first line */
	struct span text;  /* as it came */
	uint64_t bytes;    /* its whole length where text is only its beginning, otherwise 0 */
	json_value root;   /* the gateway's object, or an envelope */
	struct span topic; /* empty: not told */
	int64_t received_ms; /* WHEN_NONE: not told */
	bool enveloped;      /* root has an envelope's members */
	bool mqtt;           /* the topic is the one it was published on */
	const char *code, *why;
};

struct capture;

struct capture *capture_new(void);
void capture_free(struct capture *c);

/* Understands one record's text: _RECORD, _PASS or _BAD. BUF_PAD readable bytes must follow it.
 */
enum capture_result capture_parse(struct capture *c, struct span text, struct captured *r);

/* The next record of `in`; max bounds one that takes several lines (0: LINES_MAX). */
enum capture_result capture_next(
    struct capture *c, struct lines *in, size_t max, struct captured *r);

#endif
