/*
 * alarm_item: one alarm or one lost device out of a gateway's message (nbms-message(5)).
 *
 * Trust: none needed; what is out of bounds is refused.
 */
#ifndef NBMS_BMS_ALARM_ITEM_H
#define NBMS_BMS_ALARM_ITEM_H

#include "base/json.h"
#include "bms/transition.h"

#define ALARM_TEXT_MAX 4096 /* bytes of a name, a text or a value */

/* What begins an alarm point made here; a gateway's own may not. */
#define ALARM_OF_RULE "rule:"
#define ALARM_OF_DEVICE "disconnect:"
#define ALARM_OF_SILENCE "silence:"

/* Borrowed from the message. */
struct alarm_item {
	enum alarm_event event; /* raise, update, clear or ack */
	int level;              /* 0: not told; a raise has one */
	int64_t priority;       /* -1: not told */
	struct span id;         /* the alarm point, or the device */
	struct alarm_detail detail;
};

/* alarm_N. False: *why says what is wrong with it. */
bool alarm_item_read(json_value item, struct alarm_item *it, const char **why);

/* device_N: the level of a lost device is 2. */
bool disconnect_item_read(json_value item, struct alarm_item *it, const char **why);

#endif
