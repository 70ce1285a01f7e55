/* SPDX-License-Identifier: ISC */
#ifndef PEER_CONNECT_H
#define PEER_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct conn;
struct net;

/* Whom to call and whom to let in. */

/* Is it an address, with a port, of a kind that may be called? */
bool	net_allows(const struct net *net, const struct addr *addr);
void	self_init(struct net *net);
void	self_met(struct net *net, const struct addr *addr);
/* Canonical priority (BEP 40), as far as our address is known. */
uint32_t self_priority(const struct net *net, const struct addr *addr);
/* An incoming peer told where it listens: it need not be called. */
void	connect_known(struct conn *c);
/* What sockets are bound to has changed: bound.h. */
void	connect_rebound(struct net *net);
/* The network or the proxy is back: call those who were not. */
void	connect_again(struct net *net);
/* A connection of a swarm ends: what that means for its candidate. */
void	connect_ended(struct conn *c);

#endif /* PEER_CONNECT_H */
