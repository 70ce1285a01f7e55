/* SPDX-License-Identifier: ISC */
#ifndef FAST_H
#define FAST_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The fast extension (BEP 6), without I/O: pieces that a peer may ask for
 * although it is choked, of us and we of it.
 */
#define FAST_SET		10	/* pieces of a set */
#define FAST_ALLOWED_MAX	16	/* kept of what a peer allows us */
#define FAST_BYTES		(1U << 20)	/* pieces for so much, or one */
#define FAST_SPARE		65536U	/* beyond a piece: asked for twice */

struct fast {
	struct {
		uint32_t	piece;
		uint32_t	left;	/* bytes it may have while choked */
	}		given[FAST_SET];
	uint32_t	allowed[FAST_ALLOWED_MAX];
	uint8_t		ngiven, nallowed;
	bool		offered;	/* ours were sent */
};

/*
 * The allowed fast set of BEP 6 for an IPv4 address; up to k <= FAST_SET
 * pieces, no more than there are.  Returns how many.
 */
uint32_t fast_set(const uint8_t ip4[4], const uint8_t infohash[20],
	    uint32_t npieces, uint32_t *out, uint32_t k);
/* Of how many pieces, given their length, we make a set. */
uint32_t fast_set_size(uint32_t piece_length);
/* The peer may have a piece of ours; at most FAST_SET of them. */
void	 fast_give(struct fast *f, uint32_t piece, uint32_t size);
/* It asks for length bytes of a piece: false if that is too much. */
bool	 fast_take(struct fast *f, uint32_t piece, uint32_t length);
/* The peer allows us a piece: false if we knew, or cannot keep it. */
bool	 fast_allow(struct fast *f, uint32_t piece);
/* It refused, or we have it. */
void	 fast_disallow(struct fast *f, uint32_t piece);

#endif /* FAST_H */
