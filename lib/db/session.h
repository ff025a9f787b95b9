/*
 * session: who is connected, and which points of which gateways their sessions want.
 *
 * A gateway is told of a point when the first session wants it, and told to stop when the last
 * one has gone. Who is first and last is decided here, in one transaction each; the telling
 * takes a message that may be lost, so that a row says how far it has come (subscription.state:
 * asked, told, leaving), and whoever finds a session that died in between goes on from there:
 *
 *   hold: nobody else has told the gateway -> tell it; acknowledged -> told
 *   leave: nobody else holds it -> tell it to stop; acknowledged -> gone, and told again where
 *          another has come to want it meanwhile: its message may have been the earlier one
 *
 * All but session_open, session_beat and session_close need an open transaction.
 */
#ifndef NBMS_DB_SESSION_H
#define NBMS_DB_SESSION_H

#include "base/span.h"
#include "base/when.h"
#include "db/engine.h"

#define SESSION_SILENT                                                                    \
	120           /* seconds without a sign, after which a session of another machine \
			 is taken for dead */
#define SESSION_ID 33 /* bytes of a connection id, NUL included */

struct session {
	const char *id;
	const char *user;
	const char *customer; /* NULL: the site's own */
};

void session_open(struct db *site, const struct session *s, when_t now);
void session_beat(struct db *site, const char *id, when_t now);

/* Forgets the session. What it still held is left as leaving, for session_adopt, when the
 * gateways could not be told. */
void session_close(struct db *site, const char *id, bool told);

/* True: the gateway has to be told. Twice is once. */
bool session_hold(struct db *site, const char *id, struct span thing, struct span point);

/* The gateway has been told. */
void session_told(struct db *site, const char *id, struct span thing, struct span point);

/* True: the gateway has to be told to stop; false: another holds it, and it is gone already. */
bool session_leave(struct db *site, const char *id, struct span thing, struct span point);

/* The same of all it holds: what is left has to be told. */
void session_leave_all(struct db *site, const char *id);

/* The gateway has been told to stop. True: another came meanwhile, and it must be told to go
 * on. */
bool session_left(struct db *site, const char *id, struct span thing, struct span point);

/*
 * Takes over what sessions that are no more have left, as leaving; returns how many sessions.
 * Dead is one whose process has gone (of this machine) or that has given no sign for
 * SESSION_SILENT.
 */
size_t session_adopt(struct db *site, const char *id, when_t now);

/* What a session holds or is leaving. */
typedef void session_point_fn(void *ctx, struct span thing, struct span point, bool leaving);
/* By gateway. */
void session_points(struct db *site, const char *id, session_point_fn *fn, void *ctx);

#endif
