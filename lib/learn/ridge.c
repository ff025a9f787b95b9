#include "learn/ridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/regression.h"

#define FOURIER 4
#define BLOCKS 16 /* three-hour block x working day */
#define BANDS WARMTH_BANDS
#define SEASON_AT (HOURS_DAY_TYPES * 24)
#define WARM_AT (SEASON_AT + BLOCKS * 2 * FOURIER)
#define COLUMNS (WARM_AT + 4 * BANDS)
#define ROW_MAX (1 + 2 * FOURIER + 2 * BANDS)
#define FOLDS 4
#define CEILING 1.5

/* The nonzeros of one row, columns ascending. */
static size_t
row_of(const struct ridge *m, const struct hours *h, size_t i, int *column, double *value)
{
	const struct hour *at = &h->at[i];
	int type = hour_day_type(at), off = type >= 5, block = at->hour / 3 + 8 * off, k;
	bool busy = m->occupied[hour_of_week(at)] && type != 7;
	double angle = 2 * M_PI * (at->yday + at->hour / 24.0) / 365.25;
	size_t n = 0;

	column[n] = type * 24 + at->hour;
	value[n++] = 1;
	for (k = 0; k < FOURIER; k++) {
		column[n] = SEASON_AT + block * 2 * FOURIER + 2 * k;
		value[n++] = sin((k + 1) * angle);
		column[n] = SEASON_AT + block * 2 * FOURIER + 2 * k + 1;
		value[n++] = cos((k + 1) * angle);
	}
	return n + warmth_put(&m->warmth, h, i, WARM_AT + (busy ? BANDS : 0),
		       WARM_AT + (busy ? 3 : 2) * BANDS, column + n, value + n);
}

static bool
usable(const struct hours *h, size_t i)
{
	return isfinite(h->temperature[i]) && isfinite(h->temperature_day[i]);
}

/*
 * A season must prove itself over a year's single pass, a day type has fifty
 * days behind it: penalties ten times stronger and ten times weaker.
 */
static enum learn_status
solve(const struct gram *g, double lambda, double *beta, double *intercept)
{
	double each[COLUMNS];
	int i;

	for (i = 0; i < COLUMNS; i++)
		each[i] = lambda * (i < SEASON_AT ? 0.1 : i < WARM_AT ? 10 : 1);
	return gram_ridge_each(g, each, beta, intercept);
}

/* Lambda with the least out-of-fold squared error; fold[FOLDS] are disjoint, all is their sum.
 */
static enum learn_status
choose_lambda(const struct gram *all, const struct gram *fold, double *beta, double *best)
{
	static const double candidate[] = { 30, 300, 3000 };
	enum learn_status status = LEARN_OK;
	double least = INFINITY, sse[3] = { 0 }, intercept;
	struct gram rest;
	size_t k, f;

	gram_init(&rest, COLUMNS);
	for (f = 0; f < FOLDS && status == LEARN_OK; f++) {
		memcpy(rest.x, all->x, COLUMNS * (COLUMNS + 2) * sizeof(*rest.x));
		rest.rows = all->rows;
		rest.w = all->w;
		rest.y = all->y;
		rest.yy = all->yy;
		gram_merge(&rest, &fold[f], -1);
		for (k = 0; k < 3 && status == LEARN_OK; k++) {
			status = solve(&rest, candidate[k], beta, &intercept);
			sse[k] += gram_sse(&fold[f], beta, intercept);
		}
	}
	for (k = 0; k < 3; k++) {
		if (sse[k] < least) {
			least = sse[k];
			*best = candidate[k];
		}
	}
	gram_free(&rest);
	return status;
}

enum learn_status
ridge_fit(const struct hours *h, size_t from, size_t to, const bool occupied[HOURS_WEEK],
    struct ridge *m)
{
	struct gram all, fold[FOLDS];
	enum learn_status status = LEARN_SHORT;
	double value[ROW_MAX];
	int column[ROW_MAX];
	size_t i, f;

	memset(m, 0, sizeof(*m));
	if (from > to || to > h->n)
		return LEARN_RANGE;
	m->p = COLUMNS;
	memcpy(m->occupied, occupied, sizeof(m->occupied));
	warmth_choose(h, from, to, &m->warmth);
	m->beta = xmalloc(COLUMNS * sizeof(*m->beta));
	gram_init(&all, COLUMNS);
	for (f = 0; f < FOLDS; f++)
		gram_init(&fold[f], COLUMNS);
	for (i = from; i < to; i++) {
		size_t n;

		if (!isfinite(h->load[i]) || !usable(h, i))
			continue;
		n = row_of(m, h, i, column, value);
		f = (size_t)((h->at[i].day + 3) / 7) % FOLDS;
		gram_add_sparse(&fold[f], n, column, value, h->load[i], 1);
		m->most = h->load[i] * CEILING > m->most ? h->load[i] * CEILING : m->most;
	}
	for (f = 0; f < FOLDS; f++)
		gram_merge(&all, &fold[f], 1);
	if (all.rows >= 4 * HOURS_WEEK)
		status = choose_lambda(&all, fold, m->beta, &m->lambda);
	if (status == LEARN_OK)
		status = solve(&all, m->lambda, m->beta, &m->intercept);
	gram_free(&all);
	for (f = 0; f < FOLDS; f++)
		gram_free(&fold[f]);
	if (status != LEARN_OK)
		ridge_free(m);
	return status;
}

void
ridge_free(struct ridge *m)
{
	free(m->beta);
	memset(m, 0, sizeof(*m));
}

void
ridge_series(const struct ridge *m, const struct hours *h, size_t from, size_t to, double *out)
{
	double value[ROW_MAX];
	int column[ROW_MAX];
	size_t i, k, n;

	for (i = from; i < to; i++) {
		double y = m->intercept;

		out[i - from] = NAN;
		if (!usable(h, i))
			continue;
		n = row_of(m, h, i, column, value);
		for (k = 0; k < n; k++)
			y += m->beta[column[k]] * value[k];
		out[i - from] = y < 0 ? 0 : y > m->most ? m->most : y;
	}
}
