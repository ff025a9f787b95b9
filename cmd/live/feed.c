/*
 * feed: gateways' records in, what sessions want of them out, as records for nbms-send: values
 * of points that are subscribed to, on nbms/live/<thing>. What gateways answer to controls, and
 * values that show what came of one, goes into nbms.db, where sessions see it.
 */
#include "base/clock.h"
#include "base/diag.h"
#include "base/jsonw.h"
#include "base/out.h"
#include "base/prog.h"
#include "bms/command.h"
#include "bms/message.h"
#include "db/consumer.h"
#include "db/site.h"
#include "live/job.h"

#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define uthash_fatal(msg) die(EX_OSERR, "out of memory")
#include <uthash.h>

#define LOOK_MS 100      /* while nothing comes, between looks at who wants what */
#define OPEN_SINCE 86400 /* seconds: of older controls no answer is waited for */
#define LINE_OUT ((size_t)24 << 20)
#define KEY_MAX 512

/* A point somebody wants, and its newest report: an item of a message as it came. */
struct wish {
	char *key; /* thing and point */
	size_t thing_n;
	int64_t sessions;
	bool stays;  /* still wanted, in a look at the table */
	bool joined; /* somebody has come to want it since */
	char *item, *time;
	when_t at; /* when that was received */
	UT_hash_handle hh;
};

/* A control without an answer. */
struct open {
	char request_id[CONTROL_ID];
	char *thing, *point, *value;
	when_t asked;
	struct open *next;
};

struct feed {
	struct live_job *job;
	struct consumer consumer;
	struct wish *wishes;
	struct open *open;
	bool stale; /* the tables have to be read again */
	struct buf line, items;
	struct json *json; /* of values in the table */
};

/* ---- who wants what ---- */

static struct wish *
find_wish(struct feed *f, struct span thing, struct span point)
{
	char key[KEY_MAX];
	struct wish *w = NULL;
	size_t n = thing.n + 1 + point.n;

	if (n > sizeof(key))
		return NULL;
	memcpy(key, thing.p, thing.n);
	key[thing.n] = '\n';
	memcpy(key + thing.n + 1, point.p, point.n);
	HASH_FIND(hh, f->wishes, key, n, w);
	return w;
}

static void
wish_for(struct feed *f, struct span thing, struct span point, int64_t sessions)
{
	struct wish *w = find_wish(f, thing, point);

	if (w == NULL) {
		w = xcalloc(1, sizeof(*w));
		w->key = xasprintf("%.*s\n%.*s", SPAN_ARG(thing), SPAN_ARG(point));
		w->thing_n = thing.n;
		HASH_ADD_KEYPTR(hh, f->wishes, w->key, strlen(w->key), w);
	}
	w->joined = w->joined || sessions > w->sessions;
	w->sessions = sessions;
	w->stays = true;
}

static void
free_wish(struct feed *f, struct wish *w)
{
	HASH_DEL(f->wishes, w);
	free(w->key);
	free(w->item);
	free(w->time);
	free(w);
}

static void
free_open(struct feed *f)
{
	while (f->open != NULL) {
		struct open *o = f->open;

		f->open = o->next;
		free(o->thing);
		free(o->point);
		free(o->value);
		free(o);
	}
}

static void
add_open(void *ctx, struct span request_id, struct span thing, struct span point,
    struct span value, when_t asked)
{
	struct feed *f = ctx;
	struct open *o = xcalloc(1, sizeof(*o));

	(void)snprintf(o->request_id, sizeof(o->request_id), "%.*s", SPAN_ARG(request_id));
	o->thing = xstrndup(thing.p, thing.n);
	o->point = xstrndup(point.p, point.n);
	o->value = xstrndup(value.p, value.n);
	o->asked = asked;
	o->next = f->open;
	f->open = o;
}

static void
read_tables(struct feed *f)
{
	struct rows *r = db_rows(f->job->site, SQL_SUBSCRIPTION_WANTED, "");
	struct wish *w, *next;
	struct span thing, point;
	int64_t n;

	while (rows_next(r, "tti", &thing, &point, &n))
		wish_for(f, thing, point, n);
	rows_end(r);
	HASH_ITER(hh, f->wishes, w, next)
	{
		if (!w->stays)
			free_wish(f, w);
		else
			w->stays = false;
	}
	free_open(f);
	control_open(f->job->site, clock_now() - OPEN_SINCE, add_open, f);
	f->stale = false;
}

/* ---- out ---- */

struct passing {
	struct feed *f;
	struct span thing;
	size_t n;
};

static void
pass_item(struct passing *p, struct span item)
{
	buf_printf(&p->f->items, "\"point_%zu\":", p->n++);
	buf_put(&p->f->items, item);
	buf_putc(&p->f->items, ',');
}

static void
pass_on(struct passing *p, struct span stamp)
{
	struct feed *f = p->f;

	if (p->n == 0)
		return;
	buf_clear(&f->line);
	buf_printf(&f->line,
	    "{\"topic\":\"nbms/live/%.*s\",\"payload\":{\"thing\":\"%.*s\","
	    "\"point\":\"realtime\",\"message\":{\"msg_type\":\"Real_Time\",",
	    SPAN_ARG(p->thing), SPAN_ARG(p->thing));
	buf_put(&f->line, buf_span(&f->items));
	buf_printf(&f->line, "\"point_count\":%zu", p->n);
	if (stamp.n > 0)
		buf_printf(&f->line, ",\"time\":%.*s", SPAN_ARG(stamp));
	buf_puts(&f->line, "}},\"qos\":0}");
	if (!f->line.full && !f->items.full)
		out_line(buf_span(&f->line));
	else
		diag("%.*s: too much at a time to be passed on", SPAN_ARG(p->thing));
	buf_clear(&f->items);
	p->n = 0;
}

/* Who has come to want a point that others have wanted before gets its newest report. */
static void
greet(struct feed *f)
{
	struct wish *w, *next;

	HASH_ITER(hh, f->wishes, w, next)
	{
		struct passing p = { f, { w->key, w->thing_n }, 0 };

		if (w->joined && w->item != NULL) {
			pass_item(&p, span_of(w->item));
			pass_on(&p, span_of(w->time));
		}
		w->joined = false;
	}
}

static void
look(struct feed *f)
{
	out_need_reader();
	if (db_written_elsewhere(f->job->site))
		f->stale = true;
	if (!f->stale)
		return;
	read_tables(f);
	greet(f);
	out_flush();
}

/* ---- in ---- */

/* A report that is older than the newest never replaces it. */
static void
remember(struct wish *w, json_value item, struct span stamp, when_t at)
{
	struct span raw = json_raw(item);

	if (w->item != NULL && at < w->at)
		return;
	free(w->item);
	free(w->time);
	w->item = xstrndup(raw.p, raw.n);
	w->time = xstrndup(stamp.p != NULL ? stamp.p : "", stamp.n);
	w->at = at;
}

static json_value
value_of(json_value item)
{
	json_value one = json_first(json_get(item, "msg")), first = json_get(one, "data");
	struct span attr;

	for (; json_kind_of(one) == JSON_OBJECT; one = json_next(one))
		if (json_text(json_get(one, "attr_name"), &attr) && span_is(attr, "M_Value"))
			return json_get(one, "data");
	return first;
}

/* Does the report show that a control has come into effect? */
static void
settle_by_value(struct feed *f, const struct message *m, json_value item, when_t at)
{
	struct span point;
	struct open *o;
	json_value written, got = value_of(item);

	if (!json_text(json_get(item, "point_id"), &point) || got.at == 0)
		return;
	for (o = f->open; o != NULL; o = o->next) {
		const struct control_answer a = { .request_id = span_of(o->request_id),
			.thing = m->thing.name,
			.status = SPAN("ok"),
			.value = json_raw(got),
			.reason = SPAN("the point reports the value") };

		if (!span_is(m->thing.name, o->thing) || !span_is(point, o->point) ||
		    at < o->asked || strcmp(o->value, "null") == 0 ||
		    !json_parse_copy(f->json, span_of(o->value), &written) ||
		    !command_same(written, got))
			continue;
		(void)control_answered(consumer_site(&f->consumer), &a, clock_now());
		f->stale = true;
	}
}

static void
take_values(struct feed *f, const struct message *m, when_t at)
{
	struct passing p = { f, m->thing.name, 0 };
	json_value item = message_first_item(m->body, "point");
	struct span stamp = json_raw(json_get(m->body, "time")), point;

	for (; json_kind_of(item) == JSON_OBJECT; item = message_next_item(item, "point")) {
		struct wish *w;

		if (f->open != NULL)
			settle_by_value(f, m, item, at);
		if (!json_text(json_get(item, "point_id"), &point) ||
		    (w = find_wish(f, m->thing.name, point)) == NULL)
			continue;
		remember(w, item, stamp, at);
		pass_item(&p, json_raw(item));
	}
	if (at >= clock_now() - f->job->fresh)
		pass_on(&p, stamp);
	else
		buf_clear(&f->items);
}

static void
take_answer(struct feed *f, struct record *r, const struct message *m)
{
	json_value item = message_first_item(m->body, "point"), v;
	struct control_answer a = { .thing = m->thing.name };
	const char *wrong;

	if (!json_text(json_get(m->body, "request_id"), &a.request_id) ||
	    !json_text(json_get(item, "status"), &a.status)) {
		record_reject(r, "bad-answer", "request_id and a point's status are needed");
		return;
	}
	if ((v = json_get(item, "value")).at != 0)
		a.value = json_raw(v);
	(void)json_int(json_get(item, "priority"), &a.winner);
	(void)json_text(json_get(item, "reason"), &a.reason);
	wrong = control_answered(consumer_site(&f->consumer), &a, clock_now());
	f->stale = true;
	/* nbms-sched and others control, too: their answers are not ours to judge */
	if (wrong != NULL && strcmp(wrong, "unknown-request") != 0)
		record_reject(r, wrong, "request %.*s", SPAN_ARG(a.request_id));
}

static void
take(struct feed *f, struct record *r)
{
	const char *code, *why;
	struct message m;
	when_t at;

	code = message_parse(r->root, &m, &why);
	if (code != NULL) {
		record_reject(r, code, "%s", why);
		return;
	}
	if (!consumer_takes(&f->consumer, r, &m))
		return;
	at = m.received != WHEN_NONE ? m.received : clock_now();
	if (m.kind == MESSAGE_CONTROL_RESULT)
		take_answer(f, r, &m);
	else if (m.kind == MESSAGE_REALTIME || m.kind == MESSAGE_PERIODIC_LOG)
		take_values(f, &m, at);
	consumer_did(&f->consumer, &m);
}

static void
take_line(struct feed *f, const struct lines *in, enum lines_kind kind, struct span line)
{
	struct record r;

	if (!record_begin(&r, &f->job->records, in, kind, line)) {
		return;
	}
	if (!json_parse(f->job->records.json, line, &r.root))
		record_reject(&r, json_error_code(f->job->records.json), "%s",
		    json_error(f->job->records.json));
	else if (json_kind_of(r.root) != JSON_OBJECT)
		record_reject(&r, "bad-json", "not an object");
	else
		take(f, &r);
	record_end(&r);
}

/* Whoever waits for a value gets it before we wait for the next record. */
static int
read_all(struct feed *f, int fd, const char *name)
{
	struct lines *in = lines_open(fd, name, (size_t)f->job->records.line_max);
	enum lines_kind kind = LINES_END;
	struct span line;

	for (;;) {
		if (!lines_ready(in)) {
			out_flush();
			if (db_in_transaction(f->job->site))
				consumer_commit(&f->consumer);
			while (lines_would_wait(in, LOOK_MS) && !prog_stopping())
				look(f);
		}
		kind = lines_next(in, &line);
		if (kind == LINES_END || kind == LINES_ERROR)
			break;
		if (!db_in_transaction(f->job->site))
			look(f);
		take_line(f, in, kind, line);
	}
	lines_free(in);
	return kind == LINES_ERROR ? EX_IOERR : 0;
}

static int
read_files(struct feed *f, int n, char *names[])
{
	int fd, status = 0;

	if (n == 0)
		return read_all(f, STDIN_FILENO, "<stdin>");
	for (int i = 0; i < n && status == 0 && !prog_stopping(); i++) {
		fd = open(names[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			diag("%s: cannot open: %s", names[i], strerror(errno));
			return EX_NOINPUT;
		}
		status = read_all(f, fd, names[i]);
		(void)close(fd);
	}
	return status;
}

static void
flush(void *ctx)
{
	(void)ctx;
	out_flush();
}

int
verb_feed(struct live_job *job, int argc, char *argv[])
{
	struct feed f = { .job = job,
		.line = BUF(LINE_OUT),
		.items = BUF(LINE_OUT),
		.json = json_new(),
		.stale = true };
	struct wish *w, *next;
	int status;

	job->site = site_open(opt_state_dir(job->dir), DB_WRITE);
	consumer_begin(&f.consumer, job->site, "live", flush, NULL);
	records_begin(&job->records);
	(void)db_written_elsewhere(job->site);
	status = read_files(&f, argc, argv);
	consumer_end(&f.consumer);
	records_end(&job->records);
	HASH_ITER(hh, f.wishes, w, next)
	{
		free_wish(&f, w);
	}
	free_open(&f);
	db_close(job->site);
	json_free(f.json);
	buf_free(&f.line);
	buf_free(&f.items);
	return status;
}
