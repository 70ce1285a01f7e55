/* SPDX-License-Identifier: ISC */
#include <openssl/crypto.h>

#include <string.h>

#include "hash.h"
#include "token.h"

void
tokens_rotate(struct tokens *t, const uint8_t secret[TOKEN_SECRET],
    uint64_t now)
{
	memcpy(t->secret[1], t->rotate_at == 0 ? secret : t->secret[0],
	    TOKEN_SECRET);
	memcpy(t->secret[0], secret, TOKEN_SECRET);
	t->rotate_at = now + TOKEN_ROTATE_MS;
}

/* What is hashed has one length, and most of the digest stays secret. */
static void
make(const uint8_t *secret, const struct addr *a, const uint8_t *target,
    uint8_t out[TOKEN_LEN])
{
	uint8_t	buf[TOKEN_SECRET + 16 + ID_LEN], digest[SHA1_LEN];

	memcpy(buf, secret, TOKEN_SECRET);
	memcpy(buf + TOKEN_SECRET, a->ip, 16);
	memcpy(buf + TOKEN_SECRET + 16, target, ID_LEN);
	hash_sha1(buf, sizeof(buf), digest);
	memcpy(out, digest, TOKEN_LEN);
}

void
token_make(const struct tokens *t, const struct addr *a,
    const uint8_t *target, uint8_t out[TOKEN_LEN])
{
	make(t->secret[0], a, target, out);
}

bool
token_check(const struct tokens *t, const struct addr *a,
    const uint8_t *target, const struct krpc_bytes *token)
{
	uint8_t	good[TOKEN_LEN];
	int	i;

	if (token->p == NULL || token->n != TOKEN_LEN)
		return false;
	for (i = 0; i < 2; i++) {
		make(t->secret[i], a, target, good);
		if (CRYPTO_memcmp(good, token->p, TOKEN_LEN) == 0)
			return true;
	}
	return false;
}
