/*
 * Why a schedule does what it does, for the people who live with it. The
 * reasons are read off the finished schedule, its prices and its peak.
 */
#ifndef NBMS_LEARN_REASON_H
#define NBMS_LEARN_REASON_H

#include "learn/optimise.h"

/* Why a unit does what it does in a step. */
enum reason {
	REASON_OFF_EMPTY,   /* off: nobody there */
	REASON_OFF_COMFORT, /* off: the zone stays in its band by itself */
	REASON_OFF_COAST,   /* off: stored heat or cold lasts to the end of occupancy */
	REASON_OFF_PEAK,    /* off: its turn under the peak cap */
	REASON_OFF_PRICE,   /* off: a cheaper hour does it */
	REASON_ON_COMFORT,  /* on: holds the band */
	REASON_ON_PREPARE,  /* on before people come, so that the band holds when they do */
	REASON_ON_CHEAP,    /* on in a cheap hour, ahead of a dear one */
	REASON_ON_PEAK,     /* on ahead of or below the peak cap, at less than full power */
	REASON_ON_MINIMUM,  /* on: its minimum run time */
	REASON_ON_STORE,    /* on well before people come: stored then */
	REASON_OFF_AIR,     /* a box: its air handler sends none */
	REASON_ON_AIR,      /* a box: open at its least, for fresh air */
	REASON_FORCED       /* told to */
};

/* Fills reason[] of a schedule that has power, mode, temperature and total. */
void reason_fill(const struct optimise_case *, struct optimise_schedule *);

/* A few words for an operator, static storage. */
const char *reason_text(enum reason);

#endif
