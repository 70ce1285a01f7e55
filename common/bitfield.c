/* SPDX-License-Identifier: ISC */
#include "bitfield.h"

uint32_t
bitfield_count(const uint8_t *bits, uint32_t nbits)
{
	uint32_t	i, n = 0;

	for (i = 0; i < nbits / 8; i++)
		n += (uint32_t)__builtin_popcount(bits[i]);
	for (i *= 8; i < nbits; i++)
		n += bitfield_get(bits, i);
	return n;
}

bool
bitfield_trim(uint8_t *bits, uint32_t nbits)
{
	uint8_t	spare;

	if (nbits % 8 == 0)
		return false;
	spare = (uint8_t)(0xff >> (nbits % 8));
	if ((bits[nbits / 8] & spare) == 0)
		return false;
	bits[nbits / 8] &= (uint8_t)~spare;
	return true;
}
