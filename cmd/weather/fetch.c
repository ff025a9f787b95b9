/* One question to the service, and what its answer means. */
#include "base/diag.h"
#include "io/http.h"
#include "weather/job.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define URL_MAX 4096
#define TEXT_MAX 512

static void
worse(struct weather_job *job, int status)
{
	if (job->status == 0 || status == EX_NOPERM)
		job->status = status;
}

/* The whole URL, with the key: for libcurl's eyes only. */
static void
put_url(struct weather_job *job, const struct place *place, struct buf *url)
{
	buf_puts(url, job->url != NULL ? job->url : job->provider->base);
	forecast_path(job->provider, place->building.latitude, place->building.longitude,
	    (int)job->hours, url);
	if (job->provider->key != NULL && job->key.n > 0) {
		buf_printf(url, "&%s=", job->provider->key);
		buf_put_escaped(url, buf_span(&job->key));
	}
}

/* The service's own words, should they hold the key, without it. */
static char *
words(struct weather_job *job, json_value root)
{
	struct span text;
	char *copy, *at;

	if (!json_text(json_get(root, job->provider->message), &text))
		return xstrdup("it does not say why");
	copy = xstrndup(text.p, text.n < TEXT_MAX ? text.n : TEXT_MAX);
	while (job->key.n > 0 && (at = strstr(copy, buf_text(&job->key))) != NULL)
		memset(at, '*', job->key.n);
	return copy;
}

/* What a refusal means for the run. */
static void
refused(struct weather_job *job, const struct http_answer *a, json_value root)
{
	const char *name = job->provider->name;
	char *text = words(job, root);

	switch (a->status) {
	case 401:
	case 403:
		diag("%s does not take the key (%d: %s); a new one takes up to two hours", name,
		    a->status, text);
		job->stop = true;
		worse(job, EX_NOPERM);
		break;
	case 429:
		diag("%s has had too many calls (429: %s)%s", name, text,
		    a->retry_after >= 0 ? "; it says when to come back" : "");
		job->stop = true;
		worse(job, EX_TEMPFAIL);
		break;
	default:
		diag("%s refuses (%d: %s)", name, a->status, text);
		worse(job, a->status >= 500 ? EX_TEMPFAIL : EX_CONFIG);
	}
	free(text);
}

/* Trouble that passes by itself: nobody there, slow, or the server's own. */
static bool
passes(bool answered, const struct http_answer *a)
{
	return !answered || a->status >= 500;
}

static bool
ask(struct weather_job *job, const char *url, struct http_answer *a)
{
	struct http_request r = { .url = url, .timeout = job->timeout, .cafile = job->cafile };
	int64_t attempt;
	bool answered;

	for (attempt = 0;; attempt++) {
		answered = http_fetch(&r, a);
		if (!passes(answered, a) || attempt == job->retries || prog_stopping())
			return answered;
		http_free(a);
		/* 1 s, 2 s, 4 s and some chance, so that many sites do not come back together
		 */
		(void)poll(NULL, 0, (int)((1000 << attempt) + getpid() % 500));
	}
}

static bool
understand(struct weather_job *job, const struct http_answer *a, struct forecast *f)
{
	struct buf why = BUF(1024);
	struct json *j = json_new();
	json_value root = { NULL, 0 };
	bool parsed = json_parse_copy(j, buf_span(&a->body), &root), ok = false;

	if (a->status != 200) {
		refused(job, a, root);
	} else if (!parsed) {
		diag("%s: no JSON in its answer: %s", job->provider->name, json_error(j));
		worse(job, EX_TEMPFAIL);
	} else if (!(ok = forecast_read(job->provider, root, job->now, f, &why))) {
		diag("%s: not used: %s", job->provider->name, buf_text(&why));
		worse(job, EX_TEMPFAIL);
	}
	json_free(j);
	buf_free(&why);
	return ok;
}

/* Counted before the call: one that is cut off has cost, too. */
static bool
within_quota(struct weather_job *job)
{
	int64_t quota = job->quota >= 0 ? job->quota : job->provider->calls_a_day;

	if (weather_calls(job->site, job->provider->name, job->now) >= quota) {
		diag("%s: today's %lld calls are used up", job->provider->name,
		    (long long)quota);
		job->stop = true;
		worse(job, EX_TEMPFAIL);
		return false;
	}
	db_begin(job->site);
	weather_called(job->site, job->provider->name, job->now);
	db_commit(job->site);
	return true;
}

bool
fetch_forecast(struct weather_job *job, const struct place *place, struct forecast *f)
{
	struct buf url = BUF(URL_MAX);
	struct http_answer a;
	bool ok = false;

	if (job->stop || !within_quota(job))
		return false;
	put_url(job, place, &url);
	if (ask(job, buf_text(&url), &a)) {
		ok = understand(job, &a, f);
	} else {
		diag("%s", a.error);
		worse(job, EX_TEMPFAIL);
	}
	http_free(&a);
	buf_free(&url);
	return ok;
}
