/* SPDX-License-Identifier: ISC */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

/*
 * Where the URLs of strangers may lead: to addresses of the internet, and of
 * the local ones to those that mimd.conf(5) allows ("allow local trackers").
 * The resolver leaves the others out of what a name is said to have; who
 * connects asks again.  Pure.
 */
struct guard {
	bool			all;		/* no local one is refused */
	uint32_t		n;
	struct rec_prefix	v[LOCAL_PREFIXES_MAX];	/* these are not */
};

/* As a message has it. */
void	guard_set(struct guard *g, bool all, const struct rec_prefix *v,
	    uint32_t n);
/* NULL, or why nothing is sent to this address: a static text. */
const char *guard_refuses(const struct guard *g, const struct addr *a);

#endif /* GUARD_H */
