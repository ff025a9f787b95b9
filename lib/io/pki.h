/*
 * pki: the site's certificate authority. The only user of OpenSSL's key and certificate calls
 * (but for certificate.h, which reads a date).
 *
 * Files under DIR (0700), keys 0600 from their first byte:
 *
 *   ca/ca.key     the issuing key
 *   ca/chain.pem  the issuing certificate, then those above it, without the root
 *                 (empty where the root issues)
 *   ca/root.pem   the trust anchor
 *   crl.pem       what has been revoked
 *
 * Certificates follow RFC 5280: version 3, a random serial of 127 bits, CN as the only name,
 * no CA, key usage and extended key usage for one role, both key identifiers, valid from an
 * hour ago (clocks differ) and never longer than their issuer. A gateway's carries one
 * alternative name, a URI of its own serial (PKI_URI): each of two certificates with one CN can
 * be named, and so be let in or not.
 *
 * Trust: CSRs and certificates given to the calls may be anything. The files in DIR are ours.
 * Trouble with the files is reported and given as false or NULL; what is wrong with a CSR is
 * told through *why, a constant text.
 */
#ifndef NBMS_IO_PKI_H
#define NBMS_IO_PKI_H

#include "base/buf.h"
#include "base/when.h"

#define PKI_SERIAL_TEXT 41      /* 20 octets in hexadecimal (RFC 5280 4.1.2.2), NUL included */
#define PKI_FINGERPRINT_TEXT 65 /* SHA-256 in hexadecimal */
#define PKI_URI "nbms:certificate:" /* then the serial, as below */
#define PKI_CN_MAX 64               /* ub-common-name, RFC 5280 appendix A.1 */
#define PKI_PEM_MAX ((size_t)64 << 10)
#define PKI_CRL_DAYS 30 /* a list stands so long; cron renews it well before */

enum pki_key { PKI_EC_P256, PKI_RSA_2048 };

enum pki_role {
	PKI_CLIENT, /* a gateway */
	PKI_SERVER, /* the broker: has alternative names */
	PKI_PINNED, /* a client that signs itself, trusted by being known: the site's programs
		     */
	PKI_NODE    /* the same, server and client both, with names: brokers among themselves */
};

struct certificate {
	char serial[PKI_SERIAL_TEXT]; /* upper-case hexadecimal, as openssl prints it */
	char fingerprint[PKI_FINGERPRINT_TEXT]; /* SHA-256 of the DER, lower-case */
	char cn[PKI_CN_MAX + 1];
	when_t not_before, not_after;
};

struct pki_request {
	enum pki_role role;
	struct span cn;
	enum pki_key key;
	struct span csr; /* PEM: the key stays where it was made; otherwise empty */
	const char *const
	    *names; /* of a server or node, NULL-ended: host names and addresses */
	int64_t days;
};

struct pki;

/*
 * Opens the authority in dir; makes one on first use (valid 20 years, its key of the kind
 * asked for), or takes the one in chain_path (issuer first, root last) with the key in
 * key_path. An authority is never replaced: another one in its place is an error. NULL: wrong,
 * and reported. Free with pki_close.
 */
struct pki *pki_open(
    const char *dir, enum pki_key key, const char *chain_path, const char *key_path);
void pki_close(struct pki *p); /* NULL is fine */

/* PEM of the trust anchor, and of the certificates a peer needs besides its own. Live as long
 * as p. */
struct span pki_root(const struct pki *p);
struct span pki_chain(const struct pki *p);
const struct certificate *pki_issuer(const struct pki *p);

/*
 * Issues. `pem` gets the certificate and the chain, `key` the private key (nothing where the
 * CSR brought its own); the caller wipes it (buf_wipe). False: *why says what is wrong with the
 * request.
 */
bool pki_issue(struct pki *p, const struct pki_request *req, struct certificate *made,
    struct buf *pem, struct buf *key, const char **why);

/* The revocation list (RFC 5280 section 5): begin, add each, end. Times of revocation are
 * instants; reason is a name of RFC 5280 5.3.1 or NULL. */
struct pki_crl;
struct pki_crl *pki_crl_begin(void);
void pki_crl_add(struct pki_crl *crl, const char *serial, when_t at, const char *reason);

/*
 * Signs and writes DIR/crl.pem, then frees the list. Its number rises, and its thisUpdate lies
 * an hour back and strictly after the last one's: a running broker keeps every list it has read
 * and goes by the newest, to the second.
 */
bool pki_crl_end(struct pki *p, struct pki_crl *crl, int64_t days);

struct crl {
	when_t this_update, next_update;
	size_t revoked;
};

/* The list in DIR/crl.pem. False: it is not there or not this authority's; *why. */
bool pki_crl_read(struct pki *p, struct crl *crl, const char **why);
bool pki_crl_has(struct pki *p, const char *serial); /* after pki_crl_read */

/* What the first certificate of a PEM text says. */
bool pki_read(struct span pem, struct certificate *c);

/* Is the certificate this authority's, for a gateway of that name, fit at `at`? NULL: yes;
 * otherwise why not. */
const char *pki_check(struct pki *p, struct span pem, struct span cn, when_t at);

/* Does the private key belong to the first certificate? */
bool pki_key_fits(struct span key, struct span pem);

#endif
