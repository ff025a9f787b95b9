#include "learn/metric.h"

#include <math.h>
#include <stdlib.h>

struct score
metric_score(size_t n, const double *measured, const double *predicted, size_t parameters)
{
	struct score s = { 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
	double sum = 0, square = 0, error = 0, error2 = 0, absolute = 0, relative = 0;
	double count, divisor, spread;
	size_t i;

	for (i = 0; i < n; i++) {
		double e = predicted[i] - measured[i], size;

		if (!isfinite(e))
			continue;
		s.n++;
		sum += measured[i];
		square += measured[i] * measured[i];
		error += e;
		error2 += e * e;
		absolute += fabs(e);
		size = fabs(predicted[i]) + fabs(measured[i]);
		relative += size > 0 ? 2 * fabs(e) / size : 0;
	}
	if (s.n == 0)
		return s;
	count = (double)s.n;
	s.mean = sum / count;
	s.mae = absolute / count;
	s.smape = relative / count;
	s.rmse = sqrt(error2 / count);
	spread = square - sum * s.mean;
	if (spread > 0)
		s.r2 = 1 - error2 / spread;
	if (s.n > parameters && s.mean != 0) {
		divisor = (double)(s.n - parameters);
		s.cvrmse = sqrt(error2 / divisor) / s.mean;
		s.nmbe = error / (divisor * s.mean);
	}
	return s;
}

bool
metric_g14_hourly(const struct score *s)
{
	return s->cvrmse >= 0 && s->cvrmse <= 0.30 && fabs(s->nmbe) <= 0.10;
}

bool
metric_g14_monthly(const struct score *s)
{
	return s->cvrmse >= 0 && s->cvrmse <= 0.15 && fabs(s->nmbe) <= 0.05;
}

double
metric_pinball(size_t n, const double *measured, const double *quantile, double q)
{
	double sum = 0;
	size_t i, count = 0;

	for (i = 0; i < n; i++) {
		double d = measured[i] - quantile[i];

		if (!isfinite(d))
			continue;
		sum += d >= 0 ? q * d : (q - 1) * d;
		count++;
	}
	return count ? sum / (double)count : NAN;
}

double
metric_coverage(size_t n, const double *measured, const double *low, const double *high)
{
	size_t i, count = 0, inside = 0;

	for (i = 0; i < n; i++) {
		if (isnan(measured[i]) || isnan(low[i]) || isnan(high[i]))
			continue;
		count++;
		inside += measured[i] >= low[i] && measured[i] <= high[i];
	}
	return count ? (double)inside / (double)count : NAN;
}

double
metric_width(size_t n, const double *low, const double *high)
{
	double sum = 0;
	size_t i, count = 0;

	for (i = 0; i < n; i++) {
		if (!isfinite(high[i] - low[i]))
			continue;
		sum += high[i] - low[i];
		count++;
	}
	return count ? sum / (double)count : NAN;
}

double
metric_skill(const struct score *s, const struct score *reference)
{
	return reference->mae > 0 ? 1 - s->mae / reference->mae : NAN;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
metric_quantile(size_t n, double *values, double q)
{
	double at, part;
	size_t low;

	if (n == 0 || !(q >= 0 && q <= 1))
		return NAN;
	qsort(values, n, sizeof(*values), by_value);
	at = q * (double)(n - 1);
	low = (size_t)at;
	part = at - (double)low;
	if (low + 1 >= n)
		return values[n - 1];
	return values[low] + part * (values[low + 1] - values[low]);
}
