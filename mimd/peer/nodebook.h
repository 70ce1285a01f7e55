/* SPDX-License-Identifier: ISC */
#ifndef NODEBOOK_H
#define NODEBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

/*
 * Nodes of the DHT that peers say they have (BEP 5): gathered, and each host
 * told of once an hour, so that nobody has us bother others.  Without I/O.
 */
#define NODEBOOK_QUEUE	PEER_NODES_MAX	/* to be told the next time */
#define NODEBOOK_TOLD	512	/* that are remembered */
#define NODEBOOK_AGAIN_MS 3600000

struct nodebook {
	struct addr	queue[NODEBOOK_QUEUE];
	uint32_t	nqueue;
	struct {
		uint8_t		ip[16];
		uint64_t	at;
	}		told[NODEBOOK_TOLD];
	uint32_t	ntold, next;	/* next: the oldest, if all are used */
};

/* False if its host had its turn, or there is no room. */
bool	 nodebook_add(struct nodebook *b, const struct addr *node,
	    uint64_t now);
/* Those that were added since the last time. */
uint32_t nodebook_take(struct nodebook *b, struct addr out[NODEBOOK_QUEUE]);

#endif /* NODEBOOK_H */
