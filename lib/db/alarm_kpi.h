/*
 * alarm_kpi: how an alarm system behaves, against the published figures: EEMUA 191 (about 150
 * annunciated alarms a day and operator position are likely to be acceptable), IEC 62682:2014
 * (6 an hour, 12 the most that can be managed; a flood is 10 or more in 10 minutes, and less
 * than 1 % of the time should be one; an alarm that stands for more than 24 hours is stale).
 */
#ifndef NBMS_DB_ALARM_KPI_H
#define NBMS_DB_ALARM_KPI_H

#include "base/table.h"
#include "base/when.h"
#include "db/engine.h"

/* Of a building (customer.p NULL: of all) and a time; one row a measure. */
void kpi_print(struct db *site, enum table_form form, struct span customer,
    struct span building, when_t from, when_t to);

#endif
