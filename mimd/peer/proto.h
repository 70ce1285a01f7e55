/* SPDX-License-Identifier: ISC */
#ifndef PEER_PROTO_H
#define PEER_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "ext.h"

struct addr;
struct conn;
struct wire_msg;

/* proto.c: what a peer says. */
void	proto_on_control(struct conn *c, const struct wire_msg *m);
void	proto_on_keepalive(struct conn *c);
/* Owns bits. */
void	proto_on_bitfield(struct conn *c, uint8_t *bits);
/* It has all pieces, or none. */
void	proto_on_all(struct conn *c, bool all);
void	proto_update_interest(struct conn *c);
/* It said nothing new: harmless, unless it goes on and on. */
void	proto_useless(struct conn *c);
/* The same, for what is as bad as so many of them. */
void	proto_cost(struct conn *c, uint32_t cost);
#define PROTO_SET_COST	100	/* a whole set again */
#define PROTO_DROP_BYTES 1024	/* so many that are thrown away */

/*
 * proto_ext.c: extended messages (BEP 10).  Each extension is a row of the
 * table there; its handler gets a body of at most the row's bound, in memory
 * that is gone when it returns, and may close the connection.
 */

/* The connection is up: say which extensions we speak. */
void	ext_start(struct conn *c);
/* The longest body to be gathered; 0: none, skip it. */
uint32_t ext_body_max(const struct conn *c, uint8_t id);
void	ext_on_message(struct conn *c, uint8_t id, const uint8_t *p,
	    uint32_t n);
/* Does the peer want this extension's messages? */
bool	ext_speaks(const struct conn *c, enum ext_id id);
/* Send one; false if the peer does not speak it. */
bool	ext_send(struct conn *c, enum ext_id id, const void *p, uint32_t n);
/* Where it can be reached: not where an incoming one came from. */
bool	ext_listen_addr(const struct conn *c, struct addr *addr);

/* proto_fast.c: the fast extension (BEP 6) */
bool	conn_has(const struct conn *c, uint32_t piece);
void	fast_on_control(struct conn *c, const struct wire_msg *m);
/* Allow a choked newcomer some pieces. */
void	fast_offer(struct conn *c);
/* It asks though choked: is it allowed to?  Counts against that. */
bool	fast_serves(struct conn *c, uint32_t piece, uint32_t length);
/* Say that a request will not be answered, to who understands that. */
void	fast_refuse(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);

#endif /* PEER_PROTO_H */
