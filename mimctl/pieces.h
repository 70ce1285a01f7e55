/* SPDX-License-Identifier: ISC */
#ifndef PIECES_H
#define PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/* How the pieces of a torrent stand, as the daemon told page by page. */
struct pieces {
	uint32_t	 id, n;
	uint32_t	 got;		/* told of so far */
	uint8_t		*have, *begun;	/* sets */
	uint8_t		*peers;		/* that have it, 255: or more */
};

void	 pieces_init(struct pieces *p, uint32_t id, uint32_t n);
void	 pieces_clear(struct pieces *p);
/* Take the next page; one that does not fit is passed over. */
void	 pieces_take(struct pieces *p, const struct msg_ctl_pieces_told *m);
/* Pieces that are here, or (else) begun. */
uint32_t pieces_count(const struct pieces *p, bool have);
/* Of the same state, and at as many peers? */
bool	 pieces_alike(const struct pieces *p, uint32_t a, uint32_t b);
/*
 * Copies among the peers: as many as the rarest piece has, and the share of
 * pieces that have more.
 */
double	 pieces_copies(const struct pieces *p);
/*
 * Two bars of at most cells characters: what is here (# all, + some, > begun,
 * . none), and how many peers have the rarest piece of those missing in a
 * cell (a digit, 9: or more; blank: nothing is missing).  Both buffers take
 * cells + 1; returns the cells used.
 */
uint32_t pieces_draw(const struct pieces *p, uint32_t cells, char *have,
	    char *peers);

#endif /* PIECES_H */
