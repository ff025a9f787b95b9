/*
 * broker: the configuration of the site's MQTT broker as files in one directory, made from the
 * registry, so that a deleted thing has no grant. One of two engines:
 *
 * mosquitto 2, one machine (broker_mosquitto.c):
 *   mosquitto.conf   two listeners with client certificates over TLS 1.2 and up: one for
 *                    gateways, one on loopback for the site's own programs; a WebSocket one
 *                    where asked for
 *   acl              who may publish and read what
 *   ca.pem crl.pem   whom the gateways' listener believes, and whom no longer
 *   server.pem .key  the broker's own certificate
 *   site.pem         the one certificate the loopback listener knows: its key cannot be used
 *                    from outside, and a gateway's not there
 *   data/            mosquitto's own: queues, process id, certificates seen (see `seen`)
 *
 * Gateways' client ids are their names (use_username_as_clientid): none can take over another's
 * session.
 *
 * nats, a cluster of nats-server 2.9 with JetStream (broker_nats.c, nbms-scale(7)):
 *   nbms-1.conf ...  a node each: listeners, stores, routes to the others
 *   nats.conf        what they share: a user for each certificate in force, with its thing's
 *                    permissions; how topics are mapped to shards; limits
 *   clients.pem      whom the listeners believe: the authority, and the site's programs
 *   server.pem .key  the nodes' certificate towards clients
 *   route.pem .key   and towards one another; the only one they take there
 *   worker-id        begins the site's programs' client ids: no gateway can guess it
 *   data/            the nodes' stores and process ids
 *
 * This server knows no revocation lists: a certificate is let in by its own URI (pki.h), and
 * one that is revoked has no user. Nor does it bind client ids to users; hence worker-id.
 */
#ifndef NBMS_IO_BROKER_H
#define NBMS_IO_BROKER_H

#include "base/buf.h"
#include "base/opt.h"
#include "base/when.h"
#include "bms/thing.h"
#include "io/pki.h"

#define BROKER_SITE_USER "nbms-site" /* the CN of the site's programs; no thing can have it */
#define BROKER_PORT 8883
#define BROKER_NODES_MAX 5
#define BROKER_SHARDS_MAX 1024
#define BROKER_ACL_MAX ((size_t)256 << 20)

/* How the configuration is made; zero and NULL mean the default. */
struct broker {
	const char *engine;    /* mosquitto, or nats */
	const char *out;       /* the directory, absolute */
	struct opt_list names; /* what gateways call this host; the first is in their bundles */
	int64_t port;          /* gateways: 8883 */
	int64_t site_port;     /* mosquitto: the site's programs, 127.0.0.1: 8884 */
	int64_t websocket;     /* mosquitto: 0: no such listener */
	int64_t queue;         /* bytes held for those who are away: 1 GiB */
	struct opt_list
	    nodes;        /* nats: HOST[:PORT[:ROUTES[:MONITOR]]]; none: three of this host */
	int64_t shards;   /* nats: 4 */
	const char *user; /* whom a broker started by root becomes; the files are theirs */
	bool rsa;         /* the broker's key: RSA-2048 instead of EC P-256 */
	const char
	    *plugin; /* the shared object that notes certificates; NULL or "none": none */
};

/* Is it an engine, and is each of its nodes one? NULL: yes; otherwise what is wrong. */
const char *broker_wrong(const struct broker *b);

/* As JSON, and back; the texts of the second live as long as `text`, which stays unchanged. */
void broker_save(const struct broker *b, struct buf *text);
bool broker_load(struct broker *b, struct buf *text);
void broker_defaults(struct broker *b);

/* What the files are made of, besides the options. */
struct broker_material {
	struct buf grants;       /* broker_grant for each certificate */
	char granted[THING_MAX]; /* the last thing */
	struct buf ca, crl, server, server_key, site, route, route_key;
};

/*
 * From the authority in `pki` (whose directory is pki_dir): its certificates and list, and the
 * broker's and the site's programs' own in pki_dir/server and pki_dir/site (NAME.pem, NAME.key,
 * root-ca.pem), made where missing, near their end, or (the broker's) when `anew` says that its
 * names have changed. The grants are the caller's to add. False: reported; free it all the
 * same.
 */
bool broker_material(const struct broker *b, struct pki *pki, const char *pki_dir, bool anew,
    struct broker_material *m);
void broker_material_free(struct broker_material *m);

/* A certificate in force; those of one thing one after another. */
void broker_grant(
    const struct broker *b, struct broker_material *m, struct span thing, struct span serial);

/* Writes what differs; *changed says whether anything did. False: reported. */
bool broker_apply(const struct broker *b, const struct broker_material *m, bool *changed);

/* Prints the lines that would go and come, never a key's; returns how many files differ. */
size_t broker_diff(const struct broker *b, const struct broker_material *m);

/* The same question without a word, for checks. */
bool broker_differs(const struct broker *b, const struct broker_material *m);

/* Does a broker, or a node of it, run from this directory? */
bool broker_runs(const struct broker *b);

/* SIGHUP to the broker, or the nodes, that run from this directory; with the plugin, or of
 * nats, returns when it has read everything again (or says after five seconds that it has not).
 * False: none runs. */
bool broker_reload(const struct broker *b);

/* Each certificate the broker saw in use: mosquitto's plugin in data/seen.ndjson; of nats those
 * now and lately connected to the nodes of this machine. */
void broker_seen(
    const struct broker *b, void (*each)(void *ctx, struct span serial, when_t at), void *ctx);

/*
 * Each shard that more than one session has subscribed to, as the first node that runs here
 * tells: nats-server 2.9 then drops messages that one has been sent and not acknowledged.
 */
void broker_crowded(const struct broker *b, void (*each)(void *ctx, int64_t shard), void *ctx);

/* Each node of nats that runs here and is not well: no answer, no quorum, behind the others, or
 * little room; a node with several troubles several times. */
void broker_unwell(const struct broker *b,
    void (*each)(void *ctx, const char *node, const char *why), void *ctx);

#endif
