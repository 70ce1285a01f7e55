/* SPDX-License-Identifier: ISC */
#ifndef PEER_UPLOAD_H
#define PEER_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct net;

/* What we are asked. */
void	upload_on_request(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
void	upload_on_cancel(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
/* Have the next blocks read. */
void	upload_prefetch(struct conn *c);
void	upload_drop_piece(struct conn *c, uint32_t piece);
/* We choke it: its requests are off. */
void	upload_on_choke(struct conn *c);
void	upload_clear(struct conn *c);
void	upload_unwait(struct conn *c);
/* The slot was filled, or (failed) could not be. */
void	upload_on_read(struct net *net, uint32_t slot, bool failed);

#endif /* PEER_UPLOAD_H */
