/* SPDX-License-Identifier: ISC */
#ifndef HOSTS_H
#define HOSTS_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * The addresses of hosts, kept for as long as the name server says (TTL).  A
 * host that is named by its address is not looked up: users ask the guard of
 * all addresses, wherever they come from.  Pure: a look-up goes out by a
 * function of the owner's; times are ms of a monotonic clock.
 */
#define HOSTS_MAX		1024U	/* kept before idle ones are dropped */
#define HOSTS_LOOKUPS_MAX	256U	/* at a time; the rest wait */
#define HOST_ADDRS_MAX		16U
#define HOST_TTL_MIN		5U	/* s */
#define HOST_TTL_MAX		3600U
#define HOST_TTL_ERROR		5U	/* nobody asks in vain again so soon */

struct host;
struct host_wait;
struct hosts;

/* Have name looked up; answered by hosts_answer(). */
typedef void (*hosts_lookup_fn)(void *arg, uint32_t query, const char *name);
/*
 * No addresses: error says why, or is NULL after hosts_leave_to_proxy().  What
 * it is given lasts until hosts_ask().
 */
typedef void (*host_fn)(struct host_wait *w, const struct addr *addrs,
	    unsigned int n, const char *error);

/* One who waits; embedded in what it is for.  All members are hosts.c's. */
struct host_wait {
	TAILQ_ENTRY(host_wait)	 link;	/* host::waiting */
	struct host		*host;	/* NULL: does not wait */
	host_fn			 fn;
};

struct hosts *hosts_new(hosts_lookup_fn lookup, void *arg);
void	 hosts_free(struct hosts *hosts);
/* fn is called once, now or later.  w must not wait already. */
void	 hosts_ask(struct hosts *hosts, struct host_wait *w, const char *name,
	    host_fn fn, uint64_t now);
/* Wait no longer; one that does not wait is fine. */
void	 hosts_cancel(struct host_wait *w);
/* The answer to a look-up; ttl in s. */
void	 hosts_answer(struct hosts *hosts, uint32_t query,
	    const struct addr *addrs, unsigned int n, uint32_t ttl,
	    const char *error, uint64_t now);
/* Nobody answers there: perhaps it has moved. */
void	 hosts_doubt(struct hosts *hosts, const char *name);
/* All its addresses, as far as known, are of private networks. */
bool	 hosts_are_near(struct hosts *hosts, const char *name);
/*
 * From now on names are the proxy's business: nothing is looked up, and who
 * asks is told neither addresses nor an error.
 */
void	 hosts_leave_to_proxy(struct hosts *hosts);
/* From now on time is short: old addresses will do. */
void	 hosts_hurry(struct hosts *hosts);

#endif /* HOSTS_H */
