/*
 * The parser, over simdjson, whose first stage (structural index, UTF-8, control
 * characters) runs at memory speed on whatever vector unit there is; the grammar is then
 * checked here in one walk that leaves a flat array of nodes, so that C can look at values in
 * any order and see a number's own text.
 */
#include "base/diag.h"
#include "base/json_own.h"

#include <cstdlib>
#include <new>

static_assert(
    simdjson::SIMDJSON_PADDING <= BUF_PAD, "buf and lines pad less than simdjson reads");

using namespace json_own;

namespace
{

constexpr size_t TEXT_MAX = size_t(1) << 30; /* offsets are 32 bits */

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

template <typename T>
T *
grown(T *p, size_t count, size_t *room)
{
	if (count < *room)
		return p;
	*room = *room > 0 ? *room * 2 : 64;
	return static_cast<T *>(xrealloc(p, *room * sizeof(T)));
}

} // namespace

fault
json_own::index_text(json *j, struct span text)
{
	using namespace simdjson;
	uint32_t *end;

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
		break;
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
	/* so does simdjson; here, because tokens::here and scalar_end read them */
	end = j->stage->structural_indexes.get() + j->stage->n_structural_indexes;
	end[0] = end[1] = uint32_t(text.n);
	return FINE;
}

namespace
{

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

bool
opens(char c)
{
	return c == '{' || c == '[';
}

bool
closes(char c)
{
	return c == '}' || c == ']';
}

/*
 * Every token but a last one that closes has another behind it: only there does the walk look
 * whether any is left.
 */
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
		if (opens(in.now()) && !closes(in.last()))
			return unclosed();
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
	size_t meant = 0;       /* bytes that are not insignificant white space */
	fault trouble = SYNTAX; /* what it is where there is no string or scalar */

	fault
	unclosed()
	{
		unsigned open = 0;

		for (; !in.done() && open <= JSON_DEPTH; in.skip())
			open +=
			    unsigned(opens(in.now())) - unsigned(closes(in.now()) && open > 0);
		return open > JSON_DEPTH ? DEPTH : SYNTAX;
	}

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
		switch (in.now()) {
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
		if (depth >= JSON_DEPTH && in.now() != closing)
			return DEPTH;
		if (depth >= kept && in.now() != closing && (f = skim(closing, depth)) != FINE)
			return f;
		while (in.now() != closing) {
			if (last != 0) {
				if (in.now() != ',')
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
		return depth > 0 && in.done() ? SYNTAX : FINE;
	}

	/* Checks what is in a container that is not empty, up to where it closes: most of a
	 * record's text. */
	fault
	skim(char closing, unsigned depth)
	{
		tokens t = in; /* of its own, for registers */
		char outer[JSON_DEPTH], c;
		json_kind kind;
		unsigned open = 0;
		size_t longer = 0; /* bytes of tokens beyond one each */
		uint32_t n;

		for (;;) {
			if (closing == '}') {
				if ((n = skim_string(t)) == 0)
					return trouble;
				longer += n - 1;
				t.skip();
				if (t.now() != ':')
					return SYNTAX;
				t.skip();
			}
			c = t.now();
			if (opens(c)) {
				outer[open++] = closing;
				closing = c == '{' ? '}' : ']';
			} else {
				if ((n = c == '"' ? skim_string(t) : scalar_at(t, &kind)) == 0)
					return trouble;
				longer += n - 1;
			}
			t.skip();
			if (opens(c) && t.now() != closing) {
				if (depth + open >= JSON_DEPTH)
					return DEPTH;
				continue;
			}
			for (; t.now() == closing; closing = outer[--open]) {
				if (open == 0) {
					meant += in.left() - t.left() + longer;
					in = t;
					return FINE;
				}
				t.skip();
				if (t.done())
					return SYNTAX;
			}
			if (t.now() != ',')
				return SYNTAX;
			t.skip();
		}
	}

	/* The bytes of the string there, with its quotes; 0: there is none. In line: it is most
	 * of what skim does. */
	[[gnu::always_inline]] uint32_t
	string_at(const tokens &t) const
	{
		uint32_t from = t.here(), to = t.scalar_end();

		return base[from] == '"' && base[to - 1] == '"' && to - from > 1 ? to - from
										 : 0;
	}

	[[gnu::always_inline]] uint32_t
	skim_string(const tokens &t)
	{
		uint32_t from = t.here() + 1, n = string_at(t);
		size_t unused;

		if (n > 0 && escaped(from, from + n - 2) &&
		    plain_text(from, from + n - 2, &unused) != FINE)
			return wrong(ESCAPE);
		return n;
	}

	/* The bytes of a number, true, false or null. */
	uint32_t
	scalar_at(const tokens &t, json_kind *kind)
	{
		struct span s = { base + t.here(), t.scalar_end() - t.here() };

		*kind = JSON_NUMBER;
		if (is_digit(s.p[0]) || s.p[0] == '-')
			return is_number(s.p, s.p + s.n) ? uint32_t(s.n) : wrong(NUMBER);
		*kind = span_is(s, "null") ? JSON_NULL : JSON_BOOL;
		return *kind == JSON_NULL || span_is(s, "true") || span_is(s, "false")
			   ? uint32_t(s.n)
			   : 0;
	}

	uint32_t
	wrong(fault f)
	{
		trouble = f;
		return 0;
	}

	bool
	escaped(uint32_t from, uint32_t to) const
	{
		return escapes && memchr(base + from, '\\', to - from) != nullptr;
	}

	fault
	name()
	{
		uint32_t self;
		fault f = string(&self);

		if (f != FINE)
			return f;
		j->nodes[self].kind = MEMBER_NAME;
		if (in.now() != ':')
			return SYNTAX;
		punctuation();
		return FINE;
	}

	fault
	string(uint32_t *self)
	{
		uint32_t n = string_at(in), from = in.here() + 1;

		if (n == 0)
			return trouble;
		meant += n;
		in.skip();
		*self = add(JSON_STRING, from, n - 2);
		return escaped(from, from + n - 2) ? unescape(*self) : FINE;
	}

	/* Where simdjson may read a string's content, and past it as much as it likes to. */
	const char *
	readable(uint32_t from, uint32_t to)
	{
		if (j->n - to >= BUF_PAD)
			return base + from;
		buf_clear(&j->tail);
		buf_put(&j->tail, { base + from, to + 1 - from });
		return j->tail.p;
	}

	/* Reads a string's content into the arena, behind what is kept there. */
	fault
	plain_text(uint32_t from, uint32_t until, size_t *n)
	{
		uint8_t *to, *end;

		if (j->arena_room < j->n + BUF_PAD) {
			must(j->arena_n == 0); /* nothing points into it yet */
			j->arena_room = j->n + BUF_PAD;
			j->arena = static_cast<char *>(xrealloc(j->arena, j->arena_room));
		}
		to = reinterpret_cast<uint8_t *>(j->arena + j->arena_n);
		end = j->stage->parse_string(
		    reinterpret_cast<const uint8_t *>(readable(from, until)), to);
		if (end == nullptr)
			return ESCAPE;
		*n = size_t(end - to);
		return FINE;
	}

	fault
	unescape(uint32_t self)
	{
		size_t n = 0;
		uint32_t from = j->nodes[self].off;
		fault f = plain_text(from, from + j->nodes[self].n, &n);

		if (f != FINE)
			return f;
		j->plain = grown(j->plain, j->plain_count, &j->plain_room);
		j->plain[j->plain_count] = piece{ j->arena_n, n };
		j->arena_n += n;
		j->nodes[self].child = uint32_t(j->plain_count++);
		return FINE;
	}

	fault
	scalar(uint32_t *self)
	{
		json_kind kind;
		uint32_t n = scalar_at(in, &kind);

		if (n == 0)
			return trouble;
		*self = add(kind, in.here(), n);
		in.skip();
		meant += n;
		return FINE;
	}
};

} // namespace

struct json *
json_new(void)
{
	struct json *j = static_cast<struct json *>(xcalloc(1, sizeof(*j)));

	j->copy.max = j->tail.max = TEXT_MAX;
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
	buf_free(&j->tail);
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
