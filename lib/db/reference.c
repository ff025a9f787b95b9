#include "db/reference.h"
#include "base/diag.h"

#include <ctype.h>
#include <stdlib.h>

#define TEXT_MAX 1024

struct reference {
	struct tariffs *tariffs;
	struct holidays *holidays;
	struct composite_rules rules;
	struct key {
		struct key *next;
		char text[];
	} * keys; /* of the accounts opened, which borrow them */
};

enum shelf { CHARGE_RATE, HOLIDAY, COMPOSITE_RULE, SHELVES };

static const char *const categories[SHELVES] = { "Charge_Rate", "Holiday", "Composite_Rule" };

static const struct {
	const char *type;
	enum shelf shelf;
} types[] = {
	{ "hours", CHARGE_RATE },
	{ "prices", CHARGE_RATE },
	{ "demand", CHARGE_RATE },
	{ "levies", CHARGE_RATE },
	{ "calendar", HOLIDAY },
	{ "holiday", HOLIDAY },
	{ "composite_rule", COMPOSITE_RULE },
};

static bool
shelf_of(struct span type, enum shelf *shelf)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!span_is(type, types[i].type))
			continue;
		*shelf = types[i].shelf;
		return true;
	}
	return false;
}

bool
reference_type(struct span type)
{
	enum shelf shelf;

	return shelf_of(type, &shelf);
}

/* Does the record add to what is loaded? */
static bool
add(struct reference *ref, enum shelf shelf, json_value record, const struct where *at,
    struct buf *why)
{
	const char *text;

	switch (shelf) {
	case CHARGE_RATE:
		return tariffs_add(ref->tariffs, record, at, why);
	case HOLIDAY:
		return holidays_add(ref->holidays, record, at, why);
	default:
		if (composite_rules_add(&ref->rules, record, &text))
			return true;
		buf_puts(why, text);
		return false;
	}
}

static struct reference *
reference_new(void)
{
	struct reference *ref = xcalloc(1, sizeof(*ref));

	ref->tariffs = tariffs_new();
	ref->holidays = holidays_new();
	return ref;
}

void
reference_free(struct reference *ref)
{
	if (ref == NULL)
		return;
	tariffs_free(ref->tariffs);
	holidays_free(ref->holidays);
	composite_rules_free(&ref->rules);
	while (ref->keys != NULL) {
		struct key *next = ref->keys->next;

		free(ref->keys);
		ref->keys = next;
	}
	free(ref);
}

/* Which rows of a category to take. */
struct choice {
	bool heads, members; /* subclasses without and with a '/': a calendar, a day of it */
	bool quiet;          /* a row that cannot be used is left for a later try */
	struct span except;  /* a subclass to leave out */
};

static bool
is_chosen(const struct choice *c, struct span subclass)
{
	bool member = memchr(subclass.p, '/', subclass.n) != NULL;

	return (member ? c->members : c->heads) && !span_eq(subclass, c->except);
}

/* Adds the rows chosen; returns how many could not be used. */
static size_t
load_shelf(struct reference *ref, struct db *site, enum shelf shelf, const struct choice *c)
{
	struct rows *r = db_rows(site, SQL_CATEGORY_ROWS, "s", categories[shelf]);
	struct json *j = json_new();
	struct buf why = BUF(TEXT_MAX);
	struct span subclass, data;
	json_value root;
	size_t left = 0;

	while (rows_next(r, "tt", &subclass, &data)) {
		char *source = xasprintf("%s %.*s", categories[shelf], SPAN_ARG(subclass));
		struct where at = { source, 0 };

		buf_clear(&why);
		if (is_chosen(c, subclass) &&
		    !(json_parse_copy(j, data, &root) && add(ref, shelf, root, &at, &why))) {
			left++;
			if (!c->quiet)
				diag_at(&at, "not used: %s", buf_text(&why));
		}
		free(source);
	}
	rows_end(r);
	json_free(j);
	buf_free(&why);
	return left;
}

/* Calendars in an order in which each comes after the one it extends: tried until no more go
 * in. */
static void
load_calendars(struct reference *ref, struct db *site, struct span except)
{
	struct choice heads = { .heads = true, .quiet = true, .except = except };
	size_t before, left = SIZE_MAX;

	do {
		before = left;
		left = load_shelf(ref, site, HOLIDAY, &heads);
	} while (left > 0 && left < before);
}

struct reference *
reference_load(struct db *site)
{
	static const struct choice all = { .heads = true, .members = true },
				   days = { .members = true };
	struct reference *ref = reference_new();

	(void)load_shelf(ref, site, CHARGE_RATE, &all);
	load_calendars(ref, site, (struct span){ 0 });
	(void)load_shelf(ref, site, HOLIDAY, &days);
	(void)load_shelf(ref, site, COMPOSITE_RULE, &all);
	return ref;
}

static void
put_part(struct buf *to, json_value v)
{
	struct span s;
	json_value each;

	if (json_kind_of(v) == JSON_NONE || json_kind_of(v) == JSON_NULL)
		return;
	if (to->n > 0)
		buf_putc(to, '/');
	if (json_text(v, &s))
		buf_put(to, s);
	for (each = json_first(v); each.at != 0; each = json_next(each)) {
		if (json_text(each, &s))
			buf_put(to, s);
		buf_puts(to, json_next(each).at != 0 ? "," : "");
	}
}

/* What tells a record from its neighbours of the same category. */
static void
subclass_of(json_value root, struct span type, enum shelf shelf, struct buf *to)
{
	static const char *const members[SHELVES][5] = {
		[CHARGE_RATE] = { "tariff", "for", "region", "valid_from", NULL },
		[HOLIDAY] = { "calendar", "date", "kind", NULL },
		[COMPOSITE_RULE] = { "class", "attr", NULL },
	};
	const char *const *m;

	if (shelf == CHARGE_RATE)
		buf_put(to, type);
	for (m = members[shelf]; *m != NULL; m++)
		put_part(to, json_get(root, *m));
}

void
reference_put(struct db *site, struct record *r)
{
	struct reference *ref = reference_new();
	struct buf why = BUF(TEXT_MAX), subclass = BUF(TEXT_MAX);
	struct span type = { 0 };
	enum shelf shelf = CHARGE_RATE;

	must(json_text(json_get(r->root, "type"), &type) && shelf_of(type, &shelf));
	subclass_of(r->root, type, shelf, &subclass);
	if (shelf == HOLIDAY) /* a day is checked against its calendar, a calendar against the
				 one it extends */
		load_calendars(ref, site, buf_span(&subclass));
	if (!add(ref, shelf, r->root, &r->at, &why))
		record_reject(r, "bad-record", "%s", buf_text(&why));
	else if (subclass.full)
		record_reject(r, "bad-record", "its names are too long");
	else
		category_put(
		    site, span_of(categories[shelf]), buf_span(&subclass), json_raw(r->root));
	buf_free(&why);
	buf_free(&subclass);
	reference_free(ref);
}

const struct tariffs *
reference_tariffs(const struct reference *ref)
{
	return ref->tariffs;
}

const struct holiday_calendar *
reference_calendar(const struct reference *ref, const struct building *b)
{
	const struct holiday_calendar *own;
	char *key = xasprintf("%.*s_%.*s", SPAN_ARG(b->customer), SPAN_ARG(b->building));
	char country[8] = "";
	size_t i;

	own = holidays_calendar(ref->holidays, span_of(key));
	free(key);
	if (own != NULL)
		return own;
	for (i = 0; i < b->country.n && i < sizeof(country) - 1; i++)
		country[i] = (char)tolower((unsigned char)b->country.p[i]);
	return holidays_calendar(ref->holidays, span_of(country));
}

static const char *
keep_key(struct reference *ref, struct span text)
{
	struct key *k = xcalloc(1, sizeof(*k) + text.n + 1);

	memcpy(k->text, text.p, text.n);
	k->next = ref->keys;
	ref->keys = k;
	return k->text;
}

struct tariff_account *
reference_account(struct reference *ref, const struct building *b, const struct zone *zone)
{
	struct tariff_choice choice = { .zone = zone, .holidays = reference_calendar(ref, b) };
	struct tariff_account *account;

	if (b->tariff.n == 0)
		return NULL;
	choice.key = keep_key(ref, b->tariff);
	account = tariff_account_open(ref->tariffs, &choice);
	if (account == NULL)
		diag("building %.*s_%.*s: no tariff %s is registered", SPAN_ARG(b->customer),
		    SPAN_ARG(b->building), choice.key);
	return account;
}

void
reference_composite_rules(const struct reference *ref, struct composite_rules *rules)
{
	composite_rules_default(rules);
	composite_rules_replace(rules, &ref->rules);
}
