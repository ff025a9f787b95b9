/* VAV boxes: the air that an air handler gives a zone, and what the box may do with it. */
#include "base/diag.h"
#include "db/gather_own.h"

#include <math.h>
#include <stdlib.h>

void
gather_box_air(struct jw *w, const struct unit *box, size_t n)
{
	double *heat = xcalloc(n + 1, sizeof(*heat)), *cool = xcalloc(n + 1, sizeof(*cool));
	size_t k;

	for (k = 0; k < n; k++) {
		double kw = fleet_air(box, k);

		heat[k] = isnan(kw) ? NAN : fmax(0, kw);
		cool[k] = isnan(kw) ? NAN : fmax(0, -kw);
	}
	jw_member_rounds(w, "heat", heat, n, 4);
	jw_member_rounds(w, "cool", cool, n, 4);
	free(heat);
	free(cool);
}

/*
 * kW that the air handler draws for a kW of heat or cold in its boxes' air, over the steps in
 * which all of it is known; NAN: too few.
 */
static double
electric_share(const struct fleet *f, const struct unit *ahu)
{
	double drawn = 0, air = 0;
	size_t i, k, steps = 0;

	for (k = 0; k < f->n; k++) {
		double sum = 0;

		if (!(ahu->run[k] > 0) || isnan(ahu->kw[k]))
			continue;
		for (i = 0; i < f->units; i++)
			if (f->unit[i].feeds == ahu)
				sum += fabs(fleet_air(&f->unit[i], k));
		if (isnan(sum))
			continue;
		drawn += ahu->kw[k];
		air += sum;
		steps++;
	}
	return steps >= GATHER_STEPS && air > 0 ? drawn / air : NAN;
}

/* Its supply air lately while it ran, degC. */
static double
supply_of(const struct unit *ahu, size_t n)
{
	double sum = 0;
	size_t k, m = 0;

	for (k = n; ahu->supply != NULL && k > 0 && m < GATHER_STEPS / 2; k--)
		if (ahu->run[k - 1] > 0 && isfinite(ahu->supply[k - 1])) {
			sum += ahu->supply[k - 1];
			m++;
		}
	return m > 0 ? sum / (double)m : NAN;
}

static double
most_of(const double *x, size_t n)
{
	double most = NAN;
	size_t k;

	for (k = 0; x != NULL && k < n; k++)
		if (isfinite(x[k]))
			most = isnan(most) ? x[k] : fmax(most, x[k]);
	return most;
}

static void
put_schedule(struct jw *w, const struct timetable *t, const struct unit *u, const char *point,
    const char *point_name, const char *schedule_name)
{
	const struct timetable_schedule *s = fleet_schedule(t, u, point, false);

	if (point != NULL)
		jw_member_str(w, point_name, point);
	if (s != NULL)
		jw_member_str(w, schedule_name, schedule_id(s->schedule));
}

static void
put_box(struct jw *w, const struct fleet *f, const struct unit *u, const struct timetable *t)
{
	size_t n = f->n, k;

	jw_object(w);
	jw_member_str(w, "unit", u->id);
	put_schedule(w, t, u, u->set_point, "set_point", "set_schedule_id");
	put_schedule(w, t, u, u->least_point, "flow_point", "flow_schedule_id");
	if (u->feeds != NULL) {
		jw_member_str(w, "air_handler", u->feeds->id);
		jw_member_round(w, "electric", electric_share(f, u->feeds), 4);
		jw_member_round(w, "supply", supply_of(u->feeds, n), 2);
	}
	jw_member_round(w, "temperature", fleet_lately(u->inside, n, GATHER_LATELY), 2);
	jw_member_round(w, "setpoint", fleet_lately(u->set, n, n), 2);
	jw_member_round(
	    w, "flow_min", u->least != NULL ? fleet_lately(u->least, n, n) : NAN, 1);
	jw_member_round(w, "flow_max", most_of(u->air, n), 1);
	jw_member_double(w, "band", f->g->band);
	jw_key(w, "occupied");
	jw_array(w);
	for (k = 0; k < GATHER_STEPS; k++)
		jw_int(w, gather_people(f->g, f->g->to + (when_t)k * GATHER_STEP));
	jw_end(w);
	gather_past(w, "inside", u->inside, n);
	jw_end(w);
}

void
gather_boxes(struct jw *w, const struct fleet *f, const struct timetable *t)
{
	size_t i;

	jw_key(w, "boxes");
	jw_array(w);
	for (i = 0; i < f->units; i++)
		if (f->unit[i].class == VAV)
			put_box(w, f, &f->unit[i], t);
	jw_end(w);
}
