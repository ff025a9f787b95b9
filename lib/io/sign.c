#include "io/sign.h"
#include "base/diag.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void
sign_sha256(unsigned char to[SIGN_SHA256], struct span text)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, text.n, (const uint8_t *)text.p);
	sha256_digest(&ctx, SIGN_SHA256, to);
}

void
sign_hmac(unsigned char to[SIGN_SHA256], struct span key, struct span text)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key.n, (const uint8_t *)key.p);
	hmac_sha256_update(&ctx, text.n, (const uint8_t *)text.p);
	hmac_sha256_digest(&ctx, SIGN_SHA256, to);
	explicit_bzero(&ctx, sizeof(ctx));
}

char *
sign_hex(char to[SIGN_HEX], const unsigned char digest[SIGN_SHA256])
{
	size_t i;

	for (i = 0; i < SIGN_SHA256; i++)
		(void)snprintf(to + 2 * i, 3, "%02x", digest[i]);
	return to;
}

void
sign_base64(struct buf *to, struct span s, bool url)
{
	char *coded = xmalloc(BASE64_ENCODE_LENGTH(s.n) + BASE64_ENCODE_FINAL_LENGTH);
	struct base64_encode_ctx ctx;
	size_t n;

	if (url)
		base64url_encode_init(&ctx);
	else
		base64_encode_init(&ctx);
	n = base64_encode_update(&ctx, coded, s.n, (const uint8_t *)s.p);
	n += base64_encode_final(&ctx, coded + n);
	while (url && n > 0 && coded[n - 1] == '=')
		n--;
	buf_put(to, (struct span){ coded, n });
	free(coded);
}

void
sign_token_make(char to[SIGN_TOKEN])
{
	unsigned char random[32];
	struct buf text = BUF(SIGN_TOKEN);

	must(getrandom(random, sizeof(random), 0) == (ssize_t)sizeof(random));
	buf_puts(&text, "nbms_");
	sign_base64(&text, (struct span){ (const char *)random, sizeof(random) }, true);
	must(text.n == SIGN_TOKEN - 1);
	memcpy(to, buf_text(&text), SIGN_TOKEN);
	buf_wipe(&text);
	explicit_bzero(random, sizeof(random));
}

bool
sign_token_digest(char to[SIGN_HEX], struct span token)
{
	unsigned char digest[SIGN_SHA256];

	if (token.n != SIGN_TOKEN - 1 || !span_starts(token, "nbms_"))
		return false;
	sign_sha256(digest, token);
	(void)sign_hex(to, digest);
	return true;
}
