#include "io/certificate.h"
#include "base/lib.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <time.h>

/* Every function that is used. */
#define OPENSSL(X)           \
	X(ASN1_TIME_to_tm)   \
	X(BIO_free)          \
	X(BIO_new_mem_buf)   \
	X(PEM_read_bio_X509) \
	X(X509_free)         \
	X(X509_get0_notAfter)

struct openssl {
#define X(name) __typeof__(name) *name##_;
	OPENSSL(X)
#undef X
};

static const struct openssl *
openssl(void)
{
#define X(name) #name,
	static const char *const names[] = { OPENSSL(X) NULL };
#undef X
	static struct openssl functions;

	lib_load("libcrypto.so.3", "certificates", names, &functions);
	return &functions;
}

bool
certificate_ends(struct span pem, when_t *ends)
{
	const struct openssl *o = openssl();
	BIO *bio = o->BIO_new_mem_buf_(pem.p, (int)pem.n);
	X509 *x = bio != NULL ? o->PEM_read_bio_X509_(bio, NULL, NULL, NULL) : NULL;
	struct tm tm;
	bool fine = x != NULL && o->ASN1_TIME_to_tm_(o->X509_get0_notAfter_(x), &tm) == 1;

	if (fine)
		*ends = when_of(NULL,
		    (struct civil){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			tm.tm_min, tm.tm_sec },
		    NULL, NULL);
	o->X509_free_(x);
	(void)o->BIO_free_(bio);
	return fine && *ends != WHEN_NONE;
}
