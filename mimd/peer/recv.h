/* SPDX-License-Identifier: ISC */
#ifndef PEER_RECV_H
#define PEER_RECV_H

#include <stdint.h>

struct conn;

/* Read as much as a turn allows. */
void	recv_ready(struct conn *c);
/* The same for one whose turn it is: room bytes at most. */
void	recv_turn(struct conn *c, uint64_t room);

#endif /* PEER_RECV_H */
