/*
 * http: one request and its whole answer, over libcurl. The only user of it.
 *
 * A URL may hold a secret (an API key): it never appears in a message; what is said names the
 * host alone, and redirects are not followed, for they would carry it elsewhere. TLS
 * certificates are checked against the system's authorities. Answers have a cap, requests a
 * time limit; a signal that asks to stop (base/prog.h) ends the wait.
 */
#ifndef NBMS_IO_HTTP_H
#define NBMS_IO_HTTP_H

#include "base/buf.h"
#include "base/when.h"

#define HTTP_ANSWER_MAX ((size_t)8 << 20)

struct http_request {
	const char *url;
	const char *const *headers; /* "Name: value", NULL-ended; or NULL */
	struct span body;           /* p NULL: GET, otherwise POST */
	const char *content_type;   /* of the body */
	int64_t timeout;            /* seconds for all of it; 0: 30 */
	const char *cafile;         /* PEM; NULL: the system's authorities */
};

struct http_answer {
	int status;          /* as the server said; 0: there was no whole answer */
	int64_t retry_after; /* seconds; -1: not told */
	when_t date;         /* the server's clock; WHEN_NONE: not told */
	struct buf body;
	char error[160]; /* why there was no answer, without the URL */
};

/* False: no whole answer; `error` says why. The answer is the caller's to free in every case.
 */
bool http_fetch(const struct http_request *r, struct http_answer *a);
void http_free(struct http_answer *a);

#endif
