/*
 * post: several requests on their way at a time, HTTP and mail, over libcurl; nothing here
 * waits but post_wait.
 *
 * A URL, a header or a body may hold a secret: what is said of trouble names the host alone.
 * TLS certificates are checked; redirects are not followed; answers have a cap and requests a
 * time limit. Mail goes over TLS (STARTTLS or smtps) or not at all.
 */
#ifndef NBMS_IO_POST_H
#define NBMS_IO_POST_H

#include "base/buf.h"

#define POST_MAX 16                       /* under way at a time */
#define POST_ANSWER_MAX ((size_t)1 << 20) /* bytes of an answer */
#define POST_TIMEOUT 20                   /* seconds */

struct post_request {
	const char *url;            /* https://..., or smtp[s]://host:port */
	const char *const *headers; /* "Name: value", NULL-ended; or NULL; HTTP only */
	struct span body;
	const char *cafile;          /* PEM; NULL: the system's authorities */
	int64_t timeout;             /* seconds; 0: POST_TIMEOUT */
	const char *from, *to;       /* mail addresses; from NULL: HTTP */
	const char *user, *password; /* of the mail server; NULL: none */
};

struct post_result {
	int64_t tag;
	int status;          /* HTTP's or SMTP's; 0: there was no answer */
	int64_t retry_after; /* seconds; -1: not told */
	struct span body;    /* of the answer; lives until the next call */
	bool in_doubt;       /* no answer, but the other side may have taken it */
	const char *error;   /* NULL: there was an answer */
};

struct post;

struct post *post_open(void);
void post_close(struct post *p); /* drops what is under way */

size_t post_free_slots(const struct post *p);

/* Starts a request, all texts copied; a slot must be free. */
void post_start(struct post *p, const struct post_request *r, int64_t tag);

/* Waits until something happened to a request, fd (or -1) can be read, or the time has passed.
 */
void post_wait(struct post *p, int fd, int64_t ms, bool *readable);

/* A request that has ended; false: none. */
bool post_result(struct post *p, struct post_result *r);

#endif
