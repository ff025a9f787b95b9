/* What a parsed document holds. */
#include "base/diag.h"
#include "base/json_own.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

using namespace json_own;

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

	if (name->kind != MEMBER_NAME) /* an element of an array */
		return { "", 0 };
	return string_of(member.doc, name);
}

struct span
json_name_raw(json_value member)
{
	if (node_of(member) == nullptr || member.at < 2)
		return { "", 0 };
	const node &name = member.doc->nodes[member.at - 1];
	if (name.kind != MEMBER_NAME)
		return { "", 0 };
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

bool
json_is_minified(json_value v)
{
	return v.doc != nullptr && v.doc->minified;
}

size_t
json_format_number(double d, char to[JSON_NUMBER_MAX])
{
	must(std::isfinite(d));
	auto r = std::to_chars(to, to + JSON_NUMBER_MAX, d);
	must(r.ec == std::errc());
	return size_t(r.ptr - to);
}
