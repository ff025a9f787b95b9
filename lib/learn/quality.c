#include "learn/quality.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/metric.h"

#define AROUND 3 /* known rows on each side that a spike is held against */
#define FAR 12   /* rows: they are no farther away */
#define MONTH ((size_t)30 * 24)
#define PASSES 4 /* spikes hide spikes beside them */

static void
blank_impossible(struct hours *h, size_t from, size_t to, struct quality *q)
{
	size_t i;

	for (i = from; i < to; i++) {
		if (!isfinite(h->load[i])) {
			h->load[i] = NAN;
			q->missing++;
		} else if (h->load[i] < 0 || h->load[i] > QUALITY_MOST) {
			h->load[i] = NAN;
			q->impossible++;
		}
	}
}

/* Counts the runs of the same value longer than `hours`, and blanks them. A long run of zeros
 * may be a building that is off. */
static size_t
stuck_runs(struct hours *h, size_t from, size_t to, size_t hours, bool blank, struct quality *q)
{
	size_t i, k, first = from, runs = 0;

	for (i = from; i <= to; i++) {
		if (i < to && i > first && h->load[i] == h->load[first])
			continue;
		if (i - first > hours && h->load[first] != 0) {
			runs++;
			q->stuck += blank ? i - first : 0;
			for (k = first; k < i && blank; k++)
				h->load[k] = NAN;
		}
		first = i;
	}
	return runs;
}

/* Half a day of the same is a fault where that is rare: elsewhere it is a coarse meter at
 * night.
 */
static void
blank_stuck(struct hours *h, size_t from, size_t to, struct quality *q)
{
	(void)stuck_runs(h, from, to, QUALITY_STUCK_HOURS, true, q);
	if (stuck_runs(h, from, to, QUALITY_STUCK_RARE, false, q) <= 1 + (to - from) / MONTH)
		(void)stuck_runs(h, from, to, QUALITY_STUCK_RARE, true, q);
}

/* Median of the rows around i, without i itself; NaN if there are too few. */
static double
median_around(const struct hours *h, size_t from, size_t to, size_t i)
{
	double near[2 * AROUND];
	size_t k, n = 0, before;

	for (k = i; k > from && i - k < FAR && n < AROUND; k--)
		if (isfinite(h->load[k - 1]))
			near[n++] = h->load[k - 1];
	before = n;
	for (k = i + 1; k < to && k - i <= FAR && n - before < AROUND; k++)
		if (isfinite(h->load[k]))
			near[n++] = h->load[k];
	return n >= 3 ? metric_quantile(n, near, 0.5) : NAN;
}

static void
week_medians(const struct hours *h, size_t from, size_t to, double *scratch, double *median)
{
	size_t i, n;
	int how;

	for (how = 0; how < HOURS_WEEK; how++) {
		for (i = from, n = 0; i < to; i++)
			if (hour_of_week(&h->at[i]) == how && isfinite(h->load[i]))
				scratch[n++] = h->load[i];
		median[how] = metric_quantile(n, scratch, 0.5);
	}
}

/* Spikes that come at the same hour of many weeks, or all the time, are no faults. */
static void
pardon(const struct hours *h, size_t from, size_t to, double *jump, struct quality *q)
{
	size_t rows[HOURS_WEEK] = { 0 }, spikes[HOURS_WEEK] = { 0 }, i;
	bool usual = q->spike > (to - from) / 20;

	for (i = from; i < to; i++) {
		rows[hour_of_week(&h->at[i])]++;
		spikes[hour_of_week(&h->at[i])] += jump[i - from] > 0;
	}
	for (i = from; i < to; i++) {
		int how = hour_of_week(&h->at[i]);

		if (jump[i - from] > 0 &&
		    (usual || (spikes[how] > 1 && 10 * spikes[how] >= rows[how]))) {
			jump[i - from] = 0;
			q->spike--;
		}
	}
}

static void
blank_spikes(struct hours *h, size_t from, size_t to, struct quality *q)
{
	double *jump, *scratch, median[HOURS_WEEK], usual, limit[2];
	size_t i, n;

	jump = xmalloc(2 * (to - from) * sizeof(*jump));
	scratch = jump + (to - from);
	week_medians(h, from, to, scratch, median);
	for (i = from, n = 0; i < to; i++)
		if (isfinite(h->load[i]))
			scratch[n++] = fabs(h->load[i] - median[hour_of_week(&h->at[i])]);
	limit[0] = QUALITY_SPIKE_MAD * metric_quantile(n, scratch, 0.5);
	for (i = from, n = 0; i < to; i++) {
		double around = median_around(h, from, to, i);

		/* What stands alone has its hour of the week to be held against. */
		if (isnan(around))
			around = median[hour_of_week(&h->at[i])];
		jump[i - from] = fabs(h->load[i] - around);
		if (isfinite(jump[i - from]))
			scratch[n++] = jump[i - from];
	}
	limit[1] = QUALITY_SPIKE_MAD * metric_quantile(n, scratch, 0.5);
	for (i = from, n = 0; i < to; i++)
		if (isfinite(h->load[i]))
			scratch[n++] = h->load[i];
	/* A meter so steady that its MAD is 0 still may move by a tenth. */
	usual = 0.1 * metric_quantile(n, scratch, 0.5);
	for (i = from; i < to; i++) {
		double away = fabs(h->load[i] - median[hour_of_week(&h->at[i])]);

		/* Comparisons with NaN are false: what is missing is no spike. */
		jump[i - from] = away > limit[0] && away > usual && jump[i - from] > limit[1] &&
					 jump[i - from] > usual
				     ? 1
				     : 0;
		q->spike += jump[i - from] > 0;
	}
	pardon(h, from, to, jump, q);
	for (i = from; i < to; i++)
		if (jump[i - from] > 0)
			h->load[i] = NAN;
	free(jump);
}

enum learn_status
quality_clean(struct hours *h, size_t from, size_t to, struct quality *q)
{
	double low = INFINITY, high = -INFINITY;
	size_t i, gap = 0;

	memset(q, 0, sizeof(*q));
	if (from >= to || to > h->n)
		return LEARN_RANGE;
	q->rows = to - from;
	blank_impossible(h, from, to, q);
	blank_stuck(h, from, to, q);
	for (i = 0; i < PASSES; i++) {
		size_t spikes = q->spike;

		blank_spikes(h, from, to, q);
		if (q->spike == spikes)
			break;
	}
	for (i = from; i < to; i++) {
		gap = isnan(h->load[i]) ? gap + 1 : 0;
		if (gap > q->longest_gap)
			q->longest_gap = gap;
		if (gap > 0)
			continue;
		q->usable++;
		low = h->load[i] < low ? h->load[i] : low;
		high = h->load[i] > high ? h->load[i] : high;
	}
	q->weeks = q->usable / HOURS_WEEK;
	if (q->usable < HOURS_WEEK)
		return LEARN_SHORT;
	return high > low ? LEARN_OK : LEARN_CONSTANT;
}
