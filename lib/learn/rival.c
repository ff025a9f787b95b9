#include "learn/rival.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/metric.h"
#include "learn/tender.h"

#define SAFE_BELOW 0.10
#define OTHERS_MAX 5000
#define BINS 512

/* The laws on the curve's grid: F, its steps, and each rival's. */
struct laws {
	double x[RIVAL_GRID];
	double law[RIVAL_GRID];
	double market[RIVAL_GRID];
	double *own; /* [rivals * RIVAL_GRID] */
};

/* Past bids as weighted places: many bids are gathered into narrow bins. */
struct bids {
	size_t n;
	double at[BINS], weight[BINS];
	double width; /* of the kernel */
};

static void
gather(const double *bid, const uint32_t *pick, size_t n, struct bids *b)
{
	double low = INFINITY, high = -INFINITY, mean = 0, square = 0, step;
	size_t k;

	for (k = 0; k < n; k++) {
		low = fmin(low, bid[pick[k]]);
		high = fmax(high, bid[pick[k]]);
		mean += bid[pick[k]] / (double)n;
	}
	for (k = 0; k < n; k++)
		square += (bid[pick[k]] - mean) * (bid[pick[k]] - mean);
	/* Silverman's width, no narrower than 0.02 percent. */
	b->width = 1.06 * sqrt(square / (double)(n > 1 ? n - 1 : 1)) * pow((double)n, -0.2);
	b->width = n > 1 && b->width > 0.02 ? b->width : 0.02;
	b->n = n < BINS ? n : BINS;
	step = (high - low) / BINS;
	for (k = 0; k < b->n; k++) {
		b->at[k] = n < BINS ? bid[pick[k]] : low + ((double)k + 0.5) * step;
		b->weight[k] = n < BINS ? 1 / (double)n : 0;
	}
	for (k = 0; k < n && n >= BINS; k++) {
		double bin = step > 0 ? (bid[pick[k]] - low) / step : 0;

		b->weight[bin < BINS - 1 ? (size_t)bin : BINS - 1] += 1 / (double)n;
	}
}

/* Smoothed share of bids at or below each grid point, Gaussian kernel. */
static void
kernel_cdf(const double *bid, const uint32_t *pick, size_t n, const double *x, double *out)
{
	struct bids b;
	size_t i, k;

	gather(bid, pick, n, &b);
	for (i = 0; i < RIVAL_GRID; i++) {
		out[i] = 0;
		for (k = 0; k < b.n; k++) {
			double z = (x[i] - b.at[k]) / b.width;

			if (z > 6)
				out[i] += b.weight[k];
			else if (z > -6 && b.weight[k] > 0)
				out[i] += b.weight[k] * 0.5 * erfc(-z * M_SQRT1_2);
		}
	}
}

static void
shrink(double *own, const double *towards, double n, double half)
{
	double weight = n / (n + half);
	size_t i;

	for (i = 0; i < RIVAL_GRID; i++)
		own[i] = weight * own[i] + (1 - weight) * towards[i];
}

/* splitmix64, S. Vigna, public domain. */
static uint32_t
draw(uint64_t *state, size_t n)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

/* Which bids count: all in their order, or n drawn with replacement. */
static void
choose(uint32_t *pick, size_t n, uint64_t *random)
{
	size_t k;

	for (k = 0; k < n; k++)
		pick[k] = random != NULL ? draw(random, n) : (uint32_t)k;
}

static void
estimate_laws(const struct rival_tender *t, struct laws *l, uint32_t *pick, uint64_t *random)
{
	size_t j;

	memcpy(l->market, l->law, sizeof(l->market));
	if (t->market_n > 0) {
		choose(pick, t->market_n, random);
		kernel_cdf(t->market, pick, t->market_n, l->x, l->market);
		shrink(l->market, l->law, (double)t->market_n, RIVAL_MARKET);
	}
	for (j = 0; j < t->rivals; j++) {
		double *own = l->own + j * RIVAL_GRID;

		if (t->rival[j].n == 0) {
			memcpy(own, l->market, sizeof(l->market));
			continue;
		}
		choose(pick, t->rival[j].n, random);
		kernel_cdf(t->rival[j].aimed, pick, t->rival[j].n, l->x, own);
		shrink(own, l->law, (double)t->rival[j].n, RIVAL_SHRINK);
	}
}

static double
integer_power(double x, size_t n)
{
	double y = 1;

	while (n > 0) {
		y *= n & 1 ? x : 1;
		x *= x;
		n >>= 1;
	}
	return y;
}

/* No rival between s and x, at grid points k <= i. */
static double
nobody_between(const struct rival_tender *t, const struct laws *l, size_t k, size_t i)
{
	double p = integer_power(1 - (l->market[i] - l->market[k]), t->others);
	size_t j;

	for (j = 0; j < t->rivals; j++)
		p *= 1 - (l->own[j * RIVAL_GRID + i] - l->own[j * RIVAL_GRID + k]);
	return p;
}

/* Simpson's rule between grid points would need midpoints: the trapezium is good to 1e-5 here.
 */
static void
win_chances(const struct rival_tender *t, const struct laws *l, double *win)
{
	size_t i, k;

	for (i = 0; i < RIVAL_GRID; i++) {
		double before = nobody_between(t, l, 0, i);

		win[i] = l->law[0] * before;
		for (k = 1; k <= i; k++) {
			double step = l->law[k] - l->law[k - 1];
			double now = step > 0 || k == i ? nobody_between(t, l, k, i) : before;

			win[i] += step * (before + now) / 2;
			before = now;
		}
	}
}

static enum learn_status
check(const struct rival_tender *t, size_t *most)
{
	size_t j, k;

	*most = t->market_n;
	if (t->law == NULL || t->rivals > RIVAL_MAX || t->others > OTHERS_MAX || t->cost < 0 ||
	    tender_bid_at(0, t->base, t->a_value, t->rate) < 0)
		return LEARN_RANGE;
	for (k = 0; k < t->market_n; k++)
		if (!isfinite(t->market[k]))
			return LEARN_NONFINITE;
	for (j = 0; j < t->rivals; j++) {
		*most = t->rival[j].n > *most ? t->rival[j].n : *most;
		for (k = 0; k < t->rival[j].n; k++)
			if (!isfinite(t->rival[j].aimed[k]))
				return LEARN_NONFINITE;
	}
	return LEARN_OK;
}

/* The 5 and 95 % ends of P(win) over resampled pasts. */
static void
band(const struct rival_tender *t, struct laws *l, uint32_t *pick, struct rival_curve *c)
{
	double *win = xmalloc(RIVAL_BOOTSTRAPS * RIVAL_GRID * sizeof(*win));
	double column[RIVAL_BOOTSTRAPS];
	uint64_t random = t->seed;
	size_t b, i;

	for (b = 0; b < RIVAL_BOOTSTRAPS; b++) {
		estimate_laws(t, l, pick, &random);
		win_chances(t, l, win + b * RIVAL_GRID);
	}
	for (i = 0; i < RIVAL_GRID; i++) {
		for (b = 0; b < RIVAL_BOOTSTRAPS; b++)
			column[b] = win[b * RIVAL_GRID + i];
		c->point[i].low = metric_quantile(RIVAL_BOOTSTRAPS, column, 0.05);
		c->point[i].high = metric_quantile(RIVAL_BOOTSTRAPS, column, 0.95);
	}
	free(win);
}

static enum learn_status
choose_bids(const struct rival_tender *t, struct rival_curve *c)
{
	double margin = -INFINITY;
	bool safe = false;
	size_t i;

	for (i = 0; i < RIVAL_GRID; i++) {
		const struct rival_point *p = &c->point[i];
		double gain = p->win * (double)(p->bid - t->cost);

		if (p->win > c->point[c->best].win)
			c->best = i;
		if (p->below <= SAFE_BELOW && (!safe || p->win > c->point[c->safe].win)) {
			c->safe = i;
			safe = true;
		}
		if (gain > margin) {
			margin = gain;
			c->margin = i;
		}
	}
	c->edge = c->point[c->best].win * (double)c->bidders;
	c->edge_low = c->point[c->best].low * (double)c->bidders;
	return t->cost > c->point[RIVAL_GRID - 1].bid ? LEARN_RANGE : LEARN_OK;
}

enum learn_status
rival_curve(const struct rival_tender *t, struct rival_curve *c)
{
	enum learn_status status;
	uint32_t *pick;
	struct laws *l;
	double *win;
	size_t i, most;

	memset(c, 0, sizeof(*c));
	status = check(t, &most);
	if (status != LEARN_OK)
		return status;
	l = xcalloc(1, sizeof(*l));
	pick = xmalloc((most + 1) * sizeof(*pick));
	win = xmalloc(RIVAL_GRID * sizeof(*win));
	l->own = xmalloc((t->rivals + 1) * RIVAL_GRID * sizeof(*l->own));
	for (i = 0; i < RIVAL_GRID; i++) {
		l->x[i] =
		    t->law->low + (t->law->high - t->law->low) * (double)i / (RIVAL_GRID - 1);
		l->law[i] = reserve_cdf(t->law, l->x[i]);
	}
	estimate_laws(t, l, pick, NULL);
	win_chances(t, l, win);
	c->bidders = 1 + t->rivals + t->others;
	for (i = 0; i < RIVAL_GRID; i++)
		c->point[i] = (struct rival_point){ l->x[i],
			tender_bid_at(l->x[i], t->base, t->a_value, t->rate), win[i], win[i],
			win[i], 1 - l->law[i] };
	if (t->rivals > 0 || t->market_n > 0)
		band(t, l, pick, c);
	status = choose_bids(t, c);
	free(l->own);
	free(l);
	free(pick);
	free(win);
	return status;
}

const char *
rival_warning(void)
{
	return "The reserve ratio itself can't be predicted: it is a draw. Where rivals follow "
	       "the "
	       "same law every bid wins with at most 1/N. An edge rests on what rivals did "
	       "before; trust it only where the band's lower end is above 1/N.";
}
