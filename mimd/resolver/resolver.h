/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/* Names to addresses by c-ares(3) on the loop: /etc/hosts, then DNS. */
#define RESOLVER_ACTIVE_MAX	256U	/* most wait for dead servers */
#define RESOLVER_QUEUE_MAX	4096U	/* that wait; more are refused */
#define RESOLVER_ADDRS_MAX	16U	/* in an answer */

struct guard;
struct loop;
struct resolver;

/*
 * ttl: seconds that the addresses hold.  No addresses: error says why.  May
 * be called from resolver_query().
 */
typedef void (*resolver_fn)(void *arg, uint32_t query,
	    const struct addr *addrs, unsigned int n, uint32_t ttl,
	    const char *error);

/* The guard must stay where it is. */
struct resolver *resolver_new(struct loop *loop, const struct guard *guard,
	    resolver_fn fn, void *arg);
void	 resolver_free(struct resolver *r);	/* open queries get no answer */
/*
 * A name or a numeric address; each query is answered exactly once.  trusted:
 * it is the user's word, and may lead to this machine.
 */
void	 resolver_query(struct resolver *r, uint32_t query, const char *host,
	    bool trusted);
/* What sockets are bound to has changed: bound.h. */
void	 resolver_rebound(struct resolver *r);

#endif /* RESOLVER_H */
