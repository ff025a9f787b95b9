/* nbms-weather: the coming hours' outdoor temperature and humidity, for every building with a
 * position. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/sandbox.h"
#include "weather/job.h"
#include "db/site.h"

#include <math.h>
#include <stdlib.h>

#define HOUR 3600
#define KEY_MAX 4096

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

static int
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

/* The first line of the key's file. */
static void
read_key(struct weather_job *job)
{
	if (job->key_file == NULL) {
		if (job->provider->needs_key && !job->cached)
			opt_wrong("%s needs a key: --key FILE", job->provider->name);
		return;
	}
	if (!file_read(job->key_file, &job->key))
		die(EX_NOINPUT, "%s: the key cannot be read", job->key_file);
	job->key.n = strcspn(buf_text(&job->key), "\r\n");
	if (job->key.n == 0)
		die(EX_CONFIG, "%s: no key in it", job->key_file);
}

static int
run(struct weather_job *job, int argc, char *argv[])
{
	static const char *const usage[] = {
		"[-d DIR] [--provider NAME] [--key FILE] [--hours N]",
		"error --customer C --building B --point P [--humidity]", NULL
	};
	const struct opt opts[] = {
		{ 'd', "dir", "DIR", OPT_TEXT, &job->dir,
		    "state directory ($NBMS_DIR, ./nbms-state)" },
		{ '\0', "customer", "C", OPT_TEXT, &job->customer,
		    "buildings of this customer" },
		{ '\0', "building", "B", OPT_TEXT, &job->building, "this building of it" },
		{ '\0', "provider", "NAME", OPT_TEXT, &job->provider_name,
		    "owm-2.5 (the default), owm-3.0 or open-meteo" },
		{ '\0', "key", "FILE", OPT_TEXT, &job->key_file,
		    "whose first line is the API key" },
		{ '\0', "url", "BASE", OPT_TEXT, &job->url,
		    "another host than the provider's own" },
		{ '\0', "cafile", "FILE", OPT_TEXT, &job->cafile,
		    "certificate authority of that host" },
		{ '\0', "hours", "N", OPT_COUNT, &job->hours, "so many ahead (24; 48, 120)" },
		{ '\0', "cached", NULL, OPT_FLAG, &job->cached,
		    "print what is known, ask nobody" },
		{ '\0', "fresh", "DURATION", OPT_DURATION, &job->fresh,
		    "ask again when it is older than this (30m)" },
		{ '\0', "stale", "DURATION", OPT_DURATION, &job->stale,
		    "mark it when it is older than this (3h)" },
		{ '\0', "refuse", "DURATION", OPT_DURATION, &job->refuse,
		    "leave it out when it is older than this (24h)" },
		{ '\0', "keep", "DURATION", OPT_DURATION, &job->keep,
		    "how long past hours are kept (400d)" },
		{ '\0', "quota", "N", OPT_COUNT, &job->quota,
		    "calls a day (what the provider's free plan allows)" },
		{ '\0', "cell", "DEGREES", OPT_NUMBER, &job->cell,
		    "buildings in one square of this size share a call (0.1)" },
		{ '\0', "timeout", "DURATION", OPT_DURATION, &job->timeout,
		    "of one call (20s)" },
		{ '\0', "retries", "N", OPT_COUNT, &job->retries,
		    "when nobody answers, or a server fails (2)" },
		{ '\0', "point", "P", OPT_TEXT, &job->point, "error: the outdoor sensor" },
		{ '\0', "humidity", NULL, OPT_FLAG, &job->humidity,
		    "error: it reads humidity" },
		{ '\0', "from", "TIME", OPT_TEXT, &job->from,
		    "error: beginning with (30 days ago)" },
		{ '\0', "to", "TIME", OPT_TEXT, &job->to, "error: up to (now)" },
		TABLE_OPTIONS(&job->form),
		OPT_END,
	};
	const struct opt_spec spec = { usage,
		"Asks a weather service for the coming hours' outdoor temperature and humidity "
		"of\n"
		"every building with a position, keeps and prints them.",
		opts, "The provider is " FORECAST_PROVIDERS "." };
	bool error = argc > 1 && strcmp(argv[1], "error") == 0;
	int first =
	    error ? opt_parse(&spec, argc - 1, argv + 1) + 1 : opt_parse(&spec, argc, argv);

	job->provider = forecast_provider(span_of(job->provider_name));
	if (job->provider == NULL)
		opt_wrong("--provider: %s: not " FORECAST_PROVIDERS, job->provider_name);
	if (job->hours < 1 || job->hours > job->provider->hours)
		opt_wrong(
		    "--hours: 1 to %d with %s", job->provider->hours, job->provider->name);
	if (!(job->cell > 0 && job->cell <= 10) || job->retries > 8)
		opt_wrong("--cell: above 0, at most 10; --retries: at most 8");
	if (!error)
		read_key(job);
	job->dir = opt_state_dir(job->dir);
	job->now = clock_now();
	job->site = site_open(job->dir, DB_WRITE);
	sandbox_enter(SANDBOX_CLIENT, (const char *const[]){ job->dir, NULL });
	return (error ? run_error : run_forecast)(job, argc - first, argv + first);
}

int
main(int argc, char *argv[])
{
	struct weather_job job = { .provider_name = "owm-2.5",
		.hours = 24,
		.fresh = 1800,
		.stale = 3 * HOUR,
		.refuse = 24 * HOUR,
		.keep = (int64_t)400 * 86400,
		.quota = -1,
		.cell = 0.1,
		.timeout = 20,
		.retries = 2,
		.key = BUF(KEY_MAX) };
	int status;

	prog_begin("nbms-weather");
	status = run(&job, argc, argv);
	db_close(job.site);
	buf_free(&job.key);
	return prog_end(status);
}
