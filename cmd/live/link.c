/* link: a process's line to the gateways. */
#include "live/job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "bms/downlink.h"
#include "bms/thing.h"
#include "db/device.h"
#include "io/broker.h"
#include "io/outbox.h"
#include "io/sign.h"

#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_ROOM ((size_t)1 << 20)
#define LEAVE_MS 3000 /* for the last messages to be acknowledged */

enum what { SUBSCRIBE, UNSUBSCRIBE, AGAIN, CONTROL, RELEASE };

/* A message under way and what its acknowledgement means. */
struct under_way {
	struct under_way *next;
	uint64_t n; /* as the post's id tells it */
	enum what what;
	char *thing, *request_id;
	char **points;
	size_t points_n;
};

struct link {
	struct live_job *job;
	char id[SESSION_ID];
	char client[SESSION_ID + 16];
	struct mqtt_options options;
	struct mqtt *mqtt;
	struct outbox *box;
	struct under_way *first;
	uint64_t sent;
	link_message_fn *handler;
	void *ctx;
	struct buf text;
};

static void
free_under_way(struct under_way *u)
{
	for (size_t i = 0; i < u->points_n; i++)
		free(u->points[i]);
	free(u->points);
	free(u->thing);
	free(u->request_id);
	free(u);
}

/* Puts the message in l->text on its way to the gateway. */
static struct under_way *
send_text(struct link *l, enum what what, struct span thing)
{
	struct under_way *u = xcalloc(1, sizeof(*u));
	struct post *p = xcalloc(1, sizeof(*p));

	must(!l->text.full);
	u->n = ++l->sent;
	u->what = what;
	u->thing = xstrndup(thing.p, thing.n);
	u->next = l->first;
	l->first = u;
	p->topic = xstrndup(thing.p, thing.n);
	p->id = xasprintf("%llu", (unsigned long long)u->n);
	p->payload = xstrndup(l->text.p, l->text.n);
	p->length = l->text.n;
	p->qos = 1;
	outbox_put(l->box, p, (struct span){ 0 });
	return u;
}

static const struct zone *
zone_of_thing(struct link *l, struct span thing)
{
	struct thing t;

	return thing_parse(thing, &t) ? job_zone(l->job, t.building_key) : NULL;
}

/* Points to one gateway, in messages of DOWNLINK_POINTS. */
static void
send_points(struct link *l, enum what what, struct span thing, const struct span points[],
    size_t n, const char *connection)
{
	const struct zone *zone = zone_of_thing(l, thing);

	for (size_t from = 0; from < n; from += DOWNLINK_POINTS) {
		size_t k = n - from < DOWNLINK_POINTS ? n - from : DOWNLINK_POINTS;
		const struct downlink_points d = {
			.subscribe = what != UNSUBSCRIBE,
			.thing = thing,
			.connection = span_of(connection),
			.points = points + from,
			.n = k,
		};
		struct under_way *u;

		buf_clear(&l->text);
		downlink_points(&l->text, &d, zone, clock_now());
		u = send_text(l, what, thing);
		u->points = xcalloc(k, sizeof(*u->points));
		u->points_n = k;
		for (size_t i = 0; i < k; i++)
			u->points[i] = xstrndup(points[from + i].p, points[from + i].n);
	}
}

typedef bool step_fn(struct db *site, const char *id, struct span thing, struct span point);

/* Does the step for each point in one transaction, and tells the gateway of those it says so
 * of. */
static void
step(struct link *l, step_fn *fn, enum what tell, struct span thing, const struct span points[],
    size_t n)
{
	struct span *some = xcalloc(n + 1, sizeof(*some));
	size_t k = 0;

	db_begin(l->job->site);
	for (size_t i = 0; i < n; i++)
		if (fn(l->job->site, l->id, thing, points[i]))
			some[k++] = points[i];
	db_commit(l->job->site);
	send_points(l, tell, thing, some, k, l->id);
	free(some);
}

void
link_hold(struct link *l, struct span thing, const struct span points[], size_t n)
{
	step(l, session_hold, SUBSCRIBE, thing, points, n);
}

void
link_leave(struct link *l, struct span thing, const struct span points[], size_t n)
{
	step(l, session_leave, UNSUBSCRIBE, thing, points, n);
}

static bool
note_told(struct db *site, const char *id, struct span thing, struct span point)
{
	session_told(site, id, thing, point);
	return false;
}

void
link_control(struct link *l, const struct control *c, bool ends)
{
	const struct downlink_control d = { c->thing, c->request_id, c->point_id,
		ends ? SPAN("null") : c->value, c->priority, ends ? WHEN_NONE : c->expires };
	struct under_way *u;

	buf_clear(&l->text);
	downlink_control(&l->text, &d, zone_of_thing(l, c->thing), clock_now());
	u = send_text(l, ends ? RELEASE : CONTROL, c->thing);
	u->request_id = xstrndup(c->request_id.p, c->request_id.n);
}

/* The broker has it. */
static void
acknowledged(struct link *l, const struct under_way *u)
{
	struct span *points = xcalloc(u->points_n + 1, sizeof(*points));

	for (size_t i = 0; i < u->points_n; i++)
		points[i] = span_of(u->points[i]);
	if (u->what == SUBSCRIBE)
		step(l, note_told, AGAIN, span_of(u->thing), points, u->points_n);
	else if (u->what == UNSUBSCRIBE)
		step(l, session_left, AGAIN, span_of(u->thing), points, u->points_n);
	else if (u->what == RELEASE) {
		db_begin(l->job->site);
		control_end(l->job->site, span_of(u->request_id), "expired", clock_now());
		db_commit(l->job->site);
	}
	free(points);
}

static void
on_sent(void *ctx, int token)
{
	struct link *l = ctx;
	struct post *p = outbox_sent(l->box, token);
	struct under_way **at = &l->first, *u;
	uint64_t n;

	if (p == NULL)
		return;
	n = strtoull(p->id, NULL, 10);
	outbox_done(l->box, p);
	while (*at != NULL && (*at)->n != n)
		at = &(*at)->next;
	if ((u = *at) == NULL)
		return;
	*at = u->next;
	acknowledged(l, u);
	free_under_way(u);
}

static void
on_message(void *ctx, const struct mqtt_message *m)
{
	struct link *l = ctx;

	l->handler(l->ctx, m);
}

static void
make_id(char to[SESSION_ID])
{
	char token[SIGN_TOKEN], digest[SIGN_HEX];

	sign_token_make(token);
	must(sign_token_digest(digest, span_of(token)));
	(void)snprintf(to, SESSION_ID, "%.32s", digest);
}

struct left {
	struct link *l;
	struct span thing; /* of those gathered */
	struct buf names;  /* each with a NUL */
	struct span *points;
	size_t n;
};

static void
release_gathered(struct left *left)
{
	const char *p = left->names.p;

	if (left->n == 0)
		return;
	for (size_t i = 0; i < left->n; i++, p += strlen(p) + 1)
		left->points[i] = span_of(p);
	send_points(left->l, UNSUBSCRIBE, left->thing, left->points, left->n, link_id(left->l));
	left->n = 0;
	buf_clear(&left->names);
}

/* Rows come by gateway. */
static void
gather_left(void *ctx, struct span thing, struct span point, bool leaving)
{
	struct left *left = ctx;

	if (!leaving)
		return;
	if (!span_eq(left->thing, thing)) {
		release_gathered(left);
		free((char *)left->thing.p);
		left->thing = (struct span){ xstrndup(thing.p, thing.n), thing.n };
	}
	left->points = xrealloc(left->points, (left->n + 1) * sizeof(*left->points));
	buf_put(&left->names, point);
	buf_putc(&left->names, '\0');
	left->n++;
}

/* What the dead have left is released as if we left it. */
static void
adopt(struct link *l)
{
	struct left left = { .l = l, .names = BUF((size_t)64 << 20) };
	size_t dead;

	db_begin(l->job->site);
	dead = session_adopt(l->job->site, l->id, clock_now());
	db_commit(l->job->site);
	if (dead == 0)
		return;
	diag("%zu sessions are no more: what they held is released", dead);
	session_points(l->job->site, l->id, gather_left, &left);
	release_gathered(&left);
	free((char *)left.thing.p);
	free(left.points);
	buf_free(&left.names);
}

/* Where no broker is named: the one that nbms-device broker made, by its listener for the
 * site's own programs. */
static void
own_broker(struct live_job *job)
{
	const char *dir = opt_state_dir(job->dir);
	struct buf text = BUF((size_t)64 << 10);
	struct broker b = { 0 };
	struct span setting;

	if (job->mqtt.host != NULL)
		return;
	if (!setting_get(job->site, "broker", &setting))
		opt_wrong("--host: which broker? (%s has none of nbms-device broker)", dir);
	buf_put(&text, setting);
	if (!broker_load(&b, &text))
		opt_wrong("--host: which broker? (%s: its settings cannot be read)", dir);
	broker_defaults(&b);
	job->mqtt.host = "localhost";
	job->mqtt.port = b.site_port;
	job->mqtt.cafile = xasprintf("%s/pki/site/root-ca.pem", dir);
	job->mqtt.cert = xasprintf("%s/pki/site/site.pem", dir);
	job->mqtt.key = xasprintf("%s/pki/site/site.key", dir);
	job->own_broker = true;
	opt_list_free(&b.names);
	buf_free(&text);
}

static void
forget_broker(struct live_job *job)
{
	if (!job->own_broker)
		return;
	free((char *)job->mqtt.cafile);
	free((char *)job->mqtt.cert);
	free((char *)job->mqtt.key);
}

struct link *
link_open(struct live_job *job, const char *user, const char *customer,
    link_message_fn *handler, void *ctx)
{
	struct link *l = xcalloc(1, sizeof(*l));
	struct session s = { l->id, user, customer };

	l->job = job;
	l->handler = handler;
	l->ctx = ctx;
	l->text = BUF(MESSAGE_ROOM);
	own_broker(job);
	make_id(l->id);
	(void)snprintf(l->client, sizeof(l->client), "nbms-live-%.23s", l->id);
	l->options = job->mqtt;
	l->options.id = l->client;
	l->options.brief = true;
	l->options.topics = &job->topics;
	l->box = outbox_open(NULL);
	l->mqtt = mqtt_new(&l->options, on_message, l);
	mqtt_on_sent(l->mqtt, on_sent);
	session_open(job->site, &s, clock_now());
	adopt(l);
	return l;
}

const char *
link_id(const struct link *l)
{
	return l->id;
}

bool
link_connected(const struct link *l)
{
	return mqtt_connected(l->mqtt);
}

size_t
link_under_way(const struct link *l)
{
	return outbox_count(l->box);
}

struct pollfd
link_poll(const struct link *l)
{
	return mqtt_poll(l->mqtt);
}

int
link_timeout(const struct link *l)
{
	return mqtt_timeout(l->mqtt);
}

void
link_turn(struct link *l)
{
	(void)mqtt_read(l->mqtt, 0);
	outbox_publish(l->box, l->mqtt);
	mqtt_write(l->mqtt);
}

void
link_wait(struct link *l, int ms)
{
	struct pollfd p = link_poll(l);
	int most = link_timeout(l);

	(void)poll(&p, 1, ms < most ? ms : most);
	link_turn(l);
}

void
link_listen(struct link *l, const char *topic)
{
	mqtt_subscribe(l->mqtt, topic);
}

void
link_ignore(struct link *l, const char *topic)
{
	mqtt_unsubscribe(l->mqtt, topic);
}

/* Each gateway's points are released together. */
static void
leave_all(struct link *l)
{
	struct left left = { .l = l, .names = BUF((size_t)64 << 20) };

	db_begin(l->job->site);
	session_leave_all(l->job->site, l->id);
	db_commit(l->job->site);
	session_points(l->job->site, l->id, gather_left, &left);
	release_gathered(&left);
	free((char *)left.thing.p);
	free(left.points);
	buf_free(&left.names);
}

void
link_close(struct link *l)
{
	int64_t until = clock_monotonic() + LEAVE_MS * INT64_C(1000000);

	if (l == NULL)
		return;
	leave_all(l);
	while (outbox_count(l->box) > 0 && clock_monotonic() < until)
		link_wait(l, 50);
	session_close(l->job->site, l->id, outbox_count(l->box) == 0);
	mqtt_free(l->mqtt);
	outbox_close(l->box);
	while (l->first != NULL) {
		struct under_way *u = l->first;

		l->first = u->next;
		free_under_way(u);
	}
	forget_broker(l->job);
	buf_free(&l->text);
	free(l);
}
