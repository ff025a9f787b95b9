/*
 * thing: the names of customers, buildings, gateways and points, and the topics they speak on.
 *
 * customer C000003, building B001, gateway 01; the thing is C000003_B001_01. Parts become topic
 * levels and file names, so that anything but [A-Za-z0-9-]{1,32} is refused before use. Point
 * ids are opaque.
 */
#ifndef NBMS_BMS_THING_H
#define NBMS_BMS_THING_H

#include "base/span.h"

#define THING_PART_MAX 32
#define THING_MAX (3 * THING_PART_MAX + 3) /* bytes that hold a thing's name, NUL included */
#define POINT_ID_MAX 256
#define POINT_ATTR_MAX 64 /* bytes of an attribute name */

/* Borrowed from the text that was parsed. */
struct thing {
	struct span name;     /* C000003_B001_01 */
	struct span customer; /* C000003 */
	struct span building; /* B001 */
	struct span mw;       /* 01 */
	struct span
	    building_key; /* C000003_B001: unique over customers; names the history folder */
};

bool thing_part_is_valid(struct span part);
bool thing_parse(struct span name, struct thing *t);

/* C000003_B001 */
bool building_key_parse(struct span key, struct span *customer, struct span *building);

/* The thing a gateway's topic belongs to: $aws/rules/Rule_<thing>, nbms/up/<thing>, or what a
 * cluster makes of them, shard/<number>/Rule_<thing> or shard/<number>/<thing>. */
bool thing_of_topic(struct span topic, struct span *name);

/* 1 to 256 bytes without control characters (the text is known to be UTF-8). */
bool point_id_is_valid(struct span id);

/*
 * The parts of an equipment point's name where they parse: 39.BI-300:1628_AHUReturnFan_01 ->
 * network 39, device BI-300, instance 1628, name AHUReturnFan_01, class AHU, role ReturnFan,
 * unit 01. Known classes: AHU FCU PAC VAV Energy. Parts that are not there are empty.
 */
struct point_parts {
	struct span network, device, instance, name, class, role, unit;
};

struct point_parts point_parts(struct span id);

#endif
