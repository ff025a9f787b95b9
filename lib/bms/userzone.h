/*
 * userzone: zones as a building's people draw them: a named set of points with a rule, and how
 * the zone is.
 *
 *   {"zone_id":"3F-East","name":..,"members":[{"point_id":P,"attr":"M_Value","role":"temperature"},...],
 *    "rule":{"stale":"45m","occupied":"any","met":1.2,"clo":0.7,"air_speed":0.1,"humidity":null,
 *            "pmv":[-0.5,0.5],"humidity_max":100,"ratio_max":0.012}}
 *
 * Roles: temperature, radiant (degC), humidity (percent), air_speed (m/s): their mean over the
 * fresh members; occupancy, equipment: any member other than 0 (or all, by "occupied":"all"). A
 * reading older than `stale` is not used; where no member of a role is fresh, what rests on it
 * is unknown, and never guessed. `humidity` in the rule stands in where a zone has no such
 * member at all. `clo` may be twelve values, January to December.
 *
 * Comfort is that of bms/comfort.h for the rule's activity and clothing; when it is neither too
 * warm nor too cold, measured humidity past humidity_max (percent) or ratio_max (kg/kg; 0.012
 * is the limit of Standard 55's graphic method) makes it too humid.
 */
#ifndef NBMS_BMS_USERZONE_H
#define NBMS_BMS_USERZONE_H

#include "base/json.h"
#include "base/jsonw.h"
#include "base/when.h"
#include "bms/comfort.h"

#define USERZONE_MEMBERS 4096

enum userzone_role {
	USERZONE_TEMPERATURE,
	USERZONE_RADIANT,
	USERZONE_HUMIDITY,
	USERZONE_AIR_SPEED,
	USERZONE_OCCUPANCY,
	USERZONE_EQUIPMENT,
	USERZONE_ROLES
};

struct userzone_member {
	char *point_id, *attr;
	enum userzone_role role;
};

struct userzone_rule {
	int64_t stale; /* seconds */
	bool all_occupied;
	double met, clo[12], air_speed;
	double humidity; /* NAN: not assumed */
	double pmv_low, pmv_high, humidity_max, ratio_max;
};

struct userzone {
	char *id, *name; /* name may be NULL */
	struct userzone_member *members;
	size_t n;
	struct userzone_rule rule;
};

/* NULL, and `why`, where the object is not a zone. */
struct userzone *userzone_parse(json_value object, struct buf *why);
void userzone_free(struct userzone *z);

/* What a member last read: at WHEN_NONE is never; a value that is no number is NAN. */
struct userzone_reading {
	double value;
	when_t at;
};

enum userzone_state { USERZONE_UNKNOWN, USERZONE_NO, USERZONE_YES };
enum userzone_feel {
	USERZONE_FEEL_UNKNOWN,
	USERZONE_COMFORTABLE,
	USERZONE_TOO_WARM,
	USERZONE_TOO_COLD,
	USERZONE_TOO_HUMID
};

struct userzone_status {
	enum userzone_state occupied, running;
	enum userzone_feel feel;
	size_t fresh, stale;         /* members by their readings */
	double mean[USERZONE_ROLES]; /* of the fresh ones; NAN: none */
	struct comfort_input input;  /* what comfort was worked out from */
	struct comfort comfort;      /* NAN and why, where it could not be */
};

/* readings: one for each member, in order; month 1 to 12 chooses the clothing. */
struct userzone_status userzone_status(
    const struct userzone *z, const struct userzone_reading readings[], when_t now, int month);

/* Writes the status as the members of an object that is open. */
void userzone_print(struct jw *w, const struct userzone_status *s);

#endif
