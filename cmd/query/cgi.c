/*
 * One request, one process. The question is answered by a child, into memory: whatever ends the
 * child early ends it with a status and a message, which become those of HTTP, and nobody ever
 * gets half an answer with "200 OK" above it.
 */
#include "base/clock.h"
#include "base/diag.h"
#include "base/out.h"
#include "base/prog.h"
#include "base/sandbox.h"
#include "db/site.h"
#include "io/sign.h"
#include "query/job.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = { { 200, "OK" }, { 204, "No Content" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 409, "Conflict" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" }, { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" } };
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Internal Server Error";
}

/* ---- the child ---- */

struct child {
	pid_t pid;
	int out, err; /* files in memory */
	struct answer *answer;
};

static void __attribute__((noreturn, format(printf, 4, 5)))
reject(struct answer *a, int status, const char *code, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	a->status = status;
	(void)snprintf(a->code, sizeof(a->code), "%s", code);
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	die(EX_NOPERM, "%s", text);
}

/* Whose the token is; false: there need not be one. */
static bool
authenticate(const struct request *r, struct db *site, struct answer *a, struct token_user *u)
{
	char digest[SIGN_HEX];
	const char *wrong;

	if (r->token == NULL) {
		if (r->endpoint->open)
			return false;
		reject(a, 401, "no-token", "Authorization: Bearer TOKEN is missing");
	}
	wrong = sign_token_digest(digest, span_of(r->token))
		    ? token_check(site, digest, clock_now(), u)
		    : "unknown-token";
	if (wrong != NULL)
		reject(a, 401, wrong, "the token is not good");
	if (u->role < r->endpoint->role)
		reject(a, 403, "not-allowed", "that is for %ss",
		    token_role_name(r->endpoint->role));
	return true;
}

static int
question(struct request *r, struct db *site, struct answer *a)
{
	const char *next;
	struct query *q;

	if (r->endpoint->check != NULL) {
		(void)r->endpoint->check(&r->o, true);
		return 0;
	}
	if (r->endpoint->shape == SHAPE_TEXT) {
		r->endpoint->answer(NULL);
		return 0;
	}
	q = query_open(&r->o, r->endpoint->about, site);
	r->endpoint->answer(q);
	next = query_next(q);
	if (next != NULL)
		(void)snprintf(a->next, sizeof(a->next), "%s", next);
	query_close(q);
	return 0;
}

/* Until it is known who asks, trouble is ours: whatever it is, the client did not cause it. */
static int
answer(struct request *r, struct answer *a)
{
	struct token_user user;
	struct db *site;
	int status;

	if (r->endpoint->shape == SHAPE_TEXT && r->endpoint->open)
		return question(r, NULL, a);
	a->status = 500;
	site = site_open(opt_state_dir(NULL), r->endpoint->act != NULL ? DB_WRITE : DB_READ);
	if (authenticate(r, site, a, &user))
		r->o.user = &user;
	a->status = 0;
	status = r->endpoint->act != NULL ? act_run(r, site, a) : question(r, site, a);
	r->o.user = NULL;
	db_close(site);
	return status;
}

static int
memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		die(EX_OSERR, "memory: %s", strerror(errno));
	return fd;
}

static void
start(struct child *c, struct request *r)
{
	int status;

	c->out = memory_file("answer");
	c->err = memory_file("messages");
	c->answer = mmap(NULL, sizeof(*c->answer), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->answer == MAP_FAILED)
		die(EX_OSERR, "memory: %s", strerror(errno));
	c->pid = fork();
	if (c->pid < 0)
		die(EX_OSERR, "fork: %s", strerror(errno));
	if (c->pid > 0)
		return;
	(void)unsetenv("NBMS_LOG"); /* its messages become answers: in words */
	if (dup2(c->out, STDOUT_FILENO) < 0 || dup2(c->err, STDERR_FILENO) < 0)
		die(EX_OSERR, "dup2: %s", strerror(errno));
	if (r->endpoint->act == NULL) { /* nothing is lost by ending it in the middle */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)alarm(CGI_SECONDS);
		sandbox_enter(
		    SANDBOX_CLIENT, (const char *const[]){ opt_state_dir(NULL), NULL });
	}
	status = prog_end(answer(r, c->answer));
	request_free(r);
	exit(status);
}

/* ---- the answer ---- */

struct content {
	char *p; /* of a file in memory */
	size_t n;
};

static struct content
content_of(int fd)
{
	struct content c = { 0 };
	struct stat st;

	if (fstat(fd, &st) != 0)
		die(EX_OSERR, "memory: %s", strerror(errno));
	c.n = (size_t)st.st_size;
	if (c.n == 0)
		return c;
	c.p = mmap(NULL, c.n, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (c.p == MAP_FAILED)
		die(EX_OSERR, "memory: %s", strerror(errno));
	return c;
}

/* FNV-1a, eight bytes at a time: to tell versions of one answer apart, not against anybody. */
static uint64_t
digest(struct content c)
{
	uint64_t h = 0xCBF29CE484222325U, word;
	size_t i;

	for (i = 0; i + 8 <= c.n; i += 8) {
		memcpy(&word, c.p + i, 8);
		h = (h ^ word) * 0x100000001B3U;
		h ^= h >> 29;
	}
	for (; i < c.n; i++)
		h = (h ^ (unsigned char)c.p[i]) * 0x100000001B3U;
	return h ^ c.n;
}

static void
put_head(const struct request *r, int status, const char *type)
{
	out_printf("Status: %d %s\r\n", status, reason_of(status));
	out_puts("X-Content-Type-Options: nosniff\r\n"
		 "Referrer-Policy: no-referrer\r\n"
		 "Vary: Authorization, Accept, Origin\r\n");
	if (type != NULL)
		out_printf("Content-Type: %s\r\n", type);
	if (type != NULL && strncmp(type, "text/html", 9) == 0)
		out_puts("Content-Security-Policy: default-src 'none'; "
			 "style-src 'unsafe-inline'; frame-ancestors 'self'\r\n");
	if (r->origin != NULL && r->known_origin)
		out_printf("Access-Control-Allow-Origin: %s\r\n"
			   "Access-Control-Expose-Headers: ETag, Link\r\n",
		    r->origin);
}

/* RFC 8288: the same question, after the last row of this page. */
static void
put_next(const struct request *r, const char *next)
{
	const char *query = getenv("QUERY_STRING"), *p;
	struct buf to = BUF(4 * CGI_QUERY_MAX);
	char path[64];

	for (p = query; p != NULL && *p != '\0'; p += strspn(p, "&")) {
		size_t n = strcspn(p, "&");

		if (strncmp(p, "after=", 6) != 0) {
			buf_put(&to, (struct span){ p, n });
			buf_putc(&to, '&');
		}
		p += n;
	}
	buf_puts(&to, "after=");
	buf_put_escaped(&to, span_of(next));
	out_printf("Link: </api/%s?%s>; rel=\"next\"\r\n", endpoint_path(r->endpoint, path),
	    buf_text(&to));
	buf_free(&to);
}

static void
put_refusal(const struct request *r, const struct refusal *why)
{
	struct buf body = BUF(4096);
	struct jw w = jw_begin(&body);

	jw_object(&w);
	jw_member_str(&w, "error", why->code);
	jw_member_str(&w, "message", why->message);
	jw_end(&w);
	must(jw_finish(&w));
	buf_putc(&body, '\n');
	put_head(r, why->status, "application/json");
	out_printf("Cache-Control: no-store\r\nContent-Length: %zu\r\n", body.n);
	if (why->status == 401)
		out_puts("WWW-Authenticate: Bearer realm=\"nbms\"\r\n");
	if (why->status == 405)
		out_printf(
		    "Allow: %s, OPTIONS\r\n", r->endpoint->act != NULL ? "POST" : "GET, HEAD");
	if (why->status == 503)
		out_puts("Retry-After: 1\r\n");
	out_puts("\r\n");
	if (r->method != CGI_HEAD)
		out_put(buf_span(&body));
	buf_free(&body);
}

/* Is the tag in the list of If-None-Match? Compared weakly (RFC 9110 section 13.1.2). */
static bool
is_known(const char *etags, const char *tag)
{
	return etags != NULL && (strcmp(etags, "*") == 0 || strstr(etags, tag) != NULL);
}

static void
put_answer(const struct request *r, const struct child *c)
{
	struct content body = content_of(c->out);
	bool get = r->method != CGI_POST, known;
	char tag[24];

	(void)snprintf(tag, sizeof(tag), "\"%016" PRIx64 "\"", digest(body));
	known = get && is_known(r->etags, tag);
	put_head(r, known ? 304 : 200, known ? NULL : r->type);
	out_printf("Cache-Control: %s\r\n",
	    get && !r->endpoint->secret ? "private, no-cache" : "no-store");
	if (get)
		out_printf("ETag: %s\r\n", tag);
	if (c->answer->next[0] != '\0')
		put_next(r, c->answer->next);
	if (!known)
		out_printf("Content-Length: %zu\r\n", body.n);
	out_puts("\r\n");
	if (!known && r->method != CGI_HEAD && body.n > 0)
		out_put((struct span){ body.p, body.n });
	if (body.n > 0)
		(void)munmap(body.p, body.n);
}

/* The child's message; what is an option there is a parameter here. */
static void
copy_message(char to[512], struct content err)
{
	struct span s = diag_last_words((struct span){ err.p, err.n });
	size_t n;

	for (n = 0; s.n > 0 && n < 511; s.p++, s.n--) {
		if ((n == 0 || to[n - 1] == ' ') && span_starts(s, "--") && s.n > 2) {
			s.p += 2;
			s.n -= 2;
		}
		to[n++] = *s.p;
	}
	to[n] = '\0';
}

/* What a child's end means to who asked. */
static struct refusal
refusal_of(const struct child *c, int status)
{
	struct refusal why = { .status = c->answer->status, .message = "" };
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (why.status == 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		why.status = 504;
	else if (code == EX_TEMPFAIL || code == EX_UNAVAILABLE)
		why.status = 503;
	else if (why.status == 0)
		why.status = code == EX_NOINPUT ? 404
			     : code == EX_USAGE || code == EX_DATAERR || code == EX_REJECTED
				 ? 400
				 : 500;
	why.code = c->answer->code[0] != '\0' ? c->answer->code
		   : why.status == 400        ? "bad-request"
		   : why.status == 404        ? "not-found"
		   : why.status == 503        ? "try-again"
		   : why.status == 504        ? "too-long"
					      : "failed";
	return why;
}

static void
put_failure(const struct request *r, const struct child *c, int status)
{
	struct content err = content_of(c->err);
	struct refusal why = refusal_of(c, status);

	if (why.status < 500) {
		copy_message(why.message, err);
	} else { /* what it says of files is for those who mind the machine */
		(void)out_write_all(STDERR_FILENO, (struct span){ err.p, err.n });
		(void)snprintf(why.message, sizeof(why.message), "%s", reason_of(why.status));
	}
	put_refusal(r, &why);
	if (err.n > 0)
		(void)munmap(err.p, err.n);
}

/* Before a request from another origin, a browser asks whether it may (the fetch standard's
 * preflight). */
static void
put_options(const struct request *r)
{
	put_head(r, 204, NULL);
	out_printf("Allow: %s, OPTIONS\r\n", r->endpoint->act != NULL ? "POST" : "GET, HEAD");
	if (r->origin != NULL && r->known_origin)
		out_printf("Access-Control-Allow-Methods: %s\r\n"
			   "Access-Control-Allow-Headers: authorization, content-type, "
			   "if-none-match\r\nAccess-Control-Max-Age: 600\r\n",
		    r->endpoint->act != NULL ? "POST" : "GET, HEAD");
	out_puts("\r\n");
}

static void
run(struct request *r)
{
	struct child c;
	int status;

	start(&c, r);
	while (waitpid(c.pid, &status, 0) < 0)
		if (errno != EINTR)
			die(EX_OSERR, "waitpid: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		put_answer(r, &c);
	else
		put_failure(r, &c, status);
	(void)munmap(c.answer, sizeof(*c.answer));
	(void)close(c.out);
	(void)close(c.err);
}

int
cgi_run(void)
{
	struct refusal why = { 0 };
	struct request r;

	if (!request_read(&r, &why))
		put_refusal(&r, &why);
	else if (r.method == CGI_OPTIONS)
		put_options(&r);
	else
		run(&r);
	request_free(&r);
	return prog_end(0);
}
