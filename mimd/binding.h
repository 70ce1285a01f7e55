/* SPDX-License-Identifier: ISC */
#ifndef BINDING_H
#define BINDING_H

#include "bound.h"
#include "conf.h"
#include "ifaces.h"

/*
 * What to make of the network as it is now, without I/O: what sockets are
 * bound to, and by which addresses others may reach us.
 */
#define REACH_MAX	64	/* addresses that are told apart */

struct reach {
	struct addr	v[REACH_MAX];	/* sorted */
	uint32_t	n;
};

/* index and up: of want's device, 0 if it is not there. */
void	binding_decide(struct bound *b, const struct conf_bind *want,
	    uint32_t index, bool up, const struct ifaces *ifs);
bool	binding_same(const struct bound *a, const struct bound *b);
/* Neither loopback nor link-local, and only what b lets us send from. */
void	binding_reach(struct reach *r, const struct bound *b,
	    const struct ifaces *ifs);
bool	binding_same_reach(const struct reach *a, const struct reach *b);

#endif /* BINDING_H */
