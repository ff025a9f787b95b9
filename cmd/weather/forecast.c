/* The coming hours of every building with a position: asked for where they are not known, kept,
 * printed. */
#include "base/diag.h"
#include "weather/job.h"

#include <math.h>
#include <stdlib.h>

#define HOUR 3600

/* Buildings so close together that they share a forecast. */
struct cell {
	double latitude, longitude;
	struct forecast *forecast; /* NULL: the service gave none */
};

struct cells {
	struct cell *all;
	size_t n;
};

static struct cell *
cell_of(struct weather_job *job, struct cells *cs, const struct place *p)
{
	double latitude = floor(p->building.latitude / job->cell);
	double longitude = floor(p->building.longitude / job->cell);
	struct forecast *f;
	size_t i;

	for (i = 0; i < cs->n; i++)
		if (fabs(cs->all[i].latitude - latitude) < 0.5 &&
		    fabs(cs->all[i].longitude - longitude) < 0.5)
			return &cs->all[i];
	f = xcalloc(1, sizeof(*f));
	if (!fetch_forecast(job, p, f)) {
		free(f);
		f = NULL;
	}
	cs->all = xrealloc(cs->all, (cs->n + 1) * sizeof(*cs->all));
	cs->all[cs->n] = (struct cell){ latitude, longitude, f };
	return &cs->all[cs->n++];
}

/* A forecast that is young enough and reaches far enough is not asked for again. */
static void
refresh(struct weather_job *job, struct cells *cs, const struct place *p)
{
	when_t far = job->now + (job->hours > 2 ? job->hours - 2 : 0) * HOUR;
	when_t issued = weather_issued(job->site, &p->building, far);
	struct forecast_point points[FORECAST_POINTS];
	struct cell *c;
	size_t n;

	if (job->cached || (issued != WHEN_NONE && job->now - issued < job->fresh))
		return;
	c = cell_of(job, cs, p);
	if (c->forecast == NULL)
		return;
	n = forecast_hourly(
	    c->forecast, job->now - job->now % HOUR, (int)job->hours + 1, points);
	db_begin(job->site);
	weather_put(job->site, &p->building, points, n, job->now, job->provider->name);
	db_commit(job->site);
}

struct printing {
	struct weather_job *job;
	const struct place *place;
	struct table *table;
	size_t printed, refused;
};

/* Old ones are marked, very old ones left out; none is ever made up. */
static void
print_point(void *ctx, const struct forecast_point *p, when_t issued, const char *source)
{
	struct printing *x = ctx;
	int64_t age = x->job->now - issued;
	char text[WHEN_TEXT];

	if (age > x->job->refuse) {
		x->refused++;
		return;
	}
	table_text(x->table, x->place->building.customer);
	table_text(x->table, x->place->building.building);
	table_str(x->table, when_format(text, x->place->zone, p->at));
	table_double(x->table, round(p->temperature * 100) / 100);
	table_double(x->table, round(p->humidity * 100) / 100);
	table_str(x->table, source);
	table_str(x->table, when_format(text, x->place->zone, issued));
	table_int(x->table, age);
	table_bool(x->table, p->interpolated);
	table_bool(x->table, age > x->job->stale);
	x->printed++;
}

static void
print_place(struct weather_job *job, struct table *t, const struct place *p)
{
	struct printing x = { .job = job, .place = p, .table = t };
	when_t from = job->now + (HOUR - job->now % HOUR) % HOUR;

	weather_each(
	    job->site, &p->building, from, job->now + job->hours * HOUR, print_point, &x);
	if (x.refused > 0)
		diag("building %.*s: what is known was issued too long ago", SPAN_ARG(p->key));
	else if (x.printed == 0)
		diag("building %.*s: no forecast is known", SPAN_ARG(p->key));
	if (x.printed == 0 && job->status == 0)
		job->status = EX_UNAVAILABLE;
}

int
run_forecast(struct weather_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "customer", "building", "time", "temperature",
		"humidity", "source", "issued", "age", "interpolated", "stale" };
	struct cells cs = { 0 };
	struct buildings bs;
	struct table *t;
	size_t i, n = 0;

	if (argc > 0)
		opt_wrong("takes no operand: %s", argv[0]);
	if (!buildings_load(&bs, job->site, job->customer, job->building))
		return EX_NOINPUT;
	t = table_begin(table_form(&job->form), columns, 10);
	for (i = 0; i < bs.n && !prog_stopping(); i++) {
		const struct building *b = &bs.all[i].building;

		if (isnan(b->latitude) || isnan(b->longitude))
			continue;
		refresh(job, &cs, &bs.all[i]);
		print_place(job, t, &bs.all[i]);
		n++;
	}
	(void)table_end(t);
	if (n == 0)
		diag("no building has a position");
	db_begin(job->site);
	weather_forget(job->site, job->now - job->keep);
	db_commit(job->site);
	for (i = 0; i < cs.n; i++)
		free(cs.all[i].forecast);
	free(cs.all);
	buildings_free(&bs);
	return n == 0 ? EX_CONFIG : job->status;
}
