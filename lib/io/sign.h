/*
 * sign: digests, message authentication and signatures for those who call services.
 *
 *   sign.c       digests and tokens, over nettle, which costs a program no time to start: who
 *                asks by CGI shows a token every time
 *   sign_jwt.c   signatures with keys, over OpenSSL
 */
#ifndef NBMS_IO_SIGN_H
#define NBMS_IO_SIGN_H

#include "base/buf.h"

#define SIGN_SHA256 32                 /* bytes */
#define SIGN_HEX (2 * SIGN_SHA256 + 1) /* bytes that hold it in hexadecimal, NUL included */

void sign_sha256(unsigned char to[SIGN_SHA256], struct span text);

/* RFC 2104 with SHA-256. */
void sign_hmac(unsigned char to[SIGN_SHA256], struct span key, struct span text);

/* Lower-case. Returns `to`. */
char *sign_hex(char to[SIGN_HEX], const unsigned char digest[SIGN_SHA256]);

/* RFC 4648 sections 4 and 5 (url: without padding). */
void sign_base64(struct buf *to, struct span s, bool url);

/*
 * Appends text, a dot and its RS256 signature (RFC 7518 section 3.3) in base64url: text is a
 * JWT's header and claims, encoded. False: pem is no RSA private key.
 */
bool sign_jwt(struct buf *to, struct span text, struct span pem);

/*
 * Tokens people come in with: "nbms_" and 32 random bytes in base64url. What is stored is the
 * digest alone, SHA-256 in hexadecimal; false: the text has not the form of a token.
 */
#define SIGN_TOKEN (5 + 43 + 1) /* bytes that hold one, NUL included */
void sign_token_make(char to[SIGN_TOKEN]);
bool sign_token_digest(char to[SIGN_HEX], struct span token);

#endif
