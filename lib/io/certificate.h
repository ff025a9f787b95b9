/*
 * certificate: until when one stands, for those who have nothing else to do with keys: OpenSSL
 * is loaded when the first is looked at. Everything else about certificates is in pki.
 */
#ifndef NBMS_IO_CERTIFICATE_H
#define NBMS_IO_CERTIFICATE_H

#include "base/when.h"

/* The notAfter (RFC 5280 section 4.1.2.5) of the first certificate of a PEM text. False: there
 * is none. */
bool certificate_ends(struct span pem, when_t *ends);

#endif
