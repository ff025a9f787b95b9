/*
 * json: reading records, over simdjson.
 *
 * A `struct json` is a parser and the one document it last parsed; it is reused from record to
 * record and its memory grows to the largest seen. Values are small handles, borrowed until the
 * next json_parse or json_free. Accessors never abort: a value that is absent or of another
 * kind gives JSON_NONE or false and leaves the result alone, so calls can be chained without
 * looking.
 *
 * Trust: none needed. The text may hold any bytes. What json_parse accepts is well-formed JSON
 * (RFC 8259) in valid UTF-8, nested at most JSON_DEPTH deep; an infinite number such as 1e999
 * is accepted as text and refused by json_number. Members of an object keep their order and may
 * repeat; json_repeated finds those that do.
 */
#ifndef NBMS_BASE_JSON_H
#define NBMS_BASE_JSON_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_DEPTH 64      /* deeper nesting is hostile: our own records use 6 */
#define JSON_NUMBER_MAX 32 /* bytes that hold any number json_format_number writes */

enum json_kind {
	JSON_NONE, /* no such value */
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json;

typedef struct json_value {
	const struct json *doc;
	uint32_t at; /* 0: none */
} json_value;

struct json *json_new(void);
void json_free(struct json *j);

/*
 * Parses one whole text, which one readable byte must follow and which must stay as it is while
 * values are used. False: json_error says why, in a few words.
 */
bool json_parse(struct json *j, struct span text, json_value *root);

/*
 * json_parse for one who looks at the outermost `depth` levels: all of the text is checked, but
 * deeper containers seem empty (json_raw still gives them whole).
 */
bool json_parse_outline(struct json *j, struct span text, unsigned depth, json_value *root);

/* json_parse for text that does not stay: it is copied into the document first. */
bool json_parse_copy(struct json *j, struct span text, json_value *root);

/* What was wrong with the text json_parse refused: a sentence, and a reason code for the reject
 * ledger. */
const char *json_error(const struct json *j);
const char *json_error_code(const struct json *j);

enum json_kind json_kind_of(json_value v);

/* First member of that name. */
json_value json_get(json_value object, const char *name);

/* Elements of an array or members of an object, in order; JSON_NONE after the last. */
json_value json_first(json_value container);
json_value json_next(json_value element);

/* A member's name and value at once, for walks over many. False: no more, or not an object. The
 * value of one that json_first_member gave may be passed to json_next and so on. */
struct json_member {
	struct span name;
	json_value value;
};

bool json_first_member(json_value object, struct json_member *m);
bool json_next_member(struct json_member *m);

/* The name of a member that json_first, json_next or json_get gave; empty for what has none. */
struct span json_name(json_value member);

/* The same as it stands in the text, with its quotes. */
struct span json_name_raw(json_value member);

/* A member whose name an earlier one has, or none. Quadratic: for objects of a few members. */
json_value json_repeated(json_value object);

size_t json_count(json_value container);

bool json_text(json_value v, struct span *text);
bool json_bool(json_value v, bool *b);
bool json_number(json_value v, double *d); /* finite */
bool json_int(json_value v, int64_t *i);   /* an integer in range, also as 12.0 or 1e3 */

/* The value's own bytes in the text, as they came: a number's digits, a string with its quotes.
 */
struct span json_raw(json_value v);

/*
 * Finds members of the outermost object without reading past the last one found: raw[i] is the
 * text of names[i], {NULL, 0} where there is none. For records whose maker has checked them.
 * False: not an object.
 */
bool json_peek(
    struct json *j, struct span text, const char *const names[], struct span raw[], size_t n);

/* Is there no insignificant white space in the text that the value is part of? Then json_minify
 * would only copy. */
bool json_is_minified(json_value v);

/* Appends text without insignificant white space; false if it does not fit or a string is not
 * closed. */
bool json_minify(struct span text, struct buf *to);

bool json_is_utf8(struct span text);

/* Shortest decimal that reads back as the same double; d must be finite. Returns the length. */
size_t json_format_number(double d, char to[JSON_NUMBER_MAX]);

#ifdef __cplusplus
}
#endif

#endif
