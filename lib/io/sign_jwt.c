#include "io/sign.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

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
