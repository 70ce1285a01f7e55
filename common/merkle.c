/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "merkle.h"

static void
join(const uint8_t *left, const uint8_t *right, uint8_t out[SHA256_LEN])
{
	uint8_t	both[2 * SHA256_LEN];

	memcpy(both, left, SHA256_LEN);
	memcpy(both + SHA256_LEN, right, SHA256_LEN);
	hash_sha256(both, sizeof(both), out);
}

void
merkle_pad(unsigned level, uint8_t out[SHA256_LEN])
{
	memset(out, 0, SHA256_LEN);
	while (level-- > 0)
		join(out, out, out);
}

/*
 * Like counting in binary: left[i] holds a full subtree of 2^i hashes when
 * bit i of the count is set, and each new hash carries.
 */
void
merkle_root(const uint8_t *hashes, size_t n, unsigned level,
    unsigned levels_min, uint8_t out[SHA256_LEN])
{
	uint8_t		left[MERKLE_LEVELS][SHA256_LEN], pad[SHA256_LEN];
	size_t		i, rest;
	unsigned	bit, top = levels_min;

	while (((size_t)1 << top) < n)
		top++;
	for (i = 0; i < n; i++) {
		memcpy(out, hashes + i * SHA256_LEN, SHA256_LEN);
		for (bit = 0; (i >> bit) & 1; bit++)
			join(left[bit], out, out);
		memcpy(left[bit], out, SHA256_LEN);
	}
	if (n == (size_t)1 << top)
		return;
	/* Add the pads: the rest of the tree, from its lowest level up. */
	merkle_pad(level, pad);
	memcpy(out, pad, SHA256_LEN);
	for (bit = 0, rest = n; bit < top; bit++) {
		if ((rest >> bit) & 1)
			join(left[bit], out, out);
		else if (rest & (((size_t)1 << bit) - 1))
			join(out, pad, out);
		else
			join(pad, pad, out);
		join(pad, pad, pad);
	}
}
