/* json_own: what the parser of lib/base/json leaves for those who read its values and texts. */
#ifndef NBMS_BASE_JSON_OWN_H
#define NBMS_BASE_JSON_OWN_H

#include "base/json.h"

#include <simdjson.h>

#include <memory>

namespace json_own
{

/* A string that is no value, but a member's name; an array's element may well have a string
 * before it. */
constexpr json_kind MEMBER_NAME = json_kind(JSON_OBJECT + 1);

struct node {
	uint32_t off;  /* of the raw text (of a string: of its content) in the document */
	uint32_t n;    /* its length */
	uint32_t next; /* the following sibling, 0 for the last */
	uint32_t
	    child; /* a container's first child; a string with escapes: its place in `plain` */
	json_kind kind;
};

/* An unescaped string: n bytes at arena + off. */
struct piece {
	size_t off;
	size_t n;
};

enum fault { FINE, EMPTY, UTF8, CONTROL, OPEN_STRING, DEPTH, SYNTAX, NUMBER, ESCAPE, SIZE };

} // namespace json_own

struct json {
	std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
	json_own::node
	    *nodes; /* node 0 is never a value; a member's name is the node before its value */
	size_t count, room;
	json_own::piece *plain; /* entry 0 is never used */
	size_t plain_count, plain_room;
	char *arena;
	size_t arena_n, arena_room;
	struct buf copy;
	struct buf tail; /* the last string, where the text ends too soon behind it */
	const char *text;
	size_t n;
	bool minified;
	json_own::fault error;
};

namespace json_own
{

/* Finds the text's tokens, of which there is at least one; behind the last the index has the
 * text's end twice. */
fault index_text(json *j, struct span text);

inline bool
is_space(char c)
{
	return uint8_t(c) <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

/* The tokens of an indexed text: starts of punctuation, strings and other scalars, in order. */
class tokens
{
      public:
	tokens(const json *j, struct span whole)
	    : at(j->stage->structural_indexes.get()), end(at + j->stage->n_structural_indexes),
	      text(whole)
	{
	}

	char
	peek() const
	{
		return at < end ? text.p[*at] : '\0';
	}
	/* The same where there is one. */
	char
	now() const
	{
		return text.p[*at];
	}
	char
	last() const
	{
		return text.p[end[-1]];
	}
	uint32_t
	here() const
	{
		return *at;
	}
	void
	skip()
	{
		at++;
	}
	size_t
	left() const
	{
		return size_t(end - at);
	}
	bool
	done() const
	{
		return at >= end;
	}

	/* One past the last byte of the scalar here, white space behind it left out. */
	uint32_t
	scalar_end() const
	{
		uint32_t to = at[1];

		while (is_space(text.p[to - 1]) && to > *at + 1)
			to--;
		return to;
	}

      private:
	const uint32_t *at;
	const uint32_t *end;
	struct span text;
};

inline const node *
node_of(json_value v)
{
	return v.doc != nullptr && v.at != 0 ? &v.doc->nodes[v.at] : nullptr;
}

inline struct span
string_of(const json *j, const node *s)
{
	if (s->child != 0)
		return { j->arena + j->plain[s->child].off, j->plain[s->child].n };
	return { j->text + s->off, s->n };
}

} // namespace json_own

#endif
