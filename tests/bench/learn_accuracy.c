/*
 * Accuracy and speed of the energy models on measured buildings.
 *
 *	learn_accuracy [-r] [-t DAYS] [-f PER-MILLE] FILE.csv
 *
 * -r: the second year is learnt and the first predicted (a year ahead only).
 * -t: only the last DAYS before what is predicted are learnt.
 * -f: so many hours in a thousand are spoilt: missing, zero, tenfold, negative, or stuck for
 *     three days; what is predicted is judged unspoilt.
 *
 * FILE: header time_utc,T,RH,GHI,name,name.. and one row an hour of two calendar years; T in
 * degC, loads in kWh, 0 = not known. Local time and holidays are England's. The first year is
 * learnt, the second predicted: a year ahead, and day by day as issued at local midnight.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/when.h"
#include "learn/baseline.h"
#include "learn/conformal.h"
#include "learn/dayahead.h"
#include "learn/hours.h"
#include "learn/metric.h"
#include "learn/quality.h"

#define BUILDINGS 128
#define ROWS 9

struct table {
	size_t rows, buildings;
	int64_t start;
	double *temperature;
	double *load[BUILDINGS];
	char name[BUILDINGS][16];
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
need(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "learn_accuracy: %s\n", what);
		exit(1);
	}
}

static int32_t
day_of(int year, int month, int mday)
{
	struct civil c = { .year = year, .month = month, .day = mday };

	return (int32_t)civil_day_number(c);
}

static int
year_of(int32_t day)
{
	return civil_of_day(day).year;
}

/* 2016-01-01T00:00Z: whole hours. */
static int64_t
time_of(const char *text)
{
	char *at;
	int year = (int)strtol(text, &at, 10), month, day;

	need(*at == '-', "bad time");
	month = (int)strtol(at + 1, &at, 10);
	need(*at == '-', "bad time");
	day = (int)strtol(at + 1, &at, 10);
	need(*at == 'T', "bad time");
	return 86400 * (int64_t)day_of(year, month, day) + 3600 * strtol(at + 1, NULL, 10);
}

/* An hour that the file leaves out. */
static void
hole(struct table *t)
{
	size_t b;

	t->temperature[t->rows] = NAN;
	for (b = 0; b < t->buildings; b++)
		t->load[b][t->rows] = NAN;
}

static void
read_table(FILE *f, struct table *t)
{
	char *line = NULL, *field, *rest;
	size_t size = 0, cap = 24 * 366 * 3, b;

	need(getline(&line, &size, f) > 0, "empty input");
	line[strcspn(line, "\r\n")] = '\0';
	t->temperature = calloc(cap, sizeof(double));
	rest = line;
	for (b = 0; (field = strsep(&rest, ",")) != NULL; b++) {
		if (b < 4)
			continue;
		need(t->buildings < BUILDINGS, "too many buildings");
		snprintf(t->name[t->buildings], sizeof(t->name[0]), "%s", field);
		t->load[t->buildings] = calloc(cap, sizeof(double));
		t->buildings++;
	}
	while (getline(&line, &size, f) > 0) {
		int64_t row;

		if (t->rows == 0)
			t->start = time_of(line);
		row = (time_of(line) - t->start) / 3600;
		need(row >= (int64_t)t->rows && row < (int64_t)cap,
		    "rows out of order or too many");
		for (; (int64_t)t->rows < row; t->rows++)
			hole(t);
		rest = line;
		for (b = 0; (field = strsep(&rest, ",")) != NULL; b++) {
			double v = *field == '\0' ? NAN : strtod(field, NULL);

			if (b == 1)
				t->temperature[t->rows] = v;
			else if (b >= 4)
				t->load[b - 4][t->rows] = v;
		}
		t->rows++;
	}
	free(line);
}

/* Day number of the last Sunday of a month. */
static int32_t
last_sunday(int year, int month)
{
	int32_t day = day_of(month == 12 ? year + 1 : year, month % 12 + 1, 1) - 1;

	return day - (day + 4) % 7;
}

static int32_t
london_offset(int64_t t)
{
	int y = year_of((int32_t)(t / 86400));

	return t >= 86400 * (int64_t)last_sunday(y, 3) + 3600 &&
		       t < 86400 * (int64_t)last_sunday(y, 10) + 3600
		   ? 3600
		   : 0;
}

static int32_t
easter(int y)
{
	/* Meeus, Astronomical Algorithms: Gregorian Easter. */
	int a = y % 19, b = y / 100, c = y % 100, d = b / 4, e = b % 4, f = (b + 8) / 25;
	int g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
	int l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;
	int month = (h + l - 7 * m + 114) / 31, day = (h + l - 7 * m + 114) % 31 + 1;

	return day_of(y, month, day);
}

static int
by_day(const void *a, const void *b)
{
	return *(const int32_t *)a - *(const int32_t *)b;
}

static int32_t
first_monday(int y, int m)
{
	int32_t day = day_of(y, m, 1), wd = (day + 3) % 7;

	return day + (7 - wd) % 7;
}

/* Bank holidays of England. */
static size_t
england(int first, int last, int32_t *out)
{
	size_t n = 0;
	int y;

	for (y = first; y <= last; y++) {
		int32_t newyear = day_of(y, 1, 1), xmas = day_of(y, 12, 25);
		int wd = (newyear + 3) % 7;

		out[n++] = newyear;
		if (wd >= 5)
			out[n++] = newyear + 7 - wd;
		out[n++] = easter(y) - 2;
		out[n++] = easter(y) + 1;
		out[n++] = first_monday(y, 5);
		out[n++] = y == 2012                                   ? day_of(y, 6, 4)
			   : last_sunday(y, 5) + 1 <= day_of(y, 5, 31) ? last_sunday(y, 5) + 1
								       : last_sunday(y, 5) - 6;
		if (y == 2012)
			out[n++] = day_of(y, 6, 5);
		if (y == 2011)
			out[n++] = day_of(y, 4, 29);
		out[n++] = last_sunday(y, 8) + 1 <= day_of(y, 8, 31) ? last_sunday(y, 8) + 1
								     : last_sunday(y, 8) - 6;
		out[n++] = xmas;
		out[n++] = xmas + 1;
		wd = (xmas + 3) % 7;
		if (wd == 4)
			out[n++] = xmas + 3;
		else if (wd == 5) {
			out[n++] = xmas + 2;
			out[n++] = xmas + 3;
		} else if (wd == 6)
			out[n++] = xmas + 2;
	}
	qsort(out, n, sizeof(*out), by_day);
	return n;
}

static void
building(const struct table *t, size_t b, struct hours *h)
{
	int32_t *offset = calloc(t->rows, sizeof(*offset)), holiday[512] = { 0 };
	size_t i, n;
	int y;

	need(hours_init(h, t->start, t->rows) == LEARN_OK, "hours_init");
	for (i = 0; i < t->rows; i++) {
		int64_t when = t->start + 3600 * (int64_t)i;

		offset[i] = london_offset(when);
		hours_put(h, when, t->load[b][i], t->temperature[i]);
	}
	y = year_of((int32_t)(t->start / 86400));
	n = england(y - 1, y + 4, holiday);
	hours_zero_is_missing(h);
	hours_calendar(h, offset, holiday, n);
	hours_fill_temperature(h);
	free(offset);
}

/* First row of the second local year. */
static size_t
split_year(const struct hours *h)
{
	int32_t second = day_of(year_of(h->at[0].day) + 1, 1, 1);
	size_t i;

	for (i = 0; i < h->n && h->at[i].day < second; i++)
		;
	return i;
}

enum row {
	TOWT,
	RIDGE,
	GBM,
	CALTRACK,
	LINEAR,
	BOOSTED, /* a year ahead */
	NEXT_LINEAR,
	NEXT_BOOSTED,
	WEEK /* the next day */
};

static const char *const label[ROWS] = { "towt", "ridge", "gbm", "caltrack", "linear mean",
	"mean with gbm", "ridgear", "ridgear, gbm", "week-ago" };

struct result {
	double cv[ROWS][BUILDINGS], nmbe[ROWS][BUILDINGS];
	double fit[ROWS]; /* seconds, all buildings */
	double coverage[2][BUILDINGS], width[2][BUILDINGS];
	double days[2][2][BUILDINGS]; /* coverage on working days, and on days off */
	double refit;                 /* seconds of one RidgeAR fit on a year */
};

static void
keep(struct result *r, enum row row, size_t b, size_t n, const double *y, const double *p)
{
	struct score s = metric_score(n, y, p, 0);

	r->cv[row][b] = 100 * s.cvrmse;
	r->nmbe[row][b] = 100 * fabs(s.nmbe);
}

/* What is learnt and what is predicted. */
struct spans {
	size_t from, to, first, last;
};

static void
year_ahead(const struct hours *h, const double *truth, const struct spans *x, size_t b,
    double *p, struct result *r)
{
	static const enum baseline_model model[] = { BASELINE_TOWT, BASELINE_RIDGE,
		BASELINE_GBM, BASELINE_CALTRACK };
	size_t k, n = x->last - x->first;
	const double *y = truth + x->first;
	struct baseline fast, linear, boosted;
	double t0 = seconds(), t1, t2, t3;

	need(baseline_fit(h, x->from, x->to, BASELINE_FAST, &fast) == LEARN_OK, "fit");
	t1 = seconds();
	need(baseline_fit(h, x->from, x->to, BASELINE_STANDARD, &linear) == LEARN_OK, "fit");
	t2 = seconds();
	need(baseline_fit(h, x->from, x->to, BASELINE_ACCURATE, &boosted) == LEARN_OK, "fit");
	t3 = seconds();
	r->fit[TOWT] += t1 - t0;
	r->fit[LINEAR] += t2 - t1;
	r->fit[BOOSTED] += t3 - t2;
	for (k = 0; k < 4; k++) {
		need(baseline_series(&boosted, h, x->first, x->last, model[k], p) == LEARN_OK,
		    "series");
		keep(r, (enum row)k, b, n, y, p);
	}
	need(baseline_series(&linear, h, x->first, x->last, BASELINE_MEAN, p) == LEARN_OK,
	    "series");
	keep(r, LINEAR, b, n, y, p);
	need(baseline_series(&boosted, h, x->first, x->last, BASELINE_MEAN, p) == LEARN_OK,
	    "series");
	keep(r, BOOSTED, b, n, y, p);
	baseline_free(&fast);
	baseline_free(&linear);
	baseline_free(&boosted);
}

/* Coverage on working days, or on days off. */
static double
coverage_on(const struct hours *h, size_t split, bool off, const double *y, const double *low,
    const double *high)
{
	size_t n = h->n - split, i;
	double *of = malloc(n * sizeof(*of)), coverage;

	need(of != NULL, "memory");
	for (i = 0; i < n; i++)
		of[i] = hour_is_off(&h->at[split + i]) == off ? y[i] : NAN;
	coverage = metric_coverage(n, of, low, high);
	free(of);
	return coverage;
}

static void
next_day(const struct hours *h, const double *truth, size_t split, size_t b, double *p,
    struct result *r)
{
	double *out[DAYAHEAD_MODELS] = { NULL }, *low, *high, t0;
	size_t n = h->n - split, k;
	const double *y = truth + split;
	struct ridgear one;
	struct lagged l;

	out[DAYAHEAD_SERVED] = p;
	low = malloc(3 * n * sizeof(*low));
	need(low != NULL, "memory");
	lagged_init(&l, h);
	high = low + n;
	out[DAYAHEAD_WEEK] = low + 2 * n;
	t0 = seconds();
	need(ridgear_fit(&l, 0, split, 0, &one) == LEARN_OK, "ridgear");
	r->refit += seconds() - t0;
	ridgear_free(&one);
	for (k = 0; k < 2; k++) {
		enum row row = k == 0 ? NEXT_LINEAR : NEXT_BOOSTED;

		t0 = seconds();
		need(dayahead_play(&l, split, h->n, 0, k == 1, 7, out) == LEARN_OK, "play");
		r->fit[row] += seconds() - t0;
		keep(r, row, b, n, y, p);
		conformal_series(h, split, h->n, p, 0, 0.10, low, high);
		r->coverage[k][b] = metric_coverage(n, y, low, high);
		r->days[k][0][b] = coverage_on(h, split, false, y, low, high);
		r->days[k][1][b] = coverage_on(h, split, true, y, low, high);
		r->width[k][b] = metric_width(n, low, high) / metric_score(n, y, p, 0).mean;
	}
	keep(r, WEEK, b, n, y, out[DAYAHEAD_WEEK]);
	free(low);
	lagged_free(&l);
}

static uint64_t
draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* Faults as meters have them, in per_mille of the hours. */
static void
spoil(struct hours *h, int per_mille, uint64_t seed)
{
	size_t i, k;

	for (i = 0; i < h->n; i++) {
		if ((int)(draw(&seed) % 1000) >= per_mille)
			continue;
		switch (draw(&seed) % 25) {
		case 0: /* stuck for three days */
			for (k = i; k < i + 72 && k < h->n; k++)
				h->load[k] = h->load[i];
			break;
		case 1:
		case 2:
		case 3:
		case 4:
			h->load[i] *= 10;
			break;
		case 5:
			h->load[i] = -h->load[i];
			break;
		default:
			h->load[i] = NAN;
		}
	}
}

static double
median(size_t n, const double *value)
{
	double copy[BUILDINGS];

	memcpy(copy, value, n * sizeof(*copy));
	return metric_quantile(n, copy, 0.5);
}

static void
report(const struct table *t, struct result *r)
{
	size_t n = t->buildings, b, k, wins;
	double count = (double)n;
	struct rusage usage;

	printf("%-14s %8s %8s %10s %8s %10s\n", "model", "CV(RMSE)", "|NMBE|", "<caltrack",
	    "ratio", "s/building");
	for (k = 0; k < ROWS; k++) {
		double ratio = 0;

		for (b = 0, wins = 0; b < n; b++) {
			wins += r->cv[k][b] < r->cv[CALTRACK][b];
			ratio += log(r->cv[k][b] / r->cv[CALTRACK][b]) / count;
		}
		printf(
		    "%-14s %8.2f %8.2f", label[k], median(n, r->cv[k]), median(n, r->nmbe[k]));
		if (k < NEXT_LINEAR)
			printf(" %7zu/%zu %8.3f", wins, n, exp(ratio));
		else
			printf(" %10s %8s", "", "");
		if (r->fit[k] > 0)
			printf(" %10.5f", r->fit[k] / count);
		printf("\n");
	}
	for (k = 0; k < 2; k++)
		printf(
		    "90 %% interval, %-14s coverage %.3f (working days %.3f, days off %.3f), "
		    "width %.1f %% of mean\n",
		    label[NEXT_LINEAR + k], median(n, r->coverage[k]), median(n, r->days[k][0]),
		    median(n, r->days[k][1]), 100 * median(n, r->width[k]));
	getrusage(RUSAGE_SELF, &usage);
	printf("RidgeAR refit %.4f s; whole run %.1f MB\n", r->refit / count,
	    (double)usage.ru_maxrss / 1024);
}

int
main(int argc, char *argv[])
{
	static struct result r;
	static struct table t;
	int per_mille = 0, option;
	bool reverse = false;
	struct quality q;
	struct hours h;
	size_t b, split, days = 0;
	double *p, *truth;
	FILE *f;

	while ((option = getopt(argc, argv, "rt:f:")) != -1) {
		if (option == 'r')
			reverse = true;
		else if (option == 't')
			days = (size_t)strtoul(optarg, NULL, 10);
		else if (option == 'f')
			per_mille = (int)strtol(optarg, NULL, 10);
		else
			return 64;
	}
	if (argc != optind + 1) {
		printf("usage: learn_accuracy [-r] [-t DAYS] [-f PER-MILLE] FILE.csv\n");
		return 0;
	}
	f = fopen(argv[optind], "r");
	need(f != NULL, "can't open the file");
	read_table(f, &t);
	fclose(f);
	learn_single_thread();
	p = malloc(t.rows * sizeof(*p));
	truth = malloc(t.rows * sizeof(*truth));
	need(p != NULL && truth != NULL, "memory");
	for (b = 0; b < t.buildings; b++) {
		struct spans x;

		building(&t, b, &h);
		memcpy(truth, h.load, h.n * sizeof(*truth));
		split = split_year(&h);
		x = reverse ? (struct spans){ split, h.n, 0, split }
			    : (struct spans){ 0, split, split, h.n };
		if (days > 0 && x.to - x.from > days * 24)
			x.from = x.to - days * 24;
		if (per_mille > 0) {
			spoil(&h, per_mille, 1 + b);
			quality_clean(&h, x.first, x.last, &q);
		}
		quality_clean(&h, x.from, x.to, &q);
		year_ahead(&h, truth, &x, b, p, &r);
		if (!reverse)
			next_day(&h, truth, split, b, p, &r);
		if (getenv("LEARN_EACH") != NULL)
			printf("%-6s quality -%zu stuck -%zu spike  linear %.2f boosted %.2f "
			       "caltrack %.2f next %.2f\n",
			    t.name[b], q.stuck, q.spike, r.cv[LINEAR][b], r.cv[BOOSTED][b],
			    r.cv[CALTRACK][b], r.cv[NEXT_LINEAR][b]);
		hours_free(&h);
	}
	report(&t, &r);
	free(p);
	free(truth);
	free(t.temperature);
	for (b = 0; b < t.buildings; b++)
		free(t.load[b]);
	return 0;
}
