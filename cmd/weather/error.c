/* How good the forecasts were. */
#include "base/diag.h"
#include "weather/job.h"

static when_t
parse(
    const struct weather_job *job, const char *text, const struct zone *zone, when_t otherwise)
{
	when_t t = otherwise;

	if (text != NULL && !when_parse_human(span_of(text), zone, job->now, &t))
		opt_wrong("not a time: %s", text);
	return t;
}

int
run_error(struct weather_job *job, int argc, char *argv[])
{
	static const char *const columns[] = { "lead_hours", "n", "bias", "mae", "rmse" };
	struct weather_error errors[WEATHER_LEADS];
	struct buildings bs;
	struct history *h;
	struct table *t;
	int i;

	if (argc > 0)
		opt_wrong("takes no operand: %s", argv[0]);
	if (job->customer == NULL || job->building == NULL || job->point == NULL)
		opt_wrong("error: --customer, --building and --point: of which readings?");
	if (!buildings_load(&bs, job->site, job->customer, job->building) || bs.n == 0)
		return EX_NOINPUT;
	h = history_open(job->dir, DB_READ);
	weather_errors(job->site, h, &bs.all[0], job->point, job->humidity,
	    parse(job, job->from, bs.all[0].zone, job->now - 30 * 86400),
	    parse(job, job->to, bs.all[0].zone, job->now), errors);
	t = table_begin(table_form(&job->form), columns, 5);
	for (i = 0; i < WEATHER_LEADS; i++) {
		if (errors[i].n == 0)
			continue;
		table_int(t, i);
		table_int(t, errors[i].n);
		table_double(t, errors[i].bias);
		table_double(t, errors[i].mae);
		table_double(t, errors[i].rmse);
	}
	(void)table_end(t);
	history_close(h);
	buildings_free(&bs);
	return 0;
}
