/* SPDX-License-Identifier: ISC */
#ifndef METADATA_H
#define METADATA_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Which blocks of an info dictionary to ask of whom (BEP 9), without I/O: a
 * clock in milliseconds and events in, decisions out.  Peers disagree on its
 * size, and lie: the size that most of them say is tried first, by all of
 * them at once.  Once a hash was wrong, all of it is had from one peer at a
 * time, who is to blame if it is wrong again.
 */
#define METADATA_SIZE_MAX	(10U << 20)
/*
 * Blocks asked of a peer at a time, at first, and at most: Transmission
 * answers now and then what was asked till then, and queues 64.
 */
#define METADATA_FIRST		8
#define METADATA_ASKED		32
#define METADATA_AGAIN_MS	3000	/* ask another, too, after so long */
#define METADATA_LOST_MS	60000	/* no answer will come */
#define METADATA_STUCK_MS	20000	/* nothing came: try in another way */
#define METADATA_SOLO_MS	6000	/* ... from one; more the next time */
#define METADATA_REST_MS	10000	/* after a reject; more with each */
#define METADATA_SENDERS	64	/* remembered of an attempt */
#define METADATA_SIZES		16	/* that have failed */

struct metadata_peer {
	TAILQ_ENTRY(metadata_peer) link;	/* metadata::peers */
	uint8_t		ip[16];
	uint32_t	size;		/* as it says */
	uint32_t	late;		/* answers to what we forgot */
	uint64_t	rest;		/* ask nothing before */
	uint8_t		rejects, stuck, strikes;
	uint8_t		window;		/* as many may be asked */
	uint8_t		nasked;
	struct {
		uint32_t	block;
		uint64_t	at;
	}		asked[METADATA_ASKED];
};
TAILQ_HEAD(metadata_peers, metadata_peer);

struct metadata_block {
	bool		taken;		/* disk has it, or soon will */
	uint64_t	at;		/* asked last; 0: never */
};

struct metadata {
	struct metadata_peers peers;
	uint32_t	 size;		/* being fetched; 0: none */
	uint32_t	 nblocks, ntaken, first;	/* first: not taken */
	struct metadata_block *blocks;
	uint64_t	 moved;		/* the last block came */
	bool		 failed;	/* a hash was wrong: one at a time */
	struct metadata_peer *solo;	/* that one */
	uint32_t	 nsenders;
	uint8_t		 senders[METADATA_SENDERS][16];
	struct {
		uint32_t	size, fails;
	}		 sizes[METADATA_SIZES];
	uint32_t	 nsizes;
};

enum metadata_verdict {
	METADATA_TAKE,		/* hand it to disk */
	METADATA_LATE,		/* harmless, of no use */
	METADATA_UNASKED,
	METADATA_WRONG		/* of a wrong size: it breaks the rules */
};

void	metadata_init(struct metadata *md);
void	metadata_clear(struct metadata *md);
/* The peer says how large it is; false if that cannot be. */
bool	metadata_join(struct metadata *md, struct metadata_peer *p,
	    const uint8_t ip[16], uint32_t size);
void	metadata_leave(struct metadata *md, struct metadata_peer *p);
/*
 * Begin an attempt.  Returns the size to be fetched, which may be 0: nobody
 * to ask now.
 */
uint32_t metadata_begin(struct metadata *md, uint64_t now);
/* Is there a reason to end this attempt and begin another? */
bool	metadata_stuck(struct metadata *md, uint64_t now);
/* Drop what has come of this attempt; it was no one's fault. */
void	metadata_reset(struct metadata *md);
/* The next block to ask of a peer; false: none now. */
bool	metadata_next(struct metadata *md, struct metadata_peer *p,
	    uint64_t now, uint32_t *block);
/* Bytes of a block. */
uint32_t metadata_length(const struct metadata *md, uint32_t block);
/* total 0: not said. */
enum metadata_verdict metadata_on_data(struct metadata *md,
	    struct metadata_peer *p, uint32_t block, uint32_t length,
	    uint32_t total, uint64_t now);
void	metadata_on_reject(struct metadata *md, struct metadata_peer *p,
	    uint32_t block, uint64_t now);
/* A block that was taken could not be handed on. */
void	metadata_on_lost(struct metadata *md, uint32_t block);
/* The hash is wrong.  True if ip is to blame for it; the rest are suspects. */
bool	metadata_on_bad(struct metadata *md, uint8_t ip[16]);

#endif /* METADATA_H */
