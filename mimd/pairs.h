/* SPDX-License-Identifier: ISC */
#ifndef PAIRS_H
#define PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "listen.h"
#include "steer.h"

/*
 * The UDP sockets beside the listening ones, bound and kept by the parent: a
 * pair for each address that a node of the DHT is to have.
 */
#define PAIR_TRIES	6	/* before it is said: children close late */

struct pairs {
	struct pair {
		struct addr	 addr;	/* and port, that of a listener */
		uint32_t	 index;	/* of the device that it is bound to */
		uint8_t		 node;	/* that it is for */
		bool		 up;	/* the listener is there: so may it */
		int		 fds[STEER_SOCKETS];	/* -1: not to be had */
		int		 error;	/* ... for this reason (errno) */
		uint8_t		 tries;	/* in vain, up to PAIR_TRIES */
	}		 v[LISTEN_SOCKETS_MAX];
	uint32_t	 n;
};

/*
 * Which there are to be, no socket yet.  Node k has the k-th address of each
 * family that is listened at (BEP 45), at its first port.  Pure.
 */
void	pairs_plan(struct pairs *ps, const struct listens *ls);
/*
 * Have those beside these listeners (NULL: none), and no others; what fits
 * stays.  False if all is as it was.
 */
bool	pairs_update(struct pairs *ps, const struct listens *ls);
/* May it be used now? */
bool	pair_is_open(const struct pair *p);
/*
 * Is one missing that should be there?  Then tries is the least that was tried
 * for any.
 */
bool	pairs_lack(const struct pairs *ps, uint8_t *tries);

#endif /* PAIRS_H */
