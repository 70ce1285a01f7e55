/* SPDX-License-Identifier: ISC */
#ifndef POLICY_H
#define POLICY_H

#include "addr.h"

struct guard;

/* What may be looked up, and which addresses may be handed out.  Pure. */

/* NULL, or why this host is not looked up. */
const char	*policy_host(const char *host);
/*
 * Keep the addresses that may be used: none that is repeated or that the
 * guard refuses.  Returns how many are left; if none, *why says why.
 */
unsigned int	 policy_filter(struct addr *addrs, unsigned int n,
		    const struct guard *guard, const char **why);

#endif /* POLICY_H */
