/* SPDX-License-Identifier: ISC */
#ifndef PEER_DISCOVERY_H
#define PEER_DISCOVERY_H

struct msg_lsd_socket;
struct net;
struct swarm;

/* Neighbours (BEP 14). */
void	discovery_start(struct net *net);
/* A socket of the parent's, owned now. */
void	discovery_add(struct net *net, int fd,
	    const struct msg_lsd_socket *m);
void	discovery_close(struct net *net);
/* The swarm is new, unless private; it ends or turned out to be private. */
void	discovery_enter(struct swarm *s);
void	discovery_leave(struct swarm *s);

#endif /* PEER_DISCOVERY_H */
