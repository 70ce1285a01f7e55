/* SPDX-License-Identifier: ISC */
#include <netinet/in.h>

#include <net/route.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "mem.h"

/* One line: is it a default route by way of a router? */
static bool
parse_line(const char *line, char name[IF_NAMESIZE], uint32_t *router,
    uint32_t *metric)
{
	unsigned int	dest, flags, mask;

	return sscanf(line, "%15s %x %x %x %*u %*u %u %x", name, &dest,
	    router, &flags, metric, &mask) == 6 && dest == 0 && mask == 0 &&
	    *router != 0 && (flags & (RTF_UP | RTF_GATEWAY)) ==
	    (RTF_UP | RTF_GATEWAY);
}

void
gateway_parse(struct gateway *g, const char *table, const char *device)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	char			 name[IF_NAMESIZE];
	const char		*line;
	uint32_t		 router, metric, best = UINT32_MAX;

	memset(g, 0, sizeof(*g));
	for (line = table; *line != '\0'; line += *line == '\n') {
		if (parse_line(line, name, &router, &metric) &&
		    (*device == '\0' || strcmp(name, device) == 0) &&
		    (g->device[0] == '\0' || metric < best)) {
			best = metric;
			sin.sin_addr.s_addr = router;
			addr_from_sockaddr(&g->addr, (struct sockaddr *)&sin);
			strlcpy(g->device, name, sizeof(g->device));
		}
		line += strcspn(line, "\n");
	}
}

/* The device that an address is on, or "". */
static const char *
device_of(const struct addr *addr, const struct ifaces *ifs)
{
	const struct iface_addr	*a;

	for (a = ifs->v; a < ifs->v + ifs->n; a++) {
		if (addr_cmp_ip(&a->addr, addr) == 0)
			return a->name;
	}
	return "";
}

void
gateway_find(struct gateway *g, const struct bound *b,
    const struct ifaces *ifs)
{
	const char	*device = b->device;
	char		*table;
	size_t		 n;
	FILE		*fp;

	memset(g, 0, sizeof(*g));
	if (!b->usable[BOUND_V4] ||
	    (fp = fopen("/proc/self/net/route", "re")) == NULL)
		return;
	if (*device == '\0' && b->has_addr[BOUND_V4])
		device = device_of(&b->addrs[BOUND_V4], ifs);
	table = xmalloc(GATEWAY_TABLE_MAX + 1);
	n = fread(table, 1, GATEWAY_TABLE_MAX, fp);
	table[n] = '\0';
	fclose(fp);
	gateway_parse(g, table, device);
	free(table);
}
