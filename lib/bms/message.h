/*
 * message: the envelope that programs pass to one another, and the manner of a gateway's
 * messages (nbms-message(5)).
 *
 * Trust: what came through nbms-recv has been checked for shape and for topic against thing;
 * anything else may be handed to a filter by a person, so that every accessor here checks again
 * what it uses.
 */
#ifndef NBMS_BMS_MESSAGE_H
#define NBMS_BMS_MESSAGE_H

#include "base/json.h"
#include "base/when.h"
#include "bms/thing.h"

enum message_kind {
	MESSAGE_MARK, /* {"mark":N,"at":T}: no message but a sign that time has come to T and
			 all up to N has gone before */
	MESSAGE_INIT,
	MESSAGE_DELETE,
	MESSAGE_PERIODIC_LOG,
	MESSAGE_REALTIME,
	MESSAGE_TIMESTAMP_LAST,
	MESSAGE_ALARM,
	MESSAGE_DISCONNECT,
	MESSAGE_SCHEDULE,
	MESSAGE_REQUEST_SCHEDULE,
	MESSAGE_REQUEST_CALENDAR,
	MESSAGE_CONTROL_RESULT
};

/* Levels of a record that the envelope and the count of its items are in: see
 * json_parse_outline. */
#define MESSAGE_LEVELS 2

/* Borrowed from the parsed record. */
struct message {
	enum message_kind kind;
	int64_t seq;     /* 0: did not come through a spool; of a mark, its N */
	when_t received; /* WHEN_NONE: not told; of a mark, its `at` */
	struct thing thing;
	struct span topic; /* empty: not told */
	json_value body;   /* the `message` object */
};

/* The kind's name on the wire, and back (false: unknown). */
const char *message_kind_name(enum message_kind kind);
bool message_kind_find(struct span name, enum message_kind *kind);

/*
 * Reads a record. NULL, or the reject code of what is wrong (`bad-envelope`, `bad-thing`,
 * `unknown-kind`), with *why in words.
 */
const char *message_parse(json_value root, struct message *m, const char **why);

/*
 * The numbered members of a body: STEM_0 ... STEM_<N-1>, in any order, as many as STEM_count
 * says. NULL, or the reject code `count-mismatch` (a cut message, or a number twice). *n gets
 * the count.
 */
const char *message_check_items(json_value body, const char *stem, size_t *n, const char **why);

/* The first numbered member, and the one after; JSON_NONE at the end. For bodies that were
 * checked. */
json_value message_first_item(json_value body, const char *stem);
json_value message_next_item(json_value item, const char *stem);

/* The body's `time` in the building's zone; `received` tells the two passes of a repeated hour
 * apart. */
bool message_time(const struct message *m, const struct zone *zone, when_t *t);

/* The same, but both instants of a repeated time; *later is *first where it is not repeated. */
bool message_times(
    const struct message *m, const struct zone *zone, when_t *first, when_t *later);

/*
 * Which of the two instants of a repeated time a stamp means, from what is known beside it, the
 * surest first: the one that had just come when the message was received; the first, where the
 * second had not come yet; the one near where the gateway's next report is expected; the one
 * that no report stands at yet; the first.
 */
struct message_repeat {
	when_t first, later;
	when_t received; /* WHEN_NONE: not told */
	when_t
	    expected; /* a period after the gateway's report before; WHEN_NONE: there is none */
	bool first_taken, later_taken; /* is there a report of that instant? */
};

when_t message_which(const struct message_repeat *r);

#endif
