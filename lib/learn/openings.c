#include "learn/openings.h"

#include <errno.h>
#include <iconv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"

#define COLUMNS 64
#define TEXT_MAX ((size_t)64 << 20)

enum column {
	NOTICE,
	STANDARD,
	AGENCY,
	RANGE,
	LOW,
	HIGH,
	BASE,
	ESTIMATED,
	SERIAL,
	PRICE,
	DRAWS,
	COMPANY,
	AMOUNT,
	RATE,
	A_VALUE,
	COLUMN_COUNT
};

static const struct {
	const char *name;
	enum column column;
} names[] = { { "bidNtceNo", NOTICE }, { "standard", STANDARD }, { "ntceInsttNm", AGENCY },
	{ "range_pct", RANGE }, { "rsrvtnPrceRngBgnRate", LOW },
	{ "rsrvtnPrceRngEndRate", HIGH }, { "bssamt", BASE }, { "plnprc", ESTIMATED },
	{ "sno", SERIAL }, { "compnoRsrvtnPrceSno", SERIAL }, { "bsisPlnprc", PRICE },
	{ "drwtNum", DRAWS }, { "prcbdrNm", COMPANY }, { "bidprcAmt", AMOUNT },
	{ "sucsfbidLwltRate", RATE }, { "aValue", A_VALUE } };

struct reading {
	struct openings *to;
	int place[COLUMN_COUNT]; /* of each column in a row; -1: not there */
	size_t room;
};

void
openings_free(struct openings *os)
{
	size_t i, k;

	for (i = 0; i < os->n; i++) {
		for (k = 0; k < os->all[i].bids; k++)
			free(os->all[i].bid[k].company);
		free(os->all[i].bid);
		free(os->all[i].id);
		free(os->all[i].standard);
		free(os->all[i].agency);
	}
	free(os->all);
	*os = (struct openings){ 0 };
}

/* ---- text ---- */

/* CP949 to UTF-8; false: it is not that either. */
static bool
convert(struct span text, struct buf *to)
{
	iconv_t cd = iconv_open("UTF-8", "CP949");
	char *in = (char *)(uintptr_t)text.p, out[65536], *end;
	size_t left = text.n, room, done;
	bool ok = cd != (iconv_t)-1;

	while (ok && left > 0) {
		end = out;
		room = sizeof(out);
		done = iconv(cd, &in, &left, &end, &room);
		buf_put(to, (struct span){ out, sizeof(out) - room });
		ok = (done != (size_t)-1 || errno == E2BIG) && !to->full;
	}
	if (cd != (iconv_t)-1)
		(void)iconv_close(cd);
	return ok;
}

/* Splits a row in place: quotes are taken away. Returns the cells, or -1: a quote is not
 * closed. */
static int
split(char *row, size_t n, struct span cells[COLUMNS])
{
	size_t i = 0, out;
	int count = 0;

	for (;;) {
		bool quoted = i < n && row[i] == '"';
		size_t from;

		i += quoted;
		from = out = i;
		while (i < n && (quoted || row[i] != ',')) {
			if (quoted && row[i] == '"') {
				if (i + 1 >= n || row[i + 1] != '"') {
					quoted = false, i++;
					continue;
				}
				i++;
			}
			row[out++] = row[i++];
		}
		if (quoted)
			return -1;
		if (count < COLUMNS)
			cells[count++] = span_trim((struct span){ row + from, out - from });
		if (i >= n)
			return count;
		i++;
	}
}

/* Whole won, also with commas between the digits or an empty fraction. */
static bool
won(struct span s, int64_t *to)
{
	int64_t v = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == ',')
			continue;
		if (s.p[i] == '.' && i > 0) {
			while (++i < s.n && s.p[i] == '0')
				;
			if (i < s.n)
				return false;
			break;
		}
		if (s.p[i] < '0' || s.p[i] > '9' || v > TENDER_WON_MAX)
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*to = v;
	return s.n > 0 && v <= TENDER_WON_MAX;
}

static bool
percent(struct span s, double *to)
{
	char text[32], *end;

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*to = strtod(text, &end);
	return *end == '\0' && isfinite(*to);
}

/* ---- rows ---- */

static struct opening *
opening_of(struct reading *x, struct span id)
{
	struct openings *os = x->to;
	size_t i;

	for (i = os->n; i > 0; i--) /* rows of a notice stand together: the last is likely */
		if (span_is(id, os->all[i - 1].id))
			return &os->all[i - 1];
	if (os->n == OPENINGS_MAX)
		return NULL;
	if (os->n == x->room) {
		x->room = x->room > 0 ? 2 * x->room : 64;
		os->all = xrealloc(os->all, x->room * sizeof(*os->all));
	}
	os->all[os->n] = (struct opening){ .id = xstrndup(id.p, id.n),
		.standard = xstrdup(""),
		.agency = xstrdup(""),
		.o = { .low = NAN, .high = NAN } };
	for (i = 0; i < RESERVE_PRICES; i++)
		os->all[os->n].o.drawn[i] = -1;
	return &os->all[os->n++];
}

static void
add_bid(struct openings *os, struct opening *o, struct span company, int64_t amount)
{
	if (os->bids == OPENINGS_BIDS)
		return;
	o->bid = xrealloc(o->bid, (o->bids + 1) * sizeof(*o->bid));
	o->bid[o->bids++] = (struct opening_bid){ xstrndup(company.p, company.n), amount };
	os->bids++;
}

/* What the cells of one row say, checked before anything of it is taken. */
struct row {
	struct span id, standard, agency, company;
	int64_t base, estimated, serial, price, draws, amount, a_value;
	double low, high, rate;
};

static const char *
read_range(const struct reading *x, const struct span c[], struct row *r)
{
	double range;

	r->low = r->high = NAN;
	if (x->place[RANGE] >= 0 && c[x->place[RANGE]].n > 0) {
		if (!percent(c[x->place[RANGE]], &range) || !(range > 0 && range <= 10))
			return "range_pct: not a percentage above 0, at most 10";
		r->low = -range;
		r->high = range;
	} else if (x->place[LOW] >= 0 && x->place[HIGH] >= 0 && c[x->place[LOW]].n > 0) {
		if (!percent(c[x->place[LOW]], &r->low) ||
		    !percent(c[x->place[HIGH]], &r->high) ||
		    !(r->low < 0 && r->low >= -10 && r->high > 0 && r->high <= 10))
			return "rsrvtnPrceRng: not a range around 0, at most 10 %";
	}
	return NULL;
}

static bool
optional_won(const struct reading *x, const struct span c[], enum column column, int64_t *to)
{
	*to = -1;
	return x->place[column] < 0 || c[x->place[column]].n == 0 ||
	       won(c[x->place[column]], to);
}

static const char *
read_row(const struct reading *x, const struct span c[], struct row *r)
{
	const char *why;

	*r = (struct row){ .id = c[x->place[NOTICE]] };
	if (r->id.n == 0)
		return "bidNtceNo is empty";
	if (!won(c[x->place[BASE]], &r->base) || r->base < 1)
		return "bssamt: not an amount in won";
	if (!won(c[x->place[ESTIMATED]], &r->estimated) || r->estimated < 1)
		return "plnprc: not an amount in won";
	if ((why = read_range(x, c, r)) != NULL)
		return why;
	if (!optional_won(x, c, SERIAL, &r->serial) || !optional_won(x, c, PRICE, &r->price) ||
	    !optional_won(x, c, DRAWS, &r->draws) || !optional_won(x, c, AMOUNT, &r->amount) ||
	    !optional_won(x, c, A_VALUE, &r->a_value))
		return "not a whole number: sno, bsisPlnprc, drwtNum, bidprcAmt or aValue";
	if (r->serial != -1 && (r->serial < 1 || r->serial > RESERVE_PRICES || r->price < 1))
		return "sno is not 1 to 15, or bsisPlnprc is missing";
	if (r->draws > 1000000)
		return "drwtNum: more draws than there are bidders";
	r->rate = 0;
	if (x->place[RATE] >= 0 && c[x->place[RATE]].n > 0 &&
	    (!percent(c[x->place[RATE]], &r->rate) || !(r->rate >= 1 && r->rate <= 100)))
		return "sucsfbidLwltRate: not a percentage";
	if (x->place[STANDARD] >= 0)
		r->standard = c[x->place[STANDARD]];
	if (x->place[AGENCY] >= 0)
		r->agency = c[x->place[AGENCY]];
	if (x->place[COMPANY] >= 0)
		r->company = c[x->place[COMPANY]];
	return r->company.n > 0 && r->amount < 1 ? "bidprcAmt: not an amount in won" : NULL;
}

static void
set_text(char **to, struct span text)
{
	if (text.n == 0)
		return;
	free(*to);
	*to = xstrndup(text.p, text.n);
}

static const char *
take_row(struct reading *x, const struct row *r)
{
	struct opening *o = opening_of(x, r->id);

	if (o == NULL)
		return "too many notices";
	if (o->o.base != 0 && (o->o.base != r->base || o->o.estimated != r->estimated))
		return "bssamt or plnprc differ from the notice's first row";
	if (r->serial > 0 && o->o.reserve[r->serial - 1] != 0)
		return "that serial was there before";
	o->o.base = r->base;
	o->o.estimated = r->estimated;
	if (!isnan(r->low)) {
		o->o.low = r->low;
		o->o.high = r->high;
	}
	set_text(&o->standard, r->standard);
	set_text(&o->agency, r->agency);
	if (r->rate > 0)
		o->rate = (int32_t)lround(r->rate * 1000);
	if (r->a_value > 0)
		o->a_value = r->a_value;
	if (r->serial > 0) {
		o->o.reserve[r->serial - 1] = r->price;
		o->o.drawn[r->serial - 1] = (int)r->draws;
	}
	if (r->company.n > 0)
		add_bid(x->to, o, r->company, r->amount);
	return NULL;
}

/* ---- the file ---- */

static const char *
read_header(struct reading *x, const struct span cells[], int n)
{
	size_t k;
	int i;

	for (k = 0; k < COLUMN_COUNT; k++)
		x->place[k] = -1;
	for (i = 0; i < n; i++)
		for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (span_is(cells[i], names[k].name))
				x->place[names[k].column] = i;
	if (x->place[NOTICE] < 0 || x->place[BASE] < 0 || x->place[ESTIMATED] < 0)
		return "its header lacks bidNtceNo, bssamt or plnprc";
	return NULL;
}

static const char *
read_line(struct reading *x, char *row, size_t n, int columns)
{
	struct span cells[COLUMNS];
	struct row r;
	int count = split(row, n, cells);
	const char *why;

	if (count < 0)
		return "a quote is not closed";
	if (count != columns)
		return "not as many cells as the header has";
	why = read_row(x, cells, &r);
	return why != NULL ? why : take_row(x, &r);
}

static const char *
read_text(struct reading *x, char *p, size_t n, openings_say *say, void *ctx)
{
	struct span cells[COLUMNS];
	size_t line = 0, from, to;
	const char *why = "it is empty";
	int columns = -1;

	for (from = 0; from < n; from = to + 1) {
		size_t len;

		for (to = from; to < n && p[to] != '\n'; to++)
			;
		len = to - from - (to > from && p[to - 1] == '\r');
		line++;
		if (span_trim((struct span){ p + from, len }).n == 0)
			continue;
		if (columns < 0) {
			columns = split(p + from, len, cells);
			why = columns < 0 ? "its header is not CSV"
					  : read_header(x, cells, columns);
			if (why != NULL)
				return why;
			why = "it has a header and no rows that could be used";
			continue;
		}
		if ((why = read_line(x, p + from, len, columns)) != NULL)
			say(ctx, line, why);
	}
	return x->to->n > 0 ? NULL : why != NULL ? why : "none of its rows could be used";
}

bool
openings_csv(
    struct openings *os, struct span text, openings_say *say, void *ctx, const char **why)
{
	struct reading x = { .to = os };
	struct buf utf8 = BUF(TEXT_MAX);

	*os = (struct openings){ 0 };
	*why = NULL;
	if (span_starts(text, "\xef\xbb\xbf"))
		text = (struct span){ text.p + 3, text.n - 3 };
	if (json_is_utf8(text))
		buf_put(&utf8, text);
	else if (!convert(text, &utf8))
		*why = "it is neither UTF-8 nor CP949";
	if (*why == NULL && utf8.full)
		*why = "it is too long";
	/* two names that differ behind a NUL are one to whoever reads them as text */
	if (*why == NULL && utf8.n > 0 && memchr(utf8.p, '\0', utf8.n) != NULL)
		*why = "it is no text: there is a NUL byte in it";
	if (*why == NULL)
		*why = utf8.n > 0 ? read_text(&x, utf8.p, utf8.n, say, ctx) : "it is empty";
	buf_free(&utf8);
	return *why == NULL;
}

/* ---- JSON ---- */

static void
put_int_list(struct jw *w, const char *name, const int64_t v[RESERVE_PRICES])
{
	size_t i;

	jw_key(w, name);
	jw_array(w);
	for (i = 0; i < RESERVE_PRICES; i++)
		jw_int(w, v[i]);
	jw_end(w);
}

static void
put_opening(struct jw *w, const struct opening *o)
{
	int64_t drawn[RESERVE_PRICES];
	size_t i;

	for (i = 0; i < RESERVE_PRICES; i++)
		drawn[i] = o->o.drawn[i];
	jw_object(w);
	jw_member_str(w, "id", o->id);
	jw_member_str(w, "standard", o->standard);
	if (o->agency[0] != '\0')
		jw_member_str(w, "agency", o->agency);
	jw_member_int(w, "base", o->o.base);
	jw_member_int(w, "estimated", o->o.estimated);
	if (!isnan(o->o.low)) {
		jw_member_double(w, "low", o->o.low);
		jw_member_double(w, "high", o->o.high);
	}
	jw_member_int(w, "rate", o->rate);
	jw_member_int(w, "a_value", o->a_value);
	put_int_list(w, "reserve", o->o.reserve);
	put_int_list(w, "drawn", drawn);
	jw_key(w, "bids");
	jw_array(w);
	for (i = 0; i < o->bids; i++) {
		jw_array(w);
		jw_str(w, o->bid[i].company);
		jw_int(w, o->bid[i].amount);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

void
openings_put(struct jw *w, const char *name, const struct openings *os)
{
	size_t i;

	jw_key(w, name);
	jw_array(w);
	for (i = 0; i < os->n; i++)
		put_opening(w, &os->all[i]);
	jw_end(w);
}

static void
get_lists(struct opening *o, json_value v)
{
	json_value price = json_first(json_get(v, "reserve"));
	json_value draws = json_first(json_get(v, "drawn"));
	int64_t n;
	size_t i;

	for (i = 0; i < RESERVE_PRICES; i++) {
		if (json_int(price, &n) && n >= 0 && n <= TENDER_WON_MAX)
			o->o.reserve[i] = n;
		if (json_int(draws, &n) && n >= -1 && n <= 1000000)
			o->o.drawn[i] = (int)n;
		price = price.at != 0 ? json_next(price) : price;
		draws = draws.at != 0 ? json_next(draws) : draws;
	}
}

static void
get_bids(struct openings *os, struct opening *o, json_value list)
{
	struct span company;
	int64_t amount;
	json_value v, first;

	for (v = json_first(list); v.at != 0; v = json_next(v)) {
		first = json_first(v);
		if (json_text(first, &company) && json_int(json_next(first), &amount) &&
		    amount > 0)
			add_bid(os, o, company, amount);
	}
}

static void
get_opening(struct reading *x, json_value v)
{
	struct span id, text;
	int64_t base, estimated, n;
	struct opening *o;

	if (!json_text(json_get(v, "id"), &id) || !json_int(json_get(v, "base"), &base) ||
	    !json_int(json_get(v, "estimated"), &estimated) ||
	    (o = opening_of(x, id)) == NULL || o->o.base != 0)
		return;
	o->o.base = base;
	o->o.estimated = estimated;
	(void)json_number(json_get(v, "low"), &o->o.low);
	(void)json_number(json_get(v, "high"), &o->o.high);
	if (json_int(json_get(v, "rate"), &n) && n >= 0 && n <= TENDER_RATE_ONE)
		o->rate = (int32_t)n;
	if (json_int(json_get(v, "a_value"), &n) && n >= 0 && n <= TENDER_WON_MAX)
		o->a_value = n;
	if (json_text(json_get(v, "standard"), &text))
		set_text(&o->standard, text);
	if (json_text(json_get(v, "agency"), &text))
		set_text(&o->agency, text);
	get_lists(o, v);
	get_bids(x->to, o, json_get(v, "bids"));
}

void
openings_get(struct openings *os, json_value list)
{
	struct reading x = { .to = os };
	json_value v;

	*os = (struct openings){ 0 };
	for (v = json_first(list); v.at != 0; v = json_next(v))
		get_opening(&x, v);
}
