/*
 * bundle: what a gateway is given: its certificate, its key, the root certificate and its
 * configuration, as a directory and as a tar file (ustar, POSIX.1-2017 pax, section
 * "ustar Interchange Format").
 *
 *   certificate.pem   the certificate, then the chain below the root
 *   private.key       0600; not there where the key stayed on the gateway
 *   root-ca.pem       what the broker's certificate is checked against
 *   mw.json           {"thing","host","port","client_id","publish","publish_compatible",
 *                      "subscribe","qos","keepalive","period","cafile","certfile","keyfile"}
 *                     period in minutes, keepalive in seconds; keyfile null where the key
 * stayed
 */
#ifndef NBMS_IO_BUNDLE_H
#define NBMS_IO_BUNDLE_H

#include "base/buf.h"
#include "base/when.h"

struct bundle {
	struct span thing;
	struct span certificate; /* PEM, with the chain */
	struct span key;         /* PEM or empty */
	struct span root;
	const char *host;
	int64_t port;
	int64_t period; /* minutes */
	when_t made;    /* the tar's times, so that the same bundle is the same file */
};

/* dir is made (0700) and must be new; not synced. */
bool bundle_write_dir(const char *dir, const struct bundle *b);

/* path must be new; 0600; not synced. The files are under THING/. */
bool bundle_write_tar(const char *path, const struct bundle *b);

/* Reads certificate and key back from a directory of bundle_write_dir into the caller's bufs,
 * and sets them in b. False: not there, or unreadable (reported). */
bool bundle_read(const char *dir, struct buf *certificate, struct buf *key, struct bundle *b);

/* Removes from a thing's directory what `keep` does not know the serial of: left by a run that
 * was cut off, or no longer valid. An absent directory is fine. */
bool bundle_sweep(const char *dir, struct span thing,
    bool (*keep)(void *ctx, struct span thing, struct span serial), void *ctx);

#endif
