/* SPDX-License-Identifier: ISC */
#ifndef SUPERSEED_H
#define SUPERSEED_H

#include <stdbool.h>
#include <stdint.h>

#include "picker.h"

/*
 * Super seeding (BEP 16): a first seed seems to have nothing, and shows each
 * peer a few pieces at a time, those that are rarest among the others.  A
 * peer is shown more when what it got was passed on, so that little is sent
 * twice.  Pure: the clock is in the arguments.
 */
#define SUPERSEED_OUT		2	/* pieces shown and not passed on */
#define SUPERSEED_WAIT_MS	10000	/* nobody wants it from this peer */

struct superseed {
	uint32_t	 npieces, npeers;
	uint32_t	*avail;		/* peers that have it, by piece */
	uint32_t	*shown;		/* peers that it is shown to */
};

/* What one peer was shown. */
struct superseed_peer {
	uint8_t		*bits;
	uint32_t	 out[SUPERSEED_OUT];
	uint8_t		 nout;
	uint64_t	 at;		/* when it last changed */
};

struct superseed *superseed_new(uint32_t npieces);
void	 superseed_free(struct superseed *ss);		/* NULL is fine */

/* A peer comes, with the pieces it has; it goes. */
void	 superseed_join(struct superseed *ss, struct superseed_peer *sp,
	    const struct pieceset *has);
void	 superseed_leave(struct superseed *ss, struct superseed_peer *sp,
	    const struct pieceset *has);
/* Its set as a whole is another now. */
void	 superseed_add_set(struct superseed *ss, const struct pieceset *has);
void	 superseed_del_set(struct superseed *ss, const struct pieceset *has);
/* May it ask for this piece? */
bool	 superseed_shows(const struct superseed_peer *sp, uint32_t piece);
/* A peer has the piece now: count it once, then tell each of the peers. */
void	 superseed_on_have(struct superseed *ss, uint32_t piece);
/* A peer has it no more. */
void	 superseed_on_lost(struct superseed *ss, uint32_t piece);
/* own: it is the one that has it now. */
void	 superseed_on_seen(const struct superseed *ss,
	    struct superseed_peer *sp, uint32_t piece, bool own,
	    uint64_t now);
/* It has all it was shown, and nobody takes it: show it something else. */
void	 superseed_tick(struct superseed_peer *sp, const struct pieceset *has,
	    uint32_t npieces, uint64_t now);
/* The next piece to show it, PICKER_NONE if it was shown enough. */
uint32_t superseed_next(struct superseed *ss, struct superseed_peer *sp,
	    const struct pieceset *has, uint64_t now);

#endif /* SUPERSEED_H */
