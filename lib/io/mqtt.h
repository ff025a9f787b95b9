/*
 * mqtt: a client of an MQTT 3.1.1 broker whose acknowledgements wait until they are allowed
 * out. The only user of libmosquitto.
 *
 * The caller owns the loop. A turn of it is: poll(2) what mqtt_poll gives; mqtt_read, which
 * calls the message handler for each message of a batch; whatever makes the batch safe;
 * mqtt_write, which lets the batch's PUBACKs go. Nothing else writes, so that a process killed
 * before mqtt_write has acknowledged none of the batch, and the broker sends it again.
 *
 * The connection is made, and made again when it is lost, by mqtt_read: after 1 s, then twice
 * as long each time up to 60 s, each drawn by chance between half of that and all of it; the
 * row begins anew once a connection has held 10 s. An attempt at localhost that finds nobody at
 * ::1 goes on to 127.0.0.1. Subscriptions are made at every connect. The
 * session is kept by the broker (clean session off) under the client id. A broker that refuses
 * the client's identity or, at first, its subscription ends the program with EX_NOPERM. What
 * was sent to a topic before its first subscription was given is not kept for anyone;
 * `connected' is said only then.
 *
 * What a retained message repeats: a broker sends it again at every subscription.
 */
#ifndef NBMS_IO_MQTT_H
#define NBMS_IO_MQTT_H

#include "base/opt.h"
#include "base/span.h"

#include <poll.h>

struct mqtt_options {
	const char *host; /* HOST[:PORT][,HOST[:PORT]...]: the nodes of a cluster, in turn */
	int64_t port;     /* where none is told; 0: 8883 with TLS, 1883 without */
	const char
	    *cafile; /* PEM; NULL: no TLS, which only a broker on this machine may have */
	const char *cert, *key;   /* PEM; NULL: no client certificate */
	const char *key_password; /* name of the file whose first line opens the key; NULL: it
				     has none */
	const char *id;           /* the same at every start, and no other client's */
	int64_t keepalive;        /* seconds; 0: 60 */
	bool brief; /* the broker forgets us with the connection (clean session on) */
	struct opt_list *topics; /* to subscribe to at QoS 1; may be empty */
};

/* Borrowed while the handler runs. */
struct mqtt_message {
	const char *topic;
	struct span payload; /* a readable byte follows it */
	int qos;
	bool retained;
};

typedef void mqtt_message_fn(void *ctx, const struct mqtt_message *m);

struct mqtt;

/* A file that cannot be read, or a plain connection to another machine, ends the program
 * (EX_NOINPUT, EX_USAGE). */
struct mqtt *mqtt_new(const struct mqtt_options *o, mqtt_message_fn *handler, void *ctx);

/* Takes leave of the broker, PUBACKs first, and frees. */
void mqtt_free(struct mqtt *m);

bool mqtt_connected(const struct mqtt *m);

/* What to poll for (fd -1 while there is no connection), and for how many milliseconds at most.
 */
struct pollfd mqtt_poll(const struct mqtt *m);
int mqtt_timeout(const struct mqtt *m);

/*
 * Reads what has come, up to some megabytes, and sees to the connection. A batch that has begun
 * is gathered for at most `patience` nanoseconds, as long as no gap of a millisecond comes: the
 * time that making it safe takes is well spent on making it larger. Returns the messages
 * handled.
 */
size_t mqtt_read(struct mqtt *m, int64_t patience);

void mqtt_write(struct mqtt *m);

/* One topic more, or less, in the options' list: now, and at every later connect. The text is
 * borrowed as long as it is in there. */
void mqtt_subscribe(struct mqtt *m, const char *topic);
void mqtt_unsubscribe(struct mqtt *m, const char *topic);

/*
 * Sending. `sent` is called from mqtt_read or mqtt_write with the token of each message that
 * the broker has acknowledged (QoS 1 and 2) or that has been written (QoS 0). What is not
 * acknowledged when the connection is lost is sent again after the next connect, in order.
 * False: the message was not taken (no connection, or not a topic).
 */
typedef void mqtt_sent_fn(void *ctx, int token);
void mqtt_on_sent(struct mqtt *m, mqtt_sent_fn *sent);
bool mqtt_publish(
    struct mqtt *m, const char *topic, struct span payload, int qos, bool retain, int *token);

#endif
