#include "io/mqtt.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/metrics.h"

#include <errno.h>
#include <malloc.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define BATCH_BYTES ((size_t)4 << 20) /* received in one turn, about */
#define READ_AHEAD (64 << 10)         /* bytes taken from a TLS socket at a time */
#define BATCH_CALLS 4096
#define CONNECT_TIME (30 * SECOND) /* for the broker to take the connection */
#define STEADY_TIME (10 * SECOND)  /* a connection that held so long was a good one */
#define DELAY_MAX 60               /* seconds between attempts */
#define PASSWORD_MAX 256

enum link { LINK_DOWN, LINK_CONNECTING, LINK_UP };

struct mqtt {
	struct mosquitto *client;
	const struct mqtt_options *o;
	char *host;    /* of this attempt, */
	int port;      /* and its port */
	char *peer;    /* both, for messages */
	unsigned turn; /* which of the hosts that is */
	mqtt_message_fn *handler;
	mqtt_sent_fn *sent;
	void *ctx;
	enum link link;
	int64_t since;          /* when it came to this, clock_monotonic */
	int64_t retry_at;       /* of LINK_DOWN */
	int attempt;            /* failed ones in a row */
	int64_t checked;        /* when keep-alive was last looked after */
	size_t bytes, messages; /* of this batch */
	bool subscribed;        /* the broker has once given the topics */
	bool told;              /* that this connection has them */
	bool ipv6_first;        /* this attempt is at ::1, and 127.0.0.1 comes after it */
	bool ipv4_now;          /* which is the next attempt */
	char password[PASSWORD_MAX];
	char trouble[200]; /* the library's first error since the last attempt */
};

static void
on_log(struct mosquitto *client, void *ctx, int level, const char *text)
{
	struct mqtt *m = ctx;

	(void)client;
	if (level == MOSQ_LOG_ERR && m->trouble[0] == '\0')
		(void)snprintf(m->trouble, sizeof(m->trouble), "%s", text);
}

/* The part of HOST[:PORT][,...] whose turn it is. Two colons and more are an IPv6 address. */
static void
choose_host(struct mqtt *m)
{
	const char *at = m->o->host, *colon;
	unsigned count = 1, nth;
	size_t n;

	for (n = 0; at[n] != '\0'; n++)
		count += at[n] == ',';
	for (nth = m->turn % count; nth > 0; nth--)
		at = strchr(at, ',') + 1;
	n = strcspn(at, ",");
	free(m->host);
	free(m->peer);
	m->host = xstrndup(at, n);
	m->port = m->o->port > 0 ? (int)m->o->port : m->o->cafile != NULL ? 8883 : 1883;
	colon = strchr(m->host, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		m->port = (int)strtol(colon + 1, NULL, 10);
		m->host[colon - m->host] = '\0';
	}
	if (m->host[0] == '\0' || m->port < 1 || m->port > 65535)
		die(EX_USAGE, "--host: not HOST[:PORT][,HOST[:PORT]...]: %s", m->o->host);
	m->peer = xasprintf("%s:%d", m->host, m->port);
}

/* Says why there is no connection, and when the next attempt is, which is another host's. */
static void
lost(struct mqtt *m, const char *what, int rc)
{
	bool system = rc == MOSQ_ERR_ERRNO && errno != EBADF && errno != 0;
	const char *why =
	    m->trouble[0] != '\0' ? m->trouble
	    : system              ? strerror(errno)
		     : mosquitto_strerror(rc == MOSQ_ERR_ERRNO ? MOSQ_ERR_CONN_LOST : rc);
	int64_t now = clock_monotonic(), wait;

	if (m->link == LINK_UP && now - m->since >= STEADY_TIME)
		m->attempt = 0;
	else if (m->link == LINK_UP && m->attempt > 0)
		why = "the broker closes it soon (does another client use the same id?)";
	wait = m->attempt < 6 ? INT64_C(1) << m->attempt : DELAY_MAX;
	wait = wait * SECOND / 2 + (int64_t)(arc4random_uniform(1000)) * wait * (SECOND / 2000);
	m->attempt++;
	m->link = LINK_DOWN;
	metrics_set(METRIC_CONNECTED, 0);
	m->since = now;
	m->retry_at = now + wait;
	diag("%s: %s: %s; trying again in %.1f s", m->peer, what, why,
	    (double)wait / (double)SECOND);
	m->trouble[0] = '\0';
	m->turn++;
}

static void
on_connect(struct mosquitto *client, void *ctx, int refused)
{
	struct mqtt *m = ctx;
	const struct opt_list *topics = m->o->topics;

	if (refused == 4 ||
	    refused == 5) /* MQTT 3.1.1 section 3.2.2.3: bad credentials, not authorized */
		die(EX_NOPERM, "%s: the broker refuses %s: %s", m->peer, m->o->id,
		    mosquitto_connack_string(refused));
	if (refused != 0) {
		(void)snprintf(
		    m->trouble, sizeof(m->trouble), "%s", mosquitto_connack_string(refused));
		return; /* the broker closes the connection */
	}
	m->link = LINK_UP;
	m->since = clock_monotonic();
	m->trouble[0] = '\0';
	m->told = topics->n == 0;
	metrics_set(METRIC_CONNECTED, 1);
	metrics_add(METRIC_CONNECTS, 1);
	if (topics->n == 0)
		diag_note("%s: connected as %s", m->peer, m->o->id);
	else if (mosquitto_subscribe_multiple(client, NULL, (int)topics->n,
		     (char *const *)topics->items, 1, 0, NULL) != MOSQ_ERR_SUCCESS)
		die(EX_USAGE, "%s: not a topic to subscribe to among those given", m->peer);
}

/* The topics are asked for all at once or, later, each by itself. */
static const char *
topic_asked(const struct mqtt *m, int n, int i)
{
	return (size_t)n == m->o->topics->n ? m->o->topics->items[i] : "it asked for last";
}

static void
on_subscribe(struct mosquitto *client, void *ctx, int mid, int n, const int *granted)
{
	struct mqtt *m = ctx;
	int i;

	(void)mid;
	for (i = 0; i < n; i++) {
		if (granted[i] > 2 && !m->subscribed)
			die(EX_NOPERM, "%s: the broker refuses %s the topic %s", m->peer,
			    m->o->id, topic_asked(m, n, i));
		if (granted[i] > 2) { /* so do a cluster's nodes that cannot agree */
			(void)snprintf(m->trouble, sizeof(m->trouble),
			    "the broker refuses the topic %s, which it gave before",
			    topic_asked(m, n, i));
			(void)mosquitto_disconnect(client);
			return;
		}
		if (granted[i] == 0)
			diag("%s: the broker gives %s at QoS 0 only: a message may be lost on "
			     "the way",
			    m->peer, topic_asked(m, n, i));
	}
	m->subscribed = true;
	if (!m->told)
		diag_note("%s: connected as %s", m->peer, m->o->id);
	m->told = true;
}

static void
on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *got)
{
	struct mqtt *m = ctx;
	struct mqtt_message message = { .topic = got->topic,
		.qos = got->qos,
		.retained = got->retain,
		.payload = {
		    got->payload != NULL ? got->payload : "", (size_t)got->payloadlen } };

	(void)client;
	m->bytes += message.payload.n;
	m->messages++;
	m->handler(m->ctx, &message);
}

static void
must_be_readable(const char *path)
{
	if (path != NULL && access(path, R_OK) != 0)
		die(EX_NOINPUT, "%s: cannot read: %s", path, strerror(errno));
}

/* The first line of the file. */
static void
read_password(struct mqtt *m)
{
	FILE *f;

	if (m->o->key_password == NULL)
		return;
	f = fopen(m->o->key_password, "re");
	if (f == NULL || fgets(m->password, sizeof(m->password), f) == NULL)
		die(EX_NOINPUT, "%s: cannot read a password there", m->o->key_password);
	m->password[strcspn(m->password, "\r\n")] = '\0';
	(void)fclose(f);
}

/* OpenSSL asks for the key's password; without one it is told so, and does not ask the
 * terminal. */
static int
give_password(char *to, int size, int writing, void *client)
{
	const struct mqtt *m = mosquitto_userdata(client);
	size_t n = strlen(m->password);

	(void)writing;
	if (n == 0 || n >= (size_t)size)
		return 0;
	memcpy(to, m->password, n + 1);
	return (int)n;
}

static bool
is_this_machine(const char *host)
{
	return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "::1") == 0;
}

static void
set_tls(struct mqtt *m)
{
	const struct mqtt_options *o = m->o;
	int rc;

	if (o->cafile == NULL) {
		if (!is_this_machine(m->host) || strchr(o->host, ',') != NULL ||
		    o->cert != NULL)
			die(EX_USAGE, "--cafile is missing: %s",
			    o->cert != NULL ? "a certificate needs TLS"
					    : "only a broker on this machine does without TLS");
		return;
	}
	if ((o->cert == NULL) != (o->key == NULL))
		die(EX_USAGE, "--cert and --key go together");
	must_be_readable(o->cafile);
	must_be_readable(o->cert);
	must_be_readable(o->key);
	read_password(m);
	rc = mosquitto_tls_set(m->client, o->cafile, NULL, o->cert, o->key, give_password);
	if (rc != MOSQ_ERR_SUCCESS)
		die(EX_CONFIG, "cannot use the certificates: %s", mosquitto_strerror(rc));
}

struct mqtt *
mqtt_new(const struct mqtt_options *o, mqtt_message_fn *handler, void *ctx)
{
	struct mqtt *m = xcalloc(1, sizeof(*m));

	m->o = o;
	m->handler = handler;
	m->ctx = ctx;
	choose_host(m);
	(void)mosquitto_lib_init();
	/* each payload is allocated and freed: its pages are kept for the next one */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 25);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 25);
	m->client = mosquitto_new(o->id, o->brief, m);
	if (m->client == NULL)
		die(errno == ENOMEM ? EX_OSERR : EX_USAGE, "%s: not a client id", o->id);
	/* the library must only queue what it sends, see the header */
	must(mosquitto_threaded_set(m->client, true) == MOSQ_ERR_SUCCESS);
	(void)mosquitto_int_option(m->client, MOSQ_OPT_TCP_NODELAY, 1);
	set_tls(m);
	mosquitto_log_callback_set(m->client, on_log);
	mosquitto_connect_callback_set(m->client, on_connect);
	mosquitto_subscribe_callback_set(m->client, on_subscribe);
	mosquitto_message_callback_set(m->client, on_message);
	return m;
}

static void
cork(const struct mqtt *m, int on)
{
	(void)setsockopt(mosquitto_socket(m->client), IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

void
mqtt_free(struct mqtt *m)
{
	if (m == NULL)
		return;
	if (m->link == LINK_UP && mosquitto_disconnect(m->client) == MOSQ_ERR_SUCCESS)
		(void)mosquitto_loop_write(m->client, 1);
	mosquitto_destroy(m->client);
	(void)mosquitto_lib_cleanup();
	explicit_bzero(m->password, sizeof(m->password));
	free(m->host);
	free(m->peer);
	free(m);
}

bool
mqtt_connected(const struct mqtt *m)
{
	return m->link == LINK_UP;
}

struct pollfd
mqtt_poll(const struct mqtt *m)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };

	if (m->link != LINK_DOWN)
		p.fd = mosquitto_socket(m->client);
	/* while connecting there is always something to write: mqtt_timeout is the pace then */
	if (m->link == LINK_UP && mosquitto_want_write(m->client))
		p.events |= POLLOUT;
	return p;
}

/* Bytes that have been taken from the socket: poll(2) knows nothing of them. Where they end in
 * the middle of a record OpenSSL has asked for more, and only the socket has that. */
static bool
has_taken(const struct mqtt *m)
{
	SSL *ssl = m->link == LINK_UP ? mosquitto_ssl_get(m->client) : NULL;

	return ssl != NULL && !SSL_want_read(ssl) &&
	       (SSL_has_pending(ssl) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl)) > 0);
}

/* Is there more to read now or, while a batch is worth waiting for, in a millisecond? */
static bool
has_more(const struct mqtt *m, int64_t until)
{
	struct pollfd p = { .fd = mosquitto_socket(m->client), .events = POLLIN };

	if (m->link != LINK_UP || p.fd < 0)
		return false;
	if (has_taken(m) || poll(&p, 1, 0) == 1)
		return true;
	return m->messages > 0 && clock_monotonic() < until && poll(&p, 1, 1) == 1;
}

int
mqtt_timeout(const struct mqtt *m)
{
	int64_t left;

	if (has_taken(m))
		return 0;
	if (m->link == LINK_CONNECTING)
		return 10;
	if (m->link == LINK_UP)
		return 1000;
	left = m->retry_at - clock_monotonic();
	return left > 0 ? (int)(left / 1000000) + 1 : 0;
}

/*
 * Some records and a part of the next with one read(2), where there would be two for each; and
 * TCP acknowledges once. OpenSSL's own read-ahead would for each record move all that is behind
 * it to its buffer's front.
 */
static void
read_ahead(SSL *ssl)
{
	BIO *socket, *buffer;

	if (ssl == NULL)
		return;
	socket = SSL_get_rbio(ssl);
	buffer = BIO_new(BIO_f_buffer());
	must(buffer != NULL && BIO_set_read_buffer_size(buffer, READ_AHEAD) == 1);
	must(BIO_up_ref(socket) == 1); /* what is written goes there as it did */
	SSL_set0_rbio(ssl, BIO_push(buffer, socket));
}

static bool
is_ipv6(int fd)
{
	int family = AF_UNSPEC;
	socklen_t n = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &n) == 0 && family == AF_INET6;
}

/* The library takes the first address of a name and, where that does not answer, none of the
 * others. localhost is ::1 first on most machines, and a broker may have 127.0.0.1 alone, which
 * is a name in its certificate as localhost is: see broker.c. */
static void
start_connecting(struct mqtt *m)
{
	int keepalive = m->o->keepalive > 0 ? (int)m->o->keepalive : 60, rc;
	bool ipv4 = m->ipv4_now;

	choose_host(m);
	m->ipv4_now = m->ipv6_first = false;
	errno = 0;
	rc = mosquitto_connect_async(
	    m->client, ipv4 ? "127.0.0.1" : m->host, m->port, keepalive);
	/* what is not about the handshake is about our own files, and stays */
	if (rc == MOSQ_ERR_TLS && strstr(m->trouble, "SSL routines") == NULL)
		die(EX_CONFIG, "cannot use the certificates: %s", m->trouble);
	if (rc != MOSQ_ERR_SUCCESS) {
		lost(m, "cannot connect", rc);
		return;
	}
	read_ahead(mosquitto_ssl_get(m->client));
	m->link = LINK_CONNECTING;
	m->since = clock_monotonic();
	m->ipv6_first =
	    !ipv4 && strcmp(m->host, "localhost") == 0 && is_ipv6(mosquitto_socket(m->client));
}

/* After any call into the library. */
static void
check_link(struct mqtt *m, int rc)
{
	if (m->link == LINK_DOWN ||
	    (rc == MOSQ_ERR_SUCCESS && mosquitto_socket(m->client) >= 0))
		return;
	if (m->link == LINK_CONNECTING && m->ipv6_first && m->trouble[0] == '\0') {
		m->link = LINK_DOWN;
		m->ipv4_now = true;
		m->retry_at = clock_monotonic();
		return;
	}
	lost(m, m->link == LINK_UP ? "connection lost" : "cannot connect",
	    rc != MOSQ_ERR_SUCCESS ? rc : MOSQ_ERR_CONN_LOST);
}

/* The library goes on with a handshake whose other end has gone, and waits for an answer as
 * long as it takes. */
static int
check_connecting(const struct mqtt *m)
{
	struct pollfd p = { .fd = mosquitto_socket(m->client), .events = POLLIN };

	if (clock_monotonic() - m->since > CONNECT_TIME)
		return MOSQ_ERR_CONN_LOST;
	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0
		   ? MOSQ_ERR_CONN_LOST
		   : MOSQ_ERR_SUCCESS;
}

size_t
mqtt_read(struct mqtt *m, int64_t patience)
{
	int64_t until = clock_monotonic() + patience;
	int rc = MOSQ_ERR_SUCCESS, calls = 0;

	m->bytes = m->messages = 0;
	if (m->link == LINK_DOWN && clock_monotonic() >= m->retry_at)
		start_connecting(m);
	if (m->link == LINK_DOWN)
		return 0;
	do {
		errno = 0; /* the library looks at it after each packet, whoever set it */
		rc = mosquitto_loop_read(m->client, 1);
	} while (rc == MOSQ_ERR_SUCCESS && m->bytes < BATCH_BYTES && ++calls < BATCH_CALLS &&
		 has_more(m, until));
	if (rc == MOSQ_ERR_SUCCESS && m->link == LINK_CONNECTING)
		rc = check_connecting(m);
	check_link(m, rc);
	return m->messages;
}

void
mqtt_write(struct mqtt *m)
{
	int64_t now = clock_monotonic();
	int rc = MOSQ_ERR_SUCCESS;

	if (m->link == LINK_DOWN)
		return;
	if (m->link == LINK_CONNECTING || mosquitto_want_write(m->client)) {
		cork(m, 1);
		rc = mosquitto_loop_write(m->client, 1);
		cork(m, 0);
	}
	if (rc == MOSQ_ERR_SUCCESS && now - m->checked >= SECOND) {
		m->checked = now;
		rc = mosquitto_loop_misc(m->client);
	}
	check_link(m, rc);
}

void
mqtt_subscribe(struct mqtt *m, const char *topic)
{
	opt_list_add(m->o->topics, topic);
	if (m->link == LINK_UP &&
	    mosquitto_subscribe(m->client, NULL, topic, 1) == MOSQ_ERR_INVAL)
		die(EX_USAGE, "%s: not a topic to subscribe to: %s", m->peer, topic);
}

void
mqtt_unsubscribe(struct mqtt *m, const char *topic)
{
	struct opt_list *topics = m->o->topics;
	size_t i;

	for (i = 0; i < topics->n && strcmp(topics->items[i], topic) != 0; i++)
		;
	if (i == topics->n)
		return;
	topics->items[i] = topics->items[--topics->n];
	if (m->link == LINK_UP)
		(void)mosquitto_unsubscribe(m->client, NULL, topic);
}

static void
on_publish(struct mosquitto *client, void *ctx, int mid)
{
	struct mqtt *m = ctx;

	(void)client;
	m->sent(m->ctx, mid);
}

void
mqtt_on_sent(struct mqtt *m, mqtt_sent_fn *sent)
{
	m->sent = sent;
	mosquitto_publish_callback_set(m->client, on_publish);
	(void)mosquitto_int_option(m->client, MOSQ_OPT_SEND_MAXIMUM, 65535);
}

bool
mqtt_publish(
    struct mqtt *m, const char *topic, struct span payload, int qos, bool retain, int *token)
{
	return m->link == LINK_UP && mosquitto_publish(m->client, token, topic, (int)payload.n,
					 payload.p, qos, retain) == MOSQ_ERR_SUCCESS;
}
