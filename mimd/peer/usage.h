/* SPDX-License-Identifier: ISC */
#ifndef PEER_USAGE_H
#define PEER_USAGE_H

struct net;

void	usage_init(struct net *net);
/* The parent is to be told within a second. */
void	usage_soon(struct net *net);
/* A block of the cache goes to a peer. */
void	usage_sent(struct net *net);
/* Disk was asked for something; it answered. */
void	usage_asked(struct net *net);
void	usage_heard(struct net *net);

#endif /* PEER_USAGE_H */
