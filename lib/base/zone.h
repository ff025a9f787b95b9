/* zone: the part of base/when.h that needs the zone database; the C++ behind it (cctz) is for
 * when.c alone. */
#ifndef NBMS_BASE_ZONE_H
#define NBMS_BASE_ZONE_H

#include "base/when.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An opaque zone, or NULL; name is NUL-terminated. Lives for ever: cctz keeps its zones. */
void *zone_load(const char *name);

/* Both instants of a valid civil time, and where it is skipped or repeated the one at which the
 * clocks change. */
enum when_fit zone_lookup(
    const void *zone, struct civil c, when_t *pre, when_t *post, when_t *change);

/* Offset in seconds east of UTC at t. */
int zone_offset(const void *zone, when_t t);

when_t zone_next_change(const void *zone, when_t t);

#ifdef __cplusplus
}
#endif

#endif
