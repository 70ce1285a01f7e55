/* SPDX-License-Identifier: ISC */
#ifndef NODES_H
#define NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "pairs.h"

/*
 * The DHT as the parent sees it: whether there are nodes of ours, their
 * sockets, and what the child must be told.
 */
#define NODES_RETRY_MS	100	/* a port that was not to be had; doubles */

struct loop_timer;
struct msg_dht_external;
struct parent;

struct nodes {
	struct pairs		 pairs;
	uint16_t		 port;	/* of peers, as it was told */
	bool			 served;	/* the child has sockets */
	uint8_t			 external[2][16];	/* as others see us */
	struct loop_timer	*retry;
};

/* Before the children start. */
void	nodes_init(struct parent *parent);
void	nodes_close(struct parent *parent);
/* NULL, or why there is no node, for the user. */
const char *nodes_off(const struct parent *parent);
/*
 * Configuration, network or what we listen at may have changed: start the
 * child, stop it, or tell it what is new.  True if peer has to be told, too:
 * network_send_listens().
 */
bool	nodes_update(struct parent *parent);
/* The same, and peer is told. */
void	nodes_follow(struct parent *parent);
/* Now and then, and when a child has ended: what was missing. */
void	nodes_tick(struct parent *parent);
/* To a new child, in set-up; and after it. */
void	nodes_setup(struct parent *parent);
void	nodes_send(struct parent *parent);
/* To peer, after its listening sockets: those beside them. */
void	nodes_send_peer(struct parent *parent);
/* "dht rate" and "dht read only" may be others. */
void	nodes_send_rate(struct parent *parent);
/* The DHT tells our address: peer is to know it, too. */
void	nodes_on_external(struct parent *parent,
	    const struct msg_dht_external *m);
/* The router has told our address, or another. */
void	nodes_send_address(struct parent *parent);

#endif /* NODES_H */
