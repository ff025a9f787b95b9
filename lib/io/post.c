#include "io/post.h"
#include "base/diag.h"
#include "io/curl_lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct slot {
	CURL *curl; /* NULL: free */
	struct curl_slist *headers, *recipients;
	char *url;
	struct buf body; /* of the request; for mail, read from `sent` on */
	size_t sent;
	struct buf answer;
	int64_t retry_after, tag;
	char error[200];
};

struct post {
	CURLM *multi;
	struct slot slots[POST_MAX];
	size_t busy;
	struct slot *given; /* whose result was handed out: freed at the next call */
};

struct post *
post_open(void)
{
	struct post *p = xcalloc(1, sizeof(*p));

	curl_lib_load();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (p->multi = curl_multi_init()) == NULL)
		die(EX_OSERR, "libcurl cannot be started");
	return p;
}

static void
release(struct post *p, struct slot *s)
{
	(void)curl_multi_remove_handle(p->multi, s->curl);
	curl_easy_cleanup(s->curl);
	curl_slist_free_all(s->headers);
	curl_slist_free_all(s->recipients);
	buf_free(&s->body);
	buf_free(&s->answer);
	free(s->url);
	*s = (struct slot){ 0 };
	p->busy--;
}

static void
let_go(struct post *p)
{
	if (p->given != NULL)
		release(p, p->given);
	p->given = NULL;
}

void
post_close(struct post *p)
{
	size_t i;

	if (p == NULL)
		return;
	let_go(p);
	for (i = 0; i < POST_MAX; i++)
		if (p->slots[i].curl != NULL)
			release(p, &p->slots[i]);
	(void)curl_multi_cleanup(p->multi);
	curl_global_cleanup();
	free(p);
}

size_t
post_free_slots(const struct post *p)
{
	return POST_MAX - p->busy;
}

static size_t
take_answer(char *from, size_t size, size_t n, void *ctx)
{
	struct slot *s = ctx;

	buf_put(&s->answer, (struct span){ from, size * n });
	return s->answer.full ? 0 : size * n;
}

/* Retry-After (RFC 9110 section 10.2.3): seconds or a date. */
static void
take_retry_after(struct slot *s, const char *value)
{
	char *end;
	long seconds = strtol(value, &end, 10);
	time_t at;

	if (end != value) {
		s->retry_after = seconds >= 0 ? seconds : -1;
		return;
	}
	at = curl_getdate(value, NULL);
	if (at != (time_t)-1)
		s->retry_after = at > time(NULL) ? (int64_t)(at - time(NULL)) : 0;
}

static size_t
take_header(char *from, size_t size, size_t n, void *ctx)
{
	static const char name[] = "Retry-After:";
	char line[128];
	size_t k = size * n < sizeof(line) - 1 ? size * n : sizeof(line) - 1;

	memcpy(line, from, k);
	line[k] = '\0';
	if (strncasecmp(line, name, sizeof(name) - 1) == 0)
		take_retry_after(ctx, line + sizeof(name) - 1);
	return size * n;
}

static size_t
give_body(char *to, size_t size, size_t n, void *ctx)
{
	struct slot *s = ctx;
	size_t k = s->body.n - s->sent;

	if (k > size * n)
		k = size * n;
	if (k > 0)
		memcpy(to, s->body.p + s->sent, k);
	s->sent += k;
	return k;
}

static void
set_http(struct slot *s, const struct post_request *r)
{
	const char *const *h;

	for (h = r->headers; h != NULL && *h != NULL; h++)
		s->headers = curl_slist_append(s->headers, *h);
	curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(s->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, s->body.p != NULL ? s->body.p : "");
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->body.n);
}

static void
set_mail(struct slot *s, const struct post_request *r)
{
	s->recipients = curl_slist_append(NULL, r->to);
	curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(s->curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM, r->from);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, s->recipients);
	curl_easy_setopt(s->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s->curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(s->curl, CURLOPT_READDATA, s);
	if (r->user != NULL) {
		curl_easy_setopt(s->curl, CURLOPT_USERNAME, r->user);
		curl_easy_setopt(s->curl, CURLOPT_PASSWORD, r->password);
	}
}

static struct slot *
free_slot(struct post *p)
{
	size_t i;

	for (i = 0; i < POST_MAX && p->slots[i].curl != NULL; i++)
		;
	must(i < POST_MAX);
	return &p->slots[i];
}

void
post_start(struct post *p, const struct post_request *r, int64_t tag)
{
	struct slot *s;

	let_go(p);
	s = free_slot(p);
	*s = (struct slot){ .curl = curl_easy_init(),
		.url = xstrdup(r->url),
		.body = BUF(POST_ANSWER_MAX),
		.answer = BUF(POST_ANSWER_MAX),
		.retry_after = -1,
		.tag = tag };
	if (s->curl == NULL)
		die(EX_OSERR, "libcurl cannot be started");
	buf_put(&s->body, r->body);
	must(!s->body.full);
	curl_easy_setopt(s->curl, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->curl, CURLOPT_URL, s->url);
	curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
	/* on a connection used before, libcurl would send again what got no answer */
	curl_easy_setopt(s->curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(s->curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(s->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(s->curl, CURLOPT_USERAGENT, "nbms/" NBMS_VERSION);
	curl_easy_setopt(
	    s->curl, CURLOPT_TIMEOUT, (long)(r->timeout > 0 ? r->timeout : POST_TIMEOUT));
	curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(s->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(s->curl, CURLOPT_HEADERDATA, s);
	if (r->cafile != NULL)
		curl_easy_setopt(s->curl, CURLOPT_CAINFO, r->cafile);
	if (r->from != NULL)
		set_mail(s, r);
	else
		set_http(s, r);
	p->busy++;
	must(curl_multi_add_handle(p->multi, s->curl) == CURLM_OK);
}

void
post_wait(struct post *p, int fd, int64_t ms, bool *readable)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };
	int running;

	let_go(p);
	(void)curl_multi_perform(p->multi, &running);
	(void)curl_multi_poll(p->multi, &extra, fd >= 0 ? 1 : 0, (int)ms, NULL);
	(void)curl_multi_perform(p->multi, &running);
	*readable = fd >= 0 && extra.revents != 0;
}

/* The host of a URL, for messages. */
static struct span
host_of(const char *url)
{
	const char *at = strstr(url, "://");

	at = at != NULL ? at + 3 : url;
	return (struct span){ at, strcspn(at, "/?#") };
}

/* May the other side have taken what it did not answer? */
static bool
may_be_taken(const struct slot *s)
{
	curl_off_t uploaded = 0;
	long request = 0;

	(void)curl_easy_getinfo(s->curl, CURLINFO_REQUEST_SIZE, &request);
	(void)curl_easy_getinfo(s->curl, CURLINFO_SIZE_UPLOAD_T, &uploaded);
	return s->recipients != NULL ? s->sent > 0 && s->sent == s->body.n
				     : request > 0 || uploaded > 0;
}

bool
post_result(struct post *p, struct post_result *r)
{
	CURLMsg *m;
	CURLcode code;
	struct slot *s;
	long status = 0;
	int left;

	let_go(p);
	while ((m = curl_multi_info_read(p->multi, &left)) != NULL && m->msg != CURLMSG_DONE)
		;
	if (m == NULL)
		return false;
	code = m->data.result;
	(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&s);
	(void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	*r = (struct post_result){ .tag = s->tag,
		.status = (int)status,
		.retry_after = s->retry_after,
		.body = buf_span(&s->answer) };
	/* an SMTP refusal is an error to libcurl, and an answer to us; 1xx to 3xx are steps on
	 * the way there */
	if (code != CURLE_OK && !(s->recipients != NULL && status >= 400)) {
		(void)snprintf(s->error, sizeof(s->error), "%.*s: %s",
		    SPAN_ARG(host_of(s->url)),
		    s->answer.full ? "the answer is too long" : curl_easy_strerror(code));
		r->error = s->error;
		r->in_doubt = may_be_taken(s);
		r->status = 0;
	}
	p->given = s;
	return true;
}
