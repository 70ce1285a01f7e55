/* SPDX-License-Identifier: ISC */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

/*
 * The proxy of this process, as "proxy" of mimd.conf(5) says: one for the
 * process, like what sockets are bound to (bound.h).  What goes through it
 * never goes directly.  One that failed is left alone until it takes a
 * connection again, which is tried now and then.
 */
#define PROXY_PROBE_MS	5000U	/* between tries */
#define PROXY_SILENT_MS	15000U	/* until a try is given up */

struct chan;
struct child;

struct proxy {
	uint8_t		kind;		/* enum proxy_kind */
	char		name[HOST_MAX + 9];	/* "host:port", for the user */
	char		user[PROXY_WORD_MAX + 1];	/* or "" */
	char		password[PROXY_WORD_MAX + 1];
	uint16_t	port;
	struct addr	addrs[PROXY_ADDRS_MAX];	/* and that port */
	uint32_t	naddrs;
};

/* again() when it is of use again. */
void	proxy_init(struct child *child, void (*again)(void *arg), void *arg);
/* The parent says which it is. */
void	proxy_on_msg(struct chan *c, const struct msg_proxy_set *m, void *arg);

const struct proxy *proxy_get(void);
/* Is there one? */
bool	proxy_used(void);
/* NULL, or why nothing is to be tried now, for the user. */
const char *proxy_refuses(void);
/* Is this its address? */
bool	proxy_is_at(const struct addr *a);

/* It is to blame for a failure; returns that in words for the user. */
const char *proxy_failed(const char *why);
/* It did what it is for. */
void	proxy_worked(void);

#endif /* PROXY_H */
