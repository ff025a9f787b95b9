/*
 * point: a building's points as its gateways announced them, and the composites made of them.
 */
#ifndef NBMS_DB_POINT_H
#define NBMS_DB_POINT_H

#include "base/json.h"
#include "base/when.h"
#include "bms/thing.h"
#include "db/engine.h"

/* What one announced point says; texts are borrowed. info and location are JSON values or none.
 */
struct point {
	struct span id;
	json_value info, location;
};

/* Writes a point, and its place in its unit's composite. An earlier deletion is taken back;
 * what was said later than `at` stands. */
void point_put(struct db *site, const struct thing *t, const struct point *p, when_t at);

/* A point known only because it was logged at that time: a row with what its id tells, which
 * any announcement replaces. False: it is known already. */
bool point_found(struct db *site, const struct thing *t, struct span id, when_t at);

/* The points of a building that the registry has, where many would be asked for: one question.
 * The caller frees them. */
struct point_set;
struct point_set *point_set_load(struct db *site, const struct thing *t);
bool point_set_has(const struct point_set *set, struct span id); /* of NULL: false */
void point_set_free(struct point_set *set);

/* Marks it deleted and takes it out of its composite; false: that gateway has no such point in
 * use. History stays. */
bool point_delete(struct db *site, const struct thing *t, struct span id, when_t at);

/* Removes the building's composites that no point is a member of any more. */
void composites_tidy(struct db *site, const struct thing *t);

#endif
