/* SPDX-License-Identifier: ISC */
#ifndef PEER_WEBSEED_H
#define PEER_WEBSEED_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct msg_seed_ask;
struct msg_seed_drop;
struct net;
struct swarm;

/* Pieces that tracker fetches (BEP 19). */
void	webseed_on_ask(struct net *net, const struct msg_seed_ask *m);
void	webseed_on_drop(struct net *net, const struct msg_seed_drop *m);
/* That tracker is gone. */
void	webseed_reset(struct net *net);
/* None of the pieces it has will come. */
void	webseed_drop(struct swarm *s);
/* c finds nothing to ask for: take something from a web seed. */
bool	webseed_steal(struct conn *c, uint64_t rate);
void	webseed_tick(struct swarm *s, uint64_t now);
void	webseed_on_piece(struct swarm *s, uint32_t piece, bool good);

#endif /* PEER_WEBSEED_H */
