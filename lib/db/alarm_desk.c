#include "db/alarm_desk.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/out.h"
#include "bms/presence.h"
#include "bms/thing.h"
#include "db/alarm_kpi.h"
#include "db/push.h"
#include "db/site.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct run {
	const struct desk *desk;
	struct db *site;
	struct alarm_book *book;        /* of a command that changes something */
	struct span customer, building; /* p NULL: all */
	when_t from, to, now;
	struct buf line;
	bool push; /* does anybody want to be told? */
	int status;
};

struct db *
desk_open(const char *dir, enum db_mode mode)
{
	return site_open(opt_state_dir(dir), mode);
}

static void
cell_time(struct table *t, const struct zone *zone, when_t at)
{
	char text[WHEN_TEXT];

	table_str(t, at != WHEN_NONE ? when_format(text, zone, at) : NULL);
}

static void
cell_key(struct table *t, struct span customer, struct span building)
{
	char key[2 * THING_PART_MAX + 2];
	size_t n = customer.n + 1 + building.n;

	must(n < sizeof(key));
	memcpy(key, customer.p, customer.n);
	key[customer.n] = '_';
	memcpy(key + customer.n + 1, building.p, building.n);
	table_text(t, (struct span){ key, n });
}

static void
cell_text(struct table *t, struct span s)
{
	if (s.p != NULL)
		table_text(t, s);
	else
		table_null(t);
}

static void
cell_json(struct table *t, struct span s)
{
	if (s.p != NULL)
		table_json(t, s);
	else
		table_null(t);
}

static void
list(struct run *run)
{
	static const char *const names[] = { "state", "level", "building", "alarm_point_id",
		"alarm_name", "value", "text", "since", "cleared", "acked_at", "shelved_until",
		"reason", "source", "episode" };
	struct table *t =
	    table_begin(table_form(&run->desk->form), names, sizeof(names) / sizeof(names[0]));
	struct span customer, building, id, state, episode_id, source, name, point, value, text,
	    reason;
	when_t episode, cleared, acked, shelved;
	int64_t level, priority;
	struct rows *r = db_rows(run->site, SQL_ALARM_LIST, "tti", run->customer, run->building,
	    (int64_t)run->desk->all);

	while (rows_next(r, "ttttiiwwwwttttttt", &customer, &building, &id, &state, &level,
	    &priority, &episode, &cleared, &acked, &shelved, &episode_id, &source, &name,
	    &point, &value, &text, &reason)) {
		const struct zone *zone = alarm_book_zone(run->book, customer, building);

		table_text(t, state);
		table_int(t, level);
		cell_key(t, customer, building);
		table_text(t, id);
		cell_text(t, name);
		cell_json(t, value);
		cell_text(t, text);
		cell_time(t, zone, episode);
		cell_time(t, zone, cleared);
		cell_time(t, zone, acked);
		cell_time(t, zone, shelved);
		cell_text(t, reason);
		cell_text(t, source);
		cell_text(t, episode_id);
	}
	rows_end(r);
	(void)table_end(t);
}

static void
history_of(struct run *run, struct table *t, struct span alarm)
{
	struct span customer, building, id, name, point, value, text, by, reason;
	struct alarm_state state = alarm_fresh();
	int64_t what, told, flags, level;
	char episode_id[ALARM_ID_TEXT];
	when_t at, episode;
	struct rows *r = db_rows(run->site, SQL_ALARM_HISTORY_LIST, "tttii", run->customer,
	    run->building, alarm, run->from, run->to);

	while (rows_next(r, "tttiiiwiitttttt", &customer, &building, &id, &at, &what, &told,
	    &episode, &flags, &level, &name, &point, &value, &text, &by, &reason)) {
		alarm_set_flags(&state, flags);
		cell_time(t, alarm_book_zone(run->book, customer, building), at);
		table_str(t, alarm_event_name((enum alarm_event)what));
		table_str(t, alarm_state_name(&state));
		cell_key(t, customer, building);
		table_text(t, id);
		if (level > 0)
			table_int(t, level);
		else
			table_null(t);
		cell_text(t, name);
		cell_json(t, value);
		cell_text(t, text);
		cell_text(t, by);
		cell_text(t, reason);
		table_bool(t, told != 0);
		table_str(t, episode != WHEN_NONE
				 ? alarm_episode_id(episode_id, customer, building, id, episode)
				 : NULL);
	}
	rows_end(r);
}

static void
history(struct run *run, int n, char *alarms[])
{
	static const char *const names[] = { "time", "transition", "state", "building",
		"alarm_point_id", "level", "alarm_name", "value", "text", "by", "reason",
		"told", "episode" };
	struct table *t =
	    table_begin(table_form(&run->desk->form), names, sizeof(names) / sizeof(names[0]));
	int i;

	if (n == 0)
		history_of(run, t, (struct span){ 0 });
	for (i = 0; i < n; i++)
		history_of(run, t, span_of(alarms[i]));
	(void)table_end(t);
}

static void
presence(struct run *run)
{
	static const struct presence_limits limits = { 1.5, 3 };
	static const char *const names[] = { "thing", "state", "last", "period" };
	struct table *t = table_begin(table_form(&run->desk->form), names, 4);
	struct rows *r = db_rows(run->site, SQL_PRESENCE_LIST, "");
	struct presence_of is;
	struct span name;
	struct thing of;

	while (rows_next(r, "twii", &name, &is.last, &is.known, &is.period)) {
		if (!thing_parse(name, &of) ||
		    (run->customer.p != NULL && !(span_eq(of.customer, run->customer) &&
						    span_eq(of.building, run->building))))
			continue;
		table_text(t, name);
		table_str(t, presence_name(presence_judge(&is, &limits, run->now)));
		cell_time(t, alarm_book_zone(run->book, of.customer, of.building), is.last);
		table_int(t, is.period);
	}
	rows_end(r);
	(void)table_end(t);
}

/* Commands. */

static void
tell(void *ctx, const struct transition *t)
{
	struct run *run = ctx;

	buf_clear(&run->line);
	transition_write(&run->line, t);
	out_line(buf_span(&run->line));
	if (run->push)
		push_leave(run->site, buf_span(&run->line));
}

static void __attribute__((format(printf, 3, 4)))
refuse(struct run *run, const char *operand, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	diag("%s: refused: %s", operand, why);
	run->status = EX_DATAERR;
}

static const char *
who(const struct run *run)
{
	const char *by = run->desk->by;

	if (by == NULL)
		by = getenv("USER");
	if (by == NULL)
		by = getenv("LOGNAME");
	return by != NULL ? by : "operator";
}

static struct alarm_happening
doing(const struct run *run, enum alarm_event event)
{
	return (struct alarm_happening){
		.in = { .event = event, .priority = -1, .until = WHEN_NONE },
		.by = span_of(who(run)),
		.reason = span_of(run->desk->reason),
	};
}

static void
acknowledge(struct run *run, const char *episode_id)
{
	struct alarm_happening h = doing(run, ALARM_ACK);
	struct alarm_state state;
	struct alarm_key key;
	when_t episode, last;

	if (!alarm_book_find(run->book, span_of(episode_id), &key, &episode) ||
	    !alarm_book_get(run->book, &key, &state, &last)) {
		refuse(run, episode_id, "no alarm's present episode: an old one, or mistyped");
		return;
	}
	if (!alarm_can_ack(&state, episode)) {
		refuse(run, episode_id, "acknowledged already");
		return;
	}
	h.in.until = episode;
	(void)alarm_book_command(run->book, &key, &h, run->now);
}

static void
change(struct run *run, enum alarm_event event, const char *alarm)
{
	struct alarm_key key = { run->customer, run->building, span_of(alarm) };
	struct alarm_happening h = doing(run, event);
	int64_t seconds = run->desk->shelve_for > 0 ? run->desk->shelve_for : 3600;

	if (event == ALARM_SHELVE) {
		h.in.once = run->desk->once;
		h.in.until = run->now + (run->desk->once ? DESK_SHELVE_MAX : seconds);
	}
	if (!alarm_book_command(run->book, &key, &h, run->now))
		refuse(run, alarm, "there is no such alarm in %s", run->desk->building);
}

static void
command(struct run *run, enum alarm_event event, int n, char *operands[])
{
	int i;

	if (n == 0)
		opt_wrong("nothing to %s", alarm_event_name(event));
	if (event != ALARM_ACK && run->customer.p == NULL)
		opt_wrong("--building is missing");
	if (run->desk->shelve_for > DESK_SHELVE_MAX)
		opt_wrong("--for: longer than 7d");
	run->line = BUF(1 << 20);
	db_begin(run->site);
	alarm_book_refresh(run->book);
	run->push = push_wanted(run->site);
	for (i = 0; i < n; i++) {
		if (event == ALARM_ACK)
			acknowledge(run, operands[i]);
		else
			change(run, event, operands[i]);
	}
	alarm_book_flush(run->book);
	out_flush();
	db_commit(run->site);
	buf_free(&run->line);
}

static const char *const reports[] = { "list", "history", "presence", "kpi" };

/* ack and shelve to in-service: what an operator may do. */
static bool
find_command(const char *word, enum alarm_event *event)
{
	return alarm_event_find(span_of(word), event) && *event >= ALARM_ACK &&
	       *event <= ALARM_IN_SERVICE;
}

bool
desk_is_verb(const char *word)
{
	enum alarm_event event;
	size_t i;

	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		if (strcmp(word, reports[i]) == 0)
			return true;
	return find_command(word, &event);
}

static when_t
time_of(struct run *run, const char *option, const char *text, const char *otherwise)
{
	const struct zone *zone = NULL;
	when_t t;

	if (run->customer.p != NULL)
		zone = alarm_book_zone(run->book, run->customer, run->building);
	if (!when_parse_human(span_of(text != NULL ? text : otherwise), zone, run->now, &t))
		opt_wrong("%s: not a time: %s", option, text);
	return t;
}

static void
settle(struct run *run)
{
	const struct desk *d = run->desk;

	if (d->building != NULL &&
	    !building_key_parse(span_of(d->building), &run->customer, &run->building))
		opt_wrong("--building: not like C000003_B001: %s", d->building);
}

static void
settle_times(struct run *run)
{
	run->from = time_of(run, "--from", run->desk->from, "now-1d");
	run->to = time_of(run, "--to", run->desk->to, "now");
	if (run->from >= run->to)
		opt_wrong("--from: not before --to");
}

int
desk_run(const struct desk *d, const char *verb, const char *dir,
    const struct alarm_book_options *options, int n, char *operands[])
{
	struct run run = { .desk = d, .now = clock_now() };
	enum alarm_event event;
	bool changes = find_command(verb, &event);

	settle(&run);
	if (!changes && n > 0 && strcmp(verb, "history") != 0)
		opt_wrong("%s takes no operand: %s", verb, operands[0]);
	run.site = desk_open(dir, changes ? DB_WRITE : DB_READ);
	run.book = alarm_book_open(run.site, options, tell, &run);
	settle_times(&run);
	if (changes)
		command(&run, event, n, operands);
	else if (strcmp(verb, "list") == 0)
		list(&run);
	else if (strcmp(verb, "history") == 0)
		history(&run, n, operands);
	else if (strcmp(verb, "presence") == 0)
		presence(&run);
	else
		kpi_print(run.site, table_form(&d->form), run.customer, run.building, run.from,
		    run.to);
	alarm_book_free(run.book);
	db_close(run.site);
	return run.status;
}
