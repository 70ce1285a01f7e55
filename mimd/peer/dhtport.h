/* SPDX-License-Identifier: ISC */
#ifndef PEER_DHTPORT_H
#define PEER_DHTPORT_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct net;
struct swarm;

/* Nodes of the DHT, ours and those of peers (BEP 5) */
void	dhtport_init(struct net *net);
/* Our node has this port; 0: there is none. */
void	dhtport_set(struct net *net, uint16_t port);
/* Is there a node, and may it be spoken of in this torrent? */
bool	dhtport_allowed(const struct swarm *s);
/* The connection is up; the peer says PORT. */
void	dhtport_start(struct conn *c);
void	dhtport_on_message(struct conn *c, uint16_t port);

#endif /* PEER_DHTPORT_H */
