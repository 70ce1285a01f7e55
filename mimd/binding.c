/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"

static bool
is_there(const struct bound *b, const struct addr *addr,
    const struct ifaces *ifs)
{
	const struct iface_addr	*a;

	for (a = ifs->v; a < ifs->v + ifs->n; a++) {
		if (a->usable && addr_cmp_ip(&a->addr, addr) == 0 &&
		    (b->device[0] == '\0' || strcmp(a->name, b->device) == 0))
			return true;
	}
	return false;
}

/* What is missing of the addresses, in words. */
static void
say_missing(struct bound *b)
{
	char	host[2][ADDR_STRLEN];
	bool	both = b->has_addr[BOUND_V4] && b->has_addr[BOUND_V6];
	int	i = b->has_addr[BOUND_V4] ? BOUND_V4 : BOUND_V6;

	addr_host(&b->addrs[i], host[0]);
	addr_host(&b->addrs[BOUND_V6], host[1]);
	snprintf(b->why, sizeof(b->why), "%s%s%s %s not there%s%s", host[0],
	    both ? " and " : "", both ? host[1] : "", both ? "are" : "is",
	    b->device[0] != '\0' ? ", on " : "", b->device);
}

void
binding_decide(struct bound *b, const struct conf_bind *want, uint32_t index,
    bool up, const struct ifaces *ifs)
{
	int	i;

	memset(b, 0, sizeof(*b));
	strlcpy(b->device, want->device, sizeof(b->device));
	memcpy(b->addrs, want->addrs, sizeof(b->addrs));
	memcpy(b->has_addr, want->has_addr, sizeof(b->has_addr));
	if (b->device[0] != '\0' && (index == 0 || !up)) {
		snprintf(b->why, sizeof(b->why), "%s is %s", b->device,
		    index == 0 ? "not there" : "down");
		return;
	}
	b->index = index;
	if (!want->has_addr[BOUND_V4] && !want->has_addr[BOUND_V6]) {
		b->usable[BOUND_V4] = b->usable[BOUND_V6] = true;
		return;
	}
	for (i = BOUND_V4; i <= BOUND_V6; i++)
		b->usable[i] = b->has_addr[i] &&
		    is_there(b, &b->addrs[i], ifs);
	if (!b->usable[BOUND_V4] && !b->usable[BOUND_V6])
		say_missing(b);
}

bool
binding_same(const struct bound *a, const struct bound *b)
{
	int	i;

	for (i = BOUND_V4; i <= BOUND_V6; i++) {
		if (a->has_addr[i] != b->has_addr[i] ||
		    a->usable[i] != b->usable[i] || (a->has_addr[i] &&
		    addr_cmp_ip(&a->addrs[i], &b->addrs[i]) != 0))
			return false;
	}
	return a->index == b->index && strcmp(a->device, b->device) == 0 &&
	    strcmp(a->why, b->why) == 0;
}

static bool
is_within(const struct bound *b, const struct iface_addr *a)
{
	int	i = a->family == AF_INET6 ? BOUND_V6 : BOUND_V4;

	return b->usable[i] && (b->device[0] == '\0' ||
	    strcmp(a->name, b->device) == 0) && (!b->has_addr[i] ||
	    addr_cmp_ip(&a->addr, &b->addrs[i]) == 0);
}

static int
compare(const void *a, const void *b)
{
	return addr_cmp_ip(a, b);
}

void
binding_reach(struct reach *r, const struct bound *b,
    const struct ifaces *ifs)
{
	const struct iface_addr	*a;
	enum addr_class		 class;

	r->n = 0;
	for (a = ifs->v; a < ifs->v + ifs->n && r->n < REACH_MAX; a++) {
		class = addr_class(&a->addr);
		if (a->usable && is_within(b, a) &&
		    (class == ADDR_GLOBAL || class == ADDR_PRIVATE))
			r->v[r->n++] = a->addr;
	}
	qsort(r->v, r->n, sizeof(r->v[0]), compare);
}

bool
binding_same_reach(const struct reach *a, const struct reach *b)
{
	uint32_t	i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		if (addr_cmp_ip(&a->v[i], &b->v[i]) != 0)
			return false;
	}
	return true;
}
