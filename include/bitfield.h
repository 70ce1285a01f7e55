/* SPDX-License-Identifier: ISC */
#ifndef BITFIELD_H
#define BITFIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Piece sets in wire order: the high bit of byte 0 is piece 0 (BEP 3). */

static inline size_t
bitfield_size(uint32_t nbits)
{
	return ((size_t)nbits + 7) / 8;
}

static inline bool
bitfield_get(const uint8_t *bits, uint32_t i)
{
	return (bits[i >> 3] >> (7 - (i & 7))) & 1;
}

static inline void
bitfield_set(uint8_t *bits, uint32_t i)
{
	bits[i >> 3] |= (uint8_t)(0x80 >> (i & 7));
}

static inline void
bitfield_clear(uint8_t *bits, uint32_t i)
{
	bits[i >> 3] &= (uint8_t)~(0x80 >> (i & 7));
}

/* Number of set bits among the first nbits. */
uint32_t	bitfield_count(const uint8_t *bits, uint32_t nbits);
/* Clear the spare bits after nbits; true if any was set. */
bool		bitfield_trim(uint8_t *bits, uint32_t nbits);

#endif /* BITFIELD_H */
