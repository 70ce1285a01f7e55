/* SPDX-License-Identifier: ISC */
#ifndef PROXIES_H
#define PROXIES_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * The proxies of mimd.conf(5) as the parent keeps them: their addresses, which
 * the resolver looks up again and again, and what the children that use them
 * say.
 */
#define PROXIES_TTL_MIN		60U	/* s until a name is looked up again */
#define PROXIES_TTL_MAX		3600U
#define PROXIES_RETRY		10U	/* s, if that failed */
#define PROXIES_QUERY_MAX	UINT32_C(0xbfffffff)	/* beyond: contacts.c */

struct conf;
struct parent;
struct proc;

struct proxies {
	struct proxy_state {
		struct rec_ip	 addrs[PROXY_ADDRS_MAX];
		uint32_t	 naddrs;
		uint64_t	 due;		/* loop_now(), of a look-up */
		uint32_t	 query;		/* one under way; 0: none */
		char		 missing[ERROR_MAX + 1];	/* no address */
		char		 error[ERROR_MAX + 1];	/* as its user says */
	} v[PROXY_USES];
	uint32_t	 last_query;
};

/* At the start. */
void	proxies_open(struct parent *parent);
/* To a child in its set-up. */
void	proxies_send(struct parent *parent, struct proc *p);
/* The configuration has been changed: who used another begins anew. */
void	proxies_reloaded(struct parent *parent, const struct conf *old);
/* Each second. */
void	proxies_tick(struct parent *parent);
/* The resolver began anew: what it was asked is lost. */
void	proxies_replay(struct parent *parent);
/* Its answer to a look-up; false if that was another's. */
bool	proxies_on_resolved(struct parent *parent,
	    const struct msg_resolved *m);
void	proxies_on_told(struct parent *parent, struct proc *p,
	    const struct msg_proxy_told *m);
/* A child is gone, with what it said. */
void	proxies_on_down(struct parent *parent, const struct proc *p);
/* For the user: what they are, and what is wrong with them, or "". */
uint32_t proxies_list(const struct parent *parent,
	    struct rec_ctl_proxy rows[PROXY_USES]);
void	proxies_error(const struct parent *parent,
	    char text[2 * ERROR_MAX + 1]);

#endif /* PROXIES_H */
