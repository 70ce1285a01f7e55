/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "multicast.h"
#include "bound.h"
#include "log.h"

/* ---- which interfaces ---- */

/* Is there a listening socket for this address? */
static bool
listened_on(const struct listens *ls, const struct iface_addr *a)
{
	const struct bound	*b = bound_get();
	const struct listen	*l;

	if (b->device[0] != '\0' && strcmp(b->device, a->name) != 0)
		return false;
	/* Of IPv6 the source is the kernel's choice, by the group's scope. */
	if (a->family == AF_INET6 && b->has_addr[BOUND_V6])
		return false;
	for (l = ls->v; l < ls->v + ls->n; l++) {
		if (l->fd != -1 && l->family == a->family && (l->any ||
		    addr_cmp_ip(&l->addr, &a->addr) == 0))
			return true;
	}
	return false;
}

static struct multicast_socket *
entry_for(struct multicast *m, const char *name, int family)
{
	struct multicast_socket	*e;
	uint32_t		 i;

	for (i = 0; i < m->n; i++) {
		if (m->v[i].family == family &&
		    strcmp(m->v[i].name, name) == 0)
			return &m->v[i];
	}
	if (m->n == LSD_SOCKETS_MAX)
		return NULL;
	e = &m->v[m->n];
	if ((e->index = if_nametoindex(name)) == 0)
		return NULL;
	strlcpy(e->name, name, sizeof(e->name));
	e->family = family;
	e->fd = -1;
	m->n++;
	return e;
}

/* An address of an interface that is up and has neighbours. */
static void
add_address(struct multicast *m, const struct iface_addr *a,
    const struct listens *ls)
{
	struct multicast_socket	*e;
	struct rec_prefix	*subnet;

	if ((e = entry_for(m, a->name, a->family)) == NULL)
		return;
	if (listened_on(ls, a))
		e->reached = true;
	if (e->nsubnets == LSD_SUBNETS_MAX)
		return;
	subnet = &e->subnets[e->nsubnets++];
	memcpy(subnet->ip, a->addr.ip, sizeof(subnet->ip));
	subnet->bits = a->bits;
}

/* m is all zero. */
static void
look(struct multicast *m, const struct ifaces *ifs, const struct listens *ls)
{
	const struct iface_addr	*a;
	uint32_t		 i, n = 0;

	for (a = ifs->v; a < ifs->v + ifs->n; a++) {
		if (a->neighbours)
			add_address(m, a, ls);
	}
	for (i = 0; i < m->n; i++) {
		if (m->v[i].reached)
			m->v[n++] = m->v[i];
	}
	m->n = n;
}

static bool
same(const struct multicast *a, const struct multicast *b)
{
	const struct multicast_socket	*x, *y;
	uint32_t			 i, k;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		x = &a->v[i];
		y = &b->v[i];
		if (x->index != y->index || x->family != y->family ||
		    strcmp(x->name, y->name) != 0 ||
		    x->nsubnets != y->nsubnets)
			return false;
		for (k = 0; k < x->nsubnets; k++) {
			if (x->subnets[k].bits != y->subnets[k].bits ||
			    memcmp(x->subnets[k].ip, y->subnets[k].ip,
			    sizeof(x->subnets[k].ip)) != 0)
				return false;
		}
	}
	return true;
}

/* ---- sockets ---- */

static int
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Bound to the group: what is sent to this host alone does not arrive. */
static int
join4(int fd, unsigned int index)
{
	struct sockaddr_in	sin = {
		.sin_family = AF_INET, .sin_port = htons(LSD_PORT)
	};
	struct ip_mreqn		mreq = { .imr_ifindex = (int)index };
	const struct bound	*b = bound_get();

	if (b->has_addr[BOUND_V4])
		memcpy(&mreq.imr_address, b->addrs[BOUND_V4].ip + 12, 4);
	if (inet_pton(AF_INET, LSD_GROUP4, &sin.sin_addr) != 1)
		return -1;
	mreq.imr_multiaddr = sin.sin_addr;
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) == -1 ||
	    set(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1) == -1 ||
	    set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1) == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq,
	    sizeof(mreq)) == -1)
		return -1;
	return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
	    sizeof(mreq));
}

static int
join6(int fd, unsigned int index)
{
	struct sockaddr_in6	sin6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(LSD_PORT)
	};
	struct ipv6_mreq	mreq = { .ipv6mr_interface = index };

	if (inet_pton(AF_INET6, LSD_GROUP6, &sin6.sin6_addr) != 1)
		return -1;
	mreq.ipv6mr_multiaddr = sin6.sin6_addr;
	if (set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == -1 ||
	    bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == -1 ||
	    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1) == -1 ||
	    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1) == -1 ||
	    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index) == -1)
		return -1;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq,
	    sizeof(mreq));
}

/* Other clients of this machine have the port, too. */
static int
open_socket(const struct multicast_socket *e)
{
	int	fd, saved;

	fd = socket(e->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_UDP);
	if (fd == -1)
		return -1;
	if (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0 &&
	    set(fd, SOL_SOCKET, SO_REUSEPORT, 1) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, e->name,
	    (socklen_t)strlen(e->name)) == 0 &&
	    (e->family == AF_INET ? join4(fd, e->index) :
	    join6(fd, e->index)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool
multicast_update(struct multicast *m, const struct ifaces *ifs,
    const struct listens *ls)
{
	struct multicast	 now;
	struct multicast_socket	*e;

	memset(&now, 0, sizeof(now));
	if (ls != NULL)
		look(&now, ifs, ls);
	if (same(m, &now))
		return false;
	multicast_close(m);
	*m = now;
	for (e = m->v; e < m->v + m->n; e++) {
		if ((e->fd = open_socket(e)) == -1)
			log_warn("local discovery on %s, %s", e->name,
			    e->family == AF_INET ? "IPv4" : "IPv6");
	}
	return true;
}

void
multicast_close(struct multicast *m)
{
	struct multicast_socket	*e;

	for (e = m->v; e < m->v + m->n; e++) {
		if (e->fd != -1)
			close(e->fd);
	}
	m->n = 0;
}
