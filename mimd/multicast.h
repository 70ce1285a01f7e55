/* SPDX-License-Identifier: ISC */
#ifndef MULTICAST_H
#define MULTICAST_H

#include <net/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "ifaces.h"
#include "listen.h"
#include "msg.h"

/*
 * The sockets of local service discovery (BEP 14): one for each interface
 * and family on which peers can reach us.  Made and kept by the parent; peer
 * gets copies.
 */
struct multicast {
	struct multicast_socket {
		char			 name[IF_NAMESIZE];
		unsigned int		 index;
		int			 family;
		struct rec_prefix	 subnets[LSD_SUBNETS_MAX];
		uint32_t		 nsubnets;
		bool			 reached;	/* we listen there */
		int			 fd;	/* -1: could not be had */
	}		 v[LSD_SOCKETS_MAX];
	uint32_t	 n;
};

/*
 * Look at the network anew: open and close what is to be now, nothing if ls
 * is NULL.  False if all is as it was.
 */
bool	multicast_update(struct multicast *m, const struct ifaces *ifs,
	    const struct listens *ls);
void	multicast_close(struct multicast *m);

#endif /* MULTICAST_H */
