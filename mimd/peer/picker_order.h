/* SPDX-License-Identifier: ISC */
#ifndef PICKER_ORDER_H
#define PICKER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The pieces that are not begun, sorted by how many peers have them.  first[a]
 * is where those of availability a start; to move a piece by one is to swap
 * it with the edge of its run and to shift that edge.  Peers that have all
 * are counted once, in seeds.
 */
#define ORDER_NONE	UINT32_MAX

struct order {
	uint32_t	*list;		/* pieces, rarest first */
	uint32_t	 n;
	uint32_t	*pos;		/* by piece: index; picker_order.c */
	uint16_t	*avail;		/* by piece */
	uint32_t	*first;		/* by availability, navail + 1 */
	uint32_t	 navail;
	uint32_t	 npieces;
	uint32_t	 seeds;
};

void	 order_init(struct order *o, uint32_t npieces, const uint8_t *have);
void	 order_clear(struct order *o);
/* One peer more, one less has the piece. */
void	 order_inc(struct order *o, uint32_t piece);
void	 order_dec(struct order *o, uint32_t piece);
/* A piece of the list is begun; slot is the caller's number for it. */
void	 order_open(struct order *o, uint32_t piece, uint32_t slot);
void	 order_move_slot(struct order *o, uint32_t piece, uint32_t slot);
/* That number, ORDER_NONE if it is not begun. */
uint32_t order_open_slot(const struct order *o, uint32_t piece);
/* We have the piece; we have it no more. */
void	 order_had(struct order *o, uint32_t piece);
void	 order_lost(struct order *o, uint32_t piece);
/* Peers that have the piece. */
uint32_t order_peers(const struct order *o, uint32_t piece);
/* Is there a piece in the list that any peer has? */
bool	 order_available(const struct order *o);
/*
 * A piece of the list in bits (NULL: any); the caller knows there is one.
 * The first probe pieces are tried in order of rarity, then the bits are
 * walked from a random place, sixty-four at a time.
 */
uint32_t order_rarest(const struct order *o, const uint8_t *bits,
	    uint32_t probe);
uint32_t order_random(const struct order *o, const uint8_t *bits);

#endif /* PICKER_ORDER_H */
