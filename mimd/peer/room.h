/* SPDX-License-Identifier: ISC */
#ifndef PEER_ROOM_H
#define PEER_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "patience.h"

struct addr;
struct conn;
struct swarm;

struct patience conn_patience(const struct conn *c);
/* May the swarm have addr, too?  Ends a lesser one for it if evict. */
bool	room_for_one(struct swarm *s, const struct addr *addr, bool evict);
/* Close connections that have long been of no use, but a few. */
void	room_tidy(struct swarm *s, uint64_t now);
/* Its limit is lower now: end those that are too many. */
void	room_fit(struct swarm *s);

#endif /* PEER_ROOM_H */
