/* SPDX-License-Identifier: ISC */
#ifndef PICKER_PIECE_H
#define PICKER_PIECE_H

#include <sys/queue.h>

#include "picker.h"
#include "picker_order.h"

/* What the picker's files share: the pieces that are begun. */
#define ASKERS		2	/* peers that one block is asked of */
#define SENDER_NONE	0xff
#define SENDER_OVER	0xfe	/* one too many to remember */

enum block_state {
	BLOCK_FREE,
	BLOCK_ASKED,
	BLOCK_DISK,		/* received, on its way to disk */
	BLOCK_STORED
};

struct pick_block {
	uint32_t	asker[ASKERS];	/* 0: none; the older one first */
	uint32_t	asked;		/* ms, of the last one; wraps */
	uint8_t		state;
	uint8_t		sender;		/* index into senders */
};

struct pick_piece {
	TAILQ_ENTRY(pick_piece) link;	/* picker::open or picker::busy */
	uint32_t	 piece, nblocks;
	uint32_t	 nfree;		/* blocks; > 0: on picker::open */
	uint32_t	 cursor;	/* no free block before it */
	uint32_t	 slot;		/* index in picker::pieces */
	uint32_t	 serial;	/* grows with each piece begun */
	uint32_t	 owner;		/* takes it alone while it can; or 0 */
	bool		 alone;		/* strictly */
	bool		 waits;		/* for picker_retry() */
	uint8_t		 nsenders;
	uint8_t		 nsuspects;	/* of the last, bad copy: */
	uint32_t	*suspects;	/* who sent it */
	uint64_t	 owned_at, failed_at;
	uint64_t	 busy_at;	/* on picker::busy since */
	uint64_t	 late_at;	/* no look for late blocks before */
	struct pick_sender *senders;
	struct pick_block blocks[];
};
TAILQ_HEAD(pick_list, pick_piece);

struct pick_hint {
	uint32_t	id, piece;	/* id 0: none */
};

struct picker {
	const struct geom	*geom;
	struct order		 order;	/* pieces not begun, by rarity */
	uint8_t			*have;
	uint32_t		 mode;
	uint8_t			*skip;	/* pieces; NULL: none */
	uint32_t		 left, left_wanted;
	uint32_t		 coming;	/* blocks of begun pieces */
	uint32_t		 done;	/* pieces completed since the start */
	struct pick_list	 open;	/* with free blocks, urgent first */
	struct pick_list	 busy;	/* all asked for, oldest first */
	struct pick_piece	*pieces[PICKER_OPEN_MAX];
	uint32_t		 npieces, serial;
	uint32_t		 nreserved;	/* pieces */
	uint32_t		 nprio[ORDER_PRIOS + 1];	/* of these */
	uint64_t		 now;		/* of the last pick */
	uint32_t		 npeers;	/* to ask, at that time */
	uint32_t		 credit;	/* for duplicates, in blocks */
	uint64_t		 credit_at;	/* times PICKER_LATE_SHARE */
	struct pick_hint	*hints;		/* NULL until there is one */
	uint32_t		 next_hint;
};

/* picker.c */
bool	 pick_set_has(const struct picker *p, const struct pieceset *set,
	    uint32_t piece);

/* picker_piece.c */
struct pick_piece *begun_find(const struct picker *p, uint32_t piece);
uint32_t begun_prio(const struct picker *p, const struct pick_piece *pp);
struct pick_piece *begun_open(struct picker *p, uint32_t piece);
/* The piece is not begun any more; the caller says where it goes. */
void	 begun_close(struct picker *p, struct pick_piece *pp);
/* All of it has to be fetched again. */
void	 begun_reset(struct picker *p, struct pick_piece *pp);
/* The order of open pieces is another now. */
void	 begun_sort(struct picker *p);
void	 begun_own(struct picker *p, struct pick_piece *pp, uint32_t id,
	    bool alone);
/* Who had it to himself for long enough has no more right to it. */
void	 begun_release_old(struct picker *p, struct pick_piece *pp);
/* Take up to n free blocks of pp in order. */
uint32_t begun_take(struct picker *p, struct pick_piece *pp, uint32_t id,
	    struct pick *out, uint32_t n);
bool	 block_asked_of(const struct pick_block *b, uint32_t id);
/* Ask a block of one more; returns whom it is taken back from, or 0. */
uint32_t block_ask_again(struct picker *p, struct pick_block *b, uint32_t id);

#endif /* PICKER_PIECE_H */
