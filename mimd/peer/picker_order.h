/* SPDX-License-Identifier: ISC */
#ifndef PICKER_ORDER_H
#define PICKER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The pieces that are not begun, in classes of urgency; those of a class are
 * sorted by how many peers have them.  first[a] is where those of
 * availability a start; to move a piece by one is to swap it with the edge of
 * its run and to shift that edge.  Peers that have all are counted once, in
 * seeds.
 *
 * A class is twice the priority, plus one for the edge of a file while edges
 * come first.  Classes beside the common one grow on demand.
 */
#define ORDER_NONE	UINT32_MAX
#define ORDER_RESERVED	0x7ffffffeU	/* as slot: others fetch it */
#define ORDER_PRIOS	3
#define ORDER_SKIP	ORDER_PRIOS	/* as priority: of no use to us */
#define ORDER_CLASSES	(2 * (ORDER_PRIOS + 1))
#define ORDER_PROBE	256	/* pieces tried in order of rarity */
#define ORDER_TRIES	32	/* ... and at random */
#define ORDER_WALK	4096	/* words of 64 pieces walked then */
#define ORDER_WINDOW	1024	/* pieces looked at in order of number */

struct order_class {
	uint32_t	*list;		/* pieces, rarest first */
	uint32_t	 n, size;
	uint32_t	*first;		/* by availability, navail + 1 */
	uint32_t	 navail;
	uint32_t	 cursor;	/* none of the class before it */
};

struct order {
	struct order_class class[ORDER_CLASSES];
	uint32_t	*pos;		/* by piece: index; picker_order.c */
	uint16_t	*avail;		/* by piece */
	uint8_t		*marks;		/* by piece; NULL: nothing special */
	const uint8_t	*have;		/* the owner's */
	uint32_t	 n;		/* of all classes but those skipped */
	uint32_t	 npieces;
	uint32_t	 seeds;
	bool		 edges_first;
};

/* have is read now and later, and told of by order_had(). */
void	 order_init(struct order *o, uint32_t npieces, const uint8_t *have);
void	 order_clear(struct order *o);
/* One peer more, one less has the piece: O(1). */
void	 order_inc(struct order *o, uint32_t piece);
void	 order_dec(struct order *o, uint32_t piece);
/* A piece of the list is begun; slot is the caller's number for it. */
void	 order_open(struct order *o, uint32_t piece, uint32_t slot);
void	 order_move_slot(struct order *o, uint32_t piece, uint32_t slot);
bool	 order_listed(const struct order *o, uint32_t piece);
/* That number, ORDER_NONE if it is not begun. */
uint32_t order_open_slot(const struct order *o, uint32_t piece);
/* We have the piece; we have it no more. */
void	 order_had(struct order *o, uint32_t piece);
void	 order_lost(struct order *o, uint32_t piece);
/* Peers that have the piece. */
uint32_t order_peers(const struct order *o, uint32_t piece);
/* Is there a piece in the list, not skipped, that any peer has? */
bool	 order_available(const struct order *o);

/* Each costs as much as there are availabilities. */
void	 order_set_prio(struct order *o, uint32_t piece, uint32_t prio);
void	 order_set_edge(struct order *o, uint32_t piece);
/* Costs that for each piece that is an edge, and a look at every other. */
void	 order_edges_first(struct order *o, bool yes);
uint32_t order_class(const struct order *o, uint32_t piece);

/*
 * A piece of a class that is in bits (NULL: any), or ORDER_NONE.  Rarest: the
 * first ORDER_PROBE pieces are tried in order of rarity, then a bounded walk
 * over the bits from a random place.  Next: the one with the lowest number,
 * if it is among the next ORDER_WINDOW.
 */
uint32_t order_rarest(const struct order *o, uint32_t class,
	    const uint8_t *bits);
uint32_t order_random(const struct order *o, uint32_t class,
	    const uint8_t *bits);
uint32_t order_next(struct order *o, uint32_t class, const uint8_t *bits);
/* Is piece b in the list, as urgent and as rare as a? */
bool	 order_equal(const struct order *o, uint32_t a, uint32_t b);

#endif /* PICKER_ORDER_H */
