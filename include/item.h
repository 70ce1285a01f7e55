/* SPDX-License-Identifier: ISC */
#ifndef ITEM_H
#define ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

/*
 * The values that nodes of the DHT keep for others (BEP 44): immutable ones,
 * found by their hash, and mutable ones, signed with the key (Ed25519, RFC
 * 8032) that they are found by.  Pure.
 */
#define ITEM_V_MAX	1000U
#define ITEM_SALT_MAX	64U
#define ITEM_KEY_LEN	32U
#define ITEM_SIG_LEN	64U
#define ITEM_SEED_LEN	32U	/* of which a key is made: the secret */

struct item {
	uint8_t		target[SHA1_LEN];	/* where it is found */
	bool		signs;		/* mutable */
	uint8_t		key[ITEM_KEY_LEN], sig[ITEM_SIG_LEN];
	uint8_t		nsalt;
	uint8_t		salt[ITEM_SALT_MAX];
	int64_t		seq;
	uint16_t	nv;
	uint8_t		v[ITEM_V_MAX];	/* bencoded */
};

/* Load libcrypto, and what it needs; call before a sandbox is closed. */
void	item_init(void);
/* The public key of a seed. */
void	item_key(const uint8_t seed[ITEM_SEED_LEN],
	    uint8_t key[ITEM_KEY_LEN]);
/* Where a mutable item is found. */
void	item_target(const uint8_t key[ITEM_KEY_LEN], const uint8_t *salt,
	    size_t nsalt, uint8_t target[SHA1_LEN]);
/* One value, and nothing after it, with all keys in order? */
bool	item_is_bencoded(const uint8_t *v, size_t n);
/*
 * A value that came, as it is; key NULL: it is immutable, and what follows
 * does not count but for the salt.  False if value or salt is too long.
 * Its signature is not looked at, which takes long.
 */
bool	item_set(struct item *item, const uint8_t *v, size_t n,
	    const uint8_t *salt, size_t nsalt, const uint8_t *key,
	    const uint8_t *sig, int64_t seq);
/* Is it signed by its key, if it must be? */
bool	item_verify(const struct item *item);
/*
 * A value of our own; seed NULL makes it immutable.  -1 if it is too long or
 * not bencoded as it must be.
 */
int	item_make(struct item *item, const uint8_t *v, size_t n,
	    const uint8_t *seed, const uint8_t *salt, size_t nsalt,
	    int64_t seq);

#endif /* ITEM_H */
