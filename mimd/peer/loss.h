/* SPDX-License-Identifier: ISC */
#ifndef PEER_LOSS_H
#define PEER_LOSS_H

#include <stdint.h>

struct conn;
struct swarm;

/* Pieces that are had no more (BEP 54), who only uploads (BEP 21) */
void	donthave_on_message(struct conn *c, const uint8_t *p, uint32_t n);
void	upload_only_on_message(struct conn *c, const uint8_t *p, uint32_t n);
/* Close it if neither side has anything to fetch. */
void	upload_only_part(struct conn *c);
/* We are complete now, or not any more. */
void	upload_only_tell(struct conn *c);
/* We have the piece no more: tell peers, serve it to nobody. */
void	swarm_lost(struct swarm *s, uint32_t piece);

#endif /* PEER_LOSS_H */
