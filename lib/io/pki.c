#include "io/pki_own.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CA_DAYS (20 * 365)
#define CHAIN_MAX 8 /* certificates from issuer to root: real ones have 2 or 3 */

void
pki_failed(const char *doing)
{
	char why[256];

	ERR_error_string_n(ERR_get_error(), why, sizeof(why));
	die(EX_OSERR, "cannot %s: %s", doing, why);
}

void
pki_take(BIO *bio, struct buf *to)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_put(to, (struct span){ p, (size_t)n });
	must(!to->full);
	OPENSSL_cleanse(p, (size_t)n);
	BIO_free(bio);
}

static void
put_certificate(X509 *x, struct buf *to)
{
	BIO *bio = BIO_new(BIO_s_mem());

	need(bio != NULL && PEM_write_bio_X509(bio, x) == 1, "write a certificate");
	pki_take(bio, to);
}

static void
put_key(EVP_PKEY *key, struct buf *to)
{
	BIO *bio = BIO_new(BIO_s_mem());

	need(bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1,
	    "write a key");
	pki_take(bio, to);
}

/* The n-th certificate of a PEM text, or NULL. */
static X509 *
nth_certificate(struct span pem, int n)
{
	BIO *bio = BIO_new_mem_buf(pem.n > 0 ? pem.p : "", (int)pem.n);
	X509 *x = NULL;

	need(bio != NULL, "read a certificate");
	for (; n >= 0; n--) {
		X509_free(x);
		x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (x == NULL)
			break;
	}
	BIO_free(bio);
	ERR_clear_error();
	return x;
}

/* A key with a passphrase is no key: there is nobody to ask. */
static int
no_passphrase(char *to, int max, int writing, void *ctx)
{
	(void)to;
	(void)max;
	(void)writing;
	(void)ctx;
	return -1;
}

static EVP_PKEY *
read_key(struct span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.n > 0 ? pem.p : "", (int)pem.n);
	EVP_PKEY *key;

	need(bio != NULL, "read a key");
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static EVP_PKEY *
make_key(enum pki_key kind)
{
	EVP_PKEY *key =
	    kind == PKI_EC_P256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(PKI_RSA_BITS_MIN);

	need(key != NULL, "make a key");
	return key;
}

when_t
pki_instant(const ASN1_TIME *t)
{
	struct tm tm;
	struct civil c;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return WHEN_NONE;
	c = (struct civil){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		tm.tm_sec };
	return when_of(NULL, c, NULL, NULL);
}

static void
hex(const unsigned char *from, size_t n, char *to)
{
	static const char digits[] = "0123456789abcdef";

	for (; n > 0; n--, from++) {
		*to++ = digits[*from >> 4];
		*to++ = digits[*from & 15];
	}
	*to = '\0';
}

static bool
serial_text(const ASN1_INTEGER *serial, char to[PKI_SERIAL_TEXT])
{
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	char *text = n != NULL ? BN_bn2hex(n) : NULL;
	bool fits = text != NULL && strlen(text) < PKI_SERIAL_TEXT;

	if (fits)
		memcpy(to, text, strlen(text) + 1);
	OPENSSL_free(text);
	BN_free(n);
	return fits;
}

bool
pki_common_name(const X509_NAME *subject, char to[PKI_CN_MAX + 1])
{
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *s;
	int n;

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return false;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	n = ASN1_STRING_length(s);
	if (n < 1 || n > PKI_CN_MAX ||
	    memchr(ASN1_STRING_get0_data(s), '\0', (size_t)n) != NULL)
		return false;
	memcpy(to, ASN1_STRING_get0_data(s), (size_t)n);
	to[n] = '\0';
	return true;
}

static bool
read_certificate(X509 *x, struct certificate *c)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	*c = (struct certificate){ .not_before = pki_instant(X509_get0_notBefore(x)),
		.not_after = pki_instant(X509_get0_notAfter(x)) };
	need(X509_digest(x, EVP_sha256(), digest, &n) == 1, "digest a certificate");
	hex(digest, n, c->fingerprint);
	(void)pki_common_name(X509_get_subject_name(x), c->cn); /* an authority may have none */
	return serial_text(X509_get0_serialNumber(x), c->serial);
}

bool
pki_read(struct span pem, struct certificate *c)
{
	X509 *x = nth_certificate(pem, 0);
	bool fine = x != NULL && read_certificate(x, c);

	X509_free(x);
	return fine;
}

bool
pki_key_fits(struct span key, struct span pem)
{
	EVP_PKEY *k = read_key(key);
	X509 *x = nth_certificate(pem, 0);
	bool fits = k != NULL && x != NULL && X509_check_private_key(x, k) == 1;

	ERR_clear_error();
	EVP_PKEY_free(k);
	X509_free(x);
	return fits;
}

/* 127 random bits: positive in 16 octets, and the first octet is not zero. */
static void
set_serial(X509 *x)
{
	BIGNUM *n = BN_new();

	need(n != NULL && BN_rand(n, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		 BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL,
	    "make a serial number");
	BN_free(n);
}

static void
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	need(e != NULL && X509_add_ext(x, e, -1) == 1, "extend a certificate");
	X509_EXTENSION_free(e);
}

static void
set_times(X509 *x, when_t from, when_t to)
{
	time_t zero = 0;

	need(X509_time_adj_ex(X509_getm_notBefore(x), (int)(from / PKI_DAY),
		 (long)(from % PKI_DAY), &zero) != NULL &&
		 X509_time_adj_ex(X509_getm_notAfter(x), (int)(to / PKI_DAY),
		     (long)(to % PKI_DAY), &zero) != NULL,
	    "set a validity");
}

/* A certificate but for its extensions and signature. issuer NULL: itself. */
static X509 *
blank(struct span cn, EVP_PKEY *key, X509 *issuer, when_t now, int64_t days)
{
	X509 *x = X509_new();
	when_t to = now + (when_t)days * PKI_DAY;
	X509_NAME *subject;

	need(x != NULL && X509_set_version(x, X509_VERSION_3) == 1, "make a certificate");
	set_serial(x);
	if (issuer != NULL && to > pki_instant(X509_get0_notAfter(issuer)))
		to = pki_instant(X509_get0_notAfter(issuer));
	set_times(x, now - PKI_SKEW, to);
	subject = X509_get_subject_name(x);
	need(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
		 (const unsigned char *)cn.p, (int)cn.n, -1, 0) == 1 &&
		 X509_set_issuer_name(
		     x, issuer != NULL ? X509_get_subject_name(issuer) : subject) == 1 &&
		 X509_set_pubkey(x, key) == 1,
	    "make a certificate");
	return x;
}

static X509 *
make_root(EVP_PKEY *key)
{
	X509 *x = blank(SPAN("nbms site authority"), key, NULL, clock_now(), CA_DAYS);

	extend(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
	extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
	extend(x, x, NID_subject_key_identifier, "hash");
	need(X509_sign(x, key, EVP_sha256()) > 0, "sign a certificate");
	return x;
}

/* --- the authority's files --- */

char *
pki_path(const struct pki *p, const char *name)
{
	return xasprintf("%s/%s", p->dir, name);
}

/* ca.tmp/ with the three files of ca/. */
static bool
lay_out(struct pki *p, struct span key, struct span chain, struct span root)
{
	char *tmp = pki_path(p, "ca.tmp");
	const struct {
		const char *name;
		mode_t mode;
		struct span content;
	} files[] = { { "ca.key", 0600, key }, { "chain.pem", 0644, chain },
		{ "root.pem", 0644, root } };
	bool fine = dir_remove(tmp) && dir_make(tmp, 0700);
	size_t i;

	for (i = 0; fine && i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = xasprintf("%s/%s", tmp, files[i].name);

		fine = file_replace(path, files[i].mode, files[i].content);
		free(path);
	}
	free(tmp);
	return fine;
}

static bool
make_authority(struct pki *p, enum pki_key kind)
{
	EVP_PKEY *key = make_key(kind);
	X509 *root = make_root(key);
	struct buf key_pem = BUF(PKI_PEM_MAX), root_pem = BUF(PKI_PEM_MAX);
	bool fine;

	put_key(key, &key_pem);
	put_certificate(root, &root_pem);
	fine = lay_out(p, buf_span(&key_pem), (struct span){ "", 0 }, buf_span(&root_pem));
	buf_wipe(&key_pem);
	buf_free(&root_pem);
	EVP_PKEY_free(key);
	X509_free(root);
	return fine;
}

/* Splits issuer-first PEM into what is below the root and the root. Why not, or NULL. */
static const char *
split_chain(struct span pem, struct buf *chain, struct buf *root)
{
	X509 *x = nth_certificate(pem, 0), *above;
	const char *why = x == NULL ? "no certificate in it" : NULL;
	int n;

	for (n = 1; why == NULL; n++) {
		if (X509_check_ca(x) != 1 || (X509_get_key_usage(x) & KU_KEY_CERT_SIGN) == 0)
			why = "a certificate in it may not sign others";
		above = nth_certificate(pem, n);
		if (why != NULL || above == NULL || n == CHAIN_MAX)
			break;
		if (X509_verify(x, X509_get0_pubkey(above)) != 1)
			why = "a certificate in it is not signed by the next";
		put_certificate(x, chain);
		X509_free(x);
		x = above;
	}
	ERR_clear_error();
	if (why == NULL && X509_self_signed(x, 1) != 1)
		why = "the last certificate in it is not a root";
	if (why == NULL)
		put_certificate(x, root);
	X509_free(x);
	return why;
}

static bool
adopt_authority(struct pki *p, const char *chain_path, const char *key_path)
{
	struct buf given = BUF(PKI_PEM_MAX), chain = BUF(PKI_PEM_MAX), root = BUF(PKI_PEM_MAX),
		   key = BUF(PKI_PEM_MAX);
	const char *why = NULL;
	bool fine = file_read(chain_path, &given) && file_read(key_path, &key);

	if (!fine)
		diag("%s, %s: cannot take the authority", chain_path, key_path);
	else
		why = split_chain(buf_span(&given), &chain, &root);
	if (fine && why == NULL && !pki_key_fits(buf_span(&key), buf_span(&given)))
		why = "the key is another's, or has a passphrase";
	if (why != NULL)
		diag("%s: %s", chain_path, why);
	fine = fine && why == NULL &&
	       lay_out(p, buf_span(&key), buf_span(&chain), buf_span(&root));
	buf_free(&given);
	buf_free(&chain);
	buf_free(&root);
	buf_wipe(&key);
	return fine;
}

/* Is the authority in use the one asked for? */
static bool
is_same(const struct pki *p, const char *chain_path)
{
	struct buf given = BUF(PKI_PEM_MAX);
	struct certificate c = { 0 };
	bool same = file_read(chain_path, &given) && pki_read(buf_span(&given), &c) &&
		    strcmp(c.fingerprint, p->issuer_says.fingerprint) == 0;

	if (!same)
		diag("%s: another authority is in use here: %s", chain_path, p->dir);
	buf_free(&given);
	return same;
}

static bool
load_store(struct pki *p)
{
	X509 *x;
	int n;

	p->store = X509_STORE_new();
	p->between = sk_X509_new_null();
	need(p->store != NULL && p->between != NULL && X509_STORE_add_cert(p->store, p->root),
	    "make a trust store");
	for (n = 0; (x = nth_certificate(buf_span(&p->chain_pem), n)) != NULL; n++)
		need(sk_X509_push(p->between, x) > 0, "make a trust store");
	p->issuer = n > 0 ? sk_X509_value(p->between, 0) : p->root;
	return read_certificate(p->issuer, &p->issuer_says) &&
	       X509_check_private_key(p->issuer, p->key) == 1;
}

static bool
read_in(const struct pki *p, const char *dir, const char *name, struct buf *to)
{
	char *path = xasprintf("%s/%s/%s", p->dir, dir, name);
	bool fine = file_read(path, to);

	if (!fine && errno == ENOENT)
		diag("%s: not there", path);
	free(path);
	return fine;
}

static bool
load(struct pki *p, const char *dir)
{
	struct buf key = BUF(PKI_PEM_MAX);
	bool fine = read_in(p, dir, "ca.key", &key) &&
		    read_in(p, dir, "root.pem", &p->root_pem) &&
		    read_in(p, dir, "chain.pem", &p->chain_pem);

	if (fine) {
		p->key = read_key(buf_span(&key));
		p->root = nth_certificate(buf_span(&p->root_pem), 0);
		fine = p->key != NULL && p->root != NULL && load_store(p);
		if (!fine)
			diag("%s/%s: its key and certificates do not belong together", p->dir,
			    dir);
	}
	buf_wipe(&key);
	return fine;
}

/* One at a time: two makers of the same authority, or of the same list, would undo each other.
 */
static bool
take_lock(struct pki *p)
{
	char *path = pki_path(p, ".lock");
	bool fine;

	p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	fine = p->lock >= 0 && flock(p->lock, LOCK_EX) == 0;
	if (!fine)
		diag("%s: cannot lock: %s", path, strerror(errno));
	free(path);
	return fine;
}

static bool
is_there(const struct pki *p)
{
	char *path = pki_path(p, "ca");
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* A first list, then the name that makes it all count: an authority is never without one. A
 * list that is lost later is not made here, as an empty one would let the revoked in again. */
static bool
found(struct pki *p)
{
	char *tmp = pki_path(p, "ca.tmp"), *ca = pki_path(p, "ca");
	bool fine = load(p, "ca.tmp") && pki_crl_end(p, pki_crl_begin(), PKI_CRL_DAYS);

	if (fine && rename(tmp, ca) != 0) {
		diag("%s: cannot make: %s", ca, strerror(errno));
		fine = false;
	}
	fine = fine && file_sync_all(p->dir);
	free(tmp);
	free(ca);
	return fine;
}

struct pki *
pki_open(const char *dir, enum pki_key key, const char *chain_path, const char *key_path)
{
	struct pki *p = xcalloc(1, sizeof(*p));
	bool fine, there;

	p->dir = xstrdup(dir);
	p->lock = -1;
	p->root_pem = p->chain_pem = BUF(PKI_PEM_MAX);
	p->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	need(p->sha256 != NULL, "find SHA-256");
	fine = dir_make(dir, 0700) && take_lock(p);
	there = fine && is_there(p);
	if (there)
		fine = load(p, "ca") && (chain_path == NULL || is_same(p, chain_path));
	else if (fine)
		fine = (chain_path != NULL ? adopt_authority(p, chain_path, key_path)
					   : make_authority(p, key)) &&
		       found(p);
	if (!fine) {
		pki_close(p);
		return NULL;
	}
	return p;
}

void
pki_close(struct pki *p)
{
	if (p == NULL)
		return;
	if (p->lock >= 0)
		(void)close(p->lock);
	EVP_PKEY_free(p->key);
	X509_free(p->root);
	X509_STORE_free(p->store);
	sk_X509_pop_free(p->between, X509_free);
	X509_CRL_free(p->crl);
	EVP_MD_free(p->sha256);
	buf_free(&p->root_pem);
	buf_free(&p->chain_pem);
	free(p->dir);
	free(p);
}

struct span
pki_root(const struct pki *p)
{
	return buf_span(&p->root_pem);
}

struct span
pki_chain(const struct pki *p)
{
	return buf_span(&p->chain_pem);
}

const struct certificate *
pki_issuer(const struct pki *p)
{
	return &p->issuer_says;
}

/* --- issuing --- */

static bool
is_address(const char *name)
{
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
	bool is = ip != NULL;

	ASN1_OCTET_STRING_free(ip);
	ERR_clear_error();
	return is;
}

static void
add_names(X509 *x, const char *const *names)
{
	struct buf value = BUF(4096);

	for (; *names != NULL; names++)
		buf_printf(&value, "%s%s:%s", value.n > 0 ? "," : "",
		    is_address(*names) ? "IP" : "DNS", *names);
	must(!value.full);
	extend(x, x, NID_subject_alt_name, buf_text(&value));
	buf_free(&value);
}

/* The serial number as a name: how a broker tells two certificates of one gateway apart that
 * goes by names alone. */
static void
add_own_name(X509 *x)
{
	char serial[PKI_SERIAL_TEXT], value[sizeof("URI:" PKI_URI) + PKI_SERIAL_TEXT];

	must(serial_text(X509_get0_serialNumber(x), serial));
	(void)snprintf(value, sizeof(value), "URI:" PKI_URI "%s", serial);
	extend(x, x, NID_subject_alt_name, value);
}

static void
add_extensions(X509 *x, X509 *issuer, const struct pki_request *req, const EVP_PKEY *key)
{
	static const char *const usage[] = { [PKI_CLIENT] = "clientAuth",
		[PKI_SERVER] = "serverAuth",
		[PKI_PINNED] = "clientAuth",
		[PKI_NODE] = "serverAuth,clientAuth" };
	bool rsa = EVP_PKEY_is_a(key, "RSA");

	extend(x, issuer, NID_basic_constraints, "critical,CA:FALSE");
	extend(x, issuer, NID_key_usage,
	    rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature");
	extend(x, issuer, NID_ext_key_usage, usage[req->role]);
	extend(x, issuer, NID_subject_key_identifier, "hash");
	extend(x, issuer, NID_authority_key_identifier, "keyid:always");
	if (req->role == PKI_SERVER || req->role == PKI_NODE)
		add_names(x, req->names);
	if (req->role == PKI_CLIENT)
		add_own_name(x);
}

bool
pki_issue(struct pki *p, const struct pki_request *req, struct certificate *made,
    struct buf *pem, struct buf *key_pem, const char **why)
{
	bool pinned = req->role == PKI_PINNED || req->role == PKI_NODE;
	EVP_PKEY *key;
	X509 *x;

	*why = NULL;
	must(req->cn.n > 0 && req->cn.n <= PKI_CN_MAX && req->days > 0);
	key = req->csr.n > 0 ? pki_csr_key(req, why) : make_key(req->key);
	if (key == NULL)
		return false;
	x = blank(req->cn, key, pinned ? NULL : p->issuer, clock_now(), req->days);
	add_extensions(x, pinned ? x : p->issuer, req, key);
	need(X509_sign(x, pinned ? key : p->key, p->sha256) > 0, "sign a certificate");
	put_certificate(x, pem);
	if (!pinned)
		buf_put(pem, pki_chain(p));
	if (req->csr.n == 0)
		put_key(key, key_pem);
	must(!pem->full && !key_pem->full && read_certificate(x, made));
	X509_free(x);
	EVP_PKEY_free(key);
	return true;
}

const char *
pki_check(struct pki *p, struct span pem, struct span cn, when_t at)
{
	X509 *x = nth_certificate(pem, 0);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const char *why = NULL;
	char name[PKI_CN_MAX + 1];

	need(ctx != NULL && X509_STORE_CTX_init(ctx, p->store, x, p->between) == 1,
	    "check a certificate");
	X509_STORE_CTX_set_time(ctx, 0, (time_t)at);
	need(X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) == 1,
	    "check a certificate");
	if (x == NULL)
		why = "not a PEM certificate";
	else if (!pki_common_name(X509_get_subject_name(x), name) || !span_is(cn, name))
		why = "for another CN";
	else if (X509_verify_cert(ctx) != 1)
		why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	X509_free(x);
	return why;
}
