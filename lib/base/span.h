/*
 * span: borrowed text with a length. Not NUL-terminated, owned by whoever says so where it
 * comes from; unless said otherwise it lives until the next call on the object that gave it.
 */
#ifndef NBMS_BASE_SPAN_H
#define NBMS_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

/* A string literal as a span. */
#define SPAN(lit) ((struct span){ (lit), sizeof(lit) - 1 })

/* For printf("%.*s", SPAN_ARG(s)); lengths past INT_MAX do not occur: lines are capped far
 * below. */
#define SPAN_ARG(s) (int)(s).n, (s).p

static inline struct span
span_of(const char *text)
{
	struct span s = { text, text != NULL ? strlen(text) : 0 };

	return s;
}

static inline bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
span_is(struct span a, const char *text)
{
	return span_eq(a, span_of(text));
}

static inline bool
span_starts(struct span a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

/* Without the spaces, tabs and carriage returns at either end. */
static inline struct span
span_trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r'))
		s.p++, s.n--;
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

#define SPAN_HASH UINT64_C(14695981039346656037)

/* FNV-1a, 64 bits (Fowler, Noll, Vo): of SPAN_HASH and a text, or of the hash of what is before
 * it. */
static inline uint64_t
span_hash(uint64_t hash, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
	return hash;
}

#endif
