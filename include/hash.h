/* SPDX-License-Identifier: ISC */
#ifndef HASH_H
#define HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA1_LEN	20
#define SHA256_LEN	32

/* Fetch the digests once; call before a sandbox closes the files away. */
void	hash_init(void);

void	hash_sha1(const void *p, size_t len, uint8_t out[SHA1_LEN]);
void	hash_sha256(const void *p, size_t len, uint8_t out[SHA256_LEN]);

/* Incremental SHA-1; free with hash_free(), also after hash_final(). */
struct hash;
struct hash *hash_new(void);
void	hash_reset(struct hash *h);
void	hash_update(struct hash *h, const void *p, size_t len);
void	hash_final(struct hash *h, uint8_t out[SHA1_LEN]);
void	hash_free(struct hash *h);	/* NULL is fine */

/* Lower-case hex of n bytes into out[2 * n + 1]; returns out. */
char	*hash_hex(const uint8_t *p, size_t n, char *out);
/* All len characters of s are the digits of size bytes, in either case. */
bool	hash_from_hex(const char *s, size_t len, uint8_t *out, size_t size);

#endif /* HASH_H */
