/* SPDX-License-Identifier: ISC */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdint.h>

#include "addr.h"
#include "conf.h"

#define LISTEN_SOCKETS_MAX	(2 * CONF_LISTENS_MAX)
#define LISTEN_BACKLOG		4096

/* The listening TCP sockets for peers, bound and kept by the parent. */
struct listens {
	struct listen {
		bool		 any;	/* no address, addr is unspecified */
		bool		 optional;	/* of "*": does without it */
		int		 family;
		struct addr	 addr;	/* and port */
		uint32_t	 index;	/* of the device that it is bound to */
		int		 fd;	/* -1: cannot be had now, ... */
		int		 error;	/* ... for this reason (errno) */
	}		 v[LISTEN_SOCKETS_MAX];
	uint32_t	 n;
};

/* Which ports stand for those of the configuration. */
struct listen_ports {
	uint16_t	set;		/* by mimctl: for all; 0: none */
	uint16_t	random;		/* for CONF_PORT_RANDOM; 0: not yet */
};

/*
 * What to listen on, no socket yet: "*" is IPv4 and, if this machine has it,
 * IPv6; or the addresses that sockets are bound to.  Returns -1 with a line
 * in err if conf contradicts itself.
 */
int	listens_plan(struct listens *ls, const struct conf *conf,
	    const struct listen_ports *ports, char *err, size_t errsize);
/*
 * Have what is planned, as far as the network is there, taking over the
 * sockets of old (may be NULL) that stay.  Returns -1 with errno and a line in
 * err, and leaves old as it was.
 */
int	listens_open(struct listens *ls, const struct listens *old, char *err,
	    size_t errsize);
/*
 * After a change of the network: close what is not bound as it is to be and
 * have what is missing.  False if all is as it was.
 */
bool	listens_renew(struct listens *ls);
/* Is something missing that is neither optional nor away? */
bool	listens_lack(const struct listens *ls);
/* Close all but those that also are in kept (may be NULL). */
void	listens_close(struct listens *ls, const struct listens *kept);
/* The port that we are found at; 0 if there is none. */
uint16_t listens_port(const struct listens *ls);

#endif /* LISTEN_H */
