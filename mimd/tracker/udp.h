/* SPDX-License-Identifier: ISC */
#ifndef UDP_H
#define UDP_H

#include "udp_table.h"

/*
 * Requests to UDP trackers on the loop: a socket for each family, made when
 * the first request needs it, and names looked up.
 */
struct hosts;
struct loop;
struct udp;

struct udp *udp_new(struct loop *loop, struct hosts *hosts,
	    const struct guard *guard);
/*
 * Send a request to an address of one family of host; done() comes later,
 * from the loop.  req must be idle.
 */
void	 udp_submit(struct udp *udp, struct udp_req *req,
	    const struct udp_user *user, const char *host, uint16_t port,
	    bool v6);
/* Give it up without done(); an idle one is fine. */
void	 udp_cancel(struct udp *udp, struct udp_req *req);

/* What sockets are bound to has changed: bound.h. */
void	 udp_rebound(struct udp *udp);

#endif /* UDP_H */
