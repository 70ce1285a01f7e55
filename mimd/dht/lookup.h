/* SPDX-License-Identifier: ISC */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "krpc.h"
#include "nodeid.h"

/*
 * The iterative search for the nodes nearest to a target (BEP 5), without
 * I/O: whom to ask next, and when it is over.
 *
 * Nodes whose id fits their address (BEP 42) are ranked by themselves, beside
 * the ranking of all: a crowd of nodes with ids of their choice is asked, in
 * bounds, but cannot keep the search from reaching the others.
 *
 * And the search goes on several paths (as in S/Kademlia): each begins with
 * other nodes, and leads where those say that led there; all must have come
 * to their end.  Liars who only name each other take over the paths they are
 * on, not the others.
 */
#define LOOKUP_K	8	/* it ends when so many nearest answered */
#define LOOKUP_ALPHA	4	/* asked at a time, those that dawdle apart */
#define LOOKUP_MAX	100	/* nodes known at a time */
#define LOOKUP_PATHS	16
#define LOOKUP_TRIES	3	/* of a node: packets get lost */
#define LOOKUP_TRIES_MISFIT 2
#define LOOKUP_ASKS	160	/* queries of a search */
#define LOOKUP_MISFITS	40	/* ... to nodes that do not fit */
#define LOOKUP_SUBNET	3	/* nodes of a /24 or /64 */
#define LOOKUP_PER_REPLY 16	/* nodes taken from an answer */

enum lookup_state {
	LOOKUP_NEW,
	LOOKUP_ASKED,
	LOOKUP_SLOW,		/* asked; another may be asked meanwhile */
	LOOKUP_ANSWERED,
	LOOKUP_FAILED
};

struct lookup_node {
	uint8_t			id[ID_LEN];
	struct addr		addr;
	uint8_t			state;	/* enum lookup_state */
	uint8_t			tries;
	uint8_t			hops;	/* from our table */
	uint16_t		paths;	/* bits: those that lead to it */
	bool			fits;
	bool			nameless;	/* its id is not known yet */
	uint8_t			ntoken;
	uint8_t			token[KRPC_TOKEN_MAX];
};

struct lookup {
	uint8_t			 target[ID_LEN];
	bool			 v6;
	uint16_t		 n, asks, misfits;
	uint8_t			 asked;	/* LOOKUP_ASKED */
	uint8_t			 starts;
	struct lookup_node	*v;	/* LOOKUP_MAX, nearest first */
};

void	lookup_init(struct lookup *l, const uint8_t *target, bool v6);
void	lookup_clear(struct lookup *l);
/* A node to start from; id NULL if only its address is known. */
bool	lookup_start(struct lookup *l, const uint8_t *id,
	    const struct addr *a);
/* Is there somebody to ask now? */
bool	lookup_can_ask(const struct lookup *l);
/* Whom to ask, marked as asked; NULL if nobody. */
struct lookup_node *lookup_next(struct lookup *l);
/*
 * The node at a said who it is and which nodes it knows; those of a local
 * network only count if it is in one, too.  Returns the node, NULL if it is
 * not awaited.
 */
struct lookup_node *lookup_on_reply(struct lookup *l, const struct addr *a,
	    const struct krpc *m);
void	lookup_on_slow(struct lookup *l, const struct addr *a);
/* It is asked again, a few times; unless final. */
void	lookup_on_timeout(struct lookup *l, const struct addr *a,
	    bool final);
/* Nobody is left to ask, and nobody is awaited whose answer matters. */
bool	lookup_done(const struct lookup *l);
/*
 * Those to store at, of all that gave a token: the LOOKUP_K nearest that fit,
 * and misfits that are nearer still, but half as many unless the others are
 * too few.  Returns their number.
 */
uint32_t lookup_holders(const struct lookup *l,
	    const struct lookup_node *out[2 * LOOKUP_K]);

#endif /* LOOKUP_H */
