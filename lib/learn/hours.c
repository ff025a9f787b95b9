#include "learn/hours.h"

#include "base/diag.h"
#include "base/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEMPERATURE_GAP 6 /* hours */
#define BRIDGE 6          /* days from one holiday to the next */

enum learn_status
hours_init(struct hours *h, int64_t start, size_t n)
{
	size_t i;

	memset(h, 0, sizeof(*h));
	if (n == 0 || n > HOURS_MAX || start % HOURS_BEGIN != 0)
		return LEARN_RANGE;
	h->load = xmalloc(3 * n * sizeof(*h->load));
	h->at = xcalloc(n, sizeof(*h->at));
	h->n = n;
	h->start = start;
	h->temperature = h->load + n;
	h->temperature_day = h->load + 2 * n;
	for (i = 0; i < 3 * n; i++)
		h->load[i] = NAN;
	return LEARN_OK;
}

void
hours_free(struct hours *h)
{
	free(h->load);
	free(h->at);
	memset(h, 0, sizeof(*h));
}

void
hours_put(struct hours *h, int64_t when, double load, double temperature)
{
	size_t i;

	if (when < h->start || (when - h->start) / 3600 >= (int64_t)h->n) {
		h->outside++;
		return;
	}
	i = (size_t)((when - h->start) / 3600);
	if ((isfinite(load) && isfinite(h->load[i])) ||
	    (isfinite(temperature) && isfinite(h->temperature[i])))
		h->duplicate++;
	if (isfinite(load) && isnan(h->load[i]))
		h->load[i] = load;
	if (isfinite(temperature) && isnan(h->temperature[i]))
		h->temperature[i] = temperature;
}

/* First holiday on or after the day, by bisection. */
static size_t
holiday_from(const int32_t *holiday, size_t holidays, int32_t day)
{
	size_t low = 0, high = holidays;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (holiday[mid] < day)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
calendar_day(struct hour *at, int32_t day, const int32_t *holiday, size_t holidays)
{
	size_t next = holiday_from(holiday, holidays, day);
	struct civil c = civil_of_day(day), january = { .year = c.year, .month = 1, .day = 1 };
	int weekday = civil_weekday(c) - 1;

	at->day = day;
	at->yday = (int16_t)(day - civil_day_number(january));
	at->month = (int8_t)(c.month - 1);
	at->weekday = (int8_t)weekday;
	at->holiday = next < holidays && holiday[next] == day;
	at->bridge = !at->holiday && weekday < 5 && next > 0 && next < holidays &&
		     holiday[next] - holiday[next - 1] <= BRIDGE;
}

void
hours_calendar(struct hours *h, const int32_t *offset, const int32_t *holiday, size_t holidays)
{
	size_t i;

	for (i = 0; i < h->n; i++) {
		int64_t local = h->start + 3600 * (int64_t)i + offset[i];
		int64_t day = (local >= 0 ? local : local - 86399) / 86400;

		if (i > 0 && h->at[i - 1].day == (int32_t)day)
			h->at[i] = h->at[i - 1];
		else
			calendar_day(&h->at[i], (int32_t)day, holiday, holidays);
		h->at[i].hour = (int8_t)((local - day * 86400) / 3600);
	}
}

void
hours_fill_temperature(struct hours *h)
{
	size_t i, last = SIZE_MAX;

	for (i = 0; i < h->n; i++) {
		double *t = h->temperature;

		if (!(t[i] >= HOURS_COLDEST && t[i] <= HOURS_WARMEST)) {
			t[i] = NAN;
			continue;
		}
		if (last != SIZE_MAX && i - last > 1 && i - last - 1 <= TEMPERATURE_GAP) {
			double step = (t[i] - t[last]) / (double)(i - last);
			size_t k;

			for (k = last + 1; k < i; k++)
				t[k] = t[last] + step * (double)(k - last);
		}
		last = i;
	}
	for (i = 0; i < h->n; i++) {
		size_t k, count = 0, first = i >= 23 ? i - 23 : 0;
		double sum = 0;

		for (k = first; k <= i; k++) {
			if (isnan(h->temperature[k]))
				continue;
			sum += h->temperature[k];
			count++;
		}
		/* The first rows have no day behind them: what there is must do. */
		h->temperature_day[i] =
		    count >= 12 || (i < 12 && count > 0) ? sum / (double)count : NAN;
	}
}

size_t
hours_zero_is_missing(struct hours *h)
{
	size_t i, count = 0;

	for (i = 0; i < h->n; i++) {
		if (h->load[i] == 0) {
			h->load[i] = NAN;
			count++;
		}
	}
	return count;
}

size_t
hours_back(const struct hours *h, size_t i, int days)
{
	int64_t row = (int64_t)i - 24 * (int64_t)days, wrong;

	if (row < 0)
		return SIZE_MAX;
	wrong = h->at[row].hour - h->at[i].hour + 24 * (h->at[row].day - (h->at[i].day - days));
	/* Only a clock change puts the row an hour off. */
	if ((wrong == 1 || wrong == -1) && row - wrong >= 0 && row - wrong < (int64_t)i)
		row -= wrong;
	return (size_t)row;
}

int
hours_day_kind(const struct hours *h, size_t i)
{
	size_t before = hours_back(h, i, 1);

	if (hour_is_off(&h->at[i]))
		return 2;
	return before != SIZE_MAX && hour_is_off(&h->at[before]);
}
