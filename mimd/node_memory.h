/* SPDX-License-Identifier: ISC */
#ifndef NODE_MEMORY_H
#define NODE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * The nodes of the DHT that were of use last, for the next dht child and for
 * the next mimd.  Pure; times are of the loop, in ms.
 */
#define NODE_MEMORY_ENOUGH	32U	/* of a family: a table of use */
#define NODE_MEMORY_SAVE_MS	300000U	/* between two saves */

struct known_node {
	uint8_t		ip[16];
	uint16_t	port;
	bool		named;		/* its id is known */
	uint8_t		id[20];
};

struct node_memory {
	uint8_t			id4[20], id6[20]; /* ours; all 0: none */
	struct known_node	nodes[NODES_PAGE];
	uint32_t		n;
	bool			fresh;		/* of a child of ours */
	bool			unsaved;
	uint32_t		nsaved;
	uint64_t		save_at;
};

/* What the last mimd has left, unless something newer is known. */
void	node_memory_saved(struct node_memory *mem,
	    const struct msg_nodes_saved *m);
/*
 * What the dht child knows now.  Of a family of which these are few, those of
 * before are kept behind them.
 */
void	node_memory_told(struct node_memory *mem,
	    const struct msg_dht_nodes *m);
/* Fill in all, until the next change; returns how many there are. */
uint32_t node_memory_rows(const struct node_memory *mem,
	    struct rec_node rows[NODES_PAGE]);
/*
 * Are they to be saved now?  At the end those that are not yet; else at times,
 * or when they are twice as many as the last time.  They are taken to be.
 */
bool	node_memory_save(struct node_memory *mem, uint64_t now, bool end);
/* Disk was killed: what it was given last may not be safe. */
void	node_memory_lost(struct node_memory *mem);

#endif /* NODE_MEMORY_H */
