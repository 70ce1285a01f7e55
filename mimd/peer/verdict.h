/* SPDX-License-Identifier: ISC */
#ifndef PEER_VERDICT_H
#define PEER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

struct msg_data_digests;
struct net;
struct swarm;

/* Disk's word on a piece, and on blocks of pieces that failed. */
void	verdict_on_piece(struct swarm *s, uint32_t piece, bool good,
	    bool seeded);
void	verdict_on_digests(struct net *net,
	    const struct msg_data_digests *m);

#endif /* PEER_VERDICT_H */
