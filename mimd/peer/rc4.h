/* SPDX-License-Identifier: ISC */
#ifndef RC4_H
#define RC4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

/*
 * RC4 as MSE has it: keyed with a SHA-1, the first 1024 bytes of its stream
 * thrown away.  It hides what a connection is from a look in passing, no
 * more.  OpenSSL has it in a module ("legacy") that must be loaded while
 * files can still be opened.
 */
#define RC4_KEY_LEN	20
#define RC4_SKIP	1024

/* Load the module; NULL, or what is wrong.  A second call does nothing. */
const char	*rc4_load(void);
bool		 rc4_loaded(void);

EVP_CIPHER_CTX	*rc4_new(const uint8_t key[RC4_KEY_LEN]);
/* in and out may be the same. */
void		 rc4_apply(EVP_CIPHER_CTX *rc4, const uint8_t *in,
		    uint8_t *out, size_t n);
void		 rc4_free(EVP_CIPHER_CTX *rc4);

#endif /* RC4_H */
