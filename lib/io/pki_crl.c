#include "io/pki_own.h"
#include "base/clock.h"
#include "base/files.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdlib.h>

#define CRL_PEM_MAX ((size_t)256 << 20) /* five million entries */

struct pki_crl {
	X509_CRL *x;
	size_t n;
};

struct pki_crl *
pki_crl_begin(void)
{
	struct pki_crl *crl = xcalloc(1, sizeof(*crl));

	crl->x = X509_CRL_new();
	need(crl->x != NULL && X509_CRL_set_version(crl->x, X509_CRL_VERSION_2) == 1,
	    "make a revocation list");
	return crl;
}

static int
reason_code(const char *reason)
{
	static const struct {
		const char *name;
		int code;
	} reasons[] = { { "unspecified", -1 }, { "keyCompromise", 1 },
		{ "affiliationChanged", 3 }, { "superseded", 4 },
		{ "cessationOfOperation", 5 } };
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reason != NULL && strcmp(reasons[i].name, reason) == 0)
			return reasons[i].code;
	return -1; /* unspecified is not written: RFC 5280 5.3.1 */
}

void
pki_crl_add(struct pki_crl *crl, const char *serial, when_t at, const char *reason)
{
	X509_REVOKED *r = X509_REVOKED_new();
	BIGNUM *n = NULL;
	ASN1_INTEGER *number = NULL;
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)at);
	ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();
	int code = reason_code(reason);

	need(r != NULL && when != NULL && why != NULL && BN_hex2bn(&n, serial) > 0 &&
		 (number = BN_to_ASN1_INTEGER(n, NULL)) != NULL &&
		 X509_REVOKED_set_serialNumber(r, number) == 1 &&
		 X509_REVOKED_set_revocationDate(r, when) == 1,
	    "revoke");
	if (code >= 0)
		need(ASN1_ENUMERATED_set(why, code) == 1 &&
			 X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, why, 0, 0) == 1,
		    "revoke");
	need(X509_CRL_add0_revoked(crl->x, r) == 1, "revoke");
	ASN1_ENUMERATED_free(why);
	ASN1_TIME_free(when);
	ASN1_INTEGER_free(number);
	BN_free(n);
	crl->n++;
}

static void
set_crl_number(X509_CRL *x, int64_t number)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	need(n != NULL && ASN1_INTEGER_set_int64(n, number) == 1 &&
		 X509_CRL_add1_ext_i2d(x, NID_crl_number, n, 0, 0) == 1,
	    "number a revocation list");
	ASN1_INTEGER_free(n);
}

static int64_t
crl_number(const X509_CRL *x)
{
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(x, NID_crl_number, NULL, NULL);
	int64_t v = 0;

	if (n == NULL || ASN1_INTEGER_get_int64(&v, n) != 1)
		v = 0;
	ASN1_INTEGER_free(n);
	return v;
}

static void
sign_crl(struct pki *p, X509_CRL *x, when_t from, when_t to, int64_t number)
{
	ASN1_TIME *this = ASN1_TIME_set(NULL, (time_t)from);
	ASN1_TIME *next = ASN1_TIME_set(NULL, (time_t)to);
	X509V3_CTX ctx;
	X509_EXTENSION *aki;

	need(this != NULL && next != NULL && X509_CRL_set1_lastUpdate(x, this) == 1 &&
		 X509_CRL_set1_nextUpdate(x, next) == 1 &&
		 X509_CRL_set_issuer_name(x, X509_get_subject_name(p->issuer)) == 1,
	    "date a revocation list");
	X509V3_set_ctx(&ctx, p->issuer, NULL, NULL, x, 0);
	aki = X509V3_EXT_nconf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	need(aki != NULL && X509_CRL_add_ext(x, aki, -1) == 1, "extend a revocation list");
	set_crl_number(x, number);
	need(X509_CRL_sort(x) == 1 && X509_CRL_sign(x, p->key, p->sha256) > 0,
	    "sign a revocation list");
	X509_EXTENSION_free(aki);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
}

bool
pki_crl_end(struct pki *p, struct pki_crl *crl, int64_t days)
{
	char *path = pki_path(p, "crl.pem");
	struct buf pem = BUF(CRL_PEM_MAX);
	when_t now = clock_now(), from = now - PKI_SKEW;
	int64_t number = now; /* rises also where the last list is lost */
	const char *why;
	struct crl last;
	bool fine;
	BIO *bio;

	if (pki_crl_read(p, &last, &why)) {
		if (from <= last.this_update)
			from = last.this_update + 1;
		if (number <= crl_number(p->crl))
			number = crl_number(p->crl) + 1;
	}
	sign_crl(p, crl->x, from, now + (when_t)days * PKI_DAY, number);
	bio = BIO_new(BIO_s_mem());
	need(
	    bio != NULL && PEM_write_bio_X509_CRL(bio, crl->x) == 1, "write a revocation list");
	pki_take(bio, &pem);
	fine = file_replace(path, 0644, buf_span(&pem));
	buf_free(&pem);
	X509_CRL_free(crl->x);
	free(crl);
	free(path);
	return fine;
}

bool
pki_crl_read(struct pki *p, struct crl *crl, const char **why)
{
	char *path = pki_path(p, "crl.pem");
	struct buf pem = BUF(CRL_PEM_MAX);
	BIO *bio;
	int n;

	X509_CRL_free(p->crl);
	p->crl = NULL;
	*why = NULL;
	if (file_read(path, &pem)) {
		bio = BIO_new_mem_buf(pem.n > 0 ? pem.p : "", (int)pem.n);
		need(bio != NULL, "read a revocation list");
		p->crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	if (p->crl == NULL)
		*why = "not there, or not a PEM revocation list";
	else if (X509_CRL_verify(p->crl, p->key) != 1)
		*why = "not signed by this authority";
	if (*why == NULL) {
		n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(p->crl)); /* -1: none at all */
		*crl =
		    (struct crl){ .this_update = pki_instant(X509_CRL_get0_lastUpdate(p->crl)),
			    .next_update = pki_instant(X509_CRL_get0_nextUpdate(p->crl)),
			    .revoked = n > 0 ? (size_t)n : 0 };
	}
	ERR_clear_error();
	buf_free(&pem);
	free(path);
	return *why == NULL;
}

bool
pki_crl_has(struct pki *p, const char *serial)
{
	BIGNUM *n = NULL;
	ASN1_INTEGER *number = NULL;
	X509_REVOKED *found = NULL;

	need(BN_hex2bn(&n, serial) > 0 && (number = BN_to_ASN1_INTEGER(n, NULL)) != NULL,
	    "look for a serial number");
	if (p->crl != NULL && X509_CRL_get0_by_serial(p->crl, &found, number) != 1)
		found = NULL;
	ASN1_INTEGER_free(number);
	BN_free(n);
	return found != NULL;
}
