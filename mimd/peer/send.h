/* SPDX-License-Identifier: ISC */
#ifndef PEER_SEND_H
#define PEER_SEND_H

#include <stdint.h>

#include "wire.h"

struct conn;

void	send_bytes(struct conn *c, const void *p, uint32_t n);
void	send_plain(struct conn *c, enum wire_id id);
/* Write what can be written. */
void	send_flush(struct conn *c);
/* The same for one whose turn it is: room bytes at first. */
void	send_turn(struct conn *c, uint64_t room);
void	send_clear(struct conn *c);
/* The slot is needed, or gone: keep a copy of the half sent block's rest. */
void	send_detach(struct conn *c);

#endif /* PEER_SEND_H */
