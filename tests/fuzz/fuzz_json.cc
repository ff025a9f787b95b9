/*
 * lib/base/json against simdjson's own parser, against itself (peek and a full parse, a text
 * and what is minified of it), and against its contract: every value's text lies in the
 * document.
 */
#include "base/json.h"
#include "base/jsonw.h"

#include <simdjson.h>

#include <cmath>
#include <cstdlib>

namespace
{

struct json *ours, *again;
simdjson::dom::parser theirs;
struct buf text = { nullptr, 0, 0, 1 << 22, false };
struct buf small = { nullptr, 0, 0, 1 << 22, false };

void
must_be(bool so)
{
	if (!so)
		abort();
}

/* Asks everything of every value; returns whether some number is beyond a double. */
bool
look_at(json_value v, struct span whole)
{
	struct span raw = json_raw(v), s, name;
	bool infinite = false, b;
	double d;
	int64_t i;

	must_be(raw.p >= whole.p && raw.p + raw.n <= whole.p + whole.n && raw.n > 0);
	must_be(json_text(v, &s) == (json_kind_of(v) == JSON_STRING));
	must_be(json_bool(v, &b) == (json_kind_of(v) == JSON_BOOL));
	if (json_number(v, &d))
		must_be(std::isfinite(d));
	else if (json_kind_of(v) == JSON_NUMBER)
		infinite = true;
	if (json_int(v, &i))
		must_be(json_number(v, &d) && std::fabs(d - double(i)) <= std::fabs(d) * 1e-15);
	(void)json_repeated(v);
	for (json_value e = json_first(v); json_kind_of(e) != JSON_NONE; e = json_next(e)) {
		name = json_name(e);
		must_be(name.n == 0 || name.p != nullptr);
		infinite = look_at(e, whole) || infinite;
	}
	return infinite;
}

bool
has_escaped_name(json_value object)
{
	for (json_value m = json_first(object); json_kind_of(m) != JSON_NONE;
	     m = json_next(m)) {
		/* the name's own text ends before the colon: unescaped names are as long as in
		 * the text */
		const char *p = json_raw(m).p;

		while (*--p != ':')
			;
		while (*--p != '"')
			;
		if (p[-1] == '\\' ||
		    memchr(p - json_name(m).n, '\\', json_name(m).n) != nullptr ||
		    p[-1 - long(json_name(m).n)] != '"')
			return true;
	}
	return false;
}

void
peek_agrees(json_value root, struct span whole)
{
	static const char *const names[] = { "point", "thing", "a" };
	struct span raw[3];

	if (json_kind_of(root) != JSON_OBJECT || has_escaped_name(root))
		return;
	must_be(json_peek(again, whole, names, raw, 3));
	for (int i = 0; i < 3; i++) {
		json_value v = json_get(root, names[i]);

		must_be((raw[i].p != nullptr) == (json_kind_of(v) != JSON_NONE));
		if (raw[i].p != nullptr)
			must_be(span_eq(raw[i], json_raw(v)));
	}
}

/* A parse that keeps less accepts the same texts, for the same reasons, and gives the same of
 * what it keeps. */
void
outline_agrees(bool accepted, json_value root, struct span whole)
{
	json_value outline, kept, full;

	for (unsigned depth = 0; depth < 3; depth++) {
		must_be(json_parse_outline(again, whole, depth, &outline) == accepted);
		must_be(
		    span_eq(span_of(json_error_code(again)), span_of(json_error_code(ours))));
		must_be(json_kind_of(outline) == json_kind_of(root));
		must_be(json_is_minified(outline) == json_is_minified(root));
		kept = json_first(outline);
		full = depth > 0 ? json_first(root) : kept;
		must_be(depth > 0 || kept.at == 0);
		for (; full.at != 0; kept = json_next(kept), full = json_next(full))
			must_be(span_eq(json_raw(kept), json_raw(full)) &&
				span_eq(json_name(kept), json_name(full)));
		must_be(kept.at == 0);
	}
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = { reinterpret_cast<const char *>(data), n }, whole;
	json_value root, minified;
	bool accepted, infinite = false;
	static const char *const names[] = { "point", "thing", "a" };
	struct span raw[3];

	if (ours == nullptr) {
		ours = json_new();
		again = json_new();
	}
	if (n > 1 << 20)
		return 0;
	buf_clear(&text);
	/* half of them long enough for a head to be looked at alone */
	buf_put(&text, in);
	for (int i = 0; n % 2 == 1 && i < 1100; i++)
		buf_putc(&text, ' ');
	whole = buf_span(&text);
	if (whole.n == 0)
		return 0;
	accepted = json_parse(ours, whole, &root);
	if (accepted)
		infinite = look_at(root, whole);
	auto error = theirs.parse(whole.p, whole.n).error();
	if (accepted && !infinite)
		must_be(error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR);
	if (error == simdjson::SUCCESS)
		must_be(accepted || span_is(span_of(json_error_code(ours)), "too-deep"));
	outline_agrees(accepted, root, whole);
	(void)json_peek(again, whole, names, raw, 3);
	if (!accepted)
		return 0;
	peek_agrees(root, whole);
	buf_clear(&small);
	must_be(json_minify(whole, &small));
	must_be(json_parse(again, buf_span(&small), &minified));
	must_be(json_kind_of(minified) == json_kind_of(root) &&
		json_count(minified) == json_count(root));
	return 0;
}
