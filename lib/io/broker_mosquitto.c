#include "base/clock.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/lines.h"
#include "io/broker_own.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CONFIG_MAX 16384
#define AUTOSAVE                                                                  \
	10 /* seconds of messages in the plugin's journal; without the plugin: so \
	      many may be lost when the broker is killed */
#define RELOAD_WAIT 5000000000 /* nanoseconds for a broker to answer SIGHUP */
#define PID_FILE "data/mosquitto.pid"

static const char *
wrong(const struct broker *b)
{
	return b->nodes.n > 0 ? "--node: mosquitto is one broker; --engine nats is a cluster"
			      : NULL;
}

static bool
host(const struct broker *b, size_t i, char to[BROKER_HOST_MAX])
{
	(void)b, (void)i, (void)to;
	return false;
}

/* mosquitto takes lines as they are: the name is a thing's, of safe bytes only. The revocation
 * list keeps a thing's certificates apart. */
static void
grant(const struct broker *b, struct broker_material *m, struct span thing, struct span serial,
    bool first)
{
	(void)b;
	(void)serial;
	if (!first)
		return;
	buf_printf(&m->grants,
	    "\nuser %.*s\n"
	    "topic write nbms/up/%.*s\n"
	    "topic write $aws/rules/Rule_%.*s\n"
	    "topic read %.*s\n",
	    SPAN_ARG(thing), SPAN_ARG(thing), SPAN_ARG(thing), SPAN_ARG(thing));
}

static const char acl_head[] =
    "# Made by nbms-device from its registry: changes here do not last.\n"
    "user " BROKER_SITE_USER "\n"
    "topic read nbms/up/#\n"
    "topic read $aws/rules/#\n"
    "topic readwrite nbms/live/#\n"
    "topic write +\n"
    "topic read $SYS/#\n";

static void
put_listener(struct buf *to, const struct broker *b, int64_t port, const char *extra)
{
	buf_printf(to,
	    "\nlistener %lld%s\n"
	    "certfile %s/server.pem\n"
	    "keyfile %s/server.key\n"
	    "tls_version tlsv1.2\n"
	    "ciphers ECDHE+AESGCM:ECDHE+CHACHA20\n"
	    "require_certificate true\n"
	    "use_identity_as_username true\n",
	    (long long)port, extra, b->out, b->out);
}

static void
put_gateways(struct buf *to, const struct broker *b, int64_t port)
{
	put_listener(to, b, port, "");
	buf_printf(to,
	    "cafile %s/ca.pem\n"
	    "crlfile %s/crl.pem\n"
	    "use_username_as_clientid true\n",
	    b->out, b->out);
}

static void
put_config(struct buf *to, const struct broker *b)
{
	buf_printf(to,
	    "# Made by nbms-device broker: changes here do not last.\n"
	    "per_listener_settings false\n"
	    "allow_anonymous false\n"
	    "acl_file %s/acl\n"
	    "pid_file %s/data/mosquitto.pid\n"
	    "persistence true\n"
	    "persistence_location %s/data/\n"
	    "autosave_interval %d\n"
	    "max_queued_messages 1000000\n"
	    "max_queued_bytes %lld\n"
	    "max_inflight_messages %d\n"
	    "max_packet_size %d\n"
	    "set_tcp_nodelay true\n"
	    "log_dest stderr\n"
	    "log_type error\n"
	    "log_type warning\n"
	    "log_type notice\n"
	    "log_timestamp_format %%Y-%%m-%%dT%%H:%%M:%%S%%z\n",
	    b->out, b->out, b->out, AUTOSAVE, (long long)b->queue, BROKER_INFLIGHT,
	    BROKER_MESSAGE_MAX);
	if (geteuid() == 0)
		buf_printf(to, "user %s\n", b->user != NULL ? b->user : "root");
	if (b->plugin != NULL && strcmp(b->plugin, "none") != 0)
		buf_printf(to,
		    "plugin %s\n"
		    "plugin_opt_seen %s/data/seen.ndjson\n"
		    "plugin_opt_crl %s/crl.pem\n"
		    "plugin_opt_reloaded %s/data/reloaded\n"
		    "plugin_opt_journal %s/data/journal\n"
		    "plugin_opt_saved %s/data/mosquitto.db\n"
		    "plugin_opt_site " BROKER_SITE_USER "\n",
		    b->plugin, b->out, b->out, b->out, b->out, b->out);
	buf_puts(to, "\n# gateways");
	put_gateways(to, b, b->port);
	if (b->websocket != 0) {
		put_gateways(to, b, b->websocket);
		buf_puts(to, "protocol websockets\n");
	}
	buf_puts(to, "\n# the site's own programs");
	put_listener(to, b, b->site_port, " 127.0.0.1");
	buf_printf(to, "cafile %s/site.pem\n", b->out);
}

static void
files(const struct broker *b, const struct broker_material *m, struct broker_files *to)
{
	struct buf *acl;

	put_config(broker_file_made(to, CONFIG_MAX), b);
	broker_file_close(to, "mosquitto.conf", 0644);
	acl = broker_file_made(to, BROKER_ACL_MAX);
	buf_puts(acl, acl_head);
	buf_put(acl, buf_span(&m->grants));
	broker_file_close(to, "acl", 0600);
	broker_file_add(to, "ca.pem", 0644, &m->ca);
	broker_file_add(to, "crl.pem", 0644, &m->crl);
	broker_file_add(to, "server.pem", 0644, &m->server);
	broker_file_add(to, "server.key", 0600, &m->server_key);
	broker_file_add(to, "site.pem", 0644, &m->site);
}

static bool
runs(const struct broker *b)
{
	return broker_process(b, PID_FILE, "mosquitto") != 0;
}

/* Waits until the broker's plugin says something new. */
static void
await_reload(const struct broker *b, struct span before)
{
	int64_t deadline = clock_monotonic() + RELOAD_WAIT;
	const struct timespec pause = { .tv_nsec = 2000000 };
	bool done = false;

	while (!done && clock_monotonic() < deadline) {
		struct buf now;

		(void)nanosleep(&pause, NULL);
		done = broker_file_read(b, "data/reloaded", &now) && now.n > 0 &&
		       !span_eq(buf_span(&now), before);
		buf_free(&now);
	}
	if (!done)
		diag("%s: the broker has not said that it read its lists again", b->out);
}

static bool
reload(const struct broker *b)
{
	long pid = broker_process(b, PID_FILE, "mosquitto");
	struct buf before;
	bool tells = broker_file_read(b, "data/reloaded", &before);
	bool sent = pid != 0 && kill((pid_t)pid, SIGHUP) == 0;

	if (sent && tells)
		await_reload(b, buf_span(&before));
	buf_free(&before);
	return sent;
}

static void
seen(const struct broker *b, void (*each)(void *ctx, struct span serial, when_t at), void *ctx)
{
	char *path = xasprintf("%s/data/seen.ndjson", b->out);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct json *j = json_new();
	struct lines *in = fd >= 0 ? lines_open(fd, path, 0) : NULL;
	struct span line, serial;
	json_value root;
	int64_t at;

	while (in != NULL && lines_next(in, &line) == LINES_LINE)
		if (json_parse(j, line, &root) &&
		    json_text(json_get(root, "serial"), &serial) &&
		    json_int(json_get(root, "at"), &at))
			each(ctx, serial, at);
	lines_free(in);
	json_free(j);
	if (fd >= 0)
		(void)close(fd);
	free(path);
}

const struct broker_engine broker_mosquitto = {
	.name = "mosquitto",
	.wrong = wrong,
	.host = host,
	.grant = grant,
	.files = files,
	.runs = runs,
	.reload = reload,
	.seen = seen,
};
