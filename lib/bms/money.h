/*
 * money: exact amounts, in whole millionths of a currency unit (a won, a pound). No binary
 * fraction ever holds money: amounts are read from a number's own digits and every rounding is
 * said by the caller. Results that would not fit saturate at MONEY_MAX, about nine million
 * million units.
 */
#ifndef NBMS_BMS_MONEY_H
#define NBMS_BMS_MONEY_H

#include "base/json.h"

typedef int64_t money_t;

#define MONEY_ONE ((money_t)1000000)
#define MONEY_MAX ((money_t)9000000000000000000)
#define MONEY_NONE INT64_MIN
#define MONEY_TEXT 32 /* bytes that hold any amount's text, NUL included */

enum money_rounding {
	MONEY_DOWN,   /* towards zero */
	MONEY_HALF_UP /* to the nearest, halves away from zero */
};

/* Decimal digits with at most six places, optionally signed: "227.8". False: not such a number,
 * or too large. */
bool money_parse(struct span text, money_t *m);

/* A JSON number by its own digits, or a string of them. */
bool money_of_json(json_value v, money_t *m);

/* "227.8": as few places as it needs. Returns `to`. */
char *money_format(char to[MONEY_TEXT], money_t m);

/* m x num / den, den > 0, worked out exactly and rounded once to a millionth. */
money_t money_scale(money_t m, int64_t num, int64_t den, enum money_rounding how);

/* To a multiple of `unit` (> 0). */
money_t money_round(money_t m, money_t unit, enum money_rounding how);

#endif
