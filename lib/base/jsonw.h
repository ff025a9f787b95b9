/*
 * jsonw: writing one JSON text into a buf.
 *
 * Calls follow the text: jw_object, jw_key, jw_text, ..., jw_end. Commas are put where they
 * belong. Errors stick: a double that is no JSON number (NaN, infinity), text that is not
 * UTF-8, or a full buf makes the whole text wrong, and jw_finish says so; nothing in between
 * needs looking at. A mistake in the order of calls aborts.
 */
#ifndef NBMS_BASE_JSONW_H
#define NBMS_BASE_JSONW_H

#include "base/buf.h"

#define JW_DEPTH 32

struct jw {
	struct buf *to;
	int depth;
	bool bad;
	bool named;             /* a key was written, its value is due */
	bool filled[JW_DEPTH];  /* has the container at that depth something in it? */
	char closing[JW_DEPTH]; /* what closes it */
};

/* Appends to `to`, which may hold something already. */
struct jw jw_begin(struct buf *to);

/* Is the text whole and right? */
bool jw_finish(struct jw *w);

void jw_object(struct jw *w);
void jw_array(struct jw *w);
void jw_end(struct jw *w); /* closes the innermost object or array */

void jw_key(struct jw *w, const char *name);
void jw_key_span(struct jw *w, struct span name);

void jw_text(struct jw *w, struct span s);
void jw_str(struct jw *w, const char *s); /* NULL: null */
void jw_int(struct jw *w, int64_t v);
void jw_double(struct jw *w, double v); /* shortest text that reads back the same */
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_raw(struct jw *w, struct span json); /* JSON text, taken as it is */

/* A member at once. */
void jw_member_text(struct jw *w, const char *name, struct span s);
void jw_member_str(struct jw *w, const char *name, const char *s);
void jw_member_int(struct jw *w, const char *name, int64_t v);
void jw_member_double(struct jw *w, const char *name, double v);
void jw_member_bool(struct jw *w, const char *name, bool v);
void jw_member_null(struct jw *w, const char *name);
void jw_member_raw(struct jw *w, const char *name, struct span json);

/* A member of at most that many decimals; null where it is not finite. */
void jw_member_round(struct jw *w, const char *name, double v, int decimals);

/* A list of n numbers in the same manner. */
void jw_member_rounds(struct jw *w, const char *name, const double *v, size_t n, int decimals);

/* A string with its quotes, for those who need no more. False: not UTF-8. */
bool jw_quote(struct buf *to, struct span s);

#endif
