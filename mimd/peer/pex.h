/* SPDX-License-Identifier: ISC */
#ifndef PEX_H
#define PEX_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * Peer exchange (BEP 11), without I/O: messages read and written, what to
 * tell whom, and whom to believe how much.  Never for private torrents.
 */
#define PEX_ADDED_MAX	50	/* of a message, both families together */
#define PEX_DROPPED_MAX	50
#define PEX_OUT_MAX	2200U	/* bytes of a message of ours */
#define PEX_BODY_MAX	16384U	/* of one that is read */
#define PEX_READ_MAX	50	/* addresses of a family that are looked at */
#define PEX_GONE_MAX	64	/* departures that a swarm remembers */
#define PEX_SEND_MS	60000	/* between two messages to a peer */
#define PEX_HEED_MS	45000	/* ... and between two that are heeded */
#define PEX_GRANT	200	/* addresses taken from a peer at first */
#define PEX_GRANT_MS	6000	/* and another one each */
#define PEX_SHARE	600	/* of CANDIDATES_MAX, from all peers */
#define PEX_NET_MAX	4	/* global ones of one /24, /48: of a message */

/* Flags of BEP 11. */
#define PEX_ENCRYPTS	0x01	/* prefers encryption */
#define PEX_SEED	0x02	/* or upload_only */
#define PEX_UTP		0x04
#define PEX_HOLEPUNCH	0x08
#define PEX_REACHABLE	0x10	/* somebody's connection to it worked */

/* ---- messages ---- */

struct pex_peer {
	struct addr	addr;
	uint8_t		flags;
};

struct pex_msg {
	struct pex_peer	added[2 * PEX_READ_MAX];
	uint32_t	nadded;
	struct addr	dropped[PEX_DROPPED_MAX];
	uint32_t	ndropped;
};

/*
 * Read what was added; the rest is no use: who left a peer did not leave the
 * swarm.  Keys that are missing or of a wrong length count as empty.  -1 if
 * it is no dictionary, or too long.
 */
int	pex_parse(struct pex_msg *m, const uint8_t *p, size_t n);
/* Returns the bytes written; m is within the limits for one message. */
size_t	pex_build(uint8_t out[PEX_OUT_MAX], const struct pex_msg *m);

/* ---- what to tell ---- */

/*
 * Members of a swarm, in the order in which they joined, and the last ones
 * that left.  A peer has been told of all up to a number, so it costs no
 * more than that number to know what is new to it.
 */
struct pex_member {
	TAILQ_ENTRY(pex_member) link;	/* pex_book::members, if joined != 0 */
	struct addr	 addr;		/* where it listens */
	uint8_t		 flags;
	uint8_t		 grant;		/* addresses it may still give us */
	bool		 heeded;	/* a message of it, at ... */
	bool		 sent;		/* a message to it, at ... */
	uint64_t	 joined;	/* its number; 0: nobody is told */
	uint64_t	 told;		/* joins it knows of */
	uint64_t	 told_gone;	/* and departures */
	uint64_t	 sent_at, heeded_at, grant_at;
};

struct pex_gone {
	struct addr	 addr;		/* port 0: it is back */
	uint64_t	 joined, number;
};

struct pex_book {
	TAILQ_HEAD(pex_members, pex_member) members;
	uint64_t	 joins, leaves;	/* the last numbers given */
	struct pex_gone	*gone;		/* a ring of PEX_GONE_MAX, or NULL */
};

void	pex_book_init(struct pex_book *b);
/* A new connection; it is told nothing before pex_write(). */
void	pex_member_init(struct pex_member *m, uint64_t now);
/* It is known where m listens, or flags have changed. */
void	pex_join(struct pex_book *b, struct pex_member *m,
	    const struct addr *addr, uint8_t flags);
/* Its connection ends. */
void	pex_leave(struct pex_book *b, struct pex_member *m);
/* May m get a message now, and is there perhaps something new for it? */
bool	pex_due(const struct pex_book *b, const struct pex_member *m,
	    uint64_t now);
/*
 * Write the message for m, whose connection is with at; 0 if there is
 * nothing to say.  Addresses of a private network stay in there.
 */
size_t	pex_write(const struct pex_book *b, struct pex_member *m,
	    const struct addr *at, uint64_t now, uint8_t out[PEX_OUT_MAX]);

/* ---- whom to believe ---- */

/* Take a message of m now?  Not if the last one was just before. */
bool	pex_heed(struct pex_member *m, uint64_t now);
/*
 * Keep in msg what teller may add: addresses that can be, not of a network
 * that teller is not in, and few of the same network.
 */
void	pex_sift(const struct addr *teller, struct pex_msg *msg);
/* So many addresses may be taken from m; what was is to be subtracted. */
uint8_t	pex_grant(struct pex_member *m, uint64_t now);

#endif /* PEX_H */
