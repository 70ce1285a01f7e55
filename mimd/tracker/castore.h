/* SPDX-License-Identifier: ISC */
#ifndef CASTORE_H
#define CASTORE_H

#include <openssl/x509.h>

#define CASTORE_SYSTEM	"/etc/ssl/certs/ca-certificates.crt"
#define CASTORE_MAX	(16U << 20)	/* bytes of such a file */

struct castore;

/* For "mimd -n": why no certificate can be had from a file, or NULL. */
const char	*castore_check(const char *path);

/*
 * Read the certificates to trust, while files can still be opened.  path "":
 * those of the system.  Without them there is a line in the log.
 */
struct castore	*castore_new(const char *path);

/*
 * All of them, for all connections; NULL if there are none.  They are parsed
 * when first asked for: that takes longer than all else at a start, and
 * megabytes, which who meets no https never spends.
 */
X509_STORE	*castore_get(struct castore *ca);

#endif /* CASTORE_H */
