/* SPDX-License-Identifier: ISC */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>

#include "addr.h"

/* What may be looked up, and which addresses may be handed out.  Pure. */

/* NULL, or why this host is not looked up. */
const char	*policy_host(const char *host);
/*
 * Keep the addresses that may be used: no unusable and repeated ones, and no
 * loopback and link-local ones unless allow_local.  Returns how many are
 * left; if none, *why says why.
 */
unsigned int	 policy_filter(struct addr *addrs, unsigned int n,
		    bool allow_local, const char **why);

#endif /* POLICY_H */
