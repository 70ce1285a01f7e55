/* SPDX-License-Identifier: ISC */
#ifndef ITEM_H
#define ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"
#include "krpc.h"

/*
 * The values of BEP 44: immutable ones, found by their hash, and mutable
 * ones, signed with the key (Ed25519, RFC 8032) that they are found by.
 */
struct item {
	uint8_t		target[ID_LEN];
	bool		signs;		/* mutable */
	uint8_t		key[KRPC_KEY_LEN], sig[KRPC_SIG_LEN];
	uint8_t		nsalt;
	uint8_t		salt[KRPC_SALT_MAX];
	int64_t		seq;
	uint16_t	nv;
	uint8_t		v[KRPC_V_MAX];	/* bencoded */
};

/* Let libcrypto fetch what it needs; call before a sandbox is closed. */
void	item_init(void);
/* Where a mutable item is found. */
void	item_target(const uint8_t key[KRPC_KEY_LEN], const uint8_t *salt,
	    size_t nsalt, uint8_t target[ID_LEN]);
/*
 * The value of a put or of an answer; 0, or the KRPC_E_* that says what is
 * wrong with it.  salt, of an answer, is what was asked for.  Its signature
 * is not looked at, which takes long.
 */
int	item_read(struct item *item, const struct krpc *m,
	    const struct krpc_bytes *salt);
/* Is it signed by its key, if it must be? */
bool	item_verify(const struct item *item);
/*
 * A value of our own; seed NULL makes it immutable.  -1 if it is too long or
 * not bencoded as it must be.
 */
int	item_make(struct item *item, const uint8_t *v, size_t n,
	    const uint8_t *seed, const struct krpc_bytes *salt, int64_t seq);
/* Let m tell of it, by pointers into it. */
void	item_put(const struct item *item, struct krpc *m);

#endif /* ITEM_H */
