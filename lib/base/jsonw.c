#include "base/jsonw.h"
#include "base/diag.h"
#include "base/json.h"

#include <math.h>

struct jw
jw_begin(struct buf *to)
{
	return (struct jw){ .to = to };
}

bool
jw_finish(struct jw *w)
{
	must(w->depth == 0);
	return !w->bad && !w->to->full;
}

/* What comes before any value or name. */
static void
separate(struct jw *w)
{
	if (w->named) {
		w->named = false;
		return;
	}
	if (w->depth == 0)
		return;
	if (w->filled[w->depth - 1])
		buf_putc(w->to, ',');
	w->filled[w->depth - 1] = true;
}

static void
open(struct jw *w, char opening, char closing)
{
	must(w->depth < JW_DEPTH);
	separate(w);
	buf_putc(w->to, opening);
	w->filled[w->depth] = false;
	w->closing[w->depth] = closing;
	w->depth++;
}

void
jw_object(struct jw *w)
{
	open(w, '{', '}');
}

void
jw_array(struct jw *w)
{
	open(w, '[', ']');
}

void
jw_end(struct jw *w)
{
	must(w->depth > 0 && !w->named);
	w->depth--;
	buf_putc(w->to, w->closing[w->depth]);
}

static void
put_escape(struct buf *to, unsigned char c)
{
	static const char letters[] = "btn?fr"; /* from 0x08; 0x0B has no letter */

	if (c == '"' || c == '\\')
		buf_printf(to, "\\%c", c);
	else if (c >= 0x08 && c <= 0x0D && c != 0x0B)
		buf_printf(to, "\\%c", letters[c - 0x08]);
	else
		buf_printf(to, "\\u%04x", c);
}

/* How much of the text's beginning is ASCII that stands for itself, by words of eight bytes. */
static size_t
plain(struct span s)
{
	const uint64_t ones = UINT64_MAX / 0xFF, high = ones << 7;
	size_t i;

	for (i = 0; s.n - i >= 8; i += 8) {
		uint64_t x, quote, slash;

		memcpy(&x, s.p + i, 8);
		quote = x ^ (ones * '"');
		slash = x ^ (ones * '\\');
		/* a byte that is high, or from which the subtraction borrows */
		if (((x | (x - ones * 0x20) | (quote - ones) | (slash - ones)) & high) != 0)
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] >= 0x20 && (unsigned char)s.p[i] < 0x80 &&
	       s.p[i] != '"' && s.p[i] != '\\')
		i++;
	return i;
}

bool
jw_quote(struct buf *to, struct span s)
{
	size_t from = 0, i = plain(s);
	bool ascii = i == s.n;

	if (ascii && buf_reserve(to, s.n + 2)) {
		to->p[to->n] = to->p[to->n + s.n + 1] = '"';
		if (s.n > 0)
			memcpy(to->p + to->n + 1, s.p, s.n);
		to->n += s.n + 2;
		return true;
	}
	buf_putc(to, '"');
	for (; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_put(to, (struct span){ s.p + from, i - from });
		put_escape(to, c);
		from = i + 1;
	}
	buf_put(to, (struct span){ s.p + from, s.n - from });
	buf_putc(to, '"');
	return ascii || json_is_utf8(s);
}

void
jw_key_span(struct jw *w, struct span name)
{
	must(w->depth > 0 && w->closing[w->depth - 1] == '}' && !w->named);
	separate(w);
	if (!jw_quote(w->to, name))
		w->bad = true;
	buf_putc(w->to, ':');
	w->named = true;
}

void
jw_key(struct jw *w, const char *name)
{
	jw_key_span(w, span_of(name));
}

void
jw_text(struct jw *w, struct span s)
{
	separate(w);
	if (!jw_quote(w->to, s))
		w->bad = true;
}

void
jw_str(struct jw *w, const char *s)
{
	if (s == NULL)
		jw_null(w);
	else
		jw_text(w, span_of(s));
}

void
jw_int(struct jw *w, int64_t v)
{
	separate(w);
	if (v < 0)
		buf_putc(w->to, '-');
	buf_putu(w->to, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void
jw_double(struct jw *w, double v)
{
	char text[JSON_NUMBER_MAX];

	separate(w);
	if (!isfinite(v)) {
		w->bad = true;
		return;
	}
	buf_put(w->to, (struct span){ text, json_format_number(v, text) });
}

void
jw_bool(struct jw *w, bool v)
{
	separate(w);
	buf_puts(w->to, v ? "true" : "false");
}

void
jw_null(struct jw *w)
{
	separate(w);
	buf_puts(w->to, "null");
}

void
jw_raw(struct jw *w, struct span json)
{
	separate(w);
	if (json.n == 0) /* the text of a value that is not there */
		w->bad = true;
	buf_put(w->to, json);
}

void
jw_member_text(struct jw *w, const char *name, struct span s)
{
	jw_key(w, name);
	jw_text(w, s);
}

void
jw_member_str(struct jw *w, const char *name, const char *s)
{
	jw_key(w, name);
	jw_str(w, s);
}

void
jw_member_int(struct jw *w, const char *name, int64_t v)
{
	jw_key(w, name);
	jw_int(w, v);
}

void
jw_member_double(struct jw *w, const char *name, double v)
{
	jw_key(w, name);
	jw_double(w, v);
}

void
jw_member_bool(struct jw *w, const char *name, bool v)
{
	jw_key(w, name);
	jw_bool(w, v);
}

void
jw_member_null(struct jw *w, const char *name)
{
	jw_key(w, name);
	jw_null(w);
}

void
jw_member_raw(struct jw *w, const char *name, struct span json)
{
	jw_key(w, name);
	jw_raw(w, json);
}

static double
rounded(double v, int decimals)
{
	double scale = pow(10, decimals);
	double r = round(v * scale) / scale;

	return r == 0 ? 0 : r; /* no -0 */
}

void
jw_member_round(struct jw *w, const char *name, double v, int decimals)
{
	if (isfinite(v))
		jw_member_double(w, name, rounded(v, decimals));
	else
		jw_member_null(w, name);
}

void
jw_member_rounds(struct jw *w, const char *name, const double *v, size_t n, int decimals)
{
	size_t i;

	jw_key(w, name);
	jw_array(w);
	for (i = 0; i < n; i++)
		if (isfinite(v[i]))
			jw_double(w, rounded(v[i], decimals));
		else
			jw_null(w);
	jw_end(w);
}
