#include "base/diag.h"
#include "base/lines.h"
#include "bms/thing.h"
#include "io/channel_own.h"
#include "io/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECRET_MAX ((size_t)64 << 10)
#define TOKEN_EARLY 60   /* seconds before its end a token is no longer used */
#define TOKEN_REFUSED 30 /* seconds until it is asked for again */
#define QUOTA_WAIT 60    /* seconds after a 429 that tells none (FCM's documentation) */
#define TROUBLE_WAIT 300

static const char *const names[] = { "fcm", "sns", "mail", "webhook" };

const char *
channel_name(enum channel_kind kind)
{
	return names[kind];
}

static bool
printable(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7F || s.p[i] == '<' || s.p[i] == '>' ||
		    s.p[i] == '"')
			return false;
	return s.n > 0 && s.n <= 1024;
}

static size_t
count(struct span s, char c)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* arn:aws:sns:REGION:ACCOUNT:NAME; the region becomes part of a host's name. */
static bool
arn_is_valid(struct span arn)
{
	size_t prefix = strlen("arn:aws:sns:");
	const char *end = memchr(arn.p + prefix, ':', arn.n - prefix);

	return count(arn, ':') == 5 && end != NULL &&
	       thing_part_is_valid(
		   (struct span){ arn.p + prefix, (size_t)(end - arn.p) - prefix });
}

bool
channel_of(struct span endpoint, enum channel_kind *kind)
{
	static const char *const prefixes[] = { "fcm:", "arn:aws:sns:", "mailto:", "https://" };
	size_t i;

	for (i = 0; i < CHANNEL_KINDS; i++) {
		if (!span_starts(endpoint, prefixes[i]) || endpoint.n == strlen(prefixes[i]))
			continue;
		*kind = (enum channel_kind)i;
		if (!printable(endpoint))
			return false;
		return (i != CHANNEL_SNS || arn_is_valid(endpoint)) &&
		       (i != CHANNEL_MAIL || count(endpoint, '@') == 1);
	}
	return false;
}

bool
channel_recognises(enum channel_kind kind)
{
	return kind == CHANNEL_WEBHOOK; /* by its Idempotency-Key */
}

/* A whole file as text; NULL: reported. */
static char *
read_file(const char *path)
{
	struct buf b = BUF(SECRET_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[4096], *text = NULL;
	ssize_t n = -1;

	if (fd < 0) {
		diag("%s: cannot open: %s", path, strerror(errno));
		return NULL;
	}
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_put(&b, (struct span){ chunk, (size_t)n });
	(void)close(fd);
	if (n == 0 && !b.full)
		text = xstrndup(b.p != NULL ? b.p : "", b.n);
	else
		diag("%s: cannot read, or too long", path);
	buf_free(&b);
	return text;
}

static bool
take(json_value object, const char *name, char **to)
{
	struct span s;

	if (!json_text(json_get(object, name), &s) || s.n == 0)
		return false;
	free(*to);
	*to = xstrndup(s.p, s.n);
	return true;
}

/* The JSON object in the file that a member names. */
static bool
take_file(json_value object, const char *name, struct json *json, json_value *root)
{
	char *path = NULL, *content = NULL;
	bool fine;

	fine = take(object, name, &path) && (content = read_file(path)) != NULL &&
	       json_parse_copy(json, span_of(content), root);
	free(path);
	free(content);
	return fine;
}

/* A secret's file: its first line. */
static bool
take_secret(json_value object, const char *name, char **to)
{
	char *path = NULL;

	if (!take(object, name, &path))
		return false;
	*to = read_file(path);
	free(path);
	if (*to != NULL)
		(*to)[strcspn(*to, "\r\n")] = '\0';
	return *to != NULL && **to != '\0';
}

static const char *
read_fcm(json_value object, struct channel_settings *of, struct json *json)
{
	struct buf jwt = BUF(8192);
	json_value account;
	bool fine;

	if (!take(object, "url", &of->url))
		of->url = xstrdup("https://fcm.googleapis.com");
	if (!take_file(object, "service_account", json, &account) ||
	    !take(account, "project_id", &of->project) ||
	    !take(account, "client_email", &of->client_email) ||
	    !take(account, "private_key", &of->private_key) ||
	    !take(account, "token_uri", &of->token_uri))
		return "service_account: not a file as Google's console gives it";
	fine = sign_jwt(&jwt, SPAN("a.b"), span_of(of->private_key));
	buf_free(&jwt);
	return fine ? NULL : "service_account: its private_key is no RSA key";
}

static const char *
read_sns(json_value object, struct channel_settings *of, struct json *json)
{
	json_value keys;

	(void)take(object, "url", &of->url);
	if (!take_file(object, "credentials", json, &keys) ||
	    !take(keys, "access_key_id", &of->access_key_id) ||
	    !take(keys, "secret_access_key", &of->secret_access_key))
		return "credentials: not a file with access_key_id and secret_access_key";
	return NULL;
}

static const char *
read_mail(json_value object, struct channel_settings *of)
{
	if (!take(object, "server", &of->url) ||
	    (strncmp(of->url, "smtp://", 7) != 0 && strncmp(of->url, "smtps://", 8) != 0))
		return "server: not smtp:// or smtps://";
	if (!take(object, "from", &of->from) || !printable(span_of(of->from)))
		return "from: not a mail address";
	if (take(object, "user", &of->user) &&
	    !take_secret(object, "password_file", &of->password))
		return "password_file: missing or empty";
	return NULL;
}

static const char *
read_channel(json_value object, struct channels *c, struct json *json)
{
	struct span kind;
	size_t i;

	if (!json_text(json_get(object, "channel"), &kind))
		return "channel: missing";
	for (i = 0; i < CHANNEL_KINDS && !span_is(kind, names[i]); i++)
		;
	if (i == CHANNEL_KINDS)
		return "channel: not fcm, sns, mail or webhook";
	if (c->of[i].there)
		return "channel: there already";
	c->of[i].there = true;
	(void)take(object, "cafile", &c->of[i].cafile);
	switch ((enum channel_kind)i) {
	case CHANNEL_FCM:
		return read_fcm(object, &c->of[i], json);
	case CHANNEL_SNS:
		return read_sns(object, &c->of[i], json);
	case CHANNEL_MAIL:
		return read_mail(object, &c->of[i]);
	default:
		return take_secret(object, "secret_file", &c->of[i].secret)
			   ? NULL
			   : "secret_file: missing or empty";
	}
}

static bool
read_line(struct channels *c, struct lines *lines, struct span line, struct json *inner)
{
	const char *wrong;
	json_value root;

	if (span_trim(line).n == 0)
		return true;
	wrong = !json_parse(c->json, line, &root) ? json_error(c->json)
						  : read_channel(root, c, inner);
	if (wrong != NULL)
		diag_at(lines_where(lines), "not a channel: %s", wrong);
	return wrong == NULL;
}

static bool
read_all(struct channels *c, int fd, const char *path)
{
	struct lines *lines = lines_open(fd, path, 0);
	struct json *inner = json_new();
	enum lines_kind kind;
	struct span line;
	bool fine = true;

	while ((kind = lines_next(lines, &line)) != LINES_END && kind != LINES_ERROR)
		fine = read_line(c, lines, line, inner) && fine;
	json_free(inner);
	lines_free(lines);
	return fine && kind == LINES_END;
}

struct channels *
channels_read(const char *path)
{
	struct channels *c = xcalloc(1, sizeof(*c));
	bool fine = true;
	size_t i;
	int fd;

	c->json = json_new();
	c->body = BUF(POST_ANSWER_MAX);
	c->scratch = BUF(POST_ANSWER_MAX);
	c->url = BUF(1 << 14);
	for (i = 0; i < 4; i++)
		c->headers[i] = BUF(1 << 16);
	c->token_until = c->token_again = WHEN_NONE;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		fine = read_all(c, fd, path);
		(void)close(fd);
	} else if (errno != ENOENT) {
		die(EX_NOINPUT, "%s: cannot open: %s", path, strerror(errno));
	}
	if (fine)
		return c;
	channels_free(c);
	return NULL;
}

void
channels_free(struct channels *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < CHANNEL_KINDS; i++) {
		struct channel_settings *of = &c->of[i];
		char *const texts[] = { of->url, of->cafile, of->project, of->client_email,
			of->private_key, of->token_uri, of->access_key_id,
			of->secret_access_key, of->from, of->user, of->password, of->secret };
		size_t k;

		for (k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			free(texts[k]);
	}
	for (i = 0; i < 4; i++)
		buf_free(&c->headers[i]);
	buf_free(&c->body);
	buf_free(&c->scratch);
	buf_free(&c->url);
	json_free(c->json);
	free(c->token);
	free(c);
}

bool
channels_has(const struct channels *c, enum channel_kind kind)
{
	return c->of[kind].there;
}

enum channel_ready
channel_ready(
    struct channels *c, struct post *post, enum channel_kind kind, when_t now, when_t *again)
{
	*again = WHEN_NONE;
	if (!c->of[kind].there)
		return CHANNEL_ABSENT;
	if (kind != CHANNEL_FCM || (c->token != NULL && now < c->token_until))
		return CHANNEL_READY;
	if (!c->token_under_way && now >= c->token_again && post_free_slots(post) > 0)
		channel_start_token(c, post, now);
	if (!c->token_under_way && now < c->token_again)
		*again = c->token_again;
	return CHANNEL_WAIT;
}

void
channel_start(struct channels *c, struct post *post, enum channel_kind kind,
    const struct channel_message *m, when_t now)
{
	switch (kind) {
	case CHANNEL_FCM:
		channel_start_fcm(c, post, m);
		break;
	case CHANNEL_SNS:
		channel_start_sns(c, post, m, now);
		break;
	case CHANNEL_MAIL:
		channel_start_mail(c, post, m, now);
		break;
	default:
		channel_start_webhook(c, post, m, now);
	}
}

static bool
parse(struct channels *c, struct span body, json_value *root)
{
	return body.n > 0 && json_parse_copy(c->json, body, root);
}

void
channel_took(struct channels *c, const struct post_result *r, when_t now)
{
	json_value root;
	int64_t seconds;

	c->token_under_way = false;
	if (r->status == 200 && parse(c, r->body, &root) &&
	    take(root, "access_token", &c->token) &&
	    json_int(json_get(root, "expires_in"), &seconds)) {
		c->token_until = now + seconds - TOKEN_EARLY;
		return;
	}
	c->token_again = now + (r->retry_after > 0 ? r->retry_after : TOKEN_REFUSED);
	diag("fcm: no access token: %s (status %d): trying again",
	    r->error != NULL ? r->error : "the answer has none", r->status);
}

static void __attribute__((format(printf, 4, 5))) say(struct channel_outcome *o,
    enum channel_verdict verdict, int64_t after, const char *fmt, ...)
{
	va_list ap;

	o->verdict = verdict;
	o->after = after;
	va_start(ap, fmt);
	(void)vsnprintf(o->why, sizeof(o->why), fmt, ap);
	va_end(ap);
}

static void
keep_id(struct channel_outcome *o, struct span id)
{
	(void)snprintf(o->id, sizeof(o->id), "%.*s", SPAN_ARG(id));
}

/* error.details[].errorCode, or error.status. */
static struct span
fcm_code(json_value root)
{
	json_value error = json_get(root, "error"), d;
	struct span code = SPAN("");

	(void)json_text(json_get(error, "status"), &code);
	for (d = json_first(json_get(error, "details")); d.at != 0; d = json_next(d))
		(void)json_text(json_get(d, "errorCode"), &code);
	return code;
}

static void
judge_fcm(struct channels *c, const struct post_result *r, struct channel_outcome *o)
{
	struct span code = SPAN(""), id;
	json_value root;
	bool json = parse(c, r->body, &root);

	if (json)
		code = fcm_code(root);
	if (r->status == 200) {
		o->verdict = CHANNEL_SENT;
		if (json && json_text(json_get(root, "name"), &id))
			keep_id(o, id);
	} else if (span_is(code, "UNREGISTERED") || span_is(code, "SENDER_ID_MISMATCH")) {
		say(o, CHANNEL_DEAD, 0, "%.*s", SPAN_ARG(code));
	} else if (r->status == 401 || r->status == 403) {
		c->token_until = WHEN_NONE; /* it may have been withdrawn: get another */
		say(o, CHANNEL_TROUBLE, TROUBLE_WAIT, "status %d %.*s", r->status,
		    SPAN_ARG(code));
	} else if (r->status == 429) {
		say(o, CHANNEL_LATER, r->retry_after > 0 ? r->retry_after : QUOTA_WAIT,
		    "status 429 %.*s", SPAN_ARG(code));
	} else if (r->status >= 500) {
		say(o, CHANNEL_LATER, r->retry_after, "status %d %.*s", r->status,
		    SPAN_ARG(code));
	} else {
		say(o, CHANNEL_REFUSED, 0, "status %d %.*s", r->status, SPAN_ARG(code));
	}
}

/* The text between <name> and </name>. */
static struct span
xml_text(struct span xml, const char *name)
{
	char open[32];
	const char *at, *end;
	int n = snprintf(open, sizeof(open), "<%s>", name);

	at = xml.n > 0 ? memmem(xml.p, xml.n, open, (size_t)n) : NULL;
	if (at == NULL)
		return SPAN("");
	at += n;
	end = memchr(at, '<', (size_t)(xml.p + xml.n - at));
	return (struct span){ at, end != NULL ? (size_t)(end - at) : 0 };
}

static void
judge_sns(const struct post_result *r, struct channel_outcome *o)
{
	struct span code = xml_text(r->body, "Code");

	if (r->status == 200) {
		o->verdict = CHANNEL_SENT;
		keep_id(o, xml_text(r->body, "MessageId"));
	} else if (span_is(code, "EndpointDisabled") || span_is(code, "NotFound")) {
		say(o, CHANNEL_DEAD, 0, "%.*s", SPAN_ARG(code));
	} else if (r->status == 401 || r->status == 403) {
		say(o, CHANNEL_TROUBLE, TROUBLE_WAIT, "status %d %.*s", r->status,
		    SPAN_ARG(code));
	} else if (r->status == 429 || r->status >= 500 || span_starts(code, "Throttl")) {
		say(o, CHANNEL_LATER, r->retry_after, "status %d %.*s", r->status,
		    SPAN_ARG(code));
	} else {
		say(o, CHANNEL_REFUSED, 0, "status %d %.*s", r->status, SPAN_ARG(code));
	}
}

static void
judge_mail(const struct post_result *r, struct channel_outcome *o)
{
	if (r->status < 400)
		o->verdict = CHANNEL_SENT;
	else if (r->status == 530 || r->status == 535) /* RFC 4954 section 6 */
		say(o, CHANNEL_TROUBLE, TROUBLE_WAIT, "status %d", r->status);
	else
		say(o, r->status < 500 ? CHANNEL_LATER : CHANNEL_REFUSED, 0, "status %d",
		    r->status);
}

static void
judge_webhook(const struct post_result *r, struct channel_outcome *o)
{
	if (r->status >= 200 && r->status < 300)
		o->verdict = CHANNEL_SENT;
	else if (r->status == 410)
		say(o, CHANNEL_DEAD, 0, "status 410");
	else if (r->status == 429 || r->status == 408 || r->status >= 500)
		say(o, CHANNEL_LATER, r->retry_after, "status %d", r->status);
	else
		say(o, CHANNEL_REFUSED, 0, "status %d", r->status);
}

void
channel_judge(struct channels *c, enum channel_kind kind, const struct post_result *r,
    struct channel_outcome *o)
{
	*o = (struct channel_outcome){ 0 };
	if (r->error != NULL) {
		say(o, r->in_doubt ? CHANNEL_DOUBT : CHANNEL_LATER, 0, "%s", r->error);
		return;
	}
	switch (kind) {
	case CHANNEL_FCM:
		judge_fcm(c, r, o);
		break;
	case CHANNEL_SNS:
		judge_sns(r, o);
		break;
	case CHANNEL_MAIL:
		judge_mail(r, o);
		break;
	default:
		judge_webhook(r, o);
	}
}
