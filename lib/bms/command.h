/*
 * command: what may be written to a point, and whether a value that came back is the one that
 * was written.
 *
 * Points are of the object types of BACnet (ASHRAE 135 clause 12): inputs are measured and not
 * written; outputs and values are commandable, by one of 16 priorities.
 */
#ifndef NBMS_BMS_COMMAND_H
#define NBMS_BMS_COMMAND_H

#include "base/json.h"

#define COMMAND_OPERATOR 8 /* manual operator, of the 16 priorities */

enum command_kind {
	COMMAND_UNKNOWN,
	COMMAND_INPUT,     /* BI AI MI, accumulators: read only */
	COMMAND_BINARY,    /* BO BV: 0 and 1, or false and true */
	COMMAND_ANALOG,    /* AO AV: any number */
	COMMAND_MULTISTATE /* MO MV: 1, 2, 3 ... */
};

/* From point_info's type ("BV"; may be empty), otherwise from the id (39.BV-300:...). */
enum command_kind command_kind_of(struct span type, struct span point_id);

/* May this be written to such a point? NULL, or why not. A null relinquishes and always may. */
const char *command_refuses(enum command_kind kind, json_value value);

/* May it be written at this priority? NULL, or why not: 6 is the controller's own, minimum on
 * and off times. */
const char *command_refuses_priority(int64_t priority);

/* Is what came back what was written? true is 1; numbers to a millionth. */
bool command_same(json_value written, json_value reported);

#endif
