/* SPDX-License-Identifier: ISC */
#ifndef CASTORE_H
#define CASTORE_H

#include <openssl/x509.h>

#define CASTORE_SYSTEM	"/etc/ssl/certs/ca-certificates.crt"

/*
 * The certificates to trust, parsed once for all connections; NULL, and a
 * line in the log, if there are none.  path "": those of the system.
 */
X509_STORE	*castore_load(const char *path);

#endif /* CASTORE_H */
