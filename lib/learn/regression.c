#include "learn/regression.h"

#include <lapacke.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define BOUNDED_MAX 64

void
gram_init(struct gram *g, size_t p)
{
	must(p > 0);
	memset(g, 0, sizeof(*g));
	g->x = xcalloc(p * (p + 2), sizeof(*g->x));
	g->p = p;
	g->xy = g->x + p;
	g->xx = g->xy + p;
}

void
gram_free(struct gram *g)
{
	free(g->x);
	memset(g, 0, sizeof(*g));
}

void
gram_add(struct gram *g, const double *x, double y, double weight)
{
	size_t i, j, p = g->p;

	for (i = 0; i < p; i++) {
		double wx = weight * x[i], *row = g->xx + i * p;

		g->x[i] += wx;
		g->xy[i] += wx * y;
		for (j = i; j < p; j++)
			row[j] += wx * x[j];
	}
	g->rows += 1;
	g->w += weight;
	g->y += weight * y;
	g->yy += weight * y * y;
}

void
gram_add_sparse(struct gram *g, size_t nonzeros, const int *column, const double *value,
    double y, double weight)
{
	size_t i, j;

	for (i = 0; i < nonzeros; i++) {
		size_t c = (size_t)column[i];
		double wx = weight * value[i], *row = g->xx + c * g->p;

		g->x[c] += wx;
		g->xy[c] += wx * y;
		for (j = i; j < nonzeros; j++)
			row[column[j]] += wx * value[j];
	}
	g->rows += 1;
	g->w += weight;
	g->y += weight * y;
	g->yy += weight * y * y;
}

void
gram_merge(struct gram *sum, const struct gram *part, double sign)
{
	size_t i, n = sum->p * (sum->p + 2);

	for (i = 0; i < n; i++)
		sum->x[i] += sign * part->x[i];
	sum->rows += sign * part->rows;
	sum->w += sign * part->w;
	sum->y += sign * part->y;
	sum->yy += sign * part->yy;
}

enum learn_status
spd_solve(size_t n, double *a, double *b)
{
	size_t i, j, k;

	for (j = 0; j < n; j++) {
		double d = a[j * n + j], first = d;

		for (k = 0; k < j; k++)
			d -= a[k * n + j] * a[k * n + j];
		if (!(d > 1e-11 * fabs(first)))
			return LEARN_SINGULAR;
		d = sqrt(d);
		a[j * n + j] = d;
		for (i = j + 1; i < n; i++) {
			double s = a[j * n + i];

			for (k = 0; k < j; k++)
				s -= a[k * n + j] * a[k * n + i];
			a[j * n + i] = s / d;
		}
	}
	for (i = 0; i < n; i++) {
		for (k = 0; k < i; k++)
			b[i] -= a[k * n + i] * b[k];
		b[i] /= a[i * n + i];
	}
	for (i = n; i-- > 0;) {
		for (k = i + 1; k < n; k++)
			b[i] -= a[i * n + k] * b[k];
		b[i] /= a[i * n + i];
	}
	return LEARN_OK;
}

/* The centred, scaled system of the columns in keep[m]; a is m x m row-major upper. */
static void
scaled_system(
    const struct gram *g, size_t m, const size_t *keep, const double *sd, double *a, double *b)
{
	size_t i, j;

	for (i = 0; i < m; i++) {
		size_t ci = keep[i];
		const double *row = g->xx + ci * g->p;
		double mean = g->x[ci] / g->w;

		for (j = i; j < m; j++) {
			size_t cj = keep[j];

			a[i * m + j] = (row[cj] - mean * g->x[cj]) / (sd[ci] * sd[cj]);
		}
		b[i] = (g->xy[ci] - mean * g->y) / sd[ci];
	}
}

enum learn_status
gram_ridge_each(const struct gram *g, const double *lambda, double *beta, double *intercept)
{
	enum learn_status status = LEARN_OK;
	size_t i, m = 0, p = g->p, *keep;
	double *a, *b, *sd;
	lapack_int info;

	if (!(g->w > 0) || p == 0)
		return LEARN_SHORT;
	keep = xmalloc(p * sizeof(*keep));
	a = xcalloc(p * p + 2 * p, sizeof(*a));
	b = a + p * p;
	sd = b + p;
	for (i = 0; i < p; i++) {
		double square = g->xx[i * p + i] / g->w, mean = g->x[i] / g->w;
		double var = square - mean * mean;

		beta[i] = 0;
		sd[i] = var > 1e-12 * square ? sqrt(var) : 0;
		if (sd[i] > 0)
			keep[m++] = i;
	}
	*intercept = g->y / g->w;
	if (m == 0)
		goto out;
	scaled_system(g, m, keep, sd, a, b);
	for (i = 0; i < m; i++)
		a[i * m + i] += lambda[keep[i]];
	/* Row-major upper is column-major lower: spares LAPACKE its transpose. */
	info = LAPACKE_dposv(
	    LAPACK_COL_MAJOR, 'L', (lapack_int)m, 1, a, (lapack_int)m, b, (lapack_int)m);
	if (info != 0) {
		status = LEARN_SINGULAR;
		goto out;
	}
	for (i = 0; i < m; i++) {
		beta[keep[i]] = b[i] / sd[keep[i]];
		*intercept -= beta[keep[i]] * g->x[keep[i]] / g->w;
	}
	if (!isfinite(*intercept))
		status = LEARN_NONFINITE;
out:
	free(keep);
	free(a);
	return status;
}

enum learn_status
gram_ridge(const struct gram *g, double lambda, double *beta, double *intercept)
{
	enum learn_status status;
	double *each;
	size_t i;

	each = xmalloc(g->p * sizeof(*each));
	for (i = 0; i < g->p; i++)
		each[i] = lambda;
	status = gram_ridge_each(g, each, beta, intercept);
	free(each);
	return status;
}

double
gram_sse(const struct gram *g, const double *beta, double intercept)
{
	double linear = 0, square = 0;
	size_t i, j;

	for (i = 0; i < g->p; i++) {
		const double *row = g->xx + i * g->p;
		double cross = 0;

		if (beta[i] == 0)
			continue;
		for (j = i + 1; j < g->p; j++)
			cross += row[j] * beta[j];
		square += beta[i] * (row[i] * beta[i] + 2 * cross);
		linear += beta[i] * (g->xy[i] - intercept * g->x[i]);
	}
	return g->yy - 2 * linear + square - 2 * intercept * g->y +
	       intercept * intercept * g->w;
}

/* Least squares of the free columns with the others held; free columns' answers into beta. */
static enum learn_status
solve_free(const struct gram *g, const double *diagonal, const bool *is_free,
    const double *held, double *beta)
{
	double a[BOUNDED_MAX * BOUNDED_MAX], b[BOUNDED_MAX];
	size_t column[BOUNDED_MAX], i, j, m = 0, p = g->p;
	enum learn_status status;

	for (i = 0; i < p; i++)
		if (is_free[i])
			column[m++] = i;
	for (i = 0; i < m; i++) {
		size_t ci = column[i];

		b[i] = g->xy[ci];
		for (j = 0; j < p; j++)
			if (!is_free[j])
				b[i] -= held[j] * g->xx[ci < j ? ci * p + j : j * p + ci];
		for (j = i; j < m; j++)
			a[i * m + j] = g->xx[ci * p + column[j]];
		a[i * m + i] += diagonal[ci];
	}
	status = spd_solve(m, a, b);
	for (i = 0; i < m && status == LEARN_OK; i++)
		beta[column[i]] = b[i];
	return status;
}

/* Move from x towards target until a bound stops it; true if one did. */
static bool
step_to_bound(size_t p, bool *is_free, const double *low, const double *high,
    const double *target, double *x)
{
	double step = 1;
	size_t i, stop = p;

	for (i = 0; i < p; i++) {
		double limit = target[i] < low[i] ? low[i] : high[i];

		if (!is_free[i] || (target[i] >= low[i] && target[i] <= high[i]))
			continue;
		if ((limit - x[i]) / (target[i] - x[i]) < step) {
			step = (limit - x[i]) / (target[i] - x[i]);
			stop = i;
		}
	}
	for (i = 0; i < p; i++)
		if (is_free[i])
			x[i] += step * (target[i] - x[i]);
	if (stop == p)
		return false;
	x[stop] = target[stop] < low[stop] ? low[stop] : high[stop];
	is_free[stop] = false;
	return true;
}

/* The held column whose gradient most wants to leave its bound, or p. */
static size_t
column_to_free(const struct gram *g, const double *diagonal, const bool *is_free,
    const double *low, const double *high, const double *x)
{
	size_t i, j, best = g->p, p = g->p;
	double most = 0;

	for (i = 0; i < p; i++) {
		double gradient = g->xy[i] - diagonal[i] * x[i], scale;

		if (is_free[i] || low[i] >= high[i])
			continue;
		for (j = 0; j < p; j++)
			gradient -= x[j] * g->xx[i < j ? i * p + j : j * p + i];
		scale = sqrt((g->xx[i * p + i] + diagonal[i]) * (g->yy + 1e-300));
		gradient /= scale + 1e-300;
		if (x[i] >= high[i])
			gradient = -gradient;
		if (gradient > most + 1e-10) {
			most = gradient;
			best = i;
		}
	}
	return best;
}

enum learn_status
gram_bounded(
    const struct gram *g, const double *low, const double *high, double ridge, double *beta)
{
	double diagonal[BOUNDED_MAX], target[BOUNDED_MAX];
	bool is_free[BOUNDED_MAX];
	size_t i, p = g->p, round;

	if (p > BOUNDED_MAX)
		return LEARN_RANGE;
	if (!(g->w > 0))
		return LEARN_SHORT;
	for (i = 0; i < p; i++) {
		if (!(low[i] <= high[i]))
			return LEARN_RANGE;
		diagonal[i] = ridge * g->xx[i * p + i] / g->w;
		is_free[i] = isinf(low[i]) && isinf(high[i]);
		beta[i] = isfinite(low[i]) ? low[i] : isfinite(high[i]) ? high[i] : 0;
		target[i] = beta[i];
	}
	for (round = 0; round < 10 * p + 10; round++) {
		size_t next;

		do {
			enum learn_status status;

			status = solve_free(g, diagonal, is_free, beta, target);
			if (status != LEARN_OK)
				return status;
		} while (step_to_bound(p, is_free, low, high, target, beta));
		next = column_to_free(g, diagonal, is_free, low, high, beta);
		if (next == p)
			return LEARN_OK;
		is_free[next] = true;
	}
	return LEARN_LIMIT;
}
