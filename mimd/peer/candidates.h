/* SPDX-License-Identifier: ISC */
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * Addresses of a torrent's peers that we may connect to: when, and which
 * first.  Pure: a clock is passed in.
 */
#define CANDIDATES_MAX		1000	/* of a torrent */
#define CANDIDATE_FAILS_MAX	8	/* then it is forgotten */
#define CANDIDATE_AGAIN_MS	5000	/* after one that was of use */
#define CANDIDATE_WAIT_MS	5000	/* doubles with each failure */
#define CANDIDATE_WAIT_MAX_MS	3600000

#define CAND_CONNECTED	0x01		/* or being connected */
#define CAND_SEED	0x02		/* useless to a seed */
#define CAND_SELF	0x04		/* our own address */
#define CAND_PLAIN	0x08		/* encryption failed: without it */
#define CAND_CRYPT	0x10		/* encryption worked */
#define CAND_WORKED	0x20		/* was of use before */

struct candidate {
	struct addr	addr;
	uint8_t		fails;
	uint8_t		flags;
	uint8_t		source;		/* PEER_SOURCE_* */
	uint32_t	priority;	/* canonical (BEP 40) */
	uint64_t	due;		/* not before */
};

struct candidates {
	struct candidate *v;
	uint32_t	  n, size;
};

void	candidates_clear(struct candidates *c);
/*
 * False if it is there already or there is no room for it.  When all places
 * are taken, one that failed or that comes from a lesser source makes way.
 * What the user names is due at once, also if it is there.
 */
bool	candidates_add(struct candidates *c, const struct addr *addr,
	    uint8_t source, uint32_t priority, uint64_t now);
struct candidate *candidates_find(const struct candidates *c,
	    const struct addr *addr);
/* How many are from there. */
uint32_t candidates_count(const struct candidates *c, uint8_t source);
/*
 * The best address to try now, marked as connected; NULL if none is due.
 * Without seeds when we are one.  First those that worked before, then by
 * fewer failures, then by source, then by priority.
 */
struct candidate *candidates_next(struct candidates *c, bool no_seeds,
	    uint64_t now);
/* When the next one is due; UINT64_MAX if none will be. */
uint64_t candidates_due(const struct candidates *c, bool no_seeds);
/* Its connection ended; useful: payload came or went, or it was long. */
void	candidates_on_end(struct candidates *c, const struct addr *addr,
	    bool useful, uint64_t now);
/* It was not tried after all, through no fault of its own. */
void	candidates_put_back(struct candidates *c, const struct addr *addr,
	    uint64_t due);
void	candidates_mark(struct candidates *c, const struct addr *addr,
	    uint8_t flag);
/* Forget those from elsewhere. */
void	candidates_keep_only(struct candidates *c, uint8_t source);
void	candidates_drop_ip(struct candidates *c, const struct addr *addr);

/* Addresses that sent bad data; bounded, and each for an hour only. */
#define BANS_MAX	1024
#define BAN_MS		3600000ULL

struct bans {
	struct {
		uint8_t		ip[16];
		uint64_t	until;
	}		*v;
	uint32_t	 n, next;
};

void	bans_del(struct bans *bans, const uint8_t ip[16]);
void	bans_clear(struct bans *bans);
/* For so many ms. */
void	bans_add(struct bans *bans, const uint8_t ip[16], uint64_t now,
	    uint64_t ms);
bool	bans_has(const struct bans *bans, const uint8_t ip[16], uint64_t now);

#endif /* CANDIDATES_H */
