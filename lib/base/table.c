#include "base/table.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define ROW_MAX ((size_t)16 << 20)
#define HELD_MAX ((size_t)8 << 20)
#define CELL_MAX \
	(HELD_MAX / 2 / TABLE_COLUMNS - 2) /* of the aligned form: a row fits in half of it */

struct table {
	enum table_form form;
	const char *const *names;
	size_t n;
	size_t at; /* the next cell's column */
	uint64_t rows;
	struct buf row;
	bool bad;         /* a text of the row is not UTF-8 */
	struct buf leads; /* NDJSON: what stands before each value, `{"time":`, `,"value":` */
	size_t lead_end[TABLE_COLUMNS];
	/* the aligned form's rows held back: cells ended by NUL, a number's begun by '\1'
	 * (right-aligned) */
	struct buf held;
	uint64_t held_rows;
	bool streaming;
	size_t width[TABLE_COLUMNS];
	bool right[TABLE_COLUMNS];
};

enum table_form
table_form(const struct table_options *o)
{
	if (o->array)
		return TABLE_ARRAY;
	if (o->json + o->csv + o->aligned > 1)
		opt_wrong("--json, --csv and --table exclude one another");
	if (o->csv)
		return TABLE_CSV;
	return o->aligned || (!o->json && out_is_terminal()) ? TABLE_ALIGNED : TABLE_NDJSON;
}

bool
table_is_json(enum table_form form)
{
	return form == TABLE_NDJSON || form == TABLE_ARRAY;
}

/* Terminal cells of UTF-8 text; what is no character counts one. */
static size_t
cells(const char *s, size_t n)
{
	size_t width = 0;
	mbstate_t state = { 0 };

	while (n > 0) {
		wchar_t c;
		size_t k = mbrtowc(&c, s, n, &state);
		int w;

		if (k == 0 || k == (size_t)-1 || k == (size_t)-2) {
			k = 1;
			w = 1;
			state = (mbstate_t){ 0 };
		} else {
			w = wcwidth(c);
		}
		width += w > 0 ? (size_t)w : 0;
		s += k;
		n -= k;
	}
	return width;
}

static void
csv_cell(struct buf *to, struct span s)
{
	bool quote = false;
	size_t i;

	for (i = 0; i < s.n; i++)
		quote =
		    quote || s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
	if (!quote) {
		buf_put(to, s);
		return;
	}
	buf_putc(to, '"');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_putc(to, '"');
		buf_putc(to, s.p[i]);
	}
	buf_putc(to, '"');
}

struct table *
table_begin(enum table_form form, const char *const names[], size_t n)
{
	struct table *t = xcalloc(1, sizeof(*t));
	size_t i;

	must(n > 0 && n <= TABLE_COLUMNS);
	t->form = form;
	t->names = names;
	t->n = n;
	t->row = BUF(ROW_MAX);
	t->held = BUF(HELD_MAX);
	t->leads = BUF(ROW_MAX);
	for (i = 0; i < n; i++) {
		t->width[i] = strlen(names[i]);
		buf_putc(&t->leads, i == 0 ? '{' : ',');
		(void)jw_quote(&t->leads, span_of(names[i]));
		buf_putc(&t->leads, ':');
		t->lead_end[i] = t->leads.n;
	}
	if (form == TABLE_ARRAY)
		out_puts("[");
	if (form == TABLE_CSV) {
		for (i = 0; i < n; i++) {
			out_puts(i > 0 ? "," : "");
			out_puts(names[i]);
		}
		out_puts("\n");
	}
	return t;
}

static void
put_padded(const char *text, size_t n, size_t width, bool right, bool last)
{
	size_t pad = cells(text, n);

	pad = pad < width ? width - pad : 0;
	if (right)
		out_printf("%*s", (int)pad, "");
	out_put((struct span){ text, n });
	if (!right && !last)
		out_printf("%*s", (int)pad, "");
	out_puts(last ? "\n" : "  ");
}

static void
flush_held(struct table *t)
{
	const char *p = buf_text(&t->held);
	uint64_t row;
	size_t i;

	if (!t->streaming && t->rows > 0)
		for (i = 0; i < t->n; i++)
			put_padded(t->names[i], strlen(t->names[i]), t->width[i], t->right[i],
			    i + 1 == t->n);
	t->streaming = true;
	for (row = 0; row < t->held_rows; row++) {
		for (i = 0; i < t->n; i++) {
			bool number = *p == '\1';

			p += number;
			put_padded(p, strlen(p), t->width[i], number, i + 1 == t->n);
			p += strlen(p) + 1;
		}
	}
	buf_clear(&t->held);
	t->held_rows = 0;
}

static void
aligned_cell(struct table *t, struct span s, bool number)
{
	size_t from, width;

	must(buf_reserve(&t->held, 1));
	if (number)
		buf_putc(&t->held, '\1');
	from = t->held.n;
	buf_put(&t->held, s.n > CELL_MAX ? (struct span){ s.p, CELL_MAX } : s);
	must(!t->held.full);
	diag_mask(t->held.p + from, t->held.n - from);
	width = cells(t->held.p + from, t->held.n - from);
	buf_putc(&t->held, '\0');
	if (!t->streaming && width > t->width[t->at])
		t->width[t->at] = width;
	if (!t->streaming && number)
		t->right[t->at] = true;
	must(!t->held.full);
}

static void
begin_cell(struct table *t)
{
	size_t lead = t->at > 0 ? t->lead_end[t->at - 1] : 0;

	if (table_is_json(t->form))
		buf_put(&t->row, (struct span){ t->leads.p + lead, t->lead_end[t->at] - lead });
	else if (t->form == TABLE_CSV && t->at > 0)
		buf_putc(&t->row, ',');
}

static void
end_cell(struct table *t)
{
	if (++t->at < t->n)
		return;
	t->at = 0;
	t->rows++;
	if (t->form == TABLE_ALIGNED) {
		t->held_rows++;
		if (t->streaming || t->held_rows >= TABLE_LOOKAHEAD || t->held.n > HELD_MAX / 2)
			flush_held(t);
		return;
	}
	if (table_is_json(t->form))
		buf_putc(&t->row, '}');
	if (t->row.full || t->bad)
		die(EX_DATAERR, "row %" PRIu64 " is longer than %zu bytes, or not UTF-8",
		    t->rows, ROW_MAX);
	if (t->form == TABLE_ARRAY) {
		out_puts(t->rows > 1 ? ",\n" : "\n");
		out_put(buf_span(&t->row));
		buf_clear(&t->row);
		return;
	}
	out_line(buf_span(&t->row));
	buf_clear(&t->row);
}

/* A cell whose text is the same in every form; json is its NDJSON text. */
static void
plain_cell(struct table *t, struct span text, struct span json, bool number)
{
	begin_cell(t);
	if (table_is_json(t->form))
		buf_put(&t->row, json);
	else if (t->form == TABLE_CSV)
		csv_cell(&t->row, text);
	else
		aligned_cell(t, text, number);
	end_cell(t);
}

void
table_text(struct table *t, struct span s)
{
	begin_cell(t);
	if (table_is_json(t->form))
		t->bad = !jw_quote(&t->row, s) || t->bad;
	else if (t->form == TABLE_CSV)
		csv_cell(&t->row, s);
	else
		aligned_cell(t, s, false);
	end_cell(t);
}

void
table_str(struct table *t, const char *s)
{
	if (s == NULL)
		table_null(t);
	else
		table_text(t, span_of(s));
}

void
table_int(struct table *t, int64_t v)
{
	char text[24];
	struct span s = { text, (size_t)snprintf(text, sizeof(text), "%" PRId64, v) };

	plain_cell(t, s, s, true);
}

void
table_double(struct table *t, double v)
{
	char text[JSON_NUMBER_MAX];
	struct span s = { text, 0 };

	if (!isfinite(v)) {
		table_null(t);
		return;
	}
	s.n = json_format_number(v, text);
	plain_cell(t, s, s, true);
}

void
table_bool(struct table *t, bool v)
{
	struct span s = v ? SPAN("true") : SPAN("false");

	plain_cell(t, s, s, false);
}

void
table_null(struct table *t)
{
	plain_cell(t, t->form == TABLE_ALIGNED ? SPAN("-") : SPAN(""), SPAN("null"), false);
}

void
table_json(struct table *t, struct span json)
{
	plain_cell(t, json, json, false);
}

uint64_t
table_end(struct table *t)
{
	uint64_t rows = t->rows;

	must(t->at == 0);
	if (t->form == TABLE_ALIGNED)
		flush_held(t);
	if (t->form == TABLE_ARRAY)
		out_puts("\n]\n");
	buf_free(&t->row);
	buf_free(&t->leads);
	buf_free(&t->held);
	free(t);
	return rows;
}
