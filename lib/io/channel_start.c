#include "base/diag.h"
#include "base/jsonw.h"
#include "bms/thing.h"
#include "io/channel_own.h"
#include "io/sign.h"

#include <stdio.h>
#include <stdlib.h>

#define FCM_MAX 3500 /* bytes of title and text: FCM takes 4096 of all */
#define FCM_TTL "3600s"
#define FCM_SCOPE "https://www.googleapis.com/auth/firebase.messaging"
#define TOKEN_SECONDS 3600
#define MAIL_LINE 76 /* RFC 2045 section 6.8 */

/* The longest beginning of at most n bytes that is whole UTF-8. */
static struct span
cut(struct span s, size_t n)
{
	if (s.n <= n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n--;
	return (struct span){ s.p, n };
}

/* A text with its NUL, in one of the scratch buffers. */
static const char *
text(struct buf *to, const char *before, struct span s)
{
	buf_clear(to);
	buf_puts(to, before);
	buf_put(to, s);
	must(!to->full);
	return buf_text(to);
}

static void
start(struct channels *c, struct post *post, const struct channel_settings *of, const char *url,
    const char *const headers[], int64_t tag)
{
	must(!c->body.full);
	post_start(post,
	    &(struct post_request){ .url = url,
		.headers = headers,
		.body = buf_span(&c->body),
		.cafile = of->cafile },
	    tag);
}

/* The JWT of RFC 7523 that a token is asked for with. */
static bool
put_assertion(struct channels *c, const struct channel_settings *of, when_t now)
{
	static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	struct buf claims = BUF(4096), unsigned_jwt = BUF(8192);
	struct jw w = jw_begin(&claims);
	bool fine;

	jw_object(&w);
	jw_member_str(&w, "iss", of->client_email);
	jw_member_str(&w, "scope", FCM_SCOPE);
	jw_member_str(&w, "aud", of->token_uri);
	jw_member_int(&w, "iat", now);
	jw_member_int(&w, "exp", now + TOKEN_SECONDS);
	jw_end(&w);
	sign_base64(&unsigned_jwt, SPAN(header), true);
	buf_putc(&unsigned_jwt, '.');
	sign_base64(&unsigned_jwt, buf_span(&claims), true);
	fine = jw_finish(&w) &&
	       sign_jwt(&c->body, buf_span(&unsigned_jwt), span_of(of->private_key));
	buf_free(&claims);
	buf_free(&unsigned_jwt);
	return fine;
}

void
channel_start_token(struct channels *c, struct post *post, when_t now)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded", NULL
	};
	const struct channel_settings *of = &c->of[CHANNEL_FCM];

	buf_clear(&c->body);
	buf_puts(&c->body,
	    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
	must(put_assertion(c, of, now)); /* the key was tried when it was read */
	start(c, post, of, of->token_uri, headers, CHANNEL_TOKEN_TAG);
	c->token_under_way = true;
}

/* Title, text and data as FCM and, inside SNS, GCM take them. */
static void
put_notification(struct jw *w, const struct channel_message *m)
{
	jw_key(w, "notification");
	jw_object(w);
	jw_member_text(w, "title", cut(m->title, 200));
	jw_member_text(w, "body", cut(m->text, 1000));
	jw_end(w);
	if (m->data.n < FCM_MAX - 1200)
		jw_member_raw(w, "data", m->data);
	jw_key(w, "android");
	jw_object(w);
	jw_member_str(w, "priority", "high");
	jw_member_str(w, "ttl", FCM_TTL);
	if (m->subject.n > 0) { /* a later telling takes the earlier one's place */
		jw_member_text(w, "collapse_key", m->subject);
		jw_key(w, "notification");
		jw_object(w);
		jw_member_text(w, "tag", m->subject);
		jw_end(w);
	}
	jw_end(w);
}

void
channel_start_fcm(struct channels *c, struct post *post, const struct channel_message *m)
{
	const struct channel_settings *of = &c->of[CHANNEL_FCM];
	const char *headers[3] = { "Content-Type: application/json", NULL, NULL };
	struct jw w;

	buf_clear(&c->body);
	w = jw_begin(&c->body);
	jw_object(&w);
	jw_member_bool(&w, "validate_only", false);
	jw_key(&w, "message");
	jw_object(&w);
	jw_member_text(
	    &w, "token", (struct span){ m->endpoint.p + 4, m->endpoint.n - 4 }); /* fcm: */
	put_notification(&w, m);
	jw_end(&w);
	jw_end(&w);
	must(jw_finish(&w));
	buf_clear(&c->url);
	buf_printf(&c->url, "%s/v1/projects/%s/messages:send", of->url, of->project);
	headers[1] = text(&c->headers[0], "Authorization: Bearer ", span_of(c->token));
	start(c, post, of, buf_text(&c->url), headers, m->id);
}

/* SNS. */

struct sigv4 {
	char date[9], stamp[17]; /* 20221004, 20221004T003000Z */
	char region[33];
	char host[128];
};

static bool
region_of(struct span arn, char to[33])
{
	size_t n, prefix = strlen("arn:aws:sns:");
	const char *end = memchr(arn.p + prefix, ':', arn.n - prefix);

	n = end != NULL ? (size_t)(end - arn.p) - prefix : 0;
	if (n == 0 || n > 32 || !thing_part_is_valid((struct span){ arn.p + prefix, n }))
		return false;
	memcpy(to, arn.p + prefix, n);
	to[n] = '\0';
	return true;
}

static void
hmac_text(unsigned char to[SIGN_SHA256], struct span key, const char *s)
{
	sign_hmac(to, key, span_of(s));
}

/* The Authorization header (AWS Signature Version 4: canonical request, string to sign, a key
 * derived for day, region and service). */
static void
put_authorization(struct channels *c, const struct sigv4 *v, const char *path)
{
	const struct channel_settings *of = &c->of[CHANNEL_SNS];
	unsigned char digest[SIGN_SHA256], key[SIGN_SHA256];
	struct span k = { (const char *)key, SIGN_SHA256 };
	static const char signed_headers[] = "content-type;host;x-amz-date";
	char hex[SIGN_HEX];

	sign_sha256(digest, buf_span(&c->body));
	buf_clear(&c->scratch);
	buf_printf(&c->scratch,
	    "POST\n%s\n\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\n"
	    "host:%s\nx-amz-date:%s\n\n%s\n%s",
	    path, v->host, v->stamp, signed_headers, sign_hex(hex, digest));
	sign_sha256(digest, buf_span(&c->scratch));
	buf_clear(&c->scratch);
	buf_printf(&c->scratch, "AWS4-HMAC-SHA256\n%s\n%s/%s/sns/aws4_request\n%s", v->stamp,
	    v->date, v->region, sign_hex(hex, digest));
	buf_clear(&c->headers[0]);
	buf_printf(&c->headers[0], "AWS4%s", of->secret_access_key);
	hmac_text(key, buf_span(&c->headers[0]), v->date);
	hmac_text(key, k, v->region);
	hmac_text(key, k, "sns");
	hmac_text(key, k, "aws4_request");
	sign_hmac(digest, k, buf_span(&c->scratch));
	buf_clear(&c->headers[0]);
	buf_printf(&c->headers[0],
	    "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s/%s/sns/aws4_request, "
	    "SignedHeaders=%s, Signature=%s",
	    of->access_key_id, v->date, v->region, signed_headers, sign_hex(hex, digest));
}

/* {"default":text,"GCM":"<FCM's JSON as text>"} */
static void
put_sns_message(struct channels *c, const struct channel_message *m, struct buf *to)
{
	struct jw w = jw_begin(&c->scratch);

	buf_clear(&c->scratch);
	jw_object(&w);
	put_notification(&w, m);
	jw_end(&w);
	must(jw_finish(&w));
	w = jw_begin(to);
	jw_object(&w);
	jw_member_text(&w, "default", cut(m->text, 1000));
	jw_member_text(&w, "GCM", buf_span(&c->scratch));
	jw_end(&w);
	must(jw_finish(&w));
}

void
channel_start_sns(
    struct channels *c, struct post *post, const struct channel_message *m, when_t now)
{
	const struct channel_settings *of = &c->of[CHANNEL_SNS];
	const char *headers[4] = {
		"Content-Type: application/x-www-form-urlencoded; charset=utf-8", NULL, NULL,
		NULL
	};
	struct buf message = BUF(1 << 16);
	struct civil t = when_civil(NULL, now, NULL);
	const char *host;
	struct sigv4 v;

	must(region_of(m->endpoint, v.region)); /* channel_of saw to it */
	(void)snprintf(v.date, sizeof(v.date), "%04u%02u%02u", (unsigned)t.year % 10000,
	    (unsigned)t.month % 100, (unsigned)t.day % 100);
	(void)snprintf(v.stamp, sizeof(v.stamp), "%sT%02u%02u%02uZ", v.date,
	    (unsigned)t.hour % 100, (unsigned)t.minute % 100, (unsigned)t.second % 100);
	buf_clear(&c->url);
	if (of->url != NULL)
		buf_printf(&c->url, "%s/", of->url);
	else
		buf_printf(&c->url, "https://sns.%s.amazonaws.com/", v.region);
	host = strstr(buf_text(&c->url), "://") + 3;
	(void)snprintf(v.host, sizeof(v.host), "%.*s", (int)strcspn(host, "/"), host);
	put_sns_message(c, m, &message);
	buf_clear(&c->body);
	buf_puts(
	    &c->body, "Action=Publish&Version=2010-03-31&MessageStructure=json&TargetArn=");
	buf_put_escaped(&c->body, m->endpoint);
	buf_puts(&c->body, "&Message=");
	buf_put_escaped(&c->body, buf_span(&message));
	put_authorization(c, &v, "/");
	headers[1] = buf_text(&c->headers[0]);
	headers[2] = text(&c->headers[1], "X-Amz-Date: ", span_of(v.stamp));
	start(c, post, of, buf_text(&c->url), headers, m->id);
	buf_free(&message);
}

/* Mail. */

/* An RFC 2047 encoded word in base64 for each piece of at most 45 bytes. */
static void
put_subject(struct buf *to, struct span s)
{
	buf_puts(to, "Subject:");
	while (s.n > 0) {
		struct span piece = cut(s, 45);

		buf_puts(to, " =?UTF-8?B?");
		sign_base64(to, piece, false);
		buf_puts(to, "?=\r\n");
		s.p += piece.n;
		s.n -= piece.n;
	}
}

static void
put_base64_lines(struct buf *to, struct span s)
{
	size_t step = MAIL_LINE / 4 * 3;

	for (; s.n > 0; s.p += step, s.n -= step) {
		if (step > s.n)
			step = s.n;
		sign_base64(to, (struct span){ s.p, step }, false);
		buf_puts(to, "\r\n");
	}
}

void
channel_start_mail(
    struct channels *c, struct post *post, const struct channel_message *m, when_t now)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	const struct channel_settings *of = &c->of[CHANNEL_MAIL];
	struct span to = { m->endpoint.p + 7, m->endpoint.n - 7 }; /* mailto: */
	struct civil t = when_civil(NULL, now, NULL);

	buf_clear(&c->body);
	buf_printf(&c->body, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
	    days[civil_weekday(t) - 1], t.day, months[t.month - 1], t.year, t.hour, t.minute,
	    t.second);
	buf_printf(&c->body, "From: %s\r\nTo: %.*s\r\n", of->from, SPAN_ARG(to));
	/* the same at every try: a mail system may drop the second */
	buf_printf(&c->body, "Message-ID: <%lld.%.*s@nbms>\r\n", (long long)m->id,
	    SPAN_ARG(m->subject));
	put_subject(&c->body, cut(m->title, 400));
	buf_puts(&c->body, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
			   "Content-Type: text/plain; "
			   "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	put_base64_lines(&c->body, m->text);
	must(!c->body.full);
	post_start(post,
	    &(struct post_request){ .url = of->url,
		.body = buf_span(&c->body),
		.cafile = of->cafile,
		.from = of->from,
		.to = text(&c->headers[0], "", to),
		.user = of->user,
		.password = of->password },
	    m->id);
}

/* Webhooks: HMAC over the time, a dot and the body, so that an old request cannot be sent
 * again. */
void
channel_start_webhook(
    struct channels *c, struct post *post, const struct channel_message *m, when_t now)
{
	const struct channel_settings *of = &c->of[CHANNEL_WEBHOOK];
	const char *headers[5] = { "Content-Type: application/json", NULL, NULL, NULL, NULL };
	unsigned char digest[SIGN_SHA256];
	char hex[SIGN_HEX];
	struct jw w;

	buf_clear(&c->body);
	w = jw_begin(&c->body);
	jw_object(&w);
	jw_member_int(&w, "id", m->id);
	jw_member_text(&w, "event", m->event);
	jw_member_text(&w, "title", m->title);
	jw_member_text(&w, "text", m->text);
	jw_member_raw(&w, "data", m->data);
	jw_end(&w);
	must(jw_finish(&w));
	buf_clear(&c->scratch);
	buf_printf(&c->scratch, "%lld.", (long long)now);
	buf_put(&c->scratch, buf_span(&c->body));
	sign_hmac(digest, span_of(of->secret), buf_span(&c->scratch));
	headers[1] =
	    text(&c->headers[0], "X-Nbms-Signature: sha256=", span_of(sign_hex(hex, digest)));
	buf_clear(&c->headers[1]);
	buf_printf(&c->headers[1], "X-Nbms-Timestamp: %lld", (long long)now);
	headers[2] = buf_text(&c->headers[1]);
	buf_clear(&c->headers[2]);
	buf_printf(
	    &c->headers[2], "Idempotency-Key: %lld-%.*s", (long long)m->id, SPAN_ARG(m->event));
	headers[3] = buf_text(&c->headers[2]);
	start(c, post, of, text(&c->url, "", m->endpoint), headers, m->id);
}
