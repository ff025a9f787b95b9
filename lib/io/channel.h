/*
 * channel: the ways people are told: FCM HTTP v1, AWS SNS, mail, webhooks. What an endpoint's
 * name begins with says which:
 *
 *   fcm:TOKEN                            a device's registration token
 *   arn:aws:sns:REGION:ACCOUNT:endpoint/...  an SNS platform endpoint (or a topic)
 *   mailto:someone@example.com
 *   https://...                          a webhook
 *
 * How each is reached is told by a file of JSON objects, one a line, secrets by the names of
 * files that hold them (nbms-push(1)):
 *
 *   {"channel":"fcm","service_account":FILE}      as Google's console gives it
 *   {"channel":"sns","credentials":FILE}          {"access_key_id":..,"secret_access_key":..}
 *   {"channel":"mail","server":"smtp://host:587","from":..,"user":..,"password_file":FILE}
 *   {"channel":"webhook","secret_file":FILE}
 *
 * "cafile" (PEM) and, for fcm and sns, "url" (the service's address) may be set in each.
 */
#ifndef NBMS_IO_CHANNEL_H
#define NBMS_IO_CHANNEL_H

#include "base/when.h"
#include "io/post.h"

enum channel_kind { CHANNEL_FCM, CHANNEL_SNS, CHANNEL_MAIL, CHANNEL_WEBHOOK, CHANNEL_KINDS };

/* fcm, sns, mail, webhook */
const char *channel_name(enum channel_kind kind);

/* False: an endpoint of no known form. */
bool channel_of(struct span endpoint, enum channel_kind *kind);

/* What is to be told. Borrowed, UTF-8. */
struct channel_message {
	int64_t id;        /* of the delivery: the same at every try */
	struct span event; /* what it tells of: the same for all endpoints */
	struct span endpoint;
	struct span
	    subject; /* what later tellings replace on a screen: the episode; or empty */
	struct span title, text;
	struct span data; /* a JSON object of strings */
};

/* What came of a try. */
enum channel_verdict {
	CHANNEL_SENT,
	CHANNEL_LATER,   /* try again, after `after` seconds if it is above 0 */
	CHANNEL_REFUSED, /* this message will never be taken */
	CHANNEL_DEAD,    /* this endpoint is no more */
	CHANNEL_TROUBLE, /* our credentials or settings: a person is needed; try again later */
	CHANNEL_DOUBT    /* it may have been taken, and there was no answer */
};

struct channel_outcome {
	enum channel_verdict verdict;
	int64_t after;
	char id[128];  /* the service's own, or empty */
	char why[200]; /* where it was not sent */
};

struct channels;

/* NULL: something is wrong with the file, said with its line. A file that is not there has no
 * channels in it. */
struct channels *channels_read(const char *path);
void channels_free(struct channels *c);
bool channels_has(const struct channels *c, enum channel_kind kind);

enum channel_ready {
	CHANNEL_READY,
	CHANNEL_WAIT,  /* a token is being fetched (or was refused a moment ago) */
	CHANNEL_ABSENT /* no such channel in the file */
};

/* Can a message be started now? Starts what is needed for it; tags below 0 in post are the
 * channels' own. *again: when it is worth asking again, WHEN_NONE: at any moment. */
enum channel_ready channel_ready(
    struct channels *c, struct post *post, enum channel_kind kind, when_t now, when_t *again);

/* Starts a message with its id as tag; the channel was ready. */
void channel_start(struct channels *c, struct post *post, enum channel_kind kind,
    const struct channel_message *m, when_t now);

/* A result whose tag is below 0. */
void channel_took(struct channels *c, const struct post_result *r, when_t now);

void channel_judge(struct channels *c, enum channel_kind kind, const struct post_result *r,
    struct channel_outcome *o);

/* Does the other side recognise a message that comes twice? */
bool channel_recognises(enum channel_kind kind);

#endif
