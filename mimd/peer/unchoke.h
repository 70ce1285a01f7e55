/* SPDX-License-Identifier: ISC */
#ifndef PEER_UNCHOKE_H
#define PEER_UNCHOKE_H

#include <stdint.h>

struct conn;
struct net;

void	unchoke_on_interest(struct conn *c);
void	unchoke_on_gone(struct conn *c);
void	unchoke_tick(struct net *net, uint64_t now);

#endif /* PEER_UNCHOKE_H */
