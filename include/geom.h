/* SPDX-License-Identifier: ISC */
#ifndef GEOM_H
#define GEOM_H

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_SIZE	16384U	/* bytes asked for in one request (BEP 3) */

/* The shape of a torrent's payload: pieces of equal length but the last. */
struct geom {
	uint64_t	size;		/* bytes, > 0 */
	uint32_t	piece_length;	/* bytes, > 0 */
	uint32_t	npieces;
};

static inline uint32_t
geom_npieces(uint64_t size, uint32_t piece_length)
{
	return (uint32_t)((size + piece_length - 1) / piece_length);
}

static inline uint32_t
geom_piece_size(const struct geom *g, uint32_t piece)
{
	if (piece + 1 < g->npieces)
		return g->piece_length;
	return (uint32_t)(g->size - (uint64_t)piece * g->piece_length);
}

/* Blocks of a piece; the last may be short. */
static inline uint32_t
geom_nblocks(const struct geom *g, uint32_t piece)
{
	return (geom_piece_size(g, piece) + BLOCK_SIZE - 1) / BLOCK_SIZE;
}

static inline uint32_t
geom_block_len(const struct geom *g, uint32_t piece, uint32_t block)
{
	uint32_t	left = geom_piece_size(g, piece) - block * BLOCK_SIZE;

	return left < BLOCK_SIZE ? left : BLOCK_SIZE;
}

/* True if (piece, begin, length) lies inside one piece; never wraps. */
static inline bool
geom_has(const struct geom *g, uint32_t piece, uint32_t begin, uint32_t length)
{
	uint32_t	size;

	if (piece >= g->npieces || length == 0)
		return false;
	size = geom_piece_size(g, piece);
	return begin < size && length <= size - begin;
}

#endif /* GEOM_H */
