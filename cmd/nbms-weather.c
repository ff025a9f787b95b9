/* nbms-weather: the coming hours' outdoor temperature and humidity, for every building with a
 * position. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/sandbox.h"
#include "weather/job.h"
#include "db/site.h"

#define HOUR 3600
#define KEY_MAX 4096

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
		STATE_OPTION(&job->dir),
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
