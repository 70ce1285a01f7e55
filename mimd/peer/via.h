/* SPDX-License-Identifier: ISC */
#ifndef PEER_VIA_H
#define PEER_VIA_H

#include <stdbool.h>

struct addr;
struct conn;
struct net;

/* Connections that go through the proxy (proxy.h). */

/* Where to connect to instead, if there is one; NULL: not now. */
const struct addr *via_address(struct net *net, const struct addr *addr);
/* That could not be begun, for this reason (errno); false: no proxy. */
bool	via_down(struct net *net, int error);
/* It is under way; what it waits for. */
void	via_begin(struct conn *c);
int	via_events(const struct conn *c);
/* One of these events; true: the peer is at the other end now. */
bool	via_event(struct conn *c, int what);
/* It takes too long. */
void	via_silent(const struct conn *c);
/* It ends: not through any fault of the peer's? */
bool	via_is_to_blame(const struct conn *c);
void	via_clear(struct conn *c);

#endif /* PEER_VIA_H */
