/*
 * derive: the points that are made of other points: composites of a unit of equipment, and
 * energy by interval.
 *
 * A `derivation` is what one gateway's points feed. For each frame the values of its inputs are
 * set, and derive_frame adds the derived samples to the frame's batch: for a composite the
 * attributes of its rules (bms/composite.h) under its id; for an Energy point P
 *
 * - P#Usage M_Value, kWh used over the interval, null where that is not known, and Mark,
 *   "first", "span" or "reset", where it is not one period's (bms/meter.h);
 * - P#Demand M_Value, kW, the mean over one period;
 * - P#Price M_Value, money per kWh by the tariff in force in the period that ends there, at its
 *   beginning;
 * - P#Charge M_Value, money for the energy, where one price held over all of the interval.
 *
 * What is derived depends on the readings that are there, never on the order they came in: a
 * reading that comes late, again or as another part of its frame has the intervals on both
 * sides of it computed again.
 */
#ifndef NBMS_DB_DERIVE_H
#define NBMS_DB_DERIVE_H

#include "bms/composite.h"
#include "bms/tariff.h"
#include "db/batch.h"
#include "db/history.h"

/* What the derived points of a building need to know about it. Borrowed by its derivations. */
struct premises {
	struct span key; /* C000003_B001 */
	const struct zone *zone;
	struct tariff_account *account; /* NULL: no tariff */
};

struct derivation;

struct derivation *derive_load(struct db *site, const struct thing *t,
    const struct premises *where, const struct composite_rules *rules);
void derive_free(struct derivation *d);

/* The input that a point's M_Value is, or -1. */
int derive_input(struct derivation *d, struct span point_id);

void derive_begin(struct derivation *d); /* forgets the inputs of the frame before */

/* value: NAN for a null or a text; period: the point's, in minutes. */
void derive_set(struct derivation *d, int input, double value, int64_t period);

/* A frame: its time, and how it stands to what is there already. */
struct derive_at {
	when_t ts;
	bool again; /* there was a frame at ts (another part of it, or a repeat): inputs may
		       stand in the history, derived samples may have to go */
	when_t
	    newest; /* of the gateway's frames, this one included: a ts before it came late */
};

/* Adds the derived samples of the frame to its batch. */
void derive_frame(
    struct derivation *d, struct history *h, const struct derive_at *at, struct batch *b);

/* After a late frame was written: computes and writes the intervals that end at the readings
 * after it. b is used on the way. */
void derive_next(
    struct derivation *d, struct history *h, const struct derive_at *at, struct batch *b);

#endif
