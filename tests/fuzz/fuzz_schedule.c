/* Schedules, calendars, events and user zones: what is taken can be worked out for a fortnight
 * with two changes of the clock near, its spans adjoin, and the value at an instant is its
 * span's. */
#include "bms/schedule.h"
#include "bms/userzone.h"
#include "fuzz.h"

#define DAY 86400

struct expansion {
	const struct schedule *s;
	const struct schedule_context *c;
	when_t at;
};

static void
on_span(void *ctx, const struct schedule_span *span)
{
	struct expansion *e = ctx;
	struct schedule_span there;

	must(span->from == e->at && span->to > span->from);
	there = schedule_at(e->s, e->c, span->from);
	must(there.source == span->source && (there.value == NULL) == (span->value == NULL));
	must(there.value == NULL || strcmp(there.value, span->value) == 0);
	e->at = span->to;
}

static void
on_candidate(void *ctx, const struct schedule_candidate *c)
{
	size_t *wins = ctx;

	*wins += c->fate == SCHEDULE_WINS;
}

static void
on_text(void *ctx, const char *text)
{
	(void)ctx;
	must(text[0] != '\0');
}

static void
try_schedule(json_value root, const struct calendars *cs, const struct zone *z, when_t from)
{
	struct buf why = BUF(4096);
	struct schedule *s = schedule_parse(root, z, &why);
	const struct schedule_context c = { .calendars = cs };
	struct expansion e = { s, &c, from };
	struct schedule_span then;
	size_t wins = 0;

	must(s != NULL || why.n > 0);
	if (s != NULL) {
		if (schedule_expand(s, &c, from, from + 14 * DAY, on_span, &e))
			must(e.at == from + 14 * DAY);
		(void)schedule_next(s, &c, from, from + 7 * DAY, &then);
		schedule_explain(s, &c, from + DAY / 2, on_candidate, &wins);
		must(wins <= 1);
		(void)schedule_check(s, &c, 19000, 19010, on_text, NULL);
	}
	schedule_free(s);
	buf_free(&why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const when_t starts[] = { 1664841600, 1646982000, 1667001600, 1679788800 };
	struct span text = { (const char *)data, n }, line;
	struct calendars *cs = calendars_new(NULL);
	struct buf why = BUF(4096);
	json_value root;

	while (fuzz_line(&text, &line)) {
		struct userzone *zone;

		if (!fuzz_json(line, &root) || json_kind_of(root) != JSON_OBJECT)
			continue;
		buf_clear(&why);
		if (!calendars_add(cs, root, &why))
			must(why.n > 0);
		buf_clear(&why);
		zone = userzone_parse(root, &why);
		must(zone != NULL || why.n > 0);
		userzone_free(zone);
		try_schedule(root, cs, zone_find(SPAN("America/New_York")), starts[n % 4]);
	}
	calendars_free(cs);
	buf_free(&why);
	return 0;
}
