/* SPDX-License-Identifier: ISC */
#ifndef PEER_NEWCOMERS_H
#define PEER_NEWCOMERS_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct conn;
struct net;
struct swarm;

/* One more wants in: too many, or too many of its host, and one goes. */
void	newcomers_make_room(struct net *net, const struct addr *addr);
bool	newcomer_must_wait(const struct conn *c, const struct swarm *s);
void	newcomer_hold(struct conn *c);
/* Those who wait for this torrent: try them again. */
void	newcomers_retry(struct swarm *s);
void	newcomers_tick(struct net *net, uint64_t now);

#endif /* PEER_NEWCOMERS_H */
