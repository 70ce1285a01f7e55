/* SPDX-License-Identifier: ISC */
#ifndef PICKER_H
#define PICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "geom.h"

/*
 * Which block to ask of whom (BEP 3 and PROTOCOL practice).  Pure: no I/O,
 * the clock is in the arguments.  The rules of the game:
 *
 * - Pieces of high priority come before all others, and so on down.  What is
 *   skipped is not asked for, begun or not; what of it was asked for before
 *   may come.
 * - A piece that is begun is finished before others of its priority are
 *   opened.  A fast peer opens a piece of its own and takes all of it in
 *   order; slow ones share pieces.  If no piece may be opened any more,
 *   everyone helps everyone.
 * - Pieces are opened rarest first with random ties; the first four at
 *   random.  Among equally rare ones a fast peer takes one that was suggested
 *   to it, or, unless few have it, the neighbour of its last, within
 *   PICKER_EXTENT.
 * - In sequential mode they are opened in their order.
 * - A peer that holds the last blocks of a piece for much longer than
 *   another would need does not hold it hostage: the other is asked as well,
 *   for PICKER_LATE_SHARE of all blocks or one in PICKER_LATE_CREDIT_MS.
 * - When every block that anyone here has is asked for, idle peers ask for
 *   one of them a second time (endgame).
 * - A peer on parole takes whole pieces alone, so that a bad one has one
 *   sender.  A piece that failed waits until it is known who is suspected; a
 *   fast peer then takes it alone, best one that had no part in it.
 *
 * Pieces not begun are kept sorted by availability, with the bounds of each
 * availability known: a have moves one piece in O(1).  A peer that has all
 * changes one number.
 */
#define PICKER_OPEN_MAX		512	/* pieces begun at once */
#define PICKER_OPEN_BASE	8	/* ... of these without any peer */
#define PICKER_RANDOM_FIRST	4	/* pieces picked at random at first */
#define PICKER_SENDERS		64	/* remembered for a piece */
#define PICKER_ENDGAME		2	/* duplicates asked of an idle peer */
#define PICKER_COMMON		3	/* have a piece: not few */
#define PICKER_EXTENT		(4U << 20)	/* bytes that lie together */
#define PICKER_HINTS		64	/* suggestions kept */
#define PICKER_HINTS_PEER	8	/* ... of one peer */
#define PICKER_OWN_MS		40000	/* to hold a piece alone */
#define PICKER_AVOID_MS		2000	/* a failed one waits for others */
#define PICKER_PAROLE_MS	5000	/* ... before one on parole may */
#define PICKER_RETRY_MS		1000	/* ... and for suspects at most */
#define PICKER_LATE_MS		8000	/* least wait before a duplicate */
#define PICKER_LATE_FACTOR	8	/* times what the other would need */
#define PICKER_LATE_LOOK	16	/* pieces looked at for that */
#define PICKER_LATE_SHARE	32	/* one duplicate for so many blocks */
#define PICKER_LATE_SAVED	16	/* saved up at most */
#define PICKER_LATE_CREDIT_MS	2000
#define PICKER_NONE		UINT32_MAX

/* Modes. */
#define PICKER_SEQUENTIAL	0x01
#define PICKER_EDGES_FIRST	0x02	/* first and last pieces of files */

enum picker_prio {
	PICKER_LOW,
	PICKER_NORMAL,
	PICKER_HIGH,
	PICKER_SKIP		/* not wanted at all */
};

struct picker;

struct picker_run {
	uint32_t	first, n;
};

/* The pieces a peer has.  bits is NULL while it has none, or all. */
struct pieceset {
	uint8_t		*bits;
	uint32_t	 count;
};

/* What the picker needs to know of who asks. */
struct pick_peer {
	uint32_t		 id;		/* > 0, unique */
	const struct pieceset	*has;
	uint32_t		 wanted;	/* picker_count_wanted() */
	bool			 fast;		/* worth a piece of its own */
	bool			 parole;
	bool			 idle;		/* little outstanding */
	uint32_t		 outstanding;	/* blocks asked of it */
	uint64_t		 rate;		/* bytes/s, 0 unknown */
	uint32_t		 last;		/* piece, or PICKER_NONE */
};

struct pick {
	uint32_t	piece, block;
	uint32_t	instead;	/* take it back from this one; or 0 */
};

struct pick_sender {
	uint32_t	id;
	uint8_t		ip[16];
};

enum pick_verdict {
	PICK_UNKNOWN,		/* the piece is not open */
	PICK_SOLE,		/* one sender: senders[0] */
	PICK_MIXED		/* several, or more than remembered */
};

/* have (npieces bits) is copied; g must outlive the picker. */
struct picker *picker_new(const struct geom *g, const uint8_t *have);
void	 picker_free(struct picker *p);		/* NULL is fine */
bool	 picker_has(const struct picker *p, uint32_t piece);
uint32_t picker_left(const struct picker *p);	/* pieces that we lack */
/* Of these, the ones that are not skipped. */
uint32_t picker_left_wanted(const struct picker *p);
/* Do we lack the piece, and is it not skipped? */
bool	 picker_lacks(const struct picker *p, uint32_t piece);
bool	 picker_skips(const struct picker *p, uint32_t piece);
uint32_t picker_nopen(const struct picker *p);
/* Every block we want came and is at disk. */
bool	 picker_all_came(const struct picker *p);
/* The pieces we have, in wire order. */
const uint8_t *picker_have_bits(const struct picker *p);
/* Is it begun, and not complete? */
bool	 picker_begun(const struct picker *p, uint32_t piece);
/* Peers that have the piece. */
uint32_t picker_availability(const struct picker *p, uint32_t piece);

/*
 * Settings, at any time; meant for when the user changes them.  All pieces
 * are PICKER_NORMAL at first.  A piece of several files takes the highest
 * priority among them: the caller sees to that.  Priorities and edges cost
 * O(availabilities) a piece that changes, a mode a look at every piece.
 */
void	 picker_set_mode(struct picker *p, uint32_t mode);
void	 picker_set_priority(struct picker *p, uint32_t first, uint32_t last,
	    enum picker_prio prio);
/* A file reaches from piece first to piece last; the torrent does, too. */
void	 picker_add_file(struct picker *p, uint32_t first, uint32_t last);
/* Peer id would rather be asked for this piece (BEP 6); harmless if not. */
void	 picker_suggest(struct picker *p, uint32_t id, uint32_t piece);

/* Pieces in set that we lack and do not skip: a peer's wanted. */
uint32_t picker_count_wanted(const struct picker *p,
	    const struct pieceset *set);
/* A peer's set as a whole comes or goes, or it gains or loses a piece. */
void	 picker_add_set(struct picker *p, const struct pieceset *set);
void	 picker_del_set(struct picker *p, const struct pieceset *set);
void	 picker_add_piece(struct picker *p, uint32_t piece);
void	 picker_del_piece(struct picker *p, uint32_t piece);

/*
 * Up to n blocks to ask of peer now (ms); they count as asked.  Returns how
 * many.  npeers: how many there are to ask.
 */
uint32_t picker_pick(struct picker *p, const struct pick_peer *peer,
	    uint32_t npeers, uint64_t now, struct pick *out, uint32_t n);
/* The same, but of these pieces alone (BEP 6: it chokes us). */
uint32_t picker_pick_among(struct picker *p, const struct pick_peer *peer,
	    const uint32_t *pieces, uint32_t npieces, uint64_t now,
	    struct pick *out, uint32_t n);
/* The peer will not send it after all (choke, time-out, gone). */
void	 picker_unask(struct picker *p, uint32_t id, uint32_t piece,
	    uint32_t block);
/* The peer's own pieces are open to all. */
void	 picker_disown(struct picker *p, uint32_t id);
/* Is this block still to be had? */
bool	 picker_wants(const struct picker *p, uint32_t piece, uint32_t block);
/*
 * A block came from sender and goes to disk.  Others that were asked for it
 * (at most one) are returned: send them a cancel; 0 if none.
 */
uint32_t picker_on_block(struct picker *p, const struct pick_sender *sender,
	    uint32_t piece, uint32_t block);
/* Disk stored it, or failed to: then it is wanted again. */
void	 picker_on_stored(struct picker *p, uint32_t piece, uint32_t block,
	    bool ok);
/* Who sent the piece; *n senders are copied out. */
enum pick_verdict picker_blame(const struct picker *p, uint32_t piece,
	    struct pick_sender senders[PICKER_SENDERS], uint32_t *n);
/*
 * Who of senders (as picker_blame() gave them) sent a block of a piece that
 * is open; n if none of them is known to have.
 */
uint32_t picker_block_sender(const struct picker *p, uint32_t piece,
	    uint32_t block, const struct pick_sender *senders, uint32_t n);
/*
 * Set pieces aside for a web seed: a run of at most max that are not begun,
 * none of them in avoid; how many.  They count as begun, and are picked by
 * nobody.  Costs a look at every piece.
 */
uint32_t picker_reserve(struct picker *p, uint32_t max,
	    const struct picker_run *avoid, uint32_t navoid,
	    uint32_t *first);
/* It is for all again; false: it was not set aside. */
bool	 picker_release(struct picker *p, uint32_t piece);
/* Disk's word on a piece.  good: true if we lacked it. */
bool	 picker_on_good(struct picker *p, uint32_t piece);
void	 picker_on_bad(struct picker *p, uint32_t piece);
/* Who lied in it is as clear as can be: it may be fetched again. */
void	 picker_retry(struct picker *p, uint32_t piece);
/* We have it not any more (disk came back with less). */
void	 picker_on_lost(struct picker *p, uint32_t piece);
/* Disk forgot all unfinished pieces. */
void	 picker_on_disk_gone(struct picker *p);

#endif /* PICKER_H */
