/* SPDX-License-Identifier: ISC */
#ifndef PIECE_H
#define PIECE_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

/*
 * Pieces that are being written.  A piece knows which of its blocks are in
 * its files and how far, from its start, they have been hashed.  No I/O.
 */
#define PIECES_OPEN_MAX	8192U	/* of all torrents together */
#define PIECES_OWNER_MAX 1024U	/* ... that peer does not write */
#define PIECE_HASHERS	256U	/* of these hash as blocks arrive */

struct piece {
	RB_ENTRY(piece)	 node;		/* piece_set::tree */
	uint32_t	 torrent;
	uint32_t	 index;
	uint32_t	 size;
	uint32_t	 nblocks, nheld;
	uint32_t	 cursor;	/* bytes hashed, or claimed */
	uint32_t	 claims;	/* that are not settled */
	bool		 closed;	/* freed with its last claim */
	uint8_t		 owner;		/* enum plane_of: who writes it */
	struct hash	*hash;		/* NULL until piece_claim() */
	uint8_t		 bits[];	/* blocks held */
};

RB_HEAD(piece_tree, piece);

struct piece_set {
	struct piece_tree	 tree;
	struct piece		*last;		/* most recently looked up */
	uint32_t		 n;
	uint32_t		 nothers;	/* of these, owner is not 0 */
	struct hash		*idle[PIECE_HASHERS];
	uint32_t		 nidle, nhashers;
};

void	 piece_set_init(struct piece_set *set);
void	 piece_set_clear(struct piece_set *set);

struct piece *piece_find(struct piece_set *set, uint32_t torrent,
	    uint32_t index);
/*
 * A new piece of size bytes; NULL when PIECES_OPEN_MAX are open, or
 * PIECES_OWNER_MAX of an owner other than 0.
 */
struct piece *piece_open(struct piece_set *set, uint32_t torrent,
	    uint32_t index, uint32_t size, uint8_t owner);
/* Claims may still be under way. */
void	 piece_close(struct piece_set *set, struct piece *p);
void	 piece_close_owned(struct piece_set *set, uint8_t owner);
/* Those of a torrent from first to last. */
void	 piece_close_span(struct piece_set *set, uint32_t torrent,
	    uint32_t first, uint32_t last, uint8_t owner);
void	 piece_close_torrent(struct piece_set *set, uint32_t torrent);

bool	 piece_holds(const struct piece *p, uint32_t block);
/* Note that n blocks from first are in the files. */
void	 piece_hold(struct piece *p, uint32_t first, uint32_t n);
bool	 piece_full(const struct piece *p);
/* Bytes held from the cursor on without a gap. */
uint32_t piece_ahead(const struct piece *p);
/*
 * The digest to update with the len bytes at the cursor, which moves; claims
 * are to be met in their order.  NULL without a digest to be had, unless the
 * piece is full: then there always is one.
 */
struct hash *piece_claim(struct piece_set *set, struct piece *p,
	    uint32_t len);
/* A claim is met.  False if the piece was closed meanwhile: it is gone. */
bool	 piece_settle(struct piece_set *set, struct piece *p);
/* Is it full, and all of it hashed? */
bool	 piece_ready(const struct piece *p);
/* Its digest, once it is ready. */
void	 piece_digest(struct piece *p, uint8_t out[SHA1_LEN]);

#endif /* PIECE_H */
