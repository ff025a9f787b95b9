/*
 * outbox: messages on their way to a broker, in the order they came, at most one of each topic
 * unacknowledged, so that neither a lost connection nor a repetition changes the order within a
 * topic.
 *
 * With a file, what was put in and not acknowledged survives the program: the file is appended
 * to, synced by outbox_sync before anything of it may be sent, and emptied whenever nothing is
 * left. A torn last line, of a crash while writing, is dropped: its message was never sent, nor
 * had outbox_sync returned for it.
 */
#ifndef NBMS_IO_OUTBOX_H
#define NBMS_IO_OUTBOX_H

#include "base/json.h"
#include "io/mqtt.h"

struct post {
	uint64_t n; /* its number in this outbox */
	char *topic;
	char *id; /* NULL: wants no confirmation */
	char *payload;
	size_t length;
	int qos;
	bool retain;
	bool sent; /* and not acknowledged */
	int token;
	struct post *next;
};

struct outbox;

/* path NULL: in memory only. A file that cannot be used ends the program. */
struct outbox *outbox_open(const char *path);
void outbox_close(struct outbox *o);

/*
 * Reads {"topic":T,"payload":ANY,"qos":0|1|2,"retain":B,"id":..}; a payload that is a text is
 * sent as that text, anything else as its JSON. NULL, or a new post that is not in the outbox
 * yet; `why` where it is wrong.
 */
struct post *post_parse(json_value record, struct buf *why);
void post_free(struct post *p);

/* Takes the post. line is its record, for the file. */
void outbox_put(struct outbox *o, struct post *p, struct span line);
void outbox_sync(struct outbox *o);

/* The first that may go now: not sent, and no other of its topic is; NULL: none. */
struct post *outbox_next(struct outbox *o);

/* Gives the broker what may go now, as far as it takes it. */
void outbox_publish(struct outbox *o, struct mqtt *to);

/* The one that was sent with that token; NULL: none. */
struct post *outbox_sent(struct outbox *o, int token);

/* Takes it out for good and frees it. */
void outbox_done(struct outbox *o, struct post *p);

size_t outbox_count(const struct outbox *o);
size_t outbox_bytes(const struct outbox *o);

#endif
