/* Signing requests (RFC 2986, PEM) that gateways bring, and certificates that are shown: the
 * key taken is one that is allowed. */
#include "fuzz.h"
#include "io/pki_own.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pki_request req = { .role = PKI_CLIENT,
		.cn = SPAN("C000003_B001_01"),
		.key = PKI_EC_P256,
		.days = 365 };
	struct certificate c;
	const char *why = NULL;
	EVP_PKEY *key;

	req.csr = (struct span){ (const char *)data, n };
	key = pki_csr_key(&req, &why);
	must((key == NULL) == (why != NULL));
	if (key != NULL)
		must(EVP_PKEY_get_bits(key) >= 256);
	EVP_PKEY_free(key);
	if (pki_read(req.csr, &c))
		must(strlen(c.cn) <= PKI_CN_MAX &&
		     strlen(c.fingerprint) == PKI_FINGERPRINT_TEXT - 1);
	(void)pki_key_fits(req.csr, req.csr);
	return 0;
}
