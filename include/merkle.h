/* SPDX-License-Identifier: ISC */
#ifndef MERKLE_H
#define MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"

/*
 * The hash trees of BEP 52: SHA-256 over 16 KiB blocks, a short last block as
 * it is; missing leaves are 32 zero bytes.
 */
#define MERKLE_LEVELS	48	/* leaves of the largest tree: 2^47 */

/* The hash of a subtree of 2^level missing leaves. */
void	merkle_pad(unsigned level, uint8_t out[SHA256_LEN]);
/*
 * The root over n > 0 hashes that stand level levels above the leaves,
 * filled up with pads to a power of two, and to 2^levels_min of them at
 * least: the leaves of a file or a piece, or a piece layer.
 */
void	merkle_root(const uint8_t *hashes, size_t n, unsigned level,
	    unsigned levels_min, uint8_t out[SHA256_LEN]);

#endif /* MERKLE_H */
