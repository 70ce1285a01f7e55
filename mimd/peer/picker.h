/* SPDX-License-Identifier: ISC */
#ifndef PICKER_H
#define PICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "geom.h"

/*
 * Which block to ask of whom (BEP 3 and PROTOCOL practice).  Pure: no I/O,
 * no clock.  The rules of the game:
 *
 * - A piece that is begun is finished before others are opened.  A fast peer
 *   opens a piece of its own and takes all of it in order; slow ones share
 *   pieces.  If no piece may be opened any more, everyone helps everyone.
 * - Pieces are opened rarest first with random ties; the first four at
 *   random.
 * - When every block that anyone here has is asked for, idle peers ask for
 *   one of them a second time (endgame).
 * - A peer on parole takes whole pieces alone, so that a bad one has one
 *   sender.
 *
 * Pieces not begun are kept sorted by availability, with the bounds of each
 * availability known: a have moves one piece in O(1).  A peer that has all
 * changes one number.
 */
#define PICKER_OPEN_MAX		512	/* pieces begun at once */
#define PICKER_OPEN_BASE	8	/* ... of these without any peer */
#define PICKER_RANDOM_FIRST	4	/* pieces picked at random at first */
#define PICKER_SENDERS		16	/* remembered for a piece */
#define PICKER_PROBE		256	/* pieces tried rarest first */
#define PICKER_ENDGAME		2	/* duplicates asked of an idle peer */
#define PICKER_NONE		UINT32_MAX

struct picker;

/* The pieces a peer has.  bits is NULL while it has none, or all. */
struct pieceset {
	uint8_t		*bits;
	uint32_t	 count;
};

/* What the picker needs to know of who asks. */
struct pick_peer {
	uint32_t		 id;		/* > 0, unique */
	const struct pieceset	*has;
	uint32_t		 wanted;	/* pieces it has and we lack */
	bool			 fast;		/* worth a piece of its own */
	bool			 parole;
	bool			 idle;		/* little outstanding */
};

struct pick {
	uint32_t	piece, block;
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
uint32_t picker_nopen(const struct picker *p);
/* Every block we lack came and is at disk. */
bool	 picker_all_came(const struct picker *p);
/* The pieces we have, in wire order. */
const uint8_t *picker_have_bits(const struct picker *p);

/* Pieces in set that we lack: a peer's wanted. */
uint32_t picker_count_wanted(const struct picker *p,
	    const struct pieceset *set);
/* A peer's set as a whole comes or goes, or it gains or loses a piece. */
void	 picker_add_set(struct picker *p, const struct pieceset *set);
void	 picker_del_set(struct picker *p, const struct pieceset *set);
void	 picker_add_piece(struct picker *p, uint32_t piece);

/* Up to n blocks to ask of peer now; they count as asked.  Returns how many. */
uint32_t picker_pick(struct picker *p, const struct pick_peer *peer,
	    uint32_t npeers, struct pick *out, uint32_t n);
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
/* Disk's word on a piece.  good: true if we lacked it. */
bool	 picker_on_good(struct picker *p, uint32_t piece);
void	 picker_on_bad(struct picker *p, uint32_t piece);
/* We have it not any more (disk came back with less). */
void	 picker_on_lost(struct picker *p, uint32_t piece);
/* Disk forgot all unfinished pieces. */
void	 picker_on_disk_gone(struct picker *p);

#endif /* PICKER_H */
