/* SPDX-License-Identifier: ISC */
#include <stddef.h>

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

static const char *
refusal(const struct addr *a, bool allow_local)
{
	switch (addr_class(a)) {
	case ADDR_LOOPBACK:
		return allow_local ? NULL :
		    "loopback address refused (\"allow local trackers\")";
	case ADDR_LINK_LOCAL:
		return allow_local ? NULL :
		    "link-local address refused (\"allow local trackers\")";
	case ADDR_UNUSABLE:
		return "unusable address refused";
	case ADDR_PRIVATE:
	case ADDR_GLOBAL:
		break;
	}
	return NULL;
}

unsigned int
policy_filter(struct addr *addrs, unsigned int n, bool allow_local,
    const char **why)
{
	unsigned int	 i, j, kept = 0;
	const char	*r;

	*why = "no address";
	for (i = 0; i < n; i++) {
		if ((r = refusal(&addrs[i], allow_local)) != NULL) {
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
