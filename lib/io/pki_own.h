/* pki_own: what the parts of pki share: the authority as OpenSSL sees it. For pki*.c alone. */
#ifndef NBMS_IO_PKI_OWN_H
#define NBMS_IO_PKI_OWN_H

#include "base/diag.h"
#include "io/pki.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define PKI_RSA_BITS_MIN 2048
#define PKI_RSA_BITS_MAX 4096
#define PKI_SKEW 3600 /* seconds a peer's clock may be behind ours */
#define PKI_DAY 86400

struct pki {
	char *dir;
	int lock;
	EVP_PKEY *key;
	X509 *issuer;
	X509 *root;
	X509_STORE *store; /* root as trust anchor, the chain between */
	STACK_OF(X509) * between;
	X509_CRL *crl;
	struct buf root_pem, chain_pem;
	struct certificate issuer_says;
	EVP_MD *sha256;
};

/* What OpenSSL refuses for no fault of the data: no memory, no entropy, a broken provider. */
DIAG_NORETURN void pki_failed(const char *doing);

#define need(cond, doing) ((cond) ? (void)0 : pki_failed(doing))

/* A path in the authority's directory; the caller frees. */
char *pki_path(const struct pki *p, const char *name);

/* Moves what the memory BIO holds to `to`, and frees it. */
void pki_take(BIO *bio, struct buf *to);

when_t pki_instant(const ASN1_TIME *t);

/* The only CN of a subject; false where there is none, two, or one that is no plain text. */
bool pki_common_name(const X509_NAME *subject, char to[PKI_CN_MAX + 1]);

/* The public key of a signing request that asks for nothing but what it gets, or NULL and why.
 */
EVP_PKEY *pki_csr_key(const struct pki_request *req, const char **why);

#endif
