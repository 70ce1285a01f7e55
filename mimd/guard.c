/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "guard.h"

#define REFUSED	" address refused (\"allow local trackers\")"

void
guard_set(struct guard *g, bool all, const struct rec_prefix *v, uint32_t n)
{
	g->all = all;
	g->n = n < LOCAL_PREFIXES_MAX ? n : LOCAL_PREFIXES_MAX;
	if (g->n > 0)
		memcpy(g->v, v, g->n * sizeof(*v));
}

static bool
is_allowed(const struct guard *g, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < g->n; i++)
		if (addr_in_prefix(a, g->v[i].ip, g->v[i].bits))
			return true;
	return g->all;
}

const char *
guard_refuses(const struct guard *g, const struct addr *a)
{
	enum addr_class	class = addr_class(a);

	/* There is no server behind these, whatever is allowed. */
	if (class == ADDR_UNUSABLE)
		return "unusable address refused";
	if (class == ADDR_GLOBAL || is_allowed(g, a))
		return NULL;
	if (class == ADDR_LOOPBACK)
		return "loopback" REFUSED;
	return class == ADDR_LINK_LOCAL ? "link-local" REFUSED :
	    "private" REFUSED;
}
