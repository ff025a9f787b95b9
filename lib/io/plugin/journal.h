/*
 * journal: what the broker has taken and would lose if it were killed.
 *
 * mosquitto acknowledges a message once it is in its memory, and writes that to mosquitto.db
 * only every autosave_interval seconds. Each message of QoS 1 or 2 is therefore appended to the
 * journal and synced before the broker acknowledges it. A save covers what came before it: the
 * journal starts anew at the first message after one. What a killed broker left in the journal
 * is published again: what goes to gateways at once; what gateways sent once one of the site's
 * programs has subscribed, and with it what came since the start, for which the broker, which
 * may have forgotten the session, had nobody. Delivery is at least once, as QoS 1 is anyway.
 *
 * A journal that cannot be written refuses the message: the gateway is cut off and tries again.
 */
#ifndef NBMS_PLUGIN_JOURNAL_H
#define NBMS_PLUGIN_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

struct journal;

/* path: the journal; saved: the broker's mosquitto.db. Both are copied. NULL: it cannot be
 * opened, errno says why. */
struct journal *journal_open(const char *path, const char *saved);
void journal_close(struct journal *j); /* NULL is fine */

struct journal_message {
	const char *topic;
	const void *payload;
	size_t n; /* bytes of it */
	int qos;
	bool retain;
};

/* On the disk when it returns. False: it could not be written, errno says why. */
bool journal_put(struct journal *j, const struct journal_message *m);

/* Publishes one message; false: it cannot now. */
typedef bool journal_publish(const struct journal_message *m);

/* What is to go out again: `up`, what gateways sent; otherwise what is sent to them. Each kind
 * goes once; later calls do nothing. Returns how many. */
size_t journal_replay(struct journal *j, bool up, journal_publish *publish);

#endif
