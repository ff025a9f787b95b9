/* job: what the parts of nbms-weather share. */
#ifndef NBMS_WEATHER_JOB_H
#define NBMS_WEATHER_JOB_H

#include "base/opt.h"
#include "base/prog.h"
#include "base/table.h"
#include "db/weather.h"

struct weather_job {
	/* options */
	const char *dir, *customer, *building, *provider_name, *key_file, *url, *cafile, *point,
	    *from, *to;
	int64_t hours, fresh, stale, refuse, keep, quota, timeout, retries;
	double cell;
	bool cached, humidity;
	struct table_options form;
	/* state */
	struct db *site;
	const struct forecast_provider *provider;
	struct buf key; /* the secret: never in a message */
	when_t now;
	int status; /* the worst so far */
	bool stop;  /* no more calls: the key or the quota */
};

/* Asks the service once for a place and its neighbours; false: it was said why, and job->status
 * tells. */
bool fetch_forecast(struct weather_job *job, const struct place *place, struct forecast *f);

/* The verbs: the coming hours, and forecast against readings. */
int run_forecast(struct weather_job *job, int argc, char *argv[]);
int run_error(struct weather_job *job, int argc, char *argv[]);

#endif
