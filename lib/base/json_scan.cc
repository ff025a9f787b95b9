/* Texts looked at without a document: members of a head, white space, UTF-8. */
#include "base/json_own.h"

using namespace json_own;

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
