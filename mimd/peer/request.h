/* SPDX-License-Identifier: ISC */
#ifndef PEER_REQUEST_H
#define PEER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

struct conn;

/* What we ask. */

/* Does the head of this block fit a request, and is the block wanted? */
bool	request_expects(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
/* It is complete, in slot (owned now). */
void	request_on_block(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length, uint32_t slot);
/* The peer will not send it. */
void	request_on_refused(struct conn *c, uint32_t piece, uint32_t begin);
/* It says so (BEP 6). */
void	request_on_reject(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
/* It came, or began to, but we did not keep it. */
void	request_on_dropped(struct conn *c, uint32_t piece, uint32_t begin);
void	request_refill(struct conn *c);
void	request_on_choke(struct conn *c);
void	request_drop_all(struct conn *c, bool cancel);
/* It does not have the piece any more. */
void	request_drop_piece(struct conn *c, uint32_t piece);
void	request_tick(struct conn *c, uint64_t now);

#endif /* PEER_REQUEST_H */
