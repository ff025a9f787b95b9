#include "io/pki_own.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static const char *
check_csr_key(EVP_PKEY *key)
{
	char group[32] = "";
	int bits;

	if (key == NULL)
		return "the request has no key that is understood";
	bits = EVP_PKEY_get_bits(key);
	if (EVP_PKEY_is_a(key, "EC")) {
		(void)EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		return strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0
			   ? NULL
			   : "the request's key is on another curve than P-256 or P-384";
	}
	if (!EVP_PKEY_is_a(key, "RSA"))
		return "the request's key is neither EC nor RSA";
	return bits >= PKI_RSA_BITS_MIN && bits <= PKI_RSA_BITS_MAX
		   ? NULL
		   : "the request's RSA key is not of 2048 to 4096 bits";
}

/* The one alternative name that says nothing new is the CN again. */
static bool
adds_names(X509_EXTENSION *e, struct span cn)
{
	GENERAL_NAMES *names = X509V3_EXT_d2i(e);
	bool adds = names == NULL;
	int i;

	for (i = 0; !adds && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		struct span name = { "", 0 };

		if (g->type == GEN_DNS)
			name = (struct span){ (const char *)ASN1_STRING_get0_data(g->d.dNSName),
				(size_t)ASN1_STRING_length(g->d.dNSName) };
		adds = !span_eq(name, cn);
	}
	GENERAL_NAMES_free(names);
	return adds;
}

static bool
wants_ca(X509_EXTENSION *e)
{
	BASIC_CONSTRAINTS *b = X509V3_EXT_d2i(e);
	bool wants = b == NULL || b->ca != 0;

	BASIC_CONSTRAINTS_free(b);
	return wants;
}

static bool
wants_to_sign(X509_EXTENSION *e)
{
	ASN1_BIT_STRING *bits = X509V3_EXT_d2i(e);
	bool wants = bits == NULL || ASN1_BIT_STRING_get_bit(bits, 5) != 0 ||
		     ASN1_BIT_STRING_get_bit(bits, 6) != 0; /* keyCertSign, cRLSign */

	ASN1_BIT_STRING_free(bits);
	return wants;
}

static const char *
check_csr_extensions(X509_REQ *req, struct span cn)
{
	STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(req);
	const char *why = NULL;
	int i;

	for (i = 0; why == NULL && i < sk_X509_EXTENSION_num(all); i++) {
		X509_EXTENSION *e = sk_X509_EXTENSION_value(all, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if (nid == NID_subject_alt_name && adds_names(e, cn))
			why = "the request asks for other names";
		else if (nid == NID_basic_constraints && wants_ca(e))
			why = "the request asks to be an authority";
		else if (nid == NID_key_usage && wants_to_sign(e))
			why = "the request asks to sign certificates";
	}
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	return why;
}

EVP_PKEY *
pki_csr_key(const struct pki_request *req, const char **why)
{
	BIO *bio = BIO_new_mem_buf(req->csr.p, (int)req->csr.n);
	char cn[PKI_CN_MAX + 1];
	X509_REQ *csr;
	EVP_PKEY *key = NULL;

	need(bio != NULL, "read a request");
	csr = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (csr == NULL) {
		*why = "not a PEM certificate request";
	} else {
		key = X509_REQ_get_pubkey(csr);
		*why = check_csr_key(key);
		if (*why == NULL && X509_REQ_verify(csr, key) != 1)
			*why = "the request is not signed by its own key";
		if (*why == NULL && (!pki_common_name(X509_REQ_get_subject_name(csr), cn) ||
					!span_is(req->cn, cn)))
			*why = "the request is for another CN";
		if (*why == NULL)
			*why = check_csr_extensions(csr, req->cn);
	}
	X509_REQ_free(csr);
	ERR_clear_error();
	if (*why != NULL) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}
