/* SPDX-License-Identifier: ISC */
#ifndef PEER_STATS_H
#define PEER_STATS_H

#include <stdint.h>

struct conn;
struct swarm;

/* Look at how it goes; if that is news, it has changed. */
void	stats_look(struct swarm *s);
void	stats_swarm(struct swarm *s, uint64_t now);
void	stats_gone(struct conn *c);

/* pieces.c: tell the parent how the pieces stand, a page of them. */
void	pieces_tell(struct swarm *s, uint64_t client, uint32_t first);

#endif /* PEER_STATS_H */
