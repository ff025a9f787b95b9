/*
 * envelope: what nbms-recv makes of a gateway's object: its own members first, then thing and
 * point, then whatever else the object has, byte for byte less insignificant white space
 * (nbms-message(5)).
 *
 * Trust: the object may come from anyone. An outside object that has a member only nbms-recv
 * may write (seq, received, topic, mark) is refused, so that none can pass for a record it is
 * not; an object out of an envelope made earlier may have them, and they are written anew.
 */
#ifndef NBMS_BMS_ENVELOPE_H
#define NBMS_BMS_ENVELOPE_H

#include "bms/message.h"

/* What is known of a record beside its own text. */
struct envelope {
	struct span topic;   /* empty: not told */
	int64_t received_ms; /* since the epoch; WHEN_NONE: not told */
	bool ours;           /* the object is an envelope already */
	bool mqtt;           /* it came on an MQTT topic, which has to name its thing */
};

/*
 * May it pass? NULL, or a reject code with *why in words: `duplicate-member`,
 * `reserved-member`, `bad-topic`, `spoofed`, and those of message_parse. Fills m.
 */
const char *envelope_check(
    const struct envelope *e, json_value root, struct message *m, const char **why);

/* Appends the line of a checked object, without LF; seq 0: none. False: it does not fit. */
bool envelope_write(const struct envelope *e, json_value root, uint64_t seq, struct buf *to);

/* {"mark":SEQ,"at":T} without LF; seq 0 and a time not told are null. */
void envelope_write_mark(uint64_t seq, int64_t at_ms, struct buf *to);

#endif
