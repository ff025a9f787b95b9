/* A request as CGI tells it (RFC 3875): the environment and stdin, decoded strictly. */
#include "base/diag.h"
#include "query/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define FORMATS_MAX 4

bool
refuse(struct refusal *why, int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	why->status = status;
	why->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(why->message, sizeof(why->message), fmt, ap);
	va_end(ap);
	diag_mask(why->message, strlen(why->message));
	return false;
}

/* Of the environment; empty is none. */
static const char *
variable(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && s[0] != '\0' ? s : NULL;
}

static enum cgi_method
method_of(const char *name)
{
	static const char *const names[] = { "GET", "HEAD", "POST", "OPTIONS" };
	size_t i;

	for (i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum cgi_method)i;
	return CGI_OTHER;
}

/*
 * What follows the last /api/ of the path. Servers differ in which of the two variables it is
 * in: websocketd says SCRIPT_NAME=/ and gives all of it as PATH_INFO, others name the script.
 */
static const struct endpoint *
find_endpoint(void)
{
	const char *script = variable("SCRIPT_NAME"), *info = variable("PATH_INFO");
	char *path = xasprintf("%s%s", script != NULL ? script : "", info != NULL ? info : "");
	const struct endpoint *e = NULL;
	char *at, *last = NULL;

	for (at = path; (at = strstr(at, "/api/")) != NULL; at++)
		last = at;
	if (last != NULL)
		e = endpoint_of_path(span_of(last + 5));
	free(path);
	return e;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %41 and + in place. False: a bad escape, a control character, or not UTF-8. */
static bool
decode(char *text)
{
	char *to = text;
	const char *p;

	for (p = text; *p != '\0'; p++) {
		int c = (unsigned char)*p;

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (hex(p[1]) < 0 || hex(p[2]) < 0)
				return false;
			c = hex(p[1]) * 16 + hex(p[2]);
			p += 2;
		}
		if (c < 0x20 || c == 0x7F)
			return false;
		*to++ = (char)c;
	}
	*to = '\0';
	return json_is_utf8(span_of(text));
}

/* In a query string max-points is written max_points. */
static bool
is_named(const char *name, const char *given)
{
	for (; *name != '\0' && *given == (*name == '-' ? '_' : *name); name++, given++)
		;
	return *name == '\0' && *given == '\0';
}

static const struct param *
find_param(const struct endpoint *e, const char *name)
{
	size_t i;

	for (i = 0; i < PARAMS; i++)
		if ((e->takes & (uint64_t)1 << i) != 0 && is_named(params[i].name, name))
			return &params[i];
	return NULL;
}

static bool
parse_count(const char *text, int64_t *to)
{
	char *end;

	errno = 0;
	*to = strtoll(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool
store(struct request *r, const struct param *p, const char *value, struct refusal *why)
{
	void *at = (char *)&r->o + p->offset;

	switch (p->kind) {
	case OPT_FLAG:
		if (strcmp(value, "true") != 0 && strcmp(value, "1") != 0 &&
		    strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
			return refuse(why, 400, "bad-parameter", "%s: true or false", p->name);
		*(bool *)at = value[0] == 't' || value[0] == '1';
		return true;
	case OPT_COUNT:
		if (!parse_count(value, at))
			return refuse(why, 400, "bad-parameter", "%s: not a whole number: %s",
			    p->name, value);
		return true;
	case OPT_LIST:
		opt_list_add(at, value);
		return true;
	default:
		*(const char **)at = value;
		return true;
	}
}

static bool
take_format(struct request *r, const char *value, struct refusal *why)
{
	static const struct {
		const char *name, *type;
	} formats[FORMATS_MAX] = {
		{ "json", "application/json" },
		{ "csv", "text/csv; charset=utf-8" },
		{ "ndjson", "application/x-ndjson" },
		{ "html", "text/html; charset=utf-8" },
	};
	size_t i;

	for (i = 0; i < FORMATS_MAX; i++)
		if (strcmp(value, formats[i].name) == 0)
			break;
	if (i == FORMATS_MAX)
		return refuse(why, 400, "bad-parameter", "format: json, ndjson or csv");
	r->type = formats[i].type;
	r->o.html = i == 3;
	r->o.form = (struct table_options){ .json = i == 2 || i == 3,
		.csv = i == 1,
		.array = i == 0 && r->endpoint->shape == SHAPE_ROWS };
	return true;
}

/* One name=value. */
static bool
take_pair(struct request *r, char *name, char *value, uint64_t *seen, struct refusal *why)
{
	const struct param *p;

	if (!decode(name) || !decode(value))
		return refuse(why, 400, "bad-query",
		    "the query string has a bad escape, a control character, or is not UTF-8");
	if (value[0] == '\0')
		return refuse(why, 400, "bad-parameter", "%s: empty", name);
	if (strcmp(name, "format") == 0) {
		if ((*seen & (uint64_t)1 << 63) != 0)
			return refuse(why, 400, "bad-parameter", "format: there twice");
		*seen |= (uint64_t)1 << 63;
		return take_format(r, value, why);
	}
	p = find_param(r->endpoint, name);
	if (p == NULL)
		return refuse(
		    why, 400, "unknown-parameter", "no such parameter here: %s", name);
	if (p->kind != OPT_LIST && (*seen & (uint64_t)1 << (p - params)) != 0)
		return refuse(why, 400, "bad-parameter", "%s: there twice", name);
	*seen |= (uint64_t)1 << (p - params);
	return store(r, p, value, why);
}

static bool
read_query(struct request *r, struct refusal *why)
{
	const char *query = variable("QUERY_STRING");
	uint64_t seen = 0;
	char *pair, *next, *value;

	if (query == NULL)
		return true;
	if (strlen(query) > CGI_QUERY_MAX)
		return refuse(
		    why, 414, "too-long", "the query string is over %d bytes", CGI_QUERY_MAX);
	r->pairs = xstrdup(query);
	for (pair = r->pairs; pair != NULL; pair = next) {
		next = strchr(pair, '&');
		if (next != NULL)
			*next++ = '\0';
		value = strchr(pair, '=');
		if (value == NULL)
			return refuse(why, 400, "bad-query",
			    "the query string is not name=value&name=value");
		*value++ = '\0';
		if (!take_pair(r, pair, value, &seen, why))
			return false;
	}
	return true;
}

/* Is the type named, with any weight but none, before any other that is known? */
static void
read_accept(struct request *r)
{
	static const char *const types[][2] = { { "application/json", "json" },
		{ "text/csv", "csv" }, { "application/x-ndjson", "ndjson" },
		{ "text/html", "html" } };
	const char *accept = variable("HTTP_ACCEPT"), *at, *first = NULL;
	struct refusal ignored;
	size_t i, which = 0;

	for (i = 0; accept != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
		at = strstr(accept, types[i][0]);
		if (at != NULL && (i != 3 || r->endpoint->html) &&
		    (first == NULL || at < first)) {
			first = at;
			which = i;
		}
	}
	(void)take_format(r, types[which][1], &ignored);
}

static bool
read_token(struct request *r, struct refusal *why)
{
	const char *header = variable("HTTP_AUTHORIZATION");

	if (header == NULL)
		return true;
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return refuse(why, 401, "no-token", "Authorization: Bearer TOKEN is expected");
	for (r->token = header + 7; *r->token == ' '; r->token++)
		;
	return true;
}

/* Is it one of the origins listed in NBMS_ORIGINS, with commas or blanks between them? */
static bool
is_listed(const char *origin)
{
	const char *list = variable("NBMS_ORIGINS");
	size_t n = strlen(origin);

	while (list != NULL && *list != '\0') {
		size_t word = strcspn(list, ", ");

		if (word == n && memcmp(list, origin, n) == 0)
			return true;
		list += word + strspn(list + word, ", ");
	}
	return false;
}

static void
read_origin(struct request *r)
{
	const char *host = variable("HTTP_HOST"), *at;

	r->origin = variable("HTTP_ORIGIN");
	if (r->origin == NULL)
		return;
	at = strstr(r->origin, "://");
	r->same_origin =
	    host != NULL && at != NULL && strcasecmp(at + 3, host) == 0 &&
	    (strncmp(r->origin, "http://", 7) == 0 || strncmp(r->origin, "https://", 8) == 0);
	r->known_origin = is_listed(r->origin);
}

static bool
is_json(const char *type)
{
	static const char json[] = "application/json";

	if (type == NULL || strncasecmp(type, json, sizeof(json) - 1) != 0)
		return false;
	type += sizeof(json) - 1;
	return *type == '\0' || *type == ';' || *type == ' ';
}

static bool
read_body(struct request *r, struct refusal *why)
{
	const char *length = variable("CONTENT_LENGTH");
	char block[16384];
	int64_t left;

	if (!is_json(variable("CONTENT_TYPE")))
		return refuse(
		    why, 415, "wrong-type", "the body has to be of type application/json");
	if (length == NULL || !parse_count(length, &left))
		return refuse(why, 400, "no-length", "Content-Length is missing");
	if ((uint64_t)left > CGI_BODY_MAX)
		return refuse(why, 413, "too-long", "the body is over %zu bytes", CGI_BODY_MAX);
	r->body = BUF(CGI_BODY_MAX);
	while (left > 0) {
		size_t want = left < (int64_t)sizeof(block) ? (size_t)left : sizeof(block);
		ssize_t k = read(STDIN_FILENO, block, want);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return refuse(why, 400, "cut-short", "the body ends before its length");
		buf_put(&r->body, (struct span){ block, (size_t)k });
		left -= k;
	}
	return true;
}

static bool
check_method(struct request *r, struct refusal *why)
{
	bool post = r->endpoint->act != NULL;

	if (r->method == CGI_OPTIONS ||
	    (post ? r->method == CGI_POST : r->method == CGI_GET || r->method == CGI_HEAD))
		return true;
	return refuse(why, 405, "wrong-method", "that is for %s", post ? "POST" : "GET, HEAD");
}

static bool
settle_limit(struct request *r, struct refusal *why)
{
	if (r->o.limit > CGI_LIMIT_MAX || r->o.limit == 0)
		return refuse(why, 400, "bad-parameter", "limit: 1 to %d", CGI_LIMIT_MAX);
	if (r->o.limit < 0)
		r->o.limit = CGI_LIMIT;
	return true;
}

bool
request_read(struct request *r, struct refusal *why)
{
	*r = (struct request){ .o = { .limit = -1, .max_points = -1 },
		.etags = variable("HTTP_IF_NONE_MATCH"),
		.remote = variable("REMOTE_ADDR") };
	read_origin(r);
	r->method = method_of(variable("REQUEST_METHOD"));
	r->endpoint = find_endpoint();
	if (r->endpoint == NULL)
		return refuse(why, 404, "unknown-path", "there is nothing at that path");
	if (!check_method(r, why) || r->method == CGI_OPTIONS)
		return why->status == 0;
	read_accept(r);
	if (!read_query(r, why) || !read_token(r, why) || !settle_limit(r, why))
		return false;
	if (r->o.html && !r->endpoint->html)
		return refuse(why, 400, "bad-parameter", "format: not for this one: html");
	if (r->method != CGI_POST)
		return true;
	if (r->origin != NULL && !r->same_origin && !r->known_origin)
		return refuse(why, 403, "foreign-origin", "%s may not do that", r->origin);
	return read_body(r, why);
}

void
request_free(struct request *r)
{
	opt_list_free(&r->o.points);
	free(r->pairs);
	buf_free(&r->body);
}
