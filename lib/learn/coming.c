#include "learn/coming.h"

#include "base/diag.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/conformal.h"

#define PLAYED ((size_t)91 * 24) /* rows of past forecasts that are judged */
#define FIRST ((size_t)60 * 24)  /* rows before them that a fit wants */
#define REFIT 28                 /* days */
#define YOUNG                                                                           \
	((size_t)26 * HOURS_WEEK) /* rows: of so few, every week tells much that is new \
				   */
#define REFIT_YOUNG 7             /* days */
#define ALPHA 0.1
#define DAY ((size_t)24)
#define NINE_DAYS ((size_t)9 * 24) /* rows: so many errors an interval of 90 % wants */
#define FRESH ((size_t)14 * 24)    /* rows: of older readings no tomorrow is made */

/* Does a model speak for all the rows to come? One that wants a weather forecast may not. */
static bool
speaks(const double out[DAYAHEAD_HOURS], size_t n)
{
	size_t k;

	for (k = 0; k < n && isfinite(out[k]); k++)
		;
	return k == n;
}

/* The one model whose words the served forecast is, if it is one's. */
static enum dayahead_model
whose(double (*out)[DAYAHEAD_HOURS], size_t n)
{
	int m;

	for (m = DAYAHEAD_SERVED + 1; m < DAYAHEAD_MODELS; m++)
		if (speaks(out[m], n) &&
		    memcmp(out[m], out[DAYAHEAD_SERVED], n * sizeof(out[m][0])) == 0)
			return (enum dayahead_model)m;
	return DAYAHEAD_SERVED;
}

static bool
fresh(const struct hours *h, size_t known)
{
	size_t i = known > FRESH ? known - FRESH : 0;

	while (i < known && !isfinite(h->load[i]))
		i++;
	return i < known;
}

/* What the test knows of a model, if it spoke for half of the time at least, and where others
 * have an interval long enough for one; otherwise NULL. */
static const struct backtest_model *
figures(const struct coming *c, enum dayahead_model m)
{
	const struct backtest_model *found = NULL;
	size_t i, most = 0;

	for (i = 0; i < c->test.models; i++) {
		const struct backtest_model *b = &c->test.model[i];

		most = b->score.n > most ? b->score.n : most;
		if (strcmp(b->name, dayahead_name(m)) == 0)
			found = b;
	}
	if (found == NULL || 2 * found->score.n < most)
		return NULL;
	return found->score.n >= NINE_DAYS || most < NINE_DAYS ? found : NULL;
}

/*
 * What was served in the past may have been another model than the one whose words are served
 * now: one that no figures are known of does not speak where others than yesterday's load have
 * them.
 */
static enum dayahead_model
best_of(const struct coming *c, double (*out)[DAYAHEAD_HOURS])
{
	enum dayahead_model best = DAYAHEAD_SERVED;
	bool known = figures(c, whose(out, c->n)) != NULL;
	int m, first = known ? DAYAHEAD_SERVED : DAYAHEAD_SERVED + 1,
	       last = known ? DAYAHEAD_MODELS : DAYAHEAD_DAY;
	double least = INFINITY;

	for (m = first; m < last; m++) {
		const struct backtest_model *b = figures(c, (enum dayahead_model)m);

		if (b != NULL && b->score.mae < least && speaks(out[m], c->n)) {
			least = b->score.mae;
			best = (enum dayahead_model)m;
		}
	}
	return best;
}

/* What the chosen model's past forecasts missed by. */
static void
intervals(const struct lagged *l, size_t from, size_t known, int hour, bool accurate, int refit,
    struct coming *c)
{
	double *played = xcalloc(known - from + 1, sizeof(*played));
	double *out[DAYAHEAD_MODELS] = { NULL };
	struct conformal *errors = xcalloc(1, sizeof(*errors));
	size_t i;

	out[c->by] = played;
	for (i = 0; i < c->n; i++)
		c->low[i] = c->high[i] = NAN;
	if (dayahead_play(l, from, known, hour, accurate, refit, out) == LEARN_OK) {
		for (i = from; i < known; i++)
			conformal_add(errors, l->h, i, l->h->load[i] - played[i - from]);
		for (i = 0; i < c->n; i++) {
			double half = conformal_half_width(errors, l->h, known + i, ALPHA);

			c->low[i] = fmax(0, c->kwh[i] - half);
			if (isnan(half) || isnan(c->kwh[i]))
				c->low[i] = NAN;
			c->high[i] = c->kwh[i] + half;
		}
	}
	free(played);
	free(errors);
}

static enum learn_status
forecast(const struct lagged *l, size_t known, int hour, bool accurate, struct coming *c)
{
	double(*out)[DAYAHEAD_HOURS] = xcalloc(DAYAHEAD_MODELS, sizeof(*out));
	struct dayahead *d = xcalloc(1, sizeof(*d));
	enum learn_status status = dayahead_fit(l, known, hour, accurate, d);
	size_t k;

	if (status == LEARN_OK)
		status = dayahead_forecast(d, l, known, c->n, out);
	if (status == LEARN_OK && (c->tested == LEARN_OK || c->tested == LEARN_NO_SKILL))
		c->by = best_of(c, out);
	if (status == LEARN_OK && c->by == DAYAHEAD_SERVED)
		c->by = whose(out, c->n);
	c->tried = figures(c, c->by) != NULL;
	for (k = 0; status == LEARN_OK && k < c->n; k++) {
		c->kwh[k] = out[c->by][k];
		c->week_ago[k] = out[DAYAHEAD_WEEK][k];
	}
	dayahead_free(d);
	free(d);
	free(out);
	return status;
}

/* As far as the weather is known; where none of it is, as far as there are rows. */
static size_t
ahead(const struct hours *h, size_t known)
{
	size_t n = h->n - known < DAYAHEAD_HOURS ? h->n - known : DAYAHEAD_HOURS, k = n;

	while (k > 0 && !isfinite(h->temperature[known + k - 1]))
		k--;
	return k > 0 ? k : n;
}

int
coming_refit(size_t known)
{
	return known < YOUNG ? REFIT_YOUNG : REFIT;
}

static enum learn_status
forecast_by(const struct hours *h, size_t known, bool accurate, struct coming *c)
{
	size_t from = known > PLAYED + FIRST ? known - PLAYED : known / 2;
	int hour = h->at[known].hour, refit = coming_refit(known);
	struct lagged l;
	enum learn_status status;

	lagged_init(&l, h);
	c->n = ahead(h, known);
	c->tested = backtest_day(&l, from, known, hour, accurate, refit, &c->test);
	status = forecast(&l, known, hour, accurate, c);
	if (status == LEARN_OK)
		intervals(&l, from, known, hour, accurate, refit, c);
	else
		c->n = 0;
	lagged_free(&l);
	return status;
}

/* Is most of the next day's weather unknown, and all of the last one's known? */
static bool
only_yesterday(const struct hours *h, size_t known)
{
	size_t k, next = 0;

	if (known < DAY)
		return false;
	for (k = 0; k < DAY; k++) {
		if (!isfinite(h->temperature[known - DAY + k]))
			return false;
		next += known + k < h->n && isfinite(h->temperature[known + k]) ? 1 : 0;
	}
	return next < DAY / 2;
}

/* The same hours, each with the weather of a day before. */
static enum learn_status
with_yesterday(const struct hours *h, struct hours *y)
{
	enum learn_status status = hours_init(y, h->start, h->n);
	size_t i;

	if (status != LEARN_OK)
		return status;
	memcpy(y->load, h->load, h->n * sizeof(*y->load));
	memcpy(y->at, h->at, h->n * sizeof(*y->at));
	for (i = DAY; i < h->n; i++)
		y->temperature[i] = h->temperature[i - DAY];
	hours_fill_temperature(y);
	return LEARN_OK;
}

enum learn_status
coming_forecast(const struct hours *h, size_t known, bool accurate, struct coming *c)
{
	enum learn_status status;
	struct hours y;

	memset(c, 0, sizeof(*c));
	if (known >= h->n)
		return LEARN_RANGE;
	if (!fresh(h, known))
		return LEARN_STALE;
	if (only_yesterday(h, known) && with_yesterday(h, &y) == LEARN_OK) {
		status = forecast_by(&y, known, accurate, c);
		hours_free(&y);
		c->yesterday = status == LEARN_OK;
		if (c->yesterday)
			return status;
		memset(c, 0, sizeof(*c)); /* a day's temperatures less are too few */
	}
	return forecast_by(h, known, accurate, c);
}
