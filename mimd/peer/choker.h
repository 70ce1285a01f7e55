/* SPDX-License-Identifier: ISC */
#ifndef CHOKER_H
#define CHOKER_H

#include <stdbool.h>
#include <stdint.h>

#include "shaper.h"

/*
 * Who may ask us for blocks.  Pure: peers and a clock in, decisions out.
 *
 * Torrents share the slots evenly: each gets one in turn until all are given
 * out or nobody wants more.  Where there are too few for a first one each,
 * those served for CHOKER_TURN_MS step back for those that waited longest.
 *
 * A torrent that we download gives its slots to the peers that send us most
 * (BEP 3).  Each fifth goes by turns to one that does not, for 30 s, and so
 * does what is left over; peers never served count as waiting three times as
 * long.  A peer that unchoked us and sent nothing for a minute is not one
 * that sends.  While upload is scarce, those that send nothing get their
 * fifth and what is left of CHOKER_SLOTS_MIN, no more.
 *
 * A torrent that we seed serves all by turns.  Who is near the start or the
 * end of the download waits half as long: the one has nothing to share yet,
 * the other soon shares all.  Who took twice the torrent's size without
 * getting on loses its slot.
 *
 * Who lets its turn go by without a request waits twice as long next time.
 *
 * A torrent or a class of peers whose upload is limited gets no more slots
 * than that feeds; the others have what it leaves.
 */
#define CHOKER_SLOTS_MIN	8
#define CHOKER_SLOTS_FEW	4	/* of a low limit */
#define CHOKER_SLOTS_MAX	64
#define CHOKER_SLOT_LOW		8192	/* bytes/s each: too many slots */
#define CHOKER_SLOT_HIGH	65536	/* bytes/s each: room for more */
#define CHOKER_SLOT_SHARE	262144	/* bytes/s of a limit for a slot */
#define CHOKER_ROUND_MS		10000
#define CHOKER_TURN_MS		30000
#define CHOKER_SNUB_MS		60000
#define CHOKER_FIFTH		5	/* one slot in so many is optimistic */
#define CHOKER_NEW_WEIGHT	3
#define CHOKER_IDLE_MAX		6	/* wasted turns that count */

struct choker_peer {
	uint32_t	torrent;	/* its number */
	bool		seeding;	/* we have all of that torrent */
	bool		interested;
	bool		unchoked;	/* in: is; out: shall be */
	bool		optimistic;	/* out: though it does not send */
	bool		served;		/* was unchoked before */
	bool		busy;		/* asked for something in its turn */
	uint8_t		idle;		/* turns in a row that it wasted */
	uint16_t	progress;	/* permille that it has */
	uint64_t	since;		/* (un)choked, or connected: waits */
	uint64_t	rate;		/* bytes/s that it sends us */
	uint64_t	heard;		/* its last block or unchoke; 0 never */
	bool		silent;		/* unchoked us, is asked */
	uint64_t	taken;		/* bytes since it got on */
	uint64_t	size;		/* of the torrent */
	uint32_t	max;		/* slots of the torrent */
	uint8_t		class;		/* of peers; 0: none */
	uint32_t	class_max;	/* slots of the class */
	void		*arg;		/* the caller's */
};

/*
 * Slots to use now, given those before, those in use and how many of these
 * take no more, the upload of the last round and its limit, 0: none.
 */
uint32_t choker_slots(uint32_t slots, uint32_t used, uint32_t blocked,
	    uint64_t rate, uint64_t limit);
/* As many as such a limit feeds. */
uint32_t choker_slots_max(uint64_t limit);
/* Is upload scarce, so that those who send come first? */
bool	 choker_scarce(uint32_t used, uint32_t blocked, uint64_t rate,
	    uint64_t limit);
/* Decide for n peers; sorts v. */
void	 choker_run(struct choker_peer *v, uint32_t n, uint32_t slots,
	    bool scarce, uint64_t now);

#endif /* CHOKER_H */
