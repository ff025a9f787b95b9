/*
 * presence: is a gateway there? Judged by when it last spoke and how often it is expected to,
 * in the records' own time.
 */
#ifndef NBMS_BMS_PRESENCE_H
#define NBMS_BMS_PRESENCE_H

#include "base/when.h"

#define PRESENCE_PERIOD 900 /* seconds between logs where none has told it yet */

enum presence { PRESENCE_UP, PRESENCE_LATE, PRESENCE_DOWN, PRESENCE_NEVER_SEEN };

/* When it is late and when it is down: this many periods after it last spoke, or was made known
 * if it never has. */
struct presence_limits {
	double late, down;
};

struct presence_of {
	when_t last;    /* newest record; WHEN_NONE: never */
	when_t known;   /* since when it has been expected */
	int64_t period; /* seconds */
};

when_t presence_down_at(const struct presence_of *p, const struct presence_limits *limits);
enum presence presence_judge(
    const struct presence_of *p, const struct presence_limits *limits, when_t now);

/* up, late, down, never-seen */
const char *presence_name(enum presence p);

#endif
