/*
 * device: a gateway's certificates in the registry. A certificate is current, superseded (the
 * overlap of a rotation: it still works) or revoked; revoked ones stay, for the revocation
 * list. Writers need an open transaction.
 */
#ifndef NBMS_DB_DEVICE_H
#define NBMS_DB_DEVICE_H

#include "base/buf.h"
#include "base/table.h"
#include "base/when.h"
#include "bms/thing.h"
#include "db/engine.h"

struct device_certificate {
	struct span serial, thing, fingerprint;
	bool own_key; /* the private key never left the gateway */
	when_t not_before, not_after;
};

/* The serial of the thing's current certificate, borrowed until the next call. */
bool device_current(struct db *site, struct span thing, struct span *serial, bool *own_key);

/* Is an earlier certificate still good beside the current one? */
bool device_overlaps(struct db *site, struct span thing);

/* Does a certificate of that serial and thing stand, not revoked? */
bool device_has(struct db *site, struct span serial, struct span thing);

/* A new current certificate; the one before becomes superseded. */
void device_certify(struct db *site, const struct device_certificate *c, when_t now);

/* Revokes all of the thing's certificates and strikes it from the registry. False: never heard
 * of. True again when it is done already. */
bool device_drop(struct db *site, struct span thing, when_t now);

/* Forgets the thing's points; true: no other thing is in its building. */
bool device_purge(struct db *site, const struct thing *t);

/* The broker saw this certificate in use, or someone says so of the thing's current one. */
void device_seen(struct db *site, struct span serial, when_t at);
bool device_seen_current(struct db *site, struct span thing, when_t at);

/* Revokes each superseded certificate whose successor has been seen; calls `each` for it
 * before. Returns how many. */
size_t device_settle(struct db *site, when_t now,
    void (*each)(void *ctx, struct span thing, struct span old, struct span current),
    void *ctx);

/* What the revocation list holds: revoked, and not expired before `since`. */
void device_revoked(struct db *site, when_t since,
    void (*each)(void *ctx, const char *serial, when_t at, const char *reason), void *ctx);

/* Certificates that the broker lets in, in order of their things. */
void device_granted(
    struct db *site, void (*each)(void *ctx, struct span thing, struct span serial), void *ctx);

/* Certificates that are not revoked, by thing. */
void device_certificates(struct db *site,
    void (*each)(void *ctx, const struct device_certificate *c, bool current), void *ctx);

/* Rows {thing, what, serial, expires} of certificates that end before `until`. */
void device_expiring(struct db *site, when_t until, struct table *t);

/* Everything about one thing as one JSON object; false: no such thing. */
bool device_show(struct db *site, struct span thing, struct buf *to);

/* The consumers that hold the spool back until they have run for the first time. */
void device_first_consumers(struct db *site, when_t now);

/* A value kept under a name; borrowed until the next call. */
bool setting_get(struct db *site, const char *name, struct span *value);
void setting_put(struct db *site, const char *name, struct span value);

#endif
