/*
 * The one C++ file that knows simdjson. Its first stage (structural index, UTF-8, control
 * characters) runs at memory speed on whatever vector unit there is; the grammar is then
 * checked here in one walk that leaves a flat array of nodes, so that C can look at values in
 * any order and see a number's own text.
 */
#include "base/json.h"
#include "base/diag.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>

static_assert(
    simdjson::SIMDJSON_PADDING <= BUF_PAD, "buf and lines pad less than simdjson reads");

namespace
{

constexpr size_t TEXT_MAX = size_t(1) << 30; /* offsets are 32 bits */

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

const struct {
	const char *text;
	const char *code;
} faults[] = {
	{ "nothing wrong", "" },
	{ "no JSON there", "bad-json" },
	{ "not UTF-8", "bad-utf8" },
	{ "a control character in a string", "bad-json" },
	{ "a string is not closed", "bad-json" },
	{ "nested too deep", "too-deep" },
	{ "not JSON", "bad-json" },
	{ "not a JSON number", "bad-json" },
	{ "a bad escape in a string", "bad-json" },
	{ "too long", "too-long" },
};

/* What C++ cannot have either ends the program as xmalloc does, not as an exception that nobody
 * takes. From the start of every program that reads JSON or knows time zones. */
void
no_memory()
{
	die(EX_OSERR, "out of memory");
}

[[maybe_unused]] const std::new_handler before = std::set_new_handler(no_memory);

} // namespace

struct json {
	std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
	node *nodes; /* node 0 is never a value; a member's name is the node before its value */
	size_t count, room;
	piece *plain; /* entry 0 is never used */
	size_t plain_count, plain_room;
	char *arena;
	size_t arena_n, arena_room;
	struct buf copy;
	const char *text;
	size_t n;
	bool minified;
	fault error;
};

namespace
{

template <typename T>
T *
grown(T *p, size_t count, size_t *room)
{
	if (count < *room)
		return p;
	*room = *room > 0 ? *room * 2 : 64;
	return static_cast<T *>(xrealloc(p, *room * sizeof(T)));
}

fault
index_text(json *j, struct span text)
{
	using namespace simdjson;

	if (text.n > TEXT_MAX)
		return SIZE;
	if (!j->stage || j->stage->capacity() < text.n) {
		size_t room = text.n < 4096 ? 4096 : text.n + text.n / 4;
		error_code e =
		    !j->stage ? get_active_implementation()->create_dom_parser_implementation(
				    room, JSON_DEPTH, j->stage)
			      : j->stage->set_capacity(room);

		if (e)
			die(EX_OSERR, "out of memory");
	}
	switch (j->stage->stage1(reinterpret_cast<const uint8_t *>(text.p), text.n,
	    simdjson::stage1_mode::regular)) {
	case simdjson::SUCCESS:
		return FINE;
	case simdjson::EMPTY:
		return EMPTY;
	case simdjson::UTF8_ERROR:
		return UTF8;
	case simdjson::UNESCAPED_CHARS:
		return CONTROL;
	case simdjson::UNCLOSED_STRING:
		return OPEN_STRING;
	default:
		return SYNTAX;
	}
}

bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* Is all of [p, end) one number of RFC 8259 section 6? */
bool
is_number(const char *p, const char *end)
{
	const char *from;

	if (p < end && *p == '-')
		p++;
	if (p == end || !is_digit(*p))
		return false;
	p = *p == '0' ? p + 1 : skip_digits(p, end);
	if (p < end && *p == '.') {
		from = ++p;
		if ((p = skip_digits(p, end)) == from)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		from = p;
		if ((p = skip_digits(p, end)) == from)
			return false;
	}
	return p == end;
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
	uint32_t
	here() const
	{
		return at < end ? *at : uint32_t(text.n);
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
		uint32_t to = at + 1 < end ? at[1] : uint32_t(text.n);

		while (to > *at + 1 && is_space(text.p[to - 1]))
			to--;
		return to;
	}

      private:
	const uint32_t *at;
	const uint32_t *end;
	struct span text;
};

class walk
{
      public:
	walk(json *doc, struct span text, unsigned depth)
	    : j(doc), in(doc, text), base(text.p), kept(depth),
	      escapes(memchr(text.p, '\\', text.n) != nullptr)
	{
	}

	fault
	document(uint32_t *root)
	{
		size_t nodes = j->count + in.left(); /* at most one a token */
		fault f;

		if (nodes > j->room) {
			j->room = nodes + nodes / 4;
			j->nodes =
			    static_cast<node *>(xrealloc(j->nodes, j->room * sizeof(node)));
		}
		f = value(0, root);
		j->minified = meant == j->n;
		return f != FINE ? f : in.done() ? FINE : SYNTAX;
	}

      private:
	json *j;
	tokens in;
	const char *base;
	unsigned kept; /* containers as deep as this are checked, and nothing in them kept */
	bool escapes; /* is there any in the text? Mostly not, and then no string is searched */
	size_t meant = 0; /* bytes that are not insignificant white space */

	void
	punctuation()
	{
		meant++;
		in.skip();
	}

	uint32_t
	add(json_kind kind, uint32_t off, uint32_t n)
	{
		j->nodes[j->count] = node{ off, n, 0, 0, kind };
		return uint32_t(j->count++);
	}

	fault
	value(unsigned depth, uint32_t *self)
	{
		if (depth > JSON_DEPTH)
			return DEPTH;
		switch (in.peek()) {
		case '{':
			return container(JSON_OBJECT, '}', depth, self);
		case '[':
			return container(JSON_ARRAY, ']', depth, self);
		case '"':
			return string(self);
		default:
			return scalar(self);
		}
	}

	fault
	container(json_kind kind, char closing, unsigned depth, uint32_t *self)
	{
		uint32_t last = 0, child, me = add(kind, in.here(), 0);
		fault f = FINE;

		*self = me;
		punctuation();
		if (depth >= kept && (f = skim(closing, depth)) != FINE)
			return f;
		while (in.peek() != closing) {
			if (last != 0) {
				if (in.peek() != ',')
					return SYNTAX;
				punctuation();
			}
			if (kind == JSON_OBJECT && (f = name()) != FINE)
				return f;
			if ((f = value(depth + 1, &child)) != FINE)
				return f;
			if (last != 0)
				j->nodes[last].next = child;
			else
				j->nodes[me].child = child;
			last = child;
		}
		j->nodes[me].n = in.here() + 1 - j->nodes[me].off;
		punctuation();
		return FINE;
	}

	/* Checks what is in a container, up to where it closes. */
	fault
	skim(char closing, unsigned depth)
	{
		char closes[JSON_DEPTH + 1];
		unsigned open = 0;
		bool first = true; /* nothing yet in the innermost one */

		closes[0] = closing;
		for (;;) {
			char c = in.peek();
			fault f;

			if (c == closes[open]) {
				if (open == 0)
					return FINE;
				open--;
				first = false;
				punctuation();
				continue;
			}
			if (!first) {
				if (c != ',')
					return SYNTAX;
				punctuation();
			}
			if (closes[open] == '}' && (f = skim_name()) != FINE)
				return f;
			if (depth + open >= JSON_DEPTH)
				return DEPTH;
			c = in.peek();
			first = c == '{' || c == '[';
			if (first) {
				closes[++open] = c == '{' ? '}' : ']';
				punctuation();
				continue;
			}
			if ((f = c == '"' ? skim_string() : skim_scalar()) != FINE)
				return f;
		}
	}

	fault
	skim_name()
	{
		fault f;

		if (in.peek() != '"')
			return SYNTAX;
		if ((f = skim_string()) != FINE)
			return f;
		if (in.peek() != ':')
			return SYNTAX;
		punctuation();
		return FINE;
	}

	/* A string, and where it ends. */
	fault
	bounds(uint32_t *from, uint32_t *to)
	{
		*from = in.here() + 1;
		*to = in.scalar_end();
		if (*to <= *from || base[*to - 1] != '"')
			return SYNTAX;
		in.skip();
		meant += *to - *from + 1;
		--*to;
		return FINE;
	}

	bool
	escaped(uint32_t from, uint32_t to) const
	{
		return escapes && memchr(base + from, '\\', to - from) != nullptr;
	}

	fault
	skim_string()
	{
		uint32_t from, to;
		fault f = bounds(&from, &to);
		size_t unused;

		return f == FINE && escaped(from, to) ? plain_text(from, &unused) : f;
	}

	fault
	skim_scalar()
	{
		json_kind kind;
		struct span text;

		return token(&kind, &text);
	}

	fault
	name()
	{
		uint32_t unused;
		fault f;

		if (in.peek() != '"')
			return SYNTAX;
		if ((f = string(&unused)) != FINE)
			return f;
		if (in.peek() != ':')
			return SYNTAX;
		punctuation();
		return FINE;
	}

	fault
	string(uint32_t *self)
	{
		uint32_t from, to;
		fault f = bounds(&from, &to);

		if (f != FINE)
			return f;
		*self = add(JSON_STRING, from, to - from);
		return escaped(from, to) ? unescape(*self) : FINE;
	}

	/* Reads the string at from into the arena, behind what is kept there. */
	fault
	plain_text(uint32_t from, size_t *n)
	{
		uint8_t *to, *end;

		if (j->arena_room < j->n + BUF_PAD) {
			must(j->arena_n == 0); /* nothing points into it yet */
			j->arena_room = j->n + BUF_PAD;
			j->arena = static_cast<char *>(xrealloc(j->arena, j->arena_room));
		}
		to = reinterpret_cast<uint8_t *>(j->arena + j->arena_n);
		end =
		    j->stage->parse_string(reinterpret_cast<const uint8_t *>(base + from), to);
		if (end == nullptr)
			return ESCAPE;
		*n = size_t(end - to);
		return FINE;
	}

	fault
	unescape(uint32_t self)
	{
		size_t n = 0;
		fault f = plain_text(j->nodes[self].off, &n);

		if (f != FINE)
			return f;
		j->plain = grown(j->plain, j->plain_count, &j->plain_room);
		j->plain[j->plain_count] = piece{ j->arena_n, n };
		j->arena_n += n;
		j->nodes[self].child = uint32_t(j->plain_count++);
		return FINE;
	}

	/* A number, true, false or null. */
	fault
	token(json_kind *kind, struct span *text)
	{
		uint32_t from = in.here();
		struct span s;

		if (in.done())
			return SYNTAX;
		s = { base + from, in.scalar_end() - from };
		*text = s;
		in.skip();
		meant += s.n;
		if (is_digit(s.p[0]) || s.p[0] == '-') {
			*kind = JSON_NUMBER;
			return is_number(s.p, s.p + s.n) ? FINE : NUMBER;
		}
		*kind = span_is(s, "null") ? JSON_NULL : JSON_BOOL;
		return *kind == JSON_NULL || span_is(s, "true") || span_is(s, "false") ? FINE
										       : SYNTAX;
	}

	fault
	scalar(uint32_t *self)
	{
		json_kind kind;
		struct span text;
		fault f = token(&kind, &text);

		if (f == FINE)
			*self = add(kind, uint32_t(text.p - base), uint32_t(text.n));
		return f;
	}
};

const node *
node_of(json_value v)
{
	return v.doc != nullptr && v.at != 0 ? &v.doc->nodes[v.at] : nullptr;
}

struct span
string_of(const json *j, const node *s)
{
	if (s->child != 0)
		return { j->arena + j->plain[s->child].off, j->plain[s->child].n };
	return { j->text + s->off, s->n };
}

} // namespace

struct json *
json_new(void)
{
	struct json *j = static_cast<struct json *>(xcalloc(1, sizeof(*j)));

	j->copy.max = TEXT_MAX;
	return j; /* all-zero is the initial state of every member, unique_ptr included */
}

void
json_free(struct json *j)
{
	if (j == nullptr)
		return;
	j->stage.reset();
	free(j->nodes);
	free(j->plain);
	free(j->arena);
	buf_free(&j->copy);
	free(j);
}

static bool
parse(struct json *j, struct span text, unsigned depth, json_value *root)
{
	uint32_t at = 0;

	*root = json_value{ nullptr, 0 };
	j->text = text.p;
	j->n = text.n;
	j->count = j->plain_count = 1;
	j->arena_n = 0;
	j->nodes = grown(j->nodes, 1, &j->room);
	j->error = index_text(j, text);
	if (j->error == FINE)
		j->error = walk(j, text, depth).document(&at);
	if (j->error != FINE)
		return false;
	*root = json_value{ j, at };
	return true;
}

bool
json_parse(struct json *j, struct span text, json_value *root)
{
	return parse(j, text, JSON_DEPTH + 1, root);
}

bool
json_parse_outline(struct json *j, struct span text, unsigned depth, json_value *root)
{
	return parse(j, text, depth, root);
}

bool
json_parse_copy(struct json *j, struct span text, json_value *root)
{
	buf_clear(&j->copy);
	buf_put(&j->copy, text);
	return json_parse(j, buf_span(&j->copy), root);
}

const char *
json_error(const struct json *j)
{
	return faults[j->error].text;
}

const char *
json_error_code(const struct json *j)
{
	return faults[j->error].code;
}

enum json_kind
json_kind_of(json_value v)
{
	const node *n = node_of(v);

	return n != nullptr ? n->kind : JSON_NONE;
}

json_value
json_first(json_value container)
{
	const node *n = node_of(container);

	if (n == nullptr || (n->kind != JSON_OBJECT && n->kind != JSON_ARRAY))
		return json_value{ nullptr, 0 };
	return json_value{ container.doc, n->child };
}

json_value
json_next(json_value element)
{
	const node *n = node_of(element);

	return json_value{ element.doc, n != nullptr ? n->next : 0 };
}

static bool
give_member(const struct json *doc, uint32_t at, struct json_member *m)
{
	if (at == 0)
		return false;
	m->name = string_of(doc, &doc->nodes[at - 1]);
	m->value = json_value{ doc, at };
	return true;
}

bool
json_first_member(json_value object, struct json_member *m)
{
	const node *n = node_of(object);

	return n != nullptr && n->kind == JSON_OBJECT && give_member(object.doc, n->child, m);
}

bool
json_next_member(struct json_member *m)
{
	return give_member(m->value.doc, node_of(m->value)->next, m);
}

struct span
json_name(json_value member)
{
	if (node_of(member) == nullptr || member.at < 2)
		return { "", 0 };
	const node *name = &member.doc->nodes[member.at - 1];

	if (name->kind != JSON_STRING) /* an element of an array */
		return { "", 0 };
	return string_of(member.doc, name);
}

struct span
json_name_raw(json_value member)
{
	if (node_of(member) == nullptr || member.at < 2)
		return { "", 0 };
	const node &name = member.doc->nodes[member.at - 1];
	return { member.doc->text + name.off - 1, size_t(name.n) + 2 };
}

json_value
json_get(json_value object, const char *name)
{
	struct span wanted = span_of(name);
	const node *n = node_of(object);

	if (n == nullptr || n->kind != JSON_OBJECT)
		return json_value{ nullptr, 0 };
	for (uint32_t at = n->child; at != 0; at = object.doc->nodes[at].next)
		if (span_eq(string_of(object.doc, &object.doc->nodes[at - 1]), wanted))
			return json_value{ object.doc, at };
	return json_value{ nullptr, 0 };
}

json_value
json_repeated(json_value object)
{
	json_value m, earlier;

	if (json_kind_of(object) != JSON_OBJECT)
		return json_value{ nullptr, 0 };
	for (m = json_first(object); m.at != 0; m = json_next(m))
		for (earlier = json_first(object); earlier.at != m.at;
		     earlier = json_next(earlier))
			if (span_eq(json_name(m), json_name(earlier)))
				return m;
	return m;
}

size_t
json_count(json_value container)
{
	size_t n = 0;

	for (json_value v = json_first(container); v.at != 0; v = json_next(v))
		n++;
	return n;
}

bool
json_text(json_value v, struct span *text)
{
	const node *n = node_of(v);

	if (n == nullptr || n->kind != JSON_STRING)
		return false;
	*text = string_of(v.doc, n);
	return true;
}

bool
json_bool(json_value v, bool *b)
{
	const node *n = node_of(v);

	if (n == nullptr || n->kind != JSON_BOOL)
		return false;
	*b = v.doc->text[n->off] == 't';
	return true;
}

bool
json_number(json_value v, double *d)
{
	const node *n = node_of(v);
	double got;

	if (n == nullptr || n->kind != JSON_NUMBER)
		return false;
	auto r = std::from_chars(v.doc->text + n->off, v.doc->text + n->off + n->n, got);
	if (r.ec == std::errc::result_out_of_range) {
		/* too large is no number; too small is nothing */
		if (std::fabs(strtod(v.doc->text + n->off, nullptr)) > 1)
			return false;
		got = 0;
	}
	*d = got;
	return true;
}

bool
json_int(json_value v, int64_t *i)
{
	const node *n = node_of(v);
	int64_t got;
	double d;

	if (n == nullptr || n->kind != JSON_NUMBER)
		return false;
	const char *p = v.doc->text + n->off, *end = p + n->n;
	auto r = std::from_chars(p, end, got);
	if (r.ec != std::errc() || r.ptr != end) {
		if (r.ec == std::errc::result_out_of_range || !json_number(v, &d))
			return false;
		if (d != std::floor(d) || std::fabs(d) > 9007199254740992.0)
			return false;
		got = int64_t(d);
	}
	*i = got;
	return true;
}

struct span
json_raw(json_value v)
{
	const node *n = node_of(v);

	if (n == nullptr)
		return { "", 0 };
	if (n->kind == JSON_STRING)
		return { v.doc->text + n->off - 1, size_t(n->n) + 2 };
	return { v.doc->text + n->off, n->n };
}

namespace
{

/* Steps over one value; false where the text ends inside it. */
bool
skip_value(tokens &in)
{
	unsigned depth = 0;

	do {
		char c = in.peek();

		if (in.done())
			return false;
		depth += c == '{' || c == '[';
		depth -= depth > 0 && (c == '}' || c == ']');
		in.skip();
	} while (depth > 0);
	return true;
}

bool
peek_members(
    tokens in, struct span text, const char *const names[], struct span raw[], size_t n)
{
	size_t missing = n, i;

	if (in.peek() != '{')
		return false;
	in.skip();
	while (missing > 0 && in.peek() == '"') {
		uint32_t from = in.here() + 1, to = in.scalar_end() - 1;
		struct span name = { text.p + from, to >= from ? to - from : 0 };

		in.skip();
		if (in.peek() != ':')
			return false;
		in.skip();
		for (i = 0; i < n && (raw[i].p != nullptr || !span_is(name, names[i])); i++)
			;
		from = in.here();
		to = in.scalar_end();
		if (!skip_value(in))
			break;
		if (i < n) {
			bool nested = text.p[from] == '{' || text.p[from] == '[';

			if (nested)
				for (to = in.here(); to > from && text.p[to - 1] != '}' &&
						     text.p[to - 1] != ']';
				     to--)
					;
			raw[i] = { text.p + from, to - from };
			missing--;
		}
		if (in.peek() == ',')
			in.skip();
	}
	return true;
}

} // namespace

namespace
{

const char *
skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* One past the scalar at p; NULL where it does not end before the end, or is none. */
const char *
skip_scalar(const char *p, const char *end)
{
	bool quoted = p < end && *p == '"';

	if (p == end || *p == '{' || *p == '[')
		return nullptr;
	if (quoted)
		for (p++; p < end && *p != '"'; p++)
			p += *p == '\\';
	else
		while (p < end && *p != ',' && *p != '}' && !is_space(*p))
			p++;
	p += quoted;
	return p < end ? p : nullptr;
}

/*
 * Members one by one, as long as they are scalars: a record's head without an index, which
 * simdjson makes of whole documents only. True: all were found.
 */
bool
peek_head(struct span head, const char *const names[], struct span raw[], size_t n)
{
	const char *end = head.p + head.n, *p = skip_space(head.p, end), *to;
	size_t missing = n, i;

	if (p == end || *p++ != '{')
		return false;
	while (missing > 0) {
		struct span name;

		p = skip_space(p, end);
		if (p == end || *p != '"' || (to = skip_scalar(p, end)) == nullptr)
			return false;
		name = { p + 1, size_t(to - p) - 2 };
		p = skip_space(to, end);
		if (p == end || *p != ':')
			return false;
		p = skip_space(p + 1, end);
		if ((to = skip_scalar(p, end)) == nullptr)
			return false;
		for (i = 0; i < n && (raw[i].p != nullptr || !span_is(name, names[i])); i++)
			;
		if (i < n) {
			raw[i] = { p, size_t(to - p) };
			missing--;
		}
		p = skip_space(to, end);
		if (p == end || *p++ != ',')
			return missing == 0;
	}
	return true;
}

} // namespace

bool
json_peek(
    struct json *j, struct span text, const char *const names[], struct span raw[], size_t n)
{
	constexpr size_t HEAD = 1024; /* our own records have there what is looked for */
	size_t i;

	for (i = 0; i < n; i++)
		raw[i] = { nullptr, 0 };
	if (text.n > HEAD && peek_head({ text.p, HEAD }, names, raw, n))
		return true;
	for (i = 0; i < n; i++)
		raw[i] = { nullptr, 0 };
	j->error = index_text(j, text);
	if (j->error != FINE)
		return false;
	if (!peek_members(tokens(j, text), text, names, raw, n)) {
		j->error = SYNTAX;
		return false;
	}
	return true;
}

bool
json_is_minified(json_value v)
{
	return v.doc != nullptr && v.doc->minified;
}

bool
json_minify(struct span text, struct buf *to)
{
	size_t n;

	if (text.n == 0)
		return true;
	/* the vector code writes whole blocks: it needs room past what it keeps */
	if (!buf_reserve(to, text.n))
		return false;
	if (simdjson::get_active_implementation()->minify(
		reinterpret_cast<const uint8_t *>(text.p), text.n,
		reinterpret_cast<uint8_t *>(to->p + to->n), n))
		return false;
	to->n += n;
	return true;
}

bool
json_is_utf8(struct span text)
{
	return simdjson::get_active_implementation()->validate_utf8(text.p, text.n);
}

size_t
json_format_number(double d, char to[JSON_NUMBER_MAX])
{
	must(std::isfinite(d));
	auto r = std::to_chars(to, to + JSON_NUMBER_MAX, d);
	must(r.ec == std::errc());
	return size_t(r.ptr - to);
}
