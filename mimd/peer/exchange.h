/* SPDX-License-Identifier: ISC */
#ifndef PEER_EXCHANGE_H
#define PEER_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct net;

/* Peers that peers tell of (BEP 11, 55). */

/* What mimd.conf says, at the start or later. */
void	exchange_set(struct net *net, bool on);
/* May these be spoken with this peer? */
bool	exchange_allowed(const struct conn *c);
bool	punch_allowed(const struct conn *c);
/* The connection is up; what is known of the peer has changed; it ends. */
void	exchange_start(struct conn *c);
void	exchange_update(struct conn *c);
void	exchange_end(struct conn *c);
/* Tell what is new, if it is time. */
void	exchange_tick(struct conn *c, uint64_t now);
void	exchange_on_message(struct conn *c, const uint8_t *p, uint32_t n);
void	punch_on_message(struct conn *c, const uint8_t *p, uint32_t n);

#endif /* PEER_EXCHANGE_H */
