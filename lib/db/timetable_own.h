/* timetable_own: what the files of timetable share. For them alone. */
#ifndef NBMS_DB_TIMETABLE_OWN_H
#define NBMS_DB_TIMETABLE_OWN_H

#include "db/timetable.h"

/* The building's stored calendars over its holiday list; the caller frees. */
struct calendars *timetable_calendars(
    struct db *site, const struct building *b, const struct holiday_calendar *holidays);

#endif
