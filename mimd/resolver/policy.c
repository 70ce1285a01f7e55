/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "guard.h"
#include "policy.h"
#include "url.h"

const char *
policy_host(const char *host)
{
	const char	*p;

	for (p = host; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return "host names beyond ASCII are not supported";
	if (!url_host_is_name(host))
		return "not a host name";
	return NULL;
}

unsigned int
policy_filter(struct addr *addrs, unsigned int n, const struct guard *guard,
    const char **why)
{
	unsigned int	 i, j, kept = 0;
	const char	*r;

	*why = "no address";
	for (i = 0; i < n; i++) {
		if ((r = guard_refuses(guard, &addrs[i])) != NULL) {
			*why = r;
			continue;
		}
		for (j = 0; j < kept; j++)
			if (addr_cmp_ip(&addrs[i], &addrs[j]) == 0)
				break;
		if (j == kept)
			addrs[kept++] = addrs[i];
	}
	return kept;
}
