/* SPDX-License-Identifier: ISC */
#ifndef EXTERNAL_H
#define EXTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * Our address as others see it (BEP 10, BEP 42): the one that most say, of
 * those who spoke last.  Each has one vote, by the network it is in.  Pure.
 */
#define EXTERNAL_VOTES	32	/* kept of each family */
#define EXTERNAL_LEAST	2	/* one alone is not believed */

struct external {
	struct {
		uint8_t		voter[16], ip[16];
	}		votes[2][EXTERNAL_VOTES];
	uint8_t		n[2], next[2];
	uint8_t		ip[2][16];	/* elected */
	bool		known[2];
};

/* Voter says that we are at ip; an address that cannot be is no vote. */
void	external_vote(struct external *e, const struct addr *voter,
	    const uint8_t ip[16]);
/* Our address of the family of other; false if nobody knows it. */
bool	external_get(const struct external *e, const struct addr *other,
	    uint8_t ip[16]);
/* The same, if at least so many said it, and more than half of all. */
bool	external_sure(const struct external *e, bool v4, uint32_t least,
	    uint8_t ip[16]);

#endif /* EXTERNAL_H */
