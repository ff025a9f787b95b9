#include "base/clock.h"
#include "base/diag.h"
#include "base/json.h"
#include "io/broker_own.h"
#include "io/http.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define CONFIG_MAX ((size_t)1 << 20)
#define NODES 3 /* of a cluster that was not told */
#define REPLICAS_MAX 3
#define ROUTES 6222            /* the first node's port for the others, as is usual for NATS */
#define MONITOR_AFTER 2000     /* 8222 */
#define ACK_WAIT 10            /* seconds after which what was not acknowledged is sent again */
#define PENDING (256 << 20)    /* bytes under way to one client: a worker's whole window */
#define RELOAD_WAIT 5000000000 /* nanoseconds for a node to answer SIGHUP */
#define ASK_WAIT 2             /* seconds for a node to answer a question */
#define NEARLY 0.9             /* full */
#define OTHERS_RETAINED "$MQTT_rmsgs_"

struct node {
	char name[16]; /* nbms-1 */
	char host[BROKER_HOST_MAX];
	int64_t port, routes, monitor;
};

static size_t
nodes(const struct broker *b)
{
	return b->nodes.n > 0 ? b->nodes.n : NODES;
}

/* HOST[:PORT[:ROUTES[:MONITOR]]]: the ports that were not told count up from the usual ones
 * where nodes share a host, as those of an untold cluster do. */
static bool
node_of(const struct broker *b, size_t i, struct node *to)
{
	const char *text = b->nodes.n > 0 ? b->nodes.items[i] : "127.0.0.1";
	int64_t alone = b->nodes.n > 0 ? 0 : (int64_t)i, *ports[3];
	size_t n = strcspn(text, ":"), k;
	char *end;

	(void)snprintf(to->name, sizeof(to->name), "nbms-%zu", i + 1);
	to->port = b->port + alone;
	to->routes = ROUTES + alone;
	to->monitor = 0;
	ports[0] = &to->port, ports[1] = &to->routes, ports[2] = &to->monitor;
	if (n == 0 || n >= sizeof(to->host))
		return false;
	memcpy(to->host, text, n);
	to->host[n] = '\0';
	for (k = 0, text += n; *text == ':' && k < 3; k++, text = end) {
		*ports[k] = strtol(text + 1, &end, 10);
		if (*ports[k] < 1 || *ports[k] > 65535)
			return false;
	}
	if (to->monitor == 0)
		to->monitor = to->routes + MONITOR_AFTER;
	return *text == '\0';
}

static const char *
wrong(const struct broker *b)
{
	struct node node;
	size_t i;

	if (b->websocket > 0)
		return "--websocket: of mosquitto only";
	if (b->nodes.n > BROKER_NODES_MAX || nodes(b) % 2 == 0)
		return "--node: 1, 3 or 5 of them: the larger half decides";
	if (b->shards < 1 || b->shards > BROKER_SHARDS_MAX)
		return "--shards: 1 to 1024";
	for (i = 0; i < nodes(b); i++)
		if (!node_of(b, i, &node) ||
		    strspn(node.host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789.-") != strlen(node.host))
			return "--node: not HOST[:PORT[:ROUTES[:MONITOR]]]";
	return NULL;
}

static bool
host(const struct broker *b, size_t i, char to[BROKER_HOST_MAX])
{
	struct node node = { 0 };

	if (i >= nodes(b) || !node_of(b, i, &node))
		return false;
	memcpy(to, node.host, sizeof(node.host));
	return true;
}

/*
 * The shard of a token, as the server's own partition() has it: FNV-1a (32 bits,
 * draft-eastlake-fnv-17), modulo.
 */
static unsigned
shard_of(struct span prefix, struct span token, int64_t shards)
{
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < prefix.n; i++)
		h = (h ^ (unsigned char)prefix.p[i]) * 16777619U;
	for (i = 0; i < token.n; i++)
		h = (h ^ (unsigned char)token.p[i]) * 16777619U;
	return (unsigned)(h % (uint32_t)shards);
}

/* The server asks for the right to the subject that a topic was mapped to. No user may come
 * over NATS' own protocol, which would take the name without the certificate. */
static void
grant(const struct broker *b, struct broker_material *m, struct span thing, struct span serial,
    bool first)
{
	(void)first;
	buf_printf(&m->grants,
	    "      { user: \"" PKI_URI
	    "%.*s\", allowed_connection_types: [\"MQTT\"], permissions: { publish: "
	    "[\"shard.%u.%.*s\", \"shard.%u.Rule_%.*s\"], subscribe: [\"%.*s\", "
	    "\"$MQTT.sub.>\"] } }\n",
	    SPAN_ARG(serial), shard_of(SPAN(""), thing, b->shards), SPAN_ARG(thing),
	    shard_of(SPAN("Rule_"), thing, b->shards), SPAN_ARG(thing), SPAN_ARG(thing));
}

static const char head[] = "# Made by nbms-device broker: changes here do not last.\n";

static void
put_shared(struct buf *to, const struct broker *b, const struct broker_material *m)
{
	buf_puts(to, head);
	buf_printf(to,
	    "max_payload: %d\n"
	    "max_pending: %d\n"
	    "ping_interval: \"10s\"\n"
	    "accounts {\n"
	    "  nbms {\n"
	    "    jetstream: enabled\n"
	    "    mappings { # two patterns: the server searches them one after another, in no "
	    "order\n"
	    "      \"nbms.up.*\": \"shard.{{partition(%lld,1)}}.{{wildcard(1)}}\"\n"
	    "      \"$aws.rules.*\": \"shard.{{partition(%lld,1)}}.{{wildcard(1)}}\"\n",
	    BROKER_MESSAGE_MAX, PENDING, (long long)b->shards, (long long)b->shards);
	buf_puts(to,
	    "    }\n"
	    "    users: [\n"
	    "      { user: \"CN=" BROKER_SITE_USER
	    "\", allowed_connection_types: [\"MQTT\"], permissions: { publish: [\"*\", "
	    "\"nbms.live.>\"], subscribe: [\"shard.>\", \"nbms.live\", \"nbms.live.>\", "
	    "\"$MQTT.sub.>\"] } }\n");
	buf_put(to, buf_span(&m->grants));
	buf_puts(to, "    ]\n  }\n}\n");
}

static const char *
listen_on(const struct node *node)
{
	return strncmp(node->host, "127.", 4) == 0 || strcmp(node->host, "localhost") == 0
		   ? "127.0.0.1"
		   : "0.0.0.0";
}

static void
put_routes(struct buf *to, const struct broker *b, const struct node *node)
{
	struct node other;
	size_t i;

	buf_printf(to,
	    "cluster {\n"
	    "  name: nbms\n"
	    "  listen: \"%s:%lld\"\n"
	    "  no_advertise: true\n"
	    "  tls { cert_file: \"%s/route.pem\", key_file: \"%s/route.key\", ca_file: "
	    "\"%s/route.pem\", verify: true, timeout: 5 }\n"
	    "  routes: [",
	    listen_on(node), (long long)node->routes, b->out, b->out, b->out);
	for (i = 0; i < nodes(b); i++) {
		must(node_of(b, i, &other));
		buf_printf(to, "%s\"nats-route://%s:%lld\"", i > 0 ? ", " : "", other.host,
		    (long long)other.routes);
	}
	buf_puts(to, "]\n}\n");
}

static void
put_node(struct buf *to, const struct broker *b, const struct node *node)
{
	size_t replicas = nodes(b) < REPLICAS_MAX ? nodes(b) : REPLICAS_MAX;

	buf_puts(to, head);
	buf_printf(to,
	    "server_name: \"%s\"\n"
	    "listen: \"127.0.0.1:-1\" # NATS' own protocol: open to no user\n"
	    "http: \"127.0.0.1:%lld\"\n"
	    "pid_file: \"%s/data/%s.pid\"\n"
	    "jetstream { store_dir: \"%s/data/%s\", max_memory_store: %d, max_file_store: %lld "
	    "}\n",
	    node->name, (long long)node->monitor, b->out, node->name, b->out, node->name,
	    PENDING, (long long)b->queue);
	if (nodes(b) > 1)
		put_routes(to, b, node);
	buf_printf(to,
	    "mqtt {\n"
	    "  listen: \"%s:%lld\"\n"
	    "  tls { cert_file: \"%s/server.pem\", key_file: \"%s/server.key\", ca_file: "
	    "\"%s/clients.pem\", verify_and_map: true, timeout: 5 }\n"
	    "  stream_replicas: %zu\n"
	    "  ack_wait: \"%ds\"\n"
	    "  max_ack_pending: %d\n"
	    "}\n"
	    "include \"nats.conf\"\n",
	    listen_on(node), (long long)node->port, b->out, b->out, b->out, replicas, ACK_WAIT,
	    BROKER_INFLIGHT);
}

static void
files(const struct broker *b, const struct broker_material *m, struct broker_files *to)
{
	static const char *const names[BROKER_NODES_MAX] = { "nbms-1.conf", "nbms-2.conf",
		"nbms-3.conf", "nbms-4.conf", "nbms-5.conf" };
	struct certificate site;
	struct node node;
	struct buf *made;
	size_t i;

	for (i = 0; i < nodes(b); i++) {
		must(node_of(b, i, &node));
		put_node(broker_file_made(to, CONFIG_MAX), b, &node);
		broker_file_close(to, names[i], 0644);
	}
	put_shared(broker_file_made(to, 2 * BROKER_ACL_MAX), b, m);
	broker_file_close(to, "nats.conf", 0600);
	made = broker_file_made(to, BROKER_PEM_MAX);
	buf_put(made, buf_span(&m->ca));
	buf_put(made, buf_span(&m->site));
	broker_file_add(to, "clients.pem", 0644, made);
	made = broker_file_made(to, CONFIG_MAX);
	must(pki_read(buf_span(&m->site), &site));
	buf_printf(made, "%.32s\n", site.fingerprint);
	broker_file_add(to, "worker-id", 0600, made);
	broker_file_add(to, "server.pem", 0644, &m->server);
	broker_file_add(to, "server.key", 0600, &m->server_key);
	broker_file_add(to, "route.pem", 0644, &m->route);
	broker_file_add(to, "route.key", 0600, &m->route_key);
}

/* The process id of a node that runs here; 0: it does not. */
static long
process(const struct broker *b, size_t i, struct node *node)
{
	char file[64];

	if (!node_of(b, i, node))
		return 0;
	(void)snprintf(file, sizeof(file), "data/%s.pid", node->name);
	return broker_process(b, file, "nats-server");
}

static bool
runs(const struct broker *b)
{
	struct node node;
	size_t i, n = 0;

	for (i = 0; i < nodes(b); i++)
		n += process(b, i, &node) != 0;
	return n > 0;
}

/* What a node's monitor answers; false: nothing that is JSON. */
static bool
ask(const struct node *node, const char *question, struct json *j, struct http_answer *a,
    json_value *root)
{
	char *url = xasprintf("http://127.0.0.1:%lld/%s", (long long)node->monitor, question);
	const struct http_request r = { .url = url, .timeout = ASK_WAIT };
	bool fine = http_fetch(&r, a) && a->status == 200 &&
		    json_parse_copy(j, buf_span(&a->body), root);

	free(url);
	return fine;
}

/* When the node last read its configuration, as it says. */
static void
loaded(const struct node *node, struct buf *to)
{
	struct http_answer a = { 0 };
	struct json *j = json_new();
	struct span at;
	json_value root;

	buf_clear(to);
	if (ask(node, "varz", j, &a, &root) &&
	    json_text(json_get(root, "config_load_time"), &at))
		buf_put(to, at);
	http_free(&a);
	json_free(j);
}

static bool
reload_node(const struct node *node, long pid)
{
	int64_t deadline = clock_monotonic() + RELOAD_WAIT;
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct buf before = BUF(256), now = BUF(256);
	bool sent, done = false;

	loaded(node, &before);
	sent = kill((pid_t)pid, SIGHUP) == 0;
	while (sent && before.n > 0 && !done && clock_monotonic() < deadline) {
		(void)nanosleep(&pause, NULL);
		loaded(node, &now);
		done = now.n > 0 && !span_eq(buf_span(&now), buf_span(&before));
	}
	if (sent && !done)
		diag("%s: the node has not said that it read its configuration again: its log "
		     "says why",
		    node->name);
	buf_free(&before);
	buf_free(&now);
	return sent;
}

static bool
reload(const struct broker *b)
{
	struct node node;
	bool any = false;
	size_t i;

	for (i = 0; i < nodes(b); i++) {
		long pid = process(b, i, &node);

		if (pid != 0)
			any = reload_node(&node, pid) || any;
	}
	return any;
}

static void
seen_by(
    const struct node *node, void (*each)(void *ctx, struct span serial, when_t at), void *ctx)
{
	struct http_answer a = { 0 };
	struct json *j = json_new();
	struct span user;
	json_value root, c;

	if (ask(node, "connz?auth=true&state=any&limit=100000", j, &a, &root))
		for (c = json_first(json_get(root, "connections"));
		     json_kind_of(c) != JSON_NONE; c = json_next(c))
			if (json_text(json_get(c, "authorized_user"), &user) &&
			    span_starts(user, PKI_URI))
				each(ctx,
				    (struct span){
					user.p + strlen(PKI_URI), user.n - strlen(PKI_URI) },
				    clock_now());
	http_free(&a);
	json_free(j);
}

static void
seen(const struct broker *b, void (*each)(void *ctx, struct span serial, when_t at), void *ctx)
{
	struct node node;
	size_t i;

	for (i = 0; i < nodes(b); i++)
		if (process(b, i, &node) != 0)
			seen_by(&node, each, ctx);
}

/* The shards that a consumer's filter means: one, all (-1), or none (-2). A subscription to
 * shard/N/# has another filter beside this one, for shard/N alone. */
static int64_t
shard_of_filter(struct span filter, int64_t shards)
{
	static const char prefix[] = "$MQTT.msgs.shard.";
	int64_t n = 0;
	size_t i = strlen(prefix);

	if (!span_starts(filter, prefix))
		return -2;
	if (i < filter.n && (filter.p[i] == '*' || filter.p[i] == '>'))
		return -1;
	for (; i < filter.n && filter.p[i] >= '0' && filter.p[i] <= '9' && n < shards; i++)
		n = n * 10 + (filter.p[i] - '0');
	return i < filter.n && filter.p[i] == '.' && n < shards ? n : -2;
}

static void
count_sessions(json_value consumers, int64_t shards, unsigned count[])
{
	struct span filter;
	json_value c;
	int64_t n, i;

	for (c = json_first(consumers); json_kind_of(c) != JSON_NONE; c = json_next(c)) {
		if (!json_text(json_get(json_get(c, "config"), "filter_subject"), &filter))
			continue;
		n = shard_of_filter(filter, shards);
		for (i = 0; i < shards; i++)
			count[i] += n == -1 || n == i;
	}
}

/* Bytes that its store holds, and may hold at most; false: it does not answer. */
static bool
stored(const struct node *node, double *used, double *most)
{
	struct http_answer a = { 0 };
	struct json *j = json_new();
	json_value root, jetstream;
	bool known = false;

	if (ask(node, "varz", j, &a, &root)) {
		jetstream = json_get(root, "jetstream");
		known =
		    json_number(json_get(json_get(jetstream, "stats"), "storage"), used) &&
		    json_number(json_get(json_get(jetstream, "config"), "max_storage"), most);
	}
	http_free(&a);
	json_free(j);
	return known;
}

/* Is there room in its store, which ends at --queue, and on its disk for all of that? */
static const char *
cramped(const struct broker *b, const struct node *node)
{
	char *data = xasprintf("%s/data/%s", b->out, node->name);
	double used = 0, most = (double)b->queue;
	const char *why = NULL;
	struct statvfs fs;

	if (stored(node, &used, &most) && used > NEARLY * most)
		why = "its store is nearly as large as --queue allows";
	else if (statvfs(data, &fs) == 0 &&
		 (double)fs.f_bavail * (double)fs.f_frsize < most - used)
		why = "its disk has less room than --queue allows the store";
	free(data);
	return why;
}

/*
 * What the node says of itself. One whose disk was full says nothing any more: nats-server
 * 2.9.10 waits for itself then, until it is killed. That its copy of another node's consumer of
 * retained messages is an old one is said for ever, and harms nobody.
 */
static void
unwell_node(const struct node *node, void (*each)(void *ctx, const char *node, const char *why),
    void *ctx)
{
	char *url = xasprintf("http://127.0.0.1:%lld/healthz", (long long)node->monitor);
	const struct http_request r = { .url = url, .timeout = ASK_WAIT };
	struct http_answer a = { 0 };
	struct json *j = json_new();
	struct span error;
	json_value root;

	if (!http_fetch(&r, &a))
		each(ctx, node->name, "does not answer: kill it and start it again");
	else if (a.status != 200 && json_parse_copy(j, buf_span(&a.body), &root) &&
		 json_text(json_get(root, "error"), &error) &&
		 memmem(error.p, error.n, OTHERS_RETAINED, strlen(OTHERS_RETAINED)) == NULL) {
		char *why = xasprintf("%.*s", SPAN_ARG(error));

		each(ctx, node->name, why);
		free(why);
	}
	free(url);
	http_free(&a);
	json_free(j);
}

static void
unwell(const struct broker *b, void (*each)(void *ctx, const char *node, const char *why),
    void *ctx)
{
	struct node node;
	const char *why;
	size_t i;

	for (i = 0; i < nodes(b); i++) {
		if (process(b, i, &node) == 0)
			continue;
		if ((why = cramped(b, &node)) != NULL)
			each(ctx, node.name, why);
		unwell_node(&node, each, ctx);
	}
}

static void
crowded(const struct broker *b, void (*each)(void *ctx, int64_t shard), void *ctx)
{
	struct http_answer a = { 0 };
	struct json *j = json_new();
	unsigned count[BROKER_SHARDS_MAX] = { 0 };
	json_value root, account, stream;
	struct node node;
	size_t i = 0;
	int64_t n;

	while (i < nodes(b) && process(b, i, &node) == 0)
		i++;
	if (i < nodes(b) &&
	    ask(&node, "jsz?acc=nbms&streams=1&consumers=1&config=1", j, &a, &root)) {
		account = json_first(json_get(root, "account_details"));
		stream = json_first(json_get(account, "stream_detail"));
		for (; json_kind_of(stream) != JSON_NONE; stream = json_next(stream))
			count_sessions(json_get(stream, "consumer_detail"), b->shards, count);
	}
	for (n = 0; n < b->shards; n++)
		if (count[n] > 1)
			each(ctx, n);
	http_free(&a);
	json_free(j);
}

const struct broker_engine broker_nats = {
	.name = "nats",
	.wrong = wrong,
	.host = host,
	.grant = grant,
	.files = files,
	.runs = runs,
	.reload = reload,
	.seen = seen,
	.crowded = crowded,
	.unwell = unwell,
};
