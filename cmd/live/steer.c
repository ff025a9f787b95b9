/* steer: values written to points: checked, noted, sent; and the two commands that do it and
 * wait for what comes of it. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/jsonw.h"
#include "base/out.h"
#include "base/prog.h"
#include "bms/command.h"
#include "bms/thing.h"
#include "db/registry.h"
#include "db/site.h"
#include "db/trend.h"
#include "io/sign.h"
#include "live/job.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)64 << 10)
#define LOOK_MS 20 /* between looks at the table while an answer is due */

/* ---- checking ---- */

static const char *
check(struct live_job *job, const struct steer *s, struct control *c, const char **why)
{
	struct span type;

	if (!building_key_parse(s->building_key, &c->customer, &c->building))
		return *why = "not a building like C000003_B001", "unknown-building";
	if (!control_point(job->site, c->customer, c->building, s->point_id, &c->thing, &type))
		return *why = "the building has no such point in use", "unknown-point";
	*why = command_refuses(command_kind_of(type, s->point_id), s->value);
	if (*why != NULL)
		return command_kind_of(type, s->point_id) <= COMMAND_INPUT ? "read-only"
									   : "bad-value";
	if (json_raw(s->value).n > JSON_NUMBER_MAX)
		return *why = "the value has too many digits", "bad-value";
	if ((*why = command_refuses_priority(s->priority)) != NULL)
		return "bad-priority";
	if (s->minutes < 1 || s->minutes > STEER_MINUTES_MAX)
		return *why = "minutes: 1 to 10080", "bad-minutes";
	return NULL;
}

static struct span
keep(struct buf *text, struct span s)
{
	size_t at = text->n;

	buf_put(text, s);
	must(!text->full);
	return (struct span){ text->p + at, s.n };
}

static bool
newest(void *ctx, const struct reading *r)
{
	struct buf *to = ctx;
	struct jw w;

	if (!span_is(r->series->attr, "M_Value") && to->n > 0)
		return true;
	buf_clear(to);
	if (r->json.p != NULL) {
		buf_put(to, r->json);
		return true;
	}
	w = jw_begin(to);
	if (isnan(r->value))
		jw_null(&w);
	else
		jw_double(&w, r->value);
	must(jw_finish(&w));
	return true;
}

/* The point's newest value in the history, for the audit. */
static void
value_before(struct live_job *job, const struct steer *s, struct buf *to)
{
	char *point = xstrndup(s->point_id.p, s->point_id.n);
	struct history *h = history_open(opt_state_dir(job->dir), DB_READ);
	struct opt_list points = { 0 };
	struct trend t = { .building_key = s->building_key,
		.zone = job_zone(job, s->building_key),
		.points = &points,
		.from = WHEN_NONE,
		.to = WHEN_NONE };

	opt_list_add(&points, point);
	trend_latest(h, &t, newest, to);
	history_close(h);
	opt_list_free(&points);
	free(point);
}

const char *
steer(struct link *l, struct live_job *job, const struct steer *s, struct buf *text,
    struct control *c, const char **why)
{
	char token[SIGN_TOKEN], id[SIGN_HEX];
	struct buf before = BUF(TEXT_MAX);
	const char *code;

	*c = (struct control){ .state = SPAN("sent") };
	code = check(job, s, c, why);
	if (code != NULL)
		return code;
	sign_token_make(token);
	must(sign_token_digest(id, span_of(token)) && buf_reserve(text, TEXT_MAX));
	value_before(job, s, &before);
	c->asked = clock_now();
	c->request_id = keep(text, (struct span){ id, CONTROL_ID - 1 });
	c->customer = keep(text, c->customer);
	c->building = keep(text, c->building);
	c->thing = keep(text, c->thing);
	c->point_id = keep(text, s->point_id);
	c->user = keep(text, span_of(s->user));
	c->connection = span_of(link_id(l));
	c->value = keep(text, json_raw(s->value));
	c->priority = s->priority;
	c->expires =
	    json_kind_of(s->value) == JSON_NULL ? WHEN_NONE : c->asked + s->minutes * 60;
	c->deadline = c->asked + (job->wait > 0 ? job->wait : STEER_ANSWER);
	if (before.n > 0)
		c->value_before = keep(text, buf_span(&before));
	db_begin(job->site);
	control_put(job->site, c);
	db_commit(job->site);
	link_control(l, c, false);
	buf_free(&before);
	return NULL;
}

/* ---- telling ---- */

static void
member_time(struct jw *w, const char *name, const struct zone *zone, when_t t)
{
	char text[WHEN_TEXT];

	if (t != WHEN_NONE)
		jw_member_str(w, name, when_format(text, zone, t));
}

static void
member_json(struct jw *w, const char *name, struct span json)
{
	if (json.p != NULL)
		jw_member_raw(w, name, json);
}

void
steer_write(struct jw *w, const struct control *c, const struct zone *zone)
{
	char key[THING_MAX];

	(void)snprintf(
	    key, sizeof(key), "%.*s_%.*s", SPAN_ARG(c->customer), SPAN_ARG(c->building));
	jw_member_text(w, "request_id", c->request_id);
	jw_member_str(w, "building", key);
	jw_member_text(w, "point_id", c->point_id);
	jw_member_text(w, "state", c->state);
	jw_member_raw(w, "value", c->value);
	jw_member_int(w, "priority", c->priority);
	jw_member_text(w, "by", c->user);
	member_time(w, "asked", zone, c->asked);
	member_time(w, "expires", zone, c->expires);
	member_json(w, "value_before", c->value_before);
	member_json(w, "value_after", c->value_after);
	if (c->winner > 0)
		jw_member_int(w, "winner", c->winner);
	if (c->reason.p != NULL)
		jw_member_text(w, "reason", c->reason);
	member_time(w, "answered", zone, c->answered);
	member_time(w, "ended", zone, c->ended);
}

/* ---- the commands ---- */

static void
ignore(void *ctx, const struct mqtt_message *m)
{
	(void)ctx, (void)m;
}

static void
print(struct live_job *job, const struct control *c)
{
	struct buf line = BUF(TEXT_MAX);
	struct jw w = jw_begin(&line);

	jw_object(&w);
	jw_member_bool(&w, "ok", true);
	steer_write(&w, c, job_zone(job, span_of(job->building)));
	jw_end(&w);
	must(jw_finish(&w));
	out_line(buf_span(&line));
	buf_free(&line);
}

static int
print_error(const char *code, const char *why)
{
	struct buf line = BUF(TEXT_MAX);
	struct jw w = jw_begin(&line);

	jw_object(&w);
	jw_member_bool(&w, "ok", false);
	jw_member_str(&w, "error", code);
	jw_member_str(&w, "message", why);
	jw_end(&w);
	must(jw_finish(&w));
	out_line(buf_span(&line));
	buf_free(&line);
	diag("refused: %s", why);
	return strcmp(code, "unavailable") == 0 ? EX_TEMPFAIL : EX_DATAERR;
}

/* Until it is answered or late; then it stands in the table what came of it. */
static int
await(struct link *l, struct live_job *job, const struct control *asked)
{
	struct control c = *asked;

	while (!prog_stopping() && clock_now() < asked->deadline) {
		link_wait(l, LOOK_MS);
		if (control_get(job->site, asked->request_id, &c) && !span_is(c.state, "sent"))
			break;
	}
	if (span_is(c.state, "sent") && !prog_stopping()) {
		db_begin(job->site);
		(void)control_late(job->site, clock_now());
		db_commit(job->site);
	}
	must(control_get(job->site, asked->request_id, &c));
	print(job, &c);
	return span_is(c.state, "refused")                                       ? EX_DATAERR
	       : span_is(c.state, "effective") || span_is(c.state, "overridden") ? 0
										 : EX_TEMPFAIL;
}

/* The broker first: what cannot be sent is not asked for. */
static bool
reach_broker(struct link *l, struct live_job *job)
{
	int64_t until = clock_monotonic() +
			(job->wait > 0 ? job->wait : STEER_ANSWER) * INT64_C(1000000000);

	while (!link_connected(l) && !prog_stopping() && clock_monotonic() < until)
		link_wait(l, LOOK_MS);
	return link_connected(l);
}

static int
command(struct live_job *job, const char *value)
{
	struct steer s = { .building_key = span_of(job->building),
		.point_id = span_of(job->point),
		.priority = job->priority,
		.minutes = job->minutes,
		.user = job->by };
	struct json *j = json_new();
	struct buf text = BUF(2 * TEXT_MAX);
	struct control c;
	const char *why = NULL, *code = NULL;
	struct link *l;
	int status;

	if (!json_parse_copy(j, span_of(value), &s.value))
		opt_wrong("--value: not JSON: %s", value);
	job->site = site_open(opt_state_dir(job->dir), DB_WRITE);
	l = link_open(job, job->by, NULL, ignore, NULL);
	if (!reach_broker(l, job))
		status = print_error("unavailable", "the broker cannot be reached");
	else if ((code = steer(l, job, &s, &text, &c, &why)) != NULL)
		status = print_error(code, why);
	else
		status = await(l, job, &c);
	link_close(l);
	db_close(job->site);
	json_free(j);
	buf_free(&text);
	return status;
}

static void
check_options(const struct live_job *job, int argc, char *argv[])
{
	if (argc > 0)
		opt_wrong("takes no operand: %s", argv[0]);
	if (job->building == NULL || job->point == NULL || job->by == NULL)
		opt_wrong("--building, --point and --by are needed");
}

int
verb_control(struct live_job *job, int argc, char *argv[])
{
	check_options(job, argc, argv);
	if (job->value == NULL)
		opt_wrong("--value is missing");
	return command(job, job->value);
}

int
verb_relinquish(struct live_job *job, int argc, char *argv[])
{
	check_options(job, argc, argv);
	return command(job, "null");
}
