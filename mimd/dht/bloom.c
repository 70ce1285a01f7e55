/* SPDX-License-Identifier: ISC */
#include "bloom.h"
#include "hash.h"

#define BITS	(BLOOM_LEN * 8U)

static void
set(uint8_t filter[BLOOM_LEN], const uint8_t *p)
{
	uint32_t	bit = (p[0] | (uint32_t)p[1] << 8) % BITS;

	filter[bit / 8] |= (uint8_t)(1 << (bit % 8));
}

void
bloom_add(uint8_t filter[BLOOM_LEN], const struct addr *a)
{
	uint8_t	digest[SHA1_LEN];

	if (addr_is_v4(a))
		hash_sha1(a->ip + 12, 4, digest);
	else
		hash_sha1(a->ip, 16, digest);
	set(filter, digest);
	set(filter, digest + 2);
}

/*
 * Each address leaves a zero bit zero with a chance of (1 - 1/BITS)^2: how
 * many it takes to come down to the zeros there are.
 */
uint32_t
bloom_count(const uint8_t filter[BLOOM_LEN])
{
	const double	keep = (1 - 1.0 / BITS) * (1 - 1.0 / BITS);
	double		left = BITS, least;
	uint32_t	i, zeros = BITS, n = 0;

	for (i = 0; i < BLOOM_LEN; i++)
		zeros -= (uint32_t)__builtin_popcount(filter[i]);
	least = zeros > 0 ? zeros : 1;
	while (left * (1 + keep) / 2 > least) {	/* to the nearest one */
		left *= keep;
		n++;
	}
	return n;
}
