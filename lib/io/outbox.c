#include "io/outbox.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/lines.h"
#include "base/metrics.h"
#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)32 << 20)

struct outbox {
	struct post *first, **last;
	size_t count, bytes;
	uint64_t next_n;
	const char *path;
	int fd; /* -1: in memory */
	struct buf line;
	bool unsynced, used;
};

/* ---- posts ---- */

static bool
read_options(json_value record, struct post *p, struct buf *why)
{
	json_value v;
	int64_t qos = 1;

	if ((v = json_get(record, "qos")).at != 0 && (!json_int(v, &qos) || qos < 0 || qos > 2))
		return buf_puts(why, "qos: not 0, 1 or 2"), false;
	if ((v = json_get(record, "retain")).at != 0 && !json_bool(v, &p->retain))
		return buf_puts(why, "retain: not true or false"), false;
	p->qos = (int)qos;
	return true;
}

struct post *
post_parse(json_value record, struct buf *why)
{
	json_value payload = json_get(record, "payload"), id = json_get(record, "id");
	struct post *p = xcalloc(1, sizeof(*p));
	struct span topic, text;

	if (!read_options(record, p, why)) {
		post_free(p);
		return NULL;
	}
	if (!json_text(json_get(record, "topic"), &topic) || topic.n == 0 || topic.n > 65535 ||
	    memchr(topic.p, '+', topic.n) != NULL || memchr(topic.p, '#', topic.n) != NULL ||
	    memchr(topic.p, '\0', topic.n) != NULL)
		buf_puts(why, "topic: not one that can be published to");
	else if (payload.at == 0)
		buf_puts(why, "payload: not there");
	if (why->n > 0) {
		post_free(p);
		return NULL;
	}
	if (!json_text(payload, &text))
		text = json_raw(payload);
	p->topic = xstrndup(topic.p, topic.n);
	p->payload = xmalloc(text.n + 1);
	memcpy(p->payload, text.p, text.n);
	p->length = text.n;
	if (json_kind_of(id) != JSON_NONE && json_kind_of(id) != JSON_NULL)
		p->id = xstrndup(json_raw(id).p, json_raw(id).n);
	return p;
}

void
post_free(struct post *p)
{
	if (p == NULL)
		return;
	free(p->topic);
	free(p->id);
	free(p->payload);
	free(p);
}

/* ---- the file ---- */

static void
append(struct outbox *o, const char *head, uint64_t n, struct span tail)
{
	if (o->fd < 0)
		return;
	buf_clear(&o->line);
	buf_printf(&o->line, "{\"%s\":%" PRIu64, head, n);
	if (tail.n > 0) {
		buf_puts(&o->line, ",\"record\":");
		buf_put(&o->line, tail);
	}
	buf_puts(&o->line, "}\n");
	if (o->line.full || !out_write_all(o->fd, buf_span(&o->line)))
		die(EX_IOERR, "%s: cannot write: %s", o->path, strerror(errno));
	o->unsynced = o->used = true;
}

void
outbox_sync(struct outbox *o)
{
	int64_t began = clock_monotonic();

	if (o->fd < 0 || !o->unsynced)
		return;
	if (fdatasync(o->fd) != 0)
		die(EX_IOERR, "%s: cannot sync: %s", o->path, strerror(errno));
	metrics_observe_since(METRIC_FSYNC, began);
	o->unsynced = false;
}

static void
measure(const struct outbox *o)
{
	metrics_set(METRIC_QUEUE, (double)o->count);
	metrics_set(METRIC_QUEUE_BYTES, (double)o->bytes);
}

static void
enqueue(struct outbox *o, struct post *p)
{
	p->next = NULL;
	*o->last = p;
	o->last = &p->next;
	o->count++;
	o->bytes += p->length;
	measure(o);
}

static void
take_out(struct outbox *o, struct post *p)
{
	struct post **at = &o->first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (p->next == NULL)
		o->last = at;
	o->count--;
	o->bytes -= p->length;
	measure(o);
	post_free(p);
}

static struct post *
find(struct outbox *o, uint64_t n)
{
	struct post *p = o->first;

	while (p != NULL && p->n != n)
		p = p->next;
	return p;
}

/* A line of the file: a post to be sent, or one that is done. */
static void
restore(struct outbox *o, json_value root, const struct where *at)
{
	struct buf why = BUF(1024);
	struct post *p;
	int64_t n;

	if (json_int(json_get(root, "done"), &n)) {
		if ((p = find(o, (uint64_t)n)) != NULL)
			take_out(o, p);
	} else if (json_int(json_get(root, "post"), &n) &&
		   (p = post_parse(json_get(root, "record"), &why)) != NULL) {
		p->n = (uint64_t)n;
		enqueue(o, p);
		if ((uint64_t)n >= o->next_n)
			o->next_n = (uint64_t)n + 1;
	} else {
		diag_at(at, "not a line of an outbox: left out");
	}
	buf_free(&why);
}

static void
load(struct outbox *o)
{
	struct lines *in = lines_open(o->fd, o->path, LINE_MAX_BYTES);
	struct json *j = json_new();
	enum lines_kind kind;
	off_t whole = 0;
	struct span line;
	json_value root;

	while ((kind = lines_next(in, &line)) == LINES_LINE) {
		if (json_parse(j, line, &root))
			restore(o, root, lines_where(in));
		else
			diag_at(lines_where(in), "not a line of an outbox: left out");
		whole = (off_t)lines_offset(in);
	}
	o->used = whole > 0;
	if (kind == LINES_CUT && ftruncate(o->fd, whole) != 0)
		die(EX_IOERR, "%s: cannot cut: %s", o->path, strerror(errno));
	if (lseek(o->fd, 0, SEEK_END) < 0)
		die(EX_IOERR, "%s: %s", o->path, strerror(errno));
	lines_free(in);
	json_free(j);
}

static void
lock(struct outbox *o)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(o->fd, F_SETLK, &l) != 0)
		die(EX_TEMPFAIL, "%s: another program uses it", o->path);
}

struct outbox *
outbox_open(const char *path)
{
	struct outbox *o = xcalloc(1, sizeof(*o));

	o->last = &o->first;
	o->path = path;
	o->fd = -1;
	o->next_n = 1;
	o->line = BUF(LINE_MAX_BYTES);
	if (path == NULL)
		return o;
	o->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (o->fd < 0)
		die(EX_CANTCREAT, "%s: cannot open: %s", path, strerror(errno));
	lock(o);
	load(o);
	return o;
}

void
outbox_close(struct outbox *o)
{
	if (o == NULL)
		return;
	outbox_sync(o);
	while (o->first != NULL)
		take_out(o, o->first);
	if (o->fd >= 0)
		(void)close(o->fd);
	buf_free(&o->line);
	free(o);
}

/* ---- in, on and out ---- */

void
outbox_put(struct outbox *o, struct post *p, struct span line)
{
	p->n = o->next_n++;
	append(o, "post", p->n, line);
	enqueue(o, p);
}

static bool
is_busy(const struct outbox *o, const struct post *wanted)
{
	const struct post *p;

	for (p = o->first; p != wanted; p = p->next)
		if (strcmp(p->topic, wanted->topic) == 0)
			return true; /* sent, or waiting before it */
	return false;
}

struct post *
outbox_next(struct outbox *o)
{
	struct post *p;

	for (p = o->first; p != NULL; p = p->next)
		if (!p->sent && !is_busy(o, p))
			return p;
	return NULL;
}

void
outbox_publish(struct outbox *o, struct mqtt *to)
{
	struct post *p;

	while (mqtt_connected(to) && (p = outbox_next(o)) != NULL) {
		if (!mqtt_publish(to, p->topic, (struct span){ p->payload, p->length }, p->qos,
			p->retain, &p->token))
			break;
		p->sent = true;
	}
}

struct post *
outbox_sent(struct outbox *o, int token)
{
	struct post *p = o->first;

	while (p != NULL && !(p->sent && p->token == token))
		p = p->next;
	return p;
}

void
outbox_done(struct outbox *o, struct post *p)
{
	append(o, "done", p->n, (struct span){ NULL, 0 });
	take_out(o, p);
	if (o->count == 0 && o->fd >= 0 && o->used) {
		if (ftruncate(o->fd, 0) != 0)
			die(EX_IOERR, "%s: cannot empty: %s", o->path, strerror(errno));
		o->used = false;
	}
}

size_t
outbox_count(const struct outbox *o)
{
	return o->count;
}

size_t
outbox_bytes(const struct outbox *o)
{
	return o->bytes;
}
