/* SPDX-License-Identifier: ISC */
#ifndef PEER_REVEAL_H
#define PEER_REVEAL_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct swarm;

/* Super seeding (BEP 16). */

/* The user's wish; it counts when the torrent is complete. */
void	superseed_enable(struct swarm *s, bool on);
bool	reveal_active(const struct swarm *s);
/* The connection is up, and is told nothing but this; it ends. */
void	reveal_start(struct conn *c);
void	reveal_end(struct conn *c);
/* May it know that we have the piece? */
bool	reveal_shows(const struct conn *c, uint32_t piece);
void	reveal_on_have(struct conn *c, uint32_t piece);
void	reveal_on_lost(struct conn *c, uint32_t piece);
/* Before and after its set is replaced. */
void	reveal_del_set(struct conn *c);
void	reveal_add_set(struct conn *c);
void	reveal_tick(struct conn *c, uint64_t now);
/* Tell everyone everything. */
void	reveal_stop(struct swarm *s);

#endif /* PEER_REVEAL_H */
