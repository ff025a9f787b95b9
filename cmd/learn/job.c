#include "learn/job.h"
#include "base/clock.h"
#include "db/site.h"

#include <math.h>
#include <stdlib.h>

#define HOUR 3600

const char *const field_name[FIELDS] = { "customerNumber", "buildingNumber", "ResultDir",
	"period", "operationMode", "basicDataPath", "RefLearningResult", "valueType",
	"connectionId", "lon", "lat", "AIScheduleMode", "callBack", "buildingMode", "method",
	"targetFile", "predictInput", "predictMethod", "reserveRange", "companyList" };

void
job_open(struct learn_job *job, enum db_mode mode)
{
	job->site = site_open(job->dir, mode);
	job->ref = reference_load(job->site);
	job->history = history_open(job->dir, DB_READ);
}

void
job_close(struct learn_job *job)
{
	history_close(job->history);
	reference_free(job->ref);
	db_close(job->site);
}

/* HH:MM as minutes of the day, from 00:00 to 24:00; -1: it is not. */
static int
minutes_of(const char *p)
{
	static const char shape[] = "99:99";
	size_t i;
	int minutes;

	for (i = 0; i < 5; i++)
		if (shape[i] == '9' ? p[i] < '0' || p[i] > '9' : p[i] != shape[i])
			return -1;
	minutes = ((p[0] - '0') * 10 + p[1] - '0') * 60 + (p[3] - '0') * 10 + p[4] - '0';
	return p[3] <= '5' && minutes <= 24 * 60 ? minutes : -1;
}

/* HH:MM-HH:MM, in minutes of the day. */
static bool
parse_occupied(const char *text, int *from, int *to)
{
	if (strlen(text) != 11 || text[5] != '-')
		return false;
	*from = minutes_of(text);
	*to = minutes_of(text + 6);
	return *from >= 0 && *from < *to;
}

/* FROM/TO, or TO alone. */
static bool
parse_period(struct learn_job *job, const char *text, struct gather *g)
{
	const struct zone *zone = g->place->zone;
	const char *slash = strchr(text, '/');
	struct span from = { text, slash != NULL ? (size_t)(slash - text) : 0 };
	struct span to = span_of(slash != NULL ? slash + 1 : text);

	if ((from.n > 0 && !when_parse_human(from, zone, job->now, &g->from)) ||
	    !when_parse_human(to, zone, job->now, &g->to)) {
		diag("period: not FROM/TO: %s", text);
		return false;
	}
	return true;
}

bool
job_gather(struct learn_job *job, const char *const field[FIELDS], const struct place *place,
    struct gather *g)
{
	when_t first;

	*g = (struct gather){ .site = job->site,
		.h = job->history,
		.ref = job->ref,
		.place = place,
		.from = WHEN_NONE,
		.to = job->now,
		.meter = job->meter,
		.outdoor = job->outdoor,
		.csv = field[FIELD_BASIC_DATA],
		.zero_is_missing = !job->zeros,
		.band = job->band,
		.carbon = job->carbon,
		.comfort_price = job->comfort };
	if (!parse_occupied(job->occupied, &g->work_from, &g->work_to))
		opt_wrong("--occupied: not HH:MM-HH:MM: %s", job->occupied);
	if (field[FIELD_PERIOD] != NULL && !parse_period(job, field[FIELD_PERIOD], g))
		return false;
	g->to = when_hour(place->zone, g->to);
	first = g->csv == NULL ? gather_first(g) : WHEN_NONE;
	if (g->from == WHEN_NONE)
		g->from = g->to - (when_t)GATHER_DAYS * 86400;
	if (first != WHEN_NONE && g->from < first)
		g->from = first;
	/* the hours of the clock as it goes at `to` */
	g->from = g->to - (g->to - g->from + HOUR - 1) / HOUR * HOUR;
	if (g->csv == NULL && (first == WHEN_NONE || g->from >= g->to)) {
		diag("building %.*s: there is no history of that period", SPAN_ARG(place->key));
		return false;
	}
	if (g->from >= g->to || g->to - g->from > (when_t)20 * 365 * 86400) {
		diag("period: it ends before it begins, or is longer than twenty years");
		return false;
	}
	return true;
}
