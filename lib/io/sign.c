#include "io/sign.h"
#include "base/diag.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <stdio.h>
#include <stdlib.h>

void
sign_sha256(unsigned char to[SIGN_SHA256], struct span text)
{
	unsigned n = 0;

	must(EVP_Digest(text.p, text.n, to, &n, EVP_sha256(), NULL) == 1 && n == SIGN_SHA256);
}

void
sign_hmac(unsigned char to[SIGN_SHA256], struct span key, struct span text)
{
	unsigned n = 0;

	must(HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n, to,
		 &n) != NULL &&
	     n == SIGN_SHA256);
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
	unsigned char *coded = xmalloc(4 * (s.n / 3 + 1) + 1);
	int n = EVP_EncodeBlock(coded, (const unsigned char *)s.p, (int)s.n), i;

	for (i = 0; i < n; i++) {
		char c = (char)coded[i];

		if (url && c == '=')
			break;
		buf_putc(to, url && c == '+' ? '-' : url && c == '/' ? '_' : c);
	}
	free(coded);
}

static bool
sign_with(struct buf *to, struct span text, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char signature[1024];
	size_t n = sizeof(signature);
	bool fine =
	    ctx != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text.p, text.n) == 1;

	if (fine) {
		buf_put(to, text);
		buf_putc(to, '.');
		sign_base64(to, (struct span){ (char *)signature, n }, true);
	}
	EVP_MD_CTX_free(ctx);
	return fine;
}

bool
sign_jwt(struct buf *to, struct span text, struct span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	bool fine = key != NULL && sign_with(to, text, key);

	EVP_PKEY_free(key);
	BIO_free(bio);
	return fine;
}

void
sign_token_make(char to[SIGN_TOKEN])
{
	unsigned char random[32];
	struct buf text = BUF(SIGN_TOKEN);

	must(RAND_bytes(random, sizeof(random)) == 1);
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
