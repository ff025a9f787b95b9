/*
 * downlink: what sessions say to gateways (nbms-message(5)): which points they want to hear of
 * as they change, and what points are to be set to.
 */
#ifndef NBMS_BMS_DOWNLINK_H
#define NBMS_BMS_DOWNLINK_H

#include "base/buf.h"
#include "base/when.h"

#define DOWNLINK_POINTS 200 /* of one message, at most: a gateway is a small machine */

/*
 * Appends one message. connection: whose session; zone: the building's, for the times.
 *
 *   {"thing":T,"point":"subscribe","message":{"msg_type":"Subscribe","connection_id":C,
 *    "point_0":{"point_id":P},...,"point_count":N,"time":t}}
 */
struct downlink_points {
	bool subscribe; /* otherwise unsubscribe */
	struct span thing, connection;
	const struct span *points;
	size_t n;
};

void downlink_points(
    struct buf *to, const struct downlink_points *d, const struct zone *zone, when_t now);

/*
 *   {"thing":T,"point":"control","message":{"msg_type":"Control","request_id":R,"point_0":
 *    {"point_id":P,"value":V,"priority":8,"expires":t},"point_count":1,"time":t}}
 *
 * value is JSON text, null relinquishes. expires is rounded up to the minute, as stamps have no
 * seconds; WHEN_NONE: not told.
 */
struct downlink_control {
	struct span thing, request_id, point_id, value;
	int64_t priority;
	when_t expires;
};

void downlink_control(
    struct buf *to, const struct downlink_control *d, const struct zone *zone, when_t now);

#endif
