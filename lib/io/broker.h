/*
 * broker: the configuration of mosquitto 2 as files in one directory:
 *
 *   mosquitto.conf  two listeners with client certificates over TLS 1.2 and up: one for
 * gateways, one on loopback for the site's own programs; a WebSocket one where asked for acl
 * who may publish and read what; from the registry, so that a deleted thing has no grant ca.pem
 * crl.pem  whom the gateways' listener believes, and whom no longer server.pem server.key   the
 * broker's own certificate site.pem        the one certificate the loopback listener knows: its
 * key cannot be used from outside, and a gateway's not there data/           mosquitto's own:
 * queues, process id, certificates seen (see `seen`)
 *
 * Gateways' client ids are their names (use_username_as_clientid): none can take over another's
 * session.
 */
#ifndef NBMS_IO_BROKER_H
#define NBMS_IO_BROKER_H

#include "base/buf.h"
#include "base/opt.h"
#include "base/when.h"
#include "io/pki.h"

#define BROKER_SITE_USER "nbms-site" /* the CN of the site's programs; no thing can have it */
#define BROKER_PORT 8883
#define BROKER_ACL_MAX ((size_t)256 << 20)

/* How the configuration is made; zero and NULL mean the default. */
struct broker {
	const char *out;       /* the directory, absolute */
	struct opt_list names; /* what gateways call this host; the first is in their bundles */
	int64_t port;          /* gateways: 8883 */
	int64_t site_port;     /* the site's programs, 127.0.0.1: 8884 */
	int64_t websocket;     /* 0: no such listener */
	int64_t queue;         /* bytes held for a client that is away: 1 GiB */
	const char *user;      /* whom a broker started by root becomes; the files are theirs */
	bool rsa;              /* the broker's key: RSA-2048 instead of EC P-256 */
	const char
	    *plugin; /* the shared object that notes certificates; NULL or "none": none */
};

/* As JSON, and back; the texts of the second live as long as `text`, which stays unchanged. */
void broker_save(const struct broker *b, struct buf *text);
bool broker_load(struct broker *b, struct buf *text);
void broker_defaults(struct broker *b);

/* What the files are made of, besides the options. */
struct broker_material {
	struct buf acl; /* broker_grant for each thing */
	struct buf ca, crl, server, server_key, site;
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
void broker_grant(struct broker_material *m, struct span thing);

/* Writes what differs; *changed says whether anything did. False: reported. */
bool broker_apply(const struct broker *b, const struct broker_material *m, bool *changed);

/* Prints the lines that would go and come, never a key's; returns how many files differ. */
size_t broker_diff(const struct broker *b, const struct broker_material *m);

/* The same question without a word, for checks. */
bool broker_differs(const struct broker *b, const struct broker_material *m);

/* Does a broker run from this directory? */
bool broker_runs(const struct broker *b);

/* SIGHUP to the broker that runs from this directory; with the plugin, returns when it has read
 * everything again (or says after five seconds that it has not). False: none runs. */
bool broker_reload(const struct broker *b);

/* Each certificate the broker's plugin saw in use, from data/seen.ndjson. */
void broker_seen(
    const struct broker *b, void (*each)(void *ctx, struct span serial, when_t at), void *ctx);

#endif
