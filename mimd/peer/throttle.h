/* SPDX-License-Identifier: ISC */
#ifndef PEER_THROTTLE_H
#define PEER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct msg_peer_rates;
struct msg_swarm_limits;
struct net;
struct swarm;

/*
 * The limits of rate.  The bytes of the sockets count, with all overhead of
 * the protocol, but not the headers of TCP and IP.
 */

void	throttle_init(struct net *net);
/* Take over limits; those that wait look at them anew. */
void	throttle_on_rates(struct net *net, const struct msg_peer_rates *m);
void	throttle_on_limits(struct swarm *s, const struct msg_swarm_limits *m);
void	throttle_enter(struct conn *c);	/* a connection begins */
void	throttle_leave(struct conn *c);	/* and ends */
bool	throttle_limits(const struct swarm *s);	/* has it any? */
void	throttle_drop(struct swarm *s);	/* a swarm ends */
/* Bytes to be moved now; 0: wait in line, BUCKET_ALL: no limit. */
uint64_t throttle_recv_room(struct conn *c);
uint64_t throttle_send_room(struct conn *c);
void	throttle_received(struct conn *c, uint64_t bytes);
void	throttle_sent(struct conn *c, uint64_t bytes);
void	throttle_wait_recv(struct conn *c);
void	throttle_wait_send(struct conn *c);
/* Requests that do not ask for more than the limits let in soon. */
uint32_t throttle_requests(const struct conn *c);

#endif /* PEER_THROTTLE_H */
