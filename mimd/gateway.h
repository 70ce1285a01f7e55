/* SPDX-License-Identifier: ISC */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "bound.h"
#include "ifaces.h"

#define GATEWAY_TABLE_MAX	65536	/* bytes of routes that are looked at */

/* The router that IPv4 packets to far hosts go to. */
struct gateway {
	struct addr	addr;
	char		device[IF_NAMESIZE];	/* "": there is none */
};

/*
 * The best default route in table (proc(5), net/route): of device, or of any
 * if that is empty.  Pure.
 */
void	gateway_parse(struct gateway *g, const char *table,
	    const char *device);
/* The one that sockets that are bound so would use. */
void	gateway_find(struct gateway *g, const struct bound *b,
	    const struct ifaces *ifs);

#endif /* GATEWAY_H */
