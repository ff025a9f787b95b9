/*
 * dated: civil dates in records, as day numbers (civil_day_number), with open ends.
 */
#ifndef NBMS_BMS_DATED_H
#define NBMS_BMS_DATED_H

#include "base/json.h"
#include "base/when.h"

#define DATED_FOREVER ((int64_t)2932897) /* the day after 9999-12-31 */
#define DATED_EVER ((int64_t)-719163)    /* the day before 0001-01-01 */
#define DATED_TEXT 16

/* YYYY-MM-DD, a day that exists. */
bool dated_parse(struct span text, int64_t *day);

/* A record's member: absent or null gives `open`. False: something else than a date. */
bool dated_of_json(json_value v, int64_t open, int64_t *day);

/* The text, or NULL for an open end. */
const char *dated_format(char to[DATED_TEXT], int64_t day);

/* valid_from and valid_through of a record, inclusive; false: `why` says what is wrong. */
bool dated_validity(json_value record, int64_t *from, int64_t *through, struct buf *why);

#endif
