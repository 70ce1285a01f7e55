/* SPDX-License-Identifier: ISC */
#ifndef IFACES_H
#define IFACES_H

#include <net/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

#define IFACES_MAX	256	/* addresses that are looked at */

/* The addresses of this machine, as they are now. */
struct ifaces {
	struct iface_addr {
		char		name[IF_NAMESIZE];
		int		family;
		struct addr	addr;
		uint8_t		bits;		/* of its prefix, mapped */
		bool		usable;		/* may be sent from */
		bool		neighbours;	/* up, and by multicast */
	}		 v[IFACES_MAX];
	uint32_t	 n;
};

void	ifaces_look(struct ifaces *ifs);
/* The index of a device, 0 if there is none; is it up? */
uint32_t ifaces_device(const char *name, bool *up);

#endif /* IFACES_H */
