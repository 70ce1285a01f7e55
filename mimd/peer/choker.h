/* SPDX-License-Identifier: ISC */
#ifndef CHOKER_H
#define CHOKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who may ask us for blocks: a fair unchoke by turns.  Pure.  An interested
 * peer gets a free slot at once.  When there are more such peers than slots,
 * those that were served for CHOKER_TURN_MS step back for the ones that
 * have waited longest.
 *
 * The number of slots follows the upload: as long as those unchoked get
 * enough each, there is room for more; when they do not, there are too many.
 */
#define CHOKER_SLOTS_MIN	8
#define CHOKER_SLOTS_MAX	64
#define CHOKER_SLOT_LOW		8192	/* bytes/s each: too many slots */
#define CHOKER_SLOT_HIGH	65536	/* bytes/s each: room for more */
#define CHOKER_ROUND_MS		10000
#define CHOKER_TURN_MS		30000

struct choker_peer {
	bool		interested;
	bool		unchoked;	/* in: is; out: shall be */
	uint64_t	since;		/* when that last changed, 0 never */
	void		*arg;		/* the caller's */
};

/* Slots to use now, given those before and the upload of the last round. */
uint32_t choker_slots(uint32_t slots, uint32_t used, uint32_t blocked,
	    uint64_t rate);
/* Decide for n peers; sorts v. */
void	 choker_run(struct choker_peer *v, uint32_t n, uint32_t slots,
	    uint64_t now);

#endif /* CHOKER_H */
