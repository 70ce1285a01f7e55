/* SPDX-License-Identifier: ISC */
#ifndef PEER_DATAGRAMS_H
#define PEER_DATAGRAMS_H

struct net;

/* UDP at the port of peers, but for the DHT's */
void	datagrams_start(struct net *net);
/* A socket of the parent's, owned now. */
void	datagrams_add(struct net *net, int fd);
void	datagrams_drop_all(struct net *net);

#endif /* PEER_DATAGRAMS_H */
