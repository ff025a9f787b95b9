/*
 * mosquitto-nbms: a plugin for mosquitto 2 that knows which certificate a client has shown, and
 * loses nothing that was acknowledged when the broker is killed.
 *
 * The broker itself looks at a certificate's CN only. A rotation's two certificates have the
 * same CN, so that nothing else can tell which one a gateway uses. Loaded by the configuration
 * that `nbms-device broker` makes:
 *
 *   plugin_opt_seen FILE   gets a line {"serial":HEX,"thing":NAME,"at":EPOCH} the first time a
 *                          certificate is used to publish, subscribe or receive
 *   plugin_opt_crl FILE    the revocation list; read again at SIGHUP
 *   plugin_opt_reloaded FILE  gets a number that grows once what SIGHUP asked for has been
 * done, so that whoever took a grant away knows when it is gone
 *
 *   plugin_opt_journal FILE   where messages are kept until the broker has saved them
 * (journal.h) plugin_opt_saved FILE     what the broker saves them to: mosquitto.db
 *   plugin_opt_site USER      whose subscription is waited for to publish again what gateways
 *                             sent to a broker that was killed
 *
 * A session that was opened with a certificate revoked since has every request denied, and is
 * closed. Everything else is left to the access list.
 */
#include "journal.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512

struct watch {
	mosquitto_plugin_id_t *id;
	char *seen_path, *crl_path, *reloaded_path, *journal_path, *saved_path, *site;
	struct journal *journal;
	long reloads;
	bool reloading;
	int fd;     /* of seen_path, appended to */
	void *seen; /* a tree (tsearch) of serials written there */
	X509_CRL *crl;
	char **leave; /* client ids to disconnect at the next tick */
	size_t leaving;
};

/* The broker asks for these three by name. */
int mosquitto_plugin_version(int count, const int *versions);
int mosquitto_plugin_init(
    mosquitto_plugin_id_t *id, void **data, struct mosquitto_opt *opts, int count);
int mosquitto_plugin_cleanup(void *data, struct mosquitto_opt *opts, int count);

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* True where the serial is new; the set keeps its own copy. */
static bool
remember(struct watch *w, const char *serial)
{
	char *copy;

	if (tfind(serial, &w->seen, by_text) != NULL)
		return false;
	copy = strdup(serial);
	if (copy != NULL && tsearch(copy, &w->seen, by_text) == NULL)
		free(copy);
	return copy != NULL;
}

static void
note(struct watch *w, const char *serial, const char *thing)
{
	char line[LINE_MAX_BYTES];
	int n;

	/* a user name is a certificate's CN: only a name of safe bytes is written */
	if (thing == NULL ||
	    strspn(thing, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") !=
		strlen(thing))
		return;
	n = snprintf(line, sizeof(line), "{\"serial\":\"%s\",\"thing\":\"%s\",\"at\":%lld}\n",
	    serial, thing, (long long)time(NULL));
	if (n <= 0 || (size_t)n >= sizeof(line))
		return;
	if (write(w->fd, line, (size_t)n) != n)
		mosquitto_log_printf(
		    MOSQ_LOG_ERR, "mosquitto-nbms: %s: cannot write", w->seen_path);
}

/* Serials of an earlier run, so that the file has one line for each. */
static void
recall(struct watch *w)
{
	FILE *f = fopen(w->seen_path, "re");
	char line[LINE_MAX_BYTES], serial[64];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "{\"serial\":\"%63[0-9A-F]\"", serial) == 1)
			(void)remember(w, serial);
	if (f != NULL)
		(void)fclose(f);
}

static void
read_list(struct watch *w)
{
	FILE *f = fopen(w->crl_path, "re");
	X509_CRL *crl = f != NULL ? PEM_read_X509_CRL(f, NULL, NULL, NULL) : NULL;

	if (f != NULL)
		(void)fclose(f);
	if (crl == NULL) {
		mosquitto_log_printf(MOSQ_LOG_ERR,
		    "mosquitto-nbms: %s: cannot read: the list before it stays", w->crl_path);
		return;
	}
	X509_CRL_free(w->crl);
	w->crl = crl;
}

static int
on_reload(int event, void *data, void *ctx)
{
	(void)event;
	(void)data;
	read_list(ctx);
	((struct watch *)ctx)->reloading = true;
	return MOSQ_ERR_SUCCESS;
}

static void
send_away(struct watch *w, const char *client)
{
	char **more = realloc(w->leave, (w->leaving + 1) * sizeof(*more));

	if (more == NULL)
		return; /* it is denied all the same */
	w->leave = more;
	w->leave[w->leaving] = strdup(client);
	if (w->leave[w->leaving] != NULL)
		w->leaving++;
}

/* The broker is through with SIGHUP when it comes to its next tick. */
static void
tell_reloaded(struct watch *w)
{
	FILE *f = fopen(w->reloaded_path, "we");
	bool told =
	    f != NULL && fprintf(f, "%lld.%ld\n", (long long)time(NULL), w->reloads) > 0;

	if (f == NULL || fclose(f) != 0 || !told)
		mosquitto_log_printf(
		    MOSQ_LOG_ERR, "mosquitto-nbms: %s: cannot write", w->reloaded_path);
	w->reloads++;
	w->reloading = false;
}

static bool
publish(const struct journal_message *m)
{
	return mosquitto_broker_publish_copy(
		   NULL, m->topic, (int)m->n, m->payload, m->qos, m->retain, NULL) == 0;
}

static void
replay(struct watch *w, bool up)
{
	size_t n = journal_replay(w->journal, up, publish);

	if (n > 0)
		mosquitto_log_printf(
		    MOSQ_LOG_NOTICE, "mosquitto-nbms: %zu messages go out (again)", n);
}

/* Before the broker acknowledges it. Refused, the client is cut off, and sends it again. */
static int
on_message(int event, void *data, void *ctx)
{
	const struct mosquitto_evt_message *got = data;
	const struct journal_message m = { got->topic, got->payload, got->payloadlen, got->qos,
		got->retain };
	struct watch *w = ctx;

	(void)event;
	if (got->qos == 0 || journal_put(w->journal, &m))
		return MOSQ_ERR_SUCCESS;
	mosquitto_log_printf(MOSQ_LOG_ERR, "mosquitto-nbms: %s: cannot write: %s",
	    w->journal_path, strerror(errno));
	return MOSQ_ERR_UNKNOWN;
}

/* Not from within a client's own request: the broker still needs it there. */
static int
on_tick(int event, void *data, void *ctx)
{
	struct watch *w = ctx;

	(void)event;
	(void)data;
	if (w->reloading)
		tell_reloaded(w);
	replay(w, false);
	while (w->leaving > 0) {
		char *client = w->leave[--w->leaving];

		(void)mosquitto_kick_client_by_clientid(client, false);
		free(client);
	}
	return MOSQ_ERR_SUCCESS;
}

static bool
is_revoked(struct watch *w, X509 *shown)
{
	X509_REVOKED *entry = NULL;

	return w->crl != NULL && X509_CRL_get0_by_cert(w->crl, &entry, shown) == 1;
}

static bool
is_site(const struct watch *w, const struct mosquitto *client)
{
	const char *user = mosquitto_client_username(client);

	return user != NULL && strcmp(user, w->site) == 0;
}

static int
on_request(int event, void *data, void *ctx)
{
	const struct mosquitto_evt_acl_check *request = data;
	const char *client = mosquitto_client_id(request->client);
	X509 *shown = mosquitto_client_certificate(request->client);
	struct watch *w = ctx;
	BIGNUM *n;
	char *serial;
	bool revoked;

	(void)event;
	if (request->access == MOSQ_ACL_SUBSCRIBE && is_site(w, request->client))
		replay(w, true); /* it goes out once the subscription stands */
	if (shown == NULL)
		return MOSQ_ERR_PLUGIN_DEFER;
	revoked = is_revoked(w, shown);
	n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(shown), NULL);
	serial = n != NULL ? BN_bn2hex(n) : NULL;
	if (revoked && client != NULL)
		send_away(w, client);
	else if (!revoked && serial != NULL && remember(w, serial))
		note(w, serial, mosquitto_client_username(request->client));
	OPENSSL_free(serial);
	BN_free(n);
	X509_free(shown);
	return revoked ? MOSQ_ERR_ACL_DENIED : MOSQ_ERR_PLUGIN_DEFER;
}

int
mosquitto_plugin_version(int count, const int *versions)
{
	int i;

	for (i = 0; i < count; i++)
		if (versions[i] == 5)
			return 5;
	return -1;
}

static bool
take_options(struct watch *w, const struct mosquitto_opt *opts, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (strcmp(opts[i].key, "seen") == 0)
			w->seen_path = strdup(opts[i].value);
		else if (strcmp(opts[i].key, "crl") == 0)
			w->crl_path = strdup(opts[i].value);
		else if (strcmp(opts[i].key, "reloaded") == 0)
			w->reloaded_path = strdup(opts[i].value);
		else if (strcmp(opts[i].key, "journal") == 0)
			w->journal_path = strdup(opts[i].value);
		else if (strcmp(opts[i].key, "saved") == 0)
			w->saved_path = strdup(opts[i].value);
		else if (strcmp(opts[i].key, "site") == 0)
			w->site = strdup(opts[i].value);
	}
	return w->seen_path != NULL && w->crl_path != NULL && w->reloaded_path != NULL &&
	       w->journal_path != NULL && w->saved_path != NULL && w->site != NULL;
}

int
mosquitto_plugin_init(
    mosquitto_plugin_id_t *id, void **data, struct mosquitto_opt *opts, int count)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return MOSQ_ERR_NOMEM;
	*data = w;
	w->id = id;
	w->fd = -1;
	if (!take_options(w, opts, count))
		return MOSQ_ERR_INVAL;
	recall(w);
	w->fd = open(w->seen_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (w->fd < 0)
		return MOSQ_ERR_ERRNO;
	w->journal = journal_open(w->journal_path, w->saved_path);
	if (w->journal == NULL)
		return MOSQ_ERR_ERRNO;
	read_list(w);
	w->reloading = true; /* the first tick tells that it listens */
	if (mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK, on_request, NULL, w) != 0 ||
	    mosquitto_callback_register(id, MOSQ_EVT_RELOAD, on_reload, NULL, w) != 0 ||
	    mosquitto_callback_register(id, MOSQ_EVT_MESSAGE, on_message, NULL, w) != 0 ||
	    mosquitto_callback_register(id, MOSQ_EVT_TICK, on_tick, NULL, w) != 0)
		return MOSQ_ERR_UNKNOWN;
	return MOSQ_ERR_SUCCESS;
}

int
mosquitto_plugin_cleanup(void *data, struct mosquitto_opt *opts, int count)
{
	struct watch *w = data;

	(void)opts;
	(void)count;
	if (w == NULL)
		return MOSQ_ERR_SUCCESS;
	(void)mosquitto_callback_unregister(w->id, MOSQ_EVT_ACL_CHECK, on_request, NULL);
	(void)mosquitto_callback_unregister(w->id, MOSQ_EVT_RELOAD, on_reload, NULL);
	(void)mosquitto_callback_unregister(w->id, MOSQ_EVT_MESSAGE, on_message, NULL);
	(void)mosquitto_callback_unregister(w->id, MOSQ_EVT_TICK, on_tick, NULL);
	journal_close(w->journal);
	tdestroy(w->seen, free);
	while (w->leaving > 0)
		free(w->leave[--w->leaving]);
	free(w->leave);
	X509_CRL_free(w->crl);
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w->seen_path);
	free(w->crl_path);
	free(w->reloaded_path);
	free(w->journal_path);
	free(w->saved_path);
	free(w->site);
	free(w);
	return MOSQ_ERR_SUCCESS;
}
