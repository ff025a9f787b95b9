#include "learn/ridgear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "learn/regression.h"

#define BANDS WARMTH_BANDS
#define FOURIER 2
#define BLOCKS 36 /* two-hour block x kind of day */
#define DAY_AT (HOURS_DAY_TYPES * 24)
#define WEEKS_AT (DAY_AT + BLOCKS)
#define RECENT_AT (WEEKS_AT + BLOCKS)
#define LAG_AT (RECENT_AT + 12)
#define WARM_AT (LAG_AT + 5)
#define COLUMNS (WARM_AT + 2 * BANDS + 1 + 2 * FOURIER)
#define ROW_MAX (9 + 2 * BANDS + 1 + 2 * FOURIER)
#define LAMBDA 30
#define SEASON_HOURS \
	(300 * 24)  /* of less, an arc of the year would be drawn out to all of it */
#define CEILING 1.5 /* a lag gone wild must not become a forecast */

static size_t
row_of(const struct ridgear *m, const struct hours *h, size_t t, size_t issue,
    const struct lag_row *lag, int *column, double *value)
{
	const struct hour *at = &h->at[t];
	double angle = 2 * M_PI * at->yday / 365.25;
	double one[5];
	int block = at->hour / 2 + 12 * hours_day_kind(h, t), k;
	int since = (int)(t - issue) / 2;
	size_t n = 0;

	one[0] = lag->two_days;
	one[1] = lag->week;
	one[2] = lag->two_weeks;
	one[3] = lag->last_day;
	one[4] = lag->last_week;
	column[n] = hour_day_type(at) * 24 + at->hour;
	value[n++] = 1;
	column[n] = DAY_AT + block;
	value[n++] = lag->day;
	column[n] = WEEKS_AT + block;
	value[n++] = lag->weeks;
	column[n] = RECENT_AT + (since > 11 ? 11 : since);
	value[n++] = lag->recent;
	for (k = 0; k < 5; k++) {
		column[n] = LAG_AT + k;
		value[n++] = one[k];
	}
	n += warmth_put(&m->warmth, h, t, WARM_AT, WARM_AT + BANDS, column + n, value + n);
	column[n] = WARM_AT + 2 * BANDS;
	value[n++] = lag->cooling;
	for (k = 0; k < FOURIER && m->season; k++) {
		column[n] = WARM_AT + 2 * BANDS + 1 + 2 * k;
		value[n++] = sin((k + 1) * angle);
		column[n] = WARM_AT + 2 * BANDS + 2 + 2 * k;
		value[n++] = cos((k + 1) * angle);
	}
	return n;
}

static bool
weather_known(const struct hours *h, size_t t)
{
	return isfinite(h->temperature[t]) && isfinite(h->temperature_day[t]);
}

enum learn_status
ridgear_fit(const struct lagged *l, size_t from, size_t to, int issue_hour, struct ridgear *m)
{
	const struct hours *h = l->h;
	enum learn_status status = LEARN_SHORT;
	struct gram g;
	double value[ROW_MAX];
	int column[ROW_MAX];
	size_t t, n, issue;
	struct lag_row lag;

	memset(m, 0, sizeof(*m));
	if (from > to || to > h->n || issue_hour < 0 || issue_hour > 23)
		return LEARN_RANGE;
	m->issue_hour = issue_hour;
	m->season = to - from >= SEASON_HOURS;
	warmth_choose(h, from, to, &m->warmth);
	m->beta = xmalloc(COLUMNS * sizeof(*m->beta));
	gram_init(&g, COLUMNS);
	for (t = from; t < to; t++) {
		if (!isfinite(h->load[t]) || !weather_known(h, t))
			continue;
		issue = lagged_issue(h, t, issue_hour);
		if (issue == SIZE_MAX || !lagged_row(l, t, issue, &lag))
			continue;
		n = row_of(m, h, t, issue, &lag, column, value);
		gram_add_sparse(&g, n, column, value, h->load[t], 1);
		m->most = h->load[t] * CEILING > m->most ? h->load[t] * CEILING : m->most;
	}
	m->rows = (size_t)g.rows;
	if (m->rows >= 2 * HOURS_WEEK)
		status = gram_ridge(&g, LAMBDA, m->beta, &m->intercept);
	gram_free(&g);
	if (status != LEARN_OK)
		ridgear_free(m);
	return status;
}

void
ridgear_free(struct ridgear *m)
{
	free(m->beta);
	memset(m, 0, sizeof(*m));
}

double
ridgear_predict(const struct ridgear *m, const struct lagged *l, size_t t, size_t issue)
{
	double value[ROW_MAX], y = m->intercept;
	int column[ROW_MAX];
	struct lag_row lag;
	size_t k, n;

	if (m->beta == NULL || !weather_known(l->h, t) || !lagged_row(l, t, issue, &lag))
		return NAN;
	n = row_of(m, l->h, t, issue, &lag, column, value);
	for (k = 0; k < n; k++)
		y += m->beta[column[k]] * value[k];
	return y < 0 ? 0 : y > m->most ? m->most : y;
}
