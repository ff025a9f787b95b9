#include "io/http.h"
#include "base/diag.h"
#include "base/prog.h"
#include "io/curl_lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define TIMEOUT 30

static size_t
take_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_answer *a = ctx;

	buf_put(&a->body, (struct span){ p, size * n });
	return a->body.full ? 0 : size * n;
}

/* The value of a header line with that name, or NULL. */
static const char *
header(const char *line, size_t n, const char *name)
{
	size_t k = strlen(name);

	return n > k + 1 && strncasecmp(line, name, k) == 0 && line[k] == ':' ? line + k + 1
									      : NULL;
}

static size_t
take_header(char *p, size_t size, size_t n, void *ctx)
{
	struct http_answer *a = ctx;
	char line[128];
	const char *value;
	size_t k = size * n < sizeof(line) - 1 ? size * n : sizeof(line) - 1;

	memcpy(line, p, k);
	line[k] = '\0';
	if ((value = header(line, k, "Retry-After")) != NULL) {
		char *end;
		long seconds = strtol(value, &end, 10);

		if (end != value && seconds >= 0)
			a->retry_after = seconds;
	}
	if ((value = header(line, k, "Date")) != NULL) {
		time_t t = curl_getdate(value, NULL);

		if (t != (time_t)-1)
			a->date = t;
	}
	return size * n;
}

static int
progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
	(void)ctx, (void)dt, (void)dn, (void)ut, (void)un;
	return prog_stopping();
}

/* The host of a URL, for messages. */
static struct span
host_of(const char *url)
{
	const char *p = strstr(url, "://");

	p = p != NULL ? p + 3 : url;
	if (memchr(p, '@', strcspn(p, "/?#")) != NULL)
		p = strchr(p, '@') + 1;
	return (struct span){ p, strcspn(p, "/?#") };
}

static void
configure(
    CURL *c, const struct http_request *r, struct http_answer *a, struct curl_slist *headers)
{
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "nbms/" NBMS_VERSION);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(r->timeout > 0 ? r->timeout : TIMEOUT));
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (r->cafile != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, r->cafile);
	if (r->body.p != NULL) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.p);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	}
}

static struct curl_slist *
list_headers(const struct http_request *r)
{
	struct curl_slist *list = NULL;
	const char *const *h;
	char *type;

	for (h = r->headers; h != NULL && *h != NULL; h++)
		list = curl_slist_append(list, *h);
	if (r->body.p != NULL && r->content_type != NULL) {
		type = xasprintf("Content-Type: %s", r->content_type);
		list = curl_slist_append(list, type);
		free(type);
	}
	return list;
}

bool
http_fetch(const struct http_request *r, struct http_answer *a)
{
	struct curl_slist *headers;
	long status = 0;
	CURLcode e;
	CURL *c;

	curl_lib_load();
	headers = list_headers(r);
	c = curl_easy_init();
	if (c == NULL)
		die(EX_OSERR, "libcurl cannot be started");
	*a = (struct http_answer){
		.retry_after = -1, .date = WHEN_NONE, .body = BUF(HTTP_ANSWER_MAX)
	};
	configure(c, r, a, headers);
	e = curl_easy_perform(c);
	if (e == CURLE_OK) {
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		a->status = (int)status;
	} else {
		(void)snprintf(a->error, sizeof(a->error), "%.*s: %s",
		    SPAN_ARG(host_of(r->url)),
		    a->body.full ? "the answer is too long" : curl_easy_strerror(e));
	}
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	return e == CURLE_OK;
}

void
http_free(struct http_answer *a)
{
	buf_free(&a->body);
}
