/* SPDX-License-Identifier: ISC */
#ifndef BLAME_H
#define BLAME_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Who lied in a piece that failed (libtorrent's "smart ban").  Of each bad
 * copy it is kept who sent which block and a digest of what he sent; when a
 * good copy is in, digests that differ name the liars, and all others are
 * cleared.  One who sent the same block twice and differently is a liar at
 * once.  When two bad copies differ in a block, one of its two senders lied:
 * the few that explain all such blocks are suspects.  Pure: digests come from
 * disk, in the order they were asked for.
 *
 * What is kept is bounded; the oldest piece is forgotten first.
 */
#define BLAME_PIECES	64U		/* that failed */
#define BLAME_COPIES	4U		/* bad ones of a piece */
#define BLAME_BLOCKS	131072U		/* of all copies: 9 bytes each */
#define BLAME_SENDERS	64U		/* of a copy */
#define BLAME_SUSPECTS	16U		/* few enough to explain it */
#define BLAME_NOBODY	0xff		/* block of an unknown sender */
#define BLAME_DIGEST	8U		/* bytes */

struct blame_sender {
	uint8_t		 ip[16];
	bool		 lied;
	bool		 suspect;
};

struct blame_copy {
	uint32_t	 tag;
	uint32_t	 got;		/* digests */
	uint32_t	 nsenders;
	struct blame_sender *senders;
	uint8_t		*who;		/* by block: index into senders */
	uint8_t		*digests;
};

struct blame_piece {
	TAILQ_ENTRY(blame_piece) link;
	uint32_t	 torrent, piece, nblocks;
	uint32_t	 tag;		/* of the good copy; 0: none yet */
	uint32_t	 got;		/* digests of it */
	uint32_t	 ncopies;
	struct blame_copy copies[BLAME_COPIES];
	bool		 sole;		/* failed from one sender before: */
	uint8_t		 sole_ip[16];
};
TAILQ_HEAD(blame_list, blame_piece);

struct blame {
	struct blame_list pieces;	/* oldest first */
	uint32_t	 npieces, nblocks;
	uint32_t	 next_tag;
};

/*
 * What came out: all senders of the piece's copies, and who of them lied.
 * When the piece is settled, the others are cleared; before, some are
 * suspects: of the first bad copy nobody.
 */
struct blame_result {
	uint32_t	 torrent, piece;
	bool		 settled;
	uint32_t	 n;
	struct blame_sender senders[BLAME_COPIES * BLAME_SENDERS];
};

void	 blame_init(struct blame *b);
/* Forget everything: digests are comparable no more. */
void	 blame_clear(struct blame *b);
void	 blame_forget(struct blame *b, uint32_t torrent);
/*
 * A piece failed; block i is from ips[who[i]], or from BLAME_NOBODY.
 * Returns the tag under which to ask for its digests, 0 for no room.
 */
uint32_t blame_failed(struct blame *b, uint32_t torrent, uint32_t piece,
	    uint32_t nblocks, const uint8_t (*ips)[16], uint32_t n,
	    const uint8_t *who);
/*
 * The whole piece was this sender's.  False if it had failed as a whole from
 * another before: then rather our own memory or storage is to blame.
 */
bool	 blame_sole(struct blame *b, uint32_t torrent, uint32_t piece,
	    uint32_t nblocks, const uint8_t ip[16]);
/* It is good now.  Returns the tag to ask with, 0 if there is no need. */
uint32_t blame_good(struct blame *b, uint32_t torrent, uint32_t piece);
/*
 * Digests of n blocks from block first on; n is 0 if disk had none.  True
 * when those of a copy are complete.
 */
bool	 blame_digests(struct blame *b, uint32_t tag, uint32_t first,
	    const uint8_t *digests, uint32_t n, struct blame_result *res);

#endif /* BLAME_H */
