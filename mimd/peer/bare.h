/* SPDX-License-Identifier: ISC */
#ifndef PEER_BARE_H
#define PEER_BARE_H

#include <stdbool.h>
#include <stdint.h>

struct conn;

/* Peers of a swarm that does not know its pieces yet. */

/* May so much more be kept?  If not, it is remembered that it was not. */
bool	bare_room(struct conn *c, uint32_t length);
bool	bare_on_have(struct conn *c, uint32_t piece);
/* Owns bits. */
void	bare_on_bits(struct conn *c, uint8_t *bits, uint32_t nbytes);
/* It has all pieces, or none. */
void	bare_on_all(struct conn *c, bool all);
/* Now they are known: take what it said, or close it. */
void	bare_resolve(struct conn *c);
void	bare_clear(struct conn *c);

#endif /* PEER_BARE_H */
